package inbox_test

import (
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
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/internal/inbox"
	"github.com/jirasync/jirasync/webhook"
)

func openRoot(tb testing.TB, dir string) *os.Root {
	tb.Helper()
	root, err := atomicfile.OpenDir(dir)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = root.Close() })
	return root
}

// open opens an inbox in a directory; the test closes it, or its end does.
func open(tb testing.TB, dir string, options inbox.Options) *inbox.Inbox {
	tb.Helper()
	q, err := inbox.Open(openRoot(tb, dir), options)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = q.Close() })
	return q
}

// delivery is one as the webhook hands it on.
func delivery(body string) webhook.Delivery {
	d := webhook.Delivery{ReceivedAt: time.Now().UTC(), Flow: "Primary", Body: []byte(body)}
	d.Event, d.Malformed = webhook.ParseEvent(d.Body)
	return d
}

func updated(id, key string) webhook.Delivery {
	return delivery(fmt.Sprintf(`{"webhookEvent":"jira:issue_updated","issue":{"id":%q,"key":%q}}`, id, key))
}

// event is the nth event of an issue, different from all others.
func event(issue, n int) webhook.Delivery {
	return delivery(fmt.Sprintf(`{"timestamp":%d,"webhookEvent":"jira:issue_updated","issue":{"id":"%d","key":"SUP-%d"}}`, n+1, issue, issue))
}

func appendAll(tb testing.TB, q *inbox.Inbox, deliveries ...webhook.Delivery) {
	tb.Helper()
	for _, d := range deliveries {
		require.NoError(tb, q.Append(context.Background(), d))
	}
}

// tryTake takes an item if one is due.
func tryTake(tb testing.TB, q *inbox.Inbox) (inbox.Item, bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	it, err := q.Take(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return it, false
	}
	require.NoError(tb, err)
	return it, true
}

func take(tb testing.TB, q *inbox.Inbox) inbox.Item {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	it, err := q.Take(ctx)
	require.NoError(tb, err)
	return it
}

// drain takes and finishes everything that waits, and returns it readable.
func drain(tb testing.TB, q *inbox.Inbox) []string {
	tb.Helper()
	var items []string
	for q.Stats().Waiting > 0 {
		it := take(tb, q)
		items = append(items, describe(it))
		q.Done(it)
	}
	slices.Sort(items)
	return items
}

func describe(it inbox.Item) string {
	s := it.Ref.ID + "/" + it.Ref.Key
	if it.AttachmentID != "" {
		s += " attachment " + it.AttachmentID
	}
	if it.Deleted {
		s += " deleted"
	}
	if len(it.MovedFrom) > 0 {
		s += " from " + strings.Join(it.MovedFrom, ",")
	}
	if it.Attempt > 0 {
		s += fmt.Sprintf(" attempt %d", it.Attempt)
	}
	return s
}

func files(tb testing.TB, dir, pattern string) []string {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(tb, err)
	return names
}

// bodies are the bodies in the log, and how many stretches are damaged.
func bodies(tb testing.TB, dir string) (bodies []string, damaged int) {
	tb.Helper()
	for e, err := range inbox.Read(openRoot(tb, dir), time.Time{}) {
		require.NoError(tb, err)
		switch {
		case e.Damage != nil:
			damaged++
		case e.DuplicateOf == 0:
			bodies = append(bodies, string(e.Delivery.Body))
		}
	}
	return bodies, damaged
}

func TestAppendTakeDone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, dir, inbox.Options{})
	first := updated("10001", "SUP-1")
	appendAll(t, q, first,
		delivery(`{"webhookEvent":"issuelink_created","issueLink":{"sourceIssueId":10002,"destinationIssueId":10003}}`),
		delivery(`{"webhookEvent":"attachment_created","attachment":{"id":"77"}}`),
		delivery(`{"webhookEvent":"jira:issue_deleted","issue":{"id":"10004","key":"SUP-4"}}`),
		delivery(`{"webhookEvent":"jira:issue_updated","issue":{"id":"10005","key":"NEW-5"},"changelog":{"items":[{"field":"Key","fromString":"SUP-5"}]}}`),
		delivery(`{"webhookEvent":"sprint_started","sprint":{"id":1}}`),
		delivery(`not JSON`),
	)
	stats := q.Stats()
	want := inbox.Stats{Waiting: 6, Oldest: first.ReceivedAt, Logged: 7, Malformed: 1}
	if diff := cmp.Diff(want, stats, cmpopts.IgnoreFields(inbox.Stats{}, "Batches")); diff != "" {
		t.Errorf("Stats mismatch (-want +got):\n%s", diff)
	}
	wantItems := []string{"/ attachment 77", "10001/SUP-1", "10002/", "10003/", "10004/SUP-4 deleted", "10005/NEW-5 from SUP-5"}
	if diff := cmp.Diff(wantItems, drain(t, q)); diff != "" {
		t.Errorf("items mismatch (-want +got):\n%s", diff)
	}
	if s := q.Stats(); s.Waiting != 0 || s.InFlight != 0 || !s.Oldest.IsZero() {
		t.Errorf("after all is done: %+v", s)
	}
	got, damaged := bodies(t, dir)
	if len(got) != 7 || damaged != 0 || got[6] != "not JSON" {
		t.Errorf("log holds %q, %d damaged", got, damaged)
	}
	for _, name := range append(files(t, dir, "*.events"), files(t, dir, "checkpoint.json")...) {
		info, err := os.Stat(name)
		require.NoError(t, err)
		if info.Mode().Perm() != 0o660 {
			t.Errorf("%s has mode %v", filepath.Base(name), info.Mode())
		}
	}
}

