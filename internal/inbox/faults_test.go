package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/inbox"
)

var errDisk = &os.PathError{Op: "write", Path: "x", Err: syscall.EIO}

// H1: a failed step is final for its segment; the batch is written again to a
// new one, or else given back with the error, and the next works again.
func TestAppendFaults(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"create", "write", "sync"} {
		for failures := 1; failures <= 3; failures++ {
			for at := range 4 {
				t.Run(fmt.Sprintf("%s fails %d times from call %d", step, failures, at), func(t *testing.T) {
					dir := memoryDir(t)
					calls := 0
					synced := map[*os.File]bool{}
					hook := func(s string, f *os.File) error {
						if f != nil && synced[f] {
							t.Error("a segment is used after a failure")
						}
						if s != step {
							return nil
						}
						calls++
						if calls <= at || calls > at+failures {
							return nil
						}
						if f != nil {
							synced[f] = true
							if s == "write" {
								_, _ = f.WriteString(`{"v":1,"seq":1,"rec`) // a short write
							}
						}
						return errDisk
					}
					q := open(t, dir, inbox.WithHook(inbox.Options{SegmentBytes: 300}, hook))
					var want []string
					refused := 0
					for i := range 8 {
						switch err := q.Append(context.Background(), event(i+1, i)); {
						case err == nil:
							want = append(want, fmt.Sprintf("%d/SUP-%d", i+1, i+1))
						case errors.Is(err, syscall.EIO):
							refused++
						default:
							t.Errorf("Append: %v", err)
						}
					}
					if most := failures / 2; refused > max(most, 1) || failures < 2 && refused > 0 {
						t.Errorf("%d refused", refused)
					}
					if diff := cmp.Diff(want, drain(t, q)); diff != "" {
						t.Errorf("queued mismatch (-want +got):\n%s", diff)
					}
					require.NoError(t, q.Close())
					if err := os.Remove(filepath.Join(dir, "checkpoint.json")); err != nil {
						t.Fatal(err)
					}
					q = open(t, dir, inbox.Options{})
					got := drain(t, q)
					for _, item := range want {
						if !slices.Contains(got, item) {
							t.Errorf("acknowledged %s is lost", item)
						}
					}
					require.NoError(t, q.Close())
				})
			}
		}
	}
}

// H3: on a disk that stays full nothing piles up, the sender can try again
// with the same delivery, and it is no duplicate then.
func TestAppendDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	full := true
	q := open(t, dir, inbox.WithHook(inbox.Options{}, func(step string, f *os.File) error {
		if full && step == "sync" {
			return syscall.ENOSPC
		}
		return nil
	}))
	d := event(1, 1)
	for range 20 {
		require.ErrorIs(t, q.Append(context.Background(), d), syscall.ENOSPC)
	}
	if n := len(files(t, dir, "*.events")); n != 0 {
		t.Errorf("%d segments", n)
	}
	if s := q.Stats(); s.Failures != 20 || s.Logged != 0 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
	full = false
	appendAll(t, q, d)
	if diff := cmp.Diff([]string{"1/SUP-1"}, drain(t, q)); diff != "" {
		t.Errorf("items mismatch (-want +got):\n%s", diff)
	}
}

// G4: a lone sender waits for nobody; many share an fsync, for which the batch
// waits two milliseconds at most.
func TestBatches(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		// In this bubble time stands still but for sleeping: writing is
		// instantaneous, and everybody comes back at the same instant.
		q := open(t, dir, inbox.WithHook(inbox.Options{}, func(step string, _ *os.File) error {
			if step == "sync" {
				time.Sleep(time.Millisecond)
			}
			return nil
		}))
		n := 0
		send := func(senders int) (took time.Duration, batches int64) {
			start, before := time.Now(), q.Stats().Batches
			var wg sync.WaitGroup
			for range senders {
				n++
				d := event(n, n)
				wg.Go(func() {
					if err := q.Append(context.Background(), d); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			return time.Since(start), q.Stats().Batches - before
		}
		for range 3 {
			if took, batches := send(1); took != time.Millisecond || batches != 1 {
				t.Errorf("a lone sender: %v, %d batches", took, batches)
			}
		}
		send(100)
		if took, batches := send(100); batches > 2 || took > 2*(time.Millisecond+inbox.BatchDelay) {
			t.Errorf("100 senders: %v, %d batches", took, batches)
		}
		if took, _ := send(1); took > time.Millisecond+inbox.BatchDelay {
			t.Errorf("the first lone sender after many: %v", took)
		}
		if took, _ := send(1); took != time.Millisecond {
			t.Errorf("the second lone sender after many: %v", took)
		}
		if _, batches := send(1000); batches < 1000/256 {
			t.Errorf("1000 senders: %d batches", batches)
		}
		require.NoError(t, q.Close())
	})
}

// Segments end with the day, also when the clock goes back; old ones go when
// they are processed and past the retention, and not before.
func TestRetention(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		q := open(t, dir, inbox.Options{Retention: 72 * time.Hour})
		appendAll(t, q, event(1, 1))
		stuck := take(t, q)
		for day := range 6 {
			time.Sleep(24 * time.Hour)
			appendAll(t, q, event(10+day, day))
		}
		for range 6 {
			q.Done(take(t, q))
		}
		time.Sleep(2 * time.Hour)
		if n := len(files(t, dir, "*.events")); n != 7 {
			t.Errorf("%d segments while the first event waits, want 7", n)
		}
		q.Done(stuck)
		time.Sleep(2 * time.Hour)
		appendAll(t, q, event(20, 1))
		time.Sleep(2 * time.Second)
		if n := len(files(t, dir, "*.events")); n != 4 {
			t.Errorf("%d segments, want 4", n)
		}
		require.NoError(t, q.Close())
		q = open(t, dir, inbox.Options{})
		if diff := cmp.Diff([]string{"20/SUP-20"}, drain(t, q)); diff != "" {
			t.Errorf("after reopening (-want +got):\n%s", diff)
		}
		require.NoError(t, q.Close())
	})
}

// K1: beyond a bound senders are turned away at once, and told to come back.
func TestAppendBusy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		q := open(t, dir, inbox.WithHook(inbox.Options{}, func(string, *os.File) error { <-stuck; return nil }))
		var wg sync.WaitGroup
		d := event(1, 1)
		for range inbox.MaxSenders {
			wg.Go(func() {
				if err := q.Append(context.Background(), d); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		require.ErrorIs(t, q.Append(context.Background(), d), inbox.ErrBusy)
		close(stuck)
		wg.Wait()
		appendAll(t, q, d)
		require.NoError(t, q.Close())
	})
}
