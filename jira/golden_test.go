package jira_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/golden"
	"github.com/jirasync/jirasync/jira"
)

// roundTrip is a site made of one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func reply(req *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Request: req, ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {"application/json;charset=UTF-8"}},
		Body:   io.NopCloser(strings.NewReader(body)),
	}
}

// newClient returns a client of the site, which tries once unless edit says so.
func newClient(t testing.TB, site roundTrip, edit func(*jira.Config)) *jira.Client {
	t.Helper()
	config := jira.Config{
		BaseURL: "https://acme.example", Email: "bot@acme.example", Token: jira.NewSecret(marked),
		Transport: site, RateLimit: -1, MaxAttempts: -1,
	}
	if edit != nil {
		edit(&config)
	}
	client, err := jira.New(config)
	require.NoError(t, err)
	return client
}

// TestIssue puts issues together from the answers in an archive. A file
// "GET comment 2" is the answer to the page of comments from 2 on; its first
// line is its status unless that is 200. What no file answers is 404.
func TestIssue(t *testing.T) {
	t.Parallel()
	golden.Run(t, "testdata/issue/*.txtar", func(t *testing.T, c *golden.Case) {
		var asked []string
		used := map[string]int{}
		client := newClient(t, func(req *http.Request) (*http.Response, error) {
			path := strings.TrimPrefix(req.URL.Path, "/rest/api/3/issue/")
			_, part, _ := strings.Cut(path, "/")
			name := strings.TrimSpace(fmt.Sprintf("GET %s %s", part, req.URL.Query().Get("startAt")))
			asked = append(asked, name)
			used[name]++
			if again := fmt.Sprintf("%s, %d", name, used[name]); c.Has(again) {
				name = again
			}
			if !c.Has(name) {
				return reply(req, http.StatusNotFound, `{"errorMessages":[],"errors":{}}`), nil
			}
			body := string(c.Input(name))
			if status, err := strconv.Atoi(strings.TrimSpace(body)); err == nil {
				return reply(req, status, ""), nil
			}
			return reply(req, http.StatusOK, body), nil
		}, nil)
		issue, err := client.Issue(t.Context(), strings.TrimSpace(string(c.Input("issue"))))
		c.Want("requests", strings.Join(asked, "\n"))
		if err != nil {
			c.Want("error", err.Error())
			return
		}
		cause := ""
		if issue.Cause != nil {
			cause = issue.Cause.Error()
		}
		c.Want("missing", cause)
		require.Equal(t, cause != "", len(issue.Missing) > 0, "Missing and Cause must agree")
		c.Want("links", string(issue.RemoteLinks))
		if c.Has("json") {
			c.Want("json", string(issue.JSON))
		}
		c.Want("parts", parts(t, issue.JSON))
	})
}

// parts returns the members that are put together, a line each.
func parts(t *testing.T, issue []byte) string {
	t.Helper()
	var o struct {
		Changelog json.RawMessage
		Fields    struct{ Comment, Worklog json.RawMessage }
	}
	require.NoError(t, json.Unmarshal(issue, &o))
	return fmt.Sprintf("comment %s\nworklog %s\nchangelog %s\n", o.Fields.Comment, o.Fields.Worklog, o.Changelog)
}
