package jirasync_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/webhook"
)

// newSite starts an empty simulated Jira with one project.
func newSite(t *testing.T) *jiratest.Server {
	t.Helper()
	site := jiratest.NewServer()
	t.Cleanup(site.Close)
	site.AddProject("SUP", "Support")
	return site
}

// config is how a server reads the simulated Jira, with both accounts.
func config(site *jiratest.Server) jirasync.Config {
	return jirasync.Config{
		BaseURL: site.URL, APIBaseURL: site.APIURL, CloudID: site.CloudID,
		Email: site.Main.Email, APIToken: jira.NewSecret(site.Main.Token),
		SLAEmail: site.Agent.Email, SLAAPIToken: jira.NewSecret(site.Agent.Token),
		MediaHosts: []string{strings.TrimPrefix(site.MediaURL, "http://")},
		RateLimit:  -1,
	}
}

// startSite runs the real server with its webhook registered at the site.
func startSite(t *testing.T, site *jiratest.Server) *rig {
	t.Helper()
	r := serve(t, config(site))
	site.SetWebhook(jiratest.Webhook{URL: r.url + "/webhooks/jira", Secret: secret})
	return r
}

// flush delivers what waits; every delivery must be taken.
func (r *rig) flush(site *jiratest.Server) {
	r.t.Helper()
	for _, d := range site.Flush(r.t.Context()) {
		require.Equal(r.t, http.StatusOK, d.Status, "%s: %v", d.Event, d.Err)
	}
}

// shows waits until the issue has one row with that value.
func (r *rig) shows(key, column, want string) {
	r.t.Helper()
	r.eventually(func() bool {
		rows := r.rows("issues", key)
		return len(rows) == 1 && rows[0][column].Text() == want
	}, "%s does not show %s = %q", key, column, want)
}

func (r *rig) gone(key string) {
	r.t.Helper()
	r.eventually(func() bool {
		for _, table := range []string{"issues", "comments", "attachments", "changelog", "issuelinks", "remote_links"} {
			if len(r.rows(table, key)) > 0 {
				return false
			}
		}
		return true
	}, "%s still has rows", key)
}

func TestEveryEventReachesTheTables(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.AddProject("OPS", "Operations")
	r := startSite(t, site)

	a := site.Create("SUP", jiratest.Fields{"summary": "first", "labels": []string{"größe"}})
	b := site.Create("SUP", jiratest.Fields{"summary": "second"})
	r.flush(site)
	r.shows(a.Key(), "summary", "first")
	r.shows(a.Key(), "labels", `["größe"]`)
	r.shows(b.Key(), "summary", "second")

	comment := a.Comment("hello")
	r.flush(site)
	r.eventually(func() bool {
		rows := r.rows("comments", a.Key())
		return len(rows) == 1 && rows[0]["body"].Text() == "hello"
	}, "no comment")
	a.DeleteComment(comment)
	r.flush(site)
	r.eventually(func() bool { return len(r.rows("comments", a.Key())) == 0 }, "the comment stays")
	require.Len(t, r.rows("issues", a.Key()), 1, "lesson 207: the deletion of a part is no deletion of the issue")

	link := a.Link(b, "Blocks") // the event carries numeric ids alone
	r.flush(site)
	r.eventually(func() bool { return len(r.rows("issuelinks", a.Key())) == 1 && len(r.rows("issuelinks", b.Key())) == 1 }, "the link is not on both ends")
	a.Unlink(link)
	r.flush(site)
	r.eventually(func() bool { return len(r.rows("issuelinks", a.Key()))+len(r.rows("issuelinks", b.Key())) == 0 }, "the link stays")

	from := a.Key()
	a.Move("OPS")
	r.flush(site)
	r.shows(a.Key(), "project_key", "OPS")
	r.gone(from)

	b.Delete()
	r.flush(site)
	r.gone(b.Key())
	require.Empty(t, site.Problems())
}

