package partition

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

// Content is all rows of one table in one month, sorted by issue_key as
// bytes. Rows of one issue keep the order they are given in.
type Content struct {
	Table Table
	Rows  []Row
}

// A File is one file that a call has written or removed.
type File struct {
	Table   string
	Month   string
	Path    string // below the directory, with slashes: issues/2026-01.parquet
	Removed bool   // the month has no rows in this table any more
	Rows    int
	Bytes   int64
}

// Replace makes the files of a month hold the contents, and returns those
// that it changed, in the order given. A file that would stay equal is not
// touched. A content without rows removes its file. A file that is corrupt
// or has another schema is replaced like any other.
//
// All new files are on stable storage before the first takes its place, and
// they do so in the order given: children first, issues last. Rows that do
// not fit are ErrRows, before anything is changed. After any other error each
// file is whole, old or new, and the call can be repeated.
//
// The caller holds LockMonth. Memory beyond the rows is one row group.
func (d *Dir) Replace(month string, contents ...Content) ([]File, error) {
	if !validMonth(month) {
		return nil, badMonth(month)
	}
	for _, c := range contents {
		err := c.Table.Validate()
		if err == nil {
			err = c.Table.check(c.Rows)
		}
		if err != nil {
			return nil, err
		}
	}
	var changed []File
	var pending []*atomicfile.File
	defer func() {
		for _, f := range pending {
			f.Discard()
		}
	}()
	for _, c := range contents {
		file, written, err := d.prepare(month, c)
		if err != nil {
			return nil, fmt.Errorf("write %s of %s: %w", c.Table.Name, month, err)
		}
		if written != nil {
			changed = append(changed, file)
			pending = append(pending, written)
		}
	}
	if err := atomicfile.Commit(pending...); err != nil {
		return nil, fmt.Errorf("write month %s: %w", month, err)
	}
	return changed, nil
}

// prepare writes the content beside its target, or nothing if it is there.
func (d *Dir) prepare(month string, c Content) (File, *atomicfile.File, error) {
	path, err := filePath(c.Table.Name, month)
	if err != nil {
		return File{}, nil, err
	}
	file := File{Table: c.Table.Name, Month: month, Path: path, Rows: len(c.Rows)}
	if len(c.Rows) == 0 {
		if _, err := d.root.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return file, nil, nil
		}
		file.Removed = true
		removal, err := atomicfile.Removal(d.root, path)
		return file, removal, err
	}
	out, err := atomicfile.Create(d.root, path)
	if err != nil {
		return file, nil, err
	}
	size, same, err := d.write(out, path, c)
	if err != nil || same {
		out.Discard()
		return file, nil, err
	}
	file.Bytes = size
	return file, out, nil
}

// write encodes the content into out and reports its size, and whether the
// file at path has exactly the same bytes.
func (d *Dir) write(out io.Writer, path string, c Content) (size int64, same bool, err error) {
	compare := &comparing{out: out}
	old, oldSize, err := d.open(path)
	if err == nil {
		defer old.Close()
		compare.old = old
	} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrCorrupt) {
		return 0, false, err
	}
	buffer := bufio.NewWriterSize(compare, 256<<10)
	if err := c.Table.encode(buffer, c.Rows); err != nil {
		return 0, false, err
	}
	if err := buffer.Flush(); err != nil {
		return 0, false, err
	}
	return compare.size, compare.old != nil && compare.size == oldSize, nil
}

// comparing passes bytes on and forgets the old file at the first that
// differs from it.
type comparing struct {
	out  io.Writer
	old  *os.File // nil once there is a difference
	buf  []byte
	size int64
}

func (c *comparing) Write(p []byte) (int, error) {
	if c.old != nil {
		if cap(c.buf) < len(p) {
			c.buf = make([]byte, len(p))
		}
		buf := c.buf[:len(p)]
		if n, _ := c.old.ReadAt(buf, c.size); n < len(p) || !bytes.Equal(buf, p) {
			c.old = nil // a shorter, unreadable or other file: replace it
		}
	}
	n, err := c.out.Write(p)
	c.size += int64(n)
	return n, err
}
