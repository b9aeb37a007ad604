//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package filelock

import (
	"os"
	"syscall"
)

// tryLock and tryShare report whether they got the lock; they never wait.
func tryLock(file *os.File) (bool, error)  { return flock(file, syscall.LOCK_EX) }
func tryShare(file *os.File) (bool, error) { return flock(file, syscall.LOCK_SH) }

func flock(file *os.File, how int) (bool, error) {
	conn, err := file.SyscallConn()
	if err != nil {
		return false, err
	}
	var lockErr error
	err = conn.Control(func(fd uintptr) {
		for {
			lockErr = syscall.Flock(int(fd), how|syscall.LOCK_NB)
			if lockErr != syscall.EINTR {
				return
			}
		}
	})
	if err != nil {
		return false, err
	}
	if lockErr == syscall.EWOULDBLOCK {
		return false, nil
	}
	return lockErr == nil, os.NewSyscallError("flock", lockErr)
}
