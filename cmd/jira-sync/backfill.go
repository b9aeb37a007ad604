package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jirasync/jirasync"
)

func (a *app) backfillCommand() *cobra.Command {
	var (
		opts         jirasync.BackfillOptions
		keys         string
		skip, noSkip bool
	)
	cmd := &cobra.Command{
		Use:   "backfill",
		Short: "Read existing issues from Jira",
		Long: `Reads issues from Jira and brings them to the tables, through the same steps as
a webhook. Issues that are stored whole are skipped; those whose record is cut,
unreadable or lacks a part are read again.

Exits with 1 if any issue failed; run it again to try those.

Environment: JIRA_DOMAIN, JIRA_EMAIL, JIRA_API_TOKEN, JIRA_SLA_EMAIL,
JIRA_SLA_API_TOKEN, JIRA_CLOUD_ID, JIRA_PROJECT, JIRA_DATA_DIR,
JIRA_PARQUET_DIR, JIRA_DIST_DIR.`,
		Example: `  jira-sync backfill --project SUPPORT --dry-run
  jira-sync backfill --jql 'project = SUPPORT AND created >= "2026-01-01"' --parallel 8
  jira-sync backfill --keys SUPPORT-1,SUPPORT-2 --no-skip-existing`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.Parallel < 1 || opts.Parallel > 64 {
				return usageError{errors.New("--parallel: want 1 to 64")}
			}
			if opts.JQL != "" && keys != "" {
				return usageError{errors.New("--jql and --keys: give one of them")}
			}
			s, err := a.syncer()
			if err != nil {
				return err
			}
			defer s.Close()
			opts.Keys = splitList(keys)
			opts.Refetch = noSkip || !skip
			done := a.progress(&opts)
			result, err := s.Backfill(cmd.Context(), opts)
			done()
			return errors.Join(a.result(result, backfillText(result, opts.DryRun)), err)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&opts.Parallel, "parallel", 4, "issues fetched at once")
	flags.StringVar(&opts.JQL, "jql", "", "which issues, instead of the whole projects")
	flags.StringVar(&keys, "keys", "", "which issues, by key, comma-separated")
	flags.BoolVar(&skip, "skip-existing", true, "skip issues that are stored whole")
	flags.BoolVar(&noSkip, "no-skip-existing", false, "read issues again that are stored whole")
	flags.BoolVar(&opts.NoAttachments, "no-attachments", false, "do not download attachments")
	flags.BoolVar(&opts.DryRun, "dry-run", false, "search and count; read and write nothing")
	a.settings.addSite(flags)
	a.settings.addDirs(flags)
	return cmd
}

// progress shows one line that is written over, when standard error is a
// terminal. The returned func ends it.
func (a *app) progress(opts *jirasync.BackfillOptions) (done func()) {
	if !isTerminal(a.err) || a.json {
		return func() {}
	}
	began, last := time.Now(), time.Time{}
	opts.Progress = func(r jirasync.BackfillResult) {
		if time.Since(last) < 100*time.Millisecond {
			return
		}
		last = time.Now()
		n := r.Fetched + r.Skipped + r.Failed
		fmt.Fprintf(a.err, "\r%d of %d issues, %.0f a second, %d skipped, %d failed, %d attachments \x1b[K",
			n, r.Found, float64(n)/time.Since(began).Seconds(), r.Skipped, r.Failed, r.Attachments)
	}
	return func() { fmt.Fprint(a.err, "\r\x1b[K") }
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func backfillText(r jirasync.BackfillResult, dryRun bool) string {
	var b strings.Builder
	if r.JQL != "" {
		fmt.Fprintf(&b, "JQL          %s\n", r.JQL)
	}
	verb := "fetched"
	if dryRun {
		verb = "would fetch"
	}
	fmt.Fprintf(&b, "found        %d\n%-12s %d\nskipped      %d\nfailed       %d\nincomplete   %d\nattachments  %d\nfiles        %d\nseconds      %.1f\n",
		r.Found, verb, r.Fetched, r.Skipped, r.Failed, r.Incomplete, r.Attachments, r.Files, r.Seconds)
	for _, key := range slices.Sorted(maps.Keys(r.Failures)) {
		fmt.Fprintf(&b, "  %s: %s\n", key, r.Failures[key])
	}
	return b.String()
}
