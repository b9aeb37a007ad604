package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jirasync/jirasync"
)

func (a *app) metadataCommand() *cobra.Command {
	var opts jirasync.MetadataOptions
	cmd := &cobra.Command{
		Use:   "metadata",
		Short: "Refresh the tables of the site's fields and organizations",
		Long: `Reads the site's fields, and the organizations of its service desk, and brings
the tables fields and organizations to them. The organizations are those that
the second account sees, which should be an agent, else the first one. serve
does the same by itself once a day.

A table is read whole or stays as it is. If nothing, or less than half, of what
it holds is still listed, it stays too: more likely a permission is lost. Look
in Jira; --force says that it is so, and helps against nothing else.

Exits with 1 if a table could not be refreshed.

Environment: ` + siteVariables + `.`,
		Example: "  jira-sync metadata --dry-run",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.syncer()
			if err != nil {
				return err
			}
			defer s.Close()
			result, err := s.RefreshMetadata(cmd.Context(), opts)
			if result.Fields.State == "" {
				return err // it did not begin
			}
			if errors.Is(err, jirasync.ErrMetadataBrake) {
				err = hintedError{err, "look in Jira whether they are gone; then jira-sync metadata --force takes them out"}
			}
			return errors.Join(a.result(result, metadataText(result)), err)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "read and compare; write nothing")
	cmd.Flags().BoolVar(&opts.Force, "force", false, "believe that what is not listed any more is gone, however much it is")
	a.settings.addSite(cmd.Flags())
	a.settings.addDirs(cmd.Flags())
	return cmd
}

func metadataText(r jirasync.MetadataResult) string {
	would := ""
	if r.DryRun {
		would = "would be "
	}
	var b strings.Builder
	for _, table := range []struct {
		name string
		jirasync.TableMetadata
	}{{"fields", r.Fields}, {"organizations", r.Organizations}} {
		removed := would + "removed"
		if table.State == jirasync.MetadataFailed {
			removed = "not listed any more"
		}
		switch table.State {
		case jirasync.MetadataSkipped, jirasync.MetadataFailed:
			fmt.Fprintf(&b, "%-14s %s: %s\n", table.name, table.State, table.Reason)
		case jirasync.MetadataUnchanged:
			fmt.Fprintf(&b, "%-14s unchanged: %d rows\n", table.name, table.Rows)
		default:
			fmt.Fprintf(&b, "%-14s %s%s: %d rows, %d added, %d changed, %d removed\n",
				table.name, would, table.State, table.Rows, table.Added, table.Changed, table.Removed.Count)
		}
		writeFound(&b, removed, table.Removed)
	}
	fmt.Fprintf(&b, "requests       %d\nseconds        %.1f\n", r.Requests, r.Seconds)
	return b.String()
}
