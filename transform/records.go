package transform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"

	"github.com/jirasync/jirasync/internal/issuekey"
)

// MaxRecordBytes is the largest record that RecordsFS reads: 64 MiB.
const MaxRecordBytes = 64 << 20

// ErrTooLarge reports a record of more than MaxRecordBytes.
var ErrTooLarge = errors.New("transform: record is too large")

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

const recordExt = ".json"

// RecordsFS reads records from the files KEY.json at the top of fsys. Other
// files and directories are passed over, and no name but that of a valid
// issue key is ever opened.
func RecordsFS(fsys fs.FS) Records { return recordsFS{fsys} }

type recordsFS struct{ fsys fs.FS }

func (r recordsFS) Record(key string) ([]byte, error) {
	if !issuekey.Valid(key) {
		return nil, fmt.Errorf("%w: malformed issue key", ErrRecord)
	}
	name := key + recordExt
	info, err := fs.Stat(r.fsys, name) // before opening, which would wait on a FIFO
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: not a regular file", ErrRecord)
	case info.Size() > MaxRecordBytes:
		return nil, ErrTooLarge
	}
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	switch _, err := data.ReadFrom(io.LimitReader(f, MaxRecordBytes+1)); {
	case err != nil:
		return nil, err
	case data.Len() > MaxRecordBytes: // it grew since
		return nil, ErrTooLarge
	}
	return data.Bytes(), nil
}

func (r recordsFS) Keys() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		entries, err := fs.ReadDir(r.fsys, ".")
		if err != nil {
			yield("", fmt.Errorf("list records: %w", err))
			return
		}
		for _, e := range entries {
			key, isRecord := strings.CutSuffix(e.Name(), recordExt)
			if isRecord && issuekey.Valid(key) && !e.IsDir() && !yield(key, nil) {
				return
			}
		}
	}
}
