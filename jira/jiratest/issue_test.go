package jiratest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

func TestCutOffsOfAnIssue(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss := srv.Create("SUPPORT", nil)
	for n := range 120 {
		iss.Comment(fmt.Sprint("comment ", n))
		iss.Edit(jiratest.Fields{"summary": fmt.Sprint("summary ", n)})
	}
	for range 25 {
		iss.Worklog(time.Hour, "work")
	}
	main := as(t, srv, srv.Main)
	got := main.object(main.get("/rest/api/3/issue/"+iss.Key(), "expand", "changelog"))

	comments := at(got, "fields", "comment")
	require.Equal(t, []any{120.0, 20.0, 100.0}, []any{at(comments, "total"), at(comments, "startAt"), at(comments, "maxResults")})
	require.Equal(t, "comment 20", at(comments, "comments", 0, "body", "content", 0, "content", 0, "text"), "the oldest are dropped")
	worklogs := at(got, "fields", "worklog")
	require.Len(t, at(worklogs, "worklogs"), 20)
	require.Equal(t, 25.0, at(worklogs, "total"))
	histories := at(got, "changelog")
	require.Len(t, at(histories, "histories"), 100)
	require.Equal(t, 145.0, at(histories, "total"))
	require.Equal(t, "10144", at(histories, "histories", 0, "id"), "newest first")

	search := main.object(main.get("/rest/api/3/search/jql", "jql", "key = "+iss.Key(), "fields", "*all", "expand", "changelog"))
	require.Len(t, at(search, "issues", 0, "fields", "comment", "comments"), 20)
	require.Equal(t, 100.0, at(search, "issues", 0, "fields", "comment", "startAt"))
	require.Len(t, at(search, "issues", 0, "changelog", "histories"), 40)
	noProblems(t, srv)
}

func TestPartsArePaged(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss := srv.Create("SUPPORT", nil)
	for n := range 120 {
		iss.Comment(fmt.Sprint("comment ", n))
		iss.Edit(jiratest.Fields{"summary": fmt.Sprint("summary ", n)})
	}
	iss.Worklog(time.Hour, "work")
	main := as(t, srv, srv.Main)
	path := "/rest/api/3/issue/" + iss.ID()

	page := main.object(main.get(path+"/comment", "maxResults", "1000", "startAt", "90"))
	require.Equal(t, []any{100.0, 90.0, 120.0}, []any{at(page, "maxResults"), at(page, "startAt"), at(page, "total")})
	require.Len(t, at(page, "comments"), 30)
	require.Equal(t, "comment 90", at(page, "comments", 0, "body", "content", 0, "content", 0, "text"), "oldest first")
	page = main.object(main.get(path+"/comment", "orderBy", "-created", "maxResults", "1"))
	require.Equal(t, "comment 119", at(page, "comments", 0, "body", "content", 0, "content", 0, "text"))

	page = main.object(main.get(path + "/changelog"))
	require.Len(t, at(page, "values"), 100)
	require.Equal(t, false, at(page, "isLast"))
	page = main.object(main.get(at(page, "nextPage").(string)))
	require.Len(t, at(page, "values"), 21)
	require.Equal(t, true, at(page, "isLast"))
	require.Nil(t, at(page, "nextPage"))

	page = main.object(main.get(path + "/worklog"))
	require.Equal(t, 5000.0, at(page, "maxResults"))
	require.Equal(t, "1h", at(page, "worklogs", 0, "timeSpent"))
	require.Equal(t, "[]", string(main.get(path+"/remotelink").body))
	noProblems(t, srv)
}

func TestFieldsAreChosen(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss := srv.Create("SUPPORT", nil)
	main := as(t, srv, srv.Main)
	fieldNames := func(fields string) []string {
		got := main.object(main.get("/rest/api/3/issue/"+iss.Key(), "fields", fields))
		return names(at(got, "fields"))
	}
	require.Equal(t, []string{"status", "summary"}, fieldNames("summary,status,nosuchfield"))
	require.Contains(t, fieldNames("*all"), "comment")
	require.NotContains(t, fieldNames("*navigable"), "comment")
	require.NotContains(t, fieldNames("-summary"), "summary")
	require.Contains(t, fieldNames("-summary"), "status")
	require.Empty(t, fieldNames("key"))
	all := main.object(main.get("/rest/api/3/issue/" + iss.Key()))
	fields := at(all, "fields").(object)
	require.Contains(t, fields, "customfield_10004", "unset custom fields are null, not missing")
	require.Nil(t, fields["customfield_10004"])
	require.NotContains(t, fields, "parent")
	noProblems(t, srv)
}

