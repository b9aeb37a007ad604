package inbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/inbox"
)

// segment makes a log of n events of n issues and returns its only segment,
// with the offsets at which the records end.
func segment(t *testing.T, n int) (name string, data []byte, ends []int) {
	t.Helper()
	dir := t.TempDir()
	q := open(t, dir, inbox.Options{})
	var path string
	for i := range n {
		appendAll(t, q, event(i+1, i))
		path = files(t, dir, "*.events")[0]
		info, err := os.Stat(path)
		require.NoError(t, err)
		ends = append(ends, int(info.Size()))
	}
	require.NoError(t, q.Close())
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return filepath.Base(path), data, ends
}

// reopen writes a segment into a directory of its own and opens it there.
func reopen(t *testing.T, name string, data []byte) (dir string, q *inbox.Inbox, stats inbox.Stats) {
	t.Helper()
	dir = memoryDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o660))
	q, err := inbox.Open(openRoot(t, dir), inbox.Options{})
	require.NoError(t, err)
	return dir, q, q.Stats()
}

// memoryDir is a directory in memory where the system offers one. Hundreds of
// fsyncs cost nothing there, and no test here cuts the power.
func memoryDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "inbox")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func issues(n int, without ...int) []string {
	var want []string
	for i := 1; i <= n; i++ {
		if !slices.Contains(without, i) {
			want = append(want, fmt.Sprintf("%d/SUP-%d", i, i))
		}
	}
	slices.Sort(want)
	return want
}

// P-4, G3: cut at every byte. The records before the cut are queued, the rest
// is kept beside the segment, and appending goes on.
func TestRecoverCutAnywhere(t *testing.T) {
	t.Parallel()
	name, data, ends := segment(t, 2)
	for size := range len(data) + 1 {
		whole := 0
		for whole < len(ends) && ends[whole] <= size {
			whole++
		}
		rest := size
		if whole > 0 {
			rest = size - ends[whole-1]
		}
		dir, q, stats := reopen(t, name, data[:size])
		if stats.Torn != int64(rest) || stats.Damaged != 0 {
			t.Errorf("cut at %d: %+v", size, stats)
		}
		appendAll(t, q, event(9, 9))
		if diff := cmp.Diff(append(issues(whole), "9/SUP-9"), drain(t, q)); diff != "" {
			t.Errorf("cut at %d (-want +got):\n%s", size, diff)
		}
		require.NoError(t, q.Close())
		if got, damaged := bodies(t, dir); len(got) != whole+1 || damaged != 0 {
			t.Errorf("cut at %d: log holds %d, %d damaged", size, len(got), damaged)
		}
		kept := []byte{}
		for _, f := range files(t, dir, "*.torn-*") {
			b, err := os.ReadFile(f)
			require.NoError(t, err)
			kept = append(kept, b...)
		}
		if !bytes.Equal(kept, data[size-rest:size]) {
			t.Errorf("cut at %d: %d bytes kept, want %d", size, len(kept), rest)
		}
	}
}

// P-4, G3: flip every byte. All records but the damaged one are queued, and
// the damage is reported; at the end of the segment it is cut off and kept.
func TestRecoverFlipAnywhere(t *testing.T) {
	t.Parallel()
	name, data, ends := segment(t, 3)
	for i := range data {
		hit := 0
		for ends[hit] <= i {
			hit++
		}
		damaged := bytes.Clone(data)
		damaged[i] ^= 1 << (i % 8)
		_, q, stats := reopen(t, name, damaged)
		want := issues(3, hit+1)
		if i == ends[hit]-1 {
			want = issues(3) // only the newline for people
		}
		if diff := cmp.Diff(want, drain(t, q)); diff != "" {
			t.Errorf("byte %d flipped (-want +got):\n%s", i, diff)
		}
		if stats.Damaged+int(min(stats.Torn, 1)) != 1 {
			t.Errorf("byte %d flipped, and reported so: %+v", i, stats)
		}
		require.NoError(t, q.Close())
	}
}

