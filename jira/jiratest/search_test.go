package jiratest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

const searchPath = "/rest/api/3/search/jql"

// found runs a query and returns the keys it finds, in order.
func (c *caller) found(jql string) []any {
	c.t.Helper()
	got := c.object(c.post(searchPath, object{"jql": jql, "fields": []string{"summary"}}))
	return column(at(got, "issues"), "key")
}

// jqlSite is a site in which each clause tells issues apart. Main's zone is
// Prague, an hour ahead of UTC in November.
func jqlSite(t *testing.T) (*jiratest.Server, *caller) {
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	srv := newSite(t, jiratest.Options{Now: func() time.Time { return clock }})
	srv.AddProject("OPS", "Operations team")
	ago := func(d time.Duration) time.Time { return clock.Add(-d) }
	first := srv.Create("SUPPORT", jiratest.Fields{"created": ago(48 * time.Hour), "summary": "Printer on fire", "labels": []string{"größe"}})
	second := srv.Create("SUPPORT", jiratest.Fields{"created": ago(20 * time.Minute), "issuetype": "Bug", "priority": "High"})
	third := srv.Create("OPS", jiratest.Fields{"created": ago(10 * time.Minute), "status": "Done", "duedate": "2026-12-01"})
	first.Attach("a.txt", "text/plain", nil) // updated now
	second.Transition("In Progress")
	third.Link(srv.Create("OPS", jiratest.Fields{"issuetype": "Sub-task", "parent": third, "created": ago(5 * time.Minute)}), "Relates")
	first.Move("OPS") // OPS-3, formerly SUPPORT-1
	return srv, as(t, srv, srv.Main)
}

func TestJQL(t *testing.T) {
	t.Parallel()
	srv, main := jqlSite(t)
	for jql, want := range map[string]string{
		"project = SUPPORT":   "SUPPORT-2",
		"project = 'support'": "SUPPORT-2",
		`project in (SUPPORT, "Operations team") order by key`: "OPS-1 OPS-2 OPS-3 SUPPORT-2",
		"project != OPS": "SUPPORT-2",
		"project not in (SUPPORT) order by id desc":                           "OPS-2 OPS-1 OPS-3",
		"key in (SUPPORT-1, ops-1) order by key":                              "OPS-1 OPS-3",
		"issuekey = SUPPORT-2":                                                "SUPPORT-2",
		"id in (10000, 10003) order by id":                                    "OPS-3 OPS-2",
		"created >= -15m order by created":                                    "OPS-1 OPS-2",
		"created < -15m order by created":                                     "OPS-3 SUPPORT-2",
		"created >= -30d and created <= '-1d'":                                "OPS-3",
		`created >= "2026-11-23 10:45" order by created`:                      "OPS-1 OPS-2",
		`created >= "2026/11/23 10:55"`:                                       "OPS-2",
		`created < "2026-11-22"`:                                              "OPS-3",
		"created < startOfDay()":                                              "OPS-3",
		"updated >= 2026-11-23 order by key":                                  "OPS-1 OPS-2 OPS-3 SUPPORT-2",
		"updated < -1h":                                                       "",
		"created > now()":                                                     "",
		"resolved is EMPTY order by key":                                      "OPS-2 OPS-3 SUPPORT-2",
		"resolutiondate is not null":                                          "OPS-1",
		"due = 2026-12-01":                                                    "OPS-1",
		"status = 'In Progress'":                                              "SUPPORT-2",
		"status != Done order by key":                                         "OPS-2 OPS-3 SUPPORT-2",
		"status in (done, 'in progress') order by key":                        "OPS-1 SUPPORT-2",
		"statusCategory = Done":                                               "OPS-1",
		"statusCategory != done order by key":                                 "OPS-2 OPS-3 SUPPORT-2",
		"statusCategory in (new, indeterminate) order by key":                 "OPS-2 OPS-3 SUPPORT-2",
		"attachments is not EMPTY":                                            "OPS-3",
		"attachments is EMPTY order by key":                                   "OPS-1 OPS-2 SUPPORT-2",
		"labels = größe":                                                      "OPS-3",
		"labels != other":                                                     "OPS-3",
		"labels in (other, EMPTY) order by key":                               "OPS-1 OPS-2 SUPPORT-2",
		"type = bug":                                                          "SUPPORT-2",
		"priority = High or parent = OPS-1 order by key":                      "OPS-2 SUPPORT-2",
		"assignee is empty and reporter = 'Ada Lovelace' and project=SUPPORT": "SUPPORT-2",
		"assignee = currentUser()":                                            "",
		"summary ~ printer":                                                   "OPS-3",
		"not project = OPS":                                                   "SUPPORT-2",
		"NOT (project = OPS AND status = Done) ORDER BY key ASC":              "OPS-2 OPS-3 SUPPORT-2",
		"(project = OPS or project = SUPPORT) and (type = Bug)":               "SUPPORT-2",
		"project = OPS and status = Done or type = Bug order by key":          "OPS-1 SUPPORT-2",
		"project = OPS order by priority desc, updated, key desc":             "OPS-3 OPS-2 OPS-1",
		"issuelink is not empty order by status, key":                         "OPS-2 OPS-1",
	} {
		got := strings.Trim(fmt.Sprint(main.found(jql)), "[]")
		if got != want {
			t.Errorf("%s\n  want %s\n  got  %s", jql, want, got)
		}
	}
	noProblems(t, srv)
}

