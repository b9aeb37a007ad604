package jira_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira"
)

func debugLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

const goodIssue = `{"id":"10001","key":"A-1","fields":{"created":"2026-01-01T09:00:00.000+0100",` +
	`"comment":{"comments":[],"total":0},"worklog":{"worklogs":[],"total":0}},"changelog":{"histories":[],"total":0}}`

// goodSite answers an issue without parts.
func goodSite(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/remotelink") {
		return reply(req, http.StatusOK, `[]`), nil
	}
	return reply(req, http.StatusOK, goodIssue), nil
}

// Rows of the bad-input table and reliability.md 2.J, answer by
// answer: its class, whether it is tried again, and that nothing of it shows.
func TestFaults(t *testing.T) {
	header := func(pairs ...string) http.Header {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	html := header("Content-Type", "text/html; charset=UTF-8")
	for _, tc := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   error
		tries  int
	}{
		{"429", 429, nil, "", jira.ErrRateLimited, 3},
		{"429 with a pause", 429, header("Retry-After", "7"), "", jira.ErrRateLimited, 3},
		{"429 with a pause of ten days", 429, header("Retry-After", "864000"), "", jira.ErrRateLimited, 1},
		{"503 and a page", 503, html, "<html>", jira.ErrUnavailable, 3},
		{"500", 500, nil, "", jira.ErrUnavailable, 3},
		{"502 empty", 502, nil, "", jira.ErrUnavailable, 3},
		{"504", 504, html, "<html>", jira.ErrUnavailable, 3},
		{"520", 520, nil, "", jira.ErrUnavailable, 3},
		{"522", 522, html, "<html>", jira.ErrUnavailable, 3},
		{"401", 401, nil, "Client must be authenticated", jira.ErrUnauthorized, 1},
		{"anonymous answer", 200, header("X-Seraph-LoginReason", "AUTHENTICATED_FAILED"), goodIssue, jira.ErrUnauthorized, 1},
		{"anonymous 404", 404, header("X-Seraph-LoginReason", "AUTHENTICATED_FAILED"), "{}", jira.ErrUnauthorized, 1},
		{"login denied", 200, header("X-Seraph-LoginReason", "AUTHENTICATION_DENIED"), goodIssue, jira.ErrUnauthorized, 1},
		{"403", 403, nil, "{}", jira.ErrForbidden, 1},
		{"404", 404, nil, "{}", jira.ErrNotFound, 1},
		{"404 of the edge", 404, html, "<html>", jira.ErrUnavailable, 3},
		{"410", 410, nil, "{}", jira.ErrRejected, 1},
		{"400", 400, nil, "{}", jira.ErrRejected, 1},
		{"405", 405, nil, "{}", jira.ErrRejected, 1},
		{"413", 413, nil, "{}", jira.ErrRejected, 1},
		{"414", 414, nil, "{}", jira.ErrRejected, 1},
		{"422", 422, nil, "{}", jira.ErrRejected, 1},
		{"302", 302, header("Location", "https://evil.test/login?token="+marked), "", jira.ErrRedirect, 1},
		{"login page", 200, html, "<html>" + marked + "</html>", jira.ErrUnavailable, 3},
		{"xhtml page", 200, header("Content-Type", "application/xhtml+xml"), "<html/>", jira.ErrUnavailable, 3},
		{"page said to be JSON", 200, nil, "<html>" + marked + "</html>", jira.ErrUnavailable, 3},
		{"empty", 200, nil, "", jira.ErrUnavailable, 3},
		{"204", 204, nil, "", jira.ErrUnavailable, 3},
		{"null", 200, nil, "null", jira.ErrUnavailable, 3},
		{"list", 200, nil, "[]", jira.ErrUnavailable, 3},
		{"text", 200, nil, `"` + marked + `"`, jira.ErrUnavailable, 3},
		{"cut", 200, nil, goodIssue[:100], jira.ErrUnavailable, 3},
		{"two documents", 200, nil, goodIssue + goodIssue, jira.ErrUnavailable, 3},
		{"too deep", 200, nil, strings.Repeat(`{"a":`, 10_001) + "1" + strings.Repeat("}", 10_001), jira.ErrUnavailable, 3},
		{"no fields", 200, nil, `{"id":"10001","key":"A-1"}`, jira.ErrMalformed, 1},
		{"too large", 200, nil, `{"a":"` + strings.Repeat(marked, 100_000) + `"}`, jira.ErrTooLarge, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				tries := 0
				client := newClient(t, func(req *http.Request) (*http.Response, error) {
					if !strings.HasSuffix(req.URL.Path, "/myself") { // asked when a login is refused
						tries++
					}
					res := reply(req, tc.status, tc.body)
					if tc.header != nil {
						res.Header = tc.header.Clone()
					}
					res.Header.Set("Atl-Traceid", "0123456789abcdef")
					return res, nil
				}, func(c *jira.Config) { c.MaxAttempts, c.MaxBodyBytes, c.Logger = 3, 1<<20, debugLogger(&log) })
				issue, err := client.Issue(t.Context(), "A-1")
				require.ErrorIs(t, err, tc.want)
				require.Nil(t, issue)
				require.Equal(t, tc.tries, tries, "tries")
				e, ok := errors.AsType[*jira.Error](err)
				require.True(t, ok)
				if e.Status != tc.status && tc.tries != 1 {
					t.Errorf("Status = %d, want %d", e.Status, tc.status)
				}
				for _, other := range []error{jira.ErrNotFound, jira.ErrUnauthorized, jira.ErrForbidden, jira.ErrRateLimited, jira.ErrTooLarge, jira.ErrUnavailable, jira.ErrRejected, jira.ErrRedirect, jira.ErrMalformed} {
					if errors.Is(err, other) != (other == tc.want) {
						t.Errorf("%v matches %v", err, other)
					}
				}
				for _, text := range []string{prints(err), log.String()} {
					if reveals(text, marked) || strings.Contains(text, "evil") || strings.Contains(text, "<html>") {
						t.Errorf("printed in clear: %.500s", text)
					}
				}
			})
		})
	}
}

