package partition

import (
	"errors"
	"fmt"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

// Content is rows of one table in one month, sorted by issue_key as bytes (a
// [Whole] table by its first column):
// all for Replace, those of the issues named for Splice. Rows of one issue
// keep the order they are given in.
type Content struct {
	Table Table
	Rows  []Row
}

func (c Content) check() error {
	if err := c.Table.Validate(); err != nil {
		return err
	}
	return c.Table.check(c.Rows)
}

// A File is one file that a call has written or removed.
type File struct {
	Table   string
	Month   string
	Path    string // below the directory, with slashes: issues/2026-01.parquet
	Removed bool   // the month has no rows in this table any more
	Rows    int
	Bytes   int64

	// Copied is how many of Bytes Splice took from the old file as they were.
	Copied int64

	// Rewritten says why Splice could copy nothing. It is empty where it
	// could, or had nothing to copy from.
	Rewritten string
}

// Replace makes the files of a month hold the contents, and returns those
// that it changed, in the order given. A file that holds these rows already
// is not touched. A content without rows removes its file, but for a [Whole]
// table, which has a file without rows then. A file that is
// corrupt is set aside and replaced ([Dir.SetAside]); one that has another
// schema or stamp is replaced like any other. What is written depends on the
// rows alone: equal rows give equal bytes.
//
// All new files are on stable storage before the first takes its place, and
// they do so in the order given: children first, issues last. After a crash
// in between the next Open or LockMonth finishes what was begun. Rows that do
// not fit are ErrRows, before anything is changed. After any other error each
// file is whole, old or new, and the call can be repeated.
//
// The caller holds LockMonth. Memory beyond the rows is a row group for each
// table.
func (d *Dir) Replace(month string, contents ...Content) ([]File, error) {
	for _, c := range contents {
		if err := c.check(); err != nil {
			return nil, err
		}
	}
	return d.change(month, contents, func(c Content) (*pending, error) {
		return d.replace(month, c)
	})
}

// replace writes the content beside its target, or nothing if it is there.
func (d *Dir) replace(month string, c Content) (*pending, error) {
	r, err := d.newRewrite(month, c.Table)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.append(c.Rows); err != nil {
		return nil, err
	}
	return r.finish()
}

// change prepares the contents side by side and makes them visible together.
func (d *Dir) change(month string, contents []Content, prepare func(Content) (*pending, error)) ([]File, error) {
	tables := make([]Table, len(contents))
	for i, c := range contents {
		tables[i] = c.Table
	}
	if err := d.begin(month, tables); err != nil {
		return nil, err
	}
	prepared := make([]*pending, len(contents))
	errs := make([]error, len(contents))
	err := parallel(len(contents), func(i int) error {
		prepared[i], errs[i] = prepare(contents[i])
		return nil // the other tables may have something to say too
	})
	return d.land(month, prepared, append(errs, err)...)
}

// begin says whether the tables can be written as part of the month, and
// finishes what an earlier call under the same lock could not.
func (d *Dir) begin(month string, tables []Table) error {
	if !validPart(month) {
		return badMonth(month)
	}
	for _, t := range tables {
		if t.Whole != (month == Whole) {
			return fmt.Errorf("table %s is not kept as %q", t.Name, month)
		}
	}
	return d.redo(month)
}

// land makes what was prepared visible, unless one of the errors is one.
func (d *Dir) land(month string, prepared []*pending, errs ...error) ([]File, error) {
	defer func() {
		for _, p := range prepared {
			p.discard()
		}
	}()
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("write month %s: %w", month, err)
	}
	var changed []File
	var files []*atomicfile.File
	for _, p := range prepared {
		if p != nil {
			changed = append(changed, p.File)
			files = append(files, p.files()...)
		}
	}
	if err := d.commit(month, files); err != nil {
		return nil, fmt.Errorf("write month %s: %w", month, err)
	}
	return changed, nil
}
