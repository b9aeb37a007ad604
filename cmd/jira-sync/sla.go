package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jirasync/jirasync"
)

const slaVariables = `Environment: JIRA_SLA_EMAIL, JIRA_SLA_API_TOKEN, JIRA_CLOUD_ID (for a scoped
token), ` + siteVariables + `.`

func (a *app) slaCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sla",
		Short: "Read SLA clocks with the second account",
		Long: `Reads the SLA clocks of Jira Service Management with the second account, which
alone sees them. They move without an event, so that only reading them again
keeps them right. serve polls every 15 minutes by itself.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.slaPollCommand(), a.slaBackfillCommand())
	return cmd
}

func (a *app) slaPollCommand() *cobra.Command {
	var opts jirasync.SLAOptions
	cmd := &cobra.Command{
		Use:   "poll",
		Short: "Read the clocks of open issues, and heal stale statuses",
		Long: `Reads the SLA clocks of all issues that are not done, here or in Jira, and of
those whose clocks were never read: a hundred issues with a request. An issue
that Jira has updated meanwhile is read whole, so that one that was resolved or
reopened while no webhook came is healed.

With --verbose each issue is named with what became of it: updated, healed,
skipped or failed. Two passes never overlap; one that meets another ends with an
error. Exits with 1 if any issue failed.

` + slaVariables,
		Example: "  jira-sync sla poll --verbose --env-file /etc/jira-sync/env",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.slaPass(cmd, opts, (*jirasync.Syncer).PollSLA)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "read and count; write nothing")
	a.settings.addSite(cmd.Flags())
	a.settings.addDirs(cmd.Flags())
	return cmd
}

func (a *app) slaBackfillCommand() *cobra.Command {
	opts := jirasync.SLAOptions{Parallel: 8}
	cmd := &cobra.Command{
		Use:   "backfill",
		Short: "Read the clocks of stored issues that were never read",
		Long: `Reads the SLA clocks of every stored issue whose clocks were never read, as of
issues that were stored before there was a second account. With --force the
clocks of all stored issues are read again.

` + slaVariables,
		Example: "  jira-sync sla backfill --parallel 8 --dry-run",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.Parallel < 1 || opts.Parallel > 64 {
				return usageError{errors.New("--parallel: want 1 to 64")}
			}
			return a.slaPass(cmd, opts, (*jirasync.Syncer).BackfillSLA)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&opts.Parallel, "parallel", 8, "batches of a hundred issues read at once")
	flags.BoolVar(&opts.DryRun, "dry-run", false, "read and count; write nothing")
	flags.BoolVar(&opts.Force, "force", false, "also issues whose clocks were read before")
	a.settings.addSite(flags)
	a.settings.addDirs(flags)
	return cmd
}

type slaCall func(*jirasync.Syncer, context.Context, jirasync.SLAOptions) (jirasync.SLAResult, error)

func (a *app) slaPass(cmd *cobra.Command, opts jirasync.SLAOptions, call slaCall) error {
	s, err := a.syncer()
	if err != nil {
		return err
	}
	defer s.Close()
	opts.Each = a.eachClock()
	result, err := call(s, cmd.Context(), opts)
	if errors.Is(err, jirasync.ErrNoSLAAccount) {
		return hintedError{err, "set JIRA_SLA_EMAIL and JIRA_SLA_API_TOKEN to an account with an agent licence; everything else works without"}
	}
	return errors.Join(a.result(result, slaText(result, opts.DryRun)), err)
}

// eachClock names each issue with --verbose, and counts them on a terminal.
func (a *app) eachClock() func(key string, state jirasync.SLAState, err error) {
	terminal := isTerminal(a.err) && !a.json
	n := 0
	return func(key string, state jirasync.SLAState, err error) {
		n++
		switch {
		case a.verbose && err != nil:
			fmt.Fprintf(a.err, "%s %s: %v\n", key, state, err)
		case a.verbose:
			fmt.Fprintf(a.err, "%s %s\n", key, state)
		case terminal && n%50 == 0:
			fmt.Fprintf(a.err, "\r%d issues\x1b[K", n)
		}
	}
}

func slaText(r jirasync.SLAResult, dryRun bool) string {
	would := ""
	if dryRun {
		would = "would be "
	}
	var b strings.Builder
	fmt.Fprintf(&b, "issues     %d\n", r.Issues)
	for _, line := range []struct {
		n    int
		what string
	}{{r.Updated, "updated"}, {r.Healed, "healed"}, {r.Skipped, "skipped"}, {r.Failed, "failed"}, {r.Refetched, "read whole"}} {
		fmt.Fprintf(&b, "%-10d %s%s\n", line.n, would, line.what)
	}
	fmt.Fprintf(&b, "files      %d\nrequests   %d\nseconds    %.1f\n", r.Files, r.Requests, r.Seconds)
	for _, key := range slices.Sorted(maps.Keys(r.Failures)) {
		fmt.Fprintf(&b, "  %s: %s\n", key, r.Failures[key])
	}
	return b.String()
}
