package partition

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/internal/filelock"
)

const suffix = ".parquet"

// A Dir is a directory of partitioned tables. It is safe for concurrent use,
// also by several processes, as far as writers of one month hold LockMonth.
type Dir struct {
	root *os.Root
}

// Open opens the directory dir, which is made when absent.
func Open(dir string) (*Dir, error) {
	root, err := atomicfile.OpenDir(dir)
	if err != nil {
		return nil, err
	}
	return &Dir{root: root}, nil
}

// Close releases the directory. No other call may follow.
func (d *Dir) Close() error { return d.root.Close() }

// Path returns the path of the directory.
func (d *Dir) Path() string { return d.root.Name() }

// LockMonth waits for the exclusive lock of one month, in all tables, among
// all goroutines and processes, and returns the function that releases it.
// It must be held around Read, Replace and Publish of a change. Holders of an
// issue lock may take a month lock, not the reverse.
func (d *Dir) LockMonth(ctx context.Context, month string) (release func(), err error) {
	if !validMonth(month) {
		return nil, badMonth(month)
	}
	return filelock.Acquire(ctx, d.root, ".locks/parquet-"+month+".lock")
}

// Months returns, in order, the months for which the table has a file, or
// something else under a file's name. Other names are passed over. A table
// without a directory has no months.
func (d *Dir) Months(table string) ([]string, error) {
	if !validName(table) {
		return nil, fmt.Errorf("table name %q is not valid", table)
	}
	entries, err := fs.ReadDir(d.root.FS(), table)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var months []string
	for _, entry := range entries {
		month, ok := strings.CutSuffix(entry.Name(), suffix)
		if ok && validMonth(month) {
			months = append(months, month)
		}
	}
	slices.Sort(months)
	return months, nil
}

// tables returns the directories that can be tables, in order, but issues
// last: their rows are what a reader looks up the others by.
func (d *Dir) tables() ([]string, error) {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && validName(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case a == b:
			return 0
		case a == "issues":
			return 1
		case b == "issues":
			return -1
		}
		return strings.Compare(a, b)
	})
	return names, nil
}

// Sweep removes temporary files that killed processes left more than
// olderThan ago, and returns how many. One hour is a good age.
func (d *Dir) Sweep(olderThan time.Duration) (int, error) {
	tables, err := d.tables()
	if err != nil {
		return 0, err
	}
	total := 0
	var errs []error
	for _, table := range tables {
		n, err := atomicfile.Sweep(d.root, table, olderThan)
		total += n
		errs = append(errs, err)
	}
	return total, errors.Join(errs...)
}

func filePath(table, month string) (string, error) {
	if !validMonth(month) {
		return "", badMonth(month)
	}
	return path.Join(table, month+suffix), nil
}

func badMonth(month string) error {
	return fmt.Errorf("month %q is not of the form 2006-01", month)
}