// P-4: other kinds of damage.
func TestRecoverDamage(t *testing.T) {
	t.Parallel()
	name, data, ends := segment(t, 4)
	zero := func(b []byte) { clear(b) }
	for _, tt := range []struct {
		name    string
		damage  func(b []byte) []byte
		want    []string
		damaged int
		torn    bool
	}{
		{"zero block", func(b []byte) []byte { zero(b[ends[0]+10 : ends[1]+10]); return b }, issues(4, 2, 3), 1, false},
		{"two places", func(b []byte) []byte { b[5], b[ends[1]+5] = 0, 0; return b }, issues(4, 1, 3), 2, false},
		{"zeros at the end", func(b []byte) []byte { return append(b, make([]byte, 200_000)...) }, issues(4), 0, true},
		{"garbage at the end", func(b []byte) []byte { return append(b, strings.Repeat(`{"v":`, 5000)...) }, issues(4), 0, true},
		{"only garbage", func([]byte) []byte { return []byte("garbage\n{\"v\":1}\n") }, nil, 0, true},
		{"a record within", func(b []byte) []byte { return slices.Insert(b, 30, data[:ends[0]]...) }, issues(4), 2, false},
		{"long garbage first", func(b []byte) []byte { return append(bytes.Repeat([]byte("x"), 300_000), b...) }, issues(4), 1, false},
		{"empty", func([]byte) []byte { return nil }, nil, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, q, stats := reopen(t, name, tt.damage(bytes.Clone(data)))
			if diff := cmp.Diff(tt.want, drain(t, q)); diff != "" {
				t.Errorf("items mismatch (-want +got):\n%s", diff)
			}
			if stats.Damaged != tt.damaged || stats.Torn > 0 != tt.torn {
				t.Errorf("%+v", stats)
			}
			require.NoError(t, q.Close())
		})
	}
}

// P-4: a record of a later version stops the program, wherever it is.
func TestRecoverUnknownVersion(t *testing.T) {
	t.Parallel()
	name, data, ends := segment(t, 2)
	later := inbox.Seal([]byte(`{"v":2,"anything":[]}`))
	for _, b := range [][]byte{
		append(bytes.Clone(data), append(later, "\nbody\n"...)...),
		slices.Insert(bytes.Clone(data), ends[0], append([]byte("damage"), append(later, '\n')...)...),
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o660))
		_, err := inbox.Open(openRoot(t, dir), inbox.Options{})
		require.ErrorIs(t, err, inbox.ErrVersion)
		var last error
		for _, err := range inbox.Read(openRoot(t, dir), time.Time{}) {
			last = err
		}
		require.ErrorIs(t, last, inbox.ErrVersion)
		require.Empty(t, files(t, dir, "*.torn-*"))
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint.json"), inbox.Seal([]byte(`{"v":2}`)), 0o660))
	_, err := inbox.Open(openRoot(t, dir), inbox.Options{})
	require.ErrorIs(t, err, inbox.ErrVersion)
}

// A directory that cannot be used is an error at once.
func TestOpenFails(t *testing.T) {
	t.Parallel()
	_, err := inbox.Open(closedRoot(t, t.TempDir()), inbox.Options{})
	require.ErrorIs(t, err, os.ErrClosed)
}

// copyDir copies a directory as a crash at this moment would leave it.
func copyDir(t testing.TB, from string) string {
	t.Helper()
	to := memoryDir(t)
	entries, err := os.ReadDir(from)
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(from, e.Name()))
		if errors.Is(err, os.ErrNotExist) {
			continue // a temporary file that was renamed meanwhile
		}
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(to, e.Name()), data, 0o660))
	}
	return to
}

// A crash at any write: at each step the directory is copied, and each copy
// opened. Every acknowledged event that was not processed is queued again; of
// the processed ones, only those since the last checkpoint may be.
func TestCrashAtEveryStep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	type crash struct {
		dir          string
		acknowledged int
	}
	var (
		mu      sync.Mutex
		acked   int
		crashes []crash
	)
	hook := func(string, *os.File) error {
		mu.Lock()
		defer mu.Unlock()
		crashes = append(crashes, crash{copyDir(t, dir), acked})
		return nil
	}
	q := open(t, dir, inbox.WithHook(inbox.Options{SegmentBytes: 600}, hook))
	for i := range 12 {
		appendAll(t, q, event(i+1, i))
		mu.Lock()
		acked++
		mu.Unlock()
	}
	require.NoError(t, q.Close())
	if len(crashes) < 24 || len(files(t, dir, "*.events")) < 3 {
		t.Fatalf("%d steps, %d segments", len(crashes), len(files(t, dir, "*.events")))
	}
	for i, c := range crashes {
		q := open(t, c.dir, inbox.Options{})
		got := drain(t, q)
		for _, want := range issues(c.acknowledged) {
			if !slices.Contains(got, want) {
				t.Errorf("crash %d: acknowledged issue %s is lost", i, want)
			}
		}
		if len(got) > c.acknowledged+1 {
			t.Errorf("crash %d: %d queued, %d acknowledged", i, len(got), c.acknowledged)
		}
		require.NoError(t, q.Close())
	}
}

