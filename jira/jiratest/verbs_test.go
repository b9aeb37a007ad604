package jiratest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

// changes returns the changelog of an issue as "field: from -> to" lines.
func changes(c *caller, iss *jiratest.Issue) []string {
	c.t.Helper()
	got := c.object(c.get("/rest/api/3/issue/" + iss.ID() + "/changelog"))
	var lines []string
	histories, _ := at(got, "values").([]any)
	for _, h := range histories {
		items, _ := at(h, "items").([]any)
		for _, i := range items {
			lines = append(lines, fmt.Sprintf("%v (%v): %v -> %v", at(i, "field"), at(i, "fieldtype"), at(i, "fromString"), at(i, "toString")))
		}
	}
	return lines
}

func TestVerbsLeaveHistories(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	srv.AddProject("OPS", "Operations")
	bob := srv.AddUser("Bob", "bob@example.com")
	iss, other := srv.Create("SUPPORT", nil), srv.Create("SUPPORT", nil)
	iss.Edit(jiratest.Fields{"summary": "two", "priority": "High", "labels": []string{"a", "b"}})
	iss.By(bob).Edit(jiratest.Fields{"assignee": bob})
	iss.Edit(jiratest.Fields{"assignee": nil, "customfield_10004": "1-Highest", "duedate": "2026-12-01"})
	iss.Edit(jiratest.Fields{"customfield_10004": "1-Highest"}) // no change
	iss.Transition("Done")
	iss.Reopen()
	link := iss.Link(other, "Blocks")
	iss.Unlink(link)
	remote := iss.RemoteLink("https://example.com", "Page")
	iss.RemoveRemoteLink(remote)
	file := iss.Attach("a.txt", "text/plain", nil)
	iss.RemoveAttachment(file)
	log := iss.Worklog(time.Hour, "x")
	iss.EditWorklog(log, 2*time.Hour)
	iss.DeleteWorklog(log)
	iss.Estimate(8 * time.Hour)
	iss.SetField("parent", other)
	iss.Comment("leaves none")
	iss.Move("OPS")
	main := as(t, srv, srv.Main)
	want := []string{
		"labels (jira): <nil> -> a b", "priority (jira): Medium -> High", "summary (jira): Untitled -> two",
		"assignee (jira): <nil> -> Bob",
		"assignee (jira): Bob -> <nil>", "Severity (custom): <nil> -> 1-Highest", "duedate (jira): <nil> -> 2026-12-01 00:00:00.0",
		"resolution (jira): <nil> -> Done", "status (jira): Open -> Done",
		"resolution (jira): Done -> <nil>", "status (jira): Done -> Open",
		"Link (jira): <nil> -> This issue blocks SUPPORT-2", "Link (jira): This issue blocks SUPPORT-2 -> <nil>",
		`RemoteIssueLink (jira): <nil> -> This issue links to "Page (Web Link)"`, `RemoteIssueLink (jira): This issue links to "Page (Web Link)" -> <nil>`,
		"Attachment (jira): <nil> -> a.txt", "Attachment (jira): a.txt -> <nil>",
		"timespent (jira): <nil> -> 3600", "WorklogId (jira): <nil> -> 10000",
		"timespent (jira): 3600 -> 7200", "WorklogId (jira): 10000 -> 10000",
		"timespent (jira): 7200 -> <nil>", "WorklogId (jira): 10000 -> <nil>",
		"timeoriginalestimate (jira): <nil> -> 28800",
		"IssueParentAssociation (jira): <nil> -> SUPPORT-2",
		"project (jira): Customer support -> Operations", "Workflow (jira): Workflow of Customer support -> Workflow of Operations", "Key (jira): SUPPORT-1 -> OPS-1",
	}
	if diff := cmp.Diff(want, changes(main, iss)); diff != "" {
		t.Errorf("changelog (-want +got):\n%s", diff)
	}
	require.Equal(t, "Link (jira): <nil> -> This issue is blocked by SUPPORT-1", changes(main, other)[0])
	noProblems(t, srv)
}

