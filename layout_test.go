package jirasync_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

// tableFiles lists the Parquet files below a directory by their paths in it,
// those of tables without months left out.
func tableFiles(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	for _, path := range files(t, dir) {
		rel, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		if strings.HasSuffix(rel, ".parquet") {
			found = append(found, filepath.ToSlash(rel))
		}
	}
	slices.Sort(found)
	return found
}

// In the hive layout every path does what it does in the flat one: backfill,
// webhook, SLA poll, deletion, check, rebuild, verification, copy and manifest.
func TestHiveLayout(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	old := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
	site.Create("SUP", jiratest.Fields{"summary": "old", "created": old, "updated": old})
	site.Create("SUP", jiratest.Fields{"summary": "new"}).Comment("a word")
	cfg := config(site)
	cfg.Layout = partition.Hive
	r := serve(t, cfg)
	_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{})
	require.NoError(t, err)
	month := "month=" + time.Now().UTC().Format("2006-01")
	hive := func() {
		t.Helper()
		for _, dir := range []string{r.cfg.ParquetDir, r.cfg.DistDir} {
			for _, path := range tableFiles(t, dir) {
				require.Regexp(t, `^\w+/month=\d{4}-\d\d/data\.parquet$`, path)
			}
			require.Contains(t, tableFiles(t, dir), "issues/"+month+"/data.parquet")
		}
		require.Equal(t, tableFiles(t, r.cfg.ParquetDir), tableFiles(t, r.cfg.DistDir))
	}
	hive()

	site.SetWebhook(jiratest.Webhook{URL: r.url + "/webhooks/jira", Secret: secret})
	site.Issue("SUP-2").Edit(jiratest.Fields{"summary": "edited"})
	site.Issue("SUP-1").Delete()
	r.flush(site)
	r.idle()
	_, err = r.PollSLA(t.Context(), jirasync.SLAOptions{})
	require.NoError(t, err)
	hive()
	r.equalsSite(site)
	require.NotContains(t, tableFiles(t, r.cfg.DistDir), "issues/month=2025-03/data.parquet")

	all := fixing(now)
	report, err := r.Check(t.Context(), all)
	require.NoError(t, err)
	require.Zero(t, report.Remaining)
	counts, err := r.TableCounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, counts[0].Rows)
	require.Equal(t, 1, counts[0].Months)

	before := r.parquetFiles()
	result, err := r.Rebuild(t.Context(), transform.RebuildOptions{})
	require.NoError(t, err)
	require.Empty(t, result.Files, "a rebuild finds nothing to write")
	require.Equal(t, before, r.parquetFiles())
	dist, err := partition.OpenLayout(r.cfg.DistDir, partition.Hive)
	require.NoError(t, err)
	defer dist.Close()
	manifest, err := dist.Manifest()
	require.NoError(t, err)
	var listed []string
	for _, f := range manifest.Files {
		listed = append(listed, f.Path)
	}
	slices.Sort(listed)
	require.Equal(t, tableFiles(t, r.cfg.DistDir), listed)
}

// There and back again, beside a refusal of whatever would mix the layouts.
func TestMigrate(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.Create("SUP", jiratest.Fields{"summary": "one"}).Comment("a word")
	r := library(t, config(site))
	_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{})
	require.NoError(t, err)
	flat := tableFiles(t, r.cfg.ParquetDir)
	other := r.cfg
	other.Layout = partition.Hive

	_, err = jirasync.Migrate(t.Context(), other, jirasync.MigrateOptions{})
	require.ErrorIs(t, err, jirasync.ErrTablesInUse, "a Syncer is open")
	_, err = jirasync.New(other)
	require.ErrorIs(t, err, jirasync.ErrLayout)
	require.NoError(t, r.Close())

	result, err := jirasync.Migrate(t.Context(), other, jirasync.MigrateOptions{DryRun: true})
	require.NoError(t, err)
	require.Equal(t, []jirasync.MigratedDir{{Dir: r.cfg.ParquetDir, Files: len(flat)}, {Dir: r.cfg.DistDir, Files: len(flat)}}, result.Dirs)
	require.Equal(t, flat, tableFiles(t, r.cfg.ParquetDir))

	content := r.contents()
	var told jirasync.MigrateResult
	result, err = jirasync.Migrate(t.Context(), other, jirasync.MigrateOptions{Progress: func(r jirasync.MigrateResult) {
		told = r
	}})
	require.NoError(t, err)
	require.Equal(t, result.Dirs, told.Dirs)
	require.Equal(t, len(flat), result.Dirs[0].Moved)
	require.Equal(t, len(flat), result.Dirs[1].Moved)
	require.NotEqual(t, flat, tableFiles(t, r.cfg.ParquetDir))
	require.Equal(t, content, r.contents(), "the same bytes elsewhere")
	_, err = jirasync.New(r.cfg)
	require.ErrorIs(t, err, jirasync.ErrLayout, "the old layout is refused")

	hive := library(t, other)
	site.Issue("SUP-1").Edit(jiratest.Fields{"summary": "edited"})
	_, err = hive.SyncIssues(t.Context(), "SUP-1")
	require.NoError(t, err)
	hive.equalsSite(site)
	flat = append([]string{"changelog/" + filepath.Base(flat[0])}, flat...) // of the edit
	require.NoError(t, hive.Close())

	// A migration that was cut short is refused by both, and taken back.
	half := filepath.Join(r.cfg.ParquetDir, "comments", time.Now().UTC().Format("2006-01")+".parquet")
	require.NoError(t, os.Rename(filepath.Join(r.cfg.ParquetDir, "comments", "month="+time.Now().UTC().Format("2006-01"), "data.parquet"), half))
	for _, cfg := range []jirasync.Config{r.cfg, other} {
		_, err = jirasync.New(cfg)
		require.ErrorIs(t, err, jirasync.ErrLayout)
	}
	_, err = jirasync.Views(r.cfg.ParquetDir, "")
	require.ErrorIs(t, err, jirasync.ErrLayout)
	_, err = jirasync.Migrate(t.Context(), r.cfg, jirasync.MigrateOptions{})
	require.NoError(t, err)
	require.Equal(t, flat, tableFiles(t, r.cfg.ParquetDir))
	require.Equal(t, flat, tableFiles(t, r.cfg.DistDir))
	library(t, r.cfg).equalsSite(site)
}

// contents returns the hashes of all files of the tables, sorted.
func (r *rig) contents() []string {
	var sums []string
	for _, sum := range r.parquetFiles() {
		sums = append(sums, sum)
	}
	slices.Sort(sums)
	return sums
}
