package transform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/jirasync/jirasync/partition"
)

// ErrNoRecords reports a Rebuild that found no record at all where tables
// exist. It looks like a wrong directory, so nothing is removed.
var ErrNoRecords = errors.New("transform: no records, but tables")

// RebuildOptions control a Rebuild. The zero value is the ordinary case.
type RebuildOptions struct {
	// Parallel is how many months are made at once. Zero means 2. Memory grows
	// with it: see Rebuild.
	Parallel int

	// Months are the only months to make anew, such as those whose files
	// cannot be read. Empty means all.
	Months []string

	// Progress is called after each month and, in between, after each
	// thousand records; never by two goroutines at once. Nil means no reports.
	Progress func(Progress)
}

// Progress tells how far a Rebuild or a Verify has come. IssuesTotal is zero
// during the first pass.
type Progress struct {
	Surveyed    int    // records that the first pass has read
	Month       string // the month that was worked on last
	Months      int    // finished
	MonthsTotal int
	Issues      int // with rows, that the second pass has taken in
	IssuesTotal int
}

// progressStep is how many records lie between two reports.
const progressStep = 1000

// Rebuild makes the tables anew from all records: each month is written from
// the records alone, and months that have no issue any more are removed. It
// mends what cannot be read. Where the tables were right nothing is written.
//
// A first pass looks in every record for its key, id and times, and proves them
// only where several records have one issue id. Then each month is
// read in the order of its keys, some records ahead, and written row group by
// row group. So memory depends neither on the records nor on the month, but
// for some fifty bytes an issue and the keys of the Result. Each month is
// locked while its records are read and its files written: a Rebuild beside a
// running sync loses no row. Of two records with one issue id the one updated
// later is kept.
//
// A record that cannot be read fails, but does not cost its month: rows that
// the tables hold of it stay. The error is nil only if every record landed;
// the Result is valid in any case.
func Rebuild(ctx context.Context, t *Tables, records Records, o RebuildOptions) (Result, error) {
	r := &rebuild{Tables: t, records: records, report: o.Progress, look: t.mapper.glance}
	if len(o.Months) > 0 {
		r.look = t.mapper.proven // the month of a wrong claim may not be among them
	}
	if err := r.take(ctx); err != nil {
		return r.result, err
	}
	months, err := r.stored()
	if err != nil {
		return r.result, err
	}
	if len(o.Months) > 0 {
		months = slices.DeleteFunc(months, func(month string) bool { return !slices.Contains(o.Months, month) })
	}
	r.progress.MonthsTotal = len(months)
	parallel(o.Parallel, months, func(month string) { r.month(ctx, month) })
	r.finish(ctx)
	return r.result, errors.Join(ctx.Err(), r.result.err())
}

type rebuild struct {
	*Tables
	records Records
	report  func(Progress)
	look    func(records Records, key string) (i IssueRows, proven bool, err error) // for the survey
	survey  survey                                                                  // changes in take alone

	mu       sync.Mutex
	result   Result // this and all below guarded by mu
	moved    []string
	progress Progress
}

// parallel calls work with each name, so many at once.
func parallel(n int, names []string, work func(name string)) {
	if n <= 0 {
		n = 2
	}
	queue := make(chan string)
	var group sync.WaitGroup
	for range min(n, len(names)) {
		group.Go(func() { // ends when the queue is closed, below
			for name := range queue {
				work(name)
			}
		})
	}
	for _, name := range names {
		queue <- name
	}
	close(queue)
	group.Wait()
}