func TestResolutionFollowsStatus(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	srv := newSite(t, jiratest.Options{Now: func() time.Time { return clock }})
	iss := srv.Create("SUPPORT", nil)
	main := as(t, srv, srv.Main)
	field := func(path ...any) any {
		return at(main.object(main.get("/rest/api/3/issue/"+iss.ID())), append([]any{"fields"}, path...)...)
	}
	clock = clock.Add(time.Hour)
	iss.Resolve()
	require.Equal(t, []any{"Done", "done", "2026-11-23T12:00:00.000+0100"}, []any{field("resolution", "name"), field("status", "statusCategory", "key"), field("resolutiondate")})
	iss.Transition("Closed")
	require.Equal(t, "Done", field("resolution", "name"))
	clock = clock.Add(time.Hour)
	iss.Reopen()
	require.Equal(t, []any{nil, nil, "2026-11-23T13:00:00.000+0100"}, []any{field("resolution"), field("resolutiondate"), field("updated")})
	srv.AddStatus("Parked", "undefined")
	iss.Transition("Parked")
	require.Equal(t, "No Category", field("status", "statusCategory", "name"))
}

func TestLinksAndSubtasksShowOnBothSides(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	a, b := srv.Create("SUPPORT", nil), srv.Create("SUPPORT", nil)
	sub := srv.Create("SUPPORT", jiratest.Fields{"issuetype": "Sub-task", "parent": a, "summary": "part"})
	link := a.Link(b, "Blocks")
	main := as(t, srv, srv.Main)
	fields := func(iss *jiratest.Issue) any {
		return at(main.object(main.get("/rest/api/3/issue/"+iss.ID())), "fields")
	}
	require.Equal(t, []any{link, "blocks", b.Key(), nil}, []any{at(fields(a), "issuelinks", 0, "id"), at(fields(a), "issuelinks", 0, "type", "outward"),
		at(fields(a), "issuelinks", 0, "outwardIssue", "key"), at(fields(a), "issuelinks", 0, "inwardIssue")})
	require.Equal(t, a.Key(), at(fields(b), "issuelinks", 0, "inwardIssue", "key"))
	require.Equal(t, sub.Key(), at(fields(a), "subtasks", 0, "key"))
	require.Equal(t, a.Key(), at(fields(sub), "parent", "key"))
	require.Equal(t, b.Key(), at(main.object(main.get("/rest/api/3/issueLink/"+link)), "outwardIssue", "key"))
	require.Equal(t, 404, main.get("/rest/api/3/issueLink/1").status)
	b.Hide()
	require.Empty(t, at(fields(a), "issuelinks"), "links to invisible issues are left out")
	b.Show()
	sub.SetField("parent", b)
	require.Empty(t, at(fields(a), "subtasks"))
	b.Delete()
	require.True(t, sub.Deleted(), "subtasks go with their parent")
	require.Empty(t, at(fields(a), "issuelinks"))
	noProblems(t, srv)
}

func TestRemoteLinksHaveNoEventAndNoTime(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	srv := newSite(t, jiratest.Options{Now: func() time.Time { return clock }})
	iss := srv.Create("SUPPORT", nil)
	main := as(t, srv, srv.Main)
	clock = clock.Add(time.Hour)
	iss.RemoteLink("https://example.com/a?b=1&c=2", "Page")
	var links []any
	require.NoError(t, json.Unmarshal(main.get("/rest/api/3/issue/"+iss.Key()+"/remotelink").body, &links))
	require.Equal(t, []any{10000.0, "https://example.com/a?b=1&c=2", "Page"}, []any{at(links, 0, "id"), at(links, 0, "object", "url"), at(links, 0, "object", "title")})
	got := main.object(main.get("/rest/api/3/issue/" + iss.Key()))
	require.Equal(t, at(got, "fields", "created"), at(got, "fields", "updated"))
	require.Equal(t, 404, main.get("/rest/api/3/issue/"+iss.Key()+"/remotelink", "globalId", "x").status)
}

func TestCommentsKeepTheirVisibility(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	customer := srv.AddCustomer("Carla", "carla@customer.example")
	iss := srv.Create("SUPPORT", nil)
	iss.By(customer).Comment("public")
	iss.Note("internal")
	id := iss.CommentForRole("restricted", "Administrators")
	iss.CommentADF(json.RawMessage(`{"type":"doc","version":1,"content":[{"type":"rule"}]}`))
	main := as(t, srv, srv.Main)
	list := at(main.object(main.get("/rest/api/3/issue/"+iss.Key()+"/comment")), "comments")
	require.Equal(t, []any{true, false, true, true}, column(list, "jsdPublic"))
	require.Equal(t, "customer", at(list, 0, "author", "accountType"))
	require.Equal(t, "Administrators", at(list, 2, "visibility", "value"))
	require.Equal(t, "rule", at(list, 3, "body", "content", 0, "type"))
	require.Equal(t, id, at(main.object(main.get("/rest/api/3/issue/"+iss.Key()+"/comment/"+id)), "id"))
	require.Equal(t, 404, main.get("/rest/api/3/issue/"+iss.Key()+"/comment/1").status)
	got := main.object(main.post("/rest/api/3/comment/list", json.RawMessage(`{"ids":[`+id+`]}`)))
	require.Equal(t, 1.0, at(got, "total"))
	noProblems(t, srv)
}

