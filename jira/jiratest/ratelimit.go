package jiratest

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// bursts is the burst limiter: a token bucket for each endpoint, shared by all
// accounts.
type bursts struct {
	mu      sync.Mutex
	rate    float64 // tokens a second, zero: no limit
	size    float64
	buckets map[string]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// LimitBurst lets each endpoint answer perSecond requests a second, size at
// once; more get 429 with Retry-After. Zero ends the limit. The limit is per
// site, method and endpoint, whoever asks.
//
// Source: developer.atlassian.com, "Rate limiting", burst limits.
func (s *Server) LimitBurst(perSecond float64, size int) {
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	s.limits.rate, s.limits.size, s.limits.buckets = perSecond, float64(size), map[string]*bucket{}
}

// defaultBurst is what X-RateLimit-Limit says on unlimited sites.
const defaultBurst = 350

// take spends a token of an endpoint and reports what is left, or the 429.
func (b *bursts) take(endpoint string, now time.Time) (limit, left int, refused *response) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rate == 0 {
		return defaultBurst, defaultBurst - 1, nil
	}
	k := b.buckets[endpoint]
	if k == nil {
		k = &bucket{tokens: b.size, at: now}
		b.buckets[endpoint] = k
	}
	k.tokens = min(b.size, k.tokens+now.Sub(k.at).Seconds()*b.rate)
	k.at = now
	if k.tokens < 1 {
		wait := time.Duration((1 - k.tokens) / b.rate * float64(time.Second))
		r := failure(http.StatusTooManyRequests, "Rate limit exceeded").
			set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second))).
			set("X-Ratelimit-Reset", now.Add(wait).UTC().Format("2006-01-02T15:04:05Z")).
			set("Ratelimit-Reason", "jira-burst-based")
		return int(b.size), 0, r
	}
	k.tokens--
	return int(b.size), int(k.tokens), nil
}

// stamp writes the state of the bucket on an answer.
func stamp(r *response, limit, left int) {
	if r.header.Get("X-Ratelimit-Limit") == "" {
		r.set("X-Ratelimit-Limit", strconv.Itoa(limit)).set("X-Ratelimit-Remaining", strconv.Itoa(left))
	}
}
