package jiratest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

// object is a decoded JSON object.
type object = map[string]any

// caller sends requests to a site as one account, over real HTTP.
type caller struct {
	t       *testing.T
	base    string
	account jiratest.Account
	client  *http.Client
	header  http.Header
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// newSite starts a site with the project SUPPORT; at the end nothing may have
// been recorded as a problem.
func newSite(t *testing.T, o jiratest.Options) *jiratest.Server {
	t.Helper()
	srv := jiratest.NewServerWith(o)
	t.Cleanup(srv.Close)
	srv.AddProject("SUPPORT", "Customer support")
	return srv
}

// as returns a caller for an account at the site host.
func as(t *testing.T, srv *jiratest.Server, account jiratest.Account) *caller {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &caller{t: t, base: srv.URL, account: account, client: client, header: http.Header{}}
}

// noProblems checks that the site had nothing to complain about.
func noProblems(t *testing.T, srv *jiratest.Server) {
	t.Helper()
	require.Empty(t, srv.Problems())
}

func (c *caller) send(method, path, body string) answer {
	c.t.Helper()
	target := path
	if !strings.HasPrefix(path, "http") {
		target = c.base + path
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(body))
	require.NoError(c.t, err)
	for name, values := range c.header {
		req.Header[name] = values
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.account.Email != "" {
		req.SetBasicAuth(c.account.Email, c.account.Token)
	}
	resp, err := c.client.Do(req)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	return answer{resp.StatusCode, resp.Header, data}
}

func (c *caller) get(path string, query ...string) answer {
	c.t.Helper()
	return c.send(http.MethodGet, path+queryString(query), "")
}

// post sends v as JSON.
func (c *caller) post(path string, v any) answer {
	c.t.Helper()
	body, err := json.Marshal(v)
	require.NoError(c.t, err)
	return c.send(http.MethodPost, path, string(body))
}

// queryString encodes names and values in turn.
func queryString(pairs []string) string {
	if len(pairs) == 0 {
		return ""
	}
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Add(pairs[i], pairs[i+1])
	}
	return "?" + q.Encode()
}

// object decodes a good answer.
func (c *caller) object(a answer) object {
	c.t.Helper()
	require.Equal(c.t, http.StatusOK, a.status, "%s", a.body)
	var o object
	require.NoError(c.t, json.Unmarshal(a.body, &o), "%s", a.body)
	return o
}

// at walks into decoded JSON: names for objects, numbers for arrays.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			o, _ := v.(object)
			v = o[p]
		case int:
			list, _ := v.([]any)
			if p < 0 || p >= len(list) {
				return nil
			}
			v = list[p]
		}
	}
	return v
}

// column takes one member of each object of a list.
func column(list any, name string) []any {
	items, _ := list.([]any)
	out := []any{}
	for _, item := range items {
		out = append(out, at(item, name))
	}
	return out
}

// names returns the sorted member names of an object.
func names(v any) []string {
	o, _ := v.(object)
	out := []string{}
	for name := range o {
		out = append(out, name)
	}
	sortStrings(out)
	return out
}

// raw is get for benchmarks.
func (c *caller) raw(b *testing.B, path string) []byte {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, c.base+path, nil)
	require.NoError(b, err)
	req.SetBasicAuth(c.account.Email, c.account.Token)
	resp, err := c.client.Do(req)
	require.NoError(b, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(b, err)
	require.Equal(b, http.StatusOK, resp.StatusCode)
	return data
}

// decode decodes an answer of any status.
func decode(t *testing.T, a answer) object {
	t.Helper()
	var o object
	require.NoError(t, json.Unmarshal(a.body, &o), "%s", a.body)
	return o
}
