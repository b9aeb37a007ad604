package jira

import (
	"errors"
	"time"
)

var errTime = errors.New("not a time as Jira writes it")

// timeLayouts are the ways Jira writes an instant; fractions of a second are
// read with each. Times in issues carry an offset without colon, those of
// sprints and some apps are RFC 3339 (jira-cloud.md section 6).
var timeLayouts = []string{"2006-01-02T15:04:05-0700", time.RFC3339}

// parseTime reads an instant of an issue.
func parseTime(s string) (time.Time, error) { return parseLayouts(s, timeLayouts) }

// parseReset reads X-RateLimit-Reset, which has been seen without seconds.
func parseReset(s string) (time.Time, error) {
	return parseLayouts(s, []string{time.RFC3339, "2006-01-02T15:04Z07:00"})
}

func parseLayouts(s string, layouts []string) (time.Time, error) {
	if len(s) > 40 {
		return time.Time{}, errTime
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errTime
}
