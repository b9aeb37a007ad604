package transform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
)

// Verification tells where the tables differ from the records. All keys are
// sorted.
type Verification struct {
	Issues  int              // compared: living records, and keys that only the tables have
	Missing []string         // a living record without rows
	Stale   []string         // rows other than the record's
	Extra   []string         // rows of a deleted or moved issue, or in a month that is not theirs
	Orphans []string         // rows of an issue without any record; Upsert cannot mend these
	Months  map[string]error // months with a file that cannot be read; nothing is said of their issues
	Failed  map[string]error // keys whose record cannot be read

	// Differences are the files whose rows differ, by month and then in the
	// order of Schema.
	Differences []Difference
}

// A Difference counts the rows of one table and month by which it differs from
// the records.
type Difference struct {
	Table, Month string
	Missing      int // of the records, and not in the table
	Extra        int // in the table, and not of the records
	Different    int // there in both, but with other values or in another place
}

// Mendable returns the keys that an Upsert would bring in line, sorted.
func (v *Verification) Mendable() []string {
	keys := slices.Concat(v.Missing, v.Stale, v.Extra)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Clean reports whether tables and records were found to agree.
func (v *Verification) Clean() bool {
	return len(v.Missing)+len(v.Stale)+len(v.Extra)+len(v.Orphans)+len(v.Months)+len(v.Failed) == 0
}

// VerifyOptions control a Verify. The zero value compares everything.
type VerifyOptions struct {
	// Keys are the only issues to compare. Empty means all.
	Keys []string

	// Parallel and Progress are as for a Rebuild.
	Parallel int
	Progress func(Progress)
}

// Verify compares every cell of the tables with the records, and writes
// nothing. What differs is looked at again under the lock of its month, so
// that a sync at work is not taken for a difference.
//
// It goes through records and tables as a Rebuild does, one row group of each
// table in memory.
func Verify(ctx context.Context, t *Tables, records Records, o VerifyOptions) (Verification, error) {
	v := &verify{rebuild: rebuild{Tables: t, records: records, report: o.Progress, look: t.mapper.proven}, only: map[string]bool{}}
	for _, key := range o.Keys {
		v.only[key] = true
	}
	if len(o.Keys) > 0 {
		v.records = onlyKeys{records, o.Keys}
	}
	err := v.run(ctx, o.Parallel)
	v.found.sort()
	return v.found, err
}

// onlyKeys are records of which only some are listed.
type onlyKeys struct {
	Records
	keys []string
}

func (o onlyKeys) Keys() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, key := range slices.Compact(slices.Sorted(slices.Values(o.keys))) {
			if !yield(key, nil) {
				return
			}
		}
	}
}

type verify struct {
	rebuild
	only  map[string]bool // the keys to compare; empty for all
	found Verification    // guarded by mu
}

func (v *verify) run(ctx context.Context, n int) error {
	if err := v.take(ctx); err != nil {
		return err
	}
	for key, err := range v.result.Failed {
		if !errors.Is(err, fs.ErrNotExist) { // its rows, if any, are orphans
			v.found.fail(key, err)
		}
	}
	months, err := v.concerned()
	if err != nil {
		return err
	}
	v.progress.MonthsTotal = len(months)
	var errs []error
	parallel(n, months, func(month string) {
		err := cmp.Or(ctx.Err(), v.month(ctx, month))
		v.mu.Lock()
		defer v.mu.Unlock()
		errs = append(errs, err)
		v.progress.Month = month
		v.progress.Months++
		if v.report != nil {
			v.report(v.progress)
		}
	})
	return cmp.Or(errs...)
}

// concerned returns the months of the records, and those in which the tables
// hold the keys to compare.
func (v *verify) concerned() ([]string, error) {
	if len(v.only) == 0 {
		months, err := v.stored()
		if errors.Is(err, ErrNoRecords) {
			err = nil // tables without records are differences here, no fault
		}
		return months, err
	}
	if err := v.refresh(); err != nil {
		return nil, err
	}
	months := slices.Clone(v.survey.months)
	for key := range v.only {
		months = append(months, v.monthsOf(key, "")...)
	}
	slices.Sort(months)
	return slices.Compact(months), nil
}

// month compares one month, at first beside its writers.
func (v *verify) month(ctx context.Context, month string) error {
	first, err := v.compare(ctx, month, v.only)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && first.Clean() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.found.add(first)
		return nil
	}
	release, lockErr := v.dir.LockMonth(ctx, month)
	if lockErr != nil {
		return lockErr
	}
	defer release()
	suspects := v.only
	if err == nil {
		suspects = map[string]bool{}
		for _, key := range slices.Concat(first.Mendable(), first.Orphans, slices.Collect(maps.Keys(first.Failed))) {
			suspects[key] = true
		}
	}
	second, err := v.compare(ctx, month, suspects)
	v.mu.Lock()
	defer v.mu.Unlock()
	if err != nil {
		v.found.failMonth(month, err)
		return ctx.Err()
	}
	second.Issues = max(first.Issues, second.Issues)
	v.found.add(second)
	return nil
}

// speaks reports whether the record of i is the one that counts for its id. If
// only some records were surveyed, those that the tables name count too.
func (v *verify) speaks(i IssueRows) bool {
	if len(v.only) == 0 || !v.rebuild.speaks(i) {
		return v.rebuild.speaks(i)
	}
	u := upsert{Tables: v.Tables}
	for _, rival := range u.rivals(i) {
		other, err := v.mapper.look(v.records, rival)
		if err == nil && !other.Gone && other.ID == i.ID && later(other.claim(), i.claim()) {
			return false
		}
	}
	return true
}

func (v *Verification) fail(key string, err error) {
	if v.Failed == nil {
		v.Failed = map[string]error{}
	}
	v.Failed[key] = err
}

func (v *Verification) failMonth(month string, err error) {
	if v.Months == nil {
		v.Months = map[string]error{}
	}
	v.Months[month] = fmt.Errorf("month %s: %w", month, err)
}

func (v *Verification) add(w Verification) {
	v.Issues += w.Issues
	v.Missing = append(v.Missing, w.Missing...)
	v.Stale = append(v.Stale, w.Stale...)
	v.Extra = append(v.Extra, w.Extra...)
	v.Orphans = append(v.Orphans, w.Orphans...)
	for key, err := range w.Failed {
		v.fail(key, err)
	}
	v.Differences = append(v.Differences, w.Differences...)
}

func (v *Verification) sort() {
	for _, keys := range []*[]string{&v.Missing, &v.Stale, &v.Extra, &v.Orphans} {
		slices.Sort(*keys)
		*keys = slices.Compact(*keys)
	}
	slices.SortStableFunc(v.Differences, func(a, b Difference) int { return cmp.Compare(a.Month, b.Month) })
}
