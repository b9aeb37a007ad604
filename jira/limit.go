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
	maxPatience = 5 * time.Minute // the longest a call waits for pauses
	maxPause    = time.Hour       // the longest pause that an answer can impose
)

// A family is a group of calls that Jira limits together: one endpoint and
// method (jira-cloud.md section 4).
type family string

// wholeSite is the gate that stops every family.
const wholeSite family = ""

// Limiter is the one gate that every request of an account passes. Clients of
// the same account share it through Config.Limiter; another account has
// another.
//
// Token buckets spread requests: one for all of them, and one for each family,
// at half of what Jira grants that endpoint. A refusal closes the gate of its
// family, or of the whole site when a quota is used up, for all goroutines
// until the time Jira named. Then a single request goes ahead as a probe; the
// others follow once it has been let through, at half the pace, which grows
// again while nothing is refused. So a client that meets nothing but refusals
// sends one request per pause, however many goroutines wait.
//
// It is safe for concurrent use. No lock is held while it waits.
type Limiter struct {
	perSecond float64
	burst     int
	base      time.Duration // of the pauses that Jira did not name

	mu    sync.Mutex
	total *rate.Limiter
	lanes map[family]*lane
	gates map[family]*gate // the closed ones
	login login
}

// lane is what the limiter knows of a family.
type lane struct {
	pace
	sent    int64
	refused int64
	waiting int
	waited  time.Duration
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
	at     time.Time
	probes []*gate // the gates that this request tests
}

// NewLimiter makes a limiter of so many requests a second, of which burst may
// go out at once; see Config.RateLimit and Config.Burst, also for zero.
func NewLimiter(perSecond float64, burst int) *Limiter {
	c := Config{RateLimit: perSecond, Burst: burst}.withDefaults()
	return newLimiter(c.RateLimit, c.Burst, c.Backoff)
}

// newLimiter makes a limiter of so many requests a second; below zero, of any
// number. Pauses that Jira did not name begin at base.
func newLimiter(perSecond float64, burst int, base time.Duration) *Limiter {
	l := &Limiter{perSecond: perSecond, burst: max(burst, 1), base: base, lanes: map[family]*lane{}, gates: map[family]*gate{}}
	l.total = rate.NewLimiter(l.limit(), l.burst)
	return l
}

func (l *Limiter) limit() rate.Limit {
	if l.perSecond < 0 {
		return rate.Inf
	}
	return rate.Limit(l.perSecond)
}

// lane returns that of a family; the caller holds mu.
func (l *Limiter) lane(f family) *lane {
	if l.lanes[f] == nil {
		top := float64(l.limit())
		if l.perSecond >= 0 {
			top = min(top, granted(f)/2)
		}
		l.lanes[f] = &lane{pace: newPace(top, l.burst)}
	}
	return l.lanes[f]
}

type patienceKey struct{}

// WithPatience returns a context whose calls wait up to d in all for pauses
// that Jira has asked for, instead of five minutes. A call whose pause is longer
// fails at once with ErrRateLimited.
func WithPatience(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, d)
}

// enter waits until a request of the family may be sent; its caller ends a
// pass with leave. If the pauses would exceed the patience there is no pass but
// the time left, so that the caller can put its work aside. The error is the
// context's.
func (l *Limiter) enter(ctx context.Context, f family) (*pass, time.Duration, error) {
	patience, set := ctx.Value(patienceKey{}).(time.Duration)
	if !set {
		patience = maxPatience
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	p, wait, changed := l.admit(f)
	if p != nil {
		return p, 0, nil
	}
	defer l.waits(f)()
	for p == nil {
		if changed != nil && (wait > patience || patience <= 0) {
			return nil, max(wait, time.Second), nil
		}
		if wait == 0 { // behind a probe
			wait = patience
		}
		began := time.Now()
		if err := sleep(ctx, wait, changed); err != nil {
			return nil, 0, err
		}
		if changed != nil {
			patience -= time.Since(began)
		}
		p, wait, changed = l.admit(f)
	}
	return p, 0, nil
}

// waits counts a caller who waits until the function returned is called.
func (l *Limiter) waits(f family) (done func()) {
	began := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lane(f).waiting++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lane(f).waiting--
		l.lane(f).waited += time.Since(began)
	}
}

// admit gives a pass if no gate is closed, or nobody tests one whose time has
// come, and there is a token. Otherwise it returns how long to wait: for a
// token, or, with a channel that tells of a change, for the end of a pause, 0
// if only a probe's result is awaited.
func (l *Limiter) admit(f family) (*pass, time.Duration, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	p := &pass{family: f, at: now}
	for _, f := range []family{wholeSite, f} {
		g := l.gates[f]
		if g == nil {
			continue
		}
		if wait := g.until.Sub(now); wait > 0 || g.probing {
			return nil, max(wait, 0), g.changed
		}
		p.probes = append(p.probes, g)
	}
	lane := l.lane(f)
	lane.adjust(now)
	if wait := l.token(lane, now); wait > 0 {
		return nil, wait, nil
	}
	for _, g := range p.probes {
		g.probing = true
	}
	lane.sent++
	lane.send(now)
	return p, 0, nil
}

// token takes a token of both buckets, or neither and returns the time until
// there are some. (A token that is reserved ahead would be used whatever has
// happened to the gate since.)
func (l *Limiter) token(lane *lane, now time.Time) time.Duration {
	own, total := lane.bucket.ReserveN(now, 1), l.total.ReserveN(now, 1)
	wait := max(own.DelayFrom(now), total.DelayFrom(now))
	if wait > 0 {
		own.CancelAt(now)
		total.CancelAt(now)
	}
	return wait
}

// leave ends a pass. A refusal closes the gate; after any other answer of Jira
// the gates that were tested are open; without a usable answer they are left to
// the next probe.
func (l *Limiter) leave(p *pass, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, _ := errors.AsType[*Error](err)
	for _, g := range p.probes {
		g.probing = false
	}
	lane := l.lane(p.family)
	switch {
	case e != nil && e.refused():
		lane.refused++
		l.close(e.scope(p.family), e.RetryAfter)
		if !e.quota { // a quota is a sum, not a pace
			lane.cut(p.at, time.Now(), l.gates[p.family].until)
		}
	case err == nil || e != nil && e.Status != 0 && e.kind != ErrUnavailable:
		lane.taken++
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
func (l *Limiter) close(f family, pause time.Duration) {
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
		pause = spread(min(pause, maxPause), rand.Float64())
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

// spread makes a pause a little longer, by a random part (jitter, in [0, 1)) of
// a twentieth of it and of a second at most, so that not everyone whom Jira told
// the same time comes back at once.
func spread(pause time.Duration, jitter float64) time.Duration {
	return pause + time.Duration(jitter*float64(min(pause/20, time.Second)))
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
