package transform

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"

	"github.com/jirasync/jirasync/partition"
)

// Verification tells where the tables differ from the records. All keys are
// sorted.
type Verification struct {
	Issues  int                 // compared: living records, and keys that only the tables have
	Missing []string            // a living record without rows
	Stale   []string            // rows other than the record's
	Extra   []string            // rows of a deleted or moved issue, or in a month that is not theirs
	Orphans []string            // rows of an issue without any record; Upsert cannot mend these
	Months  map[string]error    // months with a file that cannot be read; nothing is said of their issues
	Failed  map[string]error    // keys whose record cannot be read
	Files   map[string][]string // table → the months in which it differs
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

// Verify compares every cell of the tables with the records of the given keys,
// or of all issues if none are given, and writes nothing. What differs is
// looked at again under the lock of its month, so that a sync at work is not
// taken for a difference.
//
// Cost and memory are those of a Rebuild, without the writing.
func Verify(ctx context.Context, t *Tables, records Records, keys ...string) (Verification, error) {
	v := &verify{
		rebuild: rebuild{Tables: t, records: records, byID: map[string]claim{}, byMonth: map[string][]string{}},
		only:    map[string]bool{},
	}
	for _, key := range keys {
		v.only[key] = true
	}
	if len(keys) > 0 {
		v.records = onlyKeys{records, keys}
	}
	err := v.run(ctx)
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
	found Verification
}

func (v *verify) run(ctx context.Context) error {
	if err := v.survey(ctx); err != nil {
		return err
	}
	for key, err := range v.result.Failed {
		if !errors.Is(err, fs.ErrNotExist) { // its rows, if any, are orphans
			v.found.fail(key, err)
		}
	}
	if err := v.concerned(); err != nil {
		return err
	}
	for _, month := range slices.Sorted(maps.Keys(v.byMonth)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := v.month(ctx, month); err != nil {
			return err
		}
	}
	return nil
}

// concerned adds the months in which the tables hold the keys to compare.
func (v *verify) concerned() error {
	if len(v.only) == 0 {
		v.keys = 1 // tables without records are differences here, no fault
		return v.stored()
	}
	if err := v.refresh(); err != nil {
		return err
	}
	for key := range v.only {
		for _, month := range v.monthsOf(key, "") {
			if _, known := v.byMonth[month]; !known {
				v.byMonth[month] = nil
			}
		}
	}
	return nil
}

// month compares one month, at first beside its writers.
func (v *verify) month(ctx context.Context, month string) error {
	first, err := v.compare(month, v.only)
	if err == nil && first.Clean() {
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
	second, err := v.compare(month, suspects)
	if err != nil {
		v.found.failMonth(month, err)
		return nil
	}
	second.Issues = max(first.Issues, second.Issues)
	v.found.add(second)
	return nil
}

// compare compares the rows of a month with the records of the keys.
func (v *verify) compare(month string, only map[string]bool) (found Verification, err error) {
	present, err := v.present(month, only)
	if err != nil {
		return found, err
	}
	keys := slices.Collect(maps.Keys(present))
	for _, key := range v.byMonth[month] {
		if len(only) == 0 || only[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		v.compareIssue(month, key, present[key], &found)
	}
	return found, nil
}

// present returns the rows of a month by issue and table.
func (v *verify) present(month string, only map[string]bool) (map[string][][]partition.Row, error) {
	present := map[string][][]partition.Row{}
	for n, table := range v.mapper.schema {
		rows, err := v.dir.Read(table, month)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		column := table.Index(partition.KeyColumn)
		for len(rows) > 0 {
			key := rows[0][column].Text()
			end := 1
			for end < len(rows) && rows[end][column].Text() == key {
				end++
			}
			if len(only) == 0 || only[key] {
				if present[key] == nil {
					present[key] = make([][]partition.Row, len(v.mapper.schema))
				}
				present[key][n] = append(present[key][n], rows[:end]...)
			}
			rows = rows[end:]
		}
	}
	return present, nil
}

// compareIssue compares the rows of one issue in one month with its record.
func (v *verify) compareIssue(month, key string, present [][]partition.Row, found *Verification) {
	i, err := v.mapper.read(v.records, key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if present != nil {
			found.Issues++
			found.Orphans = append(found.Orphans, key)
		}
	case err != nil:
		found.fail(key, err)
	case i.Gone || i.Month != month || !v.speaks(i):
		if present != nil {
			found.Extra = append(found.Extra, key)
		}
	case present == nil:
		found.Issues++
		found.Missing = append(found.Missing, key)
	default:
		found.Issues++
		if tables := v.differing(i, present); len(tables) > 0 {
			found.Stale = append(found.Stale, key)
			for _, table := range tables {
				found.file(table, month)
			}
		}
	}
}

// speaks reports whether the record of i is the one that counts for its id. If
// only some records were surveyed, those that the tables name count too.
func (v *verify) speaks(i *issue) bool {
	if len(v.only) == 0 || !v.rebuild.speaks(i) {
		return v.rebuild.speaks(i)
	}
	u := upsert{Tables: v.Tables}
	for _, rival := range u.rivals(i) {
		other, err := v.mapper.read(v.records, rival)
		if err == nil && !other.Gone && other.ID == i.ID && later(other.claim(), i.claim()) {
			return false
		}
	}
	return true
}

// differing returns the tables in which the rows are not those of the record.
func (v *verify) differing(i *issue, present [][]partition.Row) (tables []string) {
	want := v.mapper.finish(i)
	for n, content := range want.Contents {
		if !slices.EqualFunc(content.Rows, present[n], partition.Row.Equal) {
			tables = append(tables, content.Table.Name)
		}
	}
	return tables
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

func (v *Verification) file(table, month string) {
	if v.Files == nil {
		v.Files = map[string][]string{}
	}
	if !slices.Contains(v.Files[table], month) {
		v.Files[table] = append(v.Files[table], month)
	}
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
	for table, months := range w.Files {
		for _, month := range months {
			v.file(table, month)
		}
	}
}

func (v *Verification) sort() {
	for _, keys := range []*[]string{&v.Missing, &v.Stale, &v.Extra, &v.Orphans} {
		slices.Sort(*keys)
		*keys = slices.Compact(*keys)
	}
}
