package jiratest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

func TestNewSiteIsValidAndEmpty(t *testing.T) {
	t.Parallel()
	srv := jiratest.NewServer()
	defer srv.Close()
	main := as(t, srv, srv.Main)
	require.Equal(t, srv.Main.Email, at(main.object(main.get("/rest/api/3/myself")), "emailAddress"))
	require.Equal(t, 0.0, at(main.object(main.get("/rest/api/3/project/search")), "total"))
	got := main.get("/rest/api/3/search/jql", "jql", "created >= -1d")
	require.JSONEq(t, `{"issues":[],"isLast":true}`, string(got.body))
	require.Equal(t, 0, srv.Queued())
	noProblems(t, srv)
	srv.Close()
	srv.Close() // twice is fine
}

func TestInProcessAndLoopbackAnswerAlike(t *testing.T) {
	t.Parallel()
	clock := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	options := jiratest.Options{Now: func() time.Time { return clock }, Seed: 7}
	var bodies []string
	for _, inProcess := range []bool{true, false} {
		options.InProcess = inProcess
		srv := newSite(t, options)
		srv.Fill("SUPPORT", 12, 3)
		main := as(t, srv, srv.Main)
		if inProcess {
			main.client = srv.Client()
		}
		got := main.get("/rest/api/3/search/jql", "jql", "project = SUPPORT", "fields", "*all", "expand", "changelog")
		require.Equal(t, http.StatusOK, got.status)
		bodies = append(bodies, strings.NewReplacer(srv.URL, "SITE", srv.MediaURL, "MEDIA").Replace(string(got.body)))
	}
	if diff := cmp.Diff(bodies[0], bodies[1]); diff != "" {
		t.Errorf("equal seeds gave different sites (-in process +loopback):\n%s", diff)
	}
}

func TestTransportKnowsItsHostsOnly(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{InProcess: true})
	_, err := srv.Client().Get("https://elsewhere.test/")
	require.Error(t, err)
	require.Len(t, srv.Problems(), 1)
}

func TestHangingAnswersEndWithTheCallerInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := jiratest.NewServerWith(jiratest.Options{InProcess: true})
		defer srv.Close()
		srv.Fail(jiratest.Fault{Match: "GET /rest/api/3/serverInfo", Hang: true})
		client := srv.Client()
		client.Timeout = time.Minute
		began := time.Now()
		_, err := client.Get(srv.URL + "/rest/api/3/serverInfo")
		var timeout interface{ Timeout() bool }
		require.ErrorAs(t, err, &timeout)
		require.True(t, timeout.Timeout())
		require.Equal(t, time.Minute, time.Since(began))
	})
}

func TestCloseEndsHangingAnswers(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	srv.Fail(jiratest.Fault{Hang: true})
	done := make(chan error)
	go func() {
		_, err := http.Get(srv.URL + "/rest/api/3/serverInfo")
		done <- err
	}()
	for srv.MaxConcurrent() == 0 {
		time.Sleep(time.Millisecond) // until the request is in hand
	}
	srv.Close()
	require.Error(t, <-done)
}

func TestSlowBodiesBreakWithTheContextInProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := jiratest.NewServerWith(jiratest.Options{InProcess: true})
		defer srv.Close()
		srv.Fail(jiratest.Fault{Drip: time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), 10500*time.Millisecond)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/rest/api/3/serverInfo", nil)
		require.NoError(t, err)
		resp, err := srv.Client().Do(req)
		require.NoError(t, err)
		data, err := io.ReadAll(resp.Body)
		require.True(t, errors.Is(err, context.DeadlineExceeded), "%v", err)
		require.Len(t, data, 11)
		_ = resp.Body.Close()
	})
}

