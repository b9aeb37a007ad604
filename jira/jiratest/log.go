package jiratest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"
)

// Bounds of what a server remembers about its callers.
const (
	maxLogged   = 100_000
	maxProblems = 1_000
)

// Request is one request that a host of the site received.
type Request struct {
	Time     time.Time
	Method   string
	Host     string // "site", "gateway" or "media"
	Path     string // as sent, without the gateway's prefix
	Query    string // as sent
	Endpoint string // method and path template, "" for an unknown path
	Account  string // e-mail address, "" for anonymous callers
	Status   int    // 0 when the connection was dropped without an answer
}

// requestLog counts and keeps requests, and collects problems.
type requestLog struct {
	mu       sync.Mutex
	random   *rand.Rand
	counts   map[string]int
	requests []Request
	problems []string
	open     int
	maxOpen  int
}

func (l *requestLog) add(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	l.counts[r.Endpoint]++
	if len(l.requests) < maxLogged {
		l.requests = append(l.requests, r)
	}
}

func (l *requestLog) enter() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open++
	l.maxOpen = max(l.maxOpen, l.open)
}

func (l *requestLog) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
}

// traceID returns the 32 hex digits of a trace id.
func (l *requestLog) traceID() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%016x%016x", l.random.Uint64(), l.random.Uint64())
}

// Requests counts the requests received so far by endpoint, for example
// "GET /rest/api/3/issue/{issueIdOrKey}". Requests at the gateway count under the
// same names; requests for unknown paths count under "".
func (s *Server) Requests() map[string]int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return maps.Clone(s.log.counts)
}

// RequestLog returns the requests received so far, in the order of their
// answers. It holds the first 100,000.
func (s *Server) RequestLog() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return append([]Request(nil), s.log.requests...)
}

// MaxConcurrent is the largest number of requests that were in hand at once.
func (s *Server) MaxConcurrent() int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.maxOpen
}

// ResetLog forgets counted requests, logged requests and problems.
func (s *Server) ResetLog() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.counts, s.log.requests, s.log.problems, s.log.maxOpen = nil, nil, nil, s.log.open
}

// Problems lists what callers did that Jira would refuse, ignore silently or
// suffer from: unknown paths, parameters and body members, requests without
// credentials, credentials sent to the media host, page tokens used with another
// query, and verbs that could not be carried out. A test asserts that it is
// empty. It holds the first 1,000.
func (s *Server) Problems() []string {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return append([]string(nil), s.log.problems...)
}

func (s *Server) problemf(format string, args ...any) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if len(s.log.problems) < maxProblems {
		s.log.problems = append(s.log.problems, fmt.Sprintf(format, args...))
	}
}
