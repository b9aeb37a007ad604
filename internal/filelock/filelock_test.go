package filelock_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/filelock"
)

const lockName = ".locks/DEMO-1.lock"

// The test binary runs itself as another process: "count" increments the
// counter in the directory, "hold" takes the lock, says so and never ends.
func TestMain(m *testing.M) {
	mode, dir := os.Getenv("FILELOCK_CHILD"), os.Getenv("FILELOCK_DIR")
	var err error
	switch mode {
	case "count":
		err = count(dir)
	case "hold":
		err = hold(dir)
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const (
	processes, goroutines, increments = 8, 8, 20
)

func count(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	errs := make([]error, goroutines)
	var wait sync.WaitGroup
	for i := range goroutines {
		wait.Go(func() {
			for range increments {
				if errs[i] = increment(root); errs[i] != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// increment reads and writes without any care, so that only the lock can
// keep the count right.
func increment(root *os.Root) error {
	release, err := filelock.Acquire(context.Background(), root, lockName)
	if err != nil {
		return err
	}
	defer release()
	data, err := root.ReadFile("counter")
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(data))
	if err != nil {
		return err
	}
	return root.WriteFile("counter", []byte(strconv.Itoa(n+1)), 0o600)
}

func hold(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	if _, err := filelock.Acquire(context.Background(), root, lockName); err != nil {
		return err
	}
	fmt.Println("held")
	_, err = os.Stdin.Read(make([]byte, 1)) // until the parent kills us or dies
	return err
}

func child(t *testing.T, mode, dir string) *exec.Cmd {
	t.Helper()
	if !crossProcess() {
		t.Skip("no flock on " + runtime.GOOS)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FILELOCK_CHILD="+mode, "FILELOCK_DIR="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

func crossProcess() bool { return runtime.GOOS != "windows" && runtime.GOOS != "plan9" }

func holder(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := child(t, "hold", dir)
	_, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "held\n", line)
	return cmd
}

func openRoot(t testing.TB, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return root
}

func Example() {
	dir, err := os.MkdirTemp("", "filelock")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	release, err := filelock.Acquire(ctx, root, ".locks/DEMO-1.lock")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer release()
	fmt.Println("read, change and write DEMO-1.json")
	// Output: read, change and write DEMO-1.json
}

func TestCounterIsExactAcrossProcesses(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "counter"), []byte("0"), 0o600))
	cmds := make([]*exec.Cmd, processes)
	for i := range cmds {
		cmds[i] = child(t, "count", dir)
		require.NoError(t, cmds[i].Start())
	}
	for _, cmd := range cmds {
		require.NoError(t, cmd.Wait())
	}
	data, err := os.ReadFile(filepath.Join(dir, "counter"))
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(processes*goroutines*increments), string(data))
}

func TestKilledHolderLosesTheLockAtOnce(t *testing.T) {
	best := time.Hour // of a few tries, as the machine may be busy
	for range 3 {
		dir := t.TempDir()
		cmd := holder(t, dir)
		root := openRoot(t, dir)

		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		_, err := filelock.Acquire(ctx, root, lockName)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)

		require.NoError(t, cmd.Process.Kill())
		killed := time.Now()
		release, err := filelock.Acquire(context.Background(), root, lockName)
		require.NoError(t, err)
		best = min(best, time.Since(killed))
		release()
	}
	require.Less(t, best, 100*time.Millisecond)
}

// Two roots with names that differ have queues that differ, so that inside
// one process flock itself is what the second waits for.
func twoRoots(t *testing.T) (a, b *os.Root) {
	t.Helper()
	if !crossProcess() {
		t.Skip("no flock on " + runtime.GOOS)
	}
	dir := t.TempDir()
	return openRoot(t, dir), openRoot(t, dir+"/.")
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	a, b := twoRoots(t)
	for name, second := range map[string]*os.Root{"in the queue": a, "for flock": b} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release, err := filelock.Acquire(t.Context(), a, lockName)
				require.NoError(t, err)
				defer release()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				_, err = filelock.Acquire(ctx, second, lockName)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, time.Minute, time.Since(start))
			})
		})
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := filelock.Acquire(ended, a, lockName)
	require.ErrorIs(t, err, context.Canceled, "an ended context takes no lock, though it is free")
	release, err := filelock.Acquire(context.Background(), a, lockName)
	require.NoError(t, err, "those that gave up have left the queue")
	release()
}

func TestGoroutinesAreServedInOrder(t *testing.T) {
	root := openRoot(t, t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		release, err := filelock.Acquire(t.Context(), root, lockName)
		require.NoError(t, err)
		var order []int
		var wait sync.WaitGroup
		for i := range 20 {
			wait.Go(func() {
				release, err := filelock.Acquire(context.Background(), root, lockName)
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, i)
				release()
			})
			synctest.Wait() // it waits in the queue now
		}
		release()
		release() // a second call must not let anybody else in
		wait.Wait()
		for i, got := range order {
			require.Equal(t, i, got, "order %v", order)
		}
	})
}

func TestReleaseWakesTheWaiterWithin50ms(t *testing.T) {
	a, b := twoRoots(t)
	synctest.Test(t, func(t *testing.T) {
		release, err := filelock.Acquire(t.Context(), a, lockName)
		require.NoError(t, err)
		released := time.Now().Add(time.Minute)
		time.AfterFunc(time.Minute, release)
		second, err := filelock.Acquire(t.Context(), b, lockName)
		require.NoError(t, err)
		defer second()
		require.LessOrEqual(t, time.Since(released), 50*time.Millisecond)
	})
}

