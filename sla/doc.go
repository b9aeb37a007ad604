// Package sla reads the SLA fields of Jira Service Management and carries them
// from one account's answer into another's record.
//
// # What an SLA field is
//
// Each SLA metric of a service project ("Time to first response", "Time to
// resolution") is a custom field of the issue. Its value has one of these
// shapes:
//
//	null                                    the metric does not apply
//	{"completedCycles": [], ...}            it applies, no cycle has started
//	{"completedCycles": [...], ...}         finished cycles, oldest first
//	{"ongoingCycle": {...}, ...}            a clock that runs, or is paused
//	{"errorMessage": "..."}                 the caller may not read it
//
// [Parse] turns a value into a [Metric] with its cycles; [Metric.Current]
// picks the cycle that reports use.
//
// # Two accounts
//
// Only a caller with an agent licence sees the clocks; every other account
// gets the error object, or nothing. [Overlay] merges the answers of both: a
// value that could not be read is unknown, and unknown never replaces what is
// known.
//
// The clocks move without an event and without touching the updated
// time: elapsed and remaining time are as of the moment Jira answered.
//
// The package does no I/O and keeps no state; all functions are safe for
// concurrent use.
//
// Source: developer.atlassian.com, Jira Service Management REST API, "SLA";
// shapes as returned by GET issue in July 2026.
package sla
