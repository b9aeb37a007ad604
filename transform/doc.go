// Package transform turns issue records into the rows of several tables and
// keeps the Parquet files of those tables in line with the records.
//
//	record (Jira's JSON) ── Rows ──▶ issues comments attachments changelog issuelinks remote_links …
//	                                        │
//	             Upsert (some keys) ────────┤──▶ TABLE/YYYY-MM.parquet, the month of the creation
//	             Rebuild (all records) ─────┘
//
// [Rows] is a pure function of one record. The columns 27 to 47 of the issues
// table come from a [FieldMap], because custom field ids differ from site to
// site; all others are fixed. First come the tables and columns of the
// reference design, then those that we add; [Options].ReferenceOnly leaves
// ours out. docs/format.md lists every column with its type, its source and
// when it is null; it is made of the same list as the rows.
//
// [Tables] is a directory of such files. [Upsert] brings it up to date for
// the issues that changed and [Rebuild] makes it from nothing but the
// records; both write the same bytes. The records ([Records]) are the only
// truth: what is unknown (a part that could not be fetched) must be kept
// there, as absent and as empty mean the same here. After an upgrade that adds
// columns, [Renew] brings all months to them; until then each month comes to
// them with its first Upsert.
//
//	tables, err := transform.Open("/data/parquet", transform.Options{SiteURL: "https://example.atlassian.net"})
//	records := transform.RecordsFS(os.DirFS("/data/raw/issues"))
//	result, err := transform.Upsert(ctx, tables, records, "SUPPORT-1", "SUPPORT-2")
//
// # What it does not do
//
// It fetches nothing and writes no record; it downloads no attachment, but
// asks [Options].Attachment where one lies; it does not copy files to where
// they are distributed: hand [Result].Files to partition.Dir.Publish.
package transform
