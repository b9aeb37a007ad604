package jiratest

import (
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault makes requests go wrong. The first group of fields says which, the rest
// how; without any of the rest the answer is 500.
type Fault struct {
	// Match is the endpoint, such as "GET /rest/api/3/issue/{issueIdOrKey}", or
	// a method and path as sent in which * stands for anything but a slash, such
	// as "GET /rest/api/3/issue/SUPPORT-7/*". The method may be left out. Empty
	// matches every request, also those of the media host.
	Match string

	// Skip is how many matching requests succeed first.
	Skip int

	// Times is how many matching requests fail. Zero means one, negative all.
	Times int

	// Status, Header and Body replace the answer. Zero Status with a Body, HTML
	// or RetryAfter is 503, or 429 with RetryAfter.
	Status int
	Header http.Header
	Body   string

	// Do is called before the request is answered. It may use all verbs: so
	// issues change, move and go while a client reads. Set alone, it leaves
	// the answer as it is.
	Do func()

	// HTML answers with a page of the edge, as maintenance and login walls do.
	HTML bool

	// RetryAfter sets the Retry-After header verbatim: seconds, a date, nonsense.
	RetryAfter string

	// Edit changes the body of the real answer. Status and Header, if set,
	// then change the rest of it.
	Edit func(body []byte) []byte

	// Truncate breaks the connection after so many bytes of the body.
	Truncate int

	// Drip writes the body one byte at a time with this interval.
	Drip time.Duration

	// Delay waits before answering.
	Delay time.Duration

	// Hang never answers; Drop breaks the connection instead of answering.
	Hang, Drop bool

	// Bare leaves out the headers every answer has, so that only Header remains.
	Bare bool
}

// needsAnswer reports whether the fault works on the real answer.
func (f *Fault) needsAnswer() bool {
	return f.Edit != nil || (f.Truncate > 0 || f.Drip > 0 || f.Delay > 0 || f.Do != nil) &&
		f.Status == 0 && f.Body == "" && !f.HTML && f.RetryAfter == "" && !f.Hang && !f.Drop
}

// apply returns the answer that a fault leaves, nil for none.
func (f *Fault) apply(resp *response) *response {
	switch {
	case f == nil:
		return resp
	case f.Hang || f.Drop:
		return nil
	case f.Edit != nil && resp != nil:
		resp.body = f.Edit(resp.body)
		if f.Status != 0 {
			resp.status = f.Status
		}
		for name, values := range f.Header {
			resp.set(name, strings.Join(values, ", "))
		}
		return resp
	case resp != nil:
		return resp
	}
	out := &response{status: f.status(), contentType: typeJSON, header: f.Header.Clone(), body: []byte(f.Body)}
	if out.header == nil {
		out.header = http.Header{}
	}
	if f.RetryAfter != "" {
		out.header.Set("Retry-After", f.RetryAfter)
	}
	switch {
	case f.HTML:
		out.contentType = "text/html;charset=UTF-8"
		if f.Body == "" {
			out.body = []byte("<!DOCTYPE html><html><head><title>Site temporarily unavailable</title></head><body><h1>We'll be right back</h1></body></html>")
		}
	case f.Body == "" && !f.Bare:
		out.body = encode(object{"errorMessages": []string{http.StatusText(out.status)}, "errors": object{}})
	}
	if t := out.header.Get("Content-Type"); t != "" {
		out.contentType = t
	}
	return out
}

func (f *Fault) status() int {
	switch {
	case f.Status != 0:
		return f.Status
	case f.RetryAfter != "":
		return http.StatusTooManyRequests
	case f.HTML || f.Body != "":
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// BurstLimited is the 429 of the burst limiter, with a pause in seconds.
//
// Source: developer.atlassian.com, "Rate limiting", examples of headers.
func BurstLimited(match string, times, seconds int) Fault {
	return Fault{Match: match, Times: times, Status: http.StatusTooManyRequests, RetryAfter: strconv.Itoa(seconds), Header: http.Header{
		"X-Ratelimit-Limit": {"350"}, "X-Ratelimit-Remaining": {"0"},
		"X-Ratelimit-Reset": {"2026-01-01T01:01:01Z"}, "Ratelimit-Reason": {"jira-burst-based"},
	}}
}

// QuotaLimited is the 429 of the hourly points quota.
//
// Source: developer.atlassian.com, "Rate limiting", examples of headers.
func QuotaLimited(match string, times, seconds int) Fault {
	return Fault{Match: match, Times: times, Status: http.StatusTooManyRequests, RetryAfter: strconv.Itoa(seconds), Header: http.Header{
		"X-Ratelimit-Limit": {"100000"}, "X-Ratelimit-Remaining": {"0"},
		"X-Ratelimit-Reset": {"2025-10-08T15:00Z"}, "Ratelimit-Reason": {"jira-quota-global-based"},
	}}
}

// GatewayLimited is the 429 of the gateway, which has no Retry-After.
//
// Source: a public incident report of 2026-04-22.
func GatewayLimited(match string, times int) Fault {
	return Fault{Match: match, Times: times, Status: http.StatusTooManyRequests, Header: http.Header{
		"X-Failure-Category": {"FAILURE_CLIENT_RATE_LIMITED"},
		"X-Ratelimit-Limit":  {"360000"}, "X-Ratelimit-Remaining": {"0"},
	}}
}

// faultList holds the faults asked for, oldest first.
type faultList struct {
	mu   sync.Mutex
	list []*armed
}

// armed is a fault with what is left of it.
type armed struct {
	Fault
	skip, left int
}

// Fail adds a fault and returns a function that takes it back. Of several that
// match a request the one added first applies, until it is used up.
func (s *Server) Fail(f Fault) (undo func()) {
	a := &armed{Fault: f, skip: f.Skip, left: f.Times}
	if f.Times == 0 {
		a.left = 1
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = append(s.faults.list, a)
	return func() {
		s.faults.mu.Lock()
		defer s.faults.mu.Unlock()
		a.left = 0
	}
}

// ClearFaults takes back all faults.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = nil
}

// take returns the fault that befalls a request, or nil.
func (l *faultList) take(r Request) *Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.list {
		if a.left == 0 || !a.matches(r) {
			continue
		}
		if a.skip > 0 {
			a.skip--
			return nil
		}
		if a.left > 0 {
			a.left--
		}
		return &a.Fault
	}
	return nil
}

func (f *Fault) matches(r Request) bool {
	if f.Match == "" || f.Match == r.Endpoint {
		return true
	}
	method, pattern, both := strings.Cut(f.Match, " ")
	if !both {
		pattern = f.Match
	} else if method != r.Method {
		return false
	}
	_, template, _ := strings.Cut(r.Endpoint, " ")
	matched, err := path.Match(pattern, r.Path)
	return pattern == template || err == nil && matched
}
