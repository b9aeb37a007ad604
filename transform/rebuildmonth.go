package transform

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/jirasync/jirasync/partition"
)

// A rebuiltMonth is one month of a rebuild.
type rebuiltMonth struct {
	*rebuild
	name    string
	listed  []string // keys of the survey, sorted
	held    []string // keys that the month's issues table has, sorted
	present []*partition.Cursor

	files   []partition.File
	applied []string
	moved   []string // keys whose record says another month or id than the survey
	failed  map[string]error
	skipped int
}

// madeRecord is what was read of one: its rows, unless it is gone, and nothing of
// the JSON that they were made of.
type madeRecord struct {
	IssueRows
	err error
}

// readAll reads a record and makes its rows. It returns the size of the record.
func (r *rebuild) readAll(key string) (made madeRecord, size int) {
	made.err = useRecord(r.records, key, func(data []byte) error {
		size = len(data)
		i, err := r.mapper.issue(data)
		if err = cmp.Or(err, i.holds(key)); err != nil {
			return err
		}
		made.IssueRows = i.IssueRows
		if !i.Gone {
			made.IssueRows = r.mapper.finish(i)
		}
		return nil
	})
	return made, size
}

// make reads the records of a month inside its lock and writes its tables.
// Beside the keys of the survey it looks at those that the month holds: a
// sync that runs at the same time may have added them since.
func (m *rebuiltMonth) make(ctx context.Context) error {
	release, err := m.dir.LockMonth(ctx, m.name)
	if err != nil {
		return err
	}
	defer release()
	if m.held, err = m.storedKeys(m.name); err != nil {
		m.mapper.Logger.Warn("month cannot be read and is made anew", "month", m.name, "error", err)
	}
	// The tables that are left out come first and get no rows: none stays from
	// when they were written.
	w, err := m.dir.NewMonthWriter(m.name, slices.Concat(m.mapper.left, m.mapper.schema)...)
	if err != nil {
		return err
	}
	defer w.Discard()
	defer m.closePresent()
	for key, rec := range ahead(union(m.listed, m.held), m.readAll) {
		if err = ctx.Err(); err == nil {
			err = m.put(w, key, rec)
		}
		if err != nil {
			return err
		}
	}
	m.files, err = w.Commit()
	return err
}

// storedKeys returns the keys that the issues table of a month has, sorted;
// none if there is no file.
func (t *Tables) storedKeys(month string) ([]string, error) {
	stored, err := t.dir.Keys(t.issues, month)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	keys := make([]string, len(stored))
	for n, k := range stored {
		keys[n] = k.Key
	}
	return keys, nil
}

// union merges sorted keys.
func union(a, b []string) []string {
	keys := slices.Concat(a, b)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// put writes what a record has in this month.
func (m *rebuiltMonth) put(w *partition.MonthWriter, key string, rec madeRecord) error {
	_, inSurvey := slices.BinarySearch(m.listed, key)
	switch {
	case errors.Is(rec.err, fs.ErrNotExist), rec.err == nil && rec.Gone:
	case rec.err != nil:
		m.failed[key] = rec.err
		if _, held := slices.BinarySearch(m.held, key); held {
			return w.Append(m.kept(key)...)
		}
	case inSurvey && (rec.Month != m.name || !m.survey.agrees(m.name, key, rec.ID)):
		m.moved = append(m.moved, key)
	case rec.Month == m.name && m.speaks(rec.IssueRows):
		m.count(key, rec.Skipped)
		rows := make([][]partition.Row, len(m.mapper.left), len(m.mapper.left)+len(m.mapper.schema))
		for _, content := range rec.Contents {
			rows = append(rows, content.Rows)
		}
		return w.Append(rows...)
	}
	return nil
}

// count takes in an issue. Its key is that of the list: the record's shares its
// memory with other texts, which would stay with it.
func (m *rebuiltMonth) count(key string, skipped []Skip) {
	m.applied = append(m.applied, key)
	m.skipped += len(skipped)
	m.mapper.logSkipped(key, skipped)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.progress.Issues++
	m.progress.Month = m.name
	m.tell(m.progress.Issues)
}

// kept returns the present rows of a key whose record cannot be read. Keys
// come in order.
func (m *rebuiltMonth) kept(key string) [][]partition.Row {
	m.openPresent()
	rows := make([][]partition.Row, len(m.mapper.left)+len(m.mapper.schema))
	for n, cursor := range m.present {
		if cursor == nil {
			continue
		}
		of, err := rowsOf(cursor, key)
		if err != nil {
			m.mapper.Logger.Warn("rows of unreadable records are lost", "month", m.name, "error", err)
			_ = cursor.Close()
			m.present[n] = nil
		}
		rows[len(m.mapper.left)+n] = of
	}
	return rows
}

// rowsOf returns the rows of key, which is behind those asked for before.
func rowsOf(c *partition.Cursor, key string) ([]partition.Row, error) {
	if err := c.Seek(key); err != nil {
		return nil, err
	}
	next, err := c.Peek()
	if err != nil || next != key {
		return nil, err
	}
	return c.Next()
}

func (m *rebuiltMonth) openPresent() {
	if m.present != nil {
		return
	}
	m.present = make([]*partition.Cursor, len(m.mapper.schema))
	for n, table := range m.mapper.schema {
		cursor, err := m.dir.Cursor(table, m.name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			m.mapper.Logger.Warn("rows of unreadable records are lost", "month", m.name, "table", table.Name, "error", err)
		}
		if err == nil {
			m.present[n] = cursor
		}
	}
}

func (m *rebuiltMonth) closePresent() {
	for _, cursor := range m.present {
		if cursor != nil {
			_ = cursor.Close()
		}
	}
}
