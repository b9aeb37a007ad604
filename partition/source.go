package partition

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

// A source is a file whose tail has been checked. Its row groups are checked
// one by one as they are read, and nothing that has not been checked is ever
// decoded.
type source struct {
	*tail
	table  Table
	bytes  *checked
	file   *parquet.File
	places []int // of the table's columns in the file, -1 for those it lacks
}

// openSource checks the tail of a file and opens it. Damage is ErrCorrupt,
// columns that the table does not have are ErrSchema.
func (t Table) openSource(r io.ReaderAt, size int64) (*source, error) {
	tail, err := verifyTail(r, size)
	if err != nil {
		return nil, err
	}
	bytes := &checked{file: r, tail: part{tail.start, tail.bytes}}
	return t.parse(bytes, size, tail)
}

// parse opens a file with the Parquet library, which panics on some damaged
// files. None that has been checked is known to make it so, but one must not
// end the process.
func (t Table) parse(bytes *checked, size int64, tail *tail) (s *source, err error) {
	defer func() { // runs after recovered: nothing was read but memory
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrSchema) {
			err = corrupt("%v", err)
		}
	}()
	defer recovered(&err)
	file, err := openParquet(bytes, size)
	if err != nil {
		return nil, err
	}
	s = &source{tail: tail, table: t, bytes: bytes, file: file}
	if err := s.checkMetadata(); err != nil {
		return nil, err
	}
	if s.places, err = t.match(file.Root().Columns()); err != nil {
		return nil, err
	}
	return s, nil
}

func openParquet(r io.ReaderAt, size int64) (file *parquet.File, err error) {
	defer recovered(&err)
	return parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(readBuffer))
}

// recovered makes an error of a panic; it is to be deferred.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the Parquet library panicked: %v", p)
	}
}

// checkMetadata holds the footer against the file and our own marks.
func (s *source) checkMetadata() error {
	if name, _ := s.file.Lookup(keyTable); name != s.table.Name {
		return corrupt("it holds table %q", name)
	}
	if rows, _ := s.file.Lookup(keyRows); rows != strconv.FormatInt(s.file.NumRows(), 10) {
		return corrupt("%d rows, recorded %q", s.file.NumRows(), rows)
	}
	groups := s.file.Metadata().RowGroups
	if len(groups) != len(s.sections) {
		return corrupt("%d row groups, recorded %d", len(groups), len(s.sections))
	}
	total := int64(0)
	for i, group := range groups {
		total += group.NumRows
		begin, end := s.section(i)
		for _, chunk := range group.Columns {
			m := chunk.MetaData
			at := m.DataPageOffset
			if m.DictionaryPageOffset != 0 {
				at = m.DictionaryPageOffset
			}
			if m.TotalCompressedSize < 0 || at < begin || at > m.DataPageOffset || at > end-m.TotalCompressedSize || m.NumValues != group.NumRows {
				return corrupt("a column chunk lies outside its row group")
			}
		}
	}
	if total != s.file.NumRows() || total < 0 || total > s.file.Size()*1000 {
		return corrupt("%d rows in row groups, %d in the footer", total, s.file.NumRows())
	}
	return nil
}

// groups returns how many row groups there are.
func (s *source) groups() int { return len(s.sections) }

// rows returns how many rows row group g has.
func (s *source) rows(g int) int { return int(s.file.Metadata().RowGroups[g].NumRows) }

// bounds returns the first and the last issue key of row group g.
func (s *source) bounds(g int) (first, last string) {
	place := s.places[s.table.key()]
	m := s.file.Metadata().RowGroups[g].Columns[place].MetaData.Statistics
	return string(m.MinValue), string(m.MaxValue)
}

// read returns all columns of row group g.
func (s *source) read(g int) ([]Row, error) {
	rows := makeRows(s.rows(g), len(s.table.Columns))
	return rows, s.decode(g, s.table.Columns, rows)
}

// A rowSpan is rows of a row group that lie together.
type rowSpan struct{ start, end int }

func rowsIn(spans []rowSpan) int {
	n := 0
	for _, s := range spans {
		n += s.end - s.start
	}
	return n
}

// find returns where row group g has rows of some issues, and, if they are as
// many as wanted, the rows. Of the other rows it decodes the key alone.
func (s *source) find(g int, keys map[string]bool, wanted int) ([]rowSpan, []Row, error) {
	if err := s.load(g); err != nil {
		return nil, nil, err
	}
	defer s.bytes.unload()
	key := s.table.key()
	all := makeRows(s.rows(g), 1)
	if err := s.decodeLoaded(g, s.table.Columns[key:key+1], []rowSpan{{0, len(all)}}, all); err != nil {
		return nil, nil, err
	}
	var spans []rowSpan
	for i, row := range all {
		if !keys[row[0].Text()] {
			continue
		}
		if last := len(spans) - 1; last >= 0 && spans[last].end == i {
			spans[last].end++
			continue
		}
		spans = append(spans, rowSpan{i, i + 1})
	}
	if rowsIn(spans) != wanted {
		return spans, nil, nil
	}
	rows := makeRows(wanted, len(s.table.Columns))
	return spans, rows, s.decodeLoaded(g, s.table.Columns, spans, rows)
}

// load has the bytes of row group g checked and at hand, until they are
// unloaded.
func (s *source) load(g int) error {
	begin, end := s.section(g)
	return s.bytes.load(begin, end, s.sections[g].crc)
}

// decode puts the columns of row group g, once it has been checked, into rows
// of nulls. It is not safe for concurrent use.
func (s *source) decode(g int, columns []Column, rows []Row) error {
	if err := s.load(g); err != nil {
		return err
	}
	defer s.bytes.unload()
	return s.decodeLoaded(g, columns, []rowSpan{{0, len(rows)}}, rows)
}

// decodeLoaded puts the columns of some rows of row group g, which is loaded,
// into rows of nulls.
func (s *source) decodeLoaded(g int, columns []Column, spans []rowSpan, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	chunks := s.file.RowGroups()[g].ColumnChunks()
	err := parallel(len(columns), func(to int) error {
		c := columns[to]
		place := s.places[s.table.Index(c.Name)]
		if place < 0 {
			return nil
		}
		if err := decodeColumn(chunks[place], c, spans, rows, to); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
		return nil
	})
	if err != nil {
		return corrupt("%v", err) // nothing was read but memory
	}
	return nil
}

// checked is what of a file has been checked. Reads of anything else fail.
type checked struct {
	file  io.ReaderAt
	tail  part
	group part // the row group that is being decoded
	buf   []byte
}

type part struct {
	start int64
	bytes []byte
}

// load reads a row group and checks it.
func (c *checked) load(begin, end int64, crc uint32) error {
	if n := int(end - begin); cap(c.buf) < n {
		c.buf = make([]byte, n)
	}
	buf := c.buf[:end-begin]
	if err := readFull(c.file, buf, begin); err != nil {
		return err
	}
	if checksum(buf) != crc {
		return corrupt("the row group at %d is damaged", begin)
	}
	c.group = part{begin, buf}
	return nil
}

func (c *checked) unload() { c.group = part{} }

var magicPart = part{0, []byte(magic)} // readFooter has seen it

// ReadAt implements io.ReaderAt for the Parquet library.
func (c *checked) ReadAt(p []byte, off int64) (int, error) {
	for _, part := range []part{c.group, c.tail, magicPart} {
		if at := off - part.start; at >= 0 && at+int64(len(p)) <= int64(len(part.bytes)) {
			return copy(p, part.bytes[at:]), nil
		}
	}
	return 0, fmt.Errorf("%d bytes at %d belong to no part that was checked", len(p), off)
}
