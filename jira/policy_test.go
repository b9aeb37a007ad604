package jira

import (
	"net/http"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// Row A-1 of the bad-input table and lessons 95, 96 and 27 of section 7.2:
// every form of Retry-After.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		header map[string]string
		want   time.Duration // 0: nothing said
	}{
		{"seconds", map[string]string{"Retry-After": "7"}, 7 * time.Second},
		{"space around", map[string]string{"Retry-After": " 7 "}, 7 * time.Second},
		{"ten days", map[string]string{"Retry-After": "864000"}, 240 * time.Hour},
		{"zero", map[string]string{"Retry-After": "0"}, 0},
		{"negative", map[string]string{"Retry-After": "-1"}, 0},
		{"signed", map[string]string{"Retry-After": "+5"}, 0},
		{"fraction", map[string]string{"Retry-After": "1.5"}, 0},
		{"list", map[string]string{"Retry-After": "7, 9"}, 0},
		{"garbage", map[string]string{"Retry-After": "soon"}, 0},
		{"beyond all years", map[string]string{"Retry-After": "99999999999999999999"}, 0},
		{"other digits", map[string]string{"Retry-After": "\u0667"}, 0},
		{"absent", nil, 0},
		{"date", map[string]string{"Retry-After": "Mon, 23 Nov 2026 12:01:30 GMT"}, 90 * time.Second},
		{"date in the old form", map[string]string{"Retry-After": "Monday, 23-Nov-26 12:01:30 GMT"}, 90 * time.Second},
		{"date in the past", map[string]string{"Retry-After": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0},
		{"date by the server's clock", map[string]string{"Retry-After": "Tue, 24 Nov 2026 12:00:07 GMT", "Date": "Tue, 24 Nov 2026 12:00:00 GMT"}, 7 * time.Second},
		{"reset", map[string]string{"X-RateLimit-Reset": "2026-11-23T12:00:20Z"}, 20 * time.Second},
		{"reset without seconds", map[string]string{"X-RateLimit-Reset": "2026-11-23T12:05Z"}, 5 * time.Minute},
		{"reset by the server's clock", map[string]string{"X-RateLimit-Reset": "2026-11-23T10:00:20Z", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 20 * time.Second},
		{"reset in the past", map[string]string{"X-RateLimit-Reset": "2026-11-23T11:59:59Z"}, 0},
		{"reset when Retry-After is garbage", map[string]string{"Retry-After": "soon", "X-RateLimit-Reset": "2026-11-23T12:00:20Z"}, 20 * time.Second},
		{"Retry-After before reset", map[string]string{"Retry-After": "1", "X-RateLimit-Reset": "2026-11-23T12:00:20Z"}, time.Second},
		{"beta headers say nothing", map[string]string{"Beta-Retry-After": "9", "X-Beta-RateLimit-Reset": "2026-11-23T16:00Z"}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := http.Header{}
			for name, value := range tc.header {
				h.Set(name, value)
			}
			got, ok := retryAfter(h, noon)
			if got != tc.want || ok != (tc.want > 0) {
				t.Errorf("retryAfter(%v) = %v, %v, want %v", tc.header, got, ok, tc.want)
			}
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"7", "-1", "1.5", "Mon, 23 Nov 2026 12:01:30 GMT", "soon", "2026-11-23T12:05Z", ""} {
		f.Add(seed, seed, "")
	}
	f.Add("", "2026-11-23T12:05Z", "Mon, 23 Nov 2026 12:01:30 GMT")
	f.Fuzz(func(t *testing.T, after, reset, date string) {
		h := http.Header{"Retry-After": {after}, "X-Ratelimit-Reset": {reset}, "Date": {date}}
		if got, ok := retryAfter(h, noon); got < 0 || ok != (got > 0) {
			t.Errorf("retryAfter(%q, %q, %q) = %v, %v", after, reset, date, got, ok)
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	const base, limit = 2 * time.Second, 30 * time.Second
	for n, ceiling := range map[int]time.Duration{1: base, 2: 2 * base, 3: 4 * base, 4: 8 * base, 5: limit, 60: limit, 1 << 30: limit} {
		if got := backoff(n, base, limit, 0); got != 0 {
			t.Errorf("backoff(%d) without jitter = %v, want 0", n, got)
		}
		if got := backoff(n, base, limit, 0.5); got != ceiling/2 {
			t.Errorf("backoff(%d) half way = %v, want %v", n, got, ceiling/2)
		}
	}
	if got := backoff(1, time.Minute, limit, 0.5); got != limit/2 {
		t.Errorf("backoff with a base over the limit = %v, want %v", got, limit/2)
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	r := &call{method: "GET", path: "/x"}
	for _, tc := range []struct {
		name    string
		err     error
		attempt int
		want    bool
	}{
		{"429", r.newError(ErrRateLimited, 429, ""), 1, true},
		{"429 at the last attempt", r.newError(ErrRateLimited, 429, ""), 5, false},
		{"not sent", r.newError(ErrRateLimited, 0, ""), 1, false},
		{"503", r.newError(ErrUnavailable, 503, ""), 4, true},
		{"no answer", r.newError(ErrUnavailable, 0, reasonTimeout), 1, true},
		{"certificate", r.newError(ErrUnavailable, 0, reasonCertificate), 1, false},
		{"401", r.newError(ErrUnauthorized, 401, ""), 1, false},
		{"403", r.newError(ErrForbidden, 403, ""), 1, false},
		{"404", r.newError(ErrNotFound, 404, ""), 1, false},
		{"410", r.newError(ErrRejected, 410, ""), 1, false},
		{"redirect", r.newError(ErrRedirect, 302, ""), 1, false},
		{"too large", r.newError(ErrTooLarge, 200, ""), 1, false},
		{"malformed", r.newError(ErrMalformed, 200, ""), 1, false},
		{"not ours", http.ErrServerClosed, 1, false},
	} {
		if got := retry(tc.err, tc.attempt, 5); got != tc.want {
			t.Errorf("%s: retry = %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestStatusKind(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		200: nil, 201: ErrUnavailable, 204: ErrUnavailable, 206: ErrUnavailable, 101: ErrUnavailable,
		301: ErrRedirect, 302: ErrRedirect, 304: ErrRedirect, 308: ErrRedirect,
		400: ErrRejected, 401: ErrUnauthorized, 403: ErrForbidden, 404: ErrNotFound, 405: ErrRejected, 408: ErrUnavailable,
		410: ErrRejected, 413: ErrRejected, 414: ErrRejected, 422: ErrRejected, 425: ErrUnavailable, 429: ErrRateLimited,
		500: ErrUnavailable, 502: ErrUnavailable, 503: ErrUnavailable, 504: ErrUnavailable, 520: ErrUnavailable, 522: ErrUnavailable, 999: ErrUnavailable,
	} {
		if got := statusKind(status); got != want {
			t.Errorf("statusKind(%d) = %v, want %v", status, got, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2021-01-25T11:09:27.985+0800":    "2021-01-25T03:09:27.985Z",
		"2021-01-25T11:09:27.985+08:00":   "2021-01-25T03:09:27.985Z",
		"2021-01-25T11:09:27+0000":        "2021-01-25T11:09:27Z",
		"2026-06-01T08:00:00.000Z":        "2026-06-01T08:00:00Z",
		"2026-06-01T08:00:00.123456-0330": "2026-06-01T11:30:00.123456Z",
		"":                                "",
		"yesterday":                       "",
		"2026-11-23":                      "",
		"2026-11-23T12:00:00":             "",
		"2026-13-01T00:00:00.000+0000":    "",
		"2026-02-30T00:00:00.000+0000":    "",
		"2026-11-23T12:00:00.000+0000\n":  "",
		"1732363200000":                   "",
		"2026-11-23T12:00:00.0000000000000000000000000000000+0000": "",
	} {
		got, err := parseTime(in)
		switch {
		case want == "" && err == nil:
			t.Errorf("parseTime(%q) = %v, want an error", in, got)
		case want != "" && (err != nil || got.Format(time.RFC3339Nano) != want):
			t.Errorf("parseTime(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"2021-01-25T11:09:27.985+0800", "2026-03-26T16:00Z", "2026-06-01T08:00:00Z", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := parseTime(s)
		if err != nil {
			return
		}
		again, err := parseTime(at.Format("2006-01-02T15:04:05.999999999-0700"))
		if err != nil || !again.Equal(at) {
			t.Errorf("parseTime(%q) = %v does not survive writing: %v, %v", s, at, again, err)
		}
	})
}
