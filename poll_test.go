package jirasync_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
)

const resolutionField = "customfield_10161" // time_to_resolution_* of the built-in map

// clock is the time of a simulated site, which tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// desk is a support desk with n open issues whose clocks have just started,
// all read by a backfill.
func desk(t *testing.T, n int) (*jiratest.Server, *clock, *rig) {
	t.Helper()
	c := &clock{now: time.Now().Add(-24 * time.Hour)}
	site := jiratest.NewServerWith(jiratest.Options{Now: c.Now})
	t.Cleanup(site.Close)
	site.AddProject("SUP", "Support")
	for i := range n {
		issue := site.Create("SUP", jiratest.Fields{"summary": fmt.Sprint(i)})
		issue.SetSLA(resolutionField, &jiratest.SLA{Goal: 4 * time.Hour, Ongoing: &jiratest.Cycle{Start: c.Now()}})
	}
	r := library(t, config(site))
	_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{})
	require.NoError(t, err)
	return site, c, r
}

// elapsed returns what the tables show of an issue's clock, in hours.
func (r *rig) elapsed(key string) float64 {
	r.t.Helper()
	rows := r.rows("issues", key)
	require.Len(r.t, rows, 1)
	return float64(rows[0]["time_to_resolution_elapsed_millis"].Int()) / 3.6e6
}

func TestPollReadsClocksThatNothingTellsOf(t *testing.T) {
	t.Parallel()
	site, c, r := desk(t, 130)
	c.pass(time.Second)
	site.Issue("SUP-1").Resolve()
	_, err := r.CatchUp(t.Context())
	require.NoError(t, err)
	c.pass(5 * time.Hour)
	site.ResetLog()

	states := map[jirasync.SLAState]int{}
	result, err := r.PollSLA(t.Context(), jirasync.SLAOptions{Each: func(_ string, s jirasync.SLAState, _ error) { states[s]++ }})
	require.NoError(t, err)
	require.Equal(t, map[jirasync.SLAState]int{jirasync.SLAUpdated: 129}, states, "a resolved issue's clock stands still")
	require.Equal(t, 129, result.Updated)
	require.LessOrEqual(t, result.Requests, int64(5), "a login, the fields, a search, and two batches")
	for _, row := range r.allRows("issues") {
		if row["issue_key"].Text() == "SUP-1" {
			continue
		}
		require.InDelta(t, 5*3.6e6, row["time_to_resolution_elapsed_millis"].Int(), 60_000)
		require.Equal(t, "True", row["time_to_resolution_breached"].Text())
	}
	cycles := r.rows("sla_cycles", "SUP-2")
	require.Len(t, cycles, 1)
	require.Equal(t, "ongoing", cycles[0]["kind"].Text())
	require.InDelta(t, -3.6e6, cycles[0]["remaining_millis"].Int(), 60_000)
	require.False(t, cycles[0]["observed_at"].IsNull())

	files := r.parquetFiles()
	result, err = r.PollSLA(t.Context(), jirasync.SLAOptions{DryRun: true})
	require.NoError(t, err)
	require.Equal(t, 129, result.Updated)
	require.Equal(t, files, r.parquetFiles())
}

// Lesson 4: an issue that was resolved, or reopened, while no webhook came.
func TestLesson4PollHealsBothWays(t *testing.T) {
	t.Parallel()
	site, c, r := desk(t, 5)
	c.pass(time.Second)
	site.Issue("SUP-1").Resolve()
	_, err := r.CatchUp(t.Context())
	require.NoError(t, err)
	c.pass(time.Hour)
	site.Issue("SUP-1").Reopen()
	site.Issue("SUP-2").Resolve()
	result, err := r.PollSLA(t.Context(), jirasync.SLAOptions{})
	require.NoError(t, err)
	require.Equal(t, 2, result.Healed)
	require.Equal(t, 2, result.Refetched, "they are read whole")
	require.Equal(t, 3, result.Updated)
	require.Equal(t, "new", r.rows("issues", "SUP-1")[0]["status_category_key"].Text())
	require.True(t, r.rows("issues", "SUP-1")[0]["resolution"].IsNull(), "lesson J18: null is taken over")
	require.Equal(t, "done", r.rows("issues", "SUP-2")[0]["status_category_key"].Text())
	require.Contains(t, r.log.String(), "Self-healing: SUP-2 is resolved in Jira")
	r.equalsSite(site)
}

