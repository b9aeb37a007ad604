package jira_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira"
)

// searchSite answers the pages in turn, and keeps the bodies it was sent.
type searchSite struct {
	pages []string // a status or a body
	sent  []string
}

func (s *searchSite) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	s.sent = append(s.sent, strings.TrimSpace(string(body)))
	page := s.pages[min(len(s.sent), len(s.pages))-1]
	if strings.HasPrefix(page, "%") { // a fresh token on every page
		page = strings.ReplaceAll(page[1:], "#", fmt.Sprint(len(s.sent)))
	}
	var status int
	if n, _ := fmt.Sscanf(page, "%d", &status); n == 1 {
		return reply(req, status, `{"errorMessages":["The provided next page token is invalid or expired."]}`), nil
	}
	return reply(req, http.StatusOK, page), nil
}

// Rows and reliability.md 2.J12: the token alone leads on, and a
// search that goes nowhere stops.
func TestSearch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		pages []string
		want  []string
		err   error
		sent  int
	}{
		{"nothing", []string{`{"issues":[],"isLast":true}`}, nil, nil, 1},
		{"one page", []string{`{"issues":[{"id":"1","key":"A-1"}],"isLast":true}`}, []string{"A-1"}, nil, 1},
		{"two pages", []string{`{"issues":[{"id":"1","key":"A-1"}],"isLast":false,"nextPageToken":"t1"}`, `{"issues":[{"id":"2","key":"A-2"}]}`}, []string{"A-1", "A-2"}, nil, 2},
		{"last page is empty", []string{`{"issues":[{"id":"1","key":"A-1"}],"nextPageToken":"t1"}`, `{"issues":[]}`}, []string{"A-1"}, nil, 2},
		{"isLast beside a token", []string{`{"issues":[{"id":"1","key":"A-1"}],"isLast":true,"nextPageToken":"t1"}`, `{"issues":[{"id":"2","key":"A-2"}],"isLast":true}`}, []string{"A-1", "A-2"}, nil, 2},
		{"an issue comes twice", []string{`{"issues":[{"id":"1","key":"A-1"}],"nextPageToken":"t1"}`, `{"issues":[{"id":"1","key":"A-1"}]}`}, []string{"A-1", "A-1"}, nil, 2},
		{"no key", []string{`{"issues":[{"id":"1"}]}`}, []string{""}, nil, 1},

		{"more but no token", []string{`{"issues":[{"id":"1","key":"A-1"}],"isLast":false}`}, nil, jira.ErrUnavailable, 1},
		{"same token twice", []string{`{"issues":[{"id":"1","key":"A-1"}],"nextPageToken":"t1"}`, `{"issues":[{"id":"2","key":"A-2"}],"nextPageToken":"t1"}`}, []string{"A-1"}, jira.ErrPageToken, 2},
		{"empty page with a token", []string{`{"issues":[],"isLast":false,"nextPageToken":"t1"}`}, nil, jira.ErrPageToken, 1},
		{"token refused", []string{`{"issues":[{"id":"1","key":"A-1"}],"nextPageToken":"t1"}`, "400"}, []string{"A-1"}, jira.ErrPageToken, 2},
		{"JQL refused", []string{"400"}, nil, jira.ErrRejected, 1},
		{"removed", []string{"410"}, nil, jira.ErrRejected, 1},
		{"fresh tokens for ever", []string{`%{"issues":[{"id":"1","key":"A-1"}],"nextPageToken":"t#"}`}, []string{"A-1", "A-1", "A-1"}, jira.ErrPageToken, 4},
		{"no list", []string{`{"issues":{}}`}, nil, jira.ErrUnavailable, 1},
		{"null issue", []string{`{"issues":[null]}`}, nil, jira.ErrUnavailable, 1},
		{"path as key", []string{`{"issues":[{"id":"1","key":"../x"}]}`}, nil, jira.ErrUnavailable, 1},
		{"no id", []string{`{"issues":[{"key":"A-1"}]}`}, nil, jira.ErrUnavailable, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			site := &searchSite{pages: tc.pages}
			client := newClient(t, site.RoundTrip, nil)
			var got []string
			var err error
			for hit, e := range client.Search(t.Context(), "project = A", jira.SearchOptions{}) {
				if err = e; e == nil {
					got = append(got, hit.Key)
				} else {
					require.Zero(t, hit)
				}
			}
			require.ErrorIs(t, err, tc.err)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("keys mismatch (-want +got):\n%s", diff)
			}
			require.Len(t, site.sent, tc.sent)
		})
	}
}

