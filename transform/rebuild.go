package transform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"

	"github.com/jirasync/jirasync/partition"
)

// ErrNoRecords reports a Rebuild that found no record at all where tables
// exist. It looks like a wrong directory, so nothing is removed.
var ErrNoRecords = errors.New("transform: no records, but tables")

// RebuildOptions control a Rebuild. The zero value is the ordinary case.
type RebuildOptions struct {
	// Parallel is how many months are in memory at once: 1 or 2. Zero means 2;
	// more are not used.
	Parallel int

	// Months are the only months to make anew, such as those whose files
	// cannot be read. Empty means all.
	Months []string

	// Progress is called after each month, never by two goroutines at once.
	// Nil means no reports.
	Progress func(Progress)
}

// Progress tells how far a Rebuild has come.
type Progress struct {
	Month       string // the month that was finished last
	Months      int    // finished
	MonthsTotal int
	Issues      int // with rows in the finished months
	IssuesTotal int
}

// Rebuild makes the tables anew from all records: each month is written from
// the records alone, and months that have no issue any more are removed. It
// mends what cannot be read. Where the tables were right nothing is written.
//
// A first pass reads of every record its key, id and time of creation; then
// one month after the other is read whole, so that memory is bounded by the
// largest months, besides some hundred bytes an issue. Each month is locked
// while its records are read and its files written: a Rebuild beside a
// running sync loses no row. Of two records with one issue id the one updated
// later is kept.
//
// A record that cannot be read fails, but does not cost its month: rows that
// the tables hold of it stay. The error is nil only if every record landed;
// the Result is valid in any case.
func Rebuild(ctx context.Context, t *Tables, records Records, o RebuildOptions) (Result, error) {
	r := &rebuild{
		Tables: t, records: records, options: o,
		byID: map[string]claim{}, byMonth: map[string][]string{},
	}
	if err := r.survey(ctx); err != nil {
		return r.result, err
	}
	if err := r.stored(); err != nil {
		return r.result, err
	}
	if len(o.Months) > 0 {
		maps.DeleteFunc(r.byMonth, func(month string, _ []string) bool { return !slices.Contains(o.Months, month) })
		r.progress.MonthsTotal = len(r.byMonth)
	}
	months := newWorkers(r.parallel(), func(month string) { r.month(ctx, month) })
	for _, month := range slices.Sorted(maps.Keys(r.byMonth)) {
		months.do(month)
	}
	months.wait()
	r.finish(ctx)
	return r.result, errors.Join(ctx.Err(), r.result.err())
}

type rebuild struct {
	*Tables
	records Records
	options RebuildOptions

	byID    map[string]claim    // the survey: the record that speaks for an issue id
	byMonth map[string][]string // the keys of those records, sorted; months without any too

	mu       sync.Mutex
	result   Result // this and all below guarded by mu
	keys     int    // that were read in the survey
	moved    []string
	progress Progress
}

// parallel is also how many records the survey reads at once.
func (r *rebuild) parallel() int {
	if r.options.Parallel == 1 {
		return 1
	}
	return 2
}

// workers call a function with each name they are given, some at a time.
type workers struct {
	names chan string
	group sync.WaitGroup
}

func newWorkers(n int, work func(name string)) *workers {
	w := &workers{names: make(chan string)}
	for range n {
		w.group.Go(func() { // ends when wait closes the channel
			for name := range w.names {
				work(name)
			}
		})
	}
	return w
}

func (w *workers) do(name string) { w.names <- name }

// wait returns when all work is done. No do may follow.
func (w *workers) wait() {
	close(w.names)
	w.group.Wait()
}

// survey reads what each record says about its issue as a whole. A list of
// keys that breaks off is an error: what it lacks would look deleted.
func (r *rebuild) survey(ctx context.Context) error {
	readers := newWorkers(r.parallel(), r.enter)
	var broken error
	for key, err := range r.records.Keys() {
		if broken = cmp.Or(err, ctx.Err()); broken != nil {
			break
		}
		readers.do(key)
	}
	readers.wait()
	if broken != nil {
		return fmt.Errorf("transform: %w", broken)
	}
	for _, c := range r.byID {
		r.byMonth[c.month] = append(r.byMonth[c.month], c.key)
	}
	for _, keys := range r.byMonth {
		slices.Sort(keys)
	}
	r.progress.IssuesTotal = len(r.byID)
	return nil
}

// enter takes one record into the survey.
func (r *rebuild) enter(key string) {
	i, err := r.mapper.read(r.records, key)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys++
	if err != nil {
		r.result.fail(key, err)
		return
	}
	if i.Gone {
		return
	}
	c := i.claim()
	other, taken := r.byID[i.ID]
	switch {
	case taken && other.key != key && later(other, c):
		r.result.Duplicates = append(r.result.Duplicates, key)
		return
	case taken && other.key != key:
		r.result.Duplicates = append(r.result.Duplicates, other.key)
	}
	r.byID[i.ID] = c
}