func TestWorklogFeeds(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	srv := newSite(t, jiratest.Options{Now: func() time.Time { return clock }})
	iss := srv.Create("SUPPORT", nil)
	kept, gone := iss.Worklog(90*time.Minute, "x"), iss.Worklog(time.Hour, "y")
	iss.DeleteWorklog(gone)
	main := as(t, srv, srv.Main)
	ids := func(feed string) []any {
		return column(at(main.object(main.get("/rest/api/3/worklog/"+feed, "since", "0")), "values"), "worklogId")
	}
	require.Empty(t, ids("updated"), "never the last minute")
	clock = clock.Add(2 * time.Minute)
	require.Equal(t, kept, fmt.Sprint(ids("updated")[0]))
	require.Equal(t, gone, fmt.Sprint(ids("deleted")[0]))
	got := main.object(main.get("/rest/api/3/issue/" + iss.Key()))
	require.Equal(t, "1h 30m", at(got, "fields", "timetracking", "timeSpent"))
	require.Equal(t, 5400.0, at(got, "fields", "timespent"))
	after := fmt.Sprint(clock.UnixMilli())
	require.Equal(t, 0.0, at(main.object(main.get("/rest/api/3/issue/"+iss.Key()+"/worklog", "startedAfter", after)), "total"))
	require.Equal(t, 1.0, at(main.object(main.get("/rest/api/3/issue/"+iss.Key()+"/worklog", "startedBefore", after)), "total"))
	noProblems(t, srv)
}

func TestUsersChangeEverywhereAtOnce(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	ana := srv.AddUser("Ana", "ana@example.com")
	iss := srv.Create("SUPPORT", jiratest.Fields{"assignee": ana})
	ana.Rename("Ana B.")
	ana.HideEmail()
	ana.Deactivate()
	main := as(t, srv, srv.Main)
	got := at(main.object(main.get("/rest/api/3/issue/"+iss.Key())), "fields", "assignee")
	require.Equal(t, []any{"Ana B.", nil, false, ana.AccountID()}, []any{at(got, "displayName"), at(got, "emailAddress"), at(got, "active"), at(got, "accountId")})
	require.Equal(t, "Ana B.", at(main.object(main.get("/rest/api/3/user", "accountId", ana.AccountID())), "displayName"))
	require.Equal(t, 404, main.get("/rest/api/3/user", "accountId", "unknown").status)

	query := []string{}
	for n := range 12 {
		query = append(query, "accountId", srv.AddUser(fmt.Sprint(n), fmt.Sprint(n, "@example.com")).AccountID())
	}
	require.Len(t, at(main.object(main.get("/rest/api/3/user/bulk", query...)), "values"), 10, "ten unless asked for more")
	require.Len(t, at(main.object(main.get("/rest/api/3/user/bulk", append(query, "maxResults", "50")...)), "values"), 12)
	require.Equal(t, 400, main.get("/rest/api/3/user/bulk").status)
	require.Equal(t, "", jiratest.User{}.AccountID()+jiratest.Organization{}.ID())
}

func TestProjectsArePaged(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	srv.AddSoftwareProject("APP", "App")
	srv.RenameProject("APP", "MOBILE", "Mobile app")
	main := as(t, srv, srv.Main)
	got := main.object(main.get("/rest/api/3/project/search", "maxResults", "1000", "expand", "projectKeys"))
	require.Equal(t, []any{"MOBILE", "SUPPORT"}, column(at(got, "values"), "key"))
	require.Equal(t, []any{100.0, []any{"MOBILE", "APP"}}, []any{at(got, "maxResults"), at(got, "values", 0, "projectKeys")})
	require.Equal(t, "MOBILE", at(main.object(main.get("/rest/api/3/project/APP")), "key"), "former keys resolve")
	srv.TrashProject("MOBILE")
	require.Equal(t, 404, main.get("/rest/api/3/project/MOBILE").status)
	got = main.object(main.get("/rest/api/3/project/search", "status", "deleted"))
	require.Equal(t, []any{"MOBILE"}, column(at(got, "values"), "key"))
}

