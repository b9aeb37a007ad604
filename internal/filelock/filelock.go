// Package filelock gives one holder at a time a lock that has a name, among
// all goroutines of this process and all processes of this machine.
//
// A lock is taken in two layers. Goroutines of one process queue for it in
// memory, first come first served. Whoever is at the head then asks the
// kernel for flock(2) on the lock file, never blocking in it: a goroutine
// blocked in flock costs a thread, and a storm of them ends the process. It
// tries again after 1 to 50 ms, and stops when its context does. The kernel
// drops the lock of a process that dies, however it dies.
//
// A lock file holds nothing but the note that its last holder may have left,
// lies in a directory that nobody cleans (".locks"),
// and is never removed here: removing it, or locking the data file that a
// rename replaces, gives two holders. Should somebody remove it all the same,
// those that wait for it notice that the name leads to another file and start
// again; goroutines of this process are kept apart throughout, but a process
// that holds the removed file cannot be seen by one that makes it anew.
//
// Order: a holder of an issue lock may take a month lock, never the reverse.
//
// What it does not do: nest (a second Acquire by the holder waits for ever),
// work across machines, or across processes where flock(2) is missing
// (Windows): there it excludes the goroutines of one process only.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"sync"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

const (
	minDelay = 1 * time.Millisecond
	maxDelay = 50 * time.Millisecond
)

// Acquire waits until it holds the lock called name, a path below root whose
// directories are made when absent, and returns the function that releases
// it, which may be called more than once. When ctx ends first the error wraps
// ctx.Err(). Other errors are those of opening the lock file.
func Acquire(ctx context.Context, root *os.Root, name string) (release func(), err error) {
	lock, err := Take(ctx, root, name)
	if err != nil {
		return nil, err
	}
	return lock.Release, nil
}

// Share waits until nobody holds the lock by Acquire, and returns the function
// that gives its share of it up, which may be called more than once. Any number
// may share a lock; Acquire waits for them all. Goroutines do not queue for a
// share, so that one that wants the lock for itself may wait for long.
//
// Where flock(2) is missing a share keeps nobody out.
func Share(ctx context.Context, root *os.Root, name string) (release func(), err error) {
	if !fs.ValidPath(name) || name == "." {
		return nil, &fs.PathError{Op: "share", Path: name, Err: fs.ErrInvalid}
	}
	file, err := lockFile(ctx, root, name, tryShare)
	if err != nil {
		return nil, fmt.Errorf("share %s: %w", name, err)
	}
	return sync.OnceFunc(func() { _ = file.Close() }), nil
}

// A Lock is held until it is released.
type Lock struct {
	file    *os.File
	release func()
}

// maxNote bounds what a holder can tell the next, in bytes.
const maxNote = 64

// Take is Acquire for holders that leave a note for the next one.
func Take(ctx context.Context, root *os.Root, name string) (*Lock, error) {
	if !fs.ValidPath(name) || name == "." {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: fs.ErrInvalid}
	}
	leave, err := enter(ctx, root.Name()+"\x00"+name)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	file, err := lockFile(ctx, root, name, tryLock)
	if err != nil {
		leave()
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return &Lock{file: file, release: sync.OnceFunc(func() {
		_ = file.Close() // drops the lock; a note that is lost costs nothing
		leave()
	})}, nil
}

// Release gives the lock up. It may be called more than once.
func (l *Lock) Release() { l.release() }

// Note returns what an earlier holder has left, "" if nothing. It does not
// survive a power cut for sure, and whoever reads it must expect anything.
func (l *Lock) Note() string {
	note := make([]byte, maxNote)
	n, err := l.file.ReadAt(note, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	return string(note[:n])
}

// SetNote leaves a note of at most 64 bytes for the holders to come.
func (l *Lock) SetNote(note string) error {
	if len(note) > maxNote {
		return fmt.Errorf("note of %d bytes: %w", len(note), fs.ErrInvalid)
	}
	_, err := l.file.WriteAt([]byte(note), 0)
	if err == nil {
		err = l.file.Truncate(int64(len(note)))
	}
	if err != nil {
		return fmt.Errorf("leave a note: %w", err)
	}
	return nil
}

// queues holds the goroutines of this process by lock. Roots opened twice on
// one path share a queue; should they differ in spelling, flock still keeps
// them apart, as each acquisition has a descriptor of its own.
var (
	queuesMu sync.Mutex
	queues   = make(map[string]*queue)
)

type queue struct {
	turn  chan struct{} // holds one token while somebody is at the head; the runtime serves senders in order
	users int           // at the head or waiting; guarded by queuesMu
}

// enter waits for the head of the queue; leave passes it on.
func enter(ctx context.Context, key string) (leave func(), err error) {
	queuesMu.Lock()
	q := queues[key]
	if q == nil {
		q = &queue{turn: make(chan struct{}, 1)}
		queues[key] = q
	}
	q.users++
	queuesMu.Unlock()

	forget := func() {
		queuesMu.Lock()
		defer queuesMu.Unlock()
		if q.users--; q.users == 0 {
			delete(queues, key)
		}
	}
	if err := ctx.Err(); err != nil {
		forget()
		return nil, err
	}
	select {
	case q.turn <- struct{}{}:
		return func() { <-q.turn; forget() }, nil
	case <-ctx.Done():
		forget()
		return nil, ctx.Err()
	}
}

// lockFile returns the lock file, open and locked by try.
func lockFile(ctx context.Context, root *os.Root, name string, try func(*os.File) (bool, error)) (*os.File, error) {
	delay := minDelay
	for ctx.Err() == nil {
		file, err := open(root, name)
		if err != nil {
			return nil, err
		}
		locked, err := try(file)
		if err == nil && locked && stillNamed(root, name, file) {
			return file, nil
		}
		_ = file.Close()
		if err != nil {
			return nil, err
		}
		if locked {
			continue // the file was replaced under us: lock the new one
		}
		if err := sleep(ctx, delay/2+rand.N(delay/2+1)); err != nil {
			return nil, err
		}
		delay = min(2*delay, maxDelay)
	}
	return nil, ctx.Err()
}

func open(root *os.Root, name string) (*os.File, error) {
	file, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o660)
	if errors.Is(err, fs.ErrNotExist) {
		if err := atomicfile.MkdirAll(root, path.Dir(name)); err != nil {
			return nil, err
		}
		file, err = root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o660)
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "lock", Path: name, Err: errors.New("not a regular file")}
	}
	if err == nil && info.Mode().Perm() != 0o660 {
		// Ours and new: the umask took bits that other writers need. Somebody
		// else's: it is open, so its mode does not matter.
		err = file.Chmod(0o660)
		if errors.Is(err, fs.ErrPermission) {
			err = nil
		}
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// stillNamed reports whether name still leads to the open file.
func stillNamed(root *os.Root, name string, file *os.File) bool {
	there, err := root.Stat(name)
	if err != nil {
		return false
	}
	here, err := file.Stat()
	return err == nil && os.SameFile(here, there)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
