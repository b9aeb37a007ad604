// Package atomicfile is the only code of this module that creates, replaces,
// renames or removes files. A file appears under its name whole or not at
// all, and stays there across a power cut.
//
// Each replacement takes the same steps, in this order:
//
//	open a temporary file beside the target   O_EXCL, so nothing planted is followed
//	fchmod it to 0660                         on the descriptor: default ACLs keep their mask
//	write, fsync, close                       a failure here is final: the temporary is removed
//	rename over the target                    readers see the old file or the new one
//	fsync the directory                       without this the rename is lost in a power cut
//
// [Commit] takes several files through these steps together: all are safe on
// disk before the first is renamed, and they are renamed in the order given.
// [CommitNoted] also leaves a note while it renames, by which [Redo] finishes
// what a crash cut short, so that the files change together or not at all.
//
// Every path is relative to an [os.Root], so that no name and no symbolic
// link leads out of the data directory, and is written with slashes. A
// symbolic link that stands where a file is wanted is replaced, not followed.
//
// Temporary names begin with ".tmp-" and have no extension: they match no
// reader's glob. [Sweep] removes those that a killed process left behind.
//
// What it does not do: exclude other writers of the same name (that is
// filelock), nor undo renames done before a later one failed: they can be
// repeated, or finished by a note, but not taken back.
//
// Errors are those of package os, so [errors.Is] finds fs.ErrNotExist,
// syscall.ENOSPC and the like.
package atomicfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"sync/atomic"
)

const (
	fileMode = 0o660 // of every file, whatever the umask
	dirMode  = 0o770 // of every directory, besides an inherited setgid bit
)

// hook is called before each step with its name and the path it works on. An
// error stands for the step's failure.
var hook func(step, name string) error

// SetHook has f called before each step; its error stands for the step's
// failure. It returns a function that takes f away again. It is for the tests
// of this package and of those that write through it, which fail or die at
// every step, and must not be called beside writers.
func SetHook(f func(step, name string) error) (restore func()) {
	hook = f
	return func() { hook = nil }
}

func step(name, path string) error {
	if hook == nil {
		return nil
	}
	return hook(name, path)
}

// A File is the coming content of one name. It becomes visible by [Commit]
// and vanishes by Discard. It is not safe for concurrent use.
type File struct {
	root   *os.Root
	name   string // the target, below root
	temp   string // the temporary file, below root; "" for a removal
	file   *os.File
	err    error // the first failed write or sync: such a file is never committed
	sealed bool  // durable and closed
	done   bool
}

// Create opens a temporary file beside name, which may lie in directories
// that do not exist yet: they are made as [MkdirAll] does. What is there
// under name stays as it is until [Commit].
func Create(root *os.Root, name string) (*File, error) {
	if err := checkName("create", name); err != nil {
		return nil, err
	}
	dir := path.Dir(name)
	f, err := createTemp(root, name)
	if errors.Is(err, fs.ErrNotExist) && dir != "." {
		if err := MkdirAll(root, dir); err != nil {
			return nil, err
		}
		f, err = createTemp(root, name)
	}
	return f, err
}

// Removal returns a File that stands for the absence of name: committing it
// removes what is there. So [Commit] can remove and replace in one order.
func Removal(root *os.Root, name string) (*File, error) {
	if err := checkName("remove", name); err != nil {
		return nil, err
	}
	return &File{root: root, name: name}, nil
}

func createTemp(root *os.Root, name string) (*File, error) {
	temp := path.Join(path.Dir(name), tempName())
	if err := step("create", temp); err != nil {
		return nil, err
	}
	file, err := root.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	f := &File{root: root, name: name, temp: temp, file: file}
	err = step("chmod", temp)
	if err == nil {
		err = file.Chmod(fileMode)
	}
	if err != nil {
		f.Discard()
		return nil, err
	}
	return f, nil
}

// Write appends p to the temporary file. After a failed write the file can
// only be discarded: Commit reports the failure again.
func (f *File) Write(p []byte) (int, error) {
	if err := f.writable(); err != nil {
		return 0, err
	}
	n, err := f.file.Write(p)
	f.err = err
	return n, err
}

