package jirasync_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

// The rows of the table of bad inputs that need the whole server. The others
// are held where they are answered, in package webhook.

// W-45: the deletion of a part is no deletion of the issue.
func TestRowW45PartsDeleted(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	issue := site.Create("SUP", jiratest.Fields{"summary": "stays"})
	r.flush(site)
	r.shows(issue.Key(), "summary", "stays")
	for i, event := range []string{"comment_deleted", "attachment_deleted", "worklog_deleted"} {
		r.post(http.StatusOK, fmt.Sprintf(`{"timestamp":%d,"webhookEvent":%q,"issue":{"id":%q,"key":%q}}`, i, event, issue.ID(), issue.Key()))
	}
	r.idle()
	require.Len(t, r.rows("issues", issue.Key()), 1)
}

// W-47: a deletion that arrives while a refetch is on its way ends deleted.
func TestRowW47DeletionDuringRefetch(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	issue := site.Create("SUP", jiratest.Fields{"summary": "before"})
	r.flush(site)
	r.shows(issue.Key(), "summary", "before")
	site.Fail(jiratest.Fault{Match: "GET /rest/api/3/issue/{issueIdOrKey}", Times: 2, Delay: 300 * time.Millisecond, Edit: func(b []byte) []byte { return b }})
	issue.Edit(jiratest.Fields{"summary": "after"})
	r.flush(site)
	issue.Delete()
	r.flush(site)
	r.idle()
	r.gone(issue.Key())
}

// W-48 and W-49: addresses in a body are never called.
func TestRowW48AddressesInBodiesAreNotCalled(t *testing.T) {
	t.Parallel()
	canary, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer canary.Close()
	var calls atomic.Int64
	go func() { // ends when the canary is closed
		for {
			conn, err := canary.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			_ = conn.Close()
		}
	}()
	site := newSite(t)
	r := startSite(t, site)
	issue := site.Create("SUP", jiratest.Fields{"summary": "x"})
	r.flush(site)
	for i, address := range []string{"http://" + canary.Addr().String() + "/x", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "gopher://" + canary.Addr().String()} {
		r.post(http.StatusOK, fmt.Sprintf(`{"timestamp":%d,"webhookEvent":"attachment_created","attachment":{"self":%[2]q,"id":"77","content":%[2]q},"issue":{"id":%[3]q,"key":%[4]q,"self":%[2]q,"fields":{"attachment":[{"id":"77","content":%[2]q}]}}}`,
			i, address, issue.ID(), issue.Key()))
	}
	r.idle()
	require.Zero(t, calls.Load())
	require.Len(t, r.rows("issues", issue.Key()), 1)
}

// W-50 and H-17: one delivery ten times is one refetch.
func TestRowW50SameDeliveryTenTimes(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	issue := site.Create("SUP", jiratest.Fields{"summary": "x"})
	r.flush(site)
	r.shows(issue.Key(), "summary", "x")
	r.idle()
	site.ResetLog()
	for range 10 {
		r.post(http.StatusOK, `{"timestamp":5,"webhookEvent":"jira:issue_updated","issue":{"id":"`+issue.ID()+`","key":"`+issue.Key()+`"}}`)
	}
	r.idle()
	// One request of the first account, one of the SLA account.
	require.LessOrEqual(t, site.Requests()["GET /rest/api/3/issue/{issueIdOrKey}"], 2)
}

// H-13: connections that never send a request do not keep others out.
func TestRowH13HalfOpenConnections(t *testing.T) {
	t.Parallel()
	r := startSite(t, newSite(t))
	address := strings.TrimPrefix(r.url, "http://")
	for range 200 {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, "POST /webhooks/jira HTTP/1.1\r\nHost: x\r\n")
		require.NoError(t, err)
	}
	r.post(http.StatusOK, `{"timestamp":1,"webhookEvent":"jira:issue_updated","issue":{"key":"SUP-1"}}`)
}

// H-18: what a stranger adds to the address of the health page changes nothing.
func TestRowH18HealthParameters(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	cfg := config(site)
	cfg.HideHealth = true
	r := serve(t, cfg)
	for _, query := range []string{"", "?debug=1&verbose=true", "?pretty"} {
		res, err := http.Get(r.url + "/webhooks/jira/health" + query)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusOK, res.StatusCode)
		require.Equal(t, `{"status":"ok"}`+"\n", string(body))
	}
}
