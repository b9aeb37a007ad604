package jiratest

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limits are what makes the site answer 429: token buckets, and pauses.
type limits struct {
	mu       sync.Mutex
	burst    bucketRule            // for each endpoint, shared by all accounts
	accounts map[string]bucketRule // for each endpoint, of one account
	buckets  map[string]*bucket    // by account ("" for all) and endpoint
	pauses   []pause
	told     map[string]warning // by account and endpoint
	early    int                // requests in spite of one
	form     RetryForm
}

// warning is what a 429 said.
type warning struct{ at, until time.Time }

// bucketRule is the size of token buckets and how fast they fill; zero: none.
type bucketRule struct {
	rate, size float64 // tokens a second, tokens
}

type bucket struct {
	bucketRule
	tokens float64
	at     time.Time
}

// pause refuses requests until a time.
type pause struct {
	match Fault
	until time.Time
}

// RetryForm is how a 429 of the site's limiters says when to come back.
type RetryForm int

// The forms of Retry-After.
const (
	RetrySeconds RetryForm = iota // whole seconds, as documented
	RetryDate                     // an HTTP date, as RFC 9110 allows
	RetryReset                    // not at all: X-RateLimit-Reset alone
	RetryNothing                  // nothing at all, as the gateway does
)

// LimitBurst lets each endpoint answer perSecond requests a second, size at
// once; more get 429 with Retry-After. Zero ends the limit. The limit is per
// site, method and endpoint, whoever asks.
//
// Source: developer.atlassian.com, "Rate limiting", burst limits.
func (s *Server) LimitBurst(perSecond float64, size int) {
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	s.limits.burst, s.limits.buckets = bucketRule{perSecond, float64(size)}, nil
}

// LimitAccount is LimitBurst for the requests of one account, beside those of
// the site.
//
// guessed: limits of a token of its own are reported, not documented.
func (s *Server) LimitAccount(a Account, perSecond float64, size int) {
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	if s.limits.accounts == nil {
		s.limits.accounts = map[string]bucketRule{}
	}
	s.limits.accounts[a.Email], s.limits.buckets = bucketRule{perSecond, float64(size)}, nil
}

// Pause refuses the requests that match, as Fault.Match does, for d from now:
// with 429 and a Retry-After that names the end.
func (s *Server) Pause(match string, d time.Duration) {
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	s.limits.pauses = append(s.limits.pauses, pause{Fault{Match: match}, s.now().Add(d)})
}

// SetRetryForm chooses how a 429 of LimitBurst, LimitAccount and Pause says
// when to come back.
func (s *Server) SetRetryForm(f RetryForm) {
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	s.limits.form = f
}

// Early counts the requests of an account to an endpoint that came after a 429
// and before the time it had named. Those of the same instant do not count:
// they were under way.
func (s *Server) Early() int {
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	return s.limits.early
}

// defaultBurst is what X-RateLimit-Limit says on unlimited sites.
const defaultBurst = 350

// take spends the tokens of a request and reports what is left, or the 429.
func (l *limits) take(r Request, now time.Time) (limit, left int, refused *response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	who := r.Account + "\x00" + r.Endpoint
	if w := l.told[who]; now.After(w.at) && now.Before(w.until) {
		l.early++
	}
	limit, left, wait := defaultBurst, defaultBurst-1, l.paused(r, now)
	var open []*bucket
	for _, k := range []*bucket{
		l.bucket("\x00"+r.Endpoint, l.burst, now),
		l.bucket(who, l.accounts[r.Account], now),
	} {
		if k == nil {
			continue
		}
		limit = int(k.size)
		if k.tokens < 1 {
			wait = max(wait, time.Duration((1-k.tokens)/k.rate*float64(time.Second)))
		}
		open = append(open, k)
	}
	if wait > 0 {
		return limit, 0, l.refuse(who, now, wait)
	}
	for _, k := range open {
		k.tokens--
		left = int(k.tokens)
	}
	return limit, left, nil
}

// paused returns how long a pause of the request's endpoint still lasts.
func (l *limits) paused(r Request, now time.Time) (wait time.Duration) {
	for _, p := range l.pauses {
		if p.match.matches(r) {
			wait = max(wait, p.until.Sub(now))
		}
	}
	return wait
}

// bucket returns a bucket as it is now, or nil if there is no rule for it.
func (l *limits) bucket(name string, rule bucketRule, now time.Time) *bucket {
	if rule.rate == 0 {
		return nil
	}
	k := l.buckets[name]
	if k == nil {
		if l.buckets == nil {
			l.buckets = map[string]*bucket{}
		}
		k = &bucket{bucketRule: rule, tokens: rule.size, at: now}
		l.buckets[name] = k
	}
	k.tokens = min(rule.size, k.tokens+now.Sub(k.at).Seconds()*rule.rate)
	k.at = now
	return k
}

// refuse makes the 429 and remembers what it said.
func (l *limits) refuse(who string, now time.Time, wait time.Duration) *response {
	seconds := time.Duration(math.Ceil(wait.Seconds()))
	until := now.Add(seconds * time.Second)
	r := failure(http.StatusTooManyRequests, "Rate limit exceeded").set("Ratelimit-Reason", "jira-burst-based")
	switch l.form {
	case RetrySeconds:
		r.set("Retry-After", strconv.Itoa(int(seconds))).set("X-Ratelimit-Reset", resetTime(now.Add(wait)))
	case RetryDate:
		until = now.Add(wait).Truncate(time.Second).Add(time.Second)
		r.set("Retry-After", until.UTC().Format(http.TimeFormat)).set("Date", now.UTC().Format(http.TimeFormat))
	case RetryReset:
		until = now.Add(wait).Truncate(time.Second).Add(time.Second)
		r.set("X-Ratelimit-Reset", resetTime(until))
	case RetryNothing:
		return r
	}
	if l.told == nil {
		l.told = map[string]warning{}
	}
	l.told[who] = warning{now, until}
	return r
}

func resetTime(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }

// stamp writes the state of the bucket on an answer.
func stamp(r *response, limit, left int) {
	if r.header.Get("X-Ratelimit-Limit") == "" {
		r.set("X-Ratelimit-Limit", strconv.Itoa(limit)).set("X-Ratelimit-Remaining", strconv.Itoa(left))
	}
}
