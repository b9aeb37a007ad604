package jirasync_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira/jiratest"
)

// now is a check that waits for nothing.
var now = jirasync.CheckOptions{Full: true, Grace: -1, Confirm: -1, MaxFix: 100}

func fixing(opts jirasync.CheckOptions) jirasync.CheckOptions { opts.Fix = true; return opts }

// filled is a site with n issues that a backfill has read.
func filled(t *testing.T, n int) (*jiratest.Server, *rig) {
	t.Helper()
	site := newSite(t)
	for i := range n {
		issue := site.Create("SUP", jiratest.Fields{"summary": fmt.Sprintf("issue %d", i)})
		issue.Comment("first")
		issue.Comment("second")
	}
	r := library(t, config(site))
	_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{RemoteLinks: jirasync.RemoteLinksAlways})
	require.NoError(t, err)
	return site, r
}

// record edits the stored record of an issue.
func (r *rig) record(key string, edit func(string) string) {
	r.t.Helper()
	path := filepath.Join(r.cfg.DataDir, "issues", key+".json")
	data, err := os.ReadFile(path)
	require.NoError(r.t, err)
	require.NoError(r.t, os.WriteFile(path, []byte(edit(string(data))), 0o600))
}

func keys(key ...string) jirasync.Found { return jirasync.Found{Count: len(key), Keys: key} }

func TestCheckFindsAndMendsEveryDifference(t *testing.T) {
	t.Parallel()
	site, r := filled(t, 20)
	issue := func(n int) *jiratest.Issue { return site.Issue(fmt.Sprintf("SUP-%d", n)) }
	report, err := r.Check(t.Context(), now)
	require.NoError(t, err)
	require.Equal(t, jirasync.SeverityOK, report.Severity)
	require.Equal(t, 20, report.Compared)

	site.Create("SUP", jiratest.Fields{"summary": "no webhook"}) // SUP-21
	issue(2).Edit(jiratest.Fields{"summary": "no webhook"})
	r.record("SUP-3", func(s string) string { return s[:len(s)/2] })
	r.record("SUP-4", func(s string) string { return strings.Replace(s, `"total":2`, `"total":3`, 1) })
	_, err = r.Delete(t.Context(), "SUP-5")
	require.NoError(t, err)
	issue(6).Delete()
	r.record("SUP-7", func(s string) string { return strings.Replace(s, "issue 6", "issue x", 1) }) // its rows are old now
	require.NoError(t, os.Remove(filepath.Join(r.cfg.DataDir, "issues", "SUP-8.json")))             // rows without a record
	issue(9).Archive()

	files, records := r.parquetFiles(), r.records()
	report, err = r.Check(t.Context(), now)
	require.ErrorIs(t, err, jirasync.ErrDiffers)
	want := jirasync.CheckReport{
		Full: true, InJira: 19, Compared: 19, JQL: report.JQL, At: report.At, Seconds: report.Seconds,
		MissingRecords: keys("SUP-8", "SUP-21"), StaleRecords: keys("SUP-2"), IncompleteRecords: keys("SUP-4"),
		UnreadableRecords: keys("SUP-3"), DeletedHere: keys("SUP-5"), StaleRows: keys("SUP-4", "SUP-7"), OrphanRows: keys("SUP-8"),
		Vanished: report.Vanished, Failed: map[string]string{}, Remaining: 8, Severity: jirasync.SeverityWarning,
	}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
	causes := map[string]jirasync.VanishedCause{}
	for _, v := range report.Vanished {
		causes[v.Key] = v.Cause
	}
	require.Equal(t, map[string]jirasync.VanishedCause{"SUP-6": jirasync.Gone, "SUP-9": jirasync.Unlisted}, causes)
	require.Equal(t, files, r.parquetFiles(), "without Fix nothing is written")
	require.Equal(t, records, r.records())

	report, err = r.Check(t.Context(), fixing(now))
	require.NoError(t, err)
	require.Equal(t, jirasync.SeverityInfo, report.Severity)
	require.Equal(t, []string{"SUP-6"}, report.Deleted)
	require.Equal(t, []string{"SUP-2", "SUP-21", "SUP-3", "SUP-4", "SUP-5", "SUP-7", "SUP-8"}, report.Mended)
	r.gone("SUP-6")
	require.Len(t, r.rows("issues", "SUP-9"), 1, "an archived issue is still there")

	report, err = r.Check(t.Context(), now)
	require.NoError(t, err)
	require.Equal(t, jirasync.SeverityOK, report.Severity)
	issue(9).Unarchive()
	r.record("SUP-7", func(s string) string { return strings.Replace(s, "issue x", "issue 6", 1) })
	_, err = r.Upsert(t.Context(), "SUP-7")
	require.NoError(t, err)
	r.equalsSite(site)
}