// Two tokens fail apart from each other.
func TestTokensFailIndependently(t *testing.T) {
	t.Parallel()
	site, c, r := desk(t, 5)
	c.pass(time.Hour)
	agent := site.Agent
	site.ExpireToken(site.Agent)
	_, err := r.PollSLA(t.Context(), jirasync.SLAOptions{})
	require.ErrorContains(t, err, "JIRA_SLA_API_TOKEN")
	site.Issue("SUP-1").Edit(jiratest.Fields{"summary": "still synced"})
	_, err = r.SyncIssues(t.Context(), "SUP-1")
	require.NoError(t, err)
	r.shows("SUP-1", "summary", "still synced")
	require.InDelta(t, 0, r.elapsed("SUP-1"), 0.1, "the last good value stays")

	site.Agent = site.RenewToken(agent)
	site.ExpireToken(site.Main)
	cfg := config(site)
	cfg.DataDir, cfg.ParquetDir, cfg.DistDir = r.cfg.DataDir, r.cfg.ParquetDir, r.cfg.DistDir
	r = library(t, cfg)
	site.Issue("SUP-2").Resolve()
	result, err := r.PollSLA(t.Context(), jirasync.SLAOptions{})
	require.NoError(t, err)
	require.Equal(t, 1, result.Healed, "the second account's word must do")
	require.InDelta(t, 1, r.elapsed("SUP-3"), 0.1)
	row := r.rows("issues", "SUP-2")[0]
	require.Equal(t, "done", row["status_category_key"].Text())
	require.False(t, row["resolved_at"].IsNull())
	_, err = r.CatchUp(t.Context())
	require.Error(t, err)
	site.Main = site.RenewToken(site.Main)
	cfg.APIToken = config(site).APIToken
	r = library(t, cfg)
	caught, err := r.CatchUp(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, caught.Fetched, "updated was not taken over, so the rest is read")
	r.equalsSite(site)
}

func TestBackfillSLAReadsWhatWasNeverRead(t *testing.T) {
	t.Parallel()
	site, c, _ := desk(t, 3)
	cfg := config(site)
	cfg.SLAEmail, cfg.SLAAPIToken = "", jira.Secret{}
	alone := library(t, cfg) // without the second account
	_, err := alone.Backfill(t.Context(), jirasync.BackfillOptions{})
	require.NoError(t, err)
	_, err = alone.PollSLA(t.Context(), jirasync.SLAOptions{})
	require.ErrorIs(t, err, jirasync.ErrNoSLAAccount)
	require.True(t, alone.rows("issues", "SUP-1")[0]["time_to_resolution_breached"].IsNull())

	cfg = config(site)
	cfg.DataDir, cfg.ParquetDir, cfg.DistDir = alone.cfg.DataDir, alone.cfg.ParquetDir, alone.cfg.DistDir
	both := library(t, cfg)
	result, err := both.BackfillSLA(t.Context(), jirasync.SLAOptions{DryRun: true})
	require.NoError(t, err)
	require.Equal(t, 3, result.Updated)
	require.True(t, both.rows("issues", "SUP-1")[0]["time_to_resolution_breached"].IsNull())
	_, err = both.BackfillSLA(t.Context(), jirasync.SLAOptions{})
	require.NoError(t, err)
	require.Equal(t, "False", both.rows("issues", "SUP-1")[0]["time_to_resolution_breached"].Text())
	result, err = both.BackfillSLA(t.Context(), jirasync.SLAOptions{})
	require.NoError(t, err)
	require.Equal(t, 3, result.Skipped)
	c.pass(5 * time.Hour)
	_, err = both.BackfillSLA(t.Context(), jirasync.SLAOptions{Force: true})
	require.NoError(t, err)
	require.Equal(t, "True", both.rows("issues", "SUP-1")[0]["time_to_resolution_breached"].Text())
}

// Lesson 46 for SLA passes, also of two processes.
func TestSLAPassesNeverOverlap(t *testing.T) {
	t.Parallel()
	site, _, r := desk(t, 2)
	other := library(t, r.cfg)
	site.Fail(jiratest.Fault{Match: "POST /rest/api/3/issue/bulkfetch", Delay: time.Second})
	results := make(chan error, 2)
	for _, s := range []*rig{r, other} {
		go func() { // ends with its pass
			_, err := s.PollSLA(t.Context(), jirasync.SLAOptions{})
			results <- err
		}()
	}
	require.ErrorIs(t, <-results, jirasync.ErrPollRuns)
	require.NoError(t, <-results)
}

