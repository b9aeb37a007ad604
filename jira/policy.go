package jira

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The policy of retries, as functions of what was answered. Whether: retry;
// how long: retryAfter and backoff. The waiting is limit.go's and call.go's.

// maxBackoff caps the waits of one call after a fault that does not concern
// the others; pauses of a gate are capped by maxPatience.
const maxBackoff = 30 * time.Second

// retry reports whether a call that failed with err after so many attempts is
// tried again. Not if it was not sent because a pause is too long to wait for.
func retry(err error, attempt, maxAttempts int) bool {
	e, ok := errors.AsType[*Error](err)
	unsent := ok && e.kind == ErrRateLimited && e.Status == 0
	return ok && !unsent && e.Retryable() && attempt < maxAttempts
}

// refused reports whether Jira asked everybody to wait.
func (e *Error) refused() bool {
	return e.kind == ErrRateLimited || e.Status == http.StatusServiceUnavailable && e.RetryAfter > 0
}

// scope returns the gate that a refusal closes: a quota is the site's, a burst
// limit concerns one endpoint.
func (e *Error) scope(f family) family {
	if e.quota {
		return wholeSite
	}
	return f
}

// quotaReason reports whether a RateLimit-Reason tells of a used-up quota.
func quotaReason(reason string) bool {
	return strings.HasPrefix(reason, "jira-quota-") || reason == "jira-cost-based"
}

// backoff returns the wait before attempt n+1, n ≥ 1: a random part (jitter,
// in [0, 1)) of base·2ⁿ⁻¹ or limit, whichever is less.
func backoff(n int, base, limit time.Duration, jitter float64) time.Duration {
	ceiling := base
	for i := 1; i < n && ceiling < limit; i++ {
		ceiling *= 2
	}
	return time.Duration(jitter * float64(min(ceiling, limit)))
}

// retryAfter returns how long an answer asks to wait: Retry-After in whole
// seconds or as an HTTP date, else X-RateLimit-Reset. Times are compared with
// the answer's own Date, so that our clock does not matter. A value that is
// not positive or cannot be read says nothing: the caller backs off.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	value := strings.TrimSpace(h.Get("Retry-After"))
	var pause time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		pause = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		pause = date.Sub(now)
	} else if reset, err := parseReset(h.Get("X-RateLimit-Reset")); err == nil {
		pause = reset.Sub(now)
	}
	if pause <= 0 {
		return 0, false
	}
	return pause, true
}
