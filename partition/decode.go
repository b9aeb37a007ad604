package partition

import (
	"errors"
	"io"
	"math"
	"os"

	"github.com/parquet-go/parquet-go"
)

// readBuffer is how much of a column chunk is read at a time.
const readBuffer = 64 << 10

// A Key names an issue by key and by numeric id; ID is "" where it is null.
type Key struct{ Key, ID string }

// Read returns all rows of a month in the order of the file, which is that of
// issue_key as bytes. Columns that the file lacks are null.
//
// The error is fs.ErrNotExist only if there is no such file. A file that
// cannot be trusted whole is ErrCorrupt, and one with a column that the table
// does not have, or has with another kind, ErrSchema; both as *Error.
// A reader that runs beside Replace gets the rows before or after it.
func (d *Dir) Read(t Table, month string) ([]Row, error) {
	return d.read(t, t.Columns, month)
}

// Keys returns the issues of a month by key and id, once for each row, in
// order. Only these two columns are decoded; the table must have both.
// Errors are those of Read.
func (d *Dir) Keys(t Table, month string) ([]Key, error) {
	key, id := t.Index(KeyColumn), t.Index(IDColumn)
	if key < 0 || id < 0 {
		return nil, errors.New("table " + t.Name + " does not have both " + KeyColumn + " and " + IDColumn)
	}
	rows, err := d.read(t, []Column{t.Columns[key], t.Columns[id]}, month)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, len(rows))
	for i, row := range rows {
		keys[i] = Key{Key: row[0].Text(), ID: row[1].Text()}
	}
	return keys, nil
}

// Stamp returns the [Table].Stamp with which the file of a month was written,
// "" when it has none. Only the footer is read and verified. Errors are those
// of Read, but for ErrSchema.
func (d *Dir) Stamp(table, month string) (string, error) {
	var stamp string
	err := d.withFile(table, month, func(file *os.File, size int64) error {
		t, err := verifyTail(file, size)
		if err == nil {
			stamp = t.stamp()
		}
		return err
	})
	return stamp, err
}

func (t *tail) stamp() string {
	start, end, _ := mark(t.footer, keyStamp)
	return string(t.footer[start:end])
}

func (d *Dir) read(t Table, columns []Column, month string) (rows []Row, err error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	err = d.withFile(t.Name, month, func(file *os.File, size int64) error {
		rows, err = t.decode(file, size, columns)
		return err
	})
	return rows, err
}

// withFile calls f with the open file of a table and month.
func (d *Dir) withFile(table, month string, f func(file *os.File, size int64) error) error {
	path, err := d.find(table, month)
	if err != nil {
		return fileError(table, month, path, err)
	}
	file, size, err := d.open(path)
	if err != nil {
		return fileError(table, month, path, err)
	}
	defer file.Close()
	if err := f(file, size); err != nil {
		return fileError(table, month, path, err)
	}
	return nil
}

// open opens a regular file and nothing else: a FIFO would block, and a link
// may lead to a file that others write.
func (d *Dir) open(path string) (*os.File, int64, error) {
	named, err := d.root.Lstat(path)
	if err != nil {
		return nil, 0, err
	}
	if !named.Mode().IsRegular() {
		return nil, 0, corrupt("not a regular file")
	}
	file, err := d.root.Open(path)
	if err != nil {
		return nil, 0, err
	}
	opened, err := file.Stat()
	if err == nil && !opened.Mode().IsRegular() {
		err = corrupt("not a regular file")
	}
	if err != nil {
		_ = file.Close()
		return nil, 0, err
	}
	return file, opened.Size(), nil
}

// decode returns the given columns, which are among the table's, of all rows.
func (t Table) decode(r io.ReaderAt, size int64, columns []Column) ([]Row, error) {
	s, err := t.openSource(r, size)
	if err != nil {
		return nil, err
	}
	return s.all(columns)
}

func (s *source) all(columns []Column) ([]Row, error) {
	rows := makeRows(int(s.file.NumRows()), len(columns))
	at := 0
	for g := range s.groups() {
		n := s.rows(g)
		if err := s.decode(g, columns, rows[at:at+n]); err != nil {
			return nil, err
		}
		at += n
	}
	return rows, nil
}

// makeRows returns n rows of nulls with one allocation for all values.
func makeRows(n, columns int) []Row {
	values := make([]Value, n*columns)
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = values[i*columns : (i+1)*columns : (i+1)*columns]
	}
	return rows
}

// decodeColumn puts one column of some rows of a row group into column to of
// the rows, which are as many as the spans have.
func decodeColumn(chunk parquet.ColumnChunk, c Column, spans []rowSpan, rows []Row, to int) error {
	cells := cells{kind: c.Kind}
	if c.Repeats {
		cells.seen = make(map[string]string)
	}
	return cells.read(chunk, make([]parquet.Value, 256), spans, rows, to)
}

// cells turns Parquet values into ours.
type cells struct {
	kind Kind
	seen map[string]string // equal texts of a column that repeats, to be kept once
}

func (c cells) read(chunk parquet.ColumnChunk, buf []parquet.Value, spans []rowSpan, rows []Row, to int) error {
	pages := chunk.Pages()
	defer pages.Close()
	for start := 0; len(rows) > 0; { // of the page
		page, err := pages.ReadPage()
		if err != nil {
			return noEOF(err)
		}
		end := start + int(page.NumRows())
		if int64(end) > chunk.NumValues() {
			return errors.New("more values than rows")
		}
		for _, span := range spans {
			if from, until := max(span.start, start), min(span.end, end); from < until && err == nil {
				rows, err = c.readPage(slicePage(page, from-start, until-start), buf, rows, to)
			}
		}
		parquet.Release(page)
		if err != nil {
			return err
		}
		start = end
	}
	return nil
}

// slicePage returns some rows of a page, which is to be released itself.
func slicePage(page parquet.Page, start, end int) parquet.Page {
	if start == 0 && int64(end) == page.NumRows() {
		return page
	}
	return page.Slice(int64(start), int64(end))
}

func (c cells) readPage(page parquet.Page, buf []parquet.Value, rows []Row, to int) ([]Row, error) {
	values := page.Values()
	for {
		n, err := values.ReadValues(buf)
		if n > len(rows) {
			return nil, errors.New("more values than rows")
		}
		for i, v := range buf[:n] {
			rows[i][to] = c.value(v)
		}
		rows = rows[n:]
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (c cells) value(v parquet.Value) Value {
	if v.IsNull() {
		return Null
	}
	out := Value{tag: 1 + uint8(c.kind)}
	switch c.kind {
	case Text:
		out.text = c.string(v.ByteArray())
	case Bool:
		if v.Boolean() {
			out.number = 1
		}
	case Float64:
		out.number = int64(math.Float64bits(v.Double()))
	default:
		out.number = v.Int64()
	}
	return out
}

// string copies b, as the page that holds it will be used again.
func (c cells) string(b []byte) string {
	if c.seen == nil {
		return string(b)
	}
	s, ok := c.seen[string(b)]
	if !ok {
		s = string(b)
		c.seen[s] = s
	}
	return s
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
