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

// A Dir is a directory of partitioned tables. It is safe for concurrent use,
// also by several processes, as far as writers of one month hold LockMonth.
type Dir struct {
	root   *os.Root
	layout Layout
}

// Open opens the directory dir, which is made when absent, for files in the
// flat layout. A change of several files that a crash has cut short is
// finished, unless a process that is alive holds the month.
func Open(dir string) (*Dir, error) { return OpenLayout(dir, Flat) }

// OpenLayout is Open for either layout. [Dir.Migrate] brings the files that
// are there to it.
func OpenLayout(dir string, layout Layout) (*Dir, error) {
	if layout > Hive {
		return nil, fmt.Errorf("unknown layout %d", layout)
	}
	root, err := atomicfile.OpenDir(dir)
	if err != nil {
		return nil, err
	}
	d := &Dir{root: root, layout: layout}
	d.recover()
	return d, nil
}

// Close releases the directory. No other call may follow.
func (d *Dir) Close() error { return d.root.Close() }

// Path returns the path of the directory.
func (d *Dir) Path() string { return d.root.Name() }

// LockMonth waits for the exclusive lock of one month, in all tables, among
// all goroutines and processes, and returns the function that releases it.
// It must be held around Read, Splice, Replace and Publish of a change. What
// an earlier holder could not finish is finished first. Holders of an issue
// lock may take a month lock, not the reverse.
func (d *Dir) LockMonth(ctx context.Context, month string) (release func(), err error) {
	if !validPart(month) {
		return nil, badMonth(month)
	}
	release, err = filelock.Acquire(ctx, d.root, ".locks/parquet-"+month+".lock")
	if err != nil {
		return nil, err
	}
	if err := d.redo(month); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// noteDir holds the notes by which a commit of several files is finished: one
// for each month, and one for the manifest.
const noteDir = ".redo"

// commit makes the files of a month appear together.
func (d *Dir) commit(month string, files []*atomicfile.File) error {
	return atomicfile.CommitNoted(d.root, path.Join(noteDir, month), files...)
}

// redo finishes a commit. A note that is damaged is put aside: whoever wrote
// it never returned, so that his caller does the work again.
func (d *Dir) redo(name string) error {
	note := path.Join(noteDir, name)
	_, err := atomicfile.Redo(d.root, note)
	if errors.Is(err, atomicfile.ErrBadNote) {
		err = atomicfile.Rename(d.root, note, path.Join(asideDir, "note-"+name))
	}
	if err != nil {
		return fmt.Errorf("finish %s: %w", note, err)
	}
	return nil
}

// recover finishes what crashed processes have left. What cannot be finished
// now, for want of rights or because the month is busy, the next holder of
// the lock will finish or report: a reader's Open must not fail for it.
func (d *Dir) recover() {
	notes, err := d.list(noteDir)
	if err != nil {
		return
	}
	for _, note := range notes {
		ctx, cancel := context.WithTimeout(context.Background(), recoverWait)
		if release, err := d.lockFor(ctx, note.Name()); err == nil {
			release()
		}
		cancel()
	}
}

// lockFor takes the lock under which a note was written.
func (d *Dir) lockFor(ctx context.Context, note string) (release func(), err error) {
	if note == path.Base(manifestNote) {
		return d.lockManifest(ctx)
	}
	return d.LockMonth(ctx, note)
}

// recoverWait is enough for a lock that is free.
const recoverWait = 100 * time.Millisecond

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
// olderThan ago, and returns how many. One hour is a good age. Months with an
// unfinished commit keep theirs.
func (d *Dir) Sweep(olderThan time.Duration) (int, error) {
	d.recover()
	if notes, err := d.list(noteDir); err != nil || slices.ContainsFunc(notes, isNote) {
		return 0, err
	}
	dirs, err := d.fileDirs()
	if err != nil {
		return 0, err
	}
	total := 0
	var errs []error
	for _, dir := range append(dirs, noteDir, ".") {
		n, err := atomicfile.Sweep(d.root, dir, olderThan)
		total += n
		errs = append(errs, err)
	}
	return total, errors.Join(errs...)
}

func isNote(e fs.DirEntry) bool {
	return validPart(e.Name()) || e.Name() == path.Base(manifestNote)
}

// fileDirs returns the directories in which files of tables lie.
func (d *Dir) fileDirs() ([]string, error) {
	tables, err := d.tables()
	if err != nil {
		return nil, err
	}
	dirs := tables
	for _, table := range tables {
		entries, err := d.list(table)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if month, ok := strings.CutPrefix(entry.Name(), hiveKey); ok && validMonth(month) && entry.IsDir() {
				dirs = append(dirs, path.Join(table, entry.Name()))
			}
		}
	}
	return dirs, nil
}