func TestMovedAndMiscasedKeysResolve(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	srv.AddProject("OPS", "Operations")
	iss := srv.Create("SUPPORT", nil)
	id := iss.ID()
	iss.Move("OPS")
	require.Equal(t, "OPS-1", iss.Key())
	require.Equal(t, id, iss.ID())
	main := as(t, srv, srv.Main)
	for _, name := range []string{"SUPPORT-1", "support-1", "OPS-1", "ops-1", id} {
		require.Equal(t, "OPS-1", at(main.object(main.get("/rest/api/3/issue/"+name)), "key"), name)
	}
	srv.RenameProject("OPS", "DEVOPS", "DevOps")
	for _, name := range []string{"SUPPORT-1", "OPS-1", "DEVOPS-1"} {
		require.Equal(t, "DEVOPS-1", at(main.object(main.get("/rest/api/3/issue/"+name)), "key"), name)
	}
	require.Equal(t, "DEVOPS-1", srv.Issue("ops-1").Key())
	noProblems(t, srv)
}

func TestInvisibleIssuesLookDeleted(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{ArchivedNotFound: true})
	main, agent := as(t, srv, srv.Main), as(t, srv, srv.Agent)
	iss := srv.Create("SUPPORT", nil)
	sees := func(c *caller) []int {
		got := c.object(c.get("/rest/api/3/search/jql", "jql", "created > -1d"))
		return []int{c.get("/rest/api/3/issue/" + iss.ID()).status, len(at(got, "issues").([]any))}
	}
	seen, gone := []int{200, 1}, []int{404, 0}
	require.Equal(t, seen, sees(main))
	for name, step := range map[string]struct {
		do, undo    func()
		main, agent []int
	}{
		"hidden":         {func() { iss.Hide() }, iss.Show, gone, gone},
		"security level": {func() { iss.Hide(srv.Main) }, iss.Show, gone, seen},
		"permission":     {func() { srv.Deny(srv.Main, "SUPPORT") }, func() { srv.Allow(srv.Main, "SUPPORT") }, gone, seen},
		"project trash":  {func() { srv.TrashProject("SUPPORT") }, func() { srv.RestoreProject("SUPPORT") }, gone, gone},
		"archive":        {iss.Archive, iss.Unarchive, gone, gone},
		"delete":         {iss.Delete, iss.Restore, gone, gone},
	} {
		step.do()
		require.Equal(t, step.main, sees(main), name)
		require.Equal(t, step.agent, sees(agent), name)
		step.undo()
		require.Equal(t, seen, sees(main), name)
	}
	srv.DeleteProject("SUPPORT")
	require.Equal(t, gone, sees(main))
	noProblems(t, srv)
}

func TestTimesAreInTheCallersZone(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 7, 1, 12, 0, 0, 123456789, time.UTC)
	srv := newSite(t, jiratest.Options{Now: func() time.Time { return clock }})
	iss := srv.Create("SUPPORT", nil)
	created := func(a jiratest.Account) any {
		c := as(t, srv, a)
		return at(c.object(c.get("/rest/api/3/issue/"+iss.Key())), "fields", "created")
	}
	require.Equal(t, "2026-07-01T14:00:00.123+0200", created(srv.Main))
	require.Equal(t, "2026-07-01T08:00:00.123-0400", created(srv.Agent))
	srv.SetTimeZone(srv.Main, "Asia/Kolkata")
	require.Equal(t, "2026-07-01T17:30:00.123+0530", created(srv.Main))
}

func TestVersionTwoHasTextForDocuments(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss := srv.Create("SUPPORT", jiratest.Fields{"description": "one\ntwo\n\nthree"})
	main := as(t, srv, srv.Main)
	got := main.object(main.get("/rest/api/2/issue/" + iss.Key()))
	require.Equal(t, "one\ntwo\nthree", at(got, "fields", "description"))
	require.Contains(t, at(got, "self"), "/rest/api/2/issue/")
	got = main.object(main.get("/rest/api/3/issue/" + iss.Key()))
	require.Equal(t, "doc", at(got, "fields", "description", "type"))
}

func TestRawValuesAreShownVerbatim(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	odd := srv.AddField(jiratest.Field{Name: "Odd", Type: "any"})
	iss := srv.Create("SUPPORT", jiratest.Fields{
		odd:                 json.RawMessage(`{"n":12345678901234567891,"s":"\u0000 <&>"}`),
		"customfield_10016": json.RawMessage(`1e400`),
	})
	got := as(t, srv, srv.Main).get("/rest/api/3/issue/"+iss.Key(), "fields", odd+",customfield_10016")
	require.Contains(t, string(got.body), `{"n":12345678901234567891,"s":"\u0000 <&>"}`)
	require.Contains(t, string(got.body), `"customfield_10016":1e400`)
	noProblems(t, srv)
}

