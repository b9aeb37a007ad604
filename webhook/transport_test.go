package webhook_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/webhook"
)

// Rows H: the HTTP layer, by their names in the bad-input table. H-2 and H-18
// to H-20 concern the routes of a server; H-13 and H-16 its timeouts.

func TestHandlerMethods(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secret)
	for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "OPTIONS", "PRI", "post"} {
		t.Run("H-1 "+method, func(t *testing.T) {
			req, err := http.NewRequest(method, r.URL+path, strings.NewReader(normal))
			require.NoError(t, err)
			req.Header = signed(normal)
			resp := r.do(t, req)
			if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "POST" {
				t.Errorf("%d, Allow %q", resp.StatusCode, resp.Header.Get("Allow"))
			}
		})
	}
	require.Empty(t, r.take())
	r.checkNormal(t)
}

func TestHandlerContentEncoding(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secret)
	for _, encoding := range []string{"gzip", "GZIP", "deflate", "br", "zstd", "gzip, identity", "x"} {
		h := signed(normal)
		h.Set("Content-Encoding", encoding)
		if resp := r.post(t, normal, h); resp.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("H-3 %s: %d", encoding, resp.StatusCode)
		}
	}
	require.Empty(t, r.take())
	r.checkNormal(t)
}

// eventOfSize is an event of exactly n bytes.
func eventOfSize(n int) string {
	const head, tail = `{"issue_key":"A-1","text":"`, `"}`
	return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
}

func TestHandlerSize(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secret)
	check := func(n int, chunked bool) {
		t.Run(fmt.Sprintf("H-5 %d bytes chunked=%v", n, chunked), func(t *testing.T) {
			body := eventOfSize(n)
			resp := r.send(t, body, chunked)
			got := r.take()
			if resp.StatusCode != http.StatusOK || len(got) != 1 || string(got[0].Body) != body {
				t.Errorf("%d", resp.StatusCode)
			}
		})
	}
	for _, n := range []int{64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20, 1<<20 + 1, 3 << 20} {
		check(n, false)
		check(n, true)
	}
	if !testing.Short() {
		check(25<<20, false)
	}
	r.handler.MaxBytes = 1 << 21
	for _, n := range []int{1<<21 + 1, 5 << 20} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("H-5 %d of %d bytes chunked=%v", n, 1<<21, chunked), func(t *testing.T) {
				if resp := r.send(t, eventOfSize(n), chunked); resp.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("%d", resp.StatusCode)
				}
			})
		}
	}
	require.Empty(t, r.take())
	r.checkNormal(t)
}

func (r *receiver) send(t *testing.T, body string, chunked bool) *http.Response {
	t.Helper()
	var src io.Reader = strings.NewReader(body)
	if chunked {
		src = io.MultiReader(src) // hides the length
	}
	req, err := http.NewRequest(http.MethodPost, r.URL+path, src)
	require.NoError(t, err)
	req.Header = signed(body)
	return r.do(t, req)
}

// raw sends bytes as they are and returns the answer, nil if there is none.
// The client's half stays open, unless closed says otherwise.
func (r *receiver) raw(t *testing.T, request string, closed bool) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", r.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	// A server that refuses early may have hung up by now: then neither the
	// rest of the request nor our half's end reach it, which is its right.
	_, err = io.WriteString(conn, request)
	if closed && err == nil {
		_ = conn.(*net.TCPConn).CloseWrite()
	}
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	if resp.StatusCode == http.StatusContinue {
		resp, err = http.ReadResponse(in, nil)
		require.NoError(t, err)
		defer resp.Body.Close()
		reply, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
	}
	if resp.Header.Get("Content-Type") == "application/json" { // otherwise net/http's own
		checkAnswer(t, resp, reply)
	}
	return resp
}

func (r *receiver) head(lines ...string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + signatureLine + strings.Join(lines, "\r\n") + "\r\n\r\n"
}

var signatureLine = webhook.SignatureHeader + ": " + webhook.Sign([]byte(normal), []byte(secret)) + "\r\n"

