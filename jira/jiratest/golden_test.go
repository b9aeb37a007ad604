package jiratest_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/golden"
	"github.com/jirasync/jirasync/jira/jiratest"
)

// goldenVerbs do what the archives under testdata are named after.
var goldenVerbs = map[string]func(srv *jiratest.Server, iss *jiratest.Issue){
	"created": func(srv *jiratest.Server, _ *jiratest.Issue) {
		srv.Create("SUPPORT", jiratest.Fields{"summary": "new"})
	},
	"edited": func(_ *jiratest.Server, iss *jiratest.Issue) {
		iss.Edit(jiratest.Fields{"customfield_10004": "2-High", "labels": nil})
	},
	"resolved":  func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Resolve() },
	"moved":     func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Move("OPS") },
	"commented": func(_ *jiratest.Server, iss *jiratest.Issue) { iss.EditComment(iss.Comment("first"), "second") },
	"logged":    func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Worklog(90*time.Minute, "work") },
	"linked":    func(srv *jiratest.Server, iss *jiratest.Issue) { iss.Link(srv.Issue("OPS-1"), "Blocks") },
	"attached":  func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Attach("ü.png", "image/png", []byte("x")) },
	"deleted":   func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Comment("last"); iss.Delete() },
	"remote":    func(_ *jiratest.Server, iss *jiratest.Issue) { iss.RemoteLink("https://example.com/?a=1&b=2", "Page") },
	"running":   func(srv *jiratest.Server, iss *jiratest.Issue) { iss.SetSLA("customfield_10161", goldenSLA()) },
	"restricted": func(_ *jiratest.Server, iss *jiratest.Issue) {
		iss.CommentForRole("secret", "Administrators")
		iss.Note("internal")
	},
}

var goldenNow = time.Date(2026, 11, 23, 10, 0, 0, 123e6, time.UTC)

func goldenSLA() *jiratest.SLA {
	return &jiratest.SLA{
		Goal:      4 * time.Hour,
		Completed: []jiratest.Cycle{{Start: goldenNow.Add(-30 * time.Hour), Stop: goldenNow.Add(-25 * time.Hour)}},
		Ongoing:   &jiratest.Cycle{Start: goldenNow.Add(-time.Hour)},
	}
}

// TestGolden compares, byte by byte, the issue as the agent's account reads it
// after a verb and the webhooks that the verb sent.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) {
		name := t.Name()[len("TestGolden/"):]
		do := goldenVerbs[name]
		require.NotNil(t, do, "no verb named %s", name)
		srv := jiratest.NewServerWith(jiratest.Options{InProcess: true, Now: func() time.Time { return goldenNow }})
		defer srv.Close()
		srv.AddProject("SUPPORT", "Customer support")
		srv.AddProject("OPS", "Operations")
		srv.Create("OPS", jiratest.Fields{"summary": "other"})
		iss := srv.Create("SUPPORT", jiratest.Fields{"summary": "Printer on fire", "labels": []string{"größe"}, "description": "a\n\nb"})
		r := &receiver{}
		srv.SetWebhook(jiratest.Webhook{Handler: r})
		do(srv, iss)
		srv.Flush(t.Context())

		agent := as(t, srv, srv.Agent)
		agent.client = srv.Client()
		c.Want("issue.json", indented(t, agent.get("/rest/api/3/issue/"+iss.ID(), "expand", "changelog").body))
		for n, body := range r.bodies {
			c.Want("event"+string(rune('1'+n))+".json", indented(t, body))
		}
		noProblems(t, srv)
	})
}

func indented(t *testing.T, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Indent(&b, data, "", " "))
	return b.String()
}
