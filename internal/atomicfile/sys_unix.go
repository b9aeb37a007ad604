//go:build unix

package atomicfile

import (
	"errors"
	"os"
	"syscall"
)

// fsyncDir makes the names in an open directory durable. A file system
// without such a call (some network and FUSE ones) says EINVAL or ENOTSUP;
// there is nothing more to be had from it.
func fsyncDir(dir *os.File) error {
	err := dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}

// alive reports whether a process with this id exists, whoever owns it.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
