package jira_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
)

const bulkChangelog = "POST /rest/api/3/changelog/bulkfetch"

// fast is a client that no limit of its own slows down.
func fast(c *jira.Config) { c.RateLimit = -1 }

// fetchAll reads issues and returns the outcomes in order.
func fetchAll(t *testing.T, client *jira.Client, names []string, options jira.IssuesOptions) []jira.Fetched {
	t.Helper()
	var all []jira.Fetched
	for f := range client.Issues(t.Context(), names, options) {
		all = append(all, f)
	}
	require.Len(t, all, len(names))
	for n, f := range all {
		require.Equal(t, names[n], f.Asked)
		require.Equal(t, f.Err == nil, f.Issue != nil, "%s: %v", f.Asked, f.Err)
	}
	return all
}

func idsOf(t *testing.T, client *jira.Client) (ids []string) {
	t.Helper()
	for hit, err := range client.IDs(t.Context(), "created >= 1990-01-01 ORDER BY created ASC") {
		require.NoError(t, err)
		ids = append(ids, hit.ID)
	}
	return ids
}

// sameAsAlone checks that an issue read with others is the one that
// Client.Issue reads, byte for byte.
func sameAsAlone(t *testing.T, client *jira.Client, got *jira.Issue) {
	t.Helper()
	want, err := client.Issue(t.Context(), got.ID)
	require.NoError(t, err)
	require.Equal(t, want.Key, got.Key)
	require.Equal(t, want.Missing, got.Missing)
	if got.RemoteLinks != nil {
		require.Equal(t, string(want.RemoteLinks), string(got.RemoteLinks))
	}
	if diff := cmp.Diff(string(want.JSON), string(got.JSON)); diff != "" {
		t.Fatalf("issue %s differs from the one read alone (-alone +bulk):\n%.2000s", got.Key, diff)
	}
}

// The whole of a site in three requests for a hundred issues, and one for each
// further page of what is cut: counted by the simulator.
func TestIssuesAreFrugal(t *testing.T) {
	n := 20_000
	if testing.Short() {
		n = 1_000
	}
	srv := simulated(t, jiratest.Options{})
	srv.Fill("A", n, 1)
	client := clientOf(t, srv, srv.Main, fast)
	ids := idsOf(t, client)
	require.Len(t, ids, n)
	hinted, step := 0, 0
	var sample []*jira.Issue
	for f := range client.Issues(t.Context(), ids, jira.IssuesOptions{RemoteLinks: jira.RemoteLinksHinted}) {
		require.NoError(t, f.Err)
		require.Empty(t, f.Issue.Missing)
		require.Equal(t, f.Issue.RemoteLinksHinted, f.Issue.RemoteLinks != nil)
		if f.Issue.RemoteLinksHinted {
			hinted++
		}
		if step++; step%97 == 0 || step < 30 {
			sample = append(sample, f.Issue)
		}
	}
	requests := srv.Requests()
	total, pages := 0, 0
	for _, count := range requests {
		total += count
	}
	for _, part := range []string{"/comment", "/worklog", "/changelog"} {
		pages += requests[getIssue+part]
	}
	links := requests[getIssue+"/remotelink"]
	t.Logf("%d issues: %d requests = %.4f an issue, and %d pages of what was cut, and %d remote links: %v",
		n, total-pages-links, float64(total-pages-links)/float64(n), pages, links, requests)
	if base := total - pages - links; float64(base) > 0.03*float64(n) {
		t.Errorf("%d requests for %d issues beside pages and remote links, want at most 0.03 an issue", base, n)
	}
	require.Equal(t, hinted, links)
	require.LessOrEqual(t, pages, n/40, "pages of what was cut")
	for _, issue := range sample {
		sameAsAlone(t, client, issue)
	}
}

