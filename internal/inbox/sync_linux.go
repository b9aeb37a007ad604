package inbox

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncData brings the data of a file, and of its metadata the size, to stable
// storage.
func syncData(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var syncErr error
	err = conn.Control(func(fd uintptr) {
		for {
			if syncErr = unix.Fdatasync(int(fd)); !errors.Is(syncErr, unix.EINTR) {
				return
			}
		}
	})
	if err == nil && syncErr != nil {
		err = os.NewSyscallError("fdatasync", syncErr)
	}
	return err
}