func TestKeysDoNotBlockEachOther(t *testing.T) {
	root := openRoot(t, t.TempDir())
	one, err := filelock.Acquire(context.Background(), root, lockName)
	require.NoError(t, err)
	defer one()
	two, err := filelock.Acquire(context.Background(), root, ".locks/DEMO-2.lock")
	require.NoError(t, err)
	defer two()
}

func TestManyWaitersCostNoThreads(t *testing.T) {
	before := threads(t)
	dir := t.TempDir()
	holder(t, dir)
	root := openRoot(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	for range 2000 {
		wait.Go(func() {
			release, err := filelock.Acquire(ctx, root, lockName)
			if err == nil {
				release()
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Acquire: got %v, want context.Canceled", err)
			}
		})
	}
	for range 5 { // long enough for a blocked system call to be handed a new thread
		short, stop := context.WithTimeout(ctx, 20*time.Millisecond)
		_, err := filelock.Acquire(short, root, lockName)
		stop()
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	require.Less(t, threads(t)-before, 32)
	cancel()
	wait.Wait()
}

func threads(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skip("no /proc/self/task to count threads")
	}
	return len(entries)
}

// A cleaner may remove a lock file while one process holds it and another
// waits for it. The waiter then gets the lock on a file that has no name
// while a newcomer makes a new file: they must not both go ahead.
func TestRemovedLockFileIsMadeAnew(t *testing.T) {
	a, b := twoRoots(t)
	synctest.Test(t, func(t *testing.T) {
		release, err := filelock.Acquire(t.Context(), a, lockName)
		require.NoError(t, err)
		var holders atomic.Int32 // the race detector does not know flock
		var wait sync.WaitGroup
		wait.Go(func() {
			release, err := filelock.Acquire(context.Background(), b, lockName)
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			if n := holders.Add(1); n != 1 {
				t.Errorf("%d holders", n)
			}
			time.Sleep(time.Second)
			holders.Add(-1)
		})
		time.Sleep(time.Second) // fake time: the waiter is between two tries
		require.NoError(t, a.Remove(lockName))
		release()
		again, err := filelock.Acquire(t.Context(), a, lockName)
		require.NoError(t, err)
		require.EqualValues(t, 1, holders.Add(1))
		time.Sleep(time.Second)
		holders.Add(-1)
		again()
		wait.Wait()
		_, err = a.Stat(lockName)
		require.NoError(t, err)
	})
}

func TestLockFileIsSharedWithTheGroupAndKept(t *testing.T) {
	root := openRoot(t, t.TempDir())
	release, err := filelock.Acquire(context.Background(), root, lockName)
	require.NoError(t, err)
	release()
	info, err := root.Stat(lockName)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, os.FileMode(0o660), info.Mode())
	}
	require.Zero(t, info.Size())
}

func TestBadLockNames(t *testing.T) {
	root := openRoot(t, t.TempDir())
	require.NoError(t, root.Mkdir("dir", 0o700))
	require.NoError(t, root.Symlink("/etc/passwd", "link"))
	for _, name := range []string{"", ".", "../x", "/x", "dir", "link", "a\x00b", strings.Repeat("x", 300)} {
		_, err := filelock.Acquire(context.Background(), root, name)
		require.Error(t, err, "Acquire(%q)", name)
	}
}

func BenchmarkAcquire(b *testing.B) {
	root := openRoot(b, b.TempDir())
	b.ReportAllocs()
	for b.Loop() {
		release, err := filelock.Acquire(context.Background(), root, lockName)
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
}

// A holder's note is there for the next holder, and is replaced whole.
func TestNote(t *testing.T) {
	root := openRoot(t, t.TempDir())
	take := func() *filelock.Lock {
		lock, err := filelock.Take(t.Context(), root, "a.lock")
		require.NoError(t, err)
		return lock
	}
	lock := take()
	require.Empty(t, lock.Note())
	require.NoError(t, lock.SetNote("a longer note"))
	require.Error(t, lock.SetNote(strings.Repeat("x", 65)))
	lock.Release()
	lock = take()
	require.Equal(t, "a longer note", lock.Note())
	require.NoError(t, lock.SetNote("short"))
	lock.Release()
	lock = take()
	defer lock.Release()
	require.Equal(t, "short", lock.Note())
}

// Any number share a lock, none beside one that has it for itself.
func TestShare(t *testing.T) {
	if !crossProcess() {
		t.Skip("no flock(2)")
	}
	root := openRoot(t, t.TempDir())
	one, err := filelock.Share(t.Context(), root, lockName)
	require.NoError(t, err)
	two, err := filelock.Share(t.Context(), root, lockName)
	require.NoError(t, err)
	soon := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	one()
	_, err = filelock.Acquire(soon(), root, lockName)
	require.ErrorIs(t, err, context.DeadlineExceeded, "the second share holds it")
	two()
	two()
	release, err := filelock.Acquire(soon(), root, lockName)
	require.NoError(t, err)
	_, err = filelock.Share(soon(), root, lockName)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	release()
	three, err := filelock.Share(soon(), root, lockName)
	require.NoError(t, err)
	three()
	_, err = filelock.Share(t.Context(), root, "../x")
	require.ErrorIs(t, err, fs.ErrInvalid)
}
