package transform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/partition"
)

// Result tells what an Upsert or a Rebuild did.
type Result struct {
	// Applied are the keys whose records the tables now show, sorted. A
	// deleted or moved issue is applied when its rows are gone.
	Applied []string

	// Files are the files that were written or removed, in that order.
	Files []partition.File

	// Failed tells for each key that did not land why. Its rows are those of
	// before, unless the error came in the middle of a move between months.
	Failed map[string]error

	// Skipped counts the malformed parts of applied records that were left out.
	Skipped int

	// Duplicates are keys whose record was passed over because the record of
	// another key has the same issue id and a later update. Sorted.
	Duplicates []string
}

func (r *Result) fail(key string, err error) {
	if r.Failed == nil {
		r.Failed = map[string]error{}
	}
	r.Failed[key] = err
}

// add takes in what another call did.
func (r *Result) add(other Result) {
	r.Applied = append(r.Applied, other.Applied...)
	r.Duplicates = append(r.Duplicates, other.Duplicates...)
	r.Files = append(r.Files, other.Files...)
	r.Skipped += other.Skipped
	for key, err := range other.Failed {
		r.fail(key, err)
	}
}

func (r *Result) sort() {
	slices.Sort(r.Applied)
	slices.Sort(r.Duplicates)
	r.Applied, r.Duplicates = slices.Compact(r.Applied), slices.Compact(r.Duplicates)
}

// namedFailures is how many failures an error message names.
const namedFailures = 5

// err joins the first failures in the order of their keys; nil if there are none.
func (r *Result) err() error {
	if len(r.Failed) == 0 {
		return nil
	}
	var faults []error
	for i, key := range slices.Sorted(maps.Keys(r.Failed)) {
		if i == namedFailures {
			faults = append(faults, fmt.Errorf("and %d more", len(r.Failed)-i))
			break
		}
		faults = append(faults, fmt.Errorf("%s: %w", key, r.Failed[key]))
	}
	return fmt.Errorf("transform: %d issue(s) failed: %w", len(r.Failed), errors.Join(faults...))
}

// Upsert brings the tables to what the records of the given keys say now: it
// replaces the rows of each issue in the month of its creation and removes
// what other months, or other keys with the same issue id, hold of it. The
// rows of a deleted or moved issue are removed. A key given twice counts once.
//
// Each month is locked while its records are read and its files written, one
// month at a time, in order; months that gain an issue come before those that
// lose it. Within a month the child tables are written first and issues last,
// and only tables whose rows change. So a call that is cut short at any point
// is completed by repeating it, and after a call the tables are the same,
// byte for byte, as after a Rebuild of the same records.
//
// A month that was written with another schema is made anew as a whole when it
// is touched, so that no row in it has null for a column that is newer; see
// Outdated.
//
// One bad record or month does not stop the others. The error is nil only if
// every key landed; the Result is valid in any case. A month whose file
// cannot be read is never written: its keys fail until a Rebuild.
func Upsert(ctx context.Context, t *Tables, records Records, keys ...string) (Result, error) {
	u := upsert{Tables: t, records: records, pending: map[string]plan{}, claims: map[string][]string{}}
	if err := t.refresh(); err != nil {
		return Result{}, err
	}
	keys = slices.Clone(keys)
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		if err := ctx.Err(); err != nil {
			u.result.fail(key, err)
			continue
		}
		u.plan(key)
	}
	const rounds = 4 // a record that changes its month meanwhile is planned anew
	for range rounds {
		if len(u.pending) == 0 || ctx.Err() != nil {
			break
		}
		u.round(ctx)
	}
	for key := range u.pending {
		u.result.fail(key, cmp.Or(ctx.Err(), errMonthChanged))
	}
	u.result.sort()
	return u.result, errors.Join(ctx.Err(), u.result.err())
}

var errMonthChanged = errors.New("transform: the month of the record keeps changing")

// plan is what remains to be done for a key.
type plan struct {
	target string   // month to write first; empty for an issue without rows
	others []string // months that may hold rows to remove, sorted
}

type upsert struct {
	*Tables
	records Records
	pending map[string]plan
	claims  map[string][]string // issue id → keys of this call whose record has it
	result  Result
}