func TestDatesAreReadInTheCallersZone(t *testing.T) {
	t.Parallel()
	srv, main := jqlSite(t)
	query := `created >= "2026-11-23 10:45" order by created`
	require.Equal(t, []any{"OPS-1", "OPS-2"}, main.found(query))
	srv.SetTimeZone(srv.Main, "UTC")
	require.Empty(t, main.found(query))
}

func TestJQLErrors(t *testing.T) {
	t.Parallel()
	srv, main := jqlSite(t)
	stranger := as(t, srv, jiratest.Account{Email: "nobody@example.com", Token: "x"})
	for _, c := range []struct {
		jql, want string
		anonymous int // what strangers get
	}{
		{"order by key", "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.", 400},
		{"", "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.", 400},
		{"project = SUPPORT AND", "Error in the JQL Query: Expecting a field name at the end of the query.", 400},
		{"project = OPS status = 1", "Error in the JQL Query: Expecting either 'OR' or 'AND' but got 'status'. (line 1, character 15)", 400},
		{"(project = OPS", "Error in the JQL Query: Expecting ')' before the end of the query.", 400},
		{"project = OPS order by a,b,c,d,e,f,g,h", "JQL can be ordered by at most 7 fields.", 400},
		{"colour = red", "Field 'colour' does not exist or you do not have permission to view it.", 200},
		{"project = OPS order by colour", "Field 'colour' does not exist or you do not have permission to view it.", 200},
		{"project = NOPE", "The value 'NOPE' does not exist for the field 'project'.", 200},
		{"key = NOPE-1", "An issue with key 'NOPE-1' does not exist for field 'key'.", 200},
		{"assignee = nobody()", "Unable to find JQL function 'nobody()'.", 200},
		{"project ~ x", "The operator '~' is not supported by the 'project' field.", 200},
		{"updated >= soon", "Date value 'soon' for field 'updated' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.", 200},
	} {
		got := main.get(searchPath, "jql", c.jql)
		require.Equal(t, 400, got.status, c.jql)
		if diff := cmp.Diff([]any{c.want}, at(decode(t, got), "errorMessages")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.jql, diff)
		}
		require.Equal(t, c.anonymous, stranger.get(searchPath, "jql", c.jql).status, c.jql)
	}
	for _, broken := range []string{"project", "project =", "project in", "project in (", "project in (OPS", "= x", "project = 'x", "project is OPS",
		"project = OPS order by", "project = OPS)", "project <> OPS", "project = f(1)", strings.Repeat("(", 300), strings.Repeat("x", 200_000)} {
		require.Equal(t, 400, main.post(searchPath, object{"jql": broken}).status, broken)
	}
	noProblems(t, srv)
}

