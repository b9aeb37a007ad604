package partition

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sort"
)

// Splice makes the files of a month hold, of exactly the issues named by
// keys, the rows given, in the order of [Content]: an issue without rows in a
// content leaves that table. All other issues stay as they are. It returns
// the files that it changed, in the order given.
//
// Of each file only the row groups that hold the issues are read, and of them
// the columns that change encoded anew; they are split and joined with a
// neighbour as they grow and shrink. All others are copied byte for byte, with
// their checksums and unread. A
// file in which no row changes is not written. A file whose row groups cannot
// be copied, because its columns are those of an earlier schema, is written
// whole, which [File].Rewritten says.
//
// The changed files appear together: after a crash the next Open or LockMonth
// finishes what was begun. Rows that do not fit, or are of an issue that keys
// does not name, are ErrRows, and nothing is changed. A file that is damaged
// where it is read is set aside ([Dir.SetAside]), and the error is ErrCorrupt;
// one with columns that the table does not have is ErrSchema. Both name table
// and month in *[Error], joined if there are several: make these months anew
// with Replace.
//
// The caller holds LockMonth. Memory is a few row groups and the rows given.
func (d *Dir) Splice(month string, keys []string, contents ...Content) ([]File, error) {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for _, c := range contents {
		if err := c.checkFor(keys); err != nil {
			return nil, err
		}
	}
	return d.change(month, contents, func(c Content) (*pending, error) {
		return d.splice(month, keys, c)
	})
}

// checkFor reports the first row that does not fit, or belongs to no key.
func (c Content) checkFor(keys []string) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Table.Whole {
		return fmt.Errorf("table %s has no issues to splice", c.Table.Name)
	}
	key := c.Table.Index(KeyColumn)
	for i, row := range c.Rows {
		if _, found := slices.BinarySearch(keys, row[key].Text()); !found {
			return fmt.Errorf("table %s row %d: %w: its issue is not to be spliced", c.Table.Name, i, ErrRows)
		}
	}
	return nil
}

// splice writes the changed file of one table beside its target. It returns
// nil if no row changes.
func (d *Dir) splice(month string, keys []string, c Content) (*pending, error) {
	path, err := d.find(c.Table.Name, month)
	if errors.Is(err, fs.ErrNotExist) {
		if len(c.Rows) == 0 {
			return nil, nil
		}
		return d.replace(month, c)
	}
	var p *pending
	if err == nil {
		p, err = d.spliceFile(path, month, keys, c)
	}
	if errors.Is(err, ErrCorrupt) {
		_, moved := d.setAside(c.Table.Name, month, path)
		err = errors.Join(err, moved)
	}
	if err != nil {
		return nil, fileError(c.Table.Name, month, path, err)
	}
	return p, nil
}

func (d *Dir) spliceFile(path, month string, keys []string, c Content) (*pending, error) {
	old, size, err := d.open(path)
	if err != nil {
		return nil, err
	}
	defer old.Close()
	s, err := newSplicer(d, month, old, size, keys, c)
	if err != nil {
		return nil, err
	}
	p, err := s.run()
	if errors.Is(err, errNotCopied) { // the library's reasons are its own
		s.whole = "its row groups cannot be copied"
		p, err = s.run()
	}
	return p, err
}

// A splicer makes one file from another and the rows of some issues. It goes
// through the row groups once, in order, with one or two of them in memory.
type splicer struct {
	dir   *Dir
	month string
	old   *os.File
	src   *source
	c     Content
	key   int    // the column
	edits []edit // one for each row group
	whole string // why nothing is copied; empty when it is

	out    *pending    // nil until a row is found that changes
	writer *fileWriter // into out
	held   item        // what comes next, while it may be joined with its successor
}

// An edit is what one row group loses and gains.
type edit struct {
	keys map[string]bool
	rows []Row
}

// An item is what one or several row groups are made of: a row group of the
// source, rows, or a row group of which some columns change and no others.
type item struct {
	group   int // unless there are rows and no columns
	rows    []Row
	columns []int // of the table, in the order of the values in rows
	count   int   // of rows
	edit    edit  // that makes the rows of all columns
}

func newSplicer(d *Dir, month string, old *os.File, size int64, keys []string, c Content) (*splicer, error) {
	src, err := c.Table.openSource(old, size)
	if err != nil {
		return nil, err
	}
	s := &splicer{dir: d, month: month, old: old, src: src, c: c, key: c.Table.Index(KeyColumn)}
	s.whole = src.whyNotCopied()
	return s, s.assign(keys)
}