// plan finds the months that a key concerns.
func (u *upsert) plan(key string) {
	delete(u.pending, key)
	i, err := u.mapper.look(u.records, key)
	if err != nil {
		u.result.fail(key, err)
		return
	}
	u.claims[i.ID] = append(u.claims[i.ID], key)
	months := u.monthsOf(key, i.ID)
	p := plan{target: i.Month}
	if i.Gone {
		p.target = ""
		if i.Month != "" { // a crash may have left children there without their issue
			months = append(months, i.Month)
		}
	}
	slices.Sort(months)
	p.others = slices.DeleteFunc(slices.Compact(months), func(m string) bool { return m == p.target })
	u.pending[key] = p
}

// read reads the record of key, whose rows can then be made.
func (m *mapper) read(records Records, key string) (*issue, error) {
	if !issuekey.Valid(key) {
		return nil, fmt.Errorf("%w: malformed issue key", ErrRecord)
	}
	data, err := records.Record(key)
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	i, err := m.issue(data)
	return i, cmp.Or(err, i.holds(key))
}

// look reads of the record of key what it says about the issue as a whole.
func (m *mapper) look(records Records, key string) (i IssueRows, err error) {
	err = useRecord(records, key, func(data []byte) error {
		i, err = m.survey(data)
		return cmp.Or(err, i.holds(key))
	})
	return i, err
}

// holds reports a record that is not the one of key.
func (i IssueRows) holds(key string) error {
	if i.Key != key {
		return fmt.Errorf("%w: holds another key", ErrRecord)
	}
	return nil
}

// monthsOf returns the months whose issues table holds the key or the id.
func (t *Tables) monthsOf(key, id string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var months []string
	for month, x := range t.months {
		if x.has(key) || id != "" && len(x.keysOf(id)) > 0 {
			months = append(months, month)
		}
	}
	return months
}

// rivals returns the other keys under which the tables hold the issue id, or
// are about to.
func (u *upsert) rivals(i IssueRows) []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if i.ID == "" {
		return nil
	}
	keys := slices.Clone(u.claims[i.ID])
	for _, x := range u.months {
		keys = append(keys, x.keysOf(i.ID)...)
	}
	slices.Sort(keys)
	return slices.DeleteFunc(slices.Compact(keys), func(k string) bool { return k == i.Key })
}

// round applies every plan: first the months that gain, then those that lose.
func (u *upsert) round(ctx context.Context) {
	gain, lose := map[string][]string{}, map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(u.pending)) {
		p := u.pending[key]
		if p.target != "" {
			gain[p.target] = append(gain[p.target], key)
		}
		for _, month := range p.others {
			lose[month] = append(lose[month], key)
		}
	}
	moved := map[string]bool{}
	for _, months := range []map[string][]string{gain, lose} {
		for _, month := range slices.Sorted(maps.Keys(months)) {
			keys := slices.DeleteFunc(months[month], func(key string) bool {
				_, failed := u.result.Failed[key]
				return failed || moved[key]
			})
			if len(keys) == 0 {
				continue
			}
			for _, key := range u.apply(ctx, month, keys) {
				moved[key] = true
			}
		}
	}
	for key := range u.pending {
		switch _, failed := u.result.Failed[key]; {
		case failed:
			delete(u.pending, key)
		case moved[key]:
			u.plan(key)
		default:
			u.result.Applied = append(u.result.Applied, key)
			delete(u.pending, key)
		}
	}
}

// apply brings one month in line with the records of keys. It returns the
// keys whose record has come to belong to a month that is not planned for.
func (u *upsert) apply(ctx context.Context, month string, keys []string) (moved []string) {
	failAll := func(err error) []string {
		for _, key := range keys {
			u.result.fail(key, fmt.Errorf("month %s: %w", month, err))
		}
		return nil
	}
	release, err := u.dir.LockMonth(ctx, month)
	if err != nil {
		return failAll(err)
	}
	defer release()

	u.mu.Lock()
	u.refreshMonth(month)
	u.mu.Unlock()
	change := u.change(month, keys)
	u.renew(month, keys, &change)
	files, err := u.replace(month, change)
	u.result.Files = append(u.result.Files, files...)
	if err != nil {
		return failAll(err)
	}
	for key, i := range change.rows {
		u.result.Skipped += len(i.Skipped)
		u.mapper.logSkipped(key, i.Skipped)
	}
	u.mapper.Logger.Debug("month applied", "month", month, "issues", len(keys), "files", len(files))
	return change.moved
}

// change is what a month gains and loses.
type change struct {
	drop  map[string]bool      // keys whose present rows go
	rows  map[string]IssueRows // the rows that come in their place
	moved []string
	all   bool // every table is written, even if its rows stay the same
}

