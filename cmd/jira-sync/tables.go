package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/transform"
)

// offline makes the configuration of a command that never asks Jira. The
// domain only goes into issue_url.
func (a *app) offline(dataDir, parquetDir, distDir string) (*jirasync.Syncer, error) {
	s := &a.settings
	s.dataDir, s.parquetDir, s.distDir = cmp.Or(dataDir, s.dataDir), cmp.Or(parquetDir, s.parquetDir), cmp.Or(distDir, s.distDir)
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	if cfg.Domain == "" && cfg.BaseURL == "" {
		return nil, usageError{errors.New("JIRA_DOMAIN is not set; issue_url needs it (--domain)")}
	}
	return a.open(cfg)
}

func (a *app) transformCommand() *cobra.Command {
	var rawDir, outputDir, attachmentsDir, distDir string
	var verify bool
	var parallel int
	cmd := &cobra.Command{
		Use:   "transform",
		Short: "Rebuild all tables from the records",
		Long: `Makes all tables anew from the saved records, a month at a time. A record that
cannot be read is named and counted and does not cost its month; the exit code
is then 1. Files whose rows are right are left alone.

With --verify nothing is written: the tables are compared with the records, and
the exit code is 1 when they differ.

Environment: JIRA_DOMAIN, JIRA_DATA_DIR, JIRA_PARQUET_DIR, JIRA_DIST_DIR,
JIRA_LAYOUT.`,
		Example: "  jira-sync transform --raw-dir /data/raw/jira --output-dir /data/parquet/jira\n  jira-sync transform --verify",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if parallel < 1 {
				return usageError{errors.New("--parallel must be at least 1")}
			}
			a.settings.attachmentsDir = attachmentsDir
			s, err := a.offline(rawDir, outputDir, distDir)
			if err != nil {
				return err
			}
			defer s.Close()
			limitMemory()
			show, done := a.rebuildProgress()
			defer done()
			if verify {
				found, err := s.Verify(cmd.Context(), transform.VerifyOptions{Parallel: parallel, Progress: show})
				done()
				return a.verified(found, err)
			}
			result, err := s.Rebuild(cmd.Context(), transform.RebuildOptions{Parallel: parallel, Progress: show})
			done()
			return a.applied(result, err)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&rawDir, "raw-dir", "", "the data directory with issues/ ($JIRA_DATA_DIR)")
	flags.StringVar(&outputDir, "output-dir", "", "where the tables go ($JIRA_PARQUET_DIR)")
	flags.StringVar(&attachmentsDir, "attachments-dir", "", "where the attachments lie (default RAW-DIR/attachments)")
	flags.StringVar(&distDir, "dist-dir", "", "a copy of the tables for analysts ($JIRA_DIST_DIR)")
	flags.StringVar(&a.settings.domain, "domain", "", "the site's host name ($JIRA_DOMAIN)")
	flags.BoolVar(&verify, "verify", false, "compare the tables with the records and write nothing")
	flags.IntVar(&parallel, "parallel", 2, "months at once; memory grows with it")
	a.settings.addLayout(flags)
	return cmd
}

// rebuildMemory is what a rebuild should do with. It holds some 100 MB, and the
// collector would let twice as much come together, and more beside a busy disk.
const rebuildMemory = 200 << 20

// limitMemory has the collector work harder as memory comes near that, unless
// the environment says another limit. It is no bound: a month at a time more
// (--parallel) takes what it needs.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(rebuildMemory)
	}
}

func (a *app) upsertCommand() *cobra.Command {
	var deleted bool
	cmd := &cobra.Command{
		Use:   "upsert KEY...",
		Short: "Bring the tables to the saved records of some issues",
		Long: `Brings the tables to the saved records of the named issues, without asking Jira.
With --deleted the issues get a tombstone and their rows leave all tables; a
later fetch revives an issue that Jira still has.

Environment: JIRA_DOMAIN, JIRA_DATA_DIR, JIRA_PARQUET_DIR, JIRA_DIST_DIR,
JIRA_LAYOUT.`,
		Example: "  jira-sync upsert SUPPORT-1 SUPPORT-2",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, keys []string) error {
			s, err := a.offline("", "", "")
			if err != nil {
				return err
			}
			defer s.Close()
			call := s.Upsert
			if deleted {
				call = s.Delete
			}
			result, err := call(cmd.Context(), keys...)
			return a.applied(result, err)
		},
	}
	cmd.Flags().BoolVar(&deleted, "deleted", false, "the issues are gone from Jira")
	a.settings.addDirs(cmd.Flags())
	cmd.Flags().StringVar(&a.settings.domain, "domain", "", "the site's host name ($JIRA_DOMAIN)")
	return cmd
}

// appliedResult is the JSON form of a transform's result.
type appliedResult struct {
	Issues int               `json:"issues"`
	Files  []appliedFile     `json:"files"`
	Failed map[string]string `json:"failed,omitempty"`
}

type appliedFile struct {
	Table   string `json:"table"`
	Month   string `json:"month"`
	Removed bool   `json:"removed,omitempty"`
}

func (a *app) applied(result transform.Result, err error) error {
	out := appliedResult{Issues: len(result.Applied), Files: []appliedFile{}}
	for _, f := range result.Files {
		out.Files = append(out.Files, appliedFile{f.Table, f.Month, f.Removed})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "issues  %d\nfiles   %d\nfailed  %d\n", out.Issues, len(out.Files), len(result.Failed))
	hint := "" // of the first failure that has one
	for _, key := range slices.Sorted(maps.Keys(result.Failed)) {
		hint = cmp.Or(hint, hintFor(result.Failed[key]))
		if out.Failed == nil {
			out.Failed = map[string]string{}
		}
		out.Failed[key] = result.Failed[key].Error()
		fmt.Fprintf(&b, "  %s: %s\n", key, out.Failed[key])
	}
	if err == nil && len(result.Failed) > 0 {
		err = hintedError{fmt.Errorf("%d issues failed", len(result.Failed)), hint}
	}
	return errors.Join(a.result(out, b.String()), err)
}

func (a *app) viewsCommand() *cobra.Command {
	var dir, prefix string
	cmd := &cobra.Command{
		Use:   "views",
		Short: "Print DuckDB statements that make a view of each table",
		Long: `Prints the DuckDB statements that make a view of each table over the Parquet
files below the directory, whatever their layout.

Environment: JIRA_PARQUET_DIR.`,
		Example: "  jira-sync views --dir ~/jira | duckdb jira.duckdb",
		RunE: func(*cobra.Command, []string) error {
			if err := a.settings.load(); err != nil {
				return usageError{err}
			}
			sql, err := jirasync.Views(a.settings.or(dir, "JIRA_PARQUET_DIR", defaultParquetDir), prefix)
			if err != nil {
				return err
			}
			return a.result(map[string]string{"sql": sql}, sql)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "directory of the tables ($JIRA_PARQUET_DIR)")
	cmd.Flags().StringVar(&prefix, "prefix", "jira_", "what the names of the views begin with")
	return cmd
}
