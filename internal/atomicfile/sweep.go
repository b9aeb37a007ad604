package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// Sweep removes the temporary files directly in dir that no live process
// holds and that were last written more than olderThan ago, and returns how
// many. It looks at names that this package makes and at regular files only.
//
// A process in another container cannot be seen from here, so olderThan must
// exceed the time one file takes to be written; one hour is ample. A
// directory that is absent holds nothing.
func Sweep(root *os.Root, dir string, olderThan time.Duration) (int, error) {
	entries, err := fs.ReadDir(root.FS(), dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var stale []string
	before := time.Now().Add(-olderThan)
	for _, entry := range entries {
		if !isTemp(entry.Name()) || held(entry.Name()) || !entry.Type().IsRegular() {
			continue
		}
		info, err := entry.Info()
		if err != nil || info.ModTime().After(before) {
			continue // renamed a moment ago, or too young
		}
		stale = append(stale, path.Join(dir, entry.Name()))
	}
	if len(stale) == 0 {
		return 0, nil
	}
	return len(stale), Remove(root, stale...)
}

func isTemp(name string) bool { return strings.HasPrefix(name, tempPrefix) }

// held reports whether a running process may still write the file.
func held(name string) bool {
	pidText, owner, _ := strings.Cut(strings.TrimPrefix(name, tempPrefix), "-")
	pid, err := strconv.Atoi(pidText)
	if err != nil || pid <= 0 {
		return false
	}
	if pid == os.Getpid() {
		return strings.HasPrefix(owner, process)
	}
	return alive(pid)
}
