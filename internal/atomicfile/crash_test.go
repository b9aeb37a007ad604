//go:build unix

package atomicfile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

// The test binary runs itself as a child that works in a directory and is
// killed, as kill -9 does, at the step whose number it is given.
func TestMain(m *testing.M) {
	dir := os.Getenv("ATOMICFILE_DIR")
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := runChild(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runChild(dir string) error {
	at, err := strconv.Atoi(os.Getenv("ATOMICFILE_KILL_AT"))
	if err != nil {
		return err
	}
	atomicfile.SetHook(func(string, string) error {
		if at--; at == 0 {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	})
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	return workloads[os.Getenv("ATOMICFILE_WORKLOAD")](root)
}

var workloads = map[string]func(*os.Root) error{"": workload, "noted": notedWorkload}

// killAt runs a workload in a process of its own, which dies at a step.
func killAt(t *testing.T, root *os.Root, name string, at int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ATOMICFILE_DIR="+root.Name(), "ATOMICFILE_WORKLOAD="+name, "ATOMICFILE_KILL_AT="+strconv.Itoa(at))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "step %d: %s", at, out)
	require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal(), "step %d: %s", at, out)
}

// The workload replaces two files together, removes a third in the same
// commit, makes a new file in new directories, renames one and removes one.
const (
	oldText, newText = "old content\n", "new content\n"
	repeats          = 3 // of the text, each a write of its own
)

var replaced = []string{"comments/2026-01", "issues/2026-01"} // in this order

func prepare(t testing.TB, root *os.Root) {
	t.Helper()
	for _, name := range append(replaced, "links/2026-01", "moved-from", "removed") {
		require.NoError(t, atomicfile.WriteFile(root, name, []byte(strings.Repeat(oldText, repeats))))
	}
}

func workload(root *os.Root) error {
	var files []*atomicfile.File
	for _, name := range replaced {
		f, err := fill(root, name)
		if err != nil {
			return err
		}
		defer f.Discard()
		files = append(files, f)
	}
	removal, err := atomicfile.Removal(root, "links/2026-01")
	if err != nil {
		return err
	}
	if err := atomicfile.Commit(files[0], removal, files[1]); err != nil {
		return err
	}
	f, err := fill(root, "new/directory/file")
	if err != nil {
		return err
	}
	if err := atomicfile.Commit(f); err != nil {
		return err
	}
	if err := atomicfile.Rename(root, "moved-from", "moved/to"); err != nil {
		return err
	}
	return atomicfile.Remove(root, "removed")
}

func fill(root *os.Root, name string) (*atomicfile.File, error) {
	f, err := atomicfile.Create(root, name)
	if err != nil {
		return nil, err
	}
	for range repeats {
		if _, err := f.Write([]byte(newText)); err != nil {
			f.Discard()
			return nil, err
		}
	}
	return f, nil
}

// checkWhole reports every file that is neither old nor new, and every order
// of changes that the workload does not have.
func checkWhole(t *testing.T, root *os.Root) {
	t.Helper()
	files := tree(t, root)
	isNew := func(name string) bool { return files[name] == strings.Repeat(newText, repeats) }
	isOld := func(name string) bool { return files[name] == strings.Repeat(oldText, repeats) }
	for name := range files {
		if strings.HasPrefix(path.Base(name), ".tmp-") {
			continue
		}
		if !isNew(name) && !isOld(name) {
			t.Errorf("%s holds %q", name, files[name])
		}
	}
	for _, name := range replaced {
		require.Contains(t, files, name, "a replaced file is never absent")
	}
	if isNew("issues/2026-01") {
		require.True(t, isNew("comments/2026-01"), "issues was renamed before comments")
		require.NotContains(t, files, "links/2026-01", "issues was renamed before links was removed")
	}
	require.True(t, isOld("moved-from") != isOld("moved/to"), "the renamed file is in one place")
}

func temporaries(t testing.TB, root *os.Root) int {
	t.Helper()
	n := 0
	for name := range tree(t, root) {
		if strings.HasPrefix(path.Base(name), ".tmp-") {
			n++
		}
	}
	return n
}

// countSteps runs the workload in a directory of its own.
func countSteps(t *testing.T) int {
	t.Helper()
	root := openRoot(t)
	prepare(t, root)
	steps := 0
	defer atomicfile.SetHook(func(string, string) error { steps++; return nil })()
	require.NoError(t, workload(root))
	require.Greater(t, steps, 35)
	return steps
}

func TestKilledAtEveryStepLeavesWholeFiles(t *testing.T) {
	steps := countSteps(t)
	for at := 1; at <= steps; at++ {
		root := openRoot(t)
		prepare(t, root)
		killAt(t, root, "", at)
		checkWhole(t, root)
		for _, dir := range []string{"comments", "issues", "new/directory"} {
			_, err := atomicfile.Sweep(root, dir, 0)
			require.NoError(t, err)
		}
		require.Zero(t, temporaries(t, root), "temporary files after the sweep, step %d", at)
	}
}

// Every step fails once, with each error that a disk can give.
func TestFailureAtEveryStepLeavesWholeFiles(t *testing.T) {
	steps := countSteps(t)
	faults := []error{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EMFILE, syscall.EACCES, syscall.EPERM}
	for at := 1; at <= steps; at++ {
		fault := faults[at%len(faults)]
		root := openRoot(t)
		prepare(t, root)
		n := 0
		var failed, failedName string
		syncs := make(map[string]int)
		restore := atomicfile.SetHook(func(step, name string) error {
			if step == "sync" {
				syncs[name]++
			}
			if n++; n == at {
				failed, failedName = step, name
				return fault
			}
			return nil
		})
		err := workload(root)
		restore()
		require.ErrorIs(t, err, fault, "step %d (%s)", at, failed)
		checkWhole(t, root)
		require.Zero(t, temporaries(t, root), "step %d (%s)", at, failed)
		for name, times := range syncs {
			require.Equal(t, 1, times, "fsync of %s was tried again after step %d (%s)", name, at, failed)
		}
		if failed == "sync" && failedName == replaced[1] {
			require.Equal(t, strings.Repeat(oldText, repeats), tree(t, root)[replaced[0]], "renamed before all were safe")
		}
	}
}

func TestFailedWriteIsNeverCommitted(t *testing.T) {
	root := openRoot(t)
	require.NoError(t, atomicfile.WriteFile(root, "x", []byte("old")))
	f, err := atomicfile.Create(root, "x")
	require.NoError(t, err)
	fail := true
	defer atomicfile.SetHook(func(step, _ string) error {
		if step == "write" && fail {
			fail = false
			return syscall.ENOSPC
		}
		return nil
	})()
	_, err = f.Write([]byte("lost"))
	require.ErrorIs(t, err, syscall.ENOSPC)
	_, err = f.Write([]byte("space is back"))
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorIs(t, atomicfile.Commit(f), syscall.ENOSPC)
	wantTree(t, root, map[string]string{"x": "old"})
}

func TestRemovedDirectory(t *testing.T) {
	root := openRoot(t)
	require.NoError(t, os.Remove(root.Name()))
	require.ErrorIs(t, atomicfile.WriteFile(root, "x", nil), fs.ErrNotExist)
	require.ErrorIs(t, atomicfile.WriteFile(root, "d/x", nil), fs.ErrNotExist)
}

// A reader beside many replacements sees each content whole.
func TestReaderSeesWholeFiles(t *testing.T) {
	root := openRoot(t)
	content := func(i int) []byte { return []byte(strings.Repeat(strconv.Itoa(i%10), 64<<10)) }
	require.NoError(t, atomicfile.WriteFile(root, "x", content(0)))
	done := make(chan error, 1)
	go func() { // ends when the last replacement is made; received below
		var err error
		for i := range 100 {
			err = errors.Join(err, atomicfile.WriteFile(root, "x", content(i)))
		}
		done <- err
	}()
	reads := 0
	for {
		select {
		case err := <-done:
			require.NoError(t, err)
			t.Log(reads, "reads")
			return
		default:
		}
		data, err := root.ReadFile("x")
		require.NoError(t, err)
		require.Len(t, data, 64<<10)
		require.Equal(t, 64<<10, strings.Count(string(data), string(data[:1])))
		reads++
	}
}

func TestModesWhateverTheUmask(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o077} {
		for _, setgid := range []fs.FileMode{0, fs.ModeSetgid} {
			root := openRoot(t)
			require.NoError(t, os.Chmod(root.Name(), 0o700|setgid))
			before := syscall.Umask(umask)
			err := atomicfile.WriteFile(root, "a/b/x", nil)
			syscall.Umask(before)
			require.NoError(t, err)
			for name, want := range map[string]fs.FileMode{
				"a": fs.ModeDir | setgid | 0o770, "a/b": fs.ModeDir | setgid | 0o770, "a/b/x": 0o660,
			} {
				info, err := root.Stat(name)
				require.NoError(t, err)
				if info.Mode() != want {
					t.Errorf("umask %03o: %s has mode %v, want %v", umask, name, info.Mode(), want)
				}
			}
		}
	}
}

func TestSymlinks(t *testing.T) {
	root := openRoot(t)
	outside := t.TempDir()
	secret := outside + "/secret"
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
	require.NoError(t, os.Symlink(secret, root.Name()+"/file"))
	require.NoError(t, os.Symlink(outside, root.Name()+"/dir"))

	require.NoError(t, atomicfile.WriteFile(root, "file", []byte("new")), "a link in the target's place is replaced")
	require.Error(t, atomicfile.WriteFile(root, "dir/x", nil), "a link out of the root is not followed")
	require.Error(t, atomicfile.MkdirAll(root, "dir/sub"))
	require.Error(t, atomicfile.Remove(root, "dir/secret"))
	require.NoError(t, atomicfile.Remove(root, "dir"), "the link itself goes")
	wantTree(t, root, map[string]string{"file": "new"})
	data, err := os.ReadFile(secret)
	require.NoError(t, err)
	require.Equal(t, "secret", string(data))
}

func TestOpenDir(t *testing.T) {
	base := t.TempDir()
	root, err := atomicfile.OpenDir(base + "/a/b/c")
	require.NoError(t, err)
	require.NoError(t, atomicfile.WriteFile(root, "x", nil))
	require.NoError(t, root.Close())
	again, err := atomicfile.OpenDir(base + "/a/b/c")
	require.NoError(t, err)
	wantTree(t, again, map[string]string{"x": ""})
	require.NoError(t, again.Close())

	require.NoError(t, os.WriteFile(base+"/file", nil, 0o600))
	require.NoError(t, os.Symlink(base+"/nowhere", base+"/dangling"))
	for _, dir := range []string{"/file", "/file/below", "/dangling", "/a/b/c/x/y"} {
		_, err := atomicfile.OpenDir(base + dir)
		require.Error(t, err, dir)
	}
	t.Chdir(base)
	relative, err := atomicfile.OpenDir("relative/path")
	require.NoError(t, err)
	require.NoError(t, relative.Close())
	require.DirExists(t, base+"/relative/path")
}

func TestSweepSparesWhatWasJustWritten(t *testing.T) {
	root := openRoot(t)
	require.NoError(t, root.WriteFile(".tmp-1073741824-X", nil, 0o600))
	n, err := atomicfile.Sweep(root, ".", time.Hour)
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = atomicfile.Sweep(root, ".", 0)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}
