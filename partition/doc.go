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
// # Writing
//
// [Dir.Replace] takes all rows of one month of one or more tables, sorted by
// issue_key as bytes. Files whose content would stay equal are not touched.
// The others are written beside their targets, made durable, and then
// renamed in the order given: children first, issues last, so that a crash
// between two renames leaves an issue to be done again, not one half done. A
// reader sees each file old or new, never part of either. Equal rows give
// equal bytes: nothing in a file depends on the time or the machine. Writers of a
// month hold [Dir.LockMonth].
//
// # Reading
//
// [Dir.Read] returns all rows or an error. Only a file that is not there is
// fs.ErrNotExist; a file that cannot be read whole is [ErrCorrupt], one with
// other columns [ErrSchema], and neither may be taken for an empty month:
// that would be overwritten with a few rows later. Each file carries checksums of
// all its bytes, which are checked before anything is decoded, because
// Parquet's own leave the headers and the footer unguarded.
//
// # Publishing
//
// [Dir.Publish] copies files to another directory, from where they are
// distributed, each whole, verified and only when it differs.
//
// # Files
//
// Every column is optional: UTF-8 text, 64-bit integers, timestamps in
// microseconds adjusted to UTC, booleans, doubles. zstd level 3; pages of 1 MiB; row
// groups that never divide an issue and are declared sorted by issue_key; no
// bounds for long text. Key-value metadata say the schema version, table, row
// count and the writer's stamp. Any Parquet reader can read them; DuckDB reads a table with
// read_parquet('DIR/issues/*.parquet', union_by_name = true).
//
// # Not done here
//
// No query, no splice of single row groups into a month, no manifest over
// several files: a reader that joins tables may see one new and one old.
package partition
