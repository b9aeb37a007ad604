package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"go/build"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/jirasync/jirasync/webhook"
)

func newLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Real captures, kept outside the repository: each is understood, and accepted
// by the handler when signed.
func TestCaptures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../shared/fixtures/webhooks/*/*.json")
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("no captures here")
	}
	r := newReceiver(t, secret)
	withIssue := 0
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(t, err)
		e, err := webhook.ParseEvent(body)
		if err != nil {
			t.Errorf("ParseEvent(%s): %v", file, err)
			continue
		}
		if len(e.Issues) > 0 {
			withIssue++
		}
		base := filepath.Base(file)
		if want := strings.Contains(base, "issue_deleted") || strings.Contains(base, "issue-deleted"); e.Deleted != want {
			t.Errorf("ParseEvent(%s): deleted %v", file, e.Deleted)
		}
		if want := base == "issue_updated.project.json"; (e.MovedFrom == "TES-82") != want {
			t.Errorf("ParseEvent(%s): moved from %q", file, e.MovedFrom)
		}
		resp := r.post(t, string(body), signed(string(body)))
		if got := r.take(); resp.StatusCode != http.StatusOK || len(got) != 1 || string(got[0].Body) != string(body) {
			t.Errorf("%s: %d", file, resp.StatusCode)
		}
	}
	if withIssue < len(files)/2 {
		t.Errorf("only %d of %d name an issue", withIssue, len(files))
	}
}

// The package must stay usable without anything else of the module.
func TestImports(t *testing.T) {
	t.Parallel()
	p, err := build.ImportDir(".", 0)
	require.NoError(t, err)
	for _, path := range p.Imports {
		if strings.Contains(path, ".") && path != "github.com/jirasync/jirasync/internal/issuekey" {
			t.Errorf("imports %s", path)
		}
	}
}

// seeds are the deliveries of the golden archives.
func seeds(tb testing.TB) [][]byte {
	tb.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(tb, err)
	var bodies [][]byte
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		require.NoError(tb, err)
		for _, f := range archive.Files {
			if filepath.Ext(f.Name) == ".json" {
				bodies = append(bodies, f.Data)
			}
		}
	}
	require.NotEmpty(tb, bodies)
	return bodies
}

func FuzzParseEvent(f *testing.F) {
	for _, body := range seeds(f) {
		f.Add(body)
	}
	for _, s := range []string{normal, "", "null", "[", deep(600), `{"issue":{"key":"A-1","key":""}}`, quoted(`\ud800`), "{\"\xff\":\"\xff\"}", `{"issue":{"id":1e3}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		checkEvent(t, body)
	})
}

// FuzzHandler signs whatever comes, so that all of it gets past the signature:
// the answer is 200 or 400 and nothing else.
func FuzzHandler(f *testing.F) {
	for _, body := range seeds(f) {
		f.Add(body, "id", "1")
	}
	var got []webhook.Delivery
	h := &webhook.Handler{
		Secrets: func() [][]byte { return [][]byte{[]byte(secret)} },
		Receive: func(_ context.Context, d webhook.Delivery) error { got = append(got, d); return nil },
	}
	f.Fuzz(func(t *testing.T, body []byte, identifier, retry string) {
		got = nil
		w := httptest.NewRecorder()
		req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(body)))
		req.Header = signed(string(body))
		req.Header.Set("X-Atlassian-Webhook-Identifier", identifier)
		req.Header.Set("X-Atlassian-Webhook-Retry", retry)
		h.ServeHTTP(w, req)
		checkAnswer(t, w.Result(), w.Body.Bytes())
		want := http.StatusOK
		if _, err := webhook.ParseEvent(body); err != nil {
			want = http.StatusBadRequest
		}
		if w.Code != want || len(got) != min(len(body), 1) {
			t.Fatalf("%q: %d, want %d; handed on %d", body, w.Code, want, len(got))
		}
		if len(got) == 1 && (string(got[0].Body) != string(body) || len(got[0].Identifier) > 256) {
			t.Errorf("%q: handed on %q of %q", body, got[0].Body, got[0].Identifier)
		}
	})
}

func benchmarkBodies(b *testing.B) map[string][]byte {
	b.Helper()
	bodies := map[string][]byte{"1MiB": []byte(eventOfSize(1 << 20))}
	for _, body := range seeds(b) {
		if strings.Contains(string(body), `"issue_generic"`) {
			bodies["issue_updated"] = body
		}
	}
	// The shape of a large real body: many small members.
	var many strings.Builder
	many.WriteString(`{"webhookEvent":"jira:issue_updated","issue":{"id":"1","key":"A-1","fields":{"x":0`)
	for i := range 4000 {
		fmt.Fprintf(&many, `,"customfield_%d":{"self":"https://acme.atlassian.net/rest/api/2/customFieldOption/%d","value":"Medium","id":"%d"}`, i, i, i)
	}
	many.WriteString("}}}")
	bodies["many_members"] = []byte(many.String())
	return bodies
}

func eachBody(b *testing.B, bench func(b *testing.B, body []byte)) {
	bodies := benchmarkBodies(b)
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range bodies {
			if !yield(name) {
				return
			}
		}
	}) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(bodies[name])))
			b.ReportAllocs()
			bench(b, bodies[name])
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	eachBody(b, func(b *testing.B, body []byte) {
		signature := webhook.Sign(body, []byte(secret))
		for b.Loop() {
			if _, err := webhook.Verify(body, signature, []byte(secret)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkParseEvent(b *testing.B) {
	eachBody(b, func(b *testing.B, body []byte) {
		for b.Loop() {
			if _, err := webhook.ParseEvent(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHandler is everything but the network and the disk.
func BenchmarkHandler(b *testing.B) {
	eachBody(b, func(b *testing.B, body []byte) {
		h := &webhook.Handler{
			Secrets: func() [][]byte { return [][]byte{[]byte(secret)} },
			Receive: func(context.Context, webhook.Delivery) error { return nil },
		}
		text, header := string(body), signed(string(body))
		for b.Loop() {
			req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(text))
			req.Header = header
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, req); w.Code != http.StatusOK {
				b.Fatal(errors.New(w.Body.String()))
			}
		}
	})
}