// whyNotCopied says why a file should be written whole when it is written:
// its columns are not today's, or months of small changes have left it in
// pieces. It is empty for others.
func (s *source) whyNotCopied() string {
	if version, _ := s.file.Lookup(keyVersion); version != schemaVersion {
		return "it is of schema version " + version
	}
	inPlace := func(place int, c Column) bool { return place == s.table.Index(c.Name) }
	if len(s.file.Root().Columns()) != len(s.table.Columns) || !slices.EqualFunc(s.places, s.table.Columns, inPlace) {
		return "its columns are those of an earlier schema"
	}
	const few = 8
	if wanted := s.table.wanted(int(s.file.NumRows())); s.groups() > 2*wanted+few {
		return fmt.Sprintf("it has %d row groups where %d do", s.groups(), wanted)
	}
	return ""
}

// assign gives each key to the row group that holds it or, with rows, should:
// the first that ends with it or a later one, or else the last.
func (s *splicer) assign(keys []string) error {
	s.edits = make([]edit, s.src.groups())
	rows := s.c.Rows
	before := ""
	for g := range s.edits {
		first, last := s.src.bounds(g)
		if first == "" || first > last || first <= before {
			return corrupt("row groups are not in the order of their issues")
		}
		before = last
		n := sort.Search(len(keys), func(i int) bool { return keys[i] > last })
		m := sort.Search(len(rows), func(i int) bool { return rows[i][s.key].Text() > last })
		if g == len(s.edits)-1 {
			n, m = len(keys), len(rows)
		}
		s.edits[g] = newEdit(keys[:n], rows[:m], first, last)
		keys, rows = keys[n:], rows[m:]
	}
	return nil
}

// newEdit leaves out keys that the row group cannot hold.
func newEdit(keys []string, rows []Row, first, last string) edit {
	e := edit{rows: rows}
	for _, key := range keys {
		if len(rows) > 0 || first <= key && key <= last {
			if e.keys == nil {
				e.keys = make(map[string]bool)
			}
			e.keys[key] = true
		}
	}
	return e
}

// run compares and, from the first row on that changes, writes.
func (s *splicer) run() (result *pending, err error) {
	defer func() {
		if err != nil && s.out != nil {
			s.out.file.Discard()
			s.out = nil
		}
	}()
	for g, e := range s.edits {
		if e.keys == nil {
			if err := s.keep(g); err != nil {
				return nil, err
			}
			continue
		}
		spans, before, err := s.src.find(g, e.keys, len(e.rows))
		if err != nil {
			return nil, err
		}
		if rowsIn(spans) == len(e.rows) && slices.EqualFunc(before, e.rows, Row.Equal) {
			err = s.keep(g)
		} else {
			err = s.alter(g, e, spans, before)
		}
		if err != nil {
			return nil, err
		}
	}
	return s.finish()
}

// alter changes row group g, in which the spans have the rows before it, nil if
// they are more or fewer than after it.
func (s *splicer) alter(g int, e edit, spans []rowSpan, before []Row) error {
	it := item{group: g, edit: e, columns: s.changedColumns(before, e.rows), count: s.src.rows(g)}
	if it.columns == nil {
		it.count += len(e.rows) - rowsIn(spans)
		if err := s.load(&it); err != nil {
			return err
		}
		return s.change(it)
	}
	columns := make([]Column, len(it.columns))
	for i, c := range it.columns {
		columns[i] = s.c.Table.Columns[c]
	}
	it.rows = makeRows(it.count, len(columns))
	if err := s.src.decode(g, columns, it.rows); err != nil {
		return err
	}
	rows := e.rows
	for _, span := range spans {
		for n := range span.end - span.start {
			for i, c := range it.columns {
				it.rows[span.start+n][i] = rows[n][c]
			}
		}
		rows = rows[span.end-span.start:]
	}
	return s.change(it)
}

// apply returns the rows of a group after the edit, sorted.
func (s *splicer) apply(e edit, rows []Row) []Row {
	return s.merge(slices.DeleteFunc(rows, func(row Row) bool { return e.keys[row[s.key].Text()] }), e.rows)
}