func TestSearchIsLazy(t *testing.T) {
	t.Parallel()
	site := &searchSite{pages: []string{`{"issues":[{"id":"1","key":"A-1"},{"id":"2","key":"A-2"}],"nextPageToken":"t1"}`}}
	client := newClient(t, site.RoundTrip, nil)
	search := client.Search(t.Context(), "project = A", jira.SearchOptions{})
	require.Empty(t, site.sent)
	for range 2 { // ranging again starts again
		for hit, err := range search {
			require.NoError(t, err)
			require.Equal(t, "A-1", hit.Key)
			break
		}
	}
	require.Len(t, site.sent, 2)
	require.Equal(t, site.sent[0], site.sent[1])
}

func TestSearchRequest(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		token   string
		options jira.SearchOptions
		want    string
	}{
		{"keys", "", jira.SearchOptions{}, `{"fields":["key"],"jql":"a < \"b\"","maxResults":5000}`},
		{"fields", "", jira.SearchOptions{Fields: []string{"summary", "status"}}, `{"fields":["summary","status"],"jql":"a < \"b\"","maxResults":100}`},
		{"all", "t", jira.SearchOptions{Fields: []string{"*all"}, Expand: []string{"changelog", "names"}, PageSize: 7, ReconcileIDs: []int64{3}},
			`{"expand":"changelog,names","fields":["*all"],"jql":"a < \"b\"","maxResults":7,"nextPageToken":"t","reconcileIssues":[3]}`},
	} {
		site := &searchSite{pages: []string{`{"issues":[]}`}}
		_, err := newClient(t, site.RoundTrip, nil).SearchPage(t.Context(), `a < "b"`, tc.token, tc.options)
		require.NoError(t, err)
		require.JSONEq(t, tc.want, site.sent[0], tc.name)
	}
}

// The bytes of a hit are Jira's.
func TestSearchKeepsBytes(t *testing.T) {
	t.Parallel()
	const issue = `{"id":"1","key":"A-1","fields":{"n":1.0,"s":"\u003c","x": [1 , 2]}}`
	site := &searchSite{pages: []string{`{"issues":[` + issue + `]}`}}
	page, err := newClient(t, site.RoundTrip, nil).SearchPage(t.Context(), "a = b", "", jira.SearchOptions{})
	require.NoError(t, err)
	require.Equal(t, issue, string(page.Hits[0].JSON))
}

