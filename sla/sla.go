package sla

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/jirasync/jirasync/internal/rawjson"
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
// A value that is null or missing yields the zero Metric. An error object
// yields [ErrUnavailable], which callers must treat as unknown, not as no
// cycles; anything that is not an object yields [ErrMalformed]. A member that
// is missing or of a wrong type is unknown (Known is false, the time is zero),
// and a cycle that is not an object is left out: one odd member does not cost
// the others. Names are compared exactly; of equal ones the last counts.
//
// Durations are milliseconds of working time in "millis"; instants are read
// from "epochMillis", because the texts beside them are translated and
// relative.
func Parse(value json.RawMessage) (Metric, error) {
	if isNull(value) {
		return Metric{}, nil
	}
	x := indexes.Get().(*rawjson.Index)
	defer func() {
		x.Clear()
		indexes.Put(x)
	}()
	if x.Reset(value) != nil {
		return Metric{}, fmt.Errorf("%w: %v", ErrMalformed, kind(value))
	}
	return ParseValue(x.Root())
}

// ParseValue is Parse for a value of a document that has been read, as only
// packages of this module have it.
func ParseValue(raw rawjson.Value) (Metric, error) {
	switch raw.Kind() {
	case '{':
	case 0, 'n':
		return Metric{}, nil
	default:
		return Metric{}, fmt.Errorf("%w: %v", ErrMalformed, kind(raw.Raw()))
	}
	if raw.Get("errorMessage").Kind() != 0 {
		return Metric{}, ErrUnavailable
	}
	m := Metric{ID: text(raw.Get("id")), Name: text(raw.Get("name"))}
	for c := range raw.Get("completedCycles").Elements() {
		if c.Kind() == '{' {
			m.Completed = append(m.Completed, parseCycle(c))
		}
	}
	if c := raw.Get("ongoingCycle"); c.Kind() == '{' {
		ongoing := parseCycle(c)
		m.Ongoing = &ongoing
	}
	return m, nil
}

// indexes are ready to be used again. They let go of what they read.
var indexes = sync.Pool{New: func() any { return new(rawjson.Index) }}

func parseCycle(raw rawjson.Value) Cycle {
	return Cycle{
		Start: instant(raw.Get("startTime")), Stop: instant(raw.Get("stopTime")), Breach: instant(raw.Get("breachTime")),
		Breached: flag(raw.Get("breached")), Paused: flag(raw.Get("paused")), WithinCalendarHours: flag(raw.Get("withinCalendarHours")),
		Goal: duration(raw.Get("goalDuration")), Elapsed: duration(raw.Get("elapsedTime")), Remaining: duration(raw.Get("remainingTime")),
	}
}

func instant(raw rawjson.Value) time.Time {
	millis, err := strconv.ParseInt(string(raw.Get("epochMillis").Raw()), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}

func duration(raw rawjson.Value) Duration {
	const limit = math.MaxInt64 / int64(time.Millisecond)
	millis, err := strconv.ParseInt(string(raw.Get("millis").Raw()), 10, 64)
	if err != nil || millis > limit || millis < -limit {
		return Duration{}
	}
	return Duration{Duration: time.Duration(millis) * time.Millisecond, Known: true}
}

func flag(raw rawjson.Value) Flag {
	switch raw.Kind() {
	case 't':
		return Flag{Value: true, Known: true}
	case 'f':
		return Flag{Known: true}
	}
	return Flag{}
}

func text(raw rawjson.Value) string {
	if raw.Kind() != '"' {
		return ""
	}
	quoted := raw.Raw()
	if inner := quoted[1 : len(quoted)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // cannot fail: the value was parsed
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
