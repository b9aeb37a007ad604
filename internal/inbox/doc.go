// Package inbox is the event log and the queue behind the webhook: what Append
// has accepted is on stable storage, and every issue it names will be handed
// out by Take until somebody says Done, whatever crashes in between.
//
//	Append ──▶ batch ──▶ segment file ──▶ fdatasync ──▶ queue ──▶ nil
//	                                                     │
//	            checkpoint ◀── Done / Retry ◀── worker ◀─┴─ Take
//
// The queue is a set of issues, not a list of events. An event only says that
// an issue has to be fetched again, so a thousand events of one issue are one
// Item. While an issue is being worked on, further events make it wait for one
// more turn: one in flight, one dirty. Between issues there is no order that
// one could rely on, so that one hanging issue holds up no other.
//
// # The log
//
// The directory holds segments that sort by time:
//
//	20261123T184100.000000-000001.events    time of creation, first sequence number
//	checkpoint.json                         how far the events are processed
//	20261123T184100.000000-000001.events.torn-5021    bytes cut off at offset 5021
//	.locks/log.lock                         held by the process that appends
//
// A segment is a sequence of records, each one line of JSON, the body byte for
// byte, and a newline:
//
//	{"v":1,"seq":1,"received":"2026-11-23T18:41:00.52Z","type":"jira:issue_updated",…,"length":97,"crc32c":"6b3b9ad4","check":"0a2f3e11"}
//	{"timestamp":1790102915652,"webhookEvent":"jira:issue_updated","issue":{"id":"10001","key":"SUP-1"}}
//
// crc32c is the CRC-32C of the body, check that of the line before the member
// itself. "v" is always first and check always last, in every version. A body
// that came before, under the same identifier and within 24 hours, is not
// written again: the record has length 0 and names the first in duplicate_of.
//
// The log belongs to whoever operates the site and contains what Jira sent:
// its content is customer data.
//
// # Failures
//
// A failed write or fsync is final for its segment, for the kernel may have
// dropped the pages and would report success next time: a new segment is
// begun and the batch written there once more. If that fails too the callers
// get the error and no event is lost, because the sender is told so.
//
// On opening, an incomplete tail is cut off and kept beside the segment. Bad
// bytes between good records are skipped, counted and reported, each time they
// are met, and never removed. A record of another version stops everything.
//
// An Inbox is safe for concurrent use.
package inbox