// The checkpoint makes recovery exact: what was done is not done again, what
// waited, was in flight or waited for a retry is.
func TestCheckpointIsExact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var crashed string
	outer := t
	synctest.Test(t, func(t *testing.T) {
		q := open(t, dir, inbox.Options{})
		appendAll(t, q, event(1, 1), event(2, 2), event(3, 3), event(4, 4), event(5, 5))
		q.Retry(take(t, q), time.Hour) // 1
		take(t, q)                     // 2 stays in flight
		q.Done(take(t, q))             // 3
		appendAll(t, q, delivery(`{"webhookEvent":"jira:issue_deleted","issue":{"id":"2","key":"SUP-2"}}`))
		time.Sleep(2 * inbox.CheckpointInterval) // the checkpoint is written
		appendAll(t, q, event(6, 6))             // after it
		crashed = copyDir(outer, dir)
		require.NoError(t, q.Close())
	})
	want := []string{"1/SUP-1", "2/SUP-2 deleted", "4/SUP-4", "5/SUP-5", "6/SUP-6"}
	for name, dir := range map[string]string{"crash": crashed, "close": dir} {
		q := open(t, dir, inbox.Options{})
		if n := q.Stats().Recovered; n != len(want) {
			t.Errorf("after a %s: %d recovered", name, n)
		}
		if diff := cmp.Diff(want, drain(t, q)); diff != "" {
			t.Errorf("after a %s (-want +got):\n%s", name, diff)
		}
		require.NoError(t, q.Close())
		q = open(t, dir, inbox.Options{})
		if got := drain(t, q); len(got) != 0 {
			t.Errorf("after a %s and all done: %v", name, got)
		}
		require.NoError(t, q.Close())
	}
}

// With more waiting than a checkpoint lists, and without a readable one, the
// log itself says what to do.
func TestCheckpointMissing(t *testing.T) {
	t.Parallel()
	const n = 2100
	dir := t.TempDir()
	q := open(t, dir, inbox.Options{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := q.Append(context.Background(), event(i+1, i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for range 5 {
		q.Done(take(t, q))
	}
	require.NoError(t, q.Close())
	info, err := os.Stat(filepath.Join(dir, "checkpoint.json"))
	require.NoError(t, err)
	if info.Size() > 1000 {
		t.Errorf("the checkpoint has %d bytes", info.Size())
	}
	for _, tt := range []struct {
		name    string
		content []byte
		want    int
	}{
		{"long queue", nil, n - 5}, {"empty", []byte{}, n}, {"garbage", []byte("garbage"), n}, {"cut", []byte(`{"v":1,"position":2099,"through":2099}`), n},
	} {
		copied := copyDir(t, dir)
		if tt.content != nil {
			require.NoError(t, os.WriteFile(filepath.Join(copied, "checkpoint.json"), tt.content, 0o660))
		}
		q := open(t, copied, inbox.Options{})
		if got := q.Stats().Recovered; got != tt.want {
			t.Errorf("%s: %d recovered, want %d", tt.name, got, tt.want)
		}
		require.NoError(t, q.Close())
	}
}

// FuzzRecover damages a segment at will: opening never panics and never
// fails, and of the records in it only sound ones are queued.
func FuzzRecover(f *testing.F) {
	body := `{"webhookEvent":"jira:issue_updated","issue":{"id":"1","key":"A-1"}}`
	record := func(seq int) string {
		return string(inbox.Record(uint64(seq), []byte(body)))
	}
	f.Add([]byte(record(1)))
	f.Add([]byte(record(1) + "x" + record(2)))
	f.Add([]byte(record(1)[:50] + record(2)))
	f.Add([]byte("\n\n" + strings.Repeat(`{"v":1,`, 20)))
	f.Add([]byte(strings.Replace(record(3), `"length":`, `"length":9`, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := memoryDir(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "20261123T184100.000000-000001.events"), data, 0o660))
		q, err := inbox.Open(openRoot(t, dir), inbox.Options{})
		if errors.Is(err, inbox.ErrVersion) {
			return
		}
		require.NoError(t, err)
		sound := q.Stats().Recovered
		appendAll(t, q, updated("777777", "ZZZ-7"))
		require.NoError(t, q.Close())
		got, _ := bodies(t, dir)
		if len(got) == 0 || !strings.Contains(got[len(got)-1], "ZZZ-7") || sound > len(got)-1 {
			t.Errorf("%q: %d recovered, log then holds %q", data, sound, got)
		}
	})
}
