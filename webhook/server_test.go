package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/webhook"
)

const (
	secret   = "It's a Secret to Everybody"
	previous = "the secret of last month"
	path     = "/webhooks/jira"
)

// receiver is a real server around a Handler, and what the handler handed on.
type receiver struct {
	*httptest.Server
	handler *webhook.Handler

	mu       sync.Mutex
	received []webhook.Delivery
	err      error // what Receive returns
}

func newReceiver(t *testing.T, secrets ...string) *receiver {
	t.Helper()
	r := &receiver{}
	r.handler = &webhook.Handler{
		Secrets: func() [][]byte {
			var valid [][]byte
			for _, s := range secrets {
				valid = append(valid, []byte(s))
			}
			return valid
		},
		Receive: func(_ context.Context, d webhook.Delivery) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.err == nil {
				r.received = append(r.received, d)
			}
			return r.err
		},
	}
	mux := http.NewServeMux()
	mux.Handle(path, r.handler)
	r.Server = httptest.NewUnstartedServer(mux)
	r.Config.MaxHeaderBytes = 32 << 10
	r.Config.ReadHeaderTimeout = 10 * time.Second
	r.Start()
	t.Cleanup(r.Close)
	return r
}

// take returns the deliveries handed on since the last call.
func (r *receiver) take() []webhook.Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.received
	r.received = nil
	return taken
}

func (r *receiver) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// post sends a body with the headers, and checks what holds for every answer.
func (r *receiver) post(t *testing.T, body string, header http.Header) *http.Response {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, r.URL+path+"?issue=A-1", strings.NewReader(body))
	require.NoError(t, err)
	req.Header = header
	return r.do(t, req)
}

func (r *receiver) do(t *testing.T, req *http.Request) *http.Response {
	t.Helper()
	resp, err := r.Client().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	checkAnswer(t, resp, reply)
	return resp
}

// checkAnswer holds for each answer: a fixed text without secret, digest,
// address, path or stack; retryable ones say when.
func checkAnswer(t *testing.T, resp *http.Response, reply []byte) {
	t.Helper()
	if resp.StatusCode == http.StatusRequestHeaderFieldsTooLarge {
		return // net/http's own
	}
	var fields map[string]string
	if err := json.Unmarshal(reply, &fields); err != nil || len(reply) > 100 {
		t.Errorf("answer %d: %.200q: %v", resp.StatusCode, reply, err)
	}
	wantStatus := "error"
	if resp.StatusCode == http.StatusOK {
		wantStatus = "ok"
	}
	if fields["status"] != wantStatus {
		t.Errorf("answer %d has status %q", resp.StatusCode, fields["status"])
	}
	if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	var all bytes.Buffer
	require.NoError(t, resp.Header.Write(&all))
	all.Write(reply)
	for _, leak := range []string{secret, previous, "Secret", "a4771c39", "sha256", "127.0.0.1", "::1", "/tmp", "goroutine", ".go:", "timeout", "disk"} {
		if strings.Contains(all.String(), leak) {
			t.Errorf("answer %d tells %q:\n%s", resp.StatusCode, leak, all.String())
		}
	}
}

// signed returns headers with the right signature of body.
func signed(body string) http.Header {
	return http.Header{webhook.SignatureHeader: {webhook.Sign([]byte(body), []byte(secret))}}
}

// normal is an ordinary event, which must work after everything else.
const normal = `{"timestamp":1790102915652,"webhookEvent":"jira:issue_updated","issue":{"id":"10001","key":"SUP-1","fields":{"summary":"x"}}}`

func (r *receiver) checkNormal(t *testing.T) {
	t.Helper()
	r.take()
	resp := r.post(t, normal, signed(normal))
	got := r.take()
	if resp.StatusCode != http.StatusOK || len(got) != 1 {
		t.Fatalf("the next normal event: %d, %d received", resp.StatusCode, len(got))
	}
	if diff := cmp.Diff([]webhook.IssueRef{{ID: "10001", Key: "SUP-1"}}, got[0].Event.Issues); diff != "" {
		t.Errorf("the next normal event mismatch (-want +got):\n%s", diff)
	}
}
