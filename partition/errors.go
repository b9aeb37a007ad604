package partition

import (
	"errors"
	"fmt"
)

var (
	// ErrCorrupt is the error of a file that cannot be trusted: it is
	// damaged, was not written by this package, or is no regular file. It
	// is not an empty month. The way out is to rebuild the month from the
	// issue records and write it with Replace.
	ErrCorrupt = errors.New("corrupt file")

	// ErrSchema is the error of a whole file whose columns are not those of
	// the table. The way out is a rebuild from the issue records.
	ErrSchema = errors.New("schema differs")

	// ErrRows is the error of rows that do not fit their table: a wrong
	// number or kind of values, no issue_key, or not sorted by it.
	ErrRows = errors.New("rows do not fit the table")
)

// An Error says which file is corrupt or has another schema. It wraps
// [ErrCorrupt] or [ErrSchema].
type Error struct {
	Table string // whose rows of the month cannot be had
	Month string
	Path  string // the file, below the directory: issues/2026-01.parquet
	Hint  string // what an operator can do
	Err   error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

const (
	rebuildHint = "run jira-sync transform to rebuild it from the issue records"
	wholeHint   = "move the file away, then run jira-sync metadata: all that it holds is in Jira"
)

func fileError(table, month, path string, err error) error {
	if errors.Is(err, ErrCorrupt) || errors.Is(err, ErrSchema) {
		e := &Error{Table: table, Month: month, Path: path, Hint: rebuildHint, Err: err}
		if month == Whole {
			e.Hint = wholeHint
		}
		return e
	}
	return fmt.Errorf("%s: %w", path, err)
}

// corrupt makes an ErrCorrupt. The cause is given as text, so that errors of
// the Parquet library do not become part of our interface.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}
