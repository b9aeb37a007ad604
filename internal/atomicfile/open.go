package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// ErrNoFile reports a name that is there, but leads to no file: a directory, a
// FIFO, a link to nothing.
var ErrNoFile = errors.New("not a regular file")

// Open opens a regular file to be read, and describes it. It does not wait for
// who writes into a FIFO. A link to nothing is not fs.ErrNotExist: whatever it
// led to may be on a disk that is missing.
func Open(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if info, lerr := root.Lstat(name); lerr == nil && info.Mode()&fs.ModeSymlink != 0 {
			err = ErrNoFile
		}
	}
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNoFile
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// Names returns the names in a directory, in no order. A [os.Root] lists more
// than names only by asking for each entry, which takes seven times as long.
func Names(root *os.Root, dir string) ([]string, error) {
	f, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	return names, errors.Join(err, f.Close())
}
