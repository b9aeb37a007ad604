package jirasync_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

// TestUpgradeFillsNewColumns: a server that knows more columns than the one
// before it fills them for issues that nothing happens to, in the copy too.
func TestUpgradeFillsNewColumns(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	cfg := config(site)
	cfg.ReferenceOnly = true
	old := serve(t, cfg)
	site.SetWebhook(jiratest.Webhook{URL: old.url + "/webhooks/jira", Secret: secret})
	issue := site.Create("SUP", jiratest.Fields{"summary": "x", "description": "as ever"})
	old.flush(site)
	old.shows(issue.Key(), "summary", "x")
	old.idle()
	require.True(t, old.allRows("issues")[0]["description_md"].IsNull())
	cfg = old.cfg
	old.stop()

	cfg.ReferenceOnly = false
	r := serve(t, cfg)
	r.shows(issue.Key(), "description_md", "as ever")
}
