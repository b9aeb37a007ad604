package transform

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"github.com/jirasync/jirasync/partition"
)

// A comparison goes once through the tables and the records of one month.
type comparison struct {
	*verify
	month   string
	listed  []string // keys of the survey, sorted
	tables  cursors
	found   Verification
	differs []Difference // by table
}

// compare compares the rows of a month with the records of the keys.
func (v *verify) compare(ctx context.Context, month string, only map[string]bool) (Verification, error) {
	c := &comparison{verify: v, month: month, listed: v.survey.keys(month)}
	var err error
	if c.tables, err = v.cursors(month); err != nil {
		return c.found, err
	}
	defer c.tables.close()
	for _, table := range v.mapper.schema {
		c.differs = append(c.differs, Difference{Table: table.Name, Month: month})
	}
	if len(only) > 0 {
		err = c.some(ctx, only)
	} else {
		err = c.all(ctx)
	}
	for _, d := range c.differs {
		if d.Missing+d.Extra+d.Different > 0 {
			c.found.Differences = append(c.found.Differences, d)
		}
	}
	return c.found, err
}

// all compares every issue that the records or the tables have in the month.
func (c *comparison) all(ctx context.Context) error {
	held, err := c.storedKeys(c.month)
	if err != nil {
		return err
	}
	for key, rec := range ahead(union(c.listed, held), c.readAll) {
		if err = ctx.Err(); err == nil {
			err = c.strays(key)
		}
		var rows [][]partition.Row
		if err == nil {
			rows, err = c.tables.rows(key)
		}
		if err != nil {
			return err
		}
		c.issue(key, rec, rows)
		c.mu.Lock()
		c.progress.Issues++
		c.progress.Month = c.month
		c.tell(c.progress.Issues)
		c.mu.Unlock()
	}
	return c.strays("")
}

// strays compares the issues before key, or all that are left, of which only
// tables of parts have rows.
func (c *comparison) strays(key string) error {
	for {
		next, err := c.tables.peek()
		if err != nil || next == "" || key != "" && next >= key {
			return err
		}
		rows, err := c.tables.rows(next)
		if err != nil {
			return err
		}
		rec, _ := c.readAll(next)
		c.issue(next, rec, rows)
	}
}

// some compares the named issues, as far as the month is theirs.
func (c *comparison) some(ctx context.Context, only map[string]bool) error {
	for _, key := range slices.Sorted(maps.Keys(only)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rows, err := c.tables.rows(key)
		if err != nil {
			return err
		}
		if _, listed := slices.BinarySearch(c.listed, key); listed || rows != nil {
			rec, _ := c.readAll(key)
			c.issue(key, rec, rows)
		}
	}
	return nil
}

// issue compares the rows of one issue with its record.
func (c *comparison) issue(key string, rec madeRecord, present [][]partition.Row) {
	switch {
	case errors.Is(rec.err, fs.ErrNotExist):
		if present != nil {
			c.found.Issues++
			c.found.Orphans = append(c.found.Orphans, key)
			c.differing(nil, present)
		}
	case rec.err != nil:
		c.found.fail(key, rec.err)
	case rec.Gone || rec.Month != c.month || !c.speaks(rec.IssueRows):
		if present != nil {
			c.found.Extra = append(c.found.Extra, key)
			c.differing(nil, present)
		}
	case present == nil:
		c.found.Issues++
		c.found.Missing = append(c.found.Missing, key)
		c.differing(rec.Contents, nil)
	default:
		c.found.Issues++
		if c.differing(rec.Contents, present) {
			c.found.Stale = append(c.found.Stale, key)
		}
	}
}

// differing counts the rows of an issue that differ, and reports whether any
// do. Nil stands for no rows at all.
func (c *comparison) differing(want []partition.Content, present [][]partition.Row) bool {
	found := false
	for n := range c.differs {
		var w, p []partition.Row
		if want != nil {
			w = want[n].Rows
		}
		if present != nil {
			p = present[n]
		}
		if !slices.EqualFunc(w, p, partition.Row.Equal) {
			c.differs[n].count(w, p)
			found = true
		}
	}
	return found
}

// count takes in two lists of rows that are not the same.
func (d *Difference) count(want, present []partition.Row) {
	left := slices.Clone(present)
	missing := 0
	for _, row := range want {
		if n := slices.IndexFunc(left, row.Equal); n >= 0 {
			left = slices.Delete(left, n, n+1)
		} else {
			missing++
		}
	}
	both := min(missing, len(left))
	d.Missing += missing - both
	d.Extra += len(left) - both
	if missing+len(left) == 0 {
		both = 1 // the same rows in another order
	}
	d.Different += both
}

// cursors are those of all tables of a month, nil where there is no file.
type cursors []*partition.Cursor

func (t *Tables) cursors(month string) (cursors, error) {
	list := make(cursors, len(t.mapper.schema))
	for n, table := range t.mapper.schema {
		c, err := t.dir.Cursor(table, month)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			list.close()
			return nil, err
		}
		if err == nil {
			list[n] = c
		}
	}
	return list, nil
}

func (l cursors) close() {
	for _, c := range l {
		if c != nil {
			_ = c.Close() // only read
		}
	}
}

// peek returns the least key that any of them is at, "" at the end of all.
func (l cursors) peek() (string, error) {
	least := ""
	for _, c := range l {
		if c == nil {
			continue
		}
		key, err := c.Peek()
		if err != nil {
			return "", err
		}
		if key != "" && (least == "" || key < least) {
			least = key
		}
	}
	return least, nil
}

// rows returns the rows of key in all tables, nil if none has any. It lies
// behind the keys that were asked for before.
func (l cursors) rows(key string) ([][]partition.Row, error) {
	var all [][]partition.Row
	for n, c := range l {
		if c == nil {
			continue
		}
		rows, err := rowsOf(c, key)
		if err != nil {
			return nil, err
		}
		if rows != nil && all == nil {
			all = make([][]partition.Row, len(l))
		}
		if rows != nil {
			all[n] = rows
		}
	}
	return all, nil
}
