package partition

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

// batchRows is how many values are handed to a column at a time. A page is
// closed when it has passed pageBytes after a batch, so that batches of long
// texts must be small.
const (
	batchRows = 64
	pageBytes = 1 << 20
)

// writerOptions are those of every file of a table, whoever writes it: row
// groups are only copied between files that agree in them. Nothing here may
// depend on the time, the machine or the version of the program.
func (t Table) writerOptions(stamp string) []parquet.WriterOption {
	options := []parquet.WriterOption{
		t.schema(),
		parquet.Compression(codec),
		parquet.PageBufferSize(pageBytes),
		parquet.WriteBufferSize(0), // the output buffers
		parquet.DataPageStatistics(false),
		parquet.SortingWriterConfig(parquet.SortingColumns(parquet.Ascending(t.keyName()))),
		parquet.CreatedBy("jira-sync", schemaVersion+" ", "parquet-go"), // the library puts no blank before "(build"
		parquet.KeyValueMetadata(keyVersion, schemaVersion),
		parquet.KeyValueMetadata(keyTable, t.Name),
	}
	if stamp != "" {
		options = append(options, parquet.KeyValueMetadata(keyStamp, stamp))
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
	key := t.key()
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
			return fmt.Errorf("table %s row %d: %w: no %s", t.Name, i, ErrRows, t.keyName())
		}
		if k < before {
			return fmt.Errorf("table %s row %d: %w: %s %s after %s", t.Name, i, ErrRows, t.keyName(), k, before)
		}
		before = k
	}
	return nil
}

// growth is the part of the rows before it that a row group may have. So a
// month is cut into few row groups, however large it is: more would make the
// footer, which every change writes and every reader reads, larger than what
// they save. How large a group is depends on nothing behind it, so that a
// month can be written before it is known how many rows it has, and what is
// appended to it later leaves its beginning alone.
const growth = 100

// limit returns how many rows a row group has that begins after so many.
func (t Table) limit(before int) int {
	least := t.GroupRows
	if least == 0 {
		least = defaultGroupRows
	}
	return max(least, min(before/growth, t.MaxGroupRows))
}

// wanted returns into how many row groups so many rows are cut, if no issue
// has more than fit.
func (t Table) wanted(rows int) int {
	n := 0
	for before := 0; before < rows; before += t.limit(before) {
		n++
	}
	return n
}

// groups cuts rows, sorted by issue, that come after so many, into row groups
// as large as limit says; an issue with more rows than that is a group of its
// own. The last group takes half as many more, rather than leaving them to a
// small one.
func (t Table) groups(rows []Row, before int) iter.Seq[[]Row] {
	key := t.key()
	return func(yield func([]Row) bool) {
		start, end := 0, 0 // of the group so far, which ends with an issue
		for next := range issueEnds(rows, key) {
			limit := t.limit(before + start)
			if next-start > limit && end > start && len(rows)-start > limit+limit/2 {
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

// A fileWriter makes one file from rows, and from row groups of another file.
type fileWriter struct {
	table    Table
	out      *output
	w        *parquet.GenericWriter[any] // whose columns are written one by one
	columns  []*parquet.ColumnWriter
	batches  []batch // of each column, what append has not yet handed to it
	group    int     // rows of the row group in hand
	sections []section
	rows     int // in row groups that are done
}

func (t Table) newFileWriter(out *output, stamp string) *fileWriter {
	w := parquet.NewGenericWriter[any](out, t.writerOptions(stamp)...)
	return &fileWriter{table: t, out: out, w: w, columns: w.ColumnWriters(), batches: make([]batch, len(t.Columns))}
}

// append adds whole issues to the file, which is cut into row groups as limit
// says. What it holds in memory is the pages of one row group.
func (f *fileWriter) append(rows []Row) error {
	start := 0
	for end := range issueEnds(rows, f.table.key()) {
		if f.group > 0 && f.group+end-start > f.table.limit(f.rows) {
			if err := f.endGroup(); err != nil {
				return err
			}
		}
		if err := f.add(rows[start:end]); err != nil {
			return err
		}
		start = end
	}
	return nil
}

// add adds rows to the row group in hand, a batch at a time from its
// beginning, so that its pages are those of write. It keeps none of them: a row
// may be a small part of what its issue has in memory.
func (f *fileWriter) add(rows []Row) (err error) {
	defer recovered(&err)
	for _, row := range rows {
		for i, v := range row {
			f.batches[i].add(v, i)
		}
		if f.group++; f.group%batchRows == 0 {
			if err := f.writeBatch(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *fileWriter) writeBatch() error {
	for i, column := range f.columns {
		if err := f.batches[i].flush(column); err != nil {
			return err
		}
	}
	return nil
}

func (f *fileWriter) endGroup() (err error) {
	defer recovered(&err)
	if err := f.writeBatch(); err != nil {
		return err
	}
	for _, column := range f.columns {
		if err := column.Flush(); err != nil {
			return err
		}
	}
	return f.flush(f.group)
}

// write makes the rows, of whole issues, a row group. The columns are encoded
// side by side.
func (f *fileWriter) write(rows []Row) (err error) {
	defer recovered(&err)
	err = parallel(len(f.columns), func(i int) error {
		var b batch
		if err := b.write(f.columns[i], rows, i); err != nil {
			return err
		}
		return f.columns[i].Flush()
	})
	if err != nil {
		return err
	}
	return f.flush(len(rows))
}

// flush ends a row group of so many rows, whose columns have been flushed.
func (f *fileWriter) flush(rows int) error {
	if err := f.w.Flush(); err != nil {
		return err
	}
	f.sections = append(f.sections, f.out.cut())
	f.rows += rows
	f.group = 0
	return nil
}

// close writes the footer with all checksums.
func (f *fileWriter) close() (err error) {
	defer recovered(&err)
	if f.group > 0 {
		if err := f.endGroup(); err != nil {
			return err
		}
	}
	f.w.SetKeyValueMetadata(keyRows, strconv.Itoa(f.rows))
	f.w.SetKeyValueMetadata(keyGroups, formatSections(f.sections))
	f.w.SetKeyValueMetadata(keyTail, tailZero)
	if err := f.out.flush(); err != nil {
		return err
	}
	var tail bytes.Buffer
	f.out.to.Reset(&tail)
	if err := f.w.Close(); err != nil {
		return err
	}
	if err := f.out.to.Flush(); err != nil {
		return err
	}
	if err := seal(tail.Bytes()); err != nil {
		return err
	}
	_, err = tail.WriteTo(f.out.direct)
	return err
}

// batch turns values of one column into Parquet's, some at a time.
type batch struct {
	values []parquet.Value
	text   []byte
}

func (b *batch) write(column *parquet.ColumnWriter, rows []Row, i int) error {
	for batch := range slices.Chunk(rows, batchRows) {
		for _, row := range batch {
			b.add(row[i], i)
		}
		if err := b.flush(column); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) add(v Value, column int) { b.values = append(b.values, b.value(v, column)) }

// flush hands the values to the column, which copies them.
func (b *batch) flush(column *parquet.ColumnWriter) error {
	if len(b.values) == 0 {
		return nil
	}
	_, err := column.WriteRowValues(b.values)
	b.values, b.text = b.values[:0], b.text[:0]
	if cap(b.text) > pageBytes {
		b.text = nil // one of long texts
	}
	return err
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