// One in flight and one dirty, by whatever names an issue comes.
func TestCoalescing(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir(), inbox.Options{})
	for n := range 100 {
		appendAll(t, q, event(1, n))
	}
	it := take(t, q)
	for n := range 100 {
		appendAll(t, q, event(1, 100+n))
	}
	if _, ok := tryTake(t, q); ok {
		t.Fatal("an issue was handed out twice")
	}
	q.Done(it)
	q.Done(it) // ignored
	again := take(t, q)
	if _, ok := tryTake(t, q); ok {
		t.Fatal("an issue was handed out twice")
	}
	q.Done(again)
	if items := drain(t, q); len(items) != 0 {
		t.Errorf("two hundred events of one issue leave %v", items)
	}
}

// Add joins the queue, and is forgotten when the process ends.
func TestAdd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, dir, inbox.Options{})
	q.Add(inbox.Item{Ref: webhook.IssueRef{Key: "SUP-1"}})
	q.Add(inbox.Item{Ref: webhook.IssueRef{ID: "2"}})
	q.Add(inbox.Item{})
	appendAll(t, q, updated("1", "SUP-1"))
	if n := q.Stats().Waiting; n != 2 {
		t.Errorf("%d wait, want 2", n)
	}
	require.NoError(t, q.Close())
	q = open(t, dir, inbox.Options{})
	if diff := cmp.Diff([]string{"1/SUP-1"}, drain(t, q)); diff != "" {
		t.Errorf("after reopening (-want +got):\n%s", diff)
	}
}

// Resolve passes the work of an attachment to its issue.
func TestResolve(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, dir, inbox.Options{})
	appendAll(t, q, delivery(`{"webhookEvent":"attachment_created","attachment":{"id":"77"}}`))
	it := take(t, q)
	q.Resolve(it, webhook.IssueRef{ID: "1", Key: "SUP-1"})
	q.Resolve(it, webhook.IssueRef{ID: "2"}) // ignored
	if s := q.Stats(); s.Waiting != 1 || s.InFlight != 0 {
		t.Errorf("after Resolve: %+v", s)
	}
	require.NoError(t, q.Close())
	q = open(t, dir, inbox.Options{})
	if diff := cmp.Diff([]string{"1/SUP-1"}, drain(t, q)); diff != "" {
		t.Errorf("after reopening (-want +got):\n%s", diff)
	}
}

// A4, W-50: the same delivery again is acknowledged, recorded in few bytes and
// causes no work; W-51: another body under the same identifier does.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, dir, inbox.Options{})
	d := delivery(`{"webhookEvent":"jira:issue_updated","issue":{"id":"1","key":"SUP-1","fields":{"summary":"` + strings.Repeat("x", 8000) + `"}}}`)
	d.Identifier = "id-1"
	appendAll(t, q, d, d, d)
	it := take(t, q)
	appendAll(t, q, d)
	q.Done(it)
	appendAll(t, q, d)
	if items := drain(t, q); len(items) != 0 {
		t.Errorf("duplicates caused %v", items)
	}
	require.NoError(t, q.Close())

	q = open(t, dir, inbox.Options{})
	for range 5 {
		appendAll(t, q, d)
	}
	if s := q.Stats(); s.Duplicates != 5 || s.Logged != 5 || s.Waiting != 0 {
		t.Errorf("after reopening: %+v", s)
	}
	info, err := os.Stat(files(t, dir, "*.events")[0])
	require.NoError(t, err)
	if size := info.Size(); size > 8500+9*250 {
		t.Errorf("one delivery and nine duplicates take %d bytes", size)
	}

	other := updated("1", "SUP-1")
	other.Identifier = d.Identifier
	twin := d
	twin.Identifier = "id-2"
	appendAll(t, q, other)
	if items := drain(t, q); len(items) != 1 {
		t.Errorf("another body, same identifier: %v", items)
	}
	appendAll(t, q, twin)
	if items := drain(t, q); len(items) != 1 {
		t.Errorf("same body, another identifier: %v", items)
	}
	require.NoError(t, q.Close())
	q = open(t, dir, inbox.Options{})
	if items := drain(t, q); len(items) != 0 {
		t.Errorf("after reopening: %v", items)
	}
}

