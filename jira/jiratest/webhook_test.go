package jiratest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/webhook"
)

// receiver keeps what it is sent and answers with the statuses given, then 200.
type receiver struct {
	mu       sync.Mutex
	statuses []int
	requests []*http.Request
	bodies   [][]byte
	open     int
	maxOpen  int
	delay    time.Duration
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.requests, r.bodies = append(r.requests, req), append(r.bodies, body)
	status := http.StatusOK
	if len(r.statuses) > 0 {
		status, r.statuses = r.statuses[0], r.statuses[1:]
	}
	r.open++
	r.maxOpen = max(r.maxOpen, r.open)
	r.mu.Unlock()
	time.Sleep(r.delay)
	r.mu.Lock()
	r.open--
	r.mu.Unlock()
	w.WriteHeader(status)
}

// events decodes the bodies received.
func (r *receiver) events(t *testing.T) []object {
	t.Helper()
	var out []object
	for _, body := range r.bodies {
		out = append(out, decode(t, answer{body: body}))
	}
	return out
}

// event is what a verb sends.
func eventsOf(t *testing.T, hook jiratest.Webhook, do func(srv *jiratest.Server, iss *jiratest.Issue)) []object {
	t.Helper()
	srv := newSite(t, jiratest.Options{})
	srv.AddProject("OPS", "Operations")
	iss := srv.Create("SUPPORT", jiratest.Fields{"summary": "one"})
	r := &receiver{}
	hook.Handler = r
	srv.SetWebhook(hook)
	do(srv, iss)
	for _, d := range srv.Flush(t.Context()) {
		require.True(t, d.OK())
	}
	noProblems(t, srv)
	return r.events(t)
}

