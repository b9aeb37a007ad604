package jira_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira"
)

const mediaURL = "https://api.media.atlassian.com/file/1/binary?token=" + marked

// file is an answer of the media host, or of the site if it is the first.
type file struct {
	status  int
	header  http.Header
	body    string
	chunked bool // no Content-Length
	broken  bool // the connection breaks after the body
}

func (f file) response(req *http.Request) *http.Response {
	res := reply(req, f.status, f.body)
	res.Header = f.header.Clone()
	if res.Header == nil {
		res.Header = http.Header{"Content-Type": {"application/octet-stream"}}
	}
	if f.chunked {
		res.ContentLength = -1
	}
	if f.broken {
		res.Body = io.NopCloser(io.MultiReader(strings.NewReader(f.body), brokenReader{}))
	}
	return res
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Rows F-7 to F-11 and reliability.md 2.D3 and 2.D4: what counts as the file.
func TestDownload(t *testing.T) {
	t.Parallel()
	page := http.Header{"Content-Type": {"text/html;charset=UTF-8"}}
	ok := file{status: 200, body: "0123456789"}
	for _, tc := range []struct {
		name    string
		info    jira.AttachmentInfo
		onSite  bool   // the site itself answers, without redirect
		answers []file // of the media host or the site, one a try
		want    error
		n       int64
		tries   int
	}{
		{name: "file", answers: []file{ok}, n: 10, tries: 1},
		{name: "size fits", info: jira.AttachmentInfo{Size: 10}, answers: []file{ok}, n: 10, tries: 1},
		{name: "size unknown (F-7)", info: jira.AttachmentInfo{Size: -1}, answers: []file{ok}, n: 10, tries: 1},
		{name: "size missing, no length", answers: []file{{status: 200, body: "abc", chunked: true}}, n: 3, tries: 1},
		{name: "empty", answers: []file{{status: 200}}, tries: 1},
		{name: "shorter than its size", info: jira.AttachmentInfo{Size: 11}, answers: []file{ok}, want: jira.ErrUnavailable, n: 10, tries: 1},
		{name: "longer than its size", info: jira.AttachmentInfo{Size: 9}, answers: []file{ok}, want: jira.ErrUnavailable, n: 10, tries: 1},
		{name: "breaks off", answers: []file{{status: 200, body: "01234", broken: true, chunked: true}}, want: jira.ErrUnavailable, n: 5, tries: 1},
		{name: "size beyond the limit (F-9)", info: jira.AttachmentInfo{Size: 101}, want: jira.ErrTooLarge},
		{name: "size beyond counting (F-7)", info: jira.AttachmentInfo{Size: 1<<63 - 1}, want: jira.ErrTooLarge},
		{name: "length beyond the limit", answers: []file{{status: 200, body: strings.Repeat("x", 101)}}, want: jira.ErrTooLarge, tries: 1},
		{name: "says 10, sends more than the limit (F-8)", info: jira.AttachmentInfo{Size: 10}, answers: []file{{status: 200, body: strings.Repeat("x", 1000), chunked: true}}, want: jira.ErrTooLarge, n: 100, tries: 1},
		{name: "the limit exactly", answers: []file{{status: 200, body: strings.Repeat("x", 100), chunked: true}}, n: 100, tries: 1},
		{name: "the limit exactly, then breaks", answers: []file{{status: 200, body: strings.Repeat("x", 100), chunked: true, broken: true}}, want: jira.ErrUnavailable, n: 100, tries: 1},
		{name: "signed address expired once (F-11)", answers: []file{{status: 403}, ok}, n: 10, tries: 2},
		{name: "signed address always expired", answers: []file{{status: 403}, {status: 404}, {status: 401}}, want: jira.ErrUnavailable, tries: 3},
		{name: "second host ill", answers: []file{{status: 503}, {status: 500}, ok}, n: 10, tries: 3},
		{name: "second host slow", answers: []file{{status: 429}, ok}, n: 10, tries: 2},
		{name: "partial content", answers: []file{{status: 206, body: "0123"}, {status: 206}, {status: 206}}, want: jira.ErrUnavailable, tries: 3},
		{name: "compressed", answers: []file{{status: 200, header: http.Header{"Content-Encoding": {"gzip"}}, body: "x"}}, want: jira.ErrUnavailable, tries: 3},
		{name: "page instead of a picture", info: jira.AttachmentInfo{MimeType: "image/png"}, answers: []file{{status: 200, header: page, body: "<html>"}, ok}, n: 10, tries: 2},
		{name: "page of another size instead of a file", info: jira.AttachmentInfo{MimeType: "text/plain", Size: 10}, answers: []file{{status: 200, header: page, body: "<html>"}, ok}, n: 10, tries: 2},
		{name: "page that is the file", info: jira.AttachmentInfo{MimeType: "text/html", Size: 6}, answers: []file{{status: 200, header: page, body: "<html>"}}, n: 6, tries: 1},
		{name: "text served as a page, of its size", info: jira.AttachmentInfo{MimeType: "text/plain", Size: 6}, answers: []file{{status: 200, header: page, body: "<html>"}}, n: 6, tries: 1},
		{name: "page from the second host, type unknown", answers: []file{{status: 200, header: page, body: "<html>"}}, n: 6, tries: 1},
		{name: "file from the site", onSite: true, answers: []file{ok}, n: 10, tries: 1},
		{name: "login page from the site", onSite: true, answers: []file{{status: 200, header: page, body: "<html>"}, ok}, n: 10, tries: 2},
		{name: "page from the site, as a download", onSite: true, answers: []file{{status: 200, header: http.Header{"Content-Type": {"text/html"}, "Content-Disposition": {"attachment"}}, body: "<html>"}}, n: 6, tries: 1},
		{name: "anonymous", onSite: true, answers: []file{{status: 200, header: http.Header{"X-Seraph-Loginreason": {"AUTHENTICATED_FAILED"}}}}, want: jira.ErrUnauthorized, tries: 1},
		{name: "gone", onSite: true, answers: []file{{status: 404}}, want: jira.ErrNotFound, tries: 1},
		{name: "forbidden", onSite: true, answers: []file{{status: 403}}, want: jira.ErrForbidden, tries: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				client := newClient(t, func(req *http.Request) (*http.Response, error) {
					if strings.HasSuffix(req.URL.Path, "/myself") { // asked when a login is refused
						return reply(req, http.StatusUnauthorized, ""), nil
					}
					require.Equal(t, "identity", req.Header.Get("Accept-Encoding"))
					if !tc.onSite && req.URL.Host == "acme.example" {
						res := reply(req, http.StatusSeeOther, "")
						res.Header.Set("Location", mediaURL)
						return res, nil
					}
					tries++
					return tc.answers[min(tries, len(tc.answers))-1].response(req), nil
				}, func(c *jira.Config) { c.MaxAttempts, c.MaxAttachmentBytes = 3, 100 })
				info := tc.info
				info.ID = "10001"
				var got bytes.Buffer
				n, err := client.Download(t.Context(), info, &got)
				require.ErrorIs(t, err, tc.want)
				require.Equal(t, tc.n, n)
				require.Equal(t, int(tc.n), got.Len(), "bytes written")
				require.Equal(t, tc.tries, tries, "tries")
				if text := prints(err); reveals(text, marked) || strings.Contains(text, "media.atlassian") {
					t.Errorf("the signed address is printed: %s", text)
				}
			})
		})
	}
}

