package jirasync

import (
	"maps"
	"slices"
	"time"
)

// Found is a kind of difference: how many issues, and the first hundred keys.
type Found struct {
	Count int      `json:"count"`
	Keys  []string `json:"keys,omitempty"`
}

func (f *Found) add(key string) {
	const kept = 100
	if f.Count++; len(f.Keys) < kept {
		f.Keys = append(f.Keys, key)
	}
}

// Severity is how much a person should care.
type Severity string

// Severities of a check.
const (
	SeverityOK      Severity = "ok"      // nothing differs
	SeverityInfo    Severity = "info"    // something did, and is mended
	SeverityWarning Severity = "warning" // a few differences are left
	SeverityError   Severity = "error"   // many are, or something could not be compared
)

// CheckReport is what a check found and did.
type CheckReport struct {
	At      time.Time `json:"at"`
	Seconds float64   `json:"seconds"`
	Full    bool      `json:"full"`
	Days    int       `json:"days,omitempty"`
	JQL     string    `json:"jql"` // of the issues compared by content

	InJira   int `json:"in_jira"` // issues that a search shows
	Compared int `json:"compared"`
	Recent   int `json:"recent"` // changed too lately to be judged

	// Between Jira and the records.
	MissingRecords    Found `json:"missing_records"`
	StaleRecords      Found `json:"stale_records"`      // Jira has a later update
	IncompleteRecords Found `json:"incomplete_records"` // a part is missing, or shorter than Jira counts
	UnreadableRecords Found `json:"unreadable_records"`
	DeletedHere       Found `json:"deleted_here"` // a tombstone for an issue that Jira shows

	// Issues whose remote links were never read. That is no difference yet;
	// with Fix they are read, all of them.
	UnknownRemoteLinks Found `json:"unknown_remote_links"`

	// Between the records and the tables.
	MissingRows      Found             `json:"missing_rows"`
	StaleRows        Found             `json:"stale_rows"`
	ExtraRows        Found             `json:"extra_rows"`
	OrphanRows       Found             `json:"orphan_rows"` // rows without any record
	UnreadableMonths map[string]string `json:"unreadable_months,omitempty"`

	// Stored issues that Jira does not show. Those that are not to be believed
	// keep their rows.
	Vanished []Vanished `json:"vanished,omitempty"`

	RemadeMonths []string `json:"remade_months,omitempty"` // of the unreadable ones, from the records

	Mended    []string          `json:"mended,omitempty"`
	Deleted   []string          `json:"deleted,omitempty"`
	Failed    map[string]string `json:"failed,omitempty"`
	Remaining int               `json:"remaining"` // issues that differ, and months that cannot be read, that are left
	Severity  Severity          `json:"severity"`
	Error     string            `json:"error,omitempty"` // why the check could not be finished, or the SLA account was refused
}

// unreadable is how many months cannot be read and were not made anew. Their
// issues were not compared, so that none of them is counted by itself.
func (c *check) unreadable() int { return len(c.report.UnreadableMonths) - len(c.report.RemadeMonths) }

// close scores what is left.
func (c *check) close(err error) {
	maps.Copy(c.left, c.refetch)
	maps.Copy(c.left, c.reapply)
	slices.Sort(c.report.Mended)
	c.report.Mended = slices.Compact(c.report.Mended)
	c.report.Remaining = len(c.left) + c.unreadable()
	c.report.Seconds = time.Since(c.began).Seconds()
	switch {
	case err != nil:
		c.report.Error = err.Error()
		c.report.Severity = SeverityError
	case c.report.Remaining > c.opts.MaxFix || c.unreadable() > 0:
		c.report.Severity = SeverityError
	case c.report.Remaining > 0:
		c.report.Severity = SeverityWarning
	case c.agentErr != nil:
		c.report.Error = c.agentErr.Error()
		c.report.Severity = SeverityWarning
	case len(c.report.Mended)+len(c.report.Deleted)+len(c.report.RemadeMonths) > 0:
		c.report.Severity = SeverityInfo
	default:
		c.report.Severity = SeverityOK
	}
}
