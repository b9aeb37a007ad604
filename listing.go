package jirasync

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/jirasync/jirasync/internal/rawstore"
	"github.com/jirasync/jirasync/jira"
)

// listed is an issue as a search shows it.
type listed struct {
	id, key string
	updated time.Time      // zero if it was not asked for
	parts   map[string]int // Jira's counts by part; nil if they were not asked for
}

// detail says what a listing asks for beside id and key. Jira sends 5,000
// bare issues a page, and about 100 with fields.
type detail uint8

const (
	idsOnly detail = iota
	withUpdated
	withCounts
)

// countedFields are the fields that say how long an issue's lists are.
var countedFields = []string{"updated", "comment", "worklog", "attachment", "issuelinks"}

// list searches, and yields each issue once.
func (s *Syncer) list(ctx context.Context, jql string, d detail) iter.Seq2[listed, error] {
	var options jira.SearchOptions
	switch d {
	case withUpdated:
		options.Fields = countedFields[:1]
	case withCounts:
		options.Fields = countedFields
	}
	return func(yield func(listed, error) bool) {
		seen := map[string]bool{}
		for hit, err := range s.site.Search(ctx, jql, options) {
			if err != nil {
				yield(listed{}, fmt.Errorf("search: %w", err))
				return
			}
			if seen[hit.ID] {
				continue // a page boundary has shifted
			}
			seen[hit.ID] = true
			l := listed{id: hit.ID, key: hit.Key}
			if d != idsOnly {
				l.read(hit.JSON)
			}
			if !yield(l, nil) {
				return
			}
		}
	}
}

// read takes in the fields of a hit. What is absent stays unknown.
func (l *listed) read(data json.RawMessage) {
	var hit struct {
		Fields struct {
			Updated    string
			Comment    *struct{ Total *int }
			Worklog    *struct{ Total *int }
			Attachment []json.RawMessage
			Issuelinks []json.RawMessage
		}
	}
	if json.Unmarshal(data, &hit) != nil {
		return
	}
	l.updated = rawstore.ParseTime(hit.Fields.Updated)
	l.parts = map[string]int{}
	if c := hit.Fields.Comment; c != nil && c.Total != nil {
		l.parts[rawstore.PartComments] = *c.Total
	}
	if w := hit.Fields.Worklog; w != nil && w.Total != nil {
		l.parts[rawstore.PartWorklogs] = *w.Total
	}
	if a := hit.Fields.Attachment; a != nil {
		l.parts[rawstore.PartAttachments] = len(a)
	}
	if links := hit.Fields.Issuelinks; links != nil {
		l.parts[rawstore.PartLinks] = len(links)
	}
}

// scopeJQL names the issues of the configured projects that meet a condition,
// all of them if it is empty. Jira refuses a query without a restriction, so
// without either the bound is a date before any issue.
func (s *Syncer) scopeJQL(condition, order string) string {
	var all []string
	if len(s.cfg.Projects) > 0 {
		all = append(all, fmt.Sprintf(`project in ("%s")`, strings.Join(s.cfg.Projects, `", "`)))
	}
	if condition != "" {
		all = append(all, condition)
	}
	if len(all) == 0 {
		all = append(all, `created >= "1990-01-01"`)
	}
	return strings.Join(all, " AND ") + " ORDER BY " + order
}

// updatedWithin is the JQL condition for issues updated within d, rounded up
// to minutes. It is relative, since Jira reads a date in the time zone of the
// account's profile.
func updatedWithin(d time.Duration) string {
	minutes := int64((d + time.Minute - 1) / time.Minute)
	return fmt.Sprintf(`updated >= "-%dm"`, minutes)
}