// The default limit is 50 MiB to the byte.
func TestDownloadDefaultLimit(t *testing.T) {
	t.Parallel()
	for extra, want := range map[int64]error{0: nil, 1: jira.ErrTooLarge} {
		client := newClient(t, func(req *http.Request) (*http.Response, error) {
			res := reply(req, http.StatusOK, "")
			res.Header.Set("Content-Type", "application/octet-stream")
			res.ContentLength = -1
			res.Body = io.NopCloser(io.LimitReader(zeros{}, 52_428_800+extra))
			return res, nil
		}, nil)
		n, err := client.Attachment(t.Context(), "1", io.Discard)
		require.ErrorIs(t, err, want)
		require.Equal(t, int64(52_428_800), n)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// An error of the writer is the caller's own.
func TestDownloadWriterFails(t *testing.T) {
	t.Parallel()
	client := newClient(t, func(req *http.Request) (*http.Response, error) {
		return file{status: 200, body: "0123456789"}.response(req), nil
	}, nil)
	_, err := client.Attachment(t.Context(), "1", brokenWriter{})
	require.ErrorIs(t, err, errDiskFull)
	_, ok := errors.AsType[*jira.Error](err)
	require.False(t, ok)
}

var errDiskFull = errors.New("disk full")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errDiskFull }

// A file that drips is given up: after a minute below 1 KiB a second, or when
// the whole takes too long (reliability.md 2.J10).
func TestDownloadDrips(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		perSecond int
		want      error
		after     time.Duration
	}{
		"steady":       {2048, nil, 90 * time.Second},
		"dripping":     {10, jira.ErrUnavailable, time.Minute},
		"hanging":      {0, jira.ErrUnavailable, time.Minute},
		"all too slow": {1100, jira.ErrUnavailable, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, func(req *http.Request) (*http.Response, error) {
					res := reply(req, http.StatusOK, "")
					res.Header.Set("Content-Type", "application/octet-stream")
					res.ContentLength = -1
					res.Body = &drip{ctx: req.Context().Done(), perSecond: tc.perSecond, left: 180 << 10}
					return res, nil
				}, func(c *jira.Config) { c.AttachmentTimeout = 2 * time.Minute })
				started := time.Now()
				_, err := client.Attachment(t.Context(), "1", io.Discard)
				require.ErrorIs(t, err, tc.want)
				require.Equal(t, tc.after, time.Since(started).Round(time.Second))
			})
		})
	}
}

// drip is a body that comes slowly, and ends like net/http's with the context.
type drip struct {
	ctx       <-chan struct{}
	perSecond int
	left      int
}

func (d *drip) Read(p []byte) (int, error) {
	if d.left <= 0 {
		return 0, io.EOF
	}
	select {
	case <-d.ctx:
		return 0, errors.New("context canceled")
	case <-time.After(time.Second):
	}
	if d.perSecond == 0 {
		<-d.ctx
		return 0, errors.New("context canceled")
	}
	n := min(len(p), d.perSecond, d.left)
	d.left -= n
	return n, nil
}

func (d *drip) Close() error { return nil }

// A name or address that leads to this machine is not connected to, whoever
// allowed the host: the address is looked at when it is dialled.
func TestMediaHostOnLoopbackIsRefused(t *testing.T) {
	t.Parallel()
	var connects atomic.Int64
	canary, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() { // ends when the canary is closed
		defer close(done)
		for {
			conn, err := canary.Accept()
			if err != nil {
				return
			}
			connects.Add(1)
			_ = conn.Close()
		}
	}()
	defer func() { _ = canary.Close(); <-done }()
	_, port, err := net.SplitHostPort(canary.Addr().String())
	require.NoError(t, err)
	for _, host := range []string{"localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"} {
		err := jira.FetchMedia(t.Context(), fmt.Sprintf("https://%s:%s/file", host, port))
		require.ErrorIs(t, err, jira.ErrUnavailable, host)
	}
	require.Zero(t, connects.Load(), "connections to the canary")
}
