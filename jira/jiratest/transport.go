package jiratest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
)

// roundTripper answers requests by calling the handler that lookup finds for
// the URL. Bodies go through io.Pipe, so slow, endless and broken answers behave
// as they do on a socket, and all waiting is durable in the sense of
// testing/synctest.
type roundTripper func(*url.URL) (http.Handler, error)

// RoundTrip implements http.RoundTripper.
func (t roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	handler, err := t(req.URL)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	ctx, cancel := context.WithCancel(req.Context())
	inner := req.Clone(ctx)
	if inner.Host == "" {
		inner.Host = req.URL.Host
	}
	if inner.Body == nil {
		inner.Body = http.NoBody
	}
	inner.RequestURI = req.URL.RequestURI()
	inner.RemoteAddr = "127.0.0.1:1"
	reader, writer := io.Pipe()
	w := &pipeWriter{header: http.Header{}, ready: make(chan struct{}), body: writer, caller: req.Context()}
	// The goroutine ends when the handler returns, which cancel makes it do.
	go func() {
		defer w.finish()
		handler.ServeHTTP(w, inner)
	}()
	select {
	case <-w.ready:
	case <-ctx.Done():
		cancel()
		_ = reader.CloseWithError(ctx.Err())
		return nil, req.Context().Err()
	}
	if w.aborted {
		cancel()
		if err := req.Context().Err(); err != nil {
			return nil, err
		}
		return nil, io.ErrUnexpectedEOF
	}
	// A cancelled request breaks the body with the context's error.
	stop := context.AfterFunc(req.Context(), func() { _ = writer.CloseWithError(req.Context().Err()) })
	return w.response(req, &pipeBody{PipeReader: reader, cancel: func() { stop(); cancel() }}), nil
}

// pipeWriter is the http.ResponseWriter of an in-process answer.
type pipeWriter struct {
	header  http.Header
	ready   chan struct{} // closed once the status line is decided
	once    sync.Once
	status  int
	sent    http.Header // the header as it was when the status was written
	length  int64       // announced by Content-Length, or -1
	written int64
	aborted bool // the handler gave up before the status line
	body    *io.PipeWriter
	caller  context.Context // of the request as the client made it
}

// Header implements http.ResponseWriter.
func (w *pipeWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent, w.length = status, w.header.Clone(), -1
		if n, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64); err == nil {
			w.length = n
		}
		close(w.ready)
	})
}

// Write implements http.ResponseWriter.
func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	n, err := w.body.Write(p)
	w.written += int64(n)
	return n, err
}

// Flush implements http.Flusher.
func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }

// finish ends the body as net/http's server would: cleanly, or broken when the
// handler aborted or wrote less than it announced.
func (w *pipeWriter) finish() {
	if v := recover(); v != nil {
		w.once.Do(func() { w.aborted = true; close(w.ready) })
		err := io.ErrUnexpectedEOF
		if w.caller.Err() != nil {
			err = w.caller.Err() // the handler gave up because the caller did
		}
		_ = w.body.CloseWithError(err)
		if v != http.ErrAbortHandler {
			panic(v)
		}
		return
	}
	w.WriteHeader(http.StatusOK)
	if w.length > w.written && w.status != http.StatusNotModified {
		_ = w.body.CloseWithError(io.ErrUnexpectedEOF)
		return
	}
	_ = w.body.Close()
}

func (w *pipeWriter) response(req *http.Request, body io.ReadCloser) *http.Response {
	return &http.Response{
		Status:        strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.sent,
		Body:          body,
		ContentLength: w.length,
		Request:       req,
	}
}

// pipeBody cancels the handler's context when the caller closes the answer.
type pipeBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Read implements io.Reader.
func (b *pipeBody) Read(p []byte) (int, error) {
	n, err := b.PipeReader.Read(p)
	if err != nil {
		b.cancel()
	}
	return n, err
}

// Close implements io.Closer.
func (b *pipeBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}
