package inbox_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/inbox"
	"github.com/jirasync/jirasync/webhook"
)

// An event of 8 KiB, as large as real ones are.
const eventFormat = `{"timestamp":%d,"webhookEvent":"jira:issue_updated","issue":{"id":"%d","key":"SUP-%d","fields":{"description":"%s"}}}`

var description = strings.Repeat("x", 8<<10)

func largeEvent(n int) []byte { return fmt.Appendf(nil, eventFormat, n+1, n%500, n%500, description) }

// eachSenders measures one event, sent by one of several senders at a time.
func eachSenders(b *testing.B, newSend func(q *inbox.Inbox) func(n int) error) {
	for _, senders := range []int{1, 20, 200} {
		b.Run(fmt.Sprintf("senders=%d", senders), func(b *testing.B) {
			q := open(b, b.TempDir(), inbox.Options{})
			send := newSend(q)
			b.SetBytes(int64(len(largeEvent(1))))
			b.ReportAllocs()
			work := make(chan int)
			var wg sync.WaitGroup
			for range senders {
				wg.Go(func() {
					for n := range work {
						if err := send(n); err != nil {
							b.Error(err)
						}
					}
				})
			}
			n := 0
			for b.Loop() {
				n++
				work <- n
			}
			close(work)
			wg.Wait()
			b.StopTimer()
			if s := q.Stats(); s.Batches > 0 {
				b.ReportMetric(float64(s.Logged)/float64(s.Batches), "events/fsync")
			}
		})
	}
}

// BenchmarkAppend is the log alone, with real fsyncs.
func BenchmarkAppend(b *testing.B) {
	body := largeEvent(1)
	event, err := webhook.ParseEvent(body)
	require.NoError(b, err)
	eachSenders(b, func(q *inbox.Inbox) func(int) error {
		return func(n int) error {
			d := webhook.Delivery{Identifier: fmt.Sprint(n), ReceivedAt: time.Now(), Body: body, Event: event}
			return q.Append(context.Background(), d)
		}
	})
}

// BenchmarkReceive is everything that happens before the answer: signature,
// parsing, log; without the network.
func BenchmarkReceive(b *testing.B) {
	secret := []byte("a secret of some length")
	body := largeEvent(1)
	signature := webhook.Sign(body, secret)
	eachSenders(b, func(q *inbox.Inbox) func(int) error {
		h := &webhook.Handler{Secrets: func() [][]byte { return [][]byte{secret} }, Receive: q.Append}
		return func(n int) error {
			r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
			r.Header.Set(webhook.SignatureHeader, signature)
			r.Header.Set("X-Atlassian-Webhook-Identifier", fmt.Sprint(n))
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, r); w.Code != http.StatusOK {
				return fmt.Errorf("status %d", w.Code)
			}
			return nil
		}
	})
}

// BenchmarkRecover opens a log of 10,000 events of 500 issues, none of them
// processed.
func BenchmarkRecover(b *testing.B) {
	dir := b.TempDir()
	var data bytes.Buffer
	for i := range 10_000 {
		data.Write(inbox.Record(uint64(i+1), largeEvent(i)))
	}
	require.NoError(b, os.WriteFile(filepath.Join(dir, "20261123T184100.000000-000001.events"), data.Bytes(), 0o660))
	b.SetBytes(int64(data.Len()))
	for b.Loop() {
		b.StopTimer()
		_ = os.Remove(filepath.Join(dir, "checkpoint.json"))
		b.StartTimer()
		q := open(b, dir, inbox.Options{Retention: -1})
		if n := q.Stats().Recovered; n != 500 {
			b.Fatalf("%d recovered", n)
		}
		b.StopTimer()
		require.NoError(b, q.Close())
		b.StartTimer()
	}
}