func TestBrokenFieldsAndEmptyPartsAreMissing(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{OmitEmptyParts: true})
	iss := srv.Create("SUPPORT", nil)
	iss.BreakField("labels")
	main := as(t, srv, srv.Main)
	fields := names(at(main.object(main.get("/rest/api/3/issue/"+iss.Key())), "fields"))
	require.NotContains(t, fields, "labels")
	require.NotContains(t, fields, "comment")
	iss.RepairField("labels")
	iss.Comment("x")
	fields = names(at(main.object(main.get("/rest/api/3/issue/"+iss.Key())), "fields"))
	require.Contains(t, fields, "labels")
	require.Contains(t, fields, "comment")
}

func TestCustomFieldValues(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	ana := srv.AddUser("Ana", "ana@example.com")
	shy := srv.AddUser("Shy", "shy@example.com")
	shy.HideEmail()
	acme := srv.AddOrganization("Acme")
	iss := srv.Create("SUPPORT", jiratest.Fields{
		"customfield_10004": "1-Highest", "customfield_10323": []string{"L1", "L2"}, "customfield_11901": "Area / Part",
		"customfield_10156": []jiratest.User{ana, shy}, "customfield_10002": acme, "customfield_10010": "Get help",
		"customfield_10157": 4, "customfield_11902": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "customfield_10330": "context",
	})
	acme.Rename("Acme Ltd")
	main := as(t, srv, srv.Main)
	f := at(main.object(main.get("/rest/api/3/issue/"+iss.Key())), "fields")
	for _, c := range []struct{ want, got any }{
		{"1-Highest", at(f, "customfield_10004", "value")},
		{[]any{"L1", "L2"}, column(at(f, "customfield_10323"), "value")},
		{"Part", at(f, "customfield_11901", "child", "value")},
		{[]any{"ana@example.com", nil}, column(at(f, "customfield_10156"), "emailAddress")},
		{[]any{"Acme Ltd"}, column(at(f, "customfield_10002"), "name")},
		{"Get help", at(f, "customfield_10010", "requestType", "name")},
		{"Open", at(f, "customfield_10010", "currentStatus", "status")},
		{4.0, at(f, "customfield_10157", "rating")},
		{"2026-01-02T04:04:05.000+0100", at(f, "customfield_11902")},
		{"doc", at(f, "customfield_10330", "type")},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("field value (-want +got):\n%s", diff)
		}
	}
	noProblems(t, srv)
}

func TestVerbsThatCannotBeDoneChangeNothing(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss := srv.Create("SUPPORT", nil)
	gone := srv.Create("SUPPORT", nil)
	gone.Delete()
	var never *jiratest.Issue
	for name, do := range map[string]func(){
		"project":      func() { srv.Create("NOPE", nil) },
		"again":        func() { srv.AddProject("SUPPORT", "x") },
		"field":        func() { srv.Create("SUPPORT", jiratest.Fields{"colour": "red"}) },
		"value":        func() { iss.Edit(jiratest.Fields{"priority": "Purple"}) },
		"status":       func() { iss.Edit(jiratest.Fields{"status": "Done"}) },
		"transition":   func() { iss.Transition("Nowhere") },
		"comment":      func() { iss.EditComment("1", "x") },
		"no comment":   func() { iss.DeleteComment("1") },
		"bad document": func() { iss.CommentADF(json.RawMessage("{")) },
		"worklog":      func() { iss.EditWorklog("1", time.Hour) },
		"no worklog":   func() { iss.DeleteWorklog("1") },
		"attachment":   func() { iss.RemoveAttachment("1") },
		"link":         func() { iss.Link(gone, "Blocks") },
		"no link":      func() { iss.Unlink("1") },
		"link type":    func() { iss.Link(iss, "Nothing") },
		"remote link":  func() { iss.RemoveRemoteLink("1") },
		"move":         func() { iss.Move("SUPPORT") },
		"sla":          func() { iss.SetSLA("customfield_10004", &jiratest.SLA{}) },
		"deleted":      func() { gone.Comment("x") },
		"restore":      func() { iss.Restore() },
		"account":      func() { srv.ExpireToken(jiratest.Account{}) },
		"deny":         func() { srv.Deny(srv.Main, "NOPE") },
		"zone":         func() { srv.SetTimeZone(srv.Main, "Mars/Phobos") },
		"body":         func() { srv.Emit("x", []int{1}) },
		"new field":    func() { srv.AddField(jiratest.Field{Name: "x", Type: "nothing"}) },
	} {
		srv.ResetLog()
		do()
		require.Len(t, srv.Problems(), 1, name)
	}
	srv.ResetLog()
	never.Comment("x")
	require.Equal(t, "", never.Key()+never.ID()+srv.Create("NOPE", nil).Key())
	require.True(t, never.Deleted())
	require.Nil(t, srv.Issue("NOPE-1"))
	require.Len(t, srv.Issues(), 1)
	require.True(t, strings.HasPrefix(srv.Problems()[0], "Create: "))
}