// What becomes of each name, in the order of asking.
func TestIssuesOutcomes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		srv.AddProject("GOLD", "Gold")
		made := srv.Fill("A", 8, 1)
		moved, deleted, hidden := made[0], made[1], made[2]
		oldKey, deletedID := moved.Key(), deleted.ID()
		moved.Move("GOLD")
		deleted.Delete()
		hidden.Hide()
		client := clientOf(t, srv, srv.Main, fast)
		names := []string{
			made[7].ID(), oldKey, deletedID, deleted.Key(), hidden.ID(), "../x", "a-1", "A-99999",
			made[6].Key(), made[6].ID(), moved.ID(), moved.Key(), made[5].ID(),
		}
		want := []string{
			made[7].ID(), moved.ID(), "404", "404", "404", "invalid", "invalid", "404",
			made[6].ID(), made[6].ID(), moved.ID(), moved.ID(), made[5].ID(),
		}
		all := fetchAll(t, client, names, jira.IssuesOptions{})
		var got []string
		for _, f := range all {
			switch {
			case errors.Is(f.Err, jira.ErrNotFound):
				got = append(got, "404")
			case errors.Is(f.Err, jira.ErrInvalidID):
				got = append(got, "invalid")
			default:
				require.NoError(t, f.Err)
				got = append(got, f.Issue.ID)
				require.Equal(t, srv.Issue(f.Issue.ID).Key(), f.Issue.Key)
			}
			require.False(t, f.StartedAt.IsZero())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("outcomes mismatch (-want +got):\n%s", diff)
		}
		require.Same(t, all[8].Issue, all[9].Issue, "asked for under two names")
		requests := srv.Requests()
		require.Equal(t, 1, requests[bulkFetch])
		require.Equal(t, 5, requests[getIssue], "a moved key, two names of a deleted issue, a hidden and an unknown one")

		twice := 0
		for range client.Issues(t.Context(), []string{made[7].ID(), made[6].ID(), made[7].ID()}, jira.IssuesOptions{BatchSize: 1}) {
			twice++
		}
		require.Equal(t, 2, twice, "a name that repeats counts once")
	})
}

// Whatever is wrong with the whole or with one of them, each issue is read,
// and the site is not asked more often than it takes to find the culprit.
func TestIssuesAreHalved(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options jiratest.Options
		fail    func(*jiratest.Server, []*jiratest.Issue)
		edit    func(*jira.Config)
		most    int // requests to bulkfetch
		alone   int // issues read alone
	}{
		"500 of one":        {fail: func(_ *jiratest.Server, i []*jiratest.Issue) { i[37].BreakInBulk(500) }, most: 5 + 2*7 + 7, alone: 1},
		"400 of one":        {fail: func(_ *jiratest.Server, i []*jiratest.Issue) { i[0].BreakInBulk(400) }, most: 16, alone: 1},
		"500 of two":        {fail: func(_ *jiratest.Server, i []*jiratest.Issue) { i[3].BreakInBulk(500); i[97].BreakInBulk(503) }, most: 45, alone: 2},
		"listed as error":   {fail: func(_ *jiratest.Server, i []*jiratest.Issue) { i[50].BreakInBulk(200) }, most: 1, alone: 1},
		"413 for the whole": {options: jiratest.Options{MaxBulkBytes: 500_000}, most: 40},
		"over our limit":    {edit: func(c *jira.Config) { c.MaxBodyBytes = 500_000 }, most: 40},
		"cut once":          {fail: failOnce(jiratest.Fault{Truncate: 3000}), most: 2},
		"429 once":          {fail: failOnce(jiratest.BurstLimited("", 1, 3)), most: 2},
		"page once":         {fail: failOnce(jiratest.Fault{HTML: true, Status: 200}), most: 2},
		"null once":         {fail: failOnce(jiratest.Fault{Status: 200, Body: "null"}), most: 2},
		"nothing in it":     {fail: failOnce(jiratest.Fault{Status: 200, Body: `{"issues":[]}`}), most: 1, alone: 100},
		"others in it":      {fail: failOnce(jiratest.Fault{Status: 200, Body: `{"issues":[` + goodIssue + `,{"id":"x"}]}`}), most: 1, alone: 100},
		"no such endpoint":  {fail: failAlways(jiratest.Fault{Status: 404}), most: 1, alone: 100},
		"forbidden":         {fail: failAlways(jiratest.Fault{Status: 403}), most: 1, alone: 100},
		"removed":           {fail: failAlways(jiratest.Fault{Status: 410}), most: 1, alone: 100},
		"400 always":        {fail: failAlways(jiratest.Fault{Status: 400}), most: 13, alone: 100},
		"500 always":        {fail: failAlways(jiratest.Fault{Status: 500}), most: 30, alone: 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := simulated(t, tc.options)
				made := srv.Fill("A", 100, 1)
				if tc.fail != nil {
					tc.fail(srv, made)
				}
				client := clientOf(t, srv, srv.Main, func(c *jira.Config) {
					fast(c)
					if tc.edit != nil {
						tc.edit(c)
					}
				})
				var ids []string
				for _, i := range made {
					ids = append(ids, i.ID())
				}
				all := fetchAll(t, client, ids, jira.IssuesOptions{RemoteLinks: jira.RemoteLinksNever})
				requests := srv.Requests()
				if got := requests[bulkFetch]; got > tc.most {
					t.Errorf("%d bulk requests, want at most %d", got, tc.most)
				}
				require.LessOrEqual(t, requests[getIssue], tc.alone+5)
				for n, f := range all {
					require.NoError(t, f.Err)
					require.Empty(t, f.Issue.Missing)
					require.Nil(t, f.Issue.RemoteLinks)
					if n%10 == 7 {
						sameAsAlone(t, client, f.Issue)
					}
				}
			})
		})
	}
}

