package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Open opens a file to be read, and describes it. What is no regular file is
// opened, too, for the caller to see; a FIFO that nobody writes is not waited
// for.
func Open(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
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