// Lessons 110 to 113: rows come first, files later, and then the row says
// where the file lies. The event may carry no issue at all.
func TestLesson110AttachmentPathAfterDownload(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	issue := site.Create("SUP", jiratest.Fields{"summary": "x"})
	r.flush(site)
	r.shows(issue.Key(), "summary", "x")

	id := issue.Attach("../../log.txt", "text/plain", []byte("content of the file"))
	// The jira:issue_updated beside it is lost: only the event without an issue arrives.
	site.DropQueued(func(event, _ string) bool { return event != "attachment_created" })
	r.flush(site)
	r.eventually(func() bool {
		rows := r.rows("attachments", issue.Key())
		return len(rows) == 1 && !rows[0]["local_path"].IsNull()
	}, "the attachment has no file")
	row := r.rows("attachments", issue.Key())[0]
	require.Equal(t, id, row["attachment_id"].Text())
	data, err := os.ReadFile(row["local_path"].Text())
	require.NoError(t, err)
	require.Equal(t, "content of the file", string(data))
	require.False(t, row["hierarchical_path"].IsNull())
	before := site.Requests()["GET /rest/api/3/attachment/content/{id}"]
	issue.Edit(jiratest.Fields{"summary": "y"})
	r.flush(site)
	r.shows(issue.Key(), "summary", "y")
	require.Equal(t, before, site.Requests()["GET /rest/api/3/attachment/content/{id}"], "an id never changes its content")
	require.Empty(t, site.Problems(), "no credentials at the second host")
}

// A run that ended after a file had landed and before its row said so: the
// next start mends the row, and reads the file no second time.
func TestRestartMendsAttachmentPaths(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	issue := site.Create("SUP", jiratest.Fields{"summary": "x"})
	id := issue.Attach("log.txt", "text/plain", []byte("content"))
	site.Fail(jiratest.Fault{Match: "GET /rest/api/3/attachment/content/{id}", Times: -1, Status: http.StatusForbidden})
	r.flush(site)
	r.eventually(func() bool { return strings.Contains(r.log.String(), "attachments are missing") }, "no download was tried")
	r.stop()
	require.True(t, r.rows("attachments", issue.Key())[0]["local_path"].IsNull())
	path := filepath.Join(r.cfg.DataDir, "attachments", issue.Key(), id+"_log.txt")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o770))
	require.NoError(t, os.WriteFile(path, []byte("content"), 0o660))
	again := serve(t, r.cfg)
	again.eventually(func() bool { return !again.rows("attachments", issue.Key())[0]["local_path"].IsNull() }, "the row does not name the file")
}

// T3 of the threat model: a failed refetch never takes the event for the
// truth; the event waits until Jira answers.
func TestFailedRefetchWaits(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	issue := site.Create("SUP", jiratest.Fields{"summary": "before"})
	r.flush(site)
	r.shows(issue.Key(), "summary", "before")

	undo := site.Fail(jiratest.Fault{Match: "GET /rest/api/3/issue/{issueIdOrKey}", Times: -1, Status: http.StatusBadRequest})
	issue.Edit(jiratest.Fields{"summary": "after"})
	r.flush(site)
	r.eventually(func() bool { return strings.Contains(r.log.String(), "could not be refreshed") }, "the failure is not logged")
	require.Equal(t, "before", r.rows("issues", issue.Key())[0]["summary"].Text())
	undo()
	r.shows(issue.Key(), "summary", "after")
}

// A signed deletion is believed when Jira confirms it, and when Jira cannot be
// asked; not when Jira still serves the issue.
func TestDeletionIsConfirmed(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	issue := site.Create("SUP", jiratest.Fields{"summary": "alive"})
	r.flush(site)
	r.shows(issue.Key(), "summary", "alive")
	deletion := `{"timestamp":1,"webhookEvent":"jira:issue_deleted","issue":{"id":"` + issue.ID() + `","key":"` + issue.Key() + `"}}`

	r.post(http.StatusOK, deletion) // replayed, or a lie: Jira still has the issue
	r.eventually(func() bool { return r.Status().Waiting+r.Status().InFlight == 0 }, "not worked off")
	require.Len(t, r.rows("issues", issue.Key()), 1)

	undo := site.Fail(jiratest.Fault{Match: "GET /rest/api/3/issue/{issueIdOrKey}", Times: -1, Status: http.StatusBadRequest})
	r.post(http.StatusOK, strings.Replace(deletion, `"timestamp":1`, `"timestamp":2`, 1))
	r.gone(issue.Key())
	undo()
	r.shows(issue.Key(), "summary", "alive") // Jira answers again and has it
}