// Bodies that do not arrive: 408, which Jira sends again, and nothing stored.
func TestHandlerIncomplete(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secret)
	r.handler.BodyTimeout = 50 * time.Millisecond
	for _, tt := range []struct {
		name, request string
		closed        bool
	}{
		{"H-6 a terabyte declared", r.head("Content-Length: 1099511627776") + "abc", false},
		{"H-7 stops half-way", r.head(fmt.Sprintf("Content-Length: %d", len(normal))) + normal[:20], false},
		{"H-7 closes half-way", r.head(fmt.Sprintf("Content-Length: %d", len(normal))) + normal[:20], true},
		{"H-7 chunk stops", r.head("Transfer-Encoding: chunked") + "ff\r\nabc", false},
		{"H-7 chunk closes", r.head("Transfer-Encoding: chunked") + "ff\r\nabc", true},
		{"H-7 no last chunk", r.head("Transfer-Encoding: chunked") + "3\r\nabc\r\n", false},
		{"H-15 continue, never a body", r.head("Content-Length: 10", "Expect: 100-continue"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := r.raw(t, tt.request, tt.closed)
			if resp == nil || resp.StatusCode != http.StatusRequestTimeout {
				t.Errorf("answer %v", resp)
			}
		})
	}
	require.Empty(t, r.take())
	r.handler.BodyTimeout = 0
	r.checkNormal(t)
}

// What no HTTP library sends. None of it is handed on, but for H-9: the chunked
// body is taken, answered once, and the connection closed.
func TestHandlerSmuggling(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secret)
	r.handler.BodyTimeout = 200 * time.Millisecond
	length := fmt.Sprintf("Content-Length: %d", len(normal))
	for _, tt := range []struct {
		name, request string
		status        []int // 0 is a closed connection
	}{
		{"H-8 two lengths", r.head(length, "Content-Length: 7") + normal, []int{400}},
		{"H-8 negative length", r.head("Content-Length: -1") + normal, []int{400}},
		{"H-10 bad chunk size", r.head("Transfer-Encoding: chunked") + "zz\r\nabc\r\n0\r\n\r\n", []int{400}},
		{"H-10 long chunk extension", r.head("Transfer-Encoding: chunked") + "3;" + strings.Repeat("x", 20<<10) + "\r\nabc\r\n0\r\n\r\n", []int{400, 0}},
		{"H-10 bare LF in chunk", r.head("Transfer-Encoding: chunked") + "3\nabc\n0\n\n", []int{400}},
		{"H-10 unknown coding", r.head("Transfer-Encoding: x") + normal, []int{501}},
		{"H-11 no host", "POST " + path + " HTTP/1.1\r\n" + length + "\r\n\r\n" + normal, []int{400}},
		{"H-11 two hosts", r.head("Host: y", length) + normal, []int{400}},
		{"H-11 NUL in header", r.head("X-A: a\x00b", length) + normal, []int{400}},
		{"H-11 space in name", r.head("X A: b", length) + normal, []int{400}},
		{"H-14 TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\r\n\r\n", []int{400, 0}},
		{"H-14 HTTP/0.9", "GET " + path + "\r\n\r\n", []int{400}},
		{"H-14 HTTP/3.0", "POST " + path + " HTTP/3.0\r\nHost: x\r\n\r\n", []int{400, 505}},
		{"H-2 NUL in path", "POST " + path + "\x00 HTTP/1.1\r\nHost: x\r\n\r\n", []int{400}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status := 0
			if resp := r.raw(t, tt.request, true); resp != nil {
				status = resp.StatusCode
			}
			require.Contains(t, tt.status, status)
		})
	}
	require.Empty(t, r.take())

	both := r.head(length, "Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(normal), normal)
	resp := r.raw(t, both+r.head(length)+normal, false)
	if resp == nil || resp.StatusCode != http.StatusOK || !resp.Close || len(r.take()) != 1 {
		t.Errorf("H-9 length and chunks: %v", resp)
	}
	r.checkNormal(t)
}