// A fault that passes costs a wait; the pause Jira names is kept to the second.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		after  string
		status int
		min    time.Duration
		max    time.Duration
	}{
		{"seconds", "7", 429, 7 * time.Second, 8 * time.Second},
		{"unavailable with seconds", "7", 503, 7 * time.Second, 8 * time.Second},
		{"garbage", "soon", 429, 0, 2 * time.Second},
		{"absent", "", 500, 0, 2 * time.Second},
		{"long", "299", 429, 299 * time.Second, 300 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				failed := false
				client := newClient(t, func(req *http.Request) (*http.Response, error) {
					if failed {
						return goodSite(req)
					}
					failed = true
					res := reply(req, tc.status, "")
					res.Header.Set("Retry-After", tc.after)
					return res, nil
				}, func(c *jira.Config) { c.MaxAttempts = 2 })
				started := time.Now()
				issue, err := client.Issue(t.Context(), "A-1")
				require.NoError(t, err)
				require.Equal(t, "[]", string(issue.RemoteLinks))
				if waited := time.Since(started); waited < tc.min || waited > tc.max {
					t.Errorf("waited %v, want %v to %v", waited, tc.min, tc.max)
				}
			})
		})
	}
}

// The error of a pause that is too long says when to come back, and nothing is
// sent until then.
func TestLongPauseIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		client := newClient(t, func(req *http.Request) (*http.Response, error) {
			sent++
			res := reply(req, 429, "")
			res.Header.Set("Retry-After", "1847")
			return res, nil
		}, func(c *jira.Config) { c.MaxAttempts = 5 })
		for range 3 {
			_, err := client.Issue(t.Context(), "A-1")
			require.ErrorIs(t, err, jira.ErrRateLimited)
			e, _ := errors.AsType[*jira.Error](err)
			require.True(t, e.Retryable())
			require.InDelta(t, 1847, e.RetryAfter.Seconds(), 1)
		}
		require.Equal(t, 1, sent)
	})
}