// The second token ends: backfill and check read, mend and bury as before, and
// say at their end that clocks stand still.
func TestExpiredSLATokenStopsNoIssues(t *testing.T) {
	t.Parallel()
	site, c, r := desk(t, 3)
	_, err := r.PollSLA(t.Context(), jirasync.SLAOptions{})
	require.NoError(t, err)
	require.False(t, r.Status().SLAPoll.Ailing())
	site.ExpireToken(site.Agent)
	c.pass(time.Minute)
	site.Create("SUP", jiratest.Fields{"summary": "new"})
	result, err := r.Backfill(t.Context(), jirasync.BackfillOptions{})
	require.ErrorContains(t, err, "JIRA_SLA_API_TOKEN")
	require.Equal(t, 1, result.Fetched)
	require.Zero(t, result.Failed)
	r.shows("SUP-4", "summary", "new")

	site.Create("SUP", jiratest.Fields{"summary": "newer"})
	site.Issue("SUP-2").Delete()
	report, err := r.Check(t.Context(), fixing(now))
	require.ErrorContains(t, err, "JIRA_SLA_API_TOKEN")
	require.NotErrorIs(t, err, jirasync.ErrDiffers)
	require.Equal(t, []string{"SUP-5"}, report.Mended)
	require.Equal(t, []string{"SUP-2"}, report.Deleted)
	require.Equal(t, jirasync.SeverityWarning, report.Severity)
	require.Contains(t, report.Error, "JIRA_SLA_API_TOKEN")

	_, err = r.PollSLA(t.Context(), jirasync.SLAOptions{})
	require.Error(t, err)
	last := r.Status().SLAPoll
	require.True(t, last.Ailing())
	require.Contains(t, last.Error, "JIRA_SLA_API_TOKEN")
	page := r.adminPage("/metrics")
	require.Contains(t, page, fmt.Sprintf("\njirasync_sla_poll_failure_time_seconds %d\n", last.Failed.Unix()))
	require.Contains(t, page, fmt.Sprintf("\njirasync_sla_poll_success_time_seconds %d\n", last.Succeeded.Unix()))
	require.Equal(t, last, library(t, r.cfg).LastSLAPoll(), "another process sees it")
}

// Without the second account everything else works, and says so once.
func TestWithoutSLAAccount(t *testing.T) {
	t.Parallel()
	site, c, _ := desk(t, 2)
	cfg := config(site)
	cfg.SLAEmail, cfg.SLAAPIToken = "", jira.Secret{}
	r := serve(t, cfg)
	for range 2 {
		_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{})
		require.NoError(t, err)
	}
	site.SetWebhook(jiratest.Webhook{URL: r.url + "/webhooks/jira", Secret: secret})
	c.pass(time.Second)
	site.Issue("SUP-1").Edit(jiratest.Fields{"summary": "edited"})
	r.flush(site)
	r.idle()
	r.shows("SUP-1", "summary", "edited")
	_, err := r.Check(t.Context(), fixing(now))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(r.log.String(), "there is no SLA account"))
	require.Empty(t, r.failures())
	require.Zero(t, r.Status().SLAPoll)
}

// SLA fields are found by their type: one that no map names has its cycles.
func TestLesson62SLAFieldsAreFoundByType(t *testing.T) {
	t.Parallel()
	site, c, r := desk(t, 1)
	id := site.AddField(jiratest.Field{ID: "customfield_77001", Name: "Zeit bis zur Abnahme", Type: "sla"})
	site.Issue("SUP-1").SetSLA(id, &jiratest.SLA{Goal: time.Hour, Ongoing: &jiratest.Cycle{Start: c.Now()}})
	c.pass(10 * time.Minute)
	_, err := r.PollSLA(t.Context(), jirasync.SLAOptions{})
	require.NoError(t, err)
	var metrics []string
	for _, row := range r.rows("sla_cycles", "SUP-1") {
		metrics = append(metrics, row["field_id"].Text()+" "+row["metric"].Text())
	}
	require.Contains(t, metrics, "customfield_77001 Zeit bis zur Abnahme")
}
