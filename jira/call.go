package jira

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Names of log attributes.
const (
	keyMethod   = "method"
	keyPath     = "path"
	keyStatus   = "status"
	keyAttempt  = "attempt"
	keyDelay    = "delay"
	keyDuration = "duration"
	keyBytes    = "bytes"
	keyIssue    = "issue"
	keyPart     = "part"
	keyError    = "error"
)

// call is one request to Jira, all of them reads: it can be sent again.
type call struct {
	family family
	method string
	path   string // without host and query, begins with "/"
	query  url.Values
	body   any // encoded as JSON if not nil

	attempts int // how often it is sent in all; 0 means Config.MaxAttempts

	// decode reads the answer. Its error means that the answer was cut or is
	// of another JSON type than expected, which a further attempt can mend.
	decode func(body []byte) error
}

func get(f family, path string, query url.Values, decode func([]byte) error) *call {
	return &call{family: f, method: http.MethodGet, path: path, query: query, decode: decode}
}

func post(f family, path string, body any, decode func([]byte) error) *call {
	return &call{family: f, method: http.MethodPost, path: path, body: body, decode: decode}
}

// do sends a call, as often as the policy says.
func (c *Client) do(ctx context.Context, r *call) error {
	return c.attempts(ctx, r, func() error { return c.send(ctx, r) })
}

// attempts calls send, each time through the limiter, until it succeeds, fails
// for good or the attempts are used up.
func (c *Client) attempts(ctx context.Context, r *call, send func() error) error {
	if err := c.permitted(ctx, r); err != nil {
		return err
	}
	limit := c.cfg.MaxAttempts
	if r.attempts > 0 {
		limit = min(limit, r.attempts)
	}
	for attempt := 1; ; attempt++ {
		err := c.limited(ctx, r, send)
		c.learn(ctx, r, err)
		if err == nil || !retry(err, attempt, limit) {
			return err
		}
		var delay time.Duration // the limiter's gate keeps refused calls waiting
		if e, ok := errors.AsType[*Error](err); ok && !e.refused() {
			delay = backoff(attempt, c.cfg.Backoff, maxBackoff, rand.Float64())
		}
		c.log.DebugContext(ctx, "request failed, trying again", keyMethod, r.method, keyPath, r.path, keyAttempt, attempt, keyDelay, delay, keyError, err)
		if sleep(ctx, delay, nil) != nil {
			return r.transportError(ctx, err)
		}
	}
}

// limited sends once the limiter lets it.
func (c *Client) limited(ctx context.Context, r *call, send func() error) error {
	p, left, err := c.limit.enter(ctx, r.family)
	if err != nil {
		return r.transportError(ctx, err)
	}
	if p == nil {
		e := r.newError(ErrRateLimited, 0, "Jira asked for a pause that is not over")
		e.RetryAfter = left
		return e
	}
	err = send()
	c.limit.leave(p, err)
	return err
}

// send makes one exchange.
func (c *Client) send(ctx context.Context, r *call) error {
	started := time.Now()
	body, status, err := c.exchange(ctx, r)
	if err == nil {
		switch fault := r.decode(body); {
		case errors.Is(fault, errNobody):
			err = r.newError(ErrUnauthorized, status, fault.Error())
		case fault != nil:
			err = r.newError(ErrUnavailable, status, reasonShape)
		}
	}
	c.logRequest(ctx, r, status, int64(len(body)), started, err)
	return err
}

// exchange sends a call and reads the answer, which has status 200.
func (c *Client) exchange(ctx context.Context, r *call) (body []byte, status int, err error) {
	attempt, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	req, err := c.rest.NewRequest(attempt, r.method, r.target(), r.body)
	if err != nil {
		return nil, 0, r.newError(ErrRejected, 0, "the request cannot be built")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	res, err := c.site.Do(req)
	if err != nil {
		return nil, 0, r.transportError(ctx, err)
	}
	defer discard(res.Body)
	status = res.StatusCode
	if e := r.statusError(res, time.Now()); e != nil {
		return nil, status, e
	}
	if isHTML(res.Header) {
		return nil, status, r.newError(ErrUnavailable, status, reasonHTML)
	}
	body, err = io.ReadAll(io.LimitReader(res.Body, c.cfg.MaxBodyBytes+1))
	switch {
	case int64(len(body)) > c.cfg.MaxBodyBytes:
		return nil, status, r.newError(ErrTooLarge, status, fmt.Sprintf("more than %d bytes", c.cfg.MaxBodyBytes))
	case err != nil && ctx.Err() == nil && attempt.Err() == nil:
		return nil, status, r.newError(ErrUnavailable, status, reasonCut)
	case err != nil:
		return nil, status, r.transportError(ctx, err)
	}
	return body, status, nil
}

// target returns path and query relative to the base URL.
func (r *call) target() string {
	target := strings.TrimPrefix(r.path, "/")
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	return target
}

func (c *Client) logRequest(ctx context.Context, r *call, status int, n int64, started time.Time, err error) {
	attrs := []slog.Attr{
		slog.String(keyMethod, r.method), slog.String(keyPath, r.path), slog.Int(keyStatus, status),
		slog.Int64(keyBytes, n), slog.Duration(keyDuration, time.Since(started)),
	}
	if err != nil {
		attrs = append(attrs, slog.Any(keyError, err))
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "request", attrs...)
}

func isHTML(h http.Header) bool {
	mediaType, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return mediaType == "text/html" || mediaType == "application/xhtml+xml"
}

// discard reads what is left of a body, within reason, so that the connection
// can be used again, and closes it.
func discard(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	_ = body.Close()
}