// records returns the content of every record.
func (r *rig) records() map[string]string {
	found := map[string]string{}
	for _, path := range files(r.t, filepath.Join(r.cfg.DataDir, "issues")) {
		if strings.HasSuffix(path, ".json") {
			data, err := os.ReadFile(path)
			require.NoError(r.t, err)
			found[path] = string(data)
		}
	}
	return found
}

// A month that cannot be read is said to be so, and is not taken for an empty one.
func TestLesson173UnreadableMonthIsNoGap(t *testing.T) {
	t.Parallel()
	_, r := filled(t, 5)
	for _, path := range files(t, filepath.Join(r.cfg.ParquetDir, "comments")) {
		require.NoError(t, os.Truncate(path, 50))
	}
	report, err := r.Check(t.Context(), now)
	require.ErrorIs(t, err, jirasync.ErrDiffers, "issues that cannot be compared are no issues that agree")
	require.Equal(t, 1, report.Remaining)
	require.Len(t, report.UnreadableMonths, 1)
	require.Equal(t, jirasync.SeverityError, report.Severity)
	require.Zero(t, report.MissingRows.Count+report.StaleRows.Count+len(report.Mended))

	report, err = r.Check(t.Context(), fixing(now))
	require.NoError(t, err)
	require.Len(t, report.RemadeMonths, 1)
	require.Equal(t, jirasync.SeverityInfo, report.Severity)
	require.Len(t, r.allRows("comments"), 10)
}

// Gate T12: whatever makes many issues vanish, more than a few are not
// believed without a person's word.
func TestBrakeHoldsMassDeletion(t *testing.T) {
	t.Parallel()
	site, r := filled(t, 30)
	for n := range 12 {
		site.Issue(fmt.Sprintf("SUP-%d", n+1)).Delete()
	}
	before := r.parquetFiles()
	report, err := r.Check(t.Context(), fixing(now))
	require.ErrorIs(t, err, jirasync.ErrBrake)
	require.ErrorContains(t, err, "12 of 30")
	require.Equal(t, jirasync.SeverityError, report.Severity)
	require.Empty(t, report.Deleted)
	require.Equal(t, before, r.parquetFiles())

	forced := fixing(now)
	forced.Force = true
	report, err = r.Check(t.Context(), forced)
	require.NoError(t, err)
	require.Len(t, report.Deleted, 12)
	r.equalsSite(site)
}

