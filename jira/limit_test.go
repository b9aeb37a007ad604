package jira

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func refusal(after time.Duration) *Error {
	return &Error{Status: 429, kind: ErrRateLimited, RetryAfter: after}
}

// mustEnter passes the limiter and returns the wait.
func mustEnter(t *testing.T, l *Limiter, f family) (*pass, time.Duration) {
	t.Helper()
	started := time.Now()
	p, left, err := l.enter(t.Context(), f)
	if err != nil || p == nil {
		t.Fatalf("enter(%q) = %v left, %v", f, left, err)
	}
	return p, time.Since(started)
}

// afterPause reports whether a wait is that of a pause: not a moment shorter,
// longer by its jitter and by the slower pace that follows.
func afterPause(got, pause time.Duration) bool {
	return got >= pause && got <= pause+min(pause/20, time.Second)+100*time.Millisecond
}

func TestLimiterSpreadsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(10, 5, time.Second)
		started := time.Now()
		for range 45 {
			p, _ := mustEnter(t, l, "issue")
			l.leave(p, nil)
		}
		if got := time.Since(started); got != 4*time.Second { // 5 at once, then 10 a second
			t.Errorf("45 requests took %v, want 4s", got)
		}
	})
}

func TestLimiterUnlimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(-1, 1, time.Second)
		for range 1000 {
			if p, waited := mustEnter(t, l, "issue"); waited != 0 {
				t.Fatalf("waited %v", waited)
			} else {
				l.leave(p, nil)
			}
		}
	})
}

func TestLimiterPausesTheFamily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(-1, 1, time.Second)
		p, _ := mustEnter(t, l, "issue")
		l.leave(p, refusal(7*time.Second))
		if _, waited := mustEnter(t, l, "comment"); waited != 0 {
			t.Errorf("another family waited %v", waited)
		}
		p, waited := mustEnter(t, l, "issue")
		if !afterPause(waited, 7*time.Second) {
			t.Errorf("the family waited %v, want 7s", waited)
		}
		l.leave(p, nil)
		if _, waited := mustEnter(t, l, "issue"); waited > 50*time.Millisecond {
			t.Errorf("after an answer the family waited %v", waited)
		}
	})
}

func TestLimiterQuotaPausesTheSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(-1, 1, time.Second)
		p, _ := mustEnter(t, l, "issue")
		e := refusal(time.Minute)
		e.quota = true
		l.leave(p, e)
		p, waited := mustEnter(t, l, "comment")
		if !afterPause(waited, time.Minute) {
			t.Errorf("another family waited %v, want 1m", waited)
		}
		l.leave(p, nil)
		if _, waited := mustEnter(t, l, "issue"); waited != 0 {
			t.Errorf("after the probe of another family the first waited %v", waited)
		}
	})
}

// A request that was under way when the gate shut neither opens it nor counts
// as a further refusal, but can make the pause longer.
func TestLimiterLateAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(-1, 1, time.Second)
		first, _ := mustEnter(t, l, "issue")
		second, _ := mustEnter(t, l, "issue")
		third, _ := mustEnter(t, l, "issue")
		fourth, _ := mustEnter(t, l, "issue")
		l.leave(first, refusal(10*time.Second))
		l.leave(second, nil)
		l.leave(third, refusal(20*time.Second))
		l.leave(fourth, refusal(0))
		if got := l.gates["issue"].refusals; got != 1 {
			t.Errorf("refusals = %d, want 1", got)
		}
		if _, waited := mustEnter(t, l, "issue"); !afterPause(waited, 20*time.Second) {
			t.Errorf("waited %v, want 20s", waited)
		}
	})
}