func TestFieldsAreListed(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	id := srv.AddField(jiratest.Field{Name: "Severity", Type: "select"})
	main := as(t, srv, srv.Main)
	var list []any
	require.NoError(t, json.Unmarshal(main.get("/rest/api/3/field").body, &list))
	byID := map[any]any{}
	severities := 0
	for _, f := range list {
		byID[at(f, "id")] = f
		if at(f, "name") == "Severity" {
			severities++
		}
	}
	require.Len(t, byID, len(list), "ids are unique")
	require.Equal(t, 3, severities, "names are not")
	require.Equal(t, "com.atlassian.servicedesk:sd-sla-field", at(byID["customfield_10161"], "schema", "custom"))
	require.Equal(t, "option", at(byID[id], "schema", "type"))
	require.Equal(t, false, at(byID["comment"], "navigable"))
	page := main.object(main.get("/rest/api/3/field/search", "type", "custom", "query", "sever", "maxResults", "500"))
	require.Equal(t, []any{3.0, 50.0}, []any{at(page, "total"), at(page, "maxResults")})
}

func TestFillIsRealisticAndRepeatable(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	srv := newSite(t, jiratest.Options{Now: func() time.Time { return clock }, IndexLag: time.Hour})
	issues := srv.Fill("SUPPORT", 60, 1)
	require.Len(t, issues, 60)
	agent := as(t, srv, srv.Agent)
	var comments, histories, worklogs, months, all = 0.0, 0.0, 0.0, map[string]int{}, ""
	for _, iss := range issues {
		got := agent.get("/rest/api/3/issue/"+iss.ID(), "expand", "changelog")
		o := agent.object(got)
		all += string(got.body)
		comments = max(comments, at(o, "fields", "comment", "total").(float64))
		worklogs = max(worklogs, at(o, "fields", "worklog", "total").(float64))
		histories = max(histories, at(o, "changelog", "total").(float64))
		created := at(o, "fields", "created").(string)
		months[created[:7]]++
		require.LessOrEqual(t, created, at(o, "fields", "updated").(string))
	}
	require.Greater(t, comments, 100.0)
	require.Greater(t, histories, 100.0)
	require.Greater(t, worklogs, 20.0)
	require.GreaterOrEqual(t, len(months), 12)
	for _, word := range []string{"größe", "日本語", "bulletList", "tableRow", "codeBlock", "mention", "inlineCard", `"completedCycles"`, `"ongoingCycle"`, `"outwardIssue"`, `"filename"`, `"parent"`, `"jsdPublic":false`} {
		require.Contains(t, all, word)
	}
	require.Len(t, agent.found("project = SUPPORT"), 50, "search knows them at once")
	require.Empty(t, srv.Fill("NOPE", 3, 1))
	require.Len(t, srv.Problems(), 1)
}

func TestVerbsAndRequestsAtOnce(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{IndexLag: time.Millisecond})
	srv.AddProject("OPS", "Operations")
	srv.SetWebhook(jiratest.Webhook{Handler: &receiver{}, Auto: true, RetryScale: 1e-6})
	iss := srv.Create("SUPPORT", nil)
	main := as(t, srv, srv.Main)
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for k := range 20 {
				iss.Comment(fmt.Sprint(n, k))
				iss.SetField("summary", strings.Repeat("x", n*20+k+1))
				other := srv.Create("SUPPORT", nil)
				other.Link(iss, "Relates")
				other.Attach("a", "text/plain", nil)
				other.Move("OPS")
				if k%2 == 0 {
					other.Delete()
				}
			}
		})
		wg.Go(func() {
			for range 20 {
				main.get("/rest/api/3/issue/"+iss.ID(), "expand", "changelog")
				main.get("/rest/api/3/search/jql", "jql", "updated > -1d order by updated", "fields", "*all")
			}
		})
	}
	wg.Wait()
	require.NoError(t, srv.Drain(t.Context()))
	require.Len(t, srv.Issues(), 41)
	noProblems(t, srv)
}
