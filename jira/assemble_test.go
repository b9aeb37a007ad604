package jira_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/rawjson"
	"github.com/jirasync/jirasync/jira"
)

// A site with lists of any length: whatever of a list comes with the issue and
// however long the pages are, the issue is the same to the byte.
func TestIssueDoesNotDependOnPath(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 21, 100, 131} {
		s := fakeSite{comments: elements(size, rng), worklogs: elements(size/3, rng), histories: elements(size, rng)}
		var want string
		for _, embed := range []int{size, 100, 20, 1, 0, -1} {
			for _, page := range []int{100, 7} {
				s.embed, s.page = embed, page
				issue, err := newClient(t, s.RoundTrip, nil).Issue(t.Context(), "A-1")
				require.NoError(t, err)
				require.Empty(t, issue.Missing)
				require.NoError(t, issue.Cause)
				got := canonical(t, issue.JSON)
				if want == "" {
					want = got
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%d elements, %d in the issue, pages of %d: mismatch (-want +got):\n%s", size, embed, page, diff)
				}
			}
		}
	}
}

// canonical sorts the members of an issue, which can come in another order
// when Jira left a list out, and keeps the elements as they are.
func canonical(t *testing.T, data []byte) string {
	t.Helper()
	var b strings.Builder
	o, err := rawjson.Parse(data)
	require.NoError(t, err)
	raw, _ := o.Get("fields")
	fields, err := rawjson.Parse(raw)
	require.NoError(t, err)
	for _, list := range []struct {
		in             rawjson.Object
		name, elements string
	}{{fields, "comment", "comments"}, {fields, "worklog", "worklogs"}, {o, "changelog", "histories"}} {
		raw, _ := list.in.Get(list.name)
		envelope, err := rawjson.Parse(raw)
		require.NoError(t, err)
		for _, name := range []string{"startAt", "maxResults", "total", list.elements} {
			raw, _ := envelope.Get(name)
			fmt.Fprintf(&b, "%s.%s %s\n", list.name, name, raw)
		}
	}
	return b.String()
}

// elements makes n elements, oldest first.
func elements(n int, rng *rand.Rand) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`{"id":"%d", "n":%d.0,"created":"2026-01-%02dT10:00:00.000+0000"}`, 10_000+i, rng.IntN(100), 1+i/20)
	}
	return list
}

type fakeSite struct {
	comments, worklogs, histories []string
	embed                         int // newest elements that come with the issue; -1 leaves the lists out
	page                          int // most elements of a page
}

func (s fakeSite) RoundTrip(req *http.Request) (*http.Response, error) {
	start, _ := strconv.Atoi(req.URL.Query().Get("startAt"))
	page := func(name string, all []string) (*http.Response, error) {
		some := all[min(start, len(all)):min(start+s.page, len(all))]
		return reply(req, 200, fmt.Sprintf(`{"startAt":%d,"maxResults":%d,"total":%d,"%s":[%s]}`, start, s.page, len(all), name, strings.Join(some, ","))), nil
	}
	switch req.URL.Path {
	case "/rest/api/3/issue/10001/comment":
		return page("comments", s.comments)
	case "/rest/api/3/issue/10001/worklog":
		return page("worklogs", s.worklogs)
	case "/rest/api/3/issue/10001/changelog":
		return page("values", s.histories)
	case "/rest/api/3/issue/10001/remotelink":
		return reply(req, 200, "[]"), nil
	}
	if s.embed < 0 {
		return reply(req, 200, `{"id":"10001","key":"A-1","fields":{"created":"2026-01-01T09:00:00.000+0100"}}`), nil
	}
	newest := func(all []string) (int, string) {
		some := slices.Clone(all[max(0, len(all)-s.embed):])
		slices.Reverse(some)
		return len(all), strings.Join(some, ",")
	}
	nc, c := newest(s.comments)
	nw, w := newest(s.worklogs)
	nh, h := newest(s.histories)
	return reply(req, 200, fmt.Sprintf(`{"id":"10001","key":"A-1","fields":{"created":"2026-01-01T09:00:00.000+0100",`+
		`"comment":{"total":%d,"comments":[%s]},"worklog":{"total":%d,"worklogs":[%s]}},"changelog":{"total":%d,"histories":[%s]}}`, nc, c, nw, w, nh, h)), nil
}

// Whatever the site answers, there is no panic, an issue is JSON with the id
// and key it claims, its unassembled fields are the answer's to the byte, and a
// part that is not missing is whole.
func FuzzIssue(f *testing.F) {
	f.Add(goodIssue, `{"comments":[],"total":0}`, `[]`)
	f.Add(strings.Replace(goodIssue, `"comment":{"comments":[],"total":0}`, `"comment":{"comments":[{"id":"1"}],"total":3}`, 1),
		`{"comments":[{"id":"2"},{"id":3}],"values":[],"worklogs":[],"total":3}`, `[{"id":1}]`)
	f.Add(`{"id":"10001","key":"A-1","fields":{"created":"2026-01-01T09:00:00.000+0100","x":[1 , 2]}}`, `{"comments":[{"id":"2"}],"values":[],"worklogs":[],"total":1}`, `{}`)
	f.Fuzz(func(t *testing.T, answer, page, links string) {
		client := newClient(t, func(req *http.Request) (*http.Response, error) {
			switch {
			case strings.HasSuffix(req.URL.Path, "/remotelink"):
				return reply(req, 200, links), nil
			case strings.Count(req.URL.Path, "/") > 5:
				return reply(req, 200, page), nil
			}
			return reply(req, 200, answer), nil
		}, nil)
		issue, err := client.Issue(t.Context(), "A-1")
		if err != nil {
			return
		}
		var head struct {
			ID        string                     `json:"id"`
			Key       string                     `json:"key"`
			Fields    map[string]json.RawMessage `json:"fields"`
			Changelog json.RawMessage            `json:"changelog"`
		}
		require.NoError(t, json.Unmarshal(issue.JSON, &head))
		want, err := rawjson.Parse([]byte(answer))
		require.NoError(t, err)
		raw, _ := want.Get("fields")
		fields, err := rawjson.Parse(raw)
		require.NoError(t, err)
		got, _ := rawjson.Parse(issue.JSON)
		raw, _ = got.Get("fields")
		after, err := rawjson.Parse(raw)
		require.NoError(t, err)
		for _, name := range fields.Names() {
			a, _ := fields.Get(name)
			b, ok := after.Get(name)
			if name != "comment" && name != "worklog" && (!ok || !bytes.Equal(a, b)) {
				t.Errorf("field %q was %s, is %s", name, a, b)
			}
		}
		if (issue.RemoteLinks == nil) != slices.Contains(issue.Missing, jira.PartRemoteLinks) {
			t.Errorf("links %s, missing %v", issue.RemoteLinks, issue.Missing)
		}
		if raw, _ := after.Get("comment"); !slices.Contains(issue.Missing, jira.PartComments) {
			var c struct {
				Total    int               `json:"total"`
				Comments []json.RawMessage `json:"comments"`
			}
			if err := json.Unmarshal(raw, &c); err != nil || c.Total != len(c.Comments) {
				t.Errorf("comments that are not missing: %s", raw)
			}
		}
	})
}

func BenchmarkIssue(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{10, 131} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			s := fakeSite{comments: elements(size, rng), worklogs: elements(size/3, rng), histories: elements(size, rng), embed: 100, page: 100}
			client := newClient(b, s.RoundTrip, nil)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Issue(b.Context(), "A-1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
