package jiratest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

const info = "/rest/api/3/serverInfo"

// Each form in which a 429 names its end; who comes before it is counted.
func TestRetryForms(t *testing.T) {
	t.Parallel()
	for form, want := range map[jiratest.RetryForm]struct {
		after, reset string
		early        int
	}{
		jiratest.RetrySeconds: {"3", "2000-01-01T00:00:02Z", 2},
		jiratest.RetryDate:    {"Sat, 01 Jan 2000 00:00:03 GMT", "", 2},
		jiratest.RetryReset:   {"", "2000-01-01T00:00:03Z", 2},
		jiratest.RetryNothing: {"", "", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := newSite(t, jiratest.Options{InProcess: true})
			main := &caller{t: t, base: srv.URL, account: srv.Main, client: srv.Client()}
			srv.SetRetryForm(form)
			srv.Pause("GET "+info, 2500*time.Millisecond)
			got := main.get(info)
			require.Equal(t, http.StatusTooManyRequests, got.status)
			require.Equal(t, want.after, got.header.Get("Retry-After"))
			require.Equal(t, want.reset, got.header.Get("X-Ratelimit-Reset"))
			require.Zero(t, srv.Early())
			require.Equal(t, http.StatusOK, main.get("/rest/api/3/myself").status, "another endpoint")
			main.get(info) // of the same instant
			require.Zero(t, srv.Early())
			time.Sleep(time.Second)
			main.get(info)
			time.Sleep(time.Second)
			main.get(info)
			require.Equal(t, want.early, srv.Early())
			time.Sleep(time.Second)
			require.Equal(t, http.StatusOK, main.get(info).status)
		})
	}
}

// One account's bucket is not another's; the site's is everybody's.
func TestLimitAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newSite(t, jiratest.Options{InProcess: true})
		main := &caller{t: t, base: srv.URL, account: srv.Main, client: srv.Client()}
		agent := &caller{t: t, base: srv.URL, account: srv.Agent, client: srv.Client()}
		statuses := func() (list []int) {
			for range 3 {
				list = append(list, main.get(info).status, agent.get(info).status)
			}
			return list
		}
		srv.LimitAccount(srv.Main, 1, 2)
		require.Equal(t, []int{200, 200, 200, 200, 429, 200}, statuses())
		srv.LimitBurst(1, 4)
		time.Sleep(time.Minute)
		require.Equal(t, []int{200, 200, 200, 200, 429, 429}, statuses())
		time.Sleep(time.Second)
		require.Equal(t, 200, main.get(info).status)
	})
}

// A token ends by the site's clock.
func TestExpireTokenAt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newSite(t, jiratest.Options{InProcess: true})
		main := &caller{t: t, base: srv.URL, account: srv.Main, client: srv.Client()}
		srv.ExpireTokenAt(srv.Main, time.Now().Add(time.Hour))
		time.Sleep(time.Hour - time.Millisecond)
		require.Equal(t, http.StatusOK, main.get("/rest/api/3/myself").status)
		time.Sleep(time.Millisecond)
		require.Equal(t, http.StatusUnauthorized, main.get("/rest/api/3/myself").status)
		main.account = srv.RenewToken(srv.Main)
		require.Equal(t, http.StatusOK, main.get("/rest/api/3/myself").status)
	})
}

// What one issue, or too much of them, does to a bulk read.
func TestBulkFaults(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{InProcess: true, MaxBulkBytes: 20_000, PageTotals: true})
	main := &caller{t: t, base: srv.URL, account: srv.Main, client: srv.Client()}
	one, two := srv.Create("SUPPORT", nil), srv.Create("SUPPORT", nil)
	for range 41 {
		one.SetField("summary", time.Now().String())
	}
	bulk := func() answer {
		return main.post("/rest/api/3/issue/bulkfetch", object{"issueIdsOrKeys": []string{two.ID(), one.Key()}, "fields": []string{"summary"}, "expand": []string{"changelog"}})
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, bulk().status, "forty histories are more than 20 kB")
	one.BreakInBulk(200)
	got := main.object(bulk())
	require.Equal(t, []any{two.ID()}, column(got["issues"], "id"))
	require.Equal(t, []any{one.ID()}, column(got["issueErrors"], "id"))
	one.BreakInBulk(502)
	require.Equal(t, http.StatusBadGateway, bulk().status)
	alone := main.object(main.get("/rest/api/3/issue/"+one.ID(), "expand", "changelog", "fields", "summary"))
	require.EqualValues(t, 41, at(alone, "changelog", "total"))
	one.BreakInBulk(0)
	require.Equal(t, http.StatusRequestEntityTooLarge, bulk().status)
}

// A test can act between two requests.
func TestFaultDo(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{InProcess: true})
	main := &caller{t: t, base: srv.URL, account: srv.Main, client: srv.Client()}
	iss := srv.Create("SUPPORT", nil)
	srv.Fail(jiratest.Fault{Skip: 1, Do: iss.Delete})
	require.Equal(t, http.StatusOK, main.get("/rest/api/3/issue/"+iss.ID()).status)
	require.Equal(t, http.StatusNotFound, main.get("/rest/api/3/issue/"+iss.ID()).status)
	srv.Fail(jiratest.Fault{Status: 503, Do: func() { iss.Restore() }})
	require.Equal(t, http.StatusServiceUnavailable, main.get("/rest/api/3/issue/"+iss.ID()).status)
	require.Equal(t, http.StatusOK, main.get("/rest/api/3/issue/"+iss.ID()).status)
}
