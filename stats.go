package jirasync

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// counters are what the status and metrics pages show.
type counters struct {
	deliveries         atomic.Int64
	malformed          atomic.Int64
	issuesApplied      atomic.Int64
	filesWritten       atomic.Int64
	monthsRemade       atomic.Int64
	failures           atomic.Int64
	notFound           atomic.Int64
	ignored            atomic.Int64
	incomplete         atomic.Int64
	slaFailures        atomic.Int64
	slaHealed          atomic.Int64
	caughtUp           atomic.Int64
	catchUpFailures    atomic.Int64
	lastCheck          atomic.Pointer[CheckReport]
	attachmentsStored  atomic.Int64
	attachmentsSkipped atomic.Int64
	lastApplied        atomic.Int64 // Unix milliseconds
	lastLatency        atomic.Int64 // milliseconds from delivery to queryable
}

func (c *counters) applied(received, now time.Time) {
	c.issuesApplied.Add(1)
	c.lastApplied.Store(now.UnixMilli())
	if !received.IsZero() {
		c.lastLatency.Store(now.Sub(received).Milliseconds())
	}
}

// Status is the state of a running Syncer.
type Status struct {
	Running     bool      `json:"running"`
	Waiting     int       `json:"waiting"`                 // issues that wait for their refresh
	InFlight    int       `json:"in_flight"`               // issues being refreshed
	Oldest      time.Time `json:"oldest_waiting,omitzero"` // arrival of the oldest delivery not worked off
	LastApplied time.Time `json:"last_applied,omitzero"`   // when the tables last took an issue

	Deliveries         int64 `json:"deliveries"`
	Malformed          int64 `json:"malformed_deliveries"`
	IssuesApplied      int64 `json:"issues_applied"`
	FilesWritten       int64 `json:"files_written"`
	MonthsRemade       int64 `json:"months_remade"` // that could not be read
	Failures           int64 `json:"failures"`
	NotFound           int64 `json:"not_found"`
	Ignored            int64 `json:"ignored"`
	Incomplete         int64 `json:"incomplete"`
	SLAFailures        int64 `json:"sla_failures"`
	SLAHealed          int64 `json:"sla_healed"` // issues whose status only an SLA poll brought
	CaughtUp           int64 `json:"caught_up"`  // issues that no webhook brought
	CatchUpFailures    int64 `json:"catch_up_failures"`
	AttachmentsStored  int64 `json:"attachments_stored"`
	AttachmentsSkipped int64 `json:"attachments_skipped"`
	LastLatencyMS      int64 `json:"last_latency_ms"` // from delivery to queryable

	LastCheck *CheckReport  `json:"last_check,omitempty"` // of the periodic check; see CheckReport
	Tokens    []TokenExpiry `json:"tokens,omitempty"`     // those of which the end is known
	Metadata  LastRun       `json:"metadata,omitzero"`    // of the tables fields and organizations
	SLAPoll   LastRun       `json:"sla_poll,omitzero"`    // by this process or another
}

// Status returns the state at this moment.
func (s *Syncer) Status() Status {
	c := &s.stats
	st := Status{
		Deliveries: c.deliveries.Load(), Malformed: c.malformed.Load(), IssuesApplied: c.issuesApplied.Load(),
		FilesWritten: c.filesWritten.Load(), MonthsRemade: c.monthsRemade.Load(), Failures: c.failures.Load(), NotFound: c.notFound.Load(),
		Ignored: c.ignored.Load(), Incomplete: c.incomplete.Load(), SLAFailures: c.slaFailures.Load(),
		AttachmentsStored: c.attachmentsStored.Load(), AttachmentsSkipped: c.attachmentsSkipped.Load(),
		LastLatencyMS: c.lastLatency.Load(), CaughtUp: c.caughtUp.Load(), SLAHealed: c.slaHealed.Load(), CatchUpFailures: c.catchUpFailures.Load(),
		LastCheck: c.lastCheck.Load(), Tokens: s.Tokens(), Metadata: s.LastMetadata(), SLAPoll: s.LastSLAPoll(),
	}
	if ms := c.lastApplied.Load(); ms != 0 {
		st.LastApplied = time.UnixMilli(ms).UTC()
	}
	if q := s.inbox.Load(); q != nil {
		stats := q.Stats()
		st.Running, st.Waiting, st.InFlight, st.Oldest = true, stats.Waiting, stats.InFlight, stats.Oldest
	}
	return st
}