func TestSearchPages(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	for range 230 {
		srv.Create("SUPPORT", nil)
	}
	main := as(t, srv, srv.Main)
	all := main.object(main.get(searchPath, "jql", "project = SUPPORT", "maxResults", "5000"))
	require.Len(t, at(all, "issues"), 230, "ids only: up to 5,000")
	require.Equal(t, []string{"id"}, names(at(all, "issues", 0)))
	require.Nil(t, at(all, "nextPageToken"))
	require.Len(t, at(main.object(main.get(searchPath, "jql", "project = SUPPORT")), "issues"), 50, "the default")

	in := object{"jql": "project = SUPPORT order by key", "fields": []string{"summary"}, "maxResults": 1000}
	var sizes []int
	var keys []any
	for {
		page := main.object(main.post(searchPath, in))
		sizes = append(sizes, len(at(page, "issues").([]any)))
		keys = append(keys, column(at(page, "issues"), "key")...)
		if at(page, "isLast") == true {
			require.Nil(t, at(page, "nextPageToken"))
			break
		}
		in["nextPageToken"] = at(page, "nextPageToken")
	}
	require.Equal(t, []int{100, 100, 30}, sizes, "with fields: 100 at most")
	require.Equal(t, "SUPPORT-230", keys[229])

	for _, bad := range []int{0, -1, 6000} {
		require.Equal(t, 400, main.post(searchPath, object{"jql": "project = SUPPORT", "maxResults": bad}).status)
	}
	noProblems(t, srv)
}

func TestPageTokens(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	srv := newSite(t, jiratest.Options{Now: func() time.Time { return clock }, PageLimit: 1})
	srv.Create("SUPPORT", nil)
	second := srv.Create("SUPPORT", nil)
	main := as(t, srv, srv.Main)
	in := object{"jql": "project = SUPPORT order by key"}
	token := func() any { return at(main.object(main.post(searchPath, in)), "nextPageToken") }
	use := func(token any) answer {
		return main.post(searchPath, object{"jql": in["jql"], "nextPageToken": token})
	}
	require.Contains(t, string(use("garbage").body), "The provided next page token is invalid or expired.")
	old := token()
	require.Equal(t, 200, use(old).status)
	require.Equal(t, 200, use(old).status, "a token can be used again")
	srv.ExpirePageTokens()
	require.Equal(t, 400, use(old).status)
	old = token()
	clock = clock.Add(8 * 24 * time.Hour)
	require.Equal(t, 400, use(old).status)
	// The page goes on after the last issue seen, whatever happened to it.
	old = token()
	srv.Create("SUPPORT", nil)
	require.Equal(t, second.ID(), at(main.object(use(old)), "issues", 0, "id"))
	noProblems(t, srv)
	require.Equal(t, 400, main.post(searchPath, object{"jql": "project = SUPPORT", "nextPageToken": token()}).status)
	require.Len(t, srv.Problems(), 1, "a token belongs to its query")
}

func TestSearchLagsAndReconciles(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	srv := newSite(t, jiratest.Options{Now: func() time.Time { return clock }, IndexLag: 10 * time.Second})
	main := as(t, srv, srv.Main)
	iss := srv.Create("SUPPORT", nil)
	done := func(reconcile ...string) int {
		in := object{"jql": "status = Done"}
		if len(reconcile) > 0 {
			in["reconcileIssues"] = []int{10000}
		}
		return len(at(main.object(main.post(searchPath, in)), "issues").([]any))
	}
	require.Empty(t, main.found("project = SUPPORT"), "a new issue is not yet known")
	clock = clock.Add(10 * time.Second)
	require.Len(t, main.found("project = SUPPORT"), 1)
	iss.Transition("Done")
	require.Equal(t, 0, done())
	require.Equal(t, 1, done(iss.ID()), "reconciled issues are exact")
	require.Equal(t, 0.0, at(main.object(main.post("/rest/api/3/search/approximate-count", object{"jql": "status = Done"})), "count"))
	clock = clock.Add(10 * time.Second)
	require.Equal(t, 1, done())
	require.Equal(t, 1.0, at(main.object(main.post("/rest/api/3/search/approximate-count", object{"jql": "status = Done"})), "count"))

	for range 100 {
		clock = clock.Add(time.Second)
		iss.Transition("Open")
		iss.Transition("Done")
	}
	require.Less(t, iss.IndexLen(), 30, "old states are forgotten")
	srv.SetIndexLag(0)
	require.Equal(t, 1, done())
	ids := make([]int, 51)
	require.Equal(t, 400, main.post(searchPath, object{"jql": "status = Done", "reconcileIssues": ids}).status)
	require.Equal(t, 400, main.get(searchPath, "jql", "status = Done", "reconcileIssues", "SUPPORT-1").status)
	noProblems(t, srv)
}

