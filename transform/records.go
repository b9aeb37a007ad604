package transform

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/internal/issuekey"
)

// MaxRecordBytes is the largest record that RecordsFS reads: 64 MiB.
const MaxRecordBytes = 64 << 20

// ErrTooLarge reports a record of more than MaxRecordBytes.
var ErrTooLarge = errors.New("transform: record is too large")

var errNoFile = fmt.Errorf("%w: not a regular file", ErrRecord)

// Records are the stored issue records, one an issue key. They are the truth
// from which the tables are made; Upsert and Rebuild only read them, from
// several goroutines at once.
type Records interface {
	// Record returns the newest stored record of key. The error wraps
	// fs.ErrNotExist when there is none.
	Record(key string) ([]byte, error)

	// Keys yields the key of every record, tombstones too, in any order. An
	// error is the last thing it yields.
	Keys() iter.Seq2[string, error]
}

// A RecordReader is Records that can also read into memory of the caller. A
// Rebuild and a Verify read all records so, each into the memory of one before.
type RecordReader interface {
	// ReadRecord is Record, but the result may have the memory of buf, whatever
	// its length; it is larger if the record is.
	ReadRecord(key string, buf []byte) ([]byte, error)
}

// spareBuffers are for records to be read into.
var spareBuffers = sync.Pool{New: func() any { return new([]byte) }}

// useRecord calls use with the record of key, whose memory is used again
// afterwards.
func useRecord(records Records, key string, use func(data []byte) error) error {
	if !issuekey.Valid(key) {
		return fmt.Errorf("%w: malformed issue key", ErrRecord)
	}
	reader, can := records.(RecordReader)
	if !can {
		data, err := records.Record(key)
		if err != nil {
			return fmt.Errorf("read record: %w", err)
		}
		return use(data)
	}
	buf := spareBuffers.Get().(*[]byte)
	defer spareBuffers.Put(buf)
	data, err := reader.ReadRecord(key, *buf)
	if err != nil {
		return fmt.Errorf("read record: %w", err)
	}
	const large = 1 << 20
	if cap(data) <= large {
		*buf = data
	}
	return use(data)
}

const recordExt = ".json"

// RecordsFS reads records from the files KEY.json at the top of fsys. Other
// files and directories are passed over, and no name but that of a valid
// issue key is ever opened. What has such a name and is no file is a record
// that cannot be read.
func RecordsFS(fsys fs.FS) Records { return recordsFS{fsys} }

type recordsFS struct{ fsys fs.FS }

func (r recordsFS) Record(key string) ([]byte, error) { return r.ReadRecord(key, nil) }

// ReadRecord implements RecordReader.
func (r recordsFS) ReadRecord(key string, buf []byte) ([]byte, error) {
	if !issuekey.Valid(key) {
		return nil, fmt.Errorf("%w: malformed issue key", ErrRecord)
	}
	name := key + recordExt
	info, err := fs.Stat(r.fsys, name) // before opening, which would wait on a FIFO
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if link, lerr := fs.Lstat(r.fsys, name); lerr == nil && link.Mode()&fs.ModeSymlink != 0 {
			return nil, errNoFile // it leads to nothing, which may be on a disk that is missing
		}
		return nil, err
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errNoFile
	}
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readRecord(f, info, buf)
}

// readRecord reads what info describes, into the memory of buf as far as it goes.
func readRecord(f io.Reader, info fs.FileInfo, buf []byte) ([]byte, error) {
	if info.Size() > MaxRecordBytes {
		return nil, ErrTooLarge
	}
	data := slices.Grow(buf[:0], int(info.Size()))[:info.Size()]
	if _, err := io.ReadFull(f, data); err != nil { // its end is known: a record is replaced, never appended to
		return nil, err
	}
	return data, nil
}

// RecordsDir reads records as RecordsFS does, from a directory that is open, and
// with fewer calls. It follows no link out of it. The directory must stay open
// as long as the records are read.
func RecordsDir(dir *os.Root) Records { return recordsDir{dir} }

type recordsDir struct{ dir *os.Root }

func (r recordsDir) Record(key string) ([]byte, error) { return r.ReadRecord(key, nil) }

// ReadRecord implements RecordReader.
func (r recordsDir) ReadRecord(key string, buf []byte) ([]byte, error) {
	if !issuekey.Valid(key) {
		return nil, fmt.Errorf("%w: malformed issue key", ErrRecord)
	}
	f, info, err := atomicfile.Open(r.dir, key+recordExt)
	switch {
	case errors.Is(err, atomicfile.ErrNoFile):
		return nil, errNoFile
	case err != nil:
		return nil, err
	}
	defer f.Close()
	return readRecord(f, info, buf)
}

func (r recordsFS) Keys() iter.Seq2[string, error] {
	return recordKeys(func() ([]string, error) {
		entries, err := fs.ReadDir(r.fsys, ".")
		names := make([]string, len(entries))
		for i, e := range entries {
			names[i] = e.Name()
		}
		return names, err
	})
}

func (r recordsDir) Keys() iter.Seq2[string, error] {
	return recordKeys(func() ([]string, error) { return atomicfile.Names(r.dir, ".") })
}

// recordKeys yields the keys of records among names. What is no file is among
// them: it cannot be read, which is something else than that there is none.
func recordKeys(list func() ([]string, error)) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		names, err := list()
		if err != nil {
			yield("", fmt.Errorf("list records: %w", err))
			return
		}
		for _, name := range names {
			if key, isRecord := strings.CutSuffix(name, recordExt); isRecord && issuekey.Valid(key) && !yield(key, nil) {
				return
			}
		}
	}
}