func failOnce(f jiratest.Fault) func(*jiratest.Server, []*jiratest.Issue) {
	f.Match = bulkFetch
	return func(srv *jiratest.Server, _ []*jiratest.Issue) { srv.Fail(f) }
}

func failAlways(f jiratest.Fault) func(*jiratest.Server, []*jiratest.Issue) {
	f.Match, f.Times = bulkFetch, -1
	return func(srv *jiratest.Server, _ []*jiratest.Issue) { srv.Fail(f) }
}

// An endpoint that is of no use is not asked again for an hour.
func TestIssuesRememberMissingEndpoints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		srv.Fill("A", 12, 1)
		ids := idsOf(t, clientOf(t, srv, srv.Main, fast))
		client := clientOf(t, srv, srv.Main, fast)
		srv.Fail(jiratest.Fault{Match: bulkFetch, Status: 404})
		for _, want := range []int{1, 1, 2} {
			fetchAll(t, client, ids, jira.IssuesOptions{})
			require.Equal(t, want, srv.Requests()[bulkFetch])
			time.Sleep(31 * time.Minute)
		}
	})
}

// A site that is down, or does not let us in, is not asked for every issue.
func TestIssuesOfASiteThatIsDown(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault jiratest.Fault
		want  error
		most  int
	}{
		"500":        {jiratest.Fault{Status: 500}, jira.ErrUnavailable, 60},
		"502 page":   {jiratest.Fault{Status: 502, HTML: true}, jira.ErrUnavailable, 60},
		"dropped":    {jiratest.Fault{Drop: true}, jira.ErrUnavailable, 60},
		"hanging":    {jiratest.Fault{Hang: true}, jira.ErrUnavailable, 60},
		"401":        {jiratest.Fault{Status: 401}, jira.ErrUnauthorized, 12},
		"anonymous":  {jiratest.Fault{Status: 200, Body: `{"issues":[]}`, Header: http.Header{"X-Seraph-Loginreason": {"AUTHENTICATED_FAILED"}}}, jira.ErrUnauthorized, 12},
		"long pause": {jiratest.QuotaLimited("", -1, 1800), jira.ErrRateLimited, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := simulated(t, jiratest.Options{})
				srv.Fill("A", 300, 1)
				client := clientOf(t, srv, srv.Main, fast)
				ids := idsOf(t, client)
				srv.ResetLog()
				tc.fault.Times = -1
				srv.Fail(tc.fault)
				for _, f := range fetchAll(t, client, ids, jira.IssuesOptions{}) {
					require.ErrorIs(t, f.Err, tc.want, f.Asked)
				}
				if got := len(srv.RequestLog()); got > tc.most {
					t.Errorf("%d requests, want at most %d", got, tc.most)
				}
			})
		})
	}
}

