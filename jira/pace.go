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
	cutAt   time.Time // the last refusal
	from    time.Time // the end of the pause after it; zero: at the top

	since time.Time     // what follows is counted since then, a refusal or the first request
	taken float64       // requests let through
	last  time.Time     // the last request
	idle  time.Duration // time in which nobody wanted to send
}

const (
	recovery   = 3 * time.Second  // from half of the ceiling back to it
	plateau    = 0.98             // of the ceiling
	growth     = 45 * time.Second // until the ceiling is reached again
	slowest    = 1.0              // requests a second
	shortest   = 2 * time.Second  // time in which anything can be measured
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
		p.since, p.last = at, at
	}
	if p.from.IsZero() {
		return
	}
	r := p.rate(at)
	burst := p.burst
	if r >= p.top {
		p.from = time.Time{}
		p.restart(at)
	} else {
		burst = min(burst, int(math.Ceil(r)))
	}
	p.bucket.SetLimitAt(at, rate.Limit(r))
	p.bucket.SetBurstAt(at, max(burst, 1))
}

// unlimited is the rate of no limit.
const unlimited = float64(rate.Inf)

// send notes that a request goes out. A gap that the pace does not explain is
// time in which there was nothing to send.
func (p *pace) send(at time.Time) {
	if !p.from.IsZero() {
		begin := p.last
		if begin.Before(p.from) {
			begin = p.from
		}
		usual := max(time.Second, time.Duration(2/p.rate(at)*float64(time.Second)))
		p.idle += max(0, at.Sub(begin)-usual)
	}
	p.last = at
}

// restart begins to count anew.
func (p *pace) restart(at time.Time) { p.since, p.taken, p.idle = at, 0, 0 }

// cut slows down after a refusal of a request sent at the given time; until is
// the end of the pause. The ceiling falls by half at most: if little was asked
// for, that little was taken says nothing. It stays if nothing was taken since
// the last refusal: then the pause was too short, not the pace too fast.
// Refusals of what was under way when the pace was last cut say nothing at all.
func (p *pace) cut(sent, now, until time.Time) {
	first := p.from.IsZero()
	if !first && (sent.Before(p.from) || !sent.After(p.cutAt)) {
		return
	}
	was, active, least := p.rate(now), now.Sub(p.since), min(p.top, maxGranted)/2
	if !first {
		// The pause counts, since it fills Jira's bucket, but not much of it.
		active -= max(0, p.from.Sub(p.cutAt)-time.Second)
		least = p.ceiling / 2
	}
	measured := p.taken / max(active-p.idle, shortest).Seconds()
	p.from, p.cutAt = until, now
	switch {
	case !first && p.taken == 0:
	case !first && active-p.idle < shortest: // too little to measure: go on counting
		p.ceiling = max(slowest, p.ceiling*0.9)
		return
	default:
		p.ceiling = max(slowest, least, min(measured, was))
	}
	p.restart(now)
}
