package partition

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// batchRows is how many values are handed to a column at a time. A page is
// closed when it has passed pageBytes after a batch, so that batches of long
// texts must be small.
const (
	batchRows = 64
	pageBytes = 1 << 20
)

// codec is shared, as it pools its encoders. It is safe for concurrent use.
var codec = &zstd.Codec{Level: zstd.SpeedDefault}

// writerOptions are those of every file of a table, whoever writes it: row
// groups are only copied between files that agree in them. Nothing here may
// depend on the time, the machine or the version of the program.
func (t Table) writerOptions(rows int) []parquet.WriterOption {
	options := []parquet.WriterOption{
		t.schema(),
		parquet.Compression(codec),
		parquet.PageBufferSize(pageBytes),
		parquet.WriteBufferSize(0), // the output buffers
		parquet.DataPageStatistics(false),
		parquet.SortingWriterConfig(parquet.SortingColumns(parquet.Ascending(KeyColumn))),
		parquet.CreatedBy("jira-sync", schemaVersion+" ", "parquet-go"), // the library puts no blank before "(build"
		parquet.KeyValueMetadata(keyVersion, schemaVersion),
		parquet.KeyValueMetadata(keyTable, t.Name),
		parquet.KeyValueMetadata(keyRows, strconv.Itoa(rows)),
	}
	if t.Stamp != "" {
		options = append(options, parquet.KeyValueMetadata(keyStamp, t.Stamp))
	}
	for _, c := range t.Columns {
		if c.LongText {
			options = append(options, parquet.SkipPageBounds(c.Name))
		}
	}
	return options
}

// check reports the first row that does not fit the table or its neighbours.
func (t Table) check(rows []Row) error {
	key := t.Index(KeyColumn)
	before := ""
	for i, row := range rows {
		if len(row) != len(t.Columns) {
			return fmt.Errorf("table %s row %d: %w: %d values for %d columns", t.Name, i, ErrRows, len(row), len(t.Columns))
		}
		for j, c := range t.Columns {
			if v := row[j]; !v.IsNull() && !v.Is(c.Kind) {
				return fmt.Errorf("table %s row %d: %w: %s is no %s", t.Name, i, ErrRows, c.Name, c.Kind)
			}
		}
		k := row[key].Text()
		if k == "" {
			return fmt.Errorf("table %s row %d: %w: no %s", t.Name, i, ErrRows, KeyColumn)
		}
		if k < before {
			return fmt.Errorf("table %s row %d: %w: %s %s after %s", t.Name, i, ErrRows, KeyColumn, k, before)
		}
		before = k
	}
	return nil
}

// groups cuts rows, sorted by issue, into row groups of at most GroupRows
// rows; an issue with more rows than that is a group of its own.
func (t Table) groups(rows []Row) iter.Seq[[]Row] {
	limit := t.GroupRows
	if limit == 0 {
		limit = defaultGroupRows
	}
	key := t.Index(KeyColumn)
	return func(yield func([]Row) bool) {
		start, end := 0, 0 // of the group so far, which ends with an issue
		for next := range issueEnds(rows, key) {
			if next-start > limit && end > start {
				if !yield(rows[start:end]) {
					return
				}
				start = end
			}
			end = next
		}
		if end > start {
			yield(rows[start:end])
		}
	}
}

// issueEnds yields the index after the last row of each issue.
func issueEnds(rows []Row, key int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 1; i <= len(rows); i++ {
			if i == len(rows) || rows[i][key] != rows[i-1][key] {
				if !yield(i) {
					return
				}
			}
		}
	}
}

// encode writes the rows as a Parquet file. It holds one row group in memory.
func (t Table) encode(out io.Writer, rows []Row) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the Parquet library panicked: %v", p)
		}
	}()
	sum := &summing{out: out}
	w := parquet.NewWriter(sum, t.writerOptions(len(rows))...)
	var sections []section
	var scratch batch
	for group := range t.groups(rows) {
		for i, column := range w.ColumnWriters() {
			if err := scratch.write(column, group, i); err != nil {
				return err
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
		sections = append(sections, sum.cut())
	}
	w.SetKeyValueMetadata(keyGroups, formatSections(sections))
	w.SetKeyValueMetadata(keyTail, tailZero)
	var tail bytes.Buffer
	sum.out = &tail
	if err := w.Close(); err != nil {
		return err
	}
	if err := seal(tail.Bytes()); err != nil {
		return err
	}
	_, err = tail.WriteTo(out)
	return err
}

// batch turns values of one column into Parquet's, some at a time.
type batch struct {
	values []parquet.Value
	text   []byte
}

func (b *batch) write(column *parquet.ColumnWriter, rows []Row, i int) error {
	for len(rows) > 0 {
		n := min(len(rows), batchRows)
		b.values, b.text = b.values[:0], b.text[:0]
		for _, row := range rows[:n] {
			b.values = append(b.values, b.value(row[i], i))
		}
		if _, err := column.WriteRowValues(b.values); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// value says by the definition level whether there is a value. That is why
// the rows are not Go structs: for struct fields that are no pointers the
// library writes some nulls as zero values (parquet-go issue 154).
func (b *batch) value(v Value, column int) parquet.Value {
	var p parquet.Value
	switch {
	case v.IsNull():
		return p.Level(0, 0, column)
	case v.Is(Text):
		start := len(b.text)
		b.text = append(b.text, v.text...)
		p = parquet.ByteArrayValue(b.text[start:len(b.text):len(b.text)])
	case v.Is(Bool):
		p = parquet.BooleanValue(v.Flag())
	case v.Is(Float64):
		p = parquet.DoubleValue(v.Float())
	default:
		p = parquet.Int64Value(v.number)
	}
	return p.Level(0, 1, column)
}

// summing passes bytes on and keeps the checksum of those since the last cut.
type summing struct {
	out  io.Writer
	size int64
	crc  uint32
}

func (s *summing) Write(p []byte) (int, error) {
	n, err := s.out.Write(p)
	s.size += int64(n)
	s.crc = crc32.Update(s.crc, castagnoli, p[:n])
	return n, err
}

func (s *summing) cut() section {
	done := section{end: s.size, crc: s.crc}
	s.crc = 0
	return done
}