func TestRequestsAreCountedByEndpoint(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss := srv.Create("SUPPORT", nil)
	main := as(t, srv, srv.Main)
	main.get("/rest/api/3/issue/" + iss.Key())
	main.get("/rest/api/3/issue/" + iss.ID())
	main.base = srv.APIURL + "/ex/jira/" + srv.CloudID
	main.get("/rest/api/3/issue/"+iss.ID(), "fields", "summary")
	require.Equal(t, map[string]int{"GET /rest/api/3/issue/{issueIdOrKey}": 3}, srv.Requests())
	last := srv.RequestLog()[2]
	last.Time = time.Time{}
	require.Equal(t, jiratest.Request{
		Method: "GET", Host: "gateway", Path: "/rest/api/3/issue/10000", Query: "fields=summary",
		Endpoint: "GET /rest/api/3/issue/{issueIdOrKey}", Account: srv.Main.Email, Status: 200,
	}, last)
	srv.ResetLog()
	require.Empty(t, srv.Requests())
	noProblems(t, srv)
}

func TestRefusedRequestsAreProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path, body string
		status             int
	}{
		"unknown path":      {"GET", "/rest/api/3/issue/SUPPORT-1/no-such-thing", "", 404},
		"unknown method":    {"GET", "/rest/api/3/search/approximate-count", "", 405},
		"unknown parameter": {"GET", "/rest/api/3/myself?colour=red", "", 400},
		"malformed query":   {"GET", "/rest/api/3/myself?expand=%zz", "", 400},
		"unknown member":    {"POST", "/rest/api/3/search/jql", `{"jql":"project = SUPPORT","colour":1}`, 400},
		"wrong type":        {"POST", "/rest/api/3/search/jql", `{"jql":7}`, 400},
		"no JSON":           {"POST", "/rest/api/3/search/jql", `jql`, 400},
		"unknown expand":    {"GET", "/rest/api/3/issue/SUPPORT-1?expand=comments", "", 200},
		"removed search":    {"GET", "/rest/api/3/search?jql=project%20=%20SUPPORT", "", 410},
		"unknown agile API": {"GET", "/rest/agile/1.0/board", "", 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newSite(t, jiratest.Options{})
			srv.Create("SUPPORT", nil)
			got := as(t, srv, srv.Main).send(c.method, c.path, c.body)
			require.Equal(t, c.status, got.status, "%s", got.body)
			require.Len(t, srv.Problems(), 1)
		})
	}
}

func TestErrorBodiesAreThoseOfTheService(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	srv.Create("SUPPORT", nil)
	main := as(t, srv, srv.Main)
	for _, c := range []struct {
		got         answer
		contentType string
		body        string
	}{
		{main.get("/rest/api/3/issue/NOPE-999999"), "application/json;charset=UTF-8",
			`{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`},
		{main.get("/rest/api/3/issue/SUPPORT-1/comment?maxResults=x"), "application/problem+json;charset=UTF-8",
			`{"type":"about:blank","title":"Bad Request","status":400,"detail":"Failed to convert 'maxResults' with value: 'x'","instance":"/rest/api/3/issue/SUPPORT-1/comment"}`},
		{main.get("/rest/api/3/issue/SUPPORT-1/no-such-thing"), "application/problem+json;charset=UTF-8",
			`{"type":"about:blank","title":"Not Found","status":404,"detail":"No endpoint GET /rest/api/3/issue/SUPPORT-1/no-such-thing.","instance":"/rest/api/3/issue/SUPPORT-1/no-such-thing"}`},
		{main.send("POST", "/rest/api/3/search/jql", `{"jql":"project = SUPPORT","colour":1}`), "application/json;charset=UTF-8",
			`{"errorMessages":["Invalid request payload. Refer to the REST API documentation and try again."]}`},
		{main.get("/rest/api/3/search"), "application/json;charset=UTF-8",
			`{"errorMessages":["The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"],"errors":{}}`},
	} {
		require.Equal(t, c.contentType, c.got.header.Get("Content-Type"))
		require.JSONEq(t, c.body, string(c.got.body))
		for _, name := range []string{"X-Arequestid", "Atl-Traceid", "Atl-Request-Id", "X-Ratelimit-Limit"} {
			require.NotEmpty(t, c.got.header.Get(name), name)
		}
	}
}
