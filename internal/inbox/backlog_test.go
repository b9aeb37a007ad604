package inbox_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/inbox"
)

// The backlog is what an Open would queue again, at each moment, and reading it
// takes no lock and changes nothing.
func TestReadBacklog(t *testing.T) {
	t.Parallel()
	t.Run("many segments", func(t *testing.T) { testReadBacklog(t, 600) })
	t.Run("one segment", func(t *testing.T) { testReadBacklog(t, 0) })
}

func testReadBacklog(t *testing.T, segmentBytes int64) {
	t.Parallel()
	dir := t.TempDir()
	root := openRoot(t, dir)
	backlog := func() inbox.Backlog {
		t.Helper()
		b, err := inbox.ReadBacklog(root)
		require.NoError(t, err)
		again := open(t, copyDir(t, dir), inbox.Options{})
		require.Equal(t, again.Stats().Recovered, b.Waiting)
		require.True(t, again.Stats().Oldest.Equal(b.Oldest), "%s, want %s", b.Oldest, again.Stats().Oldest)
		return b
	}
	require.Zero(t, backlog())
	q := open(t, dir, inbox.Options{SegmentBytes: segmentBytes})
	for n := range 20 {
		appendAll(t, q, event(n%7, n))
	}
	require.Equal(t, 7, backlog().Waiting, "beside an open log")
	for range 3 {
		q.Done(take(t, q))
	}
	take(t, q) // in flight: not done
	require.NoError(t, q.Close())
	require.Equal(t, 4, backlog().Waiting)

	names := files(t, dir, "*.events")
	require.Equal(t, segmentBytes == 0, len(names) == 1)
	last := filepath.Join(dir, filepath.Base(names[len(names)-1]))
	data, err := os.ReadFile(last)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(last, data[:len(data)-5], 0o600)) // being written
	require.NoError(t, os.Remove(filepath.Join(dir, "checkpoint.json")))
	b, err := inbox.ReadBacklog(root)
	require.NoError(t, err)
	require.Equal(t, 7, b.Waiting, "without a checkpoint everything waits")
	require.Zero(t, b.Damaged)

	data[len(data)/2]++
	require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(names[0])), data[:len(data)-5], 0o600))
	b, err = inbox.ReadBacklog(root)
	require.NoError(t, err)
	require.NotZero(t, b.Damaged)
}
