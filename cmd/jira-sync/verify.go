package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jirasync/jirasync/transform"
)

// verifiedResult is the JSON form of a comparison. It has counts and names of
// files, and keys only of records that cannot be read.
type verifiedResult struct {
	Issues      int               `json:"issues"`
	Missing     int               `json:"missing"`
	Stale       int               `json:"stale"`
	Extra       int               `json:"extra"`
	Orphans     int               `json:"orphans"`
	Differences []difference      `json:"differences"`
	Months      map[string]string `json:"unreadable_months,omitempty"`
	Failed      map[string]string `json:"failed,omitempty"`
}

type difference struct {
	Table     string `json:"table"`
	Month     string `json:"month"`
	Missing   int    `json:"missing_rows"`
	Extra     int    `json:"extra_rows"`
	Different int    `json:"different_rows"`
}

var errTablesDiffer = hintedError{
	errors.New("the tables differ from the records"),
	"jira-sync transform makes them anew from the records",
}

// verified prints what a comparison found. Any difference is an error.
func (a *app) verified(found transform.Verification, err error) error {
	out := verifiedResult{
		Issues: found.Issues, Missing: len(found.Missing), Stale: len(found.Stale), Extra: len(found.Extra), Orphans: len(found.Orphans),
		Differences: []difference{}, Months: texts(found.Months), Failed: texts(found.Failed),
	}
	var b strings.Builder
	fmt.Fprintf(&b, "issues   %d\nmissing  %d\nstale    %d\nextra    %d\norphans  %d\nfailed   %d\n",
		out.Issues, out.Missing, out.Stale, out.Extra, out.Orphans, len(out.Failed))
	for _, d := range found.Differences {
		out.Differences = append(out.Differences, difference(d))
		fmt.Fprintf(&b, "  %s %s: %d rows missing, %d extra, %d different\n", d.Table, d.Month, d.Missing, d.Extra, d.Different)
	}
	for _, list := range []map[string]string{out.Months, out.Failed} {
		for _, name := range slices.Sorted(maps.Keys(list)) {
			fmt.Fprintf(&b, "  %s: %s\n", name, list[name])
		}
	}
	if err == nil && !found.Clean() {
		err = errTablesDiffer
	}
	return errors.Join(a.result(out, b.String()), err)
}

func texts(faults map[string]error) map[string]string {
	if len(faults) == 0 {
		return nil
	}
	list := map[string]string{}
	for name, err := range faults {
		list[name] = err.Error()
	}
	return list
}

// rebuildProgress returns the func that takes in how far a rebuild is, for the
// line on a terminal, and the one that ends the line, once or several times.
func (a *app) rebuildProgress() (show func(transform.Progress), done func()) {
	if !isTerminal(a.err) || a.json {
		return nil, func() {}
	}
	var mu sync.Mutex
	var last transform.Progress // guarded by mu
	var surveyed time.Time      // guarded by mu
	end := showLine(a.err, func(now time.Time) string {
		mu.Lock()
		defer mu.Unlock()
		return rebuildLine(last, now.Sub(surveyed))
	})
	return func(p transform.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if last.IssuesTotal == 0 {
			surveyed = time.Now()
		}
		last = p
	}, sync.OnceFunc(end)
}

// rebuildLine says how far a rebuild is, some time after its first pass.
func rebuildLine(p transform.Progress, elapsed time.Duration) string {
	if p.IssuesTotal == 0 {
		return fmt.Sprintf("%d records looked at", p.Surveyed)
	}
	line := fmt.Sprintf("%d of %d issues, %d of %d months", p.Issues, p.IssuesTotal, p.Months, p.MonthsTotal)
	if rate := float64(p.Issues) / elapsed.Seconds(); rate > 0 && elapsed >= time.Second {
		line += fmt.Sprintf(", %.0f a second", rate)
		if left := p.IssuesTotal - p.Issues; left > 0 {
			line += fmt.Sprintf(", %s left", roughly(float64(left)/rate))
		}
	}
	return line
}