// remaining is how many differences the last check left.
func (st Status) remaining() int64 {
	if st.LastCheck == nil {
		return 0
	}
	return int64(st.LastCheck.Remaining)
}

func unixOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// writeMetrics writes the status in the Prometheus text format.
func (st Status) writeMetrics(w io.Writer) error {
	for _, m := range []struct {
		name, kind, help string
		value            int64
	}{
		{"deliveries_total", "counter", "Authentic webhook deliveries stored.", st.Deliveries},
		{"malformed_deliveries_total", "counter", "Authentic deliveries without a usable event.", st.Malformed},
		{"issues_applied_total", "counter", "Issues brought to the tables.", st.IssuesApplied},
		{"files_written_total", "counter", "Parquet files written or removed.", st.FilesWritten},
		{"months_remade_total", "counter", "Months that could not be read and were made anew from the records.", st.MonthsRemade},
		{"failures_total", "counter", "Refreshes that failed and are tried again.", st.Failures},
		{"not_found_total", "counter", "Refreshes that Jira answered with not found.", st.NotFound},
		{"ignored_total", "counter", "Issues outside the configured projects.", st.Ignored},
		{"incomplete_total", "counter", "Fetches that could not read an issue whole.", st.Incomplete},
		{"sla_failures_total", "counter", "SLA reads that failed.", st.SLAFailures},
		{"attachments_stored_total", "counter", "Attachment files stored.", st.AttachmentsStored},
		{"attachments_skipped_total", "counter", "Attachments over the size limit.", st.AttachmentsSkipped},
		{"sla_healed_total", "counter", "Issues whose status only an SLA poll brought.", st.SLAHealed},
		{"caught_up_total", "counter", "Issues refreshed that no webhook brought.", st.CaughtUp},
		{"catch_up_failures_total", "counter", "Catch-ups that failed and are repeated.", st.CatchUpFailures},
		{"check_remaining", "gauge", "Differences that the last check left.", st.remaining()},
		{"queue_waiting", "gauge", "Issues that wait for their refresh.", int64(st.Waiting)},
		{"queue_in_flight", "gauge", "Issues being refreshed.", int64(st.InFlight)},
		{"metadata_success_time_seconds", "gauge", "When fields and organizations were last refreshed, Unix time; 0 never.", unixOrZero(st.Metadata.Succeeded)},
		{"metadata_failure_time_seconds", "gauge", "When their refresh last failed, Unix time; 0 never.", unixOrZero(st.Metadata.Failed)},
		{"sla_poll_success_time_seconds", "gauge", "When the SLA clocks were last read, Unix time; 0 never.", unixOrZero(st.SLAPoll.Succeeded)},
		{"sla_poll_failure_time_seconds", "gauge", "When an SLA poll last failed, Unix time; 0 never.", unixOrZero(st.SLAPoll.Failed)},
		{"last_latency_milliseconds", "gauge", "Delivery to queryable, last issue.", st.LastLatencyMS},
	} {
		if _, err := fmt.Fprintf(w, "# HELP jirasync_%[1]s %[2]s\n# TYPE jirasync_%[1]s %[3]s\njirasync_%[1]s %[4]d\n", m.name, m.help, m.kind, m.value); err != nil {
			return err
		}
	}
	return st.writeTokens(w)
}

func (st Status) writeTokens(w io.Writer) error {
	for i, t := range st.Tokens {
		if i == 0 {
			if _, err := io.WriteString(w, "# HELP jirasync_token_days_left Days until an API token ends; negative once it has.\n# TYPE jirasync_token_days_left gauge\n"); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(w, "jirasync_token_days_left{token=%q} %d\n", t.Token, t.DaysLeft); err != nil {
			return err
		}
	}
	return nil
}