// Row A-5: a 404 without a deletion keeps what is stored, because "not
// visible" and "deleted" look the same.
func TestNotFoundAloneDeletesNothing(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	issue := site.Create("SUP", jiratest.Fields{"summary": "hidden soon"})
	r.flush(site)
	r.shows(issue.Key(), "summary", "hidden soon")
	issue.Hide()
	issue.Comment("nobody sees this")
	r.flush(site)
	r.eventually(func() bool { return r.Status().NotFound > 0 }, "not noticed")
	require.Len(t, r.rows("issues", issue.Key()), 1)
}

// Lesson 208 and row W-46: a deletion of an issue that was never stored leaves
// a tombstone, and a late event does not bring the issue back.
func TestLesson208DeletionOfUnknownIssue(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	issue := site.Create("SUP", jiratest.Fields{"summary": "short life"})
	site.DropQueued(func(string, string) bool { return true })
	issue.Delete()
	r.flush(site)
	record := filepath.Join(r.cfg.DataDir, "issues", issue.Key()+".json")
	r.eventually(func() bool {
		data, err := os.ReadFile(record)
		return err == nil && strings.Contains(string(data), "_deleted_at")
	}, "no tombstone")
	r.post(http.StatusOK, `{"timestamp":3,"webhookEvent":"jira:issue_updated","issue":{"id":"`+issue.ID()+`","key":"`+issue.Key()+`","fields":{"summary":"zombie","created":"2026-01-01T00:00:00.000+0000"}}}`)
	r.eventually(func() bool { return r.Status().NotFound > 0 }, "not worked off")
	require.Empty(t, r.rows("issues", issue.Key()))
}

// Lesson 11: the SLA account fails, the last good value stays; both in the row
// and in the record.
func TestLesson11SLAOutageKeepsTheLastValue(t *testing.T) {
	t.Parallel()
	const field = "customfield_10161"
	site := newSite(t)
	r := startSite(t, site)
	issue := site.Create("SUP", jiratest.Fields{"summary": "x"})
	issue.SetSLA(field, &jiratest.SLA{Goal: 8 * time.Hour, Ongoing: &jiratest.Cycle{Start: time.Now().Add(-time.Hour)}})
	r.flush(site)
	r.eventually(func() bool {
		rows := r.rows("issues", issue.Key())
		return len(rows) == 1 && rows[0]["time_to_resolution_goal_millis"].Int() == 8*3600*1000
	}, "no SLA")
	site.ExpireToken(site.Agent)
	issue.Edit(jiratest.Fields{"summary": "y"})
	r.flush(site)
	r.shows(issue.Key(), "summary", "y")
	require.EqualValues(t, 8*3600*1000, r.rows("issues", issue.Key())[0]["time_to_resolution_goal_millis"].Int())
	require.NotZero(t, r.Status().SLAFailures)
}

// Lesson 1: lost webhooks are healed by a backfill, and --skip-existing reads
// only what is not stored whole.
func TestLesson1BackfillHealsLostWebhooks(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	for range 12 {
		site.Create("SUP", jiratest.Fields{"summary": "quiet"})
	}
	cfg := config(site)
	dir := t.TempDir()
	cfg.DataDir, cfg.ParquetDir = filepath.Join(dir, "data"), filepath.Join(dir, "parquet")
	s, err := jirasync.New(cfg)
	require.NoError(t, err)
	defer s.Close()
	dry, err := s.Backfill(t.Context(), jirasync.BackfillOptions{DryRun: true})
	require.NoError(t, err)
	require.Equal(t, 12, dry.Fetched)
	require.Empty(t, files(t, filepath.Join(dir, "parquet")), "a dry run writes nothing")

	result, err := s.Backfill(t.Context(), jirasync.BackfillOptions{Parallel: 3})
	require.NoError(t, err)
	require.Equal(t, 12, result.Fetched)
	// Killed after the records and before the tables: the next run makes the rows.
	written := files(t, filepath.Join(dir, "parquet", "issues"))
	require.NotEmpty(t, written)
	for _, path := range written {
		require.NoError(t, os.Remove(path))
	}
	result, err = s.Backfill(t.Context(), jirasync.BackfillOptions{})
	require.NoError(t, err)
	require.Equal(t, 12, result.Skipped)
	require.Equal(t, written, files(t, filepath.Join(dir, "parquet", "issues")))
	// Cut one record, as a crash of another writer would: it is read again.
	cut := filepath.Join(dir, "data", "issues", "SUP-5.json")
	require.NoError(t, os.Truncate(cut, 20))
	result, err = s.Backfill(t.Context(), jirasync.BackfillOptions{})
	require.NoError(t, err)
	require.Equal(t, 1, result.Fetched)
	require.Equal(t, 11, result.Skipped)

	site.Issue("SUP-1").Hide()
	result, err = s.Backfill(t.Context(), jirasync.BackfillOptions{Keys: []string{"SUP-1", "SUP-2", "SUP-2"}, Refetch: true, Parallel: 1})
	require.Error(t, err, "a failure is never hidden behind success")
	require.Equal(t, 1, result.Failed)
	require.Equal(t, 1, result.Fetched)
}

