//go:build !unix

package atomicfile

import "os"

// fsyncDir does nothing: Windows has no fsync for directories.
func fsyncDir(*os.File) error { return nil }

// alive reports whether a process with this id exists. Where that cannot be
// told it says yes, and the file stays.
func alive(pid int) bool {
	p, err := os.FindProcess(pid) // fails on Windows for an unknown id
	if err != nil {
		return false
	}
	_ = p.Release()
	return true
}
