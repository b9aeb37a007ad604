package jira

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	maxPatience = 5 * time.Minute // the longest a request waits to be let through
	maxPause    = time.Hour       // the longest pause that an answer can impose
)

// A family is a group of calls that Jira limits together: one endpoint and
// method (jira-cloud.md section 4).
type family string

// wholeSite is the gate that stops every family.
const wholeSite family = ""

// limiter is the one gate that every request of a client passes.
//
// A token bucket spreads requests. A refusal closes the gate of its family, or
// of the whole site when a quota is used up, for all goroutines until the time
// Jira named. Then a single request goes ahead as a probe; the others follow
// once it has been let through. So a client that meets nothing but refusals
// sends one request per pause, however many goroutines wait.
//
// It is safe for concurrent use.
type limiter struct {
	bucket *rate.Limiter
	base   time.Duration // of the pauses that Jira did not name

	mu    sync.Mutex
	gates map[family]*gate // the closed ones
}

// gate is a closed gate.
type gate struct {
	until    time.Time
	refusals int           // pauses in a row
	probing  bool          // a probe is under way
	changed  chan struct{} // closed and renewed when the fields above change
}

// pass is the permission to send one request.
type pass struct {
	family family
	probes []*gate // the gates that this request tests
}

// newLimiter makes a limiter of so many requests a second; below zero, of any
// number. Pauses that Jira did not name begin at base.
func newLimiter(perSecond float64, burst int, base time.Duration) *limiter {
	limit := rate.Limit(perSecond)
	if perSecond < 0 {
		limit = rate.Inf
	}
	return &limiter{bucket: rate.NewLimiter(limit, burst), base: base, gates: map[family]*gate{}}
}

// enter waits until a request of the family may be sent; its caller ends a
// pass with leave. If the wait would exceed maxPatience there is no pass but
// the time left, so that the caller can put its work aside. The error is the
// context's.
func (l *limiter) enter(ctx context.Context, f family) (*pass, time.Duration, error) {
	deadline := time.Now().Add(maxPatience)
	for {
		p, wait, changed := l.admit(f)
		if p != nil {
			return p, 0, l.token(ctx, p)
		}
		left := time.Until(deadline)
		if wait > left || left <= 0 {
			return nil, max(wait, time.Second), nil
		}
		if wait == 0 { // behind a probe
			wait = left
		}
		if err := sleep(ctx, wait, changed); err != nil {
			return nil, 0, err
		}
	}
}

// admit gives a pass if no gate is closed, or nobody tests one whose time has
// come. Otherwise it returns how long the pause still lasts, 0 if only a
// probe's result is awaited, and a channel that tells of a change.
func (l *limiter) admit(f family) (*pass, time.Duration, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &pass{family: f}
	for _, f := range []family{wholeSite, f} {
		g := l.gates[f]
		if g == nil {
			continue
		}
		if wait := time.Until(g.until); wait > 0 || g.probing {
			return nil, max(wait, 0), g.changed
		}
		p.probes = append(p.probes, g)
	}
	for _, g := range p.probes {
		g.probing = true
	}
	return p, 0, nil
}

// token takes a token of the bucket and waits for its time. (rate's own Wait
// has errors of its own in place of the context's.)
func (l *limiter) token(ctx context.Context, p *pass) error {
	r := l.bucket.Reserve()
	err := sleep(ctx, r.Delay(), nil)
	if err != nil {
		r.Cancel()
		l.leave(p, err)
	}
	return err
}

// leave ends a pass. A refusal closes the gate; after any other answer of Jira
// the gates that were tested are open; without a usable answer they are left to
// the next probe.
func (l *limiter) leave(p *pass, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, _ := errors.AsType[*Error](err)
	for _, g := range p.probes {
		g.probing = false
	}
	switch {
	case e != nil && e.refused():
		l.close(e.scope(p.family), e.RetryAfter)
	case err == nil || e != nil && e.Status != 0 && e.kind != ErrUnavailable:
		for _, f := range []family{wholeSite, p.family} {
			if slices.Contains(p.probes, l.gates[f]) {
				delete(l.gates, f)
			}
		}
	}
	for _, g := range p.probes {
		g.notify()
	}
}

// close shuts the gate of a family for the pause Jira named or, for none, for
// one that grows with each refusal. Requests that were under way when it shut
// can make a named pause longer; they do not count as further refusals.
func (l *limiter) close(f family, pause time.Duration) {
	g := l.gates[f]
	if g == nil {
		g = &gate{changed: make(chan struct{})}
		l.gates[f] = g
	}
	shut := time.Now().Before(g.until)
	if !shut {
		g.refusals++
	}
	switch {
	case pause > 0:
		pause = min(pause, maxPause)
	case shut:
		return
	default:
		pause = backoff(g.refusals, l.base, maxPatience, rand.Float64())
	}
	if until := time.Now().Add(pause); until.After(g.until) {
		g.until = until
	}
	g.notify()
}

func (g *gate) notify() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// sleep waits for d, for changed to be closed or for the context to end, and
// returns the context's error.
func sleep(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-changed:
	}
	return ctx.Err()
}
