package partition

import (
	"errors"
	"io/fs"
	"path"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

// asideDir holds the files that were found corrupt, where no reader's glob
// finds them. As long as nothing has taken the place of such a file, its
// month reads as ErrCorrupt. One file is kept for each table and month.
const asideDir = ".corrupt"

func asidePath(table, month string) string { return path.Join(asideDir, table+"-"+month) }

// SetAside checks every byte of a file and, if it is corrupt, moves it out of
// the readers' way into the directory .corrupt, so that those who read all
// months by a glob go on with the others. It reports whether it did. The
// month stays ErrCorrupt, here and for other processes, until Replace writes
// the table anew. Splice and Replace do the same with what they come upon.
//
// The error is nil for a file that is good and fs.ErrNotExist for one that is
// not there. The caller holds LockMonth.
func (d *Dir) SetAside(table, month string) (bool, error) {
	name, err := d.find(table, month)
	if err == nil {
		_, err = d.inspect(table, month, name)
	}
	if errors.Is(err, ErrCorrupt) {
		return d.setAside(table, month, name)
	}
	if err != nil {
		return false, fileError(table, month, name, err)
	}
	return false, nil
}

// setAside moves a file that is corrupt. What is no regular file stays: a
// link or a directory is somebody else's.
func (d *Dir) setAside(table, month, name string) (bool, error) {
	info, err := d.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, atomicfile.Rename(d.root, name, asidePath(table, month))
}
