package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jirasync/jirasync"
)

func (a *app) migrateCommand() *cobra.Command {
	var opts jirasync.MigrateOptions
	cmd := &cobra.Command{
		Use:   "migrate --layout flat|hive",
		Short: "Bring the tables to another layout of files",
		Long: `Brings the files of the tables, and of their copy, to another layout:

  flat  TABLE/2026-01.parquet
  hive  TABLE/month=2026-01/data.parquet

Files are renamed, not written. Nothing else may have the tables open: stop
jira-sync serve first, and afterwards give all commands the new layout, by
layout in --config, JIRA_LAYOUT or --layout. They refuse files of another one.

What was cut short is finished by the same command, or taken back by the one for
the other layout. Exits with 1 if a file could not be moved.

Environment: JIRA_PARQUET_DIR, JIRA_DIST_DIR.`,
		Example: "  jira-sync migrate --layout hive --dry-run\n  jira-sync migrate --layout hive",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.settings.layout == "" {
				return usageError{errors.New("--layout: say to which one, flat or hive")}
			}
			cfg, err := a.config()
			if err != nil {
				return err
			}
			if isTerminal(a.err) && !a.json {
				opts.Progress = func(r jirasync.MigrateResult) {
					d := r.Dirs[len(r.Dirs)-1]
					fmt.Fprintf(a.err, "\r%s: %d of %d files\x1b[K", d.Dir, d.Moved, d.Files)
				}
			}
			result, err := jirasync.Migrate(cmd.Context(), cfg, opts)
			if opts.Progress != nil {
				fmt.Fprint(a.err, "\r\x1b[K")
			}
			if result.Dirs == nil {
				return err // it did not begin
			}
			return errors.Join(a.result(result, migrateText(result, opts.DryRun)), err)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.DryRun, "dry-run", false, "count the files; move nothing")
	flags.StringVar(&a.settings.layout, "layout", "", "the layout to bring them to, flat or hive; required")
	flags.StringVar(&a.settings.parquetDir, "parquet-dir", "", "the tables ($JIRA_PARQUET_DIR, default "+defaultParquetDir+")")
	flags.StringVar(&a.settings.distDir, "dist-dir", "", "their copy for analysts; none when empty ($JIRA_DIST_DIR)")
	mustComplete(cmd, "layout", []string{"flat", "hive"})
	return cmd
}

func migrateText(r jirasync.MigrateResult, dryRun bool) string {
	var b strings.Builder
	for _, d := range r.Dirs {
		if dryRun {
			fmt.Fprintf(&b, "%s: %d files would be moved\n", d.Dir, d.Files)
		} else {
			fmt.Fprintf(&b, "%s: %d of %d files moved\n", d.Dir, d.Moved, d.Files)
		}
	}
	if !dryRun {
		fmt.Fprintf(&b, "layout     %s; set it for all other commands\nseconds    %.1f\n", r.Layout, r.Seconds)
	}
	return b.String()
}