// While a site changes, each issue of the list has an outcome, and that of one
// read after its change is the new one.
func TestIssuesOfAChangingSite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{IndexLag: time.Minute})
		srv.AddProject("GOLD", "Gold")
		made := srv.Fill("A", 150, 1)
		client := clientOf(t, srv, srv.Main, fast)
		ids := idsOf(t, client)
		require.Len(t, ids, 150)
		next, late := 30, map[string]bool{}
		srv.Fail(jiratest.Fault{Match: bulkFetch, Times: -1, Do: func() {
			time.Sleep(time.Second)
			if next < 150 {
				made[next].Delete()
				made[next+1].Move("GOLD")
				made[next+2].Comment("late")
				late[made[next+2].ID()] = true
				made[next+3].Hide()
			}
			next += 30
		}})
		gone := 0
		for _, f := range fetchAll(t, client, ids, jira.IssuesOptions{BatchSize: 30, RemoteLinks: jira.RemoteLinksNever}) {
			if f.Err != nil {
				require.ErrorIs(t, f.Err, jira.ErrNotFound)
				gone++
				continue
			}
			now := srv.Issue(f.Asked).Key()
			require.Equal(t, now, f.Issue.Key)
			require.Equal(t, late[f.Asked], strings.Contains(string(f.Issue.JSON), `"text":"late"`), now)
		}
		deleted := 0
		for _, i := range made {
			if i.Deleted() {
				deleted++ // subtasks go with their parents
			}
		}
		require.LessOrEqual(t, gone, deleted+4)
		require.GreaterOrEqual(t, gone, 4)
	})
}

// The context ends it: what is left has its error. Leaving the loop ends it too.
func TestIssuesEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		srv.Fill("A", 60, 1)
		client := clientOf(t, srv, srv.Main, fast)
		ids := idsOf(t, client)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		for f := range client.Issues(ctx, ids, jira.IssuesOptions{BatchSize: 10, RemoteLinks: jira.RemoteLinksNever}) {
			if n++; n == 12 {
				cancel()
			}
			if n > 20 {
				require.ErrorIs(t, f.Err, context.Canceled)
				require.Nil(t, f.Issue)
			} else {
				require.NoError(t, f.Err)
			}
		}
		require.Equal(t, len(ids), n)
		require.Equal(t, 2, srv.Requests()[bulkFetch])
		for range client.Issues(t.Context(), ids, jira.IssuesOptions{RemoteLinks: jira.RemoteLinksNever}) {
			break
		}
		require.Equal(t, 3, srv.Requests()[bulkFetch])
	})
}