func TestVerbsSendWhatJiraSends(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(srv *jiratest.Server, iss *jiratest.Issue)
		want []string
	}{
		"create":     {func(srv *jiratest.Server, _ *jiratest.Issue) { srv.Create("SUPPORT", nil) }, []string{"jira:issue_created issue_created"}},
		"edit":       {func(_ *jiratest.Server, iss *jiratest.Issue) { iss.SetField("labels", []string{"x"}) }, []string{"jira:issue_updated issue_updated"}},
		"same value": {func(_ *jiratest.Server, iss *jiratest.Issue) { iss.SetField("summary", "one") }, nil},
		"assign": {func(srv *jiratest.Server, iss *jiratest.Issue) {
			iss.SetField("assignee", srv.AddUser("A", "a@example.com"))
		},
			[]string{"user_created ", "jira:issue_updated issue_assigned"}},
		"transition":        {func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Resolve(); iss.Reopen() }, []string{"jira:issue_updated issue_generic", "jira:issue_updated issue_generic"}},
		"comment":           {func(_ *jiratest.Server, iss *jiratest.Issue) { iss.DeleteComment(editComment(iss)) }, []string{"comment_created ", "comment_updated ", "comment_deleted "}},
		"worklog":           {func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Worklog(time.Hour, "x") }, []string{"worklog_created ", "jira:issue_updated issue_work_logged"}},
		"attachment":        {func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Attach("a", "text/plain", nil) }, []string{"attachment_created ", "jira:issue_updated issue_updated"}},
		"move":              {func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Move("OPS") }, []string{"jira:issue_updated issue_moved"}},
		"remote link":       {func(_ *jiratest.Server, iss *jiratest.Issue) { iss.RemoteLink("https://x.test", "x") }, nil},
		"archive":           {func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Archive(); iss.Unarchive() }, nil},
		"security":          {func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Hide(); iss.Show() }, nil},
		"sla":               {func(_ *jiratest.Server, iss *jiratest.Issue) { iss.SetSLA("customfield_10161", &jiratest.SLA{}) }, nil},
		"organization":      {func(srv *jiratest.Server, _ *jiratest.Issue) { srv.AddOrganization("x").Rename("y") }, nil},
		"fill":              {func(srv *jiratest.Server, _ *jiratest.Issue) { srv.Fill("SUPPORT", 3, 1) }, nil},
		"trash and restore": {func(srv *jiratest.Server, _ *jiratest.Issue) { srv.TrashProject("OPS"); srv.RestoreProject("OPS") }, []string{"project_soft_deleted ", "project_restored_deleted "}},
		"rename":            {func(srv *jiratest.Server, _ *jiratest.Issue) { srv.RenameProject("SUPPORT", "HELP", "Help") }, []string{"project_updated "}},
		"link": {func(srv *jiratest.Server, iss *jiratest.Issue) {
			other := srv.Create("SUPPORT", nil)
			iss.Unlink(iss.Link(other, "Blocks"))
		}, []string{"jira:issue_created issue_created", "issuelink_created ", "issuelink_deleted "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, e := range eventsOf(t, jiratest.Webhook{}, c.do) {
				eventType, _ := e["issue_event_type_name"].(string)
				got = append(got, e["webhookEvent"].(string)+" "+eventType)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func editComment(iss *jiratest.Issue) string {
	id := iss.Comment("x")
	iss.EditComment(id, "y")
	return id
}

// TestBodiesAreAsThinAsCaptures compares the members of bodies with those of
// deliveries of Jira Cloud. Where the captures are absent it is skipped.
func TestBodiesAreAsThinAsCaptures(t *testing.T) {
	t.Parallel()
	fixtures := filepath.FromSlash("../../../shared/fixtures/webhooks")
	if _, err := os.Stat(fixtures); errors.Is(err, os.ErrNotExist) {
		t.Skipf("%s is not here; bodies are not compared with captures", fixtures)
	}
	for name, c := range map[string]struct {
		capture string
		do      func(srv *jiratest.Server, iss *jiratest.Issue)
		which   int
		inside  []string // objects to compare, besides the body itself
	}{
		"comment":      {"cloud-2020/comment_created", func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Comment("x") }, 0, []string{"comment", "issue", "issue/fields"}},
		"comment gone": {"cloud-2020/comment_deleted", func(_ *jiratest.Server, iss *jiratest.Issue) { iss.DeleteComment(iss.Comment("x")) }, 1, []string{"comment", "issue", "issue/fields"}},
		"worklog":      {"cloud-2026/worklog_created", func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Worklog(time.Hour, "x") }, 0, []string{"worklog"}},
		"worklog edit": {"cloud-2026/worklog_updated", func(_ *jiratest.Server, iss *jiratest.Issue) {
			iss.EditWorklog(iss.Worklog(time.Hour, "x"), 2*time.Hour)
		}, 2, []string{"worklog"}},
		"link": {"cloud-2020/issuelink_created", func(srv *jiratest.Server, iss *jiratest.Issue) { iss.Link(srv.Create("OPS", nil), "Blocks") }, 1,
			[]string{"issueLink", "issueLink/issueLinkType"}},
		"created": {"cloud-2020/issue_created", func(srv *jiratest.Server, _ *jiratest.Issue) { srv.Create("OPS", nil) }, 0, []string{"issue", "changelog", "user"}},
		"moved":   {"cloud-2020/issue_updated.project", func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Move("OPS") }, 0, []string{"issue", "changelog", "user"}},
		"deleted": {"cloud-2020/issue_deleted", func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Delete() }, 0, []string{"issue", "user"}},
		"project": {"cloud-2020/project_updated", func(srv *jiratest.Server, _ *jiratest.Issue) { srv.RenameProject("OPS", "X", "x") }, 0, []string{"project"}},
		"user":    {"cloud-2020/user_created", func(srv *jiratest.Server, _ *jiratest.Issue) { srv.AddUser("a", "a@example.com") }, 0, []string{"user"}},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(fixtures, filepath.FromSlash(c.capture)+".json"))
			require.NoError(t, err)
			var capture any
			require.NoError(t, json.Unmarshal(data, &capture))
			var sent any = eventsOf(t, jiratest.Webhook{}, c.do)[c.which]
			for _, inside := range append([]string{""}, c.inside...) {
				want, got := capture, sent
				for part := range strings.SplitSeq(inside, "/") {
					if part != "" {
						want, got = at(want, part), at(got, part)
					}
				}
				if diff := cmp.Diff(names(want), names(got)); diff != "" {
					t.Errorf("members of %q (-capture +sent):\n%s", inside, diff)
				}
			}
		})
	}
}

func TestBodiesAreOfVersionTwo(t *testing.T) {
	t.Parallel()
	got := eventsOf(t, jiratest.Webhook{}, func(srv *jiratest.Server, _ *jiratest.Issue) {
		iss := srv.Create("SUPPORT", jiratest.Fields{"description": "text", "labels": []string{"a"}, "customfield_10161": jiratest.SLA{}})
		iss.Comment("hello")
		for range 25 {
			iss.Worklog(time.Hour, "x")
		}
		iss.Move("OPS")
		iss.Delete()
	})
	created, moved, deleted := got[0], got[len(got)-3], got[len(got)-2]
	require.Equal(t, "text", at(created, "issue", "fields", "description"))
	require.NotContains(t, at(created, "issue", "fields"), "comment")
	require.Contains(t, at(created, "issue", "self"), "/rest/api/2/10001")
	require.Nil(t, at(created, "user", "emailAddress"))
	require.Equal(t, []string{"errorMessage"}, names(at(created, "issue", "fields", "customfield_10161")))
	require.Contains(t, column(at(created, "changelog", "items"), "field"), "Status")
	require.Equal(t, "hello", at(got[1], "comment", "body"))
	require.Len(t, at(moved, "issue", "fields", "worklog", "worklogs"), 20)
	require.Equal(t, []any{"project", "Workflow", "Key"}, column(at(moved, "changelog", "items"), "field"))
	require.Equal(t, []any{"SUPPORT-2", "OPS-1"}, []any{at(moved, "changelog", "items", 2, "fromString"), at(moved, "changelog", "items", 2, "toString")})
	require.NotContains(t, at(moved, "changelog", "items", 2), "fieldId")
	require.Equal(t, 1.0, at(deleted, "issue", "fields", "comment", "total"))
	require.NotContains(t, deleted, "changelog")
	require.Equal(t, "comment_deleted", at(got[len(got)-1], "webhookEvent"))
}

