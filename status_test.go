package jirasync_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira/jiratest"
)

func TestCompleteness(t *testing.T) {
	t.Parallel()
	site, r := filled(t, 6)
	site.AddProject("OPS", "Operations")
	site.Create("OPS", jiratest.Fields{"summary": "another project"})
	site.Issue("SUP-1").Move("OPS") // OPS-2
	site.Issue("SUP-2").RemoteLink("https://example.com", "a page")
	_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{Refetch: true, RemoteLinks: jirasync.RemoteLinksNever})
	require.NoError(t, err)
	_, err = r.Delete(t.Context(), "SUP-3")
	require.NoError(t, err)
	r.record("SUP-4", func(s string) string { return strings.Replace(s, `"total":2`, `"total":131`, 1) })
	r.record("SUP-5", func(s string) string { return s[:len(s)/2] })

	got, err := r.Completeness(t.Context())
	require.NoError(t, err)
	// 131 where Jira had counted 2, in a record that holds 2.
	part := func(stored, total, unknown int) jirasync.PartCount {
		return jirasync.PartCount{Stored: stored, Total: total, Unknown: unknown}
	}
	want := jirasync.Completeness{
		Projects: map[string]jirasync.Holdings{
			"SUP": {Issues: 3, Incomplete: 1, Deleted: 1, Moved: 1, Unreadable: 1, Parts: map[string]jirasync.PartCount{
				"comments": part(6, 135, 0), "worklogs": {}, "changelog": got.Projects["SUP"].Parts["changelog"],
				"attachments": {}, "issuelinks": {}, "remote_links": {},
			}},
			"OPS": {Issues: 2, Parts: map[string]jirasync.PartCount{
				"comments": part(2, 2, 0), "worklogs": {}, "changelog": got.Projects["OPS"].Parts["changelog"],
				"attachments": {}, "issuelinks": {}, "remote_links": part(0, 0, 1),
			}},
		},
		Incomplete: keys("SUP-4"), Unreadable: keys("SUP-5"),
	}
	ignore := cmp.Options{cmpopts.IgnoreFields(jirasync.Holdings{}, "Updated", "Synced"), cmpopts.IgnoreFields(jirasync.Completeness{}, "All")}
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
	require.Equal(t, 5, got.All.Issues)
	require.Equal(t, part(8, 137, 0), got.All.Parts["comments"])
	require.Equal(t, 1, got.Projects["OPS"].Parts["changelog"].Stored, "the move")
	require.WithinDuration(t, time.Now(), got.All.Synced, time.Minute)
	require.WithinDuration(t, time.Now(), got.All.Updated, time.Minute)

	named, err := r.Completeness(t.Context(), "SUP-4", "SUP-1", "SUP-404", "SUP-5", "SUP-3", "SUP-4")
	require.NoError(t, err)
	states := map[string]jirasync.RecordState{}
	for _, rec := range named.Records {
		states[rec.Key] = rec.State
	}
	require.Equal(t, map[string]jirasync.RecordState{
		"SUP-4": jirasync.RecordIncomplete, "SUP-1": jirasync.RecordMoved, "SUP-404": jirasync.RecordAbsent,
		"SUP-5": jirasync.RecordUnreadable, "SUP-3": jirasync.RecordDeleted,
	}, states)
	require.Equal(t, []string{"comments"}, named.Records[0].Lacks)
	require.Equal(t, "OPS-2", named.Records[1].KeyNow)
	require.False(t, named.Records[4].DeletedAt.IsZero())
	_, err = r.Completeness(t.Context(), "../SUP-1")
	require.Error(t, err)
}

func TestTableCounts(t *testing.T) {
	t.Parallel()
	_, r := filled(t, 6)
	counts, err := r.TableCounts(t.Context())
	require.NoError(t, err)
	month := time.Now().UTC().Format("2006-01")
	require.Equal(t, jirasync.TableCount{Table: "issues", Rows: 6, Projects: map[string]int{"SUP": 6}, Months: 1, Newest: month}, counts[0])
	byName := map[string]int{}
	for _, c := range counts {
		byName[c.Table] = c.Rows
	}
	require.Equal(t, 12, byName["comments"])
	require.Contains(t, byName, "remote_links", "a table without a file has no rows")

	require.NoError(t, os.WriteFile(filepath.Join(r.cfg.ParquetDir, "issues", month+".parquet"), []byte("PAR1"), 0o600))
	counts, err = r.TableCounts(t.Context())
	require.NoError(t, err)
	require.Zero(t, counts[0].Rows)
	require.Contains(t, counts[0].Unreadable, month)
}

// The status of a server at work: it holds the log's lock, which needs not be
// waited for.
func TestBacklogBesideAServer(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	other := library(t, jirasync.Config{BaseURL: site.URL, DataDir: r.cfg.DataDir, ParquetDir: r.cfg.ParquetDir})
	waiting := func() int {
		b, err := other.Backlog()
		require.NoError(t, err)
		return b.Waiting
	}
	require.Zero(t, waiting())
	undo := site.Fail(jiratest.Fault{Match: "GET /rest/api/3/issue/{issueIdOrKey}", Times: -1, Status: 503})
	site.Create("SUP", jiratest.Fields{"summary": "waits"})
	r.flush(site)
	b, err := other.Backlog()
	require.NoError(t, err)
	require.Equal(t, 1, b.Waiting)
	require.WithinDuration(t, time.Now(), b.Oldest, time.Minute)
	undo()
	r.eventually(func() bool { return waiting() == 0 }, "the backlog stays")
	require.Nil(t, other.LastCheck())
	_, err = r.Check(t.Context(), fixing(now))
	require.NoError(t, err)
	require.Equal(t, jirasync.SeverityOK, other.LastCheck().Severity)
}
