package partition

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"

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
	if !validName(table) {
		return "", fmt.Errorf("table name %q is not valid", table)
	}
	path, err := filePath(table, month)
	if err != nil {
		return "", err
	}
	file, size, err := d.open(path)
	if err != nil {
		return "", fileError(path, err)
	}
	defer file.Close()
	if _, err := verifyTail(file, size); err != nil {
		return "", fileError(path, err)
	}
	footer, err := readFooter(file, size)
	if err != nil {
		return "", fileError(path, err)
	}
	start, end, _ := mark(footer, keyStamp)
	return string(footer[start:end]), nil
}

func (d *Dir) read(t Table, columns []Column, month string) ([]Row, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	path, err := filePath(t.Name, month)
	if err != nil {
		return nil, err
	}
	file, size, err := d.open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer file.Close()
	rows, err := t.decode(file, size, columns)
	if err != nil {
		return nil, fileError(path, err)
	}
	return rows, nil
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
func (t Table) decode(r io.ReaderAt, size int64, columns []Column) (rows []Row, err error) {
	if err := verify(r, size); err != nil {
		return nil, err
	}
	return t.decodeVerified(r, size, columns)
}

// decodeVerified decodes a file that has passed verify. The Parquet library
// panics on some damaged files; none that passes is known to make it so, but
// one must not end the process.
func (t Table) decodeVerified(r io.ReaderAt, size int64, columns []Column) (rows []Row, err error) {
	defer func() {
		if p := recover(); p != nil {
			rows, err = nil, corrupt("the Parquet library panicked: %v", p)
		}
	}()
	file, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(readBuffer))
	if err != nil {
		return nil, corrupt("%v", err)
	}
	if err := t.checkMetadata(file); err != nil {
		return nil, err
	}
	places, err := t.match(file.Root().Columns())
	if err != nil {
		return nil, err
	}
	rows = makeRows(int(file.NumRows()), len(columns))
	for to, c := range columns {
		place := places[t.Index(c.Name)]
		if place < 0 {
			continue
		}
		if err := decodeColumn(file, place, c, rows, to); err != nil {
			return nil, corrupt("column %s: %v", c.Name, err)
		}
	}
	return rows, nil
}

// checkMetadata holds the footer against the file's size and our own marks.
func (t Table) checkMetadata(file *parquet.File) error {
	if name, _ := file.Lookup(keyTable); name != t.Name {
		return corrupt("it holds table %q", name)
	}
	if rows, _ := file.Lookup(keyRows); rows != strconv.FormatInt(file.NumRows(), 10) {
		return corrupt("%d rows, recorded %q", file.NumRows(), rows)
	}
	total := int64(0)
	for _, group := range file.Metadata().RowGroups {
		total += group.NumRows
		for _, chunk := range group.Columns {
			m := chunk.MetaData
			if m.TotalCompressedSize < 0 || m.DataPageOffset < 0 || m.DataPageOffset > file.Size()-m.TotalCompressedSize ||
				m.NumValues != group.NumRows {
				return corrupt("a column chunk lies outside the file")
			}
		}
	}
	if total != file.NumRows() || total < 0 || total > file.Size()*1000 {
		return corrupt("%d rows in row groups, %d in the footer", total, file.NumRows())
	}
	return nil
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

// decodeColumn puts a column of the file into column to of the rows.
func decodeColumn(file *parquet.File, place int, c Column, rows []Row, to int) error {
	cells := cells{kind: c.Kind}
	if c.Repeats {
		cells.seen = make(map[string]string)
	}
	buf := make([]parquet.Value, 256)
	for _, group := range file.RowGroups() {
		n := int(group.NumRows())
		if err := cells.read(group.ColumnChunks()[place], buf, rows[:n], to); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// cells turns Parquet values into ours.
type cells struct {
	kind Kind
	seen map[string]string // equal texts of a column that repeats, to be kept once
}

func (c cells) read(chunk parquet.ColumnChunk, buf []parquet.Value, rows []Row, to int) error {
	pages := chunk.Pages()
	defer pages.Close()
	for len(rows) > 0 {
		page, err := pages.ReadPage()
		if err != nil {
			return noEOF(err)
		}
		rows, err = c.readPage(page, buf, rows, to)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
	return nil
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
