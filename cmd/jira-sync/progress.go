package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
)

// progress shows the forecast, and then one line that is written over twice a
// second, when standard error is a terminal. The returned func ends it.
func (a *app) progress(opts *jirasync.BackfillOptions, traffic func() []jira.Stats) (done func()) {
	if !isTerminal(a.err) || a.json {
		return func() {}
	}
	return showProgress(a.err, opts, traffic)
}

func showProgress(w io.Writer, opts *jirasync.BackfillOptions, traffic func() []jira.Stats) (done func()) {
	var mu sync.Mutex
	var last jirasync.BackfillResult // guarded by mu
	opts.Progress = func(r jirasync.BackfillResult) {
		mu.Lock()
		defer mu.Unlock()
		if last.Forecast == nil && r.Forecast != nil && !opts.DryRun {
			fmt.Fprintf(w, "about %d issues, those that are stored among them; to read them all: %s\n", r.Expected, forecastText(r.Forecast))
		}
		last = r
	}
	began := time.Now()
	return showLine(w, func(now time.Time) string {
		waiting := waits(traffic(), now)
		mu.Lock()
		defer mu.Unlock()
		return progressLine(last, now.Sub(began), waiting)
	})
}

// showLine writes a line over itself twice a second, until done is called.
func showLine(w io.Writer, line func(now time.Time) string) (done func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // ends when done is called, which waits for it
		defer close(stopped)
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case now := <-tick.C:
				fmt.Fprintf(w, "\r%s\x1b[K", line(now))
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
		fmt.Fprint(w, "\r\x1b[K")
	}
}

// progressLine says how far a backfill is. The rate and the end are those of
// issues that were fetched: skipped ones pass in no time.
func progressLine(r jirasync.BackfillResult, elapsed time.Duration, waits string) string {
	done := r.Fetched + r.Skipped + r.Failed + r.Gone
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d issues", done, max(r.Expected, r.Found))
	if rate := float64(r.Fetched) / elapsed.Seconds(); rate > 0 && elapsed >= time.Second {
		fmt.Fprintf(&b, ", %.0f a second", rate)
		if left := r.Expected - done; left > 0 && r.Fetched >= 100 { // less says nothing
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
