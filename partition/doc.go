// Package partition keeps tables as Parquet files, one file for each table
// and month, and is the only package of this module that knows Parquet.
//
//	DIR/issues/2026-01.parquet
//	DIR/comments/2026-01.parquet
//	DIR/.locks/parquet-2026-01.lock
//
// The month of a row is that of its issue's creation, as a UTC instant
// ([Monthly]), in every table. A [Table] is described at run time, since a
// site's own fields become columns. Rows are slices of [Value], one for each
// column in order; a null is a value of its own and never confused with "",
// 0 or false.
//
// A table whose rows belong to no issue is not divided: all of it is in
// DIR/TABLE/data.parquet ([Whole]), in either layout, sorted by its first column.
//
// # Writing
//
// [Dir.Replace] takes all rows of one month of one or more tables, sorted by
// issue_key as bytes, and a [MonthWriter] takes them issue after issue, however
// many there are. What it writes depends on the rows alone, not on the
// time or the machine: equal rows give equal bytes. [Dir.Splice] takes the
// rows of some issues only. It encodes the row groups that these are in and
// copies all others, by the kernel and unread, so that a change costs what
// changes and one pass over the file. Its row groups therefore depend on the
// file's history; both calls compare rows, and touch no file in which none
// changes.
//
// Changed files are written beside their targets, made durable, and then
// renamed in the order given: children first, issues last. A reader sees each
// file old or new, never part of either. A note says what is being renamed:
// after a crash the next [Open] or LockMonth finishes it, so that the tables of
// a month change together. Writers of a month hold [Dir.LockMonth].
//
// # Reading
//
// [Dir.Read] returns all rows or an error. Only a file that is not there is
// fs.ErrNotExist; a file that cannot be read whole is [ErrCorrupt], one with
// other columns [ErrSchema], and neither may be taken for an empty month:
// that would be overwritten with a few rows later. Each file carries checksums of
// all its bytes, one for each row group and one for the rest. Nothing is
// decoded whose checksum has not been checked, because Parquet's own leave the
// headers and the footer unguarded. A file that a writer finds corrupt is set
// aside, out of the sight of those who read all months by a glob, and its
// month stays corrupt until Replace has written it anew.
//
// # Publishing
//
// [Dir.Publish] copies files to another directory, from where they are
// distributed, each whole, verified and only when it differs. The [Manifest]
// there lists them with their hashes, and is replaced after them: by it a
// reader knows that the tables that he has read belong together.
//
// A directory that is opened with the layout [Hive] has its files as
// DIR/issues/month=2026-01/data.parquet. Files in either layout are found.
//
// # Files
//
// Every column is optional: UTF-8 text, 64-bit integers, timestamps in
// microseconds adjusted to UTC, booleans, doubles. zstd level 3; integers and
// timestamps as differences (DELTA_BINARY_PACKED); pages of 1 MiB; row
// groups that never divide an issue, grow with the rows before them and are declared
// sorted by issue_key; no bounds for long text. Key-value metadata say the schema version, table, row
// count and the writer's stamp. Any Parquet reader can read them; DuckDB reads a table with
// read_parquet('DIR/issues/*.parquet', union_by_name = true).
//
// # Not done here
//
// No query, and no snapshot: a reader that joins tables while they are
// replaced may see one new and one old, unless he asks the manifest.
package partition
