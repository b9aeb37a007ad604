// Package jirasync keeps Jira Cloud tickets as Parquet files, in real time.
//
// A [Syncer] receives Jira's signed webhooks, reads each changed issue whole,
// keeps its raw JSON and its attachments, and brings the tables up to date
// that DuckDB reads as they are:
//
//	delivery ─→ webhook: verify ─→ event log (durable) ─→ 200
//	                                   │
//	                                   ▼
//	             jira: the complete issue, and its SLA fields with a second account
//	                                   │
//	                                   ▼
//	             record: merged under the lock, DataDir/issues/KEY.json
//	                                   │
//	                                   ▼
//	             transform: rows of the tables ─→ ParquetDir/TABLE/YYYY-MM.parquet
//	                                   │
//	                                   ▼
//	             publish: a copy for analysts, DistDir/TABLE/YYYY-MM.parquet
//
// An event is only a hint that something changed; what Jira answers decides.
// So deliveries may come twice, late or in any order. A delivery is
// acknowledged once it is on disk, and everything after that may be repeated
// without harm: a crash at any moment loses nothing and leaves every file whole.
//
// # Use
//
//	s, err := jirasync.New(jirasync.Config{
//		Domain: "acme.atlassian.net", Email: email, APIToken: token,
//		WebhookSecrets: []jira.Secret{secret},
//		DataDir:        "/data/raw/jira", ParquetDir: "/data/parquet/jira",
//	})
//	mux.Handle("/webhooks/", s.Handler())
//	err = s.Run(ctx) // until ctx ends
//
// [Syncer.Backfill] reads what was there before the webhook, [Syncer.Rebuild]
// makes all tables anew from the records. Both use the same steps.
//
// The parts can be used alone: package webhook receives, adf turns documents
// into text, sla reads SLA fields, transform makes rows of issues, partition
// writes them.
//
// # What it does not do
//
// It never writes to Jira. It does not find deletions that no webhook
// announced, and it reads SLA clocks only when an issue is refreshed; both are
// to come. One process serves a data directory at a time; commands such as
// backfill may run beside it.
//
// # Stability
//
// Version 0: names may change until the files and [Config] have survived a
// real site. docs/format.md describes the files; columns are only added.
package jirasync
