package transform

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/sla"
)

// cycle is one run of an SLA clock, with the metric that it belongs to.
type cycle struct {
	sla.Cycle
	field, id, metric string
	kind              string // ongoing or completed
	index             int    // among the completed ones, from 0
}

var slaCycleColumns = []column{
	{"issue_key", text, filled | repeats, issueKey},
	{"field_id", text, filled | repeats, ofCycle("name of the member, `customfield_…`", func(c *cycle) partition.Value { return textValue(c.field) })},
	{"metric_id", text, repeats, ofCycle("`id`", func(c *cycle) partition.Value { return textOrNull(c.id, c.id != "") })},
	{"metric", text, repeats, ofCycle("`name`", func(c *cycle) partition.Value { return textOrNull(c.metric, c.metric != "") })},
	{"kind", text, filled | repeats, ofCycle("`completed` or `ongoing`", func(c *cycle) partition.Value { return textValue(c.kind) })},
	{"cycle", number, filled, ofCycle("number of the cycle of its metric, from 1; the ongoing one comes last", func(c *cycle) partition.Value {
		return intValue(int64(c.index + 1))
	})},
	{"started_at", timestamp, 0, ofCycle("`startTime.epochMillis`", func(c *cycle) partition.Value { return timeOrNull(c.Start, !c.Start.IsZero()) })},
	{"stopped_at", timestamp, 0, ofCycle("`stopTime.epochMillis`", func(c *cycle) partition.Value { return timeOrNull(c.Stop, !c.Stop.IsZero()) })},
	{"breach_at", timestamp, 0, ofCycle("`breachTime.epochMillis`", func(c *cycle) partition.Value { return timeOrNull(c.Breach, !c.Breach.IsZero()) })},
	{"breached", boolean, 0, ofCycle("`breached`", func(c *cycle) partition.Value { return flagOrNull(c.Breached) })},
	{"paused", boolean, 0, ofCycle("`paused`; of a completed cycle null", func(c *cycle) partition.Value { return flagOrNull(c.Paused) })},
	{"within_calendar_hours", boolean, 0, ofCycle("`withinCalendarHours`; of a completed cycle null", func(c *cycle) partition.Value {
		return flagOrNull(c.WithinCalendarHours)
	})},
	{"goal_millis", number, 0, ofCycle("`goalDuration.millis`", func(c *cycle) partition.Value { return millis(c.Goal) })},
	{"elapsed_millis", number, 0, ofCycle("`elapsedTime.millis`, working time as of `observed_at`", func(c *cycle) partition.Value { return millis(c.Elapsed) })},
	{"remaining_millis", number, 0, ofCycle("`remainingTime.millis`, negative after a breach", func(c *cycle) partition.Value { return millis(c.Remaining) })},
	{"observed_at", timestamp, 0, slaObservedAt},
}

// slaObservedAt is when the SLA values were read.
var slaObservedAt = source{"`_sla_observed_at` of the record: the read that brought these values; never → null", func(e *element) partition.Value {
	return timeOrNull(e.instant(e.issue.whole.get("_sla_observed_at")))
}}

func ofCycle(doc string, value func(*cycle) partition.Value) source {
	return source{doc, func(e *element) partition.Value { return value(e.cycle) }}
}

func flagOrNull(f sla.Flag) partition.Value {
	if !f.Known {
		return partition.Value{}
	}
	return partition.Flag(f.Value)
}

// slaCycles returns the cycles of every SLA field, whatever its number: an
// object with cycles is one.
func (i *issue) slaCycles() []element {
	var all []element
	for _, f := range i.custom() {
		if !f.sla {
			continue
		}
		metric, err := i.metric(f.id)
		if err != nil {
			continue // unreadable is unknown
		}
		add := func(c sla.Cycle, kind string, index int) {
			all = append(all, element{object: i.fields, issue: i, cycle: &cycle{
				Cycle: c, field: f.id, id: metric.ID, metric: metric.Name, kind: kind, index: index,
			}})
		}
		for n, c := range metric.Completed {
			add(c, "completed", n)
		}
		if metric.Ongoing != nil {
			add(*metric.Ongoing, "ongoing", len(metric.Completed))
		}
	}
	return all
}

// Watched is an issue whose SLA clocks are worth reading.
type Watched struct {
	Key, ID string
	Open    bool // its status category is not done, or unknown
}

// WatchedIssues returns the issues that are not done, by the key of their
// status category, which no language changes, and those whose SLA values were
// not read when the issue was. A month that cannot be read does not hide the others; it is part
// of the error.
func (t *Tables) WatchedIssues() ([]Watched, error) {
	months, err := t.dir.Months(tableIssues)
	if err != nil {
		return nil, fmt.Errorf("transform: %w", err)
	}
	names := []string{partition.KeyColumn, partition.IDColumn, "status_category_key", "_synced_at", "sla_observed_at"}
	if t.issues.Index("sla_observed_at") < 0 { // the reference's columns alone
		names = []string{partition.KeyColumn, partition.IDColumn, "status_category"}
	}
	var watched []Watched
	var errs []error
	for _, month := range months {
		rows, err := t.dir.ReadColumns(t.issues, month, names...)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("transform: %w", err))
			continue
		}
		for _, row := range rows {
			w := Watched{Key: row[0].Text(), ID: row[1].Text(), Open: row[2].Text() != "done" && row[2].Text() != "Done"}
			behind := false
			if len(row) == 5 {
				synced, _ := parseTime(row[3].Text())
				behind = row[4].IsNull() || row[4].Time().Before(synced)
			}
			if w.Open || behind {
				watched = append(watched, w)
			}
		}
	}
	return watched, errors.Join(errs...)
}
