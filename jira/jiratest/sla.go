package jiratest

import (
	"fmt"
	"strconv"
	"time"
)

// SLA is the state of one service level metric of an issue. The zero SLA is a
// metric that applies and has not started.
type SLA struct {
	// Name is the metric's name; empty means the field's name.
	Name string

	// Goal is the working time allowed per cycle.
	Goal time.Duration

	// Completed cycles, oldest first. Several are normal: reopened requests.
	Completed []Cycle

	// Ongoing is the cycle in progress, or nil.
	Ongoing *Cycle

	// Old writes the older display format, without times of the day.
	Old bool

	calendar *Calendar
}

// Cycle is one run of an SLA clock. Set by hand it runs around the clock:
// working time is elapsed time. A Policy has working hours.
type Cycle struct {
	Start time.Time
	Stop  time.Time // completed cycles only

	// Elapsed is the working time used. Zero means Stop − Start, or for an
	// ongoing cycle the time since Start: it grows without any event.
	Elapsed time.Duration

	// Paused stops an ongoing clock at Elapsed; it then has no breach time.
	Paused bool

	exact  bool      // Elapsed counts as it is, also when it is zero
	breach time.Time // zero: Start and the goal
}

// SetSLA sets the value of an SLA field. As in Jira, neither event nor time of
// update follow. A nil value makes the metric not apply.
func (h *Issue) SetSLA(fieldID string, sla *SLA) {
	h.change("SetSLA", func(i *issue, _ time.Time, _ *user) {
		f := h.s.site.fieldByID[fieldID]
		if f == nil || f.kind == nil || f.kind.typ != "sd-servicelevelagreement" {
			h.s.problemf("SetSLA: field %s is no SLA field", fieldID)
			return
		}
		if sla == nil {
			i.values[fieldID] = nil
			return
		}
		c := *sla
		i.values[fieldID] = h.s.site.bind(f, &c)
	})
}

const isoLayout = "2006-01-02T15:04:05-0700"

// slaUnavailable is what an SLA field holds for callers without a licence.
//
// guessed: the text; that the member is named errorMessage is reported by
// several clients.
const slaUnavailable = "You do not have permission to view this SLA. A Jira Service Management licence is required."

// renderSLA shows a metric to agents and an error object to everybody else.
//
// Source: developer.atlassian.com, Jira Service Management, "Get SLA
// information"; observed values of July 2026.
func renderSLA(v *view, value any) any {
	if v.account == nil || !v.account.agent {
		return object{"errorMessage": slaUnavailable}
	}
	return v.sla(value.(*SLA), "")
}

func (v *view) sla(m *SLA, self string) object {
	o := object{"name": m.Name, "id": stableID("sla " + m.Name), "slaDisplayFormat": "NEW_SLA_FORMAT"}
	if m.Old {
		o["slaDisplayFormat"] = "OLD_SLA_FORMAT"
	}
	if self != "" {
		o["_links"] = object{"self": self}
	}
	completed := []any{}
	for _, c := range m.Completed {
		completed = append(completed, v.cycle(m, c, false))
	}
	o["completedCycles"] = completed
	if m.Ongoing != nil {
		o["ongoingCycle"] = v.cycle(m, *m.Ongoing, true)
	}
	return o
}

// cycle computes a cycle as of now: nothing else tells that time has passed.
func (v *view) cycle(m *SLA, c Cycle, ongoing bool) object {
	elapsed := c.Elapsed
	switch {
	case c.exact:
	case elapsed == 0 && !ongoing:
		elapsed = c.Stop.Sub(c.Start)
	case ongoing && !c.Paused:
		elapsed = v.now.Sub(c.Start)
	}
	remaining := m.Goal - elapsed
	o := object{
		"breached": remaining < 0, "goalDuration": v.duration(m.Goal),
		"elapsedTime": v.duration(elapsed), "remainingTime": v.duration(remaining),
	}
	if !m.Old {
		o["startTime"] = v.date(c.Start)
		if !c.Paused {
			breach := c.breach
			if breach.IsZero() {
				breach = m.calendar.after(c.Start, m.Goal)
			}
			o["breachTime"] = v.date(breach)
		}
	}
	if ongoing {
		o["paused"], o["withinCalendarHours"] = c.Paused, !c.Paused && m.calendar.contains(v.now)
	} else if !m.Old {
		o["stopTime"] = v.date(c.Stop)
	}
	return o
}

func (v *view) date(at time.Time) object {
	return object{
		"iso8601": at.In(v.zone).Format(isoLayout), "jira": v.time(at),
		"friendly": friendlyDate(at, v), "epochMillis": at.UnixMilli(),
	}
}

// friendlyDate is for people: relative, and on real sites translated.
func friendlyDate(at time.Time, v *view) string {
	local, today := at.In(v.zone), v.now.In(v.zone)
	clock := local.Format(" 3:04 PM")
	if v.korean() {
		return local.Format("2006년 1월 2일 15:04")
	}
	switch local.Format(time.DateOnly) {
	case today.Format(time.DateOnly):
		return "Today" + clock
	case today.AddDate(0, 0, -1).Format(time.DateOnly):
		return "Yesterday" + clock
	}
	return local.Format("02/Jan/06") + clock
}

// korean reports whether texts for people are in Korean, one of the languages
// in which real sites answer.
func (v *view) korean() bool { return v.account != nil && v.account.language == "ko" }

func (v *view) duration(d time.Duration) object {
	sign, abs := "", d
	if d < 0 {
		sign, abs = "-", -d
	}
	minutes := int64(abs / time.Minute)
	text := strconv.FormatInt(minutes%60, 10) + "m"
	hours := minutes / 60
	switch {
	case v.korean():
		text = fmt.Sprintf("%d시간 %d분", hours, minutes%60)
	case hours > 0:
		text = fmt.Sprintf("%dh %s", hours, text)
	}
	return object{"millis": d.Milliseconds(), "friendly": sign + text}
}
