package sla

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// ErrUnavailable reports an SLA value that the account was not allowed to
// read: Jira answers an object with "errorMessage". The value is unknown;
// it does not say that the issue has no cycles.
var ErrUnavailable = errors.New("sla: value is not readable for this account")

// ErrMalformed reports a value that has none of the shapes of an SLA field.
var ErrMalformed = errors.New("sla: not an SLA value")

// Metric is the value of one SLA field.
//
// The zero Metric stands for null: the metric does not apply to the issue.
type Metric struct {
	ID        string  // Jira's id of the metric; "" when Jira leaves it out
	Name      string  // "Time to resolution", in the language of the site
	Completed []Cycle // finished cycles, in Jira's order (oldest first)
	Ongoing   *Cycle  // the clock that runs or is paused; nil when there is none
}

// Cycle is one run of an SLA clock, from its start condition to its stop
// condition.
type Cycle struct {
	Start  time.Time // UTC; zero when Jira leaves it out
	Stop   time.Time // UTC; zero in an ongoing cycle
	Breach time.Time // UTC instant at which the goal is, or was, missed; zero when unknown

	Breached            Flag // the goal was missed
	Paused              Flag // the clock stands still; only in an ongoing cycle
	WithinCalendarHours Flag // the calendar counts now; only in an ongoing cycle

	Goal      Duration // working time allowed
	Elapsed   Duration // working time used, as of the answer
	Remaining Duration // working time left; negative after a breach
}

// Flag is a boolean that may be missing from the value.
type Flag struct {
	Value bool
	Known bool
}

// Duration is working time that may be missing from the value.
type Duration struct {
	time.Duration
	Known bool
}

// Millis returns the duration in whole milliseconds, Jira's unit.
func (d Duration) Millis() int64 { return d.Milliseconds() }

// Current returns the cycle that reports use: the ongoing one, otherwise the
// last completed one. It reports false when no cycle has started.
func (m Metric) Current() (Cycle, bool) {
	if m.Ongoing != nil {
		return *m.Ongoing, true
	}
	if n := len(m.Completed); n > 0 {
		return m.Completed[n-1], true
	}
	return Cycle{}, false
}

// Parse decodes one SLA field value as Jira Service Management returns it.
//
// Null yields the zero Metric. An error object yields [ErrUnavailable], which
// callers must treat as unknown, not as no cycles; anything that is not an
// object yields [ErrMalformed]. A member that is missing or of a wrong type
// is unknown (Known is false, the time is zero), and a cycle that is not an
// object is left out: one odd member does not cost the others.
//
// Durations are milliseconds of working time in "millis"; instants are read
// from "epochMillis", because the texts beside them are translated and
// relative.
func Parse(value json.RawMessage) (Metric, error) {
	if isNull(value) {
		return Metric{}, nil
	}
	var raw struct {
		ErrorMessage json.RawMessage `json:"errorMessage"`
		ID           json.RawMessage `json:"id"`
		Name         json.RawMessage `json:"name"`
		Completed    json.RawMessage `json:"completedCycles"`
		Ongoing      json.RawMessage `json:"ongoingCycle"`
	}
	if err := json.Unmarshal(value, &raw); err != nil {
		return Metric{}, fmt.Errorf("%w: %v", ErrMalformed, kind(value))
	}
	if raw.ErrorMessage != nil {
		return Metric{}, ErrUnavailable
	}
	m := Metric{ID: text(raw.ID), Name: text(raw.Name)}
	var completed []json.RawMessage
	if json.Unmarshal(raw.Completed, &completed) == nil {
		for _, c := range completed {
			if cycle, ok := parseCycle(c); ok {
				m.Completed = append(m.Completed, cycle)
			}
		}
	}
	if cycle, ok := parseCycle(raw.Ongoing); ok {
		m.Ongoing = &cycle
	}
	return m, nil
}

func parseCycle(value json.RawMessage) (Cycle, bool) {
	if isNull(value) {
		return Cycle{}, false
	}
	var raw struct {
		Start     json.RawMessage `json:"startTime"`
		Stop      json.RawMessage `json:"stopTime"`
		Breach    json.RawMessage `json:"breachTime"`
		Breached  json.RawMessage `json:"breached"`
		Paused    json.RawMessage `json:"paused"`
		Within    json.RawMessage `json:"withinCalendarHours"`
		Goal      json.RawMessage `json:"goalDuration"`
		Elapsed   json.RawMessage `json:"elapsedTime"`
		Remaining json.RawMessage `json:"remainingTime"`
	}
	if json.Unmarshal(value, &raw) != nil {
		return Cycle{}, false
	}
	return Cycle{
		Start: instant(raw.Start), Stop: instant(raw.Stop), Breach: instant(raw.Breach),
		Breached: flag(raw.Breached), Paused: flag(raw.Paused), WithinCalendarHours: flag(raw.Within),
		Goal: duration(raw.Goal), Elapsed: duration(raw.Elapsed), Remaining: duration(raw.Remaining),
	}, true
}

func instant(value json.RawMessage) time.Time {
	var raw struct {
		EpochMillis *int64 `json:"epochMillis"`
	}
	if json.Unmarshal(value, &raw) != nil || raw.EpochMillis == nil {
		return time.Time{}
	}
	return time.UnixMilli(*raw.EpochMillis).UTC()
}

func duration(value json.RawMessage) Duration {
	var raw struct {
		Millis *int64 `json:"millis"`
	}
	const limit = math.MaxInt64 / int64(time.Millisecond)
	if json.Unmarshal(value, &raw) != nil || raw.Millis == nil || *raw.Millis > limit || *raw.Millis < -limit {
		return Duration{}
	}
	return Duration{Duration: time.Duration(*raw.Millis) * time.Millisecond, Known: true}
}

func flag(value json.RawMessage) Flag {
	switch string(bytes.TrimSpace(value)) {
	case "true":
		return Flag{Value: true, Known: true}
	case "false":
		return Flag{Known: true}
	}
	return Flag{}
}

func text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}

func isNull(value json.RawMessage) bool {
	trimmed := bytes.TrimSpace(value)
	return len(trimmed) == 0 || bytes.Equal(trimmed, []byte("null"))
}

// kind names the JSON type of a value without quoting its content.
func kind(value json.RawMessage) string {
	trimmed := bytes.TrimSpace(value)
	switch {
	case !json.Valid(trimmed):
		return "invalid JSON"
	case trimmed[0] == '[':
		return "an array"
	case trimmed[0] == '"':
		return "a string"
	case trimmed[0] == 't', trimmed[0] == 'f':
		return "a boolean"
	}
	return "a number"
}
