package jira_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
)

const bulkFetch = "POST /rest/api/3/issue/bulkfetch"

func TestFieldValuesOf(t *testing.T) {
	srv := simulated(t, jiratest.Options{})
	client := clientOf(t, srv, srv.Main, nil)
	var ask []string
	for n := range 250 {
		ask = append(ask, srv.Create("A", jiratest.Fields{"summary": fmt.Sprint(n)}).ID())
	}
	srv.Issue(ask[7]).Delete()
	ask = append(ask, "../secret", ask[0])

	got := map[string]jira.Values{}
	for v := range client.FieldValuesOf(t.Context(), ask, []string{"summary"}) {
		require.NotContains(t, got, v.Asked, "an issue comes once")
		require.False(t, v.StartedAt.IsZero())
		got[v.Asked] = v
	}
	require.Len(t, got, 251)
	require.ErrorIs(t, got[ask[7]].Err, jira.ErrNotFound)
	require.ErrorIs(t, got["../secret"].Err, jira.ErrInvalidID)
	for n := range 250 {
		if n == 7 {
			continue
		}
		v := got[ask[n]]
		require.NoError(t, v.Err)
		require.Equal(t, ask[n], v.ID)
		require.Contains(t, string(v.JSON), fmt.Sprintf(`"summary":"%d"`, n))
		require.NotContains(t, string(v.JSON), "created")
	}
	require.Equal(t, 3, srv.Requests()[bulkFetch])
}

// A batch that Jira cannot serve is halved, and costs no other issue.
func TestFieldValuesOfHalves(t *testing.T) {
	srv := simulated(t, jiratest.Options{})
	client := clientOf(t, srv, srv.Main, nil)
	var ask []string
	for range 10 {
		ask = append(ask, srv.Create("A", nil).ID())
	}
	srv.Fail(jiratest.Fault{Match: bulkFetch, Status: http.StatusRequestEntityTooLarge, Times: 2})
	for v := range client.FieldValuesOf(t.Context(), ask, []string{"summary"}) {
		require.NoError(t, v.Err)
	}
	require.Equal(t, 5, srv.Requests()[bulkFetch], "10 and 5 are too large; 2, 3 and 5 are not")

	srv.ExpireToken(srv.Main)
	for v := range client.FieldValuesOf(t.Context(), ask, []string{"summary"}) {
		require.ErrorIs(t, v.Err, jira.ErrUnauthorized, "an expired token finds nothing missing")
	}
}

// A site that is down is not asked for ever smaller pieces.
func TestFieldValuesOfASiteThatIsDown(t *testing.T) {
	srv := simulated(t, jiratest.Options{})
	client := clientOf(t, srv, srv.Main, func(c *jira.Config) { c.MaxAttempts = -1 })
	var ask []string
	for n := range 500 {
		ask = append(ask, fmt.Sprint(10000+n))
	}
	srv.Fail(jiratest.Fault{Match: bulkFetch, Times: -1, Status: http.StatusBadGateway})
	for v := range client.FieldValuesOf(t.Context(), ask, []string{"summary"}) {
		require.ErrorIs(t, v.Err, jira.ErrUnavailable)
	}
	require.Less(t, srv.Requests()[bulkFetch], 40)
}
