package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
)

// progress shows the forecast, and then one line that is written over, when
// standard error is a terminal. The returned func ends it.
func (a *app) progress(opts *jirasync.BackfillOptions, traffic func() []jira.Stats) (done func()) {
	if !isTerminal(a.err) || a.json {
		return func() {}
	}
	began, last, foretold := time.Now(), time.Time{}, opts.DryRun
	opts.Progress = func(r jirasync.BackfillResult) {
		now := time.Now()
		if !foretold && r.Forecast != nil {
			foretold = true
			fmt.Fprintf(a.err, "about %d issues, those that are stored among them; to read them all: %s\n", r.Expected, forecastText(r.Forecast))
		}
		if now.Sub(last) < 100*time.Millisecond {
			return
		}
		last = now
		fmt.Fprintf(a.err, "\r%s\x1b[K", progressLine(r, now.Sub(began), waits(traffic(), now)))
	}
	return func() { fmt.Fprint(a.err, "\r\x1b[K") }
}

// progressLine says how far a backfill is. The rate and the end are those of
// issues that were fetched: skipped ones pass in no time.
func progressLine(r jirasync.BackfillResult, elapsed time.Duration, waits string) string {
	done := r.Fetched + r.Skipped + r.Failed + r.Gone
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d issues", done, max(r.Expected, r.Found))
	if rate := float64(r.Fetched) / elapsed.Seconds(); rate > 0 && elapsed >= time.Second {
		fmt.Fprintf(&b, ", %.0f a second", rate)
		if left := r.Expected - done; left > 0 {
			fmt.Fprintf(&b, ", %s left", roughly(float64(left)/rate))
		}
	}
	for _, n := range []struct {
		count int
		what  string
	}{{r.Skipped, "skipped"}, {r.Attachments, "attachments"}, {r.Incomplete, "incomplete"}, {r.Failed, "failed"}} {
		if n.count > 0 {
			fmt.Fprintf(&b, ", %d %s", n.count, n.what)
		}
	}
	if waits != "" {
		b.WriteString("; " + waits)
	}
	return b.String()
}

// waits says what the requests of the accounts wait for: a pause that Jira
// asked for, or a login.
func waits(accounts []jira.Stats, now time.Time) string {
	var all []string
	for _, account := range accounts {
		if !account.LoginRefused.IsZero() {
			all = append(all, account.Name+" is refused")
		}
		for _, f := range account.Families {
			if left := f.BlockedUntil.Sub(now); left > 0 {
				name := f.Family
				if name == "" {
					name = "Jira"
				}
				all = append(all, fmt.Sprintf("%s waits %s", name, roughly(left.Seconds())))
			}
		}
	}
	return strings.Join(all, ", ")
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
