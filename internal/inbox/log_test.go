package inbox_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/inbox"
	"github.com/jirasync/jirasync/webhook"
)

// 10,000 events at once: none lost, none handed out twice at a time, every one
// in the log as it came.
func TestManySenders(t *testing.T) {
	t.Parallel()
	const senders, each, issues = 200, 50, 300
	dir := t.TempDir()
	q := open(t, dir, inbox.Options{SegmentBytes: 256 << 10})
	var senderGroup, workers sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	inFlight, taken := map[string]bool{}, map[string]int{}
	for range 4 {
		workers.Go(func() {
			for {
				it, err := q.Take(ctx)
				if err != nil {
					return
				}
				mu.Lock()
				if inFlight[it.Ref.ID] {
					t.Errorf("issue %s is in flight twice", it.Ref.ID)
				}
				inFlight[it.Ref.ID] = true
				taken[it.Ref.ID]++
				mu.Unlock()
				mu.Lock()
				inFlight[it.Ref.ID] = false
				mu.Unlock()
				q.Done(it)
			}
		})
	}
	for s := range senders {
		senderGroup.Go(func() {
			for n := range each {
				if err := q.Append(ctx, event((s*each+n)%issues, s*each+n)); err != nil {
					t.Errorf("Append: %v", err)
				}
			}
		})
	}
	senderGroup.Wait()
	for s := q.Stats(); s.Waiting+s.InFlight > 0; s = q.Stats() {
		time.Sleep(time.Millisecond) // the workers finish
	}
	cancel()
	workers.Wait()
	s := q.Stats()
	require.NoError(t, q.Close())
	if len(taken) != issues || s.Logged != senders*each || s.Duplicates != 0 {
		t.Errorf("%d issues taken, %+v", len(taken), s)
	}
	got, damaged := bodies(t, dir)
	slices.Sort(got)
	if len(slices.Compact(got)) != senders*each || damaged != 0 {
		t.Errorf("log holds %d different events, %d damaged", len(slices.Compact(got)), damaged)
	}
	if s.Batches >= s.Logged/2 {
		t.Errorf("%d fsyncs for %d events", s.Batches, s.Logged)
	}
	if n := len(files(t, dir, "*.events")); n < 4 {
		t.Errorf("%d segments", n)
	}
}

// G7 in small: through a real server, at 200 senders, none lost, none refused,
// and the log holds what was sent.
func TestStorm(t *testing.T) {
	t.Parallel()
	const senders, events = 200, 1000
	dir := t.TempDir()
	q := open(t, dir, inbox.Options{})
	secret := []byte("a secret of some length")
	srv := httptest.NewServer(&webhook.Handler{Secrets: func() [][]byte { return [][]byte{secret} }, Receive: q.Append})
	defer srv.Close()
	srv.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = senders
	next := make(chan int)
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for n := range next {
				body := largeEvent(n)
				req, err := http.NewRequest(http.MethodPost, srv.URL, bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					continue
				}
				req.Header.Set(webhook.SignatureHeader, webhook.Sign(body, secret))
				resp, err := srv.Client().Do(req)
				if err != nil {
					t.Error(err)
					continue
				}
				if resp.Body.Close(); resp.StatusCode != http.StatusOK {
					t.Errorf("status %d", resp.StatusCode)
				}
			}
		})
	}
	for n := range events {
		next <- n
	}
	close(next)
	wg.Wait()
	if n := len(drain(t, q)); n != 500 {
		t.Errorf("%d issues, want 500", n)
	}
	require.NoError(t, q.Close())
	got, damaged := bodies(t, dir)
	slices.Sort(got)
	if got = slices.Compact(got); len(got) != events || damaged != 0 {
		t.Errorf("log holds %d events, %d damaged", len(got), damaged)
	}
}

// The log holds each body bit for bit, and of the headers what matters.
func TestReadVerbatim(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	q := open(t, dir, inbox.Options{})
	rng := rand.New(rand.NewPCG(5, 6))
	want := []string{"", "\n", "\n\n{\"v\":1,", "{\"v\":1,\"seq\":1}\n", "\xff\xfe\x00", strings.Repeat("\n", 1000)}
	for range 2000 {
		b := make([]byte, rng.IntN(300))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		want = append(want, string(b)+fmt.Sprint(len(want)))
	}
	var wg sync.WaitGroup
	for i, body := range want {
		if i%50 == 0 {
			wg.Wait() // keep some order
		}
		wg.Go(func() {
			if err := q.Append(context.Background(), delivery(body)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	large := strings.Repeat("\x00\xffé\n", 1<<18)
	d := webhook.Delivery{
		Identifier: "id \"1\"\n", Retry: 3, Flow: "Secondary", ContentType: "application/json", RemoteAddr: "192.0.2.1:5",
		ReceivedAt: time.Date(2026, 11, 23, 18, 41, 0, 123456789, time.UTC), SecretIndex: -1,
		Body: []byte(large), Malformed: webhook.ErrMalformed,
	}
	appendAll(t, q, d)
	require.NoError(t, q.Close())
	got, damaged := bodies(t, dir)
	if damaged != 0 {
		t.Errorf("%d damaged", damaged)
	}
	got = got[:len(got)-1] // the large one: see below
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bodies mismatch (-want +got):\n%.2000s", diff)
	}
	var last inbox.Entry
	for e, err := range inbox.Read(openRoot(t, dir), time.Time{}) {
		require.NoError(t, err)
		last = e
	}
	if string(last.Delivery.Body) != large {
		t.Error("the large body changed")
	}
	d.Body, last.Delivery.Body = nil, nil // too large for cmp
	if diff := cmp.Diff(d, last.Delivery, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("delivery mismatch (-want +got):\n%s", diff)
	}
}

// Read starts where it is asked to, stops when it is told to, and ends with
// the first error.
func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		q := open(t, dir, inbox.Options{})
		appendAll(t, q, event(1, 1))
		time.Sleep(48 * time.Hour)
		appendAll(t, q, event(2, 2), event(3, 3))
		time.Sleep(time.Second)
		since := time.Now() // the first segment ends before it
		require.NoError(t, q.Close())
		count := func(since time.Time, atMost int) int {
			n := 0
			for range inbox.Read(openRoot(t, dir), since) {
				if n++; n == atMost {
					break
				}
			}
			return n
		}
		if diff := cmp.Diff([]int{3, 2, 2}, []int{count(time.Time{}, 9), count(since, 9), count(time.Time{}, 2)}); diff != "" {
			t.Errorf("entries mismatch (-want +got):\n%s", diff)
		}
	})
	for _, err := range inbox.Read(closedRoot(t, dir), time.Time{}) {
		require.ErrorIs(t, err, fs.ErrClosed)
	}
}

func closedRoot(t *testing.T, dir string) *os.Root {
	root := openRoot(t, dir)
	require.NoError(t, root.Close())
	return root
}
