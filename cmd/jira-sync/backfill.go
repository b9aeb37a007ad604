package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jirasync/jirasync"
)

func (a *app) backfillCommand() *cobra.Command {
	var (
		opts              jirasync.BackfillOptions
		keys, remoteLinks string
		skip, noSkip      bool
	)
	cmd := &cobra.Command{
		Use:   "backfill",
		Short: "Read existing issues from Jira",
		Long: `Reads issues from Jira and brings them to the tables, through the same steps as
a webhook. Issues that are stored whole are skipped; those whose record is cut,
unreadable or lacks a part are read again. So is everything with
--no-skip-existing; a run of that kind that was killed goes on where it ended,
unless --restart is given. Attachments that are there in full size are not read
again.

Remote links, which Jira serves for single issues only, are read where a history
or the record tells of one (hinted), for all issues (always, a request each), or
not at all (never).

On a terminal a forecast and the progress are shown. A dry run prints the JQL,
and what the run would take.

Exits with 1 if any issue failed; run it again to try those.

Environment: ` + siteVariables + `.`,
		Example: `  jira-sync backfill --project SUPPORT --dry-run
  jira-sync backfill --jql 'project = SUPPORT AND created >= "2026-01-01"' --parallel 8
  jira-sync backfill --keys SUPPORT-1,SUPPORT-2 --no-skip-existing`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if opts.Parallel < 1 || opts.Parallel > 64 {
				return usageError{errors.New("--parallel: want 1 to 64")}
			}
			if opts.JQL != "" && keys != "" {
				return usageError{errors.New("--jql and --keys: give one of them")}
			}
			if opts.RemoteLinks, err = remoteLinksMode(remoteLinks); err != nil {
				return usageError{err}
			}
			opts.Keys, opts.Refetch = splitList(keys), noSkip || !skip
			if opts.Restart && !opts.Refetch {
				return usageError{errors.New("--restart: goes with --no-skip-existing; otherwise the records tell what is there")}
			}
			s, err := a.syncer()
			if err != nil {
				return err
			}
			defer s.Close()
			done := a.progress(&opts, s.Traffic)
			result, err := s.Backfill(cmd.Context(), opts)
			done()
			if result.Forecast == nil {
				return err // it did not begin
			}
			return errors.Join(a.result(result, backfillText(result, opts.DryRun)), err)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&opts.Parallel, "parallel", 4, "batches of a hundred issues fetched at once")
	flags.StringVar(&opts.JQL, "jql", "", "which issues, instead of the whole projects")
	flags.StringVar(&keys, "keys", "", "which issues, by key, comma-separated")
	flags.BoolVar(&skip, "skip-existing", true, "skip issues that are stored whole")
	flags.BoolVar(&noSkip, "no-skip-existing", false, "read issues again that are stored whole")
	flags.BoolVar(&opts.Restart, "restart", false, "with --no-skip-existing: begin anew, not where a killed run ended")
	flags.BoolVar(&opts.NoAttachments, "no-attachments", false, "do not download attachments")
	flags.StringVar(&remoteLinks, "remote-links", "hinted", "whose remote links to read: hinted, always or never")
	flags.BoolVar(&opts.DryRun, "dry-run", false, "search and count; read and write nothing")
	a.settings.addSite(flags)
	a.settings.addDirs(flags)
	mustComplete(cmd, "remote-links", remoteLinksModes[:])
	return cmd
}

var remoteLinksModes = [...]string{
	jirasync.RemoteLinksHinted: "hinted", jirasync.RemoteLinksAlways: "always", jirasync.RemoteLinksNever: "never",
}

func remoteLinksMode(name string) (jirasync.RemoteLinks, error) {
	if i := slices.Index(remoteLinksModes[:], name); i >= 0 {
		return jirasync.RemoteLinks(i), nil
	}
	return 0, fmt.Errorf("--remote-links: want hinted, always or never, not %q", name)
}

func backfillText(r jirasync.BackfillResult, dryRun bool) string {
	var b strings.Builder
	if r.JQL != "" {
		fmt.Fprintf(&b, "JQL          %s\n", r.JQL)
	}
	fmt.Fprintf(&b, "expected     %d\nfound        %d\n", r.Expected, r.Found)
	if dryRun {
		fmt.Fprintf(&b, "would fetch  %d\nskipped      %d\nforecast     %s\n", r.Fetched, r.Skipped, forecastText(r.Forecast))
		return b.String()
	}
	fmt.Fprintf(&b, "fetched      %d\nskipped      %d\ngone         %d\nfailed       %d\nincomplete   %d\nattachments  %d\nfiles        %d\nrequests     %d\nseconds      %.1f\n",
		r.Fetched, r.Skipped, r.Gone, r.Failed, r.Incomplete, r.Attachments, r.Files, r.Requests, r.Seconds)
	for _, key := range slices.Sorted(maps.Keys(r.Failures)) {
		fmt.Fprintf(&b, "  %s: %s\n", key, r.Failures[key])
	}
	return b.String()
}

func forecastText(f *jirasync.Forecast) string {
	if f == nil {
		return "none"
	}
	return fmt.Sprintf("at least %d requests, %s", f.Requests, roughly(f.Seconds))
}

// roughly is a time as people say it.
func roughly(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Second:
		return "less than a second"
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}