// Row J6: a 404 alone is no deletion. Only issues that are gone get a
// tombstone, whatever else makes Jira show less.
func TestRowJ6OnlyRealDeletionsAreBelieved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		vanish  func(*jiratest.Server)
		deleted []string
		fails   bool
	}{
		{name: "deleted", vanish: func(s *jiratest.Server) { s.Issue("SUP-1").Delete() }, deleted: []string{"SUP-1"}},
		{name: "permission", vanish: func(s *jiratest.Server) { s.Deny(s.Main, "SUP") }},
		{name: "project in the trash", vanish: func(s *jiratest.Server) { s.TrashProject("SUP") }},
		{name: "token", vanish: func(s *jiratest.Server) { s.ExpireToken(s.Main) }, fails: true},
		{name: "moved", vanish: func(s *jiratest.Server) { s.Issue("SUP-1").Move("OPS") }},
		{name: "project renamed", vanish: func(s *jiratest.Server) { s.RenameProject("SUP", "HELP", "Help") }},
		{name: "archived", vanish: func(s *jiratest.Server) { s.Issue("SUP-1").Archive() }},
		{name: "index behind", vanish: func(s *jiratest.Server) {
			s.Fail(jiratest.Fault{Match: "POST /rest/api/3/search/jql", Times: -1, Edit: func([]byte) []byte { return []byte(`{"issues":[],"isLast":true}`) }})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			site, r := filled(t, 3)
			site.AddProject("OPS", "Operations")
			c.vanish(site)
			forced := fixing(now)
			forced.Force = true
			report, err := r.Check(t.Context(), forced)
			if c.fails {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
			}
			if diff := cmp.Diff(c.deleted, report.Deleted); diff != "" {
				t.Errorf("deleted (-want +got):\n%s", diff)
			}
			require.Len(t, r.allRows("issues"), 3-len(c.deleted))
			ids := map[string]bool{}
			for _, row := range r.allRows("issues") {
				ids[row["issue_id"].Text()] = true
			}
			require.Len(t, ids, 3-len(c.deleted))
		})
	}
}

// An issue that Jira does not find is looked for again later before it is
// taken for deleted.
func TestDeletionTakesTwoLooks(t *testing.T) {
	t.Parallel()
	site, r := filled(t, 3)
	site.Issue("SUP-2").Delete()
	twice := fixing(now)
	twice.Confirm = 50 * time.Millisecond
	report, err := r.Check(t.Context(), twice)
	require.NoError(t, err)
	require.Equal(t, jirasync.Unconfirmed, report.Vanished[0].Cause)
	require.Len(t, r.rows("issues", "SUP-2"), 1)
	r.eventually(func() bool {
		report, err = r.Check(t.Context(), twice)
		return err == nil && len(report.Deleted) == 1
	}, "the second look does not come")
	r.gone("SUP-2")
}

// Row J13: a search that lags behind finds nothing deleted and nothing stale.
func TestRowJ13LaggingIndex(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	for n := range 5 {
		site.Create("SUP", jiratest.Fields{"summary": fmt.Sprint(n)})
	}
	r.flush(site)
	r.idle()
	site.SetIndexLag(10 * time.Minute)
	site.Issue("SUP-1").Edit(jiratest.Fields{"summary": "later"})
	site.Create("SUP", jiratest.Fields{"summary": "new"})
	r.flush(site)
	r.idle()
	report, err := r.Check(t.Context(), fixing(now))
	require.NoError(t, err)
	require.Empty(t, report.Deleted)
	require.Zero(t, report.StaleRecords.Count+report.MissingRecords.Count)
	r.equalsSite(site)
}

func TestCheckReadsUnknownRemoteLinks(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.Create("SUP", jiratest.Fields{"summary": "s"}).RemoteLink("https://example.com/page", "page")
	r := library(t, config(site))
	_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{RemoteLinks: jirasync.RemoteLinksNever})
	require.NoError(t, err)
	require.Empty(t, r.allRows("remote_links"))
	report, err := r.Check(t.Context(), fixing(now))
	require.NoError(t, err)
	require.Equal(t, keys("SUP-1"), report.UnknownRemoteLinks)
	require.Len(t, r.rows("remote_links", "SUP-1"), 1)

	site.Issue("SUP-1").RemoteLink("https://example.com/other", "other")
	report, err = r.Check(t.Context(), now)
	require.NoError(t, err, "nothing tells of it")
	require.Zero(t, report.UnknownRemoteLinks.Count)
	links := fixing(now)
	links.RemoteLinks = true
	report, err = r.Check(t.Context(), links)
	require.NoError(t, err)
	require.Equal(t, []string{"SUP-1"}, report.Mended)
	require.Len(t, r.rows("remote_links", "SUP-1"), 2)
}