// Lesson 17: an expired token is loud, although Jira answers 200 as to the
// anonymous, and nothing is deleted.
func TestLesson17ExpiredToken(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	issue := site.Create("SUP", jiratest.Fields{"summary": "x"})
	r := startSite(t, site)
	_, err := r.Backfill(t.Context(), jirasync.BackfillOptions{})
	require.NoError(t, err)
	site.ExpireToken(site.Main)
	_, err = r.Backfill(t.Context(), jirasync.BackfillOptions{Refetch: true})
	require.ErrorIs(t, err, jira.ErrUnauthorized)
	issue.Edit(jiratest.Fields{"summary": "y"})
	r.flush(site)
	r.eventually(func() bool { return strings.Contains(r.log.String(), "could not be refreshed") }, "not noticed")
	require.Len(t, r.rows("issues", issue.Key()), 1)
}

// A stop leaves unfinished work in the event log; the next start takes it up.
func TestRestartTakesUpTheBacklog(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	undo := site.Fail(jiratest.Fault{Match: "GET /rest/api/3/issue/{issueIdOrKey}", Times: -1, Status: http.StatusBadRequest})
	issue := site.Create("SUP", jiratest.Fields{"summary": "survives"})
	r.flush(site)
	r.eventually(func() bool { return r.Status().Failures > 0 }, "not tried")
	r.stop()
	undo()
	require.Empty(t, r.rows("issues", issue.Key()))
	again := serve(t, r.cfg)
	again.shows(issue.Key(), "summary", "survives")
}

// Rows W-1 and G4: without a secret nothing is accepted and nothing stored.
func TestLesson25NoSecretAcceptsNothing(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	cfg := config(site)
	cfg.WebhookSecrets = []jira.Secret{}
	r := serve(t, cfg)
	body := `{"timestamp":1,"webhookEvent":"jira:issue_updated","issue":{"key":"SUP-1"}}`
	r.send(http.StatusServiceUnavailable, "/webhooks/jira", body, "")
	r.send(http.StatusServiceUnavailable, "/webhooks/jira", body, webhook.Sign([]byte(body), nil))
	require.Empty(t, withBody(t, r, "SUP-1"))
}

// A bad signature stores nothing.
func TestBadSignatureStoresNothing(t *testing.T) {
	t.Parallel()
	r := startSite(t, newSite(t))
	body := `{"timestamp":1,"webhookEvent":"jira:issue_updated","issue":{"key":"SUP-1"}}`
	for _, signature := range []string{"", "sha256=", "sha256=00", webhook.Sign([]byte(body), []byte("another secret of good length")), webhook.Sign([]byte(body+" "), []byte(secret))} {
		r.send(http.StatusUnauthorized, "/webhooks/jira", body, signature)
	}
	require.Empty(t, withBody(t, r, "SUP-1"))
	r.post(http.StatusOK, body)
	require.NotEmpty(t, withBody(t, r, "SUP-1"))
}

// withBody returns the files of the event log that hold the text.
func withBody(t *testing.T, r *rig, text string) []string {
	t.Helper()
	var found []string
	for _, path := range r.eventFiles() {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		if strings.Contains(string(data), text) {
			found = append(found, path)
		}
	}
	return found
}