// changedColumns returns the columns in which the rows of some issues differ,
// if they are as many as before, of the same issues, and some columns do not.
func (s *splicer) changedColumns(before, after []Row) []int {
	if s.whole != "" || len(before) != len(after) {
		return nil
	}
	differ := make([]bool, len(s.c.Table.Columns))
	for i, row := range before {
		for c := range row {
			differ[c] = differ[c] || row[c] != after[i][c]
		}
	}
	var columns []int
	for c, differs := range differ {
		if differs {
			columns = append(columns, c)
		}
	}
	if differ[s.key] || len(columns) == len(differ) {
		return nil
	}
	return columns
}

// merge puts together sorted rows that have no issue in common.
func (s *splicer) merge(a, b []Row) []Row {
	rows := make([]Row, 0, len(a)+len(b))
	for len(b) > 0 {
		key := b[0][s.key].Text()
		n := sort.Search(len(a), func(i int) bool { return a[i][s.key].Text() > key })
		rows = append(append(rows, a[:n]...), b[0])
		a, b = a[n:], b[1:]
	}
	return append(rows, a...)
}

// keep takes over a row group in which nothing changes.
func (s *splicer) keep(g int) error {
	if s.out == nil {
		return nil // until a row changes there is no new file
	}
	it := item{group: g, count: s.src.rows(g)}
	if s.whole != "" {
		if err := s.load(&it); err != nil {
			return err
		}
	}
	return s.put(it)
}

// change puts other rows in the place of a row group. With the first the new
// file begins.
func (s *splicer) change(it item) (err error) {
	if s.out == nil {
		if s.out, err = s.dir.newPending(s.month, s.c.Table); err != nil {
			return err
		}
		s.out.out.file, s.out.out.source = s.old, s.src.bytes
		s.writer = s.c.Table.newFileWriter(s.out.out, s.src.stamp())
		s.held = item{}
		for before := range it.group {
			if err := s.keep(before); err != nil {
				return err
			}
		}
	}
	return s.put(it)
}

// load makes an item of rows of one that is a row group, changed or not.
func (s *splicer) load(it *item) error {
	if it.count == 0 || it.rows != nil && it.columns == nil {
		return nil
	}
	rows, err := s.src.read(it.group)
	if err != nil {
		return err
	}
	it.rows, it.columns = s.apply(it.edit, rows), nil
	return nil
}

// put takes the next item. It is held back until it is clear whether the one
// after it is to be joined with it.
func (s *splicer) put(it item) error {
	if it.count == 0 {
		return nil
	}
	if !s.joins(s.held, it) {
		err := s.emit(s.held)
		s.held = it
		return err
	}
	if err := s.load(&s.held); err != nil {
		return err
	}
	if err := s.load(&it); err != nil {
		return err
	}
	s.held = item{rows: append(s.held.rows, it.rows...), count: s.held.count + it.count}
	return nil
}

// joins reports whether two neighbours should become one row group: when one
// of them has changed and become small, and both together are not large. A
// file that is written whole anyway is filled up.
func (s *splicer) joins(a, b item) bool {
	if a.count == 0 {
		return false
	}
	limit := s.c.Table.limit(s.writer.rows)
	if s.whole != "" {
		return a.count < limit
	}
	small := func(it item) bool { return it.rows != nil && it.count < limit/3 }
	return (small(a) || small(b)) && a.count+b.count <= limit+limit/2
}

// emit writes an item. A row group that was not the first of its file cannot
// be copied to the beginning of another.
func (s *splicer) emit(it item) error {
	if it.count == 0 {
		return nil
	}
	if first := s.writer.rows == 0; first && it.rows == nil && it.group > 0 {
		if err := s.load(&it); err != nil {
			return err
		}
	}
	switch {
	case it.rows == nil:
		return s.writer.copy(s.src, it.group)
	case it.columns != nil:
		return s.writer.patch(s.src, it.group, it.rows, it.columns)
	}
	for group := range s.c.Table.groups(it.rows, s.writer.rows) {
		if err := s.writer.write(group); err != nil {
			return err
		}
	}
	return nil
}

// finish ends the new file, if there is one.
func (s *splicer) finish() (*pending, error) {
	if s.out == nil {
		return nil, nil
	}
	if err := s.emit(s.held); err != nil {
		return nil, err
	}
	if s.writer.rows == 0 {
		s.out.file.Discard()
		return s.dir.remove(s.month, s.c.Table.Name)
	}
	s.out.Rewritten = s.whole
	return s.out, s.out.end(s.writer)
}