// What is mended at once is bounded, and the rest is said to be left.
func TestCheckMendsAtMostMaxFix(t *testing.T) {
	t.Parallel()
	site, r := filled(t, 10)
	for n := range 7 {
		site.Issue(fmt.Sprintf("SUP-%d", n+1)).Edit(jiratest.Fields{"summary": "changed"})
	}
	few := fixing(now)
	few.MaxFix = 3
	report, err := r.Check(t.Context(), few)
	require.ErrorIs(t, err, jirasync.ErrDiffers)
	require.Len(t, report.Mended, 3)
	require.Equal(t, 4, report.Remaining)
	require.Equal(t, jirasync.SeverityError, report.Severity)
	data, err := json.Marshal(report)
	require.NoError(t, err)
	require.NotContains(t, string(data), "changed", "a report holds no content")
}

// Lesson 46: a pass that takes long is not met by a second one.
func TestLesson46PassesNeverStack(t *testing.T) {
	t.Parallel()
	site, r := filled(t, 2)
	undo := site.Fail(jiratest.Fault{Match: "POST /rest/api/3/search/jql", Times: -1, Delay: 200 * time.Millisecond})
	defer undo()
	results := make(chan error, 2)
	for range 2 {
		go func() { // ends with its check
			_, err := r.Check(t.Context(), now)
			results <- err
		}()
	}
	first, second := <-results, <-results
	require.ErrorIs(t, first, jirasync.ErrCheckRuns, "the second one says so at once")
	require.NoError(t, second)
}

// Lesson 75: rows that could not be written are not forgotten: the delivery
// stays in the log until they are.
func TestLesson75FailedApplyIsRepeated(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	comments := filepath.Join(r.cfg.ParquetDir, "comments")
	require.NoError(t, os.WriteFile(comments, []byte("in the way"), 0o600))
	site.Create("SUP", jiratest.Fields{"summary": "s"}).Comment("first")
	r.flush(site)
	r.eventually(func() bool { return r.Status().Failures > 0 }, "the apply does not fail")
	require.Positive(t, r.Status().Waiting+r.Status().InFlight)
	require.NoError(t, os.Remove(comments))
	r.eventually(func() bool { return len(r.rows("comments", "SUP-1")) == 1 }, "the apply is not repeated")
}

// Lesson 108: what was deleted from an issue that is otherwise quiet is found
// by the lengths of its lists.
func TestLesson108ShorterListIsFound(t *testing.T) {
	t.Parallel()
	_, r := filled(t, 3)
	extra := `{"id":"999999","created":"2026-01-01T00:00:00.000+0000","body":null}`
	r.record("SUP-2", func(s string) string {
		s = strings.Replace(s, `"comments":[`, `"comments":[`+extra+`,`, 1)
		return strings.Replace(s, `"total":2`, `"total":3`, 1)
	})
	_, err := r.Upsert(t.Context(), "SUP-2")
	require.NoError(t, err)
	require.Len(t, r.rows("comments", "SUP-2"), 3)
	report, err := r.Check(t.Context(), fixing(now))
	require.NoError(t, err)
	require.Equal(t, keys("SUP-2"), report.IncompleteRecords)
	require.Len(t, r.rows("comments", "SUP-2"), 2)
}

// A damaged file is made anew from the records by the first event that meets it.
func TestDamagedMonthIsMadeAnewByTheServer(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	for range 3 {
		site.Create("SUP", jiratest.Fields{"summary": "s"}).Comment("c")
	}
	r.flush(site)
	r.idle()
	for _, path := range files(t, filepath.Join(r.cfg.ParquetDir, "comments")) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		data[len(data)/3] ^= 1
		require.NoError(t, os.WriteFile(path, data, 0o600))
	}
	site.Issue("SUP-1").Comment("another")
	r.flush(site)
	r.eventually(func() bool { return len(r.rows("comments", "SUP-1")) == 2 }, "the month is not made anew")
	require.Len(t, r.allRows("comments"), 4)
	r.equalsSite(site)
}
