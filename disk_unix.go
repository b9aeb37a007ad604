//go:build linux || darwin

package jirasync

import "syscall"

// freeSpace returns the bytes that may still be written to a directory.
func freeSpace(dir string) (uint64, bool) {
	var stat syscall.Statfs_t
	if syscall.Statfs(dir, &stat) != nil {
		return 0, false
	}
	return stat.Bavail * uint64(stat.Bsize), true
}