func TestContextEndsACall(t *testing.T) {
	t.Parallel()
	for name, site := range map[string]roundTrip{
		"hanging": func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		},
		"refusing": func(req *http.Request) (*http.Response, error) { return reply(req, 429, ""), nil },
		"failing":  func(req *http.Request) (*http.Response, error) { return reply(req, 500, ""), nil },
		"parts hanging": func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/remotelink") {
				<-req.Context().Done()
				return nil, req.Context().Err()
			}
			return goodSite(req)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, site, func(c *jira.Config) { c.MaxAttempts = 1000 })
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				started := time.Now()
				issue, err := client.Issue(ctx, "A-1")
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Nil(t, issue)
				require.Equal(t, 10*time.Second, time.Since(started))
			})
		})
	}
}

// One attempt is bounded; a hanging server is tried again.
func TestHangingAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		client := newClient(t, func(req *http.Request) (*http.Response, error) {
			if tries++; tries < 3 {
				<-req.Context().Done()
				return nil, req.Context().Err()
			}
			return goodSite(req)
		}, func(c *jira.Config) { c.MaxAttempts, c.Backoff = 3, time.Nanosecond })
		started := time.Now()
		_, err := client.Issue(t.Context(), "A-1")
		require.NoError(t, err)
		require.Equal(t, 2*time.Minute, time.Since(started).Round(time.Second))
	})
}

// All goroutines of a client wait for one refusal, and no call is lost.
func TestRefusalPausesEverybody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var refused, early atomic.Int64
		until := time.Now().Add(30 * time.Second)
		client := newClient(t, func(req *http.Request) (*http.Response, error) {
			if time.Now().Before(until) {
				if refused.Add(1) > 20 {
					early.Add(1)
				}
				res := reply(req, 429, "")
				res.Header.Set("Retry-After", "30")
				res.Header.Set("RateLimit-Reason", "jira-quota-tenant-based")
				return res, nil
			}
			return goodSite(req)
		}, func(c *jira.Config) { c.MaxAttempts = 2 })
		done := make(chan error)
		for range 20 {
			go func() { _, err := client.Issue(t.Context(), "A-1"); done <- err }()
		}
		for range 20 {
			require.NoError(t, <-done)
		}
		require.Zero(t, early.Load(), "requests in the forbidden window")
	})
}

// Row A-13 and reliability.md 2.C5: the limit counts inflated bytes.
func TestCompressionBomb(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 4 {
		_, _ = z.Write(make([]byte, 1<<20))
	}
	require.NoError(t, z.Close())
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(bomb.Bytes())
	}))
	defer srv.Close()
	client := newClient(t, nil, func(c *jira.Config) { c.BaseURL, c.Transport, c.MaxBodyBytes = srv.URL, nil, 1<<20 })
	_, err := client.Issue(t.Context(), "A-1")
	require.ErrorIs(t, err, jira.ErrTooLarge)
	n, err := client.Attachment(t.Context(), "1", io.Discard)
	require.ErrorIs(t, err, jira.ErrUnavailable)
	require.Zero(t, n)
}

// Row A-14: of an answer without end no more is read than the limit allows.
func TestEndlessAnswer(t *testing.T) {
	t.Parallel()
	body := &counter{left: 16 << 20}
	client := newClient(t, func(req *http.Request) (*http.Response, error) {
		res := reply(req, http.StatusOK, "")
		res.ContentLength, res.Body = -1, io.NopCloser(body)
		return res, nil
	}, func(c *jira.Config) { c.MaxBodyBytes = 1 << 20 })
	_, err := client.Issue(t.Context(), "A-1")
	require.ErrorIs(t, err, jira.ErrTooLarge)
	if read := 16<<20 - body.left; read > 2<<20 {
		t.Errorf("%d bytes were read", read)
	}
}

