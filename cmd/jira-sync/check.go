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

func (a *app) checkCommand() *cobra.Command {
	var (
		opts   jirasync.CheckOptions
		dryRun bool
	)
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Compare Jira, the records and the tables, and mend what differs",
		Long: `Compares Jira, the records and the tables, both ways: that each issue of Jira is
stored, as new and as long as Jira's, and shows all its cells in the tables;
and that nothing is stored or shown that Jira has no more. Which issues there
are is compared for all; their content, for those updated within --days, or for
all with --full.

Without --fix nothing is changed. With it, up to --max-fix issues are read again
and as many written again. An issue that Jira does not find gets a tombstone
only after a second look, ten minutes later or in a later check, and never if
the project cannot be seen. If more issues have vanished at once than is
believed (one in a hundred, at least 5, at most 50) nothing is deleted without
--force.

serve does the same by itself every 30 minutes, and in full once a week. It may
run meanwhile.

Exits with 1 if differences are left, or if the check could not be finished.

Environment: ` + siteVariables + `.`,
		Example: `  jira-sync check
  jira-sync check --full --fix --max-fix 500
  jira-sync check --days 7 --remote-links --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case opts.Days < 1 || opts.Days > 36500:
				return usageError{errors.New("--days: want 1 to 36500")}
			case opts.Full && cmd.Flags().Changed("days"):
				return usageError{errors.New("--days and --full: give one of them")}
			case opts.MaxFix < 1:
				return usageError{errors.New("--max-fix: want 1 or more")}
			}
			opts.Fix = opts.Fix && !dryRun
			s, err := a.syncer()
			if err != nil {
				return err
			}
			defer s.Close()
			report, err := s.Check(cmd.Context(), opts)
			if report.At.IsZero() {
				return err // it did not begin
			}
			return errors.Join(a.result(report, checkText(report, opts)), err)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&opts.Days, "days", 30, "compare the content of issues updated within so many days")
	flags.BoolVar(&opts.Full, "full", false, "compare the content of all issues, and the lengths of their lists")
	flags.BoolVar(&opts.Fix, "fix", false, "mend what differs")
	flags.IntVar(&opts.MaxFix, "max-fix", 20, "the most issues to read again, and to write again")
	flags.BoolVar(&dryRun, "dry-run", false, "change nothing, even with --fix")
	flags.BoolVar(&opts.Force, "force", false, "believe that any number of issues is deleted")
	flags.BoolVar(&opts.RemoteLinks, "remote-links", false, "compare the remote links too, with a request an issue")
	a.settings.addSite(flags)
	a.settings.addDirs(flags)
	return cmd
}

// shownKeys is how many keys a line of text names; JSON has a hundred.
const shownKeys = 5

func checkText(r jirasync.CheckReport, opts jirasync.CheckOptions) string {
	var b strings.Builder
	fmt.Fprintf(&b, "severity   %s\nin Jira    %d issues\ncompared   %d of them, %s\n", r.Severity, r.InJira, r.Compared, r.JQL)
	if r.Recent > 0 {
		fmt.Fprintf(&b, "too recent %d, left to the webhook and the next check\n", r.Recent)
	}
	for _, d := range []struct {
		label string
		found jirasync.Found
	}{
		{"no record", r.MissingRecords}, {"record is older than Jira's issue", r.StaleRecords},
		{"record lacks a part", r.IncompleteRecords}, {"record is not readable", r.UnreadableRecords},
		{"deleted here, but in Jira", r.DeletedHere}, {"remote links never read", r.UnknownRemoteLinks},
		{"no row in the tables", r.MissingRows}, {"rows differ from the record", r.StaleRows},
		{"rows that should be gone", r.ExtraRows}, {"rows without a record", r.OrphanRows},
	} {
		writeFound(&b, d.label, d.found)
	}
	for _, month := range slices.Sorted(maps.Keys(r.UnreadableMonths)) {
		fmt.Fprintf(&b, "  month %s cannot be read: %s\n", month, r.UnreadableMonths[month])
	}
	writeVanished(&b, r.Vanished)
	writeFound(&b, "mended", jirasync.Found{Count: len(r.Mended), Keys: r.Mended})
	writeFound(&b, "deleted", jirasync.Found{Count: len(r.Deleted), Keys: r.Deleted})
	for _, key := range slices.Sorted(maps.Keys(r.Failed)) {
		fmt.Fprintf(&b, "  %s: %s\n", key, r.Failed[key])
	}
	fmt.Fprintf(&b, "left       %d\nseconds    %.1f\n", r.Remaining, r.Seconds)
	if r.Remaining > 0 && !opts.Fix {
		b.WriteString("nothing was changed; --fix mends\n")
	}
	return b.String()
}

func writeFound(b *strings.Builder, label string, f jirasync.Found) {
	if f.Count == 0 {
		return
	}
	keys := f.Keys[:min(len(f.Keys), shownKeys)]
	more := ""
	if f.Count > len(keys) {
		more = ", …"
	}
	fmt.Fprintf(b, "  %-38s %6d  %s%s\n", label, f.Count, strings.Join(keys, ", "), more)
}

// writeVanished writes the issues that Jira does not show, by cause.
func writeVanished(b *strings.Builder, all []jirasync.Vanished) {
	byCause := map[string]jirasync.Found{}
	for _, v := range all {
		f := byCause[string(v.Cause)]
		f.Count++
		f.Keys = append(f.Keys, v.Key)
		byCause[string(v.Cause)] = f
	}
	for _, cause := range slices.Sorted(maps.Keys(byCause)) {
		writeFound(b, "not in Jira: "+cause, byCause[cause])
	}
}

// ago says how long before now t was.
func ago(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}
