package jiratest_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault       jiratest.Fault
		status      int
		contentType string
		retryAfter  string
		body        string
	}{
		"default":         {jiratest.Fault{}, 500, "application/json;charset=UTF-8", "", "Internal Server Error"},
		"status":          {jiratest.Fault{Status: 502}, 502, "application/json;charset=UTF-8", "", "Bad Gateway"},
		"maintenance":     {jiratest.Fault{HTML: true}, 503, "text/html;charset=UTF-8", "", "<h1>"},
		"login page":      {jiratest.Fault{HTML: true, Status: 200}, 200, "text/html;charset=UTF-8", "", "<h1>"},
		"body":            {jiratest.Fault{Body: "null", Status: 200}, 200, "application/json;charset=UTF-8", "", "null"},
		"retry after":     {jiratest.Fault{RetryAfter: "7"}, 429, "application/json;charset=UTF-8", "7", ""},
		"odd retry after": {jiratest.Fault{RetryAfter: "soon", Status: 503}, 503, "application/json;charset=UTF-8", "soon", ""},
		"burst":           {jiratest.BurstLimited("", 1, 1), 429, "application/json;charset=UTF-8", "1", ""},
		"quota":           {jiratest.QuotaLimited("", 1, 1847), 429, "application/json;charset=UTF-8", "1847", ""},
		"gateway":         {jiratest.GatewayLimited("", 1), 429, "application/json;charset=UTF-8", "", ""},
		"content type":    {jiratest.Fault{Status: 200, Body: "x", Header: http.Header{"Content-Type": {"text/plain"}}}, 200, "text/plain", "", "x"},
		"edit": {jiratest.Fault{Edit: func(b []byte) []byte { return bytes.Replace(b, []byte("Cloud"), []byte("Server"), 1) }},
			200, "application/json;charset=UTF-8", "", `"Server"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newSite(t, jiratest.Options{})
			main := as(t, srv, srv.Main)
			srv.Fail(c.fault)
			got := main.get("/rest/api/3/serverInfo")
			require.Equal(t, []any{c.status, c.contentType, c.retryAfter},
				[]any{got.status, got.header.Get("Content-Type"), got.header.Get("Retry-After")})
			require.Contains(t, string(got.body), c.body)
			require.Equal(t, 200, main.get("/rest/api/3/serverInfo").status, "once is once")
			require.Equal(t, c.status, srv.RequestLog()[0].Status)
		})
	}
}

func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	for _, inProcess := range []bool{false, true} {
		srv := newSite(t, jiratest.Options{InProcess: inProcess})
		client := http.DefaultClient
		if inProcess {
			client = srv.Client()
		}
		srv.Fail(jiratest.Fault{Truncate: 20})
		resp, err := client.Get(srv.URL + "/rest/api/3/serverInfo")
		require.NoError(t, err)
		data, err := io.ReadAll(resp.Body)
		require.True(t, errors.Is(err, io.ErrUnexpectedEOF), "%v", err)
		require.Len(t, data, 20)
		_ = resp.Body.Close()

		srv.Fail(jiratest.Fault{Drop: true})
		_, err = client.Get(srv.URL + "/rest/api/3/serverInfo")
		require.Error(t, err)

		srv.Fail(jiratest.Fault{Drip: time.Microsecond})
		resp, err = client.Get(srv.URL + "/rest/api/3/serverInfo")
		require.NoError(t, err)
		data, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Len(t, data, int(resp.ContentLength))
		_ = resp.Body.Close()
	}
}

func TestFaultsChooseTheirRequests(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	srv.Create("SUPPORT", nil)
	srv.Create("SUPPORT", nil)
	main := as(t, srv, srv.Main)
	status := func(path string) int { return main.get(path).status }
	const first, second = "/rest/api/3/issue/SUPPORT-1", "/rest/api/3/issue/SUPPORT-2"

	undo := srv.Fail(jiratest.Fault{Match: "GET " + first, Times: -1})
	require.Equal(t, []int{500, 200, 500}, []int{status(first), status(second), status(first)})
	undo()
	require.Equal(t, 200, status(first))

	srv.Fail(jiratest.Fault{Match: "/rest/api/3/issue/*", Skip: 1, Times: 2})
	require.Equal(t, []int{200, 500, 500, 200}, []int{status(first), status(second), status(first), status(first)})
	srv.Fail(jiratest.Fault{Match: "GET /rest/api/3/issue/{issueIdOrKey}/comment", Times: -1})
	require.Equal(t, []int{500, 200}, []int{status(first + "/comment"), status(first)})
	srv.Fail(jiratest.Fault{Match: "POST " + first, Times: -1})
	require.Equal(t, 200, status(first))
	srv.ClearFaults()
	require.Equal(t, 200, status(first+"/comment"))
	noProblems(t, srv)
}

func TestBareFaultsHaveTheirHeaderOnly(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	srv.Fail(jiratest.Fault{Status: 429, RetryAfter: "3", Bare: true})
	got := as(t, srv, srv.Main).get("/rest/api/3/myself")
	require.Equal(t, "3", got.header.Get("Retry-After"))
	require.Empty(t, got.header.Get("X-Arequestid"))
	require.Empty(t, got.body)
}

func TestBurstLimit(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	srv := newSite(t, jiratest.Options{Now: func() time.Time { return clock }})
	main, agent := as(t, srv, srv.Main), as(t, srv, srv.Agent)
	srv.LimitBurst(2, 3)
	require.Equal(t, "2", main.get("/rest/api/3/myself").header.Get("X-Ratelimit-Remaining"))
	main.get("/rest/api/3/myself")
	require.Equal(t, 200, agent.get("/rest/api/3/myself").status)
	got := main.get("/rest/api/3/myself")
	require.Equal(t, []any{429, "1", "jira-burst-based", "3", "0"}, []any{got.status, got.header.Get("Retry-After"),
		got.header.Get("Ratelimit-Reason"), got.header.Get("X-Ratelimit-Limit"), got.header.Get("X-Ratelimit-Remaining")})
	require.Equal(t, 200, main.get("/rest/api/3/field").status, "each endpoint has its own bucket")
	clock = clock.Add(time.Second)
	require.Equal(t, 200, main.get("/rest/api/3/myself").status)
	srv.LimitBurst(0, 0)
	for range 5 {
		require.Equal(t, 200, main.get("/rest/api/3/myself").status)
	}
}
