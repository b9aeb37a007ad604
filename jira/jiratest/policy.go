package jiratest

import (
	"slices"
	"time"
)

// Calendar says when SLA clocks run. Nil means always.
type Calendar struct {
	Zone     *time.Location // nil means UTC
	Days     []time.Weekday // nil means Monday to Friday
	From, To time.Duration  // of each of these days, since midnight
}

// open returns when the calendar opens and closes on the day of at, if it does.
func (c *Calendar) open(at time.Time) (from, to time.Time, ok bool) {
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	at = at.In(zone)
	days := c.Days
	if days == nil {
		days = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	}
	hour := func(d time.Duration) time.Time {
		return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, int(d/time.Second), 0, zone)
	}
	return hour(c.From), hour(c.To), slices.Contains(days, at.Weekday())
}

// contains reports whether clocks run at an instant.
func (c *Calendar) contains(at time.Time) bool {
	if c == nil {
		return true
	}
	from, to, ok := c.open(at)
	return ok && !at.Before(from) && at.Before(to)
}

// between returns the working time between two instants.
func (c *Calendar) between(start, end time.Time) time.Duration {
	if c == nil {
		return end.Sub(start)
	}
	var total time.Duration
	for day := start; ; day = day.AddDate(0, 0, 1) {
		from, to, ok := c.open(day)
		if ok {
			total += max(0, earlier(to, end).Sub(latest(from, start)))
		}
		if !to.Before(end) || day.After(end) {
			return total
		}
	}
}

// after returns the instant at which so much working time has passed.
func (c *Calendar) after(start time.Time, work time.Duration) time.Time {
	if c == nil {
		return start.Add(work)
	}
	for day := start; ; day = day.AddDate(0, 0, 1) {
		from, to, ok := c.open(day)
		if !ok {
			continue
		}
		begin := latest(from, start)
		if left := to.Sub(begin); left > 0 {
			if work <= left {
				return begin.Add(work)
			}
			work -= left
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Policy makes the clocks of an SLA field run by themselves: a cycle starts
// when an issue is made or reopened, stands still in some statuses, and ends
// when the issue is resolved.
type Policy struct {
	Goal     time.Duration
	Calendar *Calendar
	PausedIn []string // names of statuses
}

// SetPolicy gives an SLA field a policy, in place of what SetSLA says.
func (s *Server) SetPolicy(fieldID string, p Policy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.site.fieldByID[fieldID]
	if f == nil || f.kind == nil || f.kind.typ != "sd-servicelevelagreement" {
		s.problemf("SetPolicy: field %s is no SLA field", fieldID)
		return
	}
	if p.Calendar != nil && p.Calendar.To <= p.Calendar.From {
		s.problemf("SetPolicy: the calendar of %s never opens", fieldID)
		return
	}
	if s.site.policies == nil {
		s.site.policies = map[string]Policy{}
	}
	s.site.policies[fieldID] = p
}

// slaOf returns the value of an SLA field: what its policy makes of the
// issue's history, else what SetSLA said.
func (t *site) slaOf(i *issue, f *field, now time.Time) any {
	p, ok := t.policies[f.id]
	if !ok {
		return i.values[f.id]
	}
	return p.of(t, i, f.name, now)
}

// of follows the statuses of an issue.
func (p Policy) of(t *site, i *issue, name string, now time.Time) *SLA {
	m := &SLA{Name: name, Goal: p.Goal, calendar: p.Calendar}
	run := &Cycle{Start: i.created}
	var ran, since = time.Duration(0), i.created // working time before since; since is zero while it is paused
	elapse := func(at time.Time) {
		if !since.IsZero() {
			ran += p.Calendar.between(since, at)
		}
	}
	for _, h := range i.histories {
		status := statusAfter(t, h)
		if status == nil {
			continue
		}
		switch {
		case status.category == "done" && run != nil:
			elapse(h.at)
			run.Stop, run.Elapsed, run.exact = h.at, ran, true
			m.Completed, run = append(m.Completed, *run), nil
		case status.category != "done" && run == nil:
			run, ran, since = &Cycle{Start: h.at}, 0, h.at
		case run != nil:
			elapse(h.at)
			since = h.at
		}
		if slices.Contains(p.PausedIn, status.name) {
			since = time.Time{}
		}
	}
	if run == nil {
		return m
	}
	elapse(now)
	run.Elapsed, run.Paused, run.exact = ran, since.IsZero(), true
	if !run.Paused {
		run.breach = p.Calendar.after(now, max(0, p.Goal-ran))
		if ran > p.Goal {
			run.breach = p.Calendar.after(run.Start, p.Goal)
		}
	}
	m.Ongoing = run
	return m
}

// statusAfter returns the status to which a history leads, nil if it leads to none.
func statusAfter(t *site, h *history) *named {
	for _, c := range h.items {
		if c.field != "status" || c.toText == nil {
			continue
		}
		for _, status := range t.statuses {
			if status.name == *c.toText {
				return status
			}
		}
	}
	return nil
}