// counter is a body of so many spaces.
type counter struct{ left int }

func (c *counter) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.EOF
	}
	n := min(len(p), c.left)
	c.left -= n
	copy(p[:n], bytes.Repeat([]byte(" "), n))
	return n, nil
}

// Row A-11: an answer cut at any place is refused, with a length, in chunks,
// and when the end of the connection is the end of the body, where net/http
// reports nothing.
func TestCutAnswers(t *testing.T) {
	t.Parallel()
	for kind, header := range map[string]string{
		"length":  fmt.Sprintf("Content-Length: %d\r\n\r\n", len(goodIssue)),
		"chunked": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", len(goodIssue)),
		"close":   "Connection: close\r\n\r\n",
	} {
		t.Run(kind, func(t *testing.T) {
			var cut atomic.Int64
			addr := rawServer(t, func() string {
				return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + header + goodIssue[:cut.Load()]
			})
			client := newClient(t, nil, func(c *jira.Config) { c.BaseURL, c.Transport = "http://"+addr, nil })
			for n := 0; n < len(goodIssue); n += 7 {
				cut.Store(int64(n))
				_, err := client.Issue(t.Context(), "A-1")
				require.ErrorIs(t, err, jira.ErrUnavailable, "cut at %d", n)
			}
		})
	}
}

// rawServer writes an answer to each connection and closes it.
func rawServer(t *testing.T, answer func() string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() { // ends when the listener is closed
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, answer())
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String()
}

// Failures below HTTP: named by class, without address, URL or bytes.
func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := closed.Addr().String()
	require.NoError(t, closed.Close())
	selfSigned := httptest.NewTLSServer(http.NotFoundHandler())
	selfSigned.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	defer selfSigned.Close()
	for name, base := range map[string]string{
		"refused":     "http://" + nobody,
		"not HTTP":    "http://" + rawServer(t, func() string { return marked + "\r\n\r\n" }),
		"nothing":     "http://" + rawServer(t, func() string { return "" }),
		"bad header":  "http://" + rawServer(t, func() string { return "HTTP/1.1 200 OK\r\n" + marked + "\r\n\r\n" }),
		"certificate": selfSigned.URL,
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, nil, func(c *jira.Config) { c.BaseURL, c.Transport = base, nil })
			_, err := client.Issue(t.Context(), "A-1")
			require.ErrorIs(t, err, jira.ErrUnavailable)
			e, _ := errors.AsType[*jira.Error](err)
			require.Equal(t, name != "certificate", e.Retryable())
			if text := prints(err); reveals(text, marked) || strings.Contains(text, "127.0.0.1") {
				t.Errorf("printed in clear: %s", text)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	client := newClient(t, func(req *http.Request) (*http.Response, error) {
		res := reply(req, 403, "")
		res.Header.Set("Atl-Traceid", "0123abcd")
		return res, nil
	}, nil)
	_, err := client.FieldValues(t.Context(), "A-1", []string{"summary"})
	require.EqualError(t, err, "GET /rest/api/3/issue/A-1: 403 forbidden (trace 0123abcd)")
	e, _ := errors.AsType[*jira.Error](err)
	require.NotEmpty(t, e.Hint)
	require.Equal(t, "0123abcd", e.RequestID)

	client = newClient(t, func(req *http.Request) (*http.Response, error) {
		res := reply(req, 404, "")
		res.Header.Set("Atl-Traceid", "x\r\n"+marked)
		return res, nil
	}, nil)
	_, err = client.RemoteLinks(t.Context(), "A-1")
	require.EqualError(t, err, "GET /rest/api/3/issue/A-1/remotelink: 404 not found or not visible")
}
