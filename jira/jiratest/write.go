package jiratest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// common sets the headers that every answer of the edge carries.
//
// Source: answers recorded in public on 2026-10-08; developer.atlassian.com,
// "Rate limiting", for the burst bucket.
func (s *Server) common(h http.Header) {
	trace := s.log.traceID()
	set := func(name, value string) {
		if h.Get(name) == "" {
			h.Set(name, value)
		}
	}
	set("Server", "AtlassianEdge")
	set("X-Arequestid", s.log.traceID())
	set("Atl-Traceid", trace)
	set("Atl-Request-Id", fmt.Sprintf("%s-%s-%s-%s-%s", trace[:8], trace[8:12], trace[12:16], trace[16:20], trace[20:]))
	set("Cache-Control", "no-cache, no-store, no-transform")
	set("Vary", "Accept-Encoding")
	set("X-Content-Type-Options", "nosniff")
	set("X-Xss-Protection", "1; mode=block")
	set("Timing-Allow-Origin", "*")
	set("Strict-Transport-Security", "max-age=63072000; includeSubDomains; preload")
}

// write sends an answer, or what a fault leaves of it.
func (s *Server) write(w http.ResponseWriter, r *http.Request, resp *response, f *Fault) {
	ctx := r.Context()
	if f != nil && f.Delay > 0 && !s.sleep(ctx, f.Delay) {
		panic(http.ErrAbortHandler)
	}
	switch {
	case f != nil && f.Hang:
		s.hang(ctx)
	case f != nil && f.Drop, resp == nil:
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	for name, values := range resp.header {
		h[name] = values
	}
	if f == nil || !f.Bare {
		s.common(h)
	}
	if resp.contentType != "" {
		h.Set("Content-Type", resp.contentType)
	}
	h.Set("Content-Length", strconv.Itoa(len(resp.body)))
	w.WriteHeader(resp.status)
	if r.Method == http.MethodHead {
		return
	}
	switch {
	case f != nil && f.Truncate > 0 && f.Truncate < len(resp.body):
		_, _ = w.Write(resp.body[:f.Truncate])
		flush(w)
		panic(http.ErrAbortHandler)
	case f != nil && f.Drip > 0:
		s.drip(ctx, w, resp.body, f.Drip)
	default:
		_, _ = w.Write(resp.body)
	}
}

// hang answers nothing until the caller or the server gives up.
func (s *Server) hang(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.done:
	}
	panic(http.ErrAbortHandler)
}

// drip writes one byte per interval.
func (s *Server) drip(ctx context.Context, w http.ResponseWriter, body []byte, every time.Duration) {
	for n := range body {
		if _, err := w.Write(body[n : n+1]); err != nil {
			panic(http.ErrAbortHandler)
		}
		flush(w)
		if !s.sleep(ctx, every) {
			panic(http.ErrAbortHandler)
		}
	}
}

func flush(w http.ResponseWriter) {
	if f, canFlush := w.(http.Flusher); canFlush {
		f.Flush()
	}
}