// Histories of many issues come with one request, if that request is any good.
func TestIssuesHistories(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options jiratest.Options
		fault   *jiratest.Fault
		bulk    int // requests for the histories of many
		single  int // for those of one, at most
	}{
		"served":             {bulk: 1},
		"page totals":        {options: jiratest.Options{PageTotals: true}, bulk: 1},
		"numbers as times":   {options: jiratest.Options{NumericChangeTimes: true}, bulk: 1, single: 4},
		"not there":          {fault: &jiratest.Fault{Status: 404}, bulk: 1, single: 4},
		"forbidden":          {fault: &jiratest.Fault{Status: 403}, bulk: 1, single: 4},
		"broken":             {fault: &jiratest.Fault{Status: 500}, bulk: 2, single: 4},
		"null":               {fault: &jiratest.Fault{Status: 200, Body: "null"}, bulk: 2, single: 4},
		"empty":              {fault: &jiratest.Fault{Status: 200, Body: `{"issueChangeLogs":[]}`}, bulk: 1, single: 4},
		"token in a circle":  {fault: &jiratest.Fault{Status: 200, Body: `{"issueChangeLogs":[],"nextPageToken":"x"}`}, bulk: 2, single: 4},
		"of another issue":   {fault: &jiratest.Fault{Status: 200, Body: `{"issueChangeLogs":[{"issueId":"1","changeHistories":[{"id":"1","created":"2026-01-01T00:00:00.000+0000"}]}]}`}, bulk: 1, single: 4},
		"without the oldest": {fault: &jiratest.Fault{Edit: withoutOldest}, bulk: 1, single: 4},
		"without time":       {fault: &jiratest.Fault{Status: 200, Body: `{"issueChangeLogs":[{"issueId":"1","changeHistories":[{"id":"1"}]}]}`}, bulk: 1, single: 4},
		"page totals, alone": {options: jiratest.Options{PageTotals: true}, fault: &jiratest.Fault{Status: 404}, bulk: 1, single: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := simulated(t, tc.options)
				var ids []string
				for _, edits := range []int{0, 39, 40, 41, 120} {
					i := srv.Create("A", jiratest.Fields{"summary": "x"})
					for n := range edits {
						i.SetField("summary", "x"+strconv.Itoa(n))
						time.Sleep(time.Second)
					}
					ids = append(ids, i.ID())
				}
				if tc.fault != nil {
					tc.fault.Match, tc.fault.Times = bulkChangelog, -1
					srv.Fail(*tc.fault)
				}
				client := clientOf(t, srv, srv.Main, fast)
				for _, f := range fetchAll(t, client, ids, jira.IssuesOptions{}) {
					require.NoError(t, f.Err)
					require.Empty(t, f.Issue.Missing)
					sameAsAlone(t, clientOf(t, srv, srv.Main, fast), f.Issue)
				}
				require.Equal(t, tc.bulk, srv.Requests()[bulkChangelog])
			})
		})
	}
}

// withoutOldest takes the first history of each issue out of a bulk answer.
func withoutOldest(body []byte) []byte {
	var page struct {
		Logs []struct {
			ID        string            `json:"issueId"`
			Histories []json.RawMessage `json:"changeHistories"`
		} `json:"issueChangeLogs"`
	}
	if json.Unmarshal(body, &page) != nil {
		return nil
	}
	for n := range page.Logs {
		page.Logs[n].Histories = page.Logs[n].Histories[1:]
	}
	body, _ = json.Marshal(page)
	return body
}

// Histories beyond a page of ten thousand are read to the end.
func TestIssuesHistoriesInPages(t *testing.T) {
	if testing.Short() {
		t.Skip("ten thousand histories")
	}
	t.Parallel()
	srv := simulated(t, jiratest.Options{})
	var ids []string
	for range 2 {
		i := srv.Create("A", jiratest.Fields{"summary": "x"})
		for n := range 5_100 {
			i.SetField("summary", "x"+strconv.Itoa(n))
		}
		ids = append(ids, i.ID())
	}
	for _, f := range fetchAll(t, clientOf(t, srv, srv.Main, fast), ids, jira.IssuesOptions{}) {
		require.NoError(t, f.Err)
		require.Empty(t, f.Issue.Missing)
		require.Equal(t, 5_100, strings.Count(string(f.Issue.JSON), `"fieldId":"summary"`))
	}
	require.Equal(t, 2, srv.Requests()[bulkChangelog])
	require.Zero(t, srv.Requests()[getIssue+"/changelog"])
}

