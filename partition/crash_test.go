//go:build unix

package partition_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/partition"
)

func init() { crashChild = runCrashChild }

// runCrashChild works in two directories and is killed, as kill -9 does, at
// the step whose number it is given.
func runCrashChild(dirs string) error {
	at, err := strconv.Atoi(os.Getenv("PARTITION_KILL_AT"))
	if err != nil {
		return err
	}
	d, err := partition.Open(dirs + "/tables")
	if err != nil {
		return err
	}
	dist, err := partition.OpenLayout(dirs+"/dist", partition.Hive)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	atomicfile.SetHook(func(step, _ string) error {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(visible, step) {
			return nil
		}
		if at--; at == 0 {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	})
	files, err := crashSplice(d)
	if err != nil {
		return err
	}
	return d.Publish(context.Background(), dist, files...)
}

// visible are the steps between which what others see, or find after a power
// cut, differs.
var visible = []string{"create", "sync", "rename", "remove", "syncdir"}

var links = partition.Table{Name: "links", Columns: comments.Columns}

// crashSplice is what is cut short: a splice that changes two tables and
// empties a third.
func crashSplice(d *partition.Dir) ([]partition.File, error) {
	release, err := d.LockMonth(context.Background(), "2026-01")
	if err != nil {
		return nil, err
	}
	defer release()
	rows := makeIssues(seeded(), 1)
	return d.Splice("2026-01", []string{key(0), key(7)},
		partition.Content{Table: links}, partition.Content{Table: comments}, partition.Content{Table: issues, Rows: rows})
}

// prepareCrash makes a month and publishes it.
func prepareCrash(t *testing.T, dirs string) {
	t.Helper()
	d := openLayout(t, dirs+"/tables", partition.Flat)
	rows, _ := writeMonth(t, d, 30)
	rows[0][6] = partition.Int(99)
	replace(t, d, "2026-01", partition.Content{Table: issues, Rows: rows})
	link := makeComments(seeded(), 10)[:1]
	link[0][1] = partition.String(key(7))
	replace(t, d, "2026-01", partition.Content{Table: links, Rows: link})
	require.NoError(t, d.PublishAll(t.Context(), openLayout(t, dirs+"/dist", partition.Hive)))
}

// state is which of the changes can be seen: "old", "new" or a mixture.
func state(t *testing.T, d *partition.Dir) string {
	t.Helper()
	var seen []string
	for _, table := range []partition.Table{links, comments, issues} {
		rows, err := d.Read(table, "2026-01")
		if table.Name != "links" || len(rows) > 0 {
			require.NoError(t, err, "every file is whole")
		}
		column := table.Index("issue_key")
		is := "new"
		for _, row := range rows {
			if row[column].Text() == key(7) {
				is = "old"
			}
		}
		seen = append(seen, is)
	}
	if seen[0] == seen[1] && seen[1] == seen[2] {
		return seen[0]
	}
	return strings.Join(seen, " ")
}

func TestKilledAtEveryStep(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	prepared := t.TempDir()
	prepareCrash(t, prepared)
	mixed := 0
	for at := 1; ; at++ {
		dirs := t.TempDir()
		require.NoError(t, os.CopyFS(dirs, os.DirFS(prepared)))
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "PARTITION_CRASH="+dirs, "PARTITION_KILL_AT="+strconv.Itoa(at))
		out, err := cmd.CombinedOutput()
		if err == nil {
			require.Greater(t, at, 30)
			break // past the last step
		}
		require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), "step %d: %s", at, out)
		generation := int64(1)
		for _, d := range []*partition.Dir{openLayout(t, dirs+"/tables", partition.Flat), openLayout(t, dirs+"/dist", partition.Hive)} {
			_, err := d.Sweep(0)
			require.NoError(t, err)
			for name := range files(t, d) {
				require.NotContains(t, name, ".tmp-", "step %d", at)
			}
			require.Contains(t, []string{"old", "new"}, state(t, d), "step %d", at)
			if state(t, d) == "new" {
				mixed++
				generation = 2
			} else {
				generation = 1
			}
		}
		wantManifest(t, openLayout(t, dirs+"/dist", partition.Hive), generation)
	}
	require.NotZero(t, mixed)
}

// Every step fails once. The files are whole, and the next to lock the month
// finds them all old or all new; the call may be repeated at once.
func TestFailureAtEveryStep(t *testing.T) {
	prepared := t.TempDir()
	prepareCrash(t, prepared)
	for at := 1; ; at++ {
		dirs := t.TempDir()
		require.NoError(t, os.CopyFS(dirs, os.DirFS(prepared)))
		d := openLayout(t, dirs+"/tables", partition.Flat)
		var mu sync.Mutex
		n := 0
		restore := atomicfile.SetHook(func(string, string) error {
			mu.Lock()
			defer mu.Unlock()
			if n++; n == at {
				return syscall.EIO
			}
			return nil
		})
		_, err := crashSplice(d)
		restore()
		if n < at {
			require.Greater(t, at, 20)
			return
		}
		require.ErrorIs(t, err, syscall.EIO, "step %d", at)
		release, err := d.LockMonth(t.Context(), "2026-01")
		require.NoError(t, err)
		require.Contains(t, []string{"old", "new"}, state(t, d), "step %d", at)
		release()
		_, err = crashSplice(d)
		require.NoError(t, err)
		require.Equal(t, "new", state(t, d))
	}
}

// A note that somebody damaged is put aside, and the work done again.
func TestDamagedNote(t *testing.T) {
	dirs := t.TempDir()
	prepareCrash(t, dirs)
	note := dirs + "/tables/.redo/2026-01"
	require.NoError(t, os.WriteFile(note, []byte("[{"), 0o600))
	d := openLayout(t, dirs+"/tables", partition.Flat)
	require.NoFileExists(t, note)
	_, err := crashSplice(d)
	require.NoError(t, err)
	require.Equal(t, "new", state(t, d))
}