func TestRemovedSearchIsGone(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	require.Equal(t, http.StatusGone, as(t, srv, srv.Main).get("/rest/api/3/search", "jql", "project = SUPPORT").status)
	require.Equal(t, http.StatusGone, as(t, srv, srv.Main).post("/rest/api/2/search", object{"jql": "x"}).status)
	require.Len(t, srv.Problems(), 2)
}

func TestBulkFetch(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	srv.AddProject("OPS", "Operations")
	a, b := srv.Create("SUPPORT", nil), srv.Create("SUPPORT", nil)
	hidden := srv.Create("SUPPORT", nil)
	hidden.Hide()
	a.Move("OPS")
	main := as(t, srv, srv.Main)
	got := main.object(main.post("/rest/api/3/issue/bulkfetch", object{
		"issueIdsOrKeys": []string{b.Key(), "SUPPORT-1", a.ID(), hidden.Key(), "NOPE-1"}, "fields": []string{"summary"},
	}))
	require.Equal(t, []any{"OPS-1", "SUPPORT-2"}, column(at(got, "issues"), "key"), "by id, once, what is invisible left out")
	require.Empty(t, at(got, "issueErrors"))
	many := strings.Split(strings.Repeat("SUPPORT-1 ", 101), " ")[:101]
	require.Equal(t, 400, main.post("/rest/api/3/issue/bulkfetch", object{"issueIdsOrKeys": many}).status)
	noProblems(t, srv)
}

func TestBulkChangelogs(t *testing.T) {
	t.Parallel()
	for numeric, want := range map[bool]string{false: "string", true: "float64"} {
		srv := newSite(t, jiratest.Options{NumericChangeTimes: numeric})
		a, b := srv.Create("SUPPORT", nil), srv.Create("SUPPORT", nil)
		for n := range 3 {
			a.Edit(jiratest.Fields{"summary": fmt.Sprint(n)})
			b.Edit(jiratest.Fields{"summary": fmt.Sprint(n)})
			b.Edit(jiratest.Fields{"labels": []string{fmt.Sprint(n)}})
		}
		main := as(t, srv, srv.Main)
		in := object{"issueIdsOrKeys": []string{a.ID(), b.Key()}, "maxResults": 4, "fieldIds": []string{"summary"}}
		page := main.object(main.post("/rest/api/3/changelog/bulkfetch", in))
		require.Len(t, at(page, "issueChangeLogs"), 2)
		require.Equal(t, want, fmt.Sprintf("%T", at(page, "issueChangeLogs", 0, "changeHistories", 0, "created")))
		in["nextPageToken"] = at(page, "nextPageToken")
		page = main.object(main.post("/rest/api/3/changelog/bulkfetch", in))
		total := 0
		for _, list := range column(at(page, "issueChangeLogs"), "changeHistories") {
			total += len(list.([]any))
		}
		require.Equal(t, 2, total)
		require.Nil(t, at(page, "nextPageToken"))
		noProblems(t, srv)
	}
}

// FuzzJQL: no query makes the parser panic or hang.
func FuzzJQL(f *testing.F) {
	for _, seed := range []string{
		"project = SUPPORT AND updated >= \"2026-11-23 10:00\" ORDER BY updated ASC, key ASC",
		"not (a in (1, 'two', empty) or b is not null) and c !~ 'x\\'y'", "order by", "((((", "a = b()", "a=b||c!=d&&!e<f",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, query string) { _ = jiratest.ParseJQL(query) })
}
