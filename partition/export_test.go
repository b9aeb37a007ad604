package partition

import (
	"bytes"
	"io"

	"github.com/parquet-go/parquet-go"
)

// Encode returns the file of the rows.
func Encode(t Table, rows []Row) ([]byte, error) {
	var b bytes.Buffer
	w := t.newFileWriter(newOutput(&b), t.Stamp)
	if err := w.append(rows); err != nil {
		return nil, err
	}
	err := w.close()
	return b.Bytes(), err
}

// EncodeGroup returns the file of the rows as one row group, whose columns are
// encoded side by side.
func EncodeGroup(t Table, rows []Row) ([]byte, error) {
	var b bytes.Buffer
	w := t.newFileWriter(newOutput(&b), t.Stamp)
	if err := w.write(rows); err != nil {
		return nil, err
	}
	err := w.close()
	return b.Bytes(), err
}

// Decode reads a file as Read does.
func Decode(t Table, file []byte) ([]Row, error) {
	return t.decode(bytes.NewReader(file), int64(len(file)), t.Columns)
}

// DecodeUnverified reads a file without looking at its checksums.
func DecodeUnverified(t Table, file []byte) ([]Row, error) {
	r := bytes.NewReader(file)
	one := &tail{sections: []section{{end: r.Size(), crc: checksum(file)}}} // files with one row group only
	s, err := t.parse(&checked{file: r, tail: part{0, file}}, r.Size(), one)
	if err != nil {
		return nil, err
	}
	return s.all(t.Columns)
}

// Metadata opens a file with the Parquet library itself.
func Metadata(r io.ReaderAt, size int64) (*parquet.File, error) {
	return parquet.OpenFile(r, size)
}

// Sections returns the end of each row group as the file records it.
func Sections(file []byte) ([]int64, error) {
	t, err := verifyTail(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	var ends []int64
	for _, s := range t.sections {
		ends = append(ends, s.end)
	}
	return ends, nil
}

// Verify checks a file's checksums.
func Verify(r io.ReaderAt, size int64) error { return verify(r, size) }
