package inbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/internal/inbox"
	"github.com/jirasync/jirasync/webhook"
)

// The webhook appends, a worker takes. Three events of one issue are one item.
func Example() {
	dir, err := os.MkdirTemp("", "webhook_events")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	root, err := atomicfile.OpenDir(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()
	q, err := inbox.Open(root, inbox.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer q.Close()

	secret := []byte("It's a Secret to Everybody")
	h := &webhook.Handler{Secrets: func() [][]byte { return [][]byte{secret} }, Receive: q.Append}
	for _, body := range []string{
		`{"webhookEvent":"jira:issue_created","issue":{"id":"10001","key":"SUP-1"}}`,
		`{"webhookEvent":"jira:issue_updated","issue":{"id":"10001","key":"SUP-1"}}`,
		`{"webhookEvent":"worklog_created","worklog":{"issueId":"10001"}}`,
		`{"webhookEvent":"jira:issue_deleted","issue":{"id":"10002","key":"SUP-2"}}`,
	} {
		r := httptest.NewRequest(http.MethodPost, "/webhooks/jira", strings.NewReader(body))
		r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), secret))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	for range 2 {
		it, err := q.Take(context.Background())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(it.Ref.ID, it.Ref.Key, it.Deleted)
		q.Done(it)
	}
	for entry, err := range inbox.Read(root, time.Time{}) {
		fmt.Println(entry.Seq, entry.Delivery.Event.Type, err)
	}
	// Output:
	// 200
	// 200
	// 200
	// 200
	// 10001 SUP-1 false
	// 10002 SUP-2 true
	// 1 jira:issue_created <nil>
	// 2 jira:issue_updated <nil>
	// 3 worklog_created <nil>
	// 4 jira:issue_deleted <nil>
}
