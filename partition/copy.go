package partition

import (
	"bytes"
	"errors"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// errNotCopied says that the library did not copy a row group, but tried to
// encode it anew, as it does without a word when it does not trust one.
var errNotCopied = errors.New("row group not copied")

// copy takes over row group g of a source with its checksum, unread. The
// first row group of a file has the magic in its checksum, so that it can
// only become the first again.
func (f *fileWriter) copy(s *source, g int) error {
	begin, end := s.section(g)
	if first := len(f.sections) == 0; first {
		begin += int64(len(magic))
	}
	if err := f.copyGroup(s.file.RowGroups()[g], end-begin); err != nil {
		return err
	}
	done := f.out.cut()
	f.sections = append(f.sections, section{end: done.end, crc: s.sections[g].crc})
	f.rows += s.rows(g)
	return nil
}

// copyGroup has the library copy a row group of that size.
func (f *fileWriter) copyGroup(g parquet.RowGroup, size int64) error {
	before := f.out.taken
	err := f.writeGroup(g)
	if f.out.err != nil {
		return f.out.err
	}
	if err != nil || f.out.taken-before != size {
		return errNotCopied
	}
	return nil
}

func (f *fileWriter) writeGroup(g parquet.RowGroup) (err error) {
	defer recovered(&err)
	_, err = f.w.WriteRowGroup(g)
	return err
}

// A patchedGroup is a row group of a file with some column chunks of another.
// The library copies it as if it were all of one, chunk by chunk; should it
// not, errNotCopied says so before anything of it is seen.
type patchedGroup struct {
	*parquet.FileRowGroup
	chunks []parquet.ColumnChunk
}

func (p patchedGroup) ColumnChunks() []parquet.ColumnChunk { return p.chunks }

// patch takes over row group g with other values in some columns, which the
// rows hold: only these are encoded, and the other chunks copied as they are.
// The rows are as many as before.
func (f *fileWriter) patch(s *source, g int, rows []Row, columns []int) error {
	changed, err := s.table.encodeColumns(rows, columns)
	if err != nil {
		return err
	}
	if err := s.load(g); err != nil {
		return err
	}
	defer s.bytes.unload()
	group, ok := s.file.RowGroups()[g].(*parquet.FileRowGroup)
	if !ok {
		return errNotCopied
	}
	patched := patchedGroup{group, slices.Clone(group.ColumnChunks())}
	begin, end := s.section(g)
	if g == 0 {
		begin += int64(len(magic))
	}
	size := end - begin
	for i, column := range columns {
		size += changed[i].size - chunkSize(s.file, g, column)
		patched.chunks[column] = changed[i].chunk
	}
	f.out.reading = true
	defer func() { f.out.reading = false }()
	if err := f.copyGroup(patched, size); err != nil {
		return err
	}
	f.sections = append(f.sections, f.out.cut())
	f.rows += len(rows)
	return nil
}

func chunkSize(f *parquet.File, group, column int) int64 {
	return f.Metadata().RowGroups[group].Columns[column].MetaData.TotalCompressedSize
}

// An encoded column is a chunk of a file in memory.
type encoded struct {
	chunk parquet.ColumnChunk
	size  int64
}

// encodeColumns encodes rows of some columns as one row group, in memory.
func (t Table) encodeColumns(rows []Row, columns []int) ([]encoded, error) {
	part := Table{Name: t.Name}
	for _, column := range columns {
		part.Columns = append(part.Columns, t.Columns[column])
	}
	var file bytes.Buffer
	w := part.newFileWriter(newOutput(&file), "")
	if err := w.write(rows); err != nil {
		return nil, err
	}
	if err := w.close(); err != nil {
		return nil, err
	}
	f, err := openParquet(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		return nil, err
	}
	list := make([]encoded, len(columns))
	for i, chunk := range f.RowGroups()[0].ColumnChunks() {
		list[i] = encoded{chunk, chunkSize(f, 0, i)}
	}
	return list, nil
}