// ReadFrom appends what r holds. When r is an *os.File, possibly behind an
// io.LimitedReader, the kernel copies where it can.
func (f *File) ReadFrom(r io.Reader) (int64, error) {
	if err := f.writable(); err != nil {
		return 0, err
	}
	n, err := f.file.ReadFrom(r)
	f.err = err
	return n, err
}

// ReadAt reads what has been written, to verify it before Commit.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if f.done || f.sealed || f.file == nil {
		return 0, fs.ErrClosed
	}
	return f.file.ReadAt(p, off)
}

func (f *File) writable() error {
	if f.done || f.sealed || f.file == nil {
		return fs.ErrClosed
	}
	if f.err == nil {
		f.err = step("write", f.name)
	}
	return f.err
}

// Discard removes the temporary file. After Commit or a second time it does
// nothing, so that it can be deferred.
func (f *File) Discard() {
	if f.done {
		return
	}
	f.done = true
	if f.temp == "" {
		return
	}
	// Neither failure can harm: the file is never read, and Sweep gets it.
	_ = f.file.Close()
	_ = f.root.Remove(f.temp)
}

// Commit makes the files durable, then visible in the order given, and then
// makes that durable too. It returns nil only after the last step.
//
// An error before the first rename leaves every target as it was. An error
// later leaves each target whole, the earlier ones new, the later ones old;
// the failed call may be repeated from the start with new files. In both
// cases no temporary file stays.
func Commit(files ...*File) error {
	defer func() {
		for _, f := range files {
			f.Discard()
		}
	}()
	var dirs openedDirs
	defer dirs.close()
	if err := sealAll(&dirs, files); err != nil {
		return err
	}
	for _, f := range files {
		if err := f.publish(); err != nil {
			return errors.Join(err, dirs.sync())
		}
	}
	return dirs.sync()
}

// sealAll makes the contents durable and opens the directories they are in.
func sealAll(dirs *openedDirs, files []*File) error {
	for _, f := range files {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	for _, f := range files {
		err := dirs.add(f.root, path.Dir(f.name))
		if f.temp == "" && errors.Is(err, fs.ErrNotExist) {
			continue // nothing to remove there
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Sync brings the content to stable storage and ends its writing. Commit does
// so itself; earlier calls let several files sync side by side. A failed one
// is not tried again, here or by Commit: the kernel may have dropped the pages
// and would report success.
func (f *File) Sync() error {
	if f.done {
		return &fs.PathError{Op: "commit", Path: f.name, Err: fs.ErrClosed}
	}
	if f.err != nil || f.sealed || f.temp == "" {
		return f.err
	}
	f.err = f.seal()
	f.sealed = f.err == nil
	return f.err
}

func (f *File) seal() error {
	if err := step("sync", f.name); err != nil {
		return err
	}
	if err := f.file.Sync(); err != nil {
		return err
	}
	if err := step("close", f.name); err != nil {
		return err
	}
	return f.file.Close()
}

// publish puts the sealed temporary file in the target's place.
func (f *File) publish() error {
	if f.temp == "" {
		f.done = true
		return remove(f.root, f.name)
	}
	if err := step("rename", f.name); err != nil {
		return err
	}
	if err := f.root.Rename(f.temp, f.name); err != nil {
		return err
	}
	f.done = true
	return nil
}

// Write replaces name by what write produces. If write fails, or panics, the
// old file stays.
func Write(root *os.Root, name string, write func(io.Writer) error) error {
	f, err := Create(root, name)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := write(f); err != nil {
		return err
	}
	return Commit(f)
}

// WriteFile replaces name by data.
func WriteFile(root *os.Root, name string, data []byte) error {
	return Write(root, name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// process marks the temporary files of this process: a later process may have
// the same id, in a container it always has.
var (
	process = rand.Text()[:10]
	counter atomic.Uint64
)

const tempPrefix = ".tmp-"

func tempName() string {
	return fmt.Sprintf("%s%d-%s%s", tempPrefix, os.Getpid(), process, strconv.FormatUint(counter.Add(1), 36))
}

// checkName refuses the root itself, empty and unclean names.
func checkName(op, name string) error {
	if !fs.ValidPath(name) || name == "." {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return nil
}