func TestHealthAndTestEndpoints(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	issue := site.Create("SUP", jiratest.Fields{"summary": "on demand"})
	cfg := config(site)
	cfg.Debug = true
	r := serve(t, cfg)
	res, err := http.Get(r.url + "/webhooks/jira/health")
	require.NoError(t, err)
	defer res.Body.Close()
	var health map[string]any
	require.NoError(t, json.NewDecoder(res.Body).Decode(&health))
	require.Equal(t, map[string]any{"status": "ok", "configured": true, "webhook_secret_set": true, "jira_domain": strings.TrimPrefix(site.URL, "http://")}, health)

	body := `{"issue_key":"` + issue.Key() + `"}`
	r.send(http.StatusUnauthorized, "/webhooks/jira/test", body, "")
	r.send(http.StatusBadRequest, "/webhooks/jira/test", `{"issue_key":"../x"}`, webhook.Sign([]byte(`{"issue_key":"../x"}`), []byte(secret)))
	r.send(http.StatusOK, "/webhooks/jira/test", body, webhook.Sign([]byte(body), []byte(secret)))
	require.Len(t, r.rows("issues", issue.Key()), 1)
	missing := `{"issue_key":"SUP-404"}`
	r.send(http.StatusNotFound, "/webhooks/jira/test", missing, webhook.Sign([]byte(missing), []byte(secret)))

	off := startSite(t, site)
	off.send(http.StatusNotFound, "/webhooks/jira/test", body, webhook.Sign([]byte(body), []byte(secret)))
	for _, path := range []string{"/debug/pprof/", "/debug/vars", "/.env", "/metrics", "/status"} { // row H-20
		off.send(http.StatusNotFound, path, "", "")
	}
}

// W-53: a project that is not synced is ignored; an issue that moves there
// leaves the tables.
func TestProjectsOutOfScope(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.AddProject("OPS", "Operations")
	cfg := config(site)
	cfg.Projects = []string{"SUP"}
	r := serve(t, cfg)
	site.SetWebhook(jiratest.Webhook{URL: r.url + "/webhooks/jira", Secret: secret})
	outside := site.Create("OPS", jiratest.Fields{"summary": "not ours"})
	inside := site.Create("SUP", jiratest.Fields{"summary": "ours"})
	r.flush(site)
	r.shows(inside.Key(), "summary", "ours")
	r.eventually(func() bool { return r.Status().Ignored == 1 }, "not counted")
	require.Empty(t, r.rows("issues", outside.Key()))
	from := inside.Key()
	inside.Move("OPS")
	r.flush(site)
	r.gone(from)
	require.Empty(t, r.rows("issues", inside.Key()))
}

// No secret and no ticket text in the log, whatever happens (N1, STYLE 6).
func TestLogHoldsNoSecretsAndNoContent(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	r := startSite(t, site)
	issue := site.Create("SUP", jiratest.Fields{"summary": "CONFIDENTIAL-SUMMARY"})
	issue.Comment("CONFIDENTIAL-COMMENT")
	issue.Attach("CONFIDENTIAL-FILE.txt", "text/plain", []byte("CONFIDENTIAL-BYTES"))
	r.flush(site)
	r.shows(issue.Key(), "summary", "CONFIDENTIAL-SUMMARY")
	site.Fail(jiratest.Fault{Match: "GET /rest/api/3/issue/{issueIdOrKey}", Times: 2, Status: http.StatusBadRequest, Body: `{"errorMessages":["CONFIDENTIAL-ERROR"]}`})
	issue.Edit(jiratest.Fields{"summary": "CONFIDENTIAL-AGAIN"})
	r.flush(site)
	r.shows(issue.Key(), "summary", "CONFIDENTIAL-AGAIN")
	for _, text := range []string{"CONFIDENTIAL", secret, site.Main.Token, site.Agent.Token, site.Main.Email, "token="} {
		require.NotContains(t, r.log.String(), text)
	}
}

func TestNewReportsAllFaultsTogether(t *testing.T) {
	t.Parallel()
	_, err := jirasync.New(jirasync.Config{Domain: "user@host", APIBaseURL: "ftp://x", Projects: []string{"a b"}, SLAEmail: "x@example.com"})
	require.Error(t, err)
	for _, setting := range []string{"JIRA_DOMAIN", "JIRA_API_BASE_URL", "JIRA_DATA_DIR", "JIRA_PARQUET_DIR", "JIRA_PROJECT", "JIRA_SLA_API_TOKEN"} {
		require.ErrorContains(t, err, setting)
	}
}

func TestRunNeedsCredentials(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := jirasync.New(jirasync.Config{Domain: "acme.atlassian.net", DataDir: dir, ParquetDir: filepath.Join(dir, "p")})
	require.NoError(t, err)
	defer s.Close()
	require.ErrorIs(t, s.Run(context.Background()), jirasync.ErrNoCredentials)
}
