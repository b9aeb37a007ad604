package partition

import "fmt"

// A MonthWriter makes the files of a month anew from rows that come issue
// after issue, as [Dir.Replace] does from rows in memory: the same files, and
// the same are left alone. In memory are, for each table, the encoded pages of
// one row group and what was appended last; of a file that is there, one row
// group too.
//
// It is not safe for concurrent use; the tables are written side by side. The
// caller holds LockMonth, and ends it with Commit or Discard.
type MonthWriter struct {
	dir    *Dir
	month  string
	tables []*tableWriter
	issues int  // appended
	failed bool // nothing is to be made visible
	ended  bool
}

// A tableWriter is what one goroutine does for a MonthWriter.
type tableWriter struct {
	table   Table
	last    string        // key of the issue that was appended last
	waiting []Row         // appended, until it is worth handing over
	rows    chan []Row    // of size one, so that one is handed over while another is written
	ended   chan struct{} // closed after the fields below are set
	result  *pending
	err     error
}

// NewMonthWriter begins to make the files of these tables anew, in the order
// in which they are to appear: children first, issues last. A table to which
// no row is appended is removed, but for a [Whole] one, which is left without
// rows.
func (d *Dir) NewMonthWriter(month string, tables ...Table) (*MonthWriter, error) {
	for _, t := range tables {
		if err := t.Validate(); err != nil {
			return nil, err
		}
	}
	if err := d.begin(month, tables); err != nil {
		return nil, err
	}
	w := &MonthWriter{dir: d, month: month}
	for _, t := range tables {
		tw := &tableWriter{table: t, rows: make(chan []Row, 1), ended: make(chan struct{})}
		w.tables = append(w.tables, tw)
		go tw.run(w) // ends when end closes rows, which waits for it
	}
	return w, nil
}

// Append adds the rows of one issue: a slice for each table, in order, nil
// where it has none. Issues come in the order of their keys as bytes. The rows
// must not be changed afterwards. Rows that do not fit, or are out of order,
// are ErrRows. After an error the files can only be discarded.
func (w *MonthWriter) Append(rows ...[]Row) error {
	if len(rows) != len(w.tables) {
		return fmt.Errorf("%w: of %d tables, want %d", ErrRows, len(rows), len(w.tables))
	}
	w.issues++
	for i, t := range w.tables {
		if err := t.append(rows[i], w.issues%handOver == 0); err != nil {
			return fmt.Errorf("write month %s: %w", w.month, err)
		}
	}
	return nil
}

// handOver is how many issues wait at most until their rows are handed to the
// tables. A table that has few rows must not keep all of what is in memory
// with them.
const handOver = 16

func (t *tableWriter) append(rows []Row, now bool) error {
	if len(rows) > 0 {
		if err := t.table.check(rows); err != nil {
			return err
		}
		key := t.table.key()
		if first := rows[0][key].Text(); first <= t.last {
			return fmt.Errorf("table %s: %w: %s %s after %s", t.table.Name, ErrRows, t.table.keyName(), first, t.last)
		}
		t.last = rows[len(rows)-1][key].Text()
		t.waiting = append(t.waiting, rows...)
	}
	if len(t.waiting) == 0 || !now && len(t.waiting) < batchRows {
		return nil
	}
	return t.send()
}

// Commit makes the files visible, as Replace does, and returns those that
// changed. After an error nothing has been, or the call that finishes it is
// the next LockMonth.
func (w *MonthWriter) Commit() ([]File, error) {
	w.end()
	prepared := make([]*pending, len(w.tables))
	errs := make([]error, len(w.tables))
	for i, t := range w.tables {
		prepared[i], errs[i] = t.result, t.err
	}
	return w.dir.land(w.month, prepared, errs...)
}

// Discard drops what was appended. After Commit it does nothing.
func (w *MonthWriter) Discard() {
	if w.ended {
		return
	}
	w.failed = true
	w.end()
}

// end hands the last rows over and waits for all tables.
func (w *MonthWriter) end() {
	w.ended = true
	for _, t := range w.tables {
		if len(t.waiting) > 0 && !w.failed {
			_ = t.send() // its error is t.err
		}
		close(t.rows)
	}
	for _, t := range w.tables {
		<-t.ended
	}
}

// send hands what waits over, unless the table has failed.
func (t *tableWriter) send() error {
	rows := t.waiting
	t.waiting = nil
	select {
	case t.rows <- rows:
		return nil
	case <-t.ended:
		return t.err
	}
}

func (t *tableWriter) run(w *MonthWriter) {
	defer close(t.ended)
	defer recovered(&t.err)
	r, err := w.dir.newRewrite(w.month, t.table)
	if err != nil {
		t.err = err
		return
	}
	defer r.close()
	for rows := range t.rows {
		if t.err = r.append(rows); t.err != nil {
			return
		}
	}
	if !w.failed {
		t.result, t.err = r.finish()
	}
}