// After 24 hours the same bytes are a new event.
func TestDuplicateWindow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		q := open(t, dir, inbox.Options{})
		send := func() []string {
			d := updated("1", "SUP-1")
			appendAll(t, q, d)
			return drain(t, q)
		}
		counts := []int{len(send()), len(send())}
		time.Sleep(inbox.DuplicateWindow + time.Second)
		counts = append(counts, len(send()), len(send()))
		if diff := cmp.Diff([]int{1, 0, 1, 0}, counts); diff != "" {
			t.Errorf("items mismatch (-want +got):\n%s", diff)
		}
		require.NoError(t, q.Close())
	})
}

// Retry keeps an item, and what comes meanwhile, for the time given.
func TestRetry(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		q := open(t, dir, inbox.Options{})
		appendAll(t, q, event(1, 0), event(2, 0))
		one := take(t, q)
		q.Retry(one, time.Minute)
		q.Retry(one, 0) // ignored
		appendAll(t, q, delivery(`{"webhookEvent":"jira:issue_deleted","issue":{"id":"1","key":"SUP-1"}}`))
		two := take(t, q)
		if two.Ref.ID != "2" {
			t.Fatalf("took %+v", two)
		}
		q.Done(two)

		start := time.Now()
		one, err := q.Take(t.Context())
		require.NoError(t, err)
		if waited := time.Since(start); waited < 59*time.Second || waited > time.Minute {
			t.Errorf("waited %v", waited)
		}
		if diff := cmp.Diff("1/SUP-1 deleted attempt 1", describe(one)); diff != "" {
			t.Errorf("item mismatch (-want +got):\n%s", diff)
		}
		q.Retry(one, time.Hour)
		if s := q.Stats(); s.Waiting != 1 || s.InFlight != 0 {
			t.Errorf("waiting for a retry: %+v", s)
		}
		// What comes during the wait does not shorten it.
		appendAll(t, q, event(1, 7))
		start = time.Now()
		one, err = q.Take(t.Context())
		require.NoError(t, err)
		if waited := time.Since(start); waited < 59*time.Minute || one.Attempt != 2 {
			t.Errorf("waited %v for attempt %d", waited, one.Attempt)
		}
		q.Done(one)
		appendAll(t, q, event(1, 8))
		if one, err = q.Take(t.Context()); err != nil || one.Attempt != 0 {
			t.Errorf("after Done: attempt %d, %v", one.Attempt, err)
		}
		require.NoError(t, q.Close())
	})
}

// Take ends with its context, and with the inbox; so does Append.
func TestClose(t *testing.T) {
	t.Parallel()
	q := open(t, t.TempDir(), inbox.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	errs := make(chan error, 2)
	wg.Go(func() { _, err := q.Take(ctx); errs <- err })
	cancel()
	wg.Wait()
	require.ErrorIs(t, <-errs, context.Canceled)
	wg.Go(func() { _, err := q.Take(context.Background()); errs <- err })
	require.NoError(t, q.Close())
	require.NoError(t, q.Close())
	wg.Wait()
	require.ErrorIs(t, <-errs, inbox.ErrClosed)
	require.ErrorIs(t, q.Append(context.Background(), event(1, 1)), inbox.ErrClosed)
	_, err := q.Take(context.Background())
	require.ErrorIs(t, err, inbox.ErrClosed)
	require.Error(t, q.Append(ctx, event(1, 1)))
}

// C-5: a second server fails, or waits for the first.
func TestLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, dir, inbox.Options{})
	_, err := inbox.Open(openRoot(t, dir), inbox.Options{})
	require.ErrorIs(t, err, inbox.ErrLocked)

	opened := make(chan *inbox.Inbox)
	go func() { // ends when the lock is free, and is waited for below
		second, err := inbox.Open(openRoot(t, dir), inbox.Options{LockWait: -1})
		if err != nil {
			t.Error(err)
		}
		opened <- second
	}()
	appendAll(t, q, event(1, 1))
	require.NoError(t, q.Close())
	second := <-opened
	if diff := cmp.Diff([]string{"1/SUP-1"}, drain(t, second)); diff != "" {
		t.Errorf("the second server's queue (-want +got):\n%s", diff)
	}
	require.NoError(t, second.Close())
}

// A removed attachment is no deleted issue: its work passes on without the flag.
func TestResolveOfRemovedAttachment(t *testing.T) {
	t.Parallel()
	items := inbox.Items(webhook.Delivery{Event: webhook.Event{Type: "attachment_deleted", AttachmentID: "77"}})
	require.Len(t, items, 1)
	require.True(t, items[0].Deleted)
	dir, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer dir.Close()
	q, err := inbox.Open(dir, inbox.Options{})
	require.NoError(t, err)
	defer q.Close()
	q.Add(items[0])
	item, err := q.Take(t.Context())
	require.NoError(t, err)
	q.Resolve(item, webhook.IssueRef{Key: "SUP-1"})
	item, err = q.Take(t.Context())
	require.NoError(t, err)
	require.Equal(t, "SUP-1", item.Ref.Key)
	require.False(t, item.Deleted)
}