// stored adds the months that the tables have, so that those without a
// record are removed.
func (r *rebuild) stored() error {
	for _, table := range slices.Concat(r.mapper.left, r.mapper.schema) {
		months, err := r.dir.Months(table.Name)
		if err != nil {
			return fmt.Errorf("transform: %w", err)
		}
		for _, month := range months {
			if _, known := r.byMonth[month]; !known {
				r.byMonth[month] = nil
			}
		}
	}
	if r.keys == 0 && len(r.byMonth) > 0 {
		return ErrNoRecords
	}
	r.progress.MonthsTotal = len(r.byMonth)
	return nil
}

// month writes one month.
func (r *rebuild) month(ctx context.Context, month string) {
	if ctx.Err() != nil {
		return // what was not begun did not fail
	}
	m, err := r.write(ctx, month)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Files = append(r.result.Files, m.files...)
	for key, fault := range m.failed {
		r.result.fail(key, fault)
	}
	if err != nil {
		for _, key := range r.byMonth[month] {
			r.result.fail(key, fmt.Errorf("month %s: %w", month, err))
		}
		return
	}
	for _, key := range m.applied {
		delete(r.result.Failed, key) // it could not be read in the survey, but now
	}
	r.result.Applied = append(r.result.Applied, m.applied...)
	r.result.Skipped += m.skipped
	r.moved = append(r.moved, m.moved...)
	r.progress.Month = month
	r.progress.Months++
	r.progress.Issues += len(m.applied)
	if r.options.Progress != nil {
		r.options.Progress(r.progress)
	}
	r.mapper.Logger.Debug("month rebuilt", "month", month, "issues", len(m.applied), "files", len(m.files))
}

// monthRows is one month in memory.
type monthRows struct {
	contents []partition.Content
	applied  []string
	moved    []string // keys whose record has come to belong to another month
	failed   map[string]error
	skipped  int
	files    []partition.File
}

// write reads the records of a month inside its lock and writes its tables.
// Beside the keys of the survey it looks at those that the month holds: a
// sync that runs at the same time may have added them since.
func (r *rebuild) write(ctx context.Context, month string) (monthRows, error) {
	m := monthRows{contents: make([]partition.Content, len(r.mapper.schema)), failed: map[string]error{}}
	for n, table := range r.mapper.schema {
		m.contents[n].Table = table
	}
	release, err := r.dir.LockMonth(ctx, month)
	if err != nil {
		return m, err
	}
	defer release()

	listed := r.byMonth[month]
	held := map[string]bool{}
	stored, err := r.dir.Keys(r.issues, month)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.mapper.Logger.Warn("month cannot be read and is made anew", "month", month, "error", err)
	}
	for _, k := range stored {
		held[k.Key] = true
	}
	keys := slices.AppendSeq(slices.Clone(listed), maps.Keys(held))
	slices.Sort(keys)
	keep := map[string]bool{}
	for _, key := range slices.Compact(keys) {
		i, err := r.mapper.read(r.records, key)
		_, inSurvey := slices.BinarySearch(listed, key)
		switch {
		case errors.Is(err, fs.ErrNotExist), err == nil && i.Gone:
		case err != nil:
			m.failed[key] = err
			keep[key] = held[key]
		case i.Month != month && inSurvey:
			m.moved = append(m.moved, key)
		case i.Month == month && r.speaks(i):
			m.add(r.mapper, i)
		}
	}
	r.keep(month, keep, &m)
	for n := range m.contents {
		sortByKey(m.contents[n].Rows, m.contents[n].Table.Index(partition.KeyColumn))
	}
	m.files, err = r.dir.Replace(month, append(r.leave(), m.contents...)...)
	return m, err
}

// leave empties the tables that are not to be written, so that none stays from
// when they were.
func (r *rebuild) leave() []partition.Content {
	var contents []partition.Content
	for _, table := range r.mapper.left {
		contents = append(contents, partition.Content{Table: table})
	}
	return contents
}

// speaks reports whether the record of i is the one that counts for its id.
func (r *rebuild) speaks(i *issue) bool {
	c, known := r.byID[i.ID]
	return !known || c.key == i.Key || later(i.claim(), c)
}

func (m *monthRows) add(mapper *mapper, i *issue) {
	rows := mapper.finish(i)
	for n := range m.contents {
		m.contents[n].Rows = append(m.contents[n].Rows, rows.Contents[n].Rows...)
	}
	m.applied = append(m.applied, i.Key)
	m.skipped += len(rows.Skipped)
	mapper.logSkipped(i.Key, rows.Skipped)
}

// keep adds the present rows of keys whose record cannot be read.
func (r *rebuild) keep(month string, keys map[string]bool, m *monthRows) {
	for n, table := range r.mapper.schema {
		if len(keys) == 0 {
			return
		}
		present, err := r.dir.Read(table, month)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.mapper.Logger.Warn("rows of unreadable records are lost", "month", month, "table", table.Name, "error", err)
		}
		column := table.Index(partition.KeyColumn)
		for _, row := range present {
			if keys[row[column].Text()] {
				m.contents[n].Rows = append(m.contents[n].Rows, row)
			}
		}
	}
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
