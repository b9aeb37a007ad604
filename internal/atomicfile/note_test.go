//go:build unix

package atomicfile_test

import (
	"maps"
	"os"
	"path"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

const note = ".redo/2026-01"

// notedWorkload replaces two files and removes a third, together.
func notedWorkload(root *os.Root) error {
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
	return atomicfile.CommitNoted(root, note, files[0], removal, files[1])
}

func openPrepared(t *testing.T) *os.Root {
	t.Helper()
	root := openRoot(t)
	prepare(t, root)
	return root
}

// settled is the tree once what was begun is finished and swept.
func settled(t *testing.T, root *os.Root) map[string]string {
	t.Helper()
	_, err := atomicfile.Redo(root, note)
	require.NoError(t, err)
	for _, dir := range []string{"comments", "issues", ".redo"} {
		_, err := atomicfile.Sweep(root, dir, 0)
		require.NoError(t, err)
	}
	return tree(t, root)
}

// before and after are the trees around the workload.
func beforeAndAfter(t *testing.T) (before, after map[string]string, steps int) {
	t.Helper()
	root := openPrepared(t)
	before = tree(t, root)
	defer atomicfile.SetHook(func(string, string) error { steps++; return nil })()
	require.NoError(t, notedWorkload(root))
	require.Greater(t, steps, 25)
	after = tree(t, root)
	require.NotContains(t, after, note)
	require.NotContains(t, after, "links/2026-01")
	return before, after, steps
}

func requireOneOf(t *testing.T, at int, got, before, after map[string]string) {
	t.Helper()
	if !maps.Equal(got, before) && !maps.Equal(got, after) {
		t.Errorf("step %d left a mixture or litter: %q", at, got)
	}
}

func TestKilledAtEveryStepOfANotedCommit(t *testing.T) {
	before, after, steps := beforeAndAfter(t)
	for at := 1; at <= steps; at++ {
		root := openPrepared(t)
		killAt(t, root, "noted", at)
		requireOneOf(t, at, settled(t, root), before, after)
	}
}

func TestFailureAtEveryStepOfANotedCommit(t *testing.T) {
	before, after, steps := beforeAndAfter(t)
	for at := 1; at <= steps; at++ {
		root := openPrepared(t)
		n := 0
		restore := atomicfile.SetHook(func(string, string) error {
			if n++; n == at {
				return syscall.EIO
			}
			return nil
		})
		err := notedWorkload(root)
		restore()
		require.ErrorIs(t, err, syscall.EIO, "step %d", at)
		left := tree(t, root)
		if _, noted := left[note]; !noted {
			require.Zero(t, temporaries(t, root), "step %d", at)
			requireOneOf(t, at, left, before, after)
		}
		requireOneOf(t, at, settled(t, root), before, after)
	}
}

// Redo itself dies at every step, after the commit died at its first rename.
func TestRedoMayBeCutShortAnywhere(t *testing.T) {
	_, after, steps := beforeAndAfter(t)
	for at := 1; at <= steps; at++ {
		root := openPrepared(t)
		restore := atomicfile.SetHook(func(step, name string) error {
			if step == "rename" && name == replaced[0] {
				return syscall.EIO
			}
			return nil
		})
		require.ErrorIs(t, notedWorkload(root), syscall.EIO)
		n := 0
		atomicfile.SetHook(func(string, string) error {
			if n++; n >= at {
				return syscall.EIO
			}
			return nil
		})
		_, err := atomicfile.Redo(root, note)
		restore()
		require.Equal(t, n >= at, err != nil)
		require.Equal(t, after, settled(t, root), "step %d", at)
		if err == nil {
			return
		}
	}
	t.Error("no Redo came to its end")
}

func TestRedoWithoutANote(t *testing.T) {
	root := openPrepared(t)
	found, err := atomicfile.Redo(root, note)
	require.NoError(t, err)
	require.False(t, found)
}

// A note that somebody else wrote renames and removes nothing.
func TestForeignNotes(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                "",
		"no list":              "{}x",
		"not a temporary":      `[{"temp":"issues/2026-01","name":"issues/2026-02"}]`,
		"another directory":    `[{"temp":"comments/.tmp-1-a","name":"issues/2026-01"}]`,
		"out of the root":      `[{"temp":"../.tmp-1-a","name":"../x"}]`,
		"removal out of it":    `[{"name":"../x"}]`,
		"removal of the root":  `[{"name":"."}]`,
		"absolute":             `[{"name":"/etc/passwd"}]`,
		"cut":                  `[{"name":"issues/2026-01"}`,
		"one good, then a bad": `[{"name":"issues/2026-01"},{"name":""}]`,
		"huge":                 "[" + strings.Repeat(" ", 2<<20) + "]",
	} {
		root := openPrepared(t)
		before := tree(t, root)
		require.NoError(t, atomicfile.WriteFile(root, note, []byte(text)))
		_, err := atomicfile.Redo(root, note)
		require.ErrorIs(t, err, atomicfile.ErrBadNote, name)
		require.NoError(t, atomicfile.Remove(root, note))
		require.Equal(t, before, tree(t, root), name)
	}
	root := openPrepared(t)
	require.NoError(t, atomicfile.MkdirAll(root, path.Dir(note)))
	require.NoError(t, os.Symlink("/etc/passwd", root.Name()+"/"+note))
	_, err := atomicfile.Redo(root, note)
	require.ErrorIs(t, err, atomicfile.ErrBadNote)
}

// A file that was synced early is committed without a second fsync, and takes
// no more content.
func TestSyncEarly(t *testing.T) {
	root := openPrepared(t)
	f, err := fill(root, replaced[0])
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	_, err = f.Write([]byte("late"))
	require.Error(t, err)
	defer atomicfile.SetHook(func(step, name string) error {
		require.NotEqual(t, "sync", step)
		return nil
	})()
	require.NoError(t, atomicfile.Commit(f))
	require.Equal(t, strings.Repeat(newText, repeats), tree(t, root)[replaced[0]])
}

func TestFailedSyncIsNotTriedAgain(t *testing.T) {
	root := openPrepared(t)
	f, err := fill(root, replaced[0])
	require.NoError(t, err)
	syncs := 0
	defer atomicfile.SetHook(func(step, _ string) error {
		if step != "sync" {
			return nil
		}
		syncs++
		return syscall.EIO
	})()
	require.ErrorIs(t, f.Sync(), syscall.EIO)
	require.ErrorIs(t, atomicfile.Commit(f), syscall.EIO)
	require.Equal(t, 1, syncs)
	require.Equal(t, strings.Repeat(oldText, repeats), tree(t, root)[replaced[0]])
}