func TestOptionalMembers(t *testing.T) {
	t.Parallel()
	plain := func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Attach("a", "text/plain", nil) }
	require.NotContains(t, eventsOf(t, jiratest.Webhook{}, plain)[0], "issue")
	got := eventsOf(t, jiratest.Webhook{AttachmentIssue: true}, plain)[0]
	require.Equal(t, "SUPPORT-1", at(got, "issue", "key"))
	got = eventsOf(t, jiratest.Webhook{CommentUpdates: true}, func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Comment("x") })[1]
	require.Equal(t, []any{"jira:issue_updated", "issue_commented", "x"}, []any{at(got, "webhookEvent"), at(got, "issue_event_type_name"), at(got, "comment", "body")})
	only := eventsOf(t, jiratest.Webhook{Events: []string{"worklog_created"}}, func(_ *jiratest.Server, iss *jiratest.Issue) { iss.Worklog(time.Hour, "x") })
	require.Len(t, only, 1)
}

func TestDeletionsCascadeAsSecondary(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss, other := srv.Create("SUPPORT", nil), srv.Create("SUPPORT", nil)
	sub := srv.Create("SUPPORT", jiratest.Fields{"issuetype": "Sub-task", "parent": iss})
	iss.Comment("x")
	iss.Attach("a", "text/plain", nil)
	iss.Link(other, "Blocks")
	srv.SetWebhook(jiratest.Webhook{Handler: &receiver{}})
	iss.Delete()
	var got []string
	for _, d := range srv.Flush(t.Context()) {
		got = append(got, d.Flow+" "+d.Event+" "+d.IssueKey)
	}
	require.Equal(t, []string{
		"Primary jira:issue_deleted " + sub.Key(), "Primary jira:issue_deleted " + iss.Key(),
		"Secondary comment_deleted " + iss.Key(), "Secondary attachment_deleted " + iss.Key(), "Secondary issuelink_deleted " + iss.Key(),
	}, got)
}

func TestEveryEventCanBeDelivered(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	srv.Create("SUPPORT", nil)
	r := &receiver{}
	srv.SetWebhook(jiratest.Webhook{Handler: r})
	require.Len(t, jiratest.Events(), 57)
	for _, event := range jiratest.Events() {
		srv.Emit(event, nil)
	}
	srv.Emit("made_up", struct {
		A int `json:"a"`
	}{1})
	srv.Flush(t.Context())
	for n, e := range r.events(t)[:57] {
		require.Equal(t, jiratest.Events()[n], e["webhookEvent"])
		require.NotZero(t, e["timestamp"])
		_, err := webhook.ParseEvent(r.bodies[n])
		require.NoError(t, err, "%s", r.bodies[n])
	}
	require.Equal(t, 1.0, at(r.events(t)[57], "a"))
	noProblems(t, srv)
}

// TestEventsSatisfyTheReceiver sends what verbs send through the parser of
// package webhook.
func TestEventsSatisfyTheReceiver(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	srv.AddProject("OPS", "Operations")
	r := &receiver{}
	srv.SetWebhook(jiratest.Webhook{Handler: r})
	iss, other := srv.Create("SUPPORT", nil), srv.Create("SUPPORT", nil)
	editComment(iss)
	iss.Worklog(time.Hour, "x")
	iss.Attach("a", "text/plain", nil)
	iss.Link(other, "Blocks")
	iss.Move("OPS")
	iss.Delete()
	srv.Flush(t.Context())
	require.NotEmpty(t, r.bodies)
	for _, body := range r.bodies {
		e, err := webhook.ParseEvent(body)
		require.NoError(t, err, "%s", body)
		if !strings.HasPrefix(e.Type, "attachment") {
			require.NotEmpty(t, e.Issues, e.Type)
		}
	}
}
