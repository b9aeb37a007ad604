package jirasync_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/internal/inbox"
	"github.com/jirasync/jirasync/webhook"
)

// BenchmarkReceive is the path of a delivery to its 200: verify, parse, write
// to the event log, fsync. The body has the size of a real issue event.
func BenchmarkReceive(b *testing.B) {
	for _, senders := range []int{1, 20} {
		b.Run(fmt.Sprintf("senders=%d", senders), func(b *testing.B) {
			dir, err := atomicfile.OpenDir(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer dir.Close()
			queue, err := inbox.Open(dir, inbox.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer queue.Close()
			key := []byte(secret)
			h := &webhook.Handler{Secrets: func() [][]byte { return [][]byte{key} }, Receive: queue.Append}
			padding := strings.Repeat("x", 8<<10)
			var n atomic.Int64
			b.SetParallelism(senders)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					body := fmt.Sprintf(`{"timestamp":%d,"webhookEvent":"jira:issue_updated","issue":{"id":"%d","key":"SUP-%d","fields":{"summary":%q}}}`, i, 10000+i%1000, i%1000, padding)
					req := httptest.NewRequest(http.MethodPost, "/webhooks/jira", strings.NewReader(body))
					req.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), key))
					rec := httptest.NewRecorder()
					h.ServeHTTP(rec, req)
					if rec.Code != http.StatusOK {
						b.Errorf("answer %d", rec.Code)
						return
					}
				}
			})
		})
	}
}
