package jira

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// allowance is what a simulated Jira lets through: a token bucket, and a pause
// after each refusal.
type allowance struct {
	mu         sync.Mutex
	rate, size float64
	tokens     float64
	at         time.Time
	pause      time.Duration

	taken, refused, early int
	lost                  time.Duration // of pauses, when the bucket was full and nothing could be sent
}

func (a *allowance) take() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.tokens = min(a.size, a.tokens+now.Sub(a.at).Seconds()*a.rate)
	a.at = now
	if a.tokens < 1 {
		a.refused++
		return refusal(a.pause)
	}
	a.tokens--
	a.taken++
	return nil
}

// drive sends as much as the limiter lets, with so many workers, and returns
// after the time. A request is early if a refusal that named a time had been
// answered before it was sent.
func drive(t *testing.T, l *Limiter, a *allowance, workers int, latency, d time.Duration) {
	t.Helper()
	end := time.Now().Add(d)
	var mu sync.Mutex
	var shut time.Time
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for time.Now().Before(end) {
				p, _, err := l.enter(t.Context(), "issue")
				if err != nil || p == nil {
					t.Errorf("enter = %v, %v", p, err)
					return
				}
				mu.Lock()
				if time.Now().Before(shut) {
					a.early++
				}
				mu.Unlock()
				time.Sleep(latency / 2)
				err = a.take()
				time.Sleep(time.Duration(rand.Int64N(int64(latency) + 1)))
				mu.Lock()
				if until := time.Now().Add(a.pause); err != nil && until.After(shut) {
					full := time.Duration(a.size / a.rate * float64(time.Second))
					a.lost += max(0, until.Sub(later(shut, time.Now()))-full)
					shut = until
				}
				l.leave(p, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Whatever Jira allows without saying so, nearly all of it is used and nothing
// is sent while it is closed.
func TestPaceFindsTheAllowedRate(t *testing.T) {
	for name, tc := range map[string]struct {
		top        float64 // of our own
		rate, size float64 // of Jira's
		pause      time.Duration
		workers    int
		latency    time.Duration
		refused    int // at most, in five minutes
	}{
		"below Jira's":           {top: 10, rate: 100, size: 350, pause: time.Second, workers: 4},
		"a fifth of ours":        {top: 50, rate: 10, size: 20, pause: time.Second, workers: 8, refused: 15},
		"no limit of ours":       {top: -1, rate: 10, size: 20, pause: time.Second, workers: 8, refused: 15},
		"one worker":             {top: 50, rate: 10, size: 20, pause: time.Second, workers: 1, refused: 15},
		"many workers":           {top: 50, rate: 10, size: 20, pause: time.Second, workers: 16, refused: 15},
		"hardly a bucket":        {top: 50, rate: 10, size: 10, pause: time.Second, workers: 8, refused: 15},
		"a large bucket":         {top: 50, rate: 10, size: 100, pause: time.Second, workers: 8, refused: 15},
		"long pauses":            {top: 50, rate: 10, size: 20, pause: 15 * time.Second, workers: 8, refused: 15},
		"slow":                   {top: 50, rate: 2, size: 10, pause: time.Second, workers: 8, refused: 15},
		"a little below ours":    {top: 50, rate: 42, size: 100, pause: time.Second, workers: 16, refused: 15},
		"answers take a while":   {top: 50, rate: 10, size: 20, pause: time.Second, workers: 8, latency: 200 * time.Millisecond, refused: 40},
		"few slow answers":       {top: 50, rate: 10, size: 20, pause: 3 * time.Second, workers: 4, latency: 300 * time.Millisecond, refused: 40},
		"refusal without a time": {top: 50, rate: 10, size: 30, workers: 8, refused: 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := 5 * time.Minute
				if testing.Short() && tc.rate > 20 {
					t.Skip("many requests")
				}
				l := newLimiter(tc.top, 10, 2*time.Second)
				a := &allowance{rate: tc.rate, size: tc.size, tokens: tc.size, at: time.Now(), pause: tc.pause}
				drive(t, l, a, tc.workers, tc.latency, d)
				allowed := tc.rate*(d-a.lost).Seconds() + tc.size
				if tc.top > 0 {
					allowed = min(allowed, tc.top*d.Seconds()+10)
				}
				used := float64(a.taken) / allowed
				t.Logf("%d taken of %.0f allowed: %.1f %%; %d refused, %d early", a.taken, allowed, 100*used, a.refused, a.early)
				if used < 0.95 {
					t.Errorf("%.1f %% of the allowed rate used, want 95 %%", 100*used)
				}
				if a.early > 0 {
					t.Errorf("%d requests in a forbidden window", a.early)
				}
				if a.refused > tc.refused {
					t.Errorf("%d refusals, want at most %d", a.refused, tc.refused)
				}
			})
		})
	}
}

// When Jira allows more again, that is found within minutes.
func TestPaceGrowsAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(50, 10, 2*time.Second)
		a := &allowance{rate: 5, size: 10, at: time.Now(), pause: time.Second}
		drive(t, l, a, 8, 0, 5*time.Minute)
		a.rate, a.size = 100, 350
		drive(t, l, a, 8, 0, 5*time.Minute)
		before := a.taken
		drive(t, l, a, 8, 0, time.Minute)
		if got := a.taken - before; got < 45*60 {
			t.Errorf("%d requests in a minute after the limit was lifted, want 50 a second", got)
		}
	})
}

// That little was asked for is not taken for a limit, nor are refused probes;
// refusals slow down no further than to a request a second.
func TestPaceOfTheModest(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p := newPace(50, 10)
	p.adjust(now)
	p.taken = 3 // in an hour
	now = now.Add(time.Hour)
	p.cut(now, now, now.Add(time.Second))
	if p.ceiling != 25 {
		t.Errorf("ceiling after the first refusal = %v, want half of the top", p.ceiling)
	}
	for range 10 {
		now = now.Add(time.Second)
		p.cut(now, now, now.Add(time.Second))
	}
	if p.ceiling != 25 {
		t.Errorf("ceiling after refused probes = %v, want what it was", p.ceiling)
	}
	for range 10 {
		p.taken = 1
		now = now.Add(4 * time.Second)
		p.send(now)
		p.cut(now, now, now.Add(time.Second))
	}
	if p.ceiling != slowest {
		t.Errorf("ceiling after ten more = %v, want %v", p.ceiling, slowest)
	}
	late := p.from
	p.cut(now.Add(-time.Hour), now, now.Add(time.Hour))
	if p.from != late {
		t.Error("a request from before the last refusal slowed down further")
	}
	if got := p.rate(now.Add(time.Hour)); got != 50 {
		t.Errorf("rate an hour later = %v, want the top", got)
	}
}