// take surveys what each record says about its issue as a whole. A list of
// keys that breaks off is an error: what it lacks would look deleted.
func (r *rebuild) take(ctx context.Context) error {
	queue := make(chan string)
	var group sync.WaitGroup
	for range readers {
		group.Go(func() { // ends when the queue is closed, below
			for key := range queue {
				r.enter(key)
			}
		})
	}
	var broken error
	for key, err := range r.records.Keys() {
		if broken = cmp.Or(err, ctx.Err()); broken != nil {
			break
		}
		queue <- key
	}
	close(queue)
	group.Wait()
	if broken != nil {
		return fmt.Errorf("transform: %w", broken)
	}
	// Only what is proven may win over another record.
	for keys := r.survey.contenders(); len(keys) > 0 && ctx.Err() == nil; keys = r.survey.contenders() {
		parallel(readers, keys, r.prove)
	}
	r.result.Duplicates = r.survey.settle()
	r.progress.IssuesTotal = len(r.survey.entries)
	return nil
}

// enter takes one record into the survey.
func (r *rebuild) enter(key string) {
	i, proven, err := r.look(r.records, key)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress.Surveyed++
	r.tell(r.progress.Surveyed)
	r.claim(key, i, proven, err)
}

// prove takes in a record again whose claim is not proven.
func (r *rebuild) prove(key string) {
	i, proven, err := r.mapper.proven(r.records, key)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.claim(key, i, proven, err)
}

// claim puts into the survey what a record says. The caller holds mu.
func (r *rebuild) claim(key string, i IssueRows, proven bool, err error) {
	switch {
	case err != nil:
		r.result.fail(key, err)
	case !i.Gone:
		r.survey.add(i.ID, i.claim(), proven)
	}
}

// tell reports at every thousandth record. The caller holds mu.
func (r *rebuild) tell(records int) {
	if r.report != nil && records%progressStep == 0 {
		r.report(r.progress)
	}
}

// stored returns, in order, the months of the records and those that only the
// tables have, from which all is to be removed.
func (r *rebuild) stored() ([]string, error) {
	months := slices.Clone(r.survey.months)
	for _, table := range slices.Concat(r.mapper.left, r.mapper.schema) {
		of, err := r.dir.Months(table.Name)
		if err != nil {
			return nil, fmt.Errorf("transform: %w", err)
		}
		months = append(months, of...)
	}
	if r.progress.Surveyed == 0 && len(months) > 0 {
		return nil, ErrNoRecords
	}
	slices.Sort(months)
	return slices.Compact(months), nil
}

// month makes one month.
func (r *rebuild) month(ctx context.Context, month string) {
	if ctx.Err() != nil {
		return // what was not begun did not fail
	}
	m := &rebuiltMonth{rebuild: r, name: month, listed: r.survey.keys(month), failed: map[string]error{}}
	err := m.make(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, fault := range m.failed {
		r.result.fail(key, fault)
	}
	if err != nil && ctx.Err() != nil {
		return // nor did what was cut short
	}
	if err != nil {
		for _, key := range m.listed {
			r.result.fail(key, fmt.Errorf("month %s: %w", month, err))
		}
		return
	}
	for _, key := range m.applied {
		delete(r.result.Failed, key) // it could not be read in the survey, but now
	}
	r.result.Files = append(r.result.Files, m.files...)
	r.result.Applied = append(r.result.Applied, m.applied...)
	r.result.Skipped += m.skipped
	r.moved = append(r.moved, m.moved...)
	r.progress.Month = month
	r.progress.Months++
	if r.report != nil {
		r.report(r.progress)
	}
	r.mapper.Logger.Debug("month rebuilt", "month", month, "issues", len(m.applied), "files", len(m.files))
}

// speaks reports whether the record of i is the one that counts for its id.
func (r *rebuild) speaks(i IssueRows) bool {
	c, known := r.survey.find(i.ID)
	return !known || c.key == i.Key || later(i.claim(), c)
}

// finish upserts what changed its month meanwhile and puts the result in order.
func (r *rebuild) finish(ctx context.Context) {
	if len(r.moved) > 0 {
		late, _ := Upsert(ctx, r.Tables, r.records, r.moved...) // its failures are in late
		r.result.add(late)
	}
	slices.SortStableFunc(r.result.Files, func(a, b partition.File) int { return cmp.Compare(a.Month, b.Month) })
	r.result.sort()
}
