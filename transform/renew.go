package transform

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
)

// rules is the version of what the columns mean. Raise it when a column that
// is already written changes its meaning, so that months written before are
// made anew.
const rules = 1

// stamp names a schema: its tables, their columns and what they mean.
func stamp(tables []table, fields FieldMap) string {
	h := sha256.New()
	for _, f := range fields {
		fmt.Fprintf(h, "%q %s %s\n", f.ID, f.Kind, f.Columns)
	}
	for _, t := range tables {
		fmt.Fprintln(h, t.name)
		for _, c := range t.columns {
			fmt.Fprintln(h, c.name, c.kind)
		}
	}
	return fmt.Sprintf("%d-%x", rules, h.Sum(nil)[:8])
}

// Outdated returns the months, in order, that were written with another
// schema or field map than t's, as before an upgrade that brings columns or
// tables: their files lack them. The first Upsert that touches such a month makes all of it
// anew, and [Renew] all of them.
//
// A month that holds columns which t does not know is not among them: it is
// partition.ErrSchema to whoever reads it, until a Rebuild.
func (t *Tables) Outdated() ([]string, error) {
	if err := t.refresh(); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var months []string
	for month, x := range t.months {
		if x.err == nil && x.stamp != t.mapper.stamp {
			months = append(months, month)
		}
	}
	slices.Sort(months)
	return months, nil
}

// Renew makes the outdated months anew from the records, one after the other.
// It is an Upsert of all issues that they hold, and what is said there of
// failures, locks and the Result holds here.
func Renew(ctx context.Context, t *Tables, records Records) (Result, error) {
	months, err := t.Outdated()
	if err != nil {
		return Result{}, err
	}
	var total Result
	for _, month := range months {
		if ctx.Err() != nil {
			break
		}
		result, _ := Upsert(ctx, t, records, t.keys(month)...) // its failures are in result
		total.add(result)
	}
	total.sort()
	return total, errors.Join(ctx.Err(), total.err())
}

// keys returns the keys of the issues that the month holds.
func (t *Tables) keys(month string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	x := t.months[month]
	if x == nil {
		return nil
	}
	keys := make([]string, len(x.issues))
	for n, i := range x.issues {
		keys[n] = i.key
	}
	return keys
}

// renew adds to a change what makes all of an outdated month anew: the rows of
// the issues that nobody asked for. An issue stays as it is when its record
// cannot be read, or belongs to another month, to which its own Upsert brings
// it. It is called inside the month's lock.
func (u *upsert) renew(month string, asked []string, c *change) {
	u.mu.Lock()
	x := u.months[month]
	outdated := x != nil && x.err == nil && x.stamp != u.mapper.stamp
	u.mu.Unlock()
	if !outdated {
		return
	}
	c.all = true
	for _, key := range u.keys(month) {
		if _, found := slices.BinarySearch(asked, key); found || c.drop[key] {
			continue
		}
		i, err := u.mapper.read(u.records, key)
		if err != nil {
			u.mapper.Logger.Warn("row keeps its old columns only: no record", "issue", key, "month", month, "error", err)
			continue
		}
		if !i.Gone && i.Month != month {
			continue
		}
		c.drop[key] = true
		if superseded := u.settle(i, c); !i.Gone && !superseded {
			c.rows[key] = u.mapper.finish(i)
		}
	}
	u.mapper.Logger.Info("month of another schema made anew", "month", month)
}