// After a pause one request goes ahead; the rest follow when it was let
// through, wait for the next pause when it was not, and are handed its place
// when it got no answer.
func TestLimiterProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(-1, 1, time.Second)
		p, _ := mustEnter(t, l, "issue")
		l.leave(p, refusal(time.Second))

		answers := []error{refusal(5 * time.Second), errors.New("no answer"), &Error{Status: 503, kind: ErrUnavailable}, nil}
		var sent, underWay atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				p, _, err := l.enter(t.Context(), "issue")
				if err != nil || p == nil {
					t.Error(err)
					return
				}
				n := sent.Add(1) - 1
				if underWay.Add(1) > 1 && n < int64(len(answers)) {
					t.Errorf("request %d was sent beside a probe", n)
				}
				time.Sleep(100 * time.Millisecond)
				underWay.Add(-1)
				if n < int64(len(answers)) {
					l.leave(p, answers[n])
				} else {
					l.leave(p, nil)
				}
			})
		}
		started := time.Now()
		wg.Wait()
		// Two pauses, four probes, and the rest at the pace after two refusals.
		if got, want := time.Since(started), 6*time.Second+500*time.Millisecond; got < want || got > want+4*time.Second {
			t.Errorf("all done after %v, want %v and a little", got, want)
		}
		if len(l.gates) != 0 {
			t.Errorf("gates left closed: %v", l.gates)
		}
	})
}

// An hour of nothing but refusals (reliability.md 2.J2): however many wait,
// each pause costs one request, and pauses grow to the cap.
func TestLimiterStorm(t *testing.T) {
	for _, after := range []time.Duration{0, 20 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			l := newLimiter(50, 10, 2*time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			var sent, forbidden atomic.Int64
			var mu sync.Mutex
			var until time.Time
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					for ctx.Err() == nil {
						p, _, err := l.enter(ctx, "issue")
						if err != nil || p == nil {
							continue
						}
						sent.Add(1)
						mu.Lock()
						if time.Now().Before(until) {
							forbidden.Add(1)
						}
						until = time.Now().Add(after)
						mu.Unlock()
						l.leave(p, refusal(after))
					}
				})
			}
			wg.Wait()
			limit := int64(120)
			if after > 0 {
				limit = int64(time.Hour/after) + 20
			}
			if got := sent.Load(); got > limit {
				t.Errorf("Retry-After %v: %d requests in the hour, want at most %d", after, got, limit)
			}
			if got := forbidden.Load(); got > 19 { // those under way when the first was refused
				t.Errorf("Retry-After %v: %d requests within a forbidden window", after, got)
			}
		})
	}
}

// A pause longer than the patience of a call is not waited for, but kept, up to
// an hour.
func TestLimiterLongPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(-1, 1, time.Second)
		p, _ := mustEnter(t, l, "issue")
		l.leave(p, refusal(240*time.Hour))
		started := time.Now()
		p, left, err := l.enter(t.Context(), "issue")
		if p != nil || err != nil || !afterPause(left, maxPause) || time.Since(started) != 0 {
			t.Errorf("enter = %v, %v, %v after %v, want %v left at once", p, left, err, time.Since(started), maxPause)
		}
		time.Sleep(left)
		if _, waited := mustEnter(t, l, "issue"); waited != 0 {
			t.Errorf("after the pause it waited %v", waited)
		}
	})
}

// Whoever waits gives up with the context and leaves nothing closed behind.
func TestLimiterContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1, 1, time.Second)
		p, _ := mustEnter(t, l, "issue")
		l.leave(p, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, _, err := l.enter(ctx, "issue"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("enter without a token = %v, want the context's error", err)
		}
		if _, waited := mustEnter(t, l, "issue"); waited != 700*time.Millisecond {
			t.Errorf("the token was not given back: waited %v", waited)
		}

		l = newLimiter(1, 1, time.Second)
		p, _ = mustEnter(t, l, "issue")
		l.leave(p, refusal(100*time.Millisecond))
		ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, _, err := l.enter(ctx, "issue"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("enter in a pause = %v, want the context's error", err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel() // the pause is over, the probe waits for a token
		if _, _, err := l.enter(ctx, "issue"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("enter as a probe = %v, want the context's error", err)
		}
		if p, waited := mustEnter(t, l, "issue"); waited > 2*time.Second || len(p.probes) != 1 {
			t.Errorf("the probe was not handed on: waited %v, probes %v", waited, p.probes)
		}
	})
}
