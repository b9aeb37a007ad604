package jira

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// granted returns how many requests a second Jira grants an endpoint of a site,
// to all clients together.
//
// Source: developer.atlassian.com, "Rate limiting", burst limits, 2026-10;
// jira-cloud.md section 4.
func granted(f family) float64 {
	switch f {
	case "issue", "count":
		return 150
	case "changelog":
		return 200
	}
	return 100
}

// maxGranted is taken for the top where there is none.
const maxGranted = 100

// pace is how fast one family goes. Below its top it follows what Jira let
// through: a refusal says that it was more than is allowed, and what was taken
// between two refusals is how much is.
//
// After a refusal it goes at half of that, returns to nearly all of it within
// seconds, stays there, and then grows ever faster until the next refusal or
// the top, as TCP's CUBIC does (RFC 9438).
type pace struct {
	bucket *rate.Limiter
	top    float64 // requests a second, or unlimited
	burst  int

	ceiling float64   // what Jira took before the last refusal, a second
	from    time.Time // the end of the last pause; zero: at the top
	since   time.Time // the last refusal, or the first request
	taken   float64   // requests let through since
}

const (
	recovery   = 3 * time.Second  // from half of the ceiling back to it
	plateau    = 0.98             // of the ceiling
	growth     = 45 * time.Second // until the ceiling is reached again
	slowest    = 1.0              // requests a second
	forgetting = 15 * time.Minute // until a refusal is forgotten
)

func newPace(top float64, burst int) pace {
	return pace{bucket: rate.NewLimiter(rate.Limit(top), burst), top: top, burst: burst}
}

// rate returns the requests a second at a time.
func (p *pace) rate(at time.Time) float64 {
	t := at.Sub(p.from)
	switch {
	case p.from.IsZero() || t > forgetting:
		return p.top
	case t < recovery:
		part := max(0, t.Seconds()/recovery.Seconds())
		return min(p.top, p.ceiling*(0.5+(plateau-0.5)*part))
	}
	x := (t - recovery).Seconds() / growth.Seconds()
	return min(p.top, p.ceiling*(plateau+(1-plateau)*x*x*x))
}

// adjust sets the bucket to the pace of the time. The burst is a second's
// worth at most.
func (p *pace) adjust(at time.Time) {
	if p.since.IsZero() {
		p.since = at
	}
	if p.from.IsZero() {
		return
	}
	r := p.rate(at)
	burst := p.burst
	if r >= p.top {
		p.from, p.since, p.taken = time.Time{}, at, 0
	} else {
		burst = min(burst, int(math.Ceil(r)))
	}
	p.bucket.SetLimitAt(at, rate.Limit(r))
	p.bucket.SetBurstAt(at, max(burst, 1))
}

// unlimited is the rate of no limit.
const unlimited = float64(rate.Inf)

// cut slows down after a refusal of a request sent at the given time; until is
// the end of the pause. Refusals of what was under way when the pace was last
// cut say nothing new. The ceiling falls by half at most: if little was asked
// for, that little was taken says nothing.
func (p *pace) cut(sent, now, until time.Time) {
	if sent.Before(p.from) || sent.Before(p.since) {
		return
	}
	active, least := now.Sub(p.since), min(p.top, maxGranted)/2
	if !p.from.IsZero() {
		// The pause counts, since it fills Jira's bucket, but not much of it.
		active = now.Sub(p.from) + min(p.from.Sub(p.since), time.Second)
		least = p.ceiling / 2
	}
	measured := p.taken / max(active.Seconds(), 1)
	p.ceiling = max(slowest, least, min(measured, p.rate(now)))
	p.from, p.since, p.taken = until, now, 0
}