// Remote links: read for all, where something hints at them, or for none; what
// is not read is unknown.
func TestIssuesRemoteLinks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		policy jira.RemoteLinks
		has    bool // known from before, for all
		broken bool // histories cannot be read
		want   string
	}{
		"always": {policy: jira.RemoteLinksAlways, want: "none:read linked:read app:read gone:read"},
		"hinted": {policy: jira.RemoteLinksHinted, want: "none:unknown linked:read app:unknown gone:read"},
		"known":  {policy: jira.RemoteLinksHinted, has: true, want: "none:read linked:read app:read gone:read"},
		"never":  {policy: jira.RemoteLinksNever, want: "none:unknown linked:unknown app:unknown gone:unknown"},
		"broken": {policy: jira.RemoteLinksHinted, broken: true, want: "none:unknown linked:read app:unknown gone:read long:read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := simulated(t, jiratest.Options{})
				names, ids := map[string]string{}, []string{}
				add := func(name string, i *jiratest.Issue) { names[i.ID()] = name; ids = append(ids, i.ID()) }
				add("none", srv.Create("A", jiratest.Fields{"summary": `an issue of "RemoteIssueLink"`}))
				linked := srv.Create("A", nil)
				linked.RemoteLink("https://example.com", "Page")
				add("linked", linked)
				app := srv.Create("A", nil)
				app.RemoteLinkByApp("https://example.com", "Page")
				add("app", app)
				gone := srv.Create("A", nil)
				gone.RemoveRemoteLink(gone.RemoteLink("https://example.com", "Page"))
				add("gone", gone)
				if tc.broken {
					long := srv.Create("A", nil)
					for n := range 50 {
						long.SetField("summary", strconv.Itoa(n))
					}
					add("long", long)
					srv.Fail(jiratest.Fault{Match: getIssue + "/changelog", Status: 403, Times: -1})
				}
				options := jira.IssuesOptions{RemoteLinks: tc.policy}
				if tc.has {
					options.HasRemoteLinks = func(string) bool { return true }
				}
				var got []string
				for _, f := range fetchAll(t, clientOf(t, srv, srv.Main, fast), ids, options) {
					require.NoError(t, f.Err)
					require.NotContains(t, f.Issue.Missing, jira.PartRemoteLinks)
					state := "read"
					if f.Issue.RemoteLinks == nil {
						state = "unknown"
					}
					got = append(got, names[f.Issue.ID]+":"+state)
					require.Equal(t, names[f.Issue.ID] == "linked" || names[f.Issue.ID] == "gone", f.Issue.RemoteLinksHinted)
				}
				require.Equal(t, tc.want, strings.Join(got, " "))
			})
		})
	}
}

// An hour of a site with every quirk: limits, a pause, a token that ends. What
// was not read says why, and a second client reads it.
func TestIssuesThroughEverything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{MaxBulkBytes: 1_000_000, PageTotals: true, OmitEmptyParts: true, IndexLag: 10 * time.Second})
		made := srv.Fill("A", 200, 1)
		made[100].BreakInBulk(500)
		srv.LimitBurst(5, 10)
		srv.ExpireTokenAt(srv.Main, time.Now().Add(12*time.Second))
		client := clientOf(t, srv, srv.Main, func(c *jira.Config) { c.Name = "JIRA_API_TOKEN" })
		ids := idsOf(t, client)
		srv.Pause(bulkFetch, 7*time.Second)
		var left []string
		for _, f := range fetchAll(t, client, ids, jira.IssuesOptions{RemoteLinks: jira.RemoteLinksHinted}) {
			switch {
			case errors.Is(f.Err, jira.ErrUnauthorized):
				left = append(left, f.Asked)
				require.ErrorContains(t, f.Err, "JIRA_API_TOKEN")
			case f.Err == nil && len(f.Issue.Missing) > 0:
				require.ErrorIs(t, f.Issue.Cause, jira.ErrUnauthorized)
				left = append(left, f.Asked)
			default:
				require.NoError(t, f.Err)
			}
		}
		require.NotEmpty(t, left)
		require.Less(t, len(left), len(ids))
		again := clientOf(t, srv, srv.RenewToken(srv.Main), nil)
		for _, f := range fetchAll(t, again, left, jira.IssuesOptions{RemoteLinks: jira.RemoteLinksNever}) {
			require.NoError(t, f.Err)
			require.Empty(t, f.Issue.Missing)
		}
		require.Zero(t, srv.Early(), fmt.Sprint(client.Stats()))
	})
}