func TestApproximateCount(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{`{"count":153}`: 153, `{"count":0}`: 0, `{}`: -1, `{"count":-1}`: -1, `null`: -1, `{"count":"7"}`: -1} {
		site := &searchSite{pages: []string{body}}
		got, err := newClient(t, site.RoundTrip, nil).ApproximateCount(t.Context(), "a = b")
		if want < 0 {
			require.ErrorIs(t, err, jira.ErrUnavailable, body)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.JSONEq(t, `{"jql":"a = b"}`, site.sent[0])
	}
}

func TestAttachmentIssue(t *testing.T) {
	t.Parallel()
	first := `{"issues":[{"id":"1","key":"A-1","fields":{"attachment":[{"id":"70"}]}},{"id":"2","key":"A-2","fields":{"attachment":null}},{"id":"3","key":"A-3"}],"nextPageToken":"t"}`
	last := `{"issues":[{"id":"4","key":"A-4","fields":{"attachment":[{"id":"7"},{"id":"71"}]}}]}`
	for id, want := range map[string]string{"70": "A-1", "71": "A-4", "7": "A-4", "700": ""} {
		hit, err := newClient(t, (&searchSite{pages: []string{first, last}}).RoundTrip, nil).AttachmentIssue(t.Context(), id)
		if want == "" {
			require.ErrorIs(t, err, jira.ErrNotFound)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want, hit.Key)
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"/rest/api/3/field": `[{"id":"customfield_10020","key":"customfield_10020","name":"Severity","untranslatedName":"Severity","custom":true,"clauseNames":["cf[10020]","Severity"],` +
			`"schema":{"type":"option","custom":"com.atlassian.jira.plugin.system.customfieldtypes:select","customId":10020},"scope":{"type":"PROJECT","project":{"id":"10000"}}},{"id":"thumbnail","name":"Images"}]`,
		"/rest/api/3/myself":     `{"accountId":"5b10","accountType":"atlassian","displayName":"Bot","active":true,"timeZone":"Etc/UTC"}`,
		"/rest/api/3/serverInfo": `{"baseUrl":"https://acme.example","version":"1001.0.0-SNAPSHOT","deploymentType":"Cloud","serverTitle":"Jira","serverTime":"2026-10-08T09:00:00.000+0000"}`,
	}
	client := newClient(t, func(req *http.Request) (*http.Response, error) { return reply(req, 200, bodies[req.URL.Path]), nil }, nil)
	fields, err := client.Fields(t.Context())
	require.NoError(t, err)
	for i, f := range fields {
		require.Contains(t, string(f.JSON), `"`+f.ID+`"`)
		fields[i].JSON = nil
	}
	want := jira.Field{ID: "customfield_10020", Name: "Severity", UntranslatedName: "Severity", Custom: true, ClauseNames: []string{"cf[10020]", "Severity"},
		Schema: jira.FieldSchema{Type: "option", Custom: "com.atlassian.jira.plugin.system.customfieldtypes:select"}}
	want.Scope.Type, want.Scope.Project.ID = "PROJECT", "10000"
	if diff := cmp.Diff([]jira.Field{want, {ID: "thumbnail", Name: "Images"}}, fields); diff != "" {
		t.Errorf("Fields mismatch (-want +got):\n%s", diff)
	}
	me, err := client.Myself(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Etc/UTC", me.TimeZone)
	info, err := client.ServerInfo(t.Context())
	require.NoError(t, err)
	require.Equal(t, 9, info.ServerTime.Hour())

	for path := range bodies { // whatever else comes is no answer
		for _, bad := range []string{`null`, `{}`, `[{}]`, `[null]`, `"x"`, ``} {
			bodies[path] = bad
			_, e1 := client.Fields(t.Context())
			_, e2 := client.Myself(t.Context())
			_, e3 := client.ServerInfo(t.Context())
			require.ErrorIs(t, errors.Join(e1, e2, e3), jira.ErrUnavailable, "%s: %s", path, bad)
		}
	}
}

func FuzzSearchPage(f *testing.F) {
	for _, seed := range []string{`{"issues":[{"id":"1","key":"A-1"}],"isLast":false,"nextPageToken":"t"}`, `{"issues":[]}`, `{}`, `[]`, `{"issues":[{"id":1}]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		client := newClient(t, func(req *http.Request) (*http.Response, error) { return reply(req, 200, body), nil }, nil)
		page, err := client.SearchPage(t.Context(), "a = b", "", jira.SearchOptions{})
		if err != nil {
			return
		}
		for _, hit := range page.Hits {
			if hit.ID == "" || !json.Valid(hit.JSON) {
				t.Errorf("%q: hit %+v", body, hit)
			}
		}
	})
}