// At most eight bodies above 1 MiB are held; a ninth waits as long as a body may
// take and is then answered 503, while small ones pass.
func TestHandlerLargeBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		held := 0 // counted while everything else sleeps
		h := &webhook.Handler{
			Secrets: func() [][]byte { return [][]byte{[]byte(secret)} },
			Receive: func(_ context.Context, d webhook.Delivery) error {
				if len(d.Body) > 1<<20 {
					held++
					<-release
				}
				return nil
			},
		}
		large := eventOfSize(1<<20 + 1)
		header := signed(large)
		post := func(body string, header http.Header) int {
			w := httptest.NewRecorder()
			req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			req.Header = header
			h.ServeHTTP(w, req)
			return w.Code
		}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if status := post(large, header); status != http.StatusOK {
					t.Errorf("large body: %d", status)
				}
			})
			if synctest.Wait(); held != i+1 {
				t.Fatalf("%d large bodies held, want %d", held, i+1)
			}
		}
		start := time.Now()
		if status := post(large, header); status != http.StatusServiceUnavailable || time.Since(start) != webhook.DefaultBodyTimeout {
			t.Errorf("the ninth large body: %d after %v", status, time.Since(start))
		}
		if status := post(normal, signed(normal)); status != http.StatusOK || held != 8 {
			t.Errorf("a small body beside eight large ones: %d", status)
		}
		wg.Go(func() { time.Sleep(time.Second); close(release) })
		if status := post(large, header); status != http.StatusOK {
			t.Errorf("a large body that waited: %d", status)
		}
		wg.Wait()
	})
}

// The declared length alone must not make a buffer.
func TestHandlerDeclaredLengthCostsNothing(t *testing.T) {
	r := newReceiver(t, secret)
	r.handler.BodyTimeout = 20 * time.Millisecond
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		resp := r.raw(t, r.head("Content-Length: 1099511627776")+"abc", false)
		require.Equal(t, http.StatusRequestTimeout, resp.StatusCode)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("20 requests of a terabyte allocated %d bytes", grown)
	}
}

// H-17 and the deadline of the body: it must not end the context of a Receive
// that takes longer.
func TestHandlerDeadlineEndsWithBody(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, secret)
	r.handler.BodyTimeout = 30 * time.Millisecond
	r.handler.Receive = func(ctx context.Context, _ webhook.Delivery) error {
		select {
		case <-ctx.Done():
			return errors.New("context ended")
		case <-time.After(120 * time.Millisecond):
			return nil
		}
	}
	if resp := r.post(t, normal, signed(normal)); resp.StatusCode != http.StatusOK {
		t.Errorf("answer %d", resp.StatusCode)
	}
}

// The log tells what an operator needs, once per fault and second at most, and
// no secret, digest or content.
func TestHandlerLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := newReceiver(t, secret)
	r.handler.Logger = newLogger(&log)
	forged := strings.ReplaceAll(normal, "x", "Sesame\\nforged line")
	for range 50 {
		h := signed(normal)
		h.Set("X-Atlassian-Webhook-Identifier", "Sesame")
		r.post(t, forged, h)
	}
	r.post(t, normal, signed(normal))
	malformed := quoted(`Sesame\n\u001b[31m`)
	r.post(t, malformed, signed(malformed))
	r.fail(errors.New("no space"))
	r.post(t, normal, signed(normal))
	r.Close()

	text := log.String()
	for word, want := range map[string][2]int{
		"webhook refused": {1, 20}, "webhook received": {1, 1}, "webhook malformed": {1, 1}, "webhook not stored": {1, 1},
		"no space": {1, 1}, "Sesame": {0, 0}, "Secret": {0, 0}, "sha256": {0, 0}, "\x1b": {0, 0},
	} {
		if n := strings.Count(text, word); n < want[0] || n > want[1] {
			t.Errorf("%q is %d times in the log, want %v:\n%s", word, n, want, text)
		}
	}
}