// change reads the records of keys, and of the keys under which the month
// holds the same issue ids. It is called inside the month's lock, so that
// the newest records are written.
func (u *upsert) change(month string, keys []string) change {
	c := change{drop: map[string]bool{}, rows: map[string]IssueRows{}}
	for _, key := range keys {
		i, err := u.mapper.read(u.records, key)
		if err != nil {
			u.result.fail(key, err)
			continue
		}
		c.drop[key] = true
		superseded := u.settle(i, &c)
		p := u.pending[key]
		switch {
		case i.Gone:
		case superseded:
			u.result.Duplicates = append(u.result.Duplicates, key)
		case i.Month == month:
			c.rows[key] = u.mapper.finish(i)
		case i.Month != p.target:
			c.moved = append(c.moved, key)
		}
	}
	return c
}

// settle deals with the other keys that go with the id of i. Those whose
// record is gone lose their rows in this month; of two records that claim
// the id the later update wins. A record that cannot be read, or that is of
// another issue, says nothing about its rows. It reports whether i lost.
func (u *upsert) settle(i *issue, c *change) (superseded bool) {
	for _, rival := range u.rivals(i.IssueRows) {
		other, err := u.mapper.look(u.records, rival)
		gone := err == nil && other.Gone || errors.Is(err, fs.ErrNotExist)
		claims := err == nil && !other.Gone && other.ID == i.ID
		switch {
		case gone:
			c.drop[rival] = true
		case i.Gone || !claims:
		case later(other.claim(), i.claim()):
			superseded = true
		default:
			c.drop[rival] = true
		}
	}
	return superseded
}

// claim is what a record says of its place: the key that has the id, and when.
type claim struct {
	key     string
	month   string
	updated time.Time
}

func (i IssueRows) claim() claim { return claim{i.Key, i.Month, i.Updated} }

// later reports whether a is the newer of two records of one issue id. Of two
// with equal times the one whose key sorts last is.
func later(a, b claim) bool {
	if n := a.updated.Compare(b.updated); n != 0 {
		return n > 0
	}
	return a.key > b.key
}

// replace writes the tables of a month that the change alters: of a month of
// this schema the row groups alone that hold the issues.
func (u *upsert) replace(month string, c change) ([]partition.File, error) {
	if c.all {
		return u.replaceAll(month, c)
	}
	keys := slices.AppendSeq(slices.Collect(maps.Keys(c.drop)), maps.Keys(c.rows))
	slices.Sort(keys)
	keys = slices.Compact(keys)
	if len(keys) == 0 {
		return nil, nil
	}
	contents := make([]partition.Content, len(u.mapper.schema))
	for n, table := range u.mapper.schema {
		contents[n] = partition.Content{Table: table, Rows: c.after(n)}
	}
	files, err := u.dir.Splice(month, keys, contents...)
	if slices.ContainsFunc(files, func(f partition.File) bool { return f.Table == tableIssues }) {
		u.spliced(month, keys, contents[len(contents)-1].Rows)
	}
	return files, err
}

// after returns the rows of table n that come, sorted by key.
func (c *change) after(n int) (rows []partition.Row) {
	for _, key := range slices.Sorted(maps.Keys(c.rows)) {
		rows = append(rows, c.rows[key].Contents[n].Rows...)
	}
	return rows
}

// replaceAll writes a month whole.
func (u *upsert) replaceAll(month string, c change) ([]partition.File, error) {
	contents := make([]partition.Content, len(u.mapper.schema))
	for n, table := range u.mapper.schema {
		present, err := u.dir.Read(table, month)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		column := table.Index(partition.KeyColumn)
		rows := slices.DeleteFunc(present, func(row partition.Row) bool { return c.drop[row[column].Text()] })
		rows = append(rows, c.after(n)...)
		sortByKey(rows, column)
		contents[n] = partition.Content{Table: table, Rows: rows}
	}
	files, err := u.dir.Replace(month, contents...)
	if err == nil {
		u.remember(month, contents[len(contents)-1].Rows)
	}
	return files, err
}

// sortByKey sorts rows by the bytes of their issue key and keeps the order
// of the rows of one issue.
func sortByKey(rows []partition.Row, column int) {
	slices.SortStableFunc(rows, func(a, b partition.Row) int {
		return cmp.Compare(a[column].Text(), b[column].Text())
	})
}

// logSkipped names the first parts of a record that were left out.
func (m *mapper) logSkipped(key string, skipped []Skip) {
	for n, s := range skipped {
		if n == namedFailures {
			break
		}
		m.Logger.Warn("part of record left out", "issue", key, "part", s.Part, "reason", s.Reason)
	}
}
