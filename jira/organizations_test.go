package jira_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
)

const organizationsEndpoint = "GET /rest/servicedeskapi/organization"

// withOrganizations is a site with n organizations, and a client of an agent.
func withOrganizations(t *testing.T, n int) (*jiratest.Server, *jira.Client) {
	t.Helper()
	srv := simulated(t, jiratest.Options{})
	for i := range n {
		srv.AddOrganization(fmt.Sprintf("Organization %d", i))
	}
	return srv, clientOf(t, srv, srv.AddAccount("org@example.org", jiratest.AccountOptions{Agent: true}), func(c *jira.Config) { c.MaxAttempts = -1 })
}

// organizations returns the names, up to the error.
func organizations(t *testing.T, client *jira.Client) (names []string, err error) {
	t.Helper()
	for o, err := range client.Organizations(t.Context()) {
		if err != nil {
			require.Zero(t, o)
			return names, err
		}
		require.Contains(t, string(o.JSON), o.ID)
		names = append(names, o.Name)
	}
	return names, nil
}

func TestOrganizations(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 49, 50, 51, 120} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			srv, client := withOrganizations(t, n)
			names, err := organizations(t, client)
			require.NoError(t, err)
			require.Len(t, names, n)
			require.Equal(t, max(1, (n+49)/50), srv.Requests()[organizationsEndpoint])
		})
	}
	srv, client := withOrganizations(t, 120)
	for range client.Organizations(t.Context()) {
		break
	}
	require.Equal(t, 1, srv.Requests()[organizationsEndpoint], "leaving the loop ends it")
}

// A site without a service desk is told from one that does not answer, and
// from an enumeration that breaks off.
func TestOrganizationsFaults(t *testing.T) {
	t.Parallel()
	const cut = `{"start":50,"size":0,"isLastPage":false,"values":[]}`
	for _, tc := range []struct {
		name  string
		fault jiratest.Fault
		want  error
		got   int // organizations before the error
	}{
		{"no service desk", jiratest.Fault{Status: http.StatusNotFound}, jira.ErrNoServiceDesk, 0},
		{"no access", jiratest.Fault{Status: http.StatusForbidden}, jira.ErrNoServiceDesk, 0},
		{"404 of the edge", jiratest.Fault{Status: http.StatusNotFound, HTML: true}, jira.ErrUnavailable, 0},
		{"lost on the way", jiratest.Fault{Skip: 1, Status: http.StatusNotFound}, jira.ErrNotFound, 50},
		{"outage", jiratest.Fault{Status: http.StatusInternalServerError}, jira.ErrUnavailable, 0},
		{"outage on the way", jiratest.Fault{Skip: 1, Status: http.StatusInternalServerError}, jira.ErrUnavailable, 50},
		{"empty page", jiratest.Fault{Skip: 1, Status: http.StatusOK, Body: cut}, jira.ErrMalformed, 50},
		{"null", jiratest.Fault{Status: http.StatusOK, Body: `null`}, jira.ErrUnavailable, 0},
		{"a page of HTML", jiratest.Fault{Status: http.StatusOK, HTML: true}, jira.ErrUnavailable, 0},
		{"no values", jiratest.Fault{Status: http.StatusOK, Body: `{"isLastPage":true}`}, jira.ErrUnavailable, 0},
		{"no end", jiratest.Fault{Status: http.StatusOK, Body: `{"values":[]}`}, jira.ErrUnavailable, 0},
		{"no id", jiratest.Fault{Status: http.StatusOK, Body: `{"isLastPage":true,"values":[{"name":"x"}]}`}, jira.ErrUnavailable, 0},
		{"no object", jiratest.Fault{Status: http.StatusOK, Body: `{"isLastPage":true,"values":["x"]}`}, jira.ErrUnavailable, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			srv, client := withOrganizations(t, 120)
			tc.fault.Match = organizationsEndpoint
			srv.Fail(tc.fault)
			names, err := organizations(t, client)
			require.ErrorIs(t, err, tc.want)
			require.Len(t, names, tc.got)
		})
	}
}

// Lesson 146: offset paging serves one twice when another is made meanwhile;
// and an endpoint that ignores the offset would go on for ever.
func TestLesson146OffsetPagingServesOneTwice(t *testing.T) {
	t.Parallel()
	srv, client := withOrganizations(t, 0)
	page := func(start, n int, last bool) jiratest.Fault {
		body := fmt.Sprintf(`{"isLastPage":%t,"values":[`, last)
		for i := range n {
			if i > 0 {
				body += ","
			}
			body += fmt.Sprintf(`{"id":"%d","name":"n%[1]d"}`, start+i)
		}
		return jiratest.Fault{Match: organizationsEndpoint, Status: http.StatusOK, Body: body + "]}"}
	}
	srv.Fail(page(0, 20, false)) // fewer than were asked for
	srv.Fail(page(19, 20, false))
	srv.Fail(page(38, 3, true))
	names, err := organizations(t, client)
	require.NoError(t, err)
	require.Len(t, names, 41)
	var starts []string
	for _, r := range srv.RequestLog() {
		starts = append(starts, r.Query)
	}
	require.Equal(t, []string{"limit=50&start=0", "limit=50&start=20", "limit=50&start=40"}, starts)

	endless := page(0, 50, false)
	endless.Times = -1
	srv.Fail(endless)
	names, err = organizations(t, client)
	require.ErrorIs(t, err, jira.ErrMalformed)
	require.Len(t, names, 50)
}

// Each field comes with Jira's own bytes.
func TestFieldsKeepJirasBytes(t *testing.T) {
	t.Parallel()
	srv := simulated(t, jiratest.Options{})
	client := clientOf(t, srv, srv.Main, nil)
	fields, err := client.Fields(t.Context())
	require.NoError(t, err)
	for _, f := range fields {
		require.Contains(t, string(f.JSON), `"`+f.ID+`"`)
	}
	for _, body := range []string{`[null]`, `[{}]`, `null`, `{}`, `[{"id":"a"},{"name":"b"}]`} {
		srv.Fail(jiratest.Fault{Match: "GET /rest/api/3/field", Times: -1, Status: http.StatusOK, Body: body})
		_, err = clientOf(t, srv, srv.Main, func(c *jira.Config) { c.MaxAttempts = -1 }).Fields(t.Context())
		require.ErrorIs(t, err, jira.ErrUnavailable, body)
		srv.ClearFaults()
	}
}
