package jira

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// What went wrong, for errors.Is. Every error of a request is an [*Error] that
// matches exactly one of them, or the context's error if the caller gave up.
var (
	// ErrNotFound: 404. The issue does not exist or the account may not see
	// it; Jira does not tell which. It is no proof of a deletion.
	ErrNotFound = errors.New("not found or not visible")
	// ErrUnauthorized: 401, or any status with X-Seraph-LoginReason, which
	// Jira sends when it treats a bad login as an anonymous visitor.
	ErrUnauthorized = errors.New("login refused")
	// ErrForbidden: 403.
	ErrForbidden = errors.New("forbidden")
	// ErrRateLimited: 429 until the attempts or the patience ran out.
	// Error.RetryAfter says when to come back.
	ErrRateLimited = errors.New("rate limited")
	// ErrTooLarge: an answer or attachment beyond the configured limit.
	ErrTooLarge = errors.New("too large")
	// ErrUnavailable: no answer, a 5xx, a page of HTML, an answer cut short.
	// Trying again later can help.
	ErrUnavailable = errors.New("no usable answer")
	// ErrRejected: another 4xx. Asking the same again does not help.
	ErrRejected = errors.New("request rejected")
	// ErrRedirect: a redirect that this client does not follow.
	ErrRedirect = errors.New("redirect refused")
	// ErrMalformed: JSON, but not what was asked for, such as another issue
	// or an issue without fields. It must not replace what is stored.
	ErrMalformed = errors.New("unexpected answer")
	// ErrPageToken: a search lost its way: its page token was refused,
	// repeated or led nowhere. Begin that search again.
	ErrPageToken = errors.New("page token useless")
	// ErrNoServiceDesk: 403 or 404 of the service desk API as a whole. The
	// site has no Jira Service Management, or the account no access to it.
	ErrNoServiceDesk = errors.New("no service desk")
	// ErrInvalidID: the argument is neither an issue key nor a numeric id.
	// Nothing was sent.
	ErrInvalidID = errors.New("neither an issue key nor a numeric id")
)

// Error is a request that failed. Its text names the call and the class of the
// failure; it never holds a query, a signed URL, a header or a part of the
// answer, so it can be logged and shown.
type Error struct {
	Method     string        // GET or POST
	Path       string        // path of the API call, without host and query
	Status     int           // HTTP status; 0 if there was no answer
	RetryAfter time.Duration // how long Jira asked to wait; 0 if it did not
	RequestID  string        // Jira's trace id, for Atlassian's support; may be empty
	Hint       string        // what an operator can do about it; may be empty

	kind   error  // one of the sentinels
	reason string // fixed text, more exact than the kind
	quota  bool   // the refusal concerns the whole site
}

// Error returns the call, the status, the class and the trace id.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", e.Method, e.Path)
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d ", e.Status)
	}
	b.WriteString(e.kind.Error())
	if e.reason != "" {
		fmt.Fprintf(&b, ": %s", e.reason)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (trace %s)", e.RequestID)
	}
	return b.String()
}

// Is reports whether target is the sentinel of this error.
func (e *Error) Is(target error) bool { return target == e.kind }

// Retryable reports whether the same request can succeed later: rate limits
// and [ErrUnavailable], except for a certificate that does not check out.
func (e *Error) Retryable() bool {
	return e.kind == ErrRateLimited || e.kind == ErrUnavailable && e.reason != reasonCertificate
}

const (
	reasonCertificate = "the server's certificate is not valid"
	reasonTimeout     = "timed out"
	reasonCut         = "the answer was cut short or is not JSON"
	reasonHTML        = "the answer is a web page"
	reasonShape       = "the answer is not of the expected JSON type"
)

// newError returns the error of a call that got an answer or, with status 0,
// none.
func (r *call) newError(kind error, status int, reason string) *Error {
	return &Error{Method: r.method, Path: r.path, Status: status, kind: kind, reason: reason, Hint: hint(kind, status)}
}

// statusError classifies an answer by its status and headers alone; it returns
// nil for 200. Jira marks a failed login on any status, even 200 (reference
// jira-cloud.md section 3, measured 2026-09).
func (r *call) statusError(res *http.Response, now time.Time) *Error {
	kind, text := statusKind(res.StatusCode), ""
	if kind == ErrNotFound && isHTML(res.Header) {
		kind, text = ErrUnavailable, reasonHTML // the edge, not Jira: no such site, or it moved
	}
	if anonymous(res.Header) {
		kind = ErrUnauthorized
	}
	if kind == nil {
		return nil
	}
	e := r.newError(kind, res.StatusCode, text)
	e.RequestID = requestID(res.Header)
	e.RetryAfter, _ = retryAfter(res.Header, now)
	e.quota = quotaReason(res.Header.Get("RateLimit-Reason"))
	return e
}

// anonymous reports whether an answer, whatever its status, was meant for a
// visitor: we never ask as one.
func anonymous(h http.Header) bool {
	reason := h.Get("X-Seraph-LoginReason")
	return reason == "AUTHENTICATED_FAILED" || reason == "AUTHENTICATION_DENIED" || strings.EqualFold(h.Get("X-AUSERNAME"), "anonymous")
}

func statusKind(status int) error {
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status == http.StatusForbidden:
		return ErrForbidden
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return ErrUnavailable
	case 300 <= status && status < 400:
		return ErrRedirect
	case 400 <= status && status < 500:
		return ErrRejected
	}
	return ErrUnavailable // 5xx, and a 2xx that a read does not get
}

func hint(kind error, status int) string {
	switch kind {
	case ErrUnauthorized:
		return "check the e-mail address and the API token: it may have expired (one year at most), and a scoped token works only at https://api.atlassian.com/ex/jira/{cloudId}"
	case ErrForbidden:
		return "the account lacks a permission or the token a scope"
	case ErrRedirect:
		return "the site may have moved: check the base URL"
	case ErrRejected:
		if status == http.StatusGone {
			return "Atlassian removed this API: a newer version is needed"
		}
	}
	return ""
}

// requestID returns Jira's trace id if it looks like one.
func requestID(h http.Header) string {
	for _, name := range []string{"Atl-Traceid", "X-Arequestid", "Atl-Request-Id"} {
		id := h.Get(name)
		if id != "" && len(id) <= 64 && strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == "" {
			return id
		}
	}
	return ""
}

// transportError turns the error of an exchange into ours. The text of
// net/http's errors holds the URL with its query and sometimes bytes of the
// answer, so only its class is kept.
func (r *call) transportError(ctx context.Context, err error) error {
	if ctx.Err() != nil { // the caller's, not the limit of one attempt
		return fmt.Errorf("%s %s: %w", r.method, r.path, ctx.Err())
	}
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	return r.newError(ErrUnavailable, 0, transportReason(err))
}

func transportReason(err error) string {
	var (
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		timeout     net.Error
	)
	switch {
	case errors.As(err, &certificate):
		return reasonCertificate
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return reasonTimeout
	case errors.As(err, &dns):
		return "the host name does not resolve"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, errForbiddenAddress):
		return errForbiddenAddress.Error()
	}
	return "the connection broke"
}
