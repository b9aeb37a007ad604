package jirasync_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

// Webhooks are lost without a trace; a server that starts, and one that runs,
// asks Jira what they were.
func TestServerCatchesUp(t *testing.T) {
	t.Parallel()
	site, r := filled(t, 5)
	lost := site.Create("SUP", jiratest.Fields{"summary": "lost"})
	site.Issue("SUP-1").Edit(jiratest.Fields{"summary": "lost, too"})
	site.DropQueued(func(string, string) bool { return true })
	cfg := r.cfg
	cfg.CatchUpEvery, cfg.CheckEvery = 1e6, -1 // a millisecond
	r = serve(t, cfg)
	r.shows(lost.Key(), "summary", "lost")
	r.shows("SUP-1", "summary", "lost, too")
	site.Issue("SUP-2").Comment("nobody tells")
	r.eventually(func() bool { return len(r.rows("comments", "SUP-2")) == 3 }, "a running server does not catch up")
	r.eventually(func() bool { return r.Status().CaughtUp == 3 }, "only what changed is to be read")
}

// A catch-up that could not read an issue does not pass over it.
func TestFailedCatchUpIsRepeated(t *testing.T) {
	t.Parallel()
	site, r := filled(t, 3)
	_, err := r.CatchUp(t.Context())
	require.NoError(t, err)
	site.Issue("SUP-1").Edit(jiratest.Fields{"summary": "one"})
	undo := site.Fail(jiratest.Fault{Match: "/rest/api/3/issue/*", Times: -1, Status: http.StatusForbidden})
	undoBulk := site.Fail(jiratest.Fault{Match: "POST /rest/api/3/issue/bulkfetch", Times: -1, Status: http.StatusForbidden})
	_, err = r.CatchUp(t.Context())
	require.Error(t, err)
	undo()
	undoBulk()
	result, err := r.CatchUp(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, result.Fetched)
	r.shows("SUP-1", "summary", "one")
	result, err = r.CatchUp(t.Context())
	require.NoError(t, err)
	require.Zero(t, result.Fetched)
}

// A process that died between its tables and their copy leaves the copy
// behind; a server that has been running all the time finds it.
func TestCopyLeftBehindByAnotherProcessIsFound(t *testing.T) {
	t.Parallel()
	site, r := filled(t, 3)
	cfg := r.cfg
	cfg.DistDir = ""
	killed := library(t, cfg) // one that never gets to publish
	site.Issue("SUP-1").Edit(jiratest.Fields{"summary": "not published"})
	_, err := killed.SyncIssues(t.Context(), "SUP-1")
	require.NoError(t, err)
	require.NotEqual(t, "not published", r.rows("issues", "SUP-1")[0]["summary"].Text())
	_, err = r.Check(t.Context(), fixing(now))
	require.NoError(t, err)
	r.shows("SUP-1", "summary", "not published")
}
