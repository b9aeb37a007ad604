package jiratest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira/jiratest"
)

const loginReason = "X-Seraph-Loginreason"

func TestBadCredentialsBecomeAnonymous(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	srv.Create("SUPPORT", nil)
	wrong := srv.Main
	wrong.Token = "wrong"
	expired := srv.AddAccount("old@example.com", jiratest.AccountOptions{})
	srv.ExpireToken(expired)
	for name, account := range map[string]jiratest.Account{
		"wrong token": wrong, "unknown": {Email: "nobody@example.com", Token: "x"}, "expired": expired,
	} {
		c := as(t, srv, account)
		got := c.get("/rest/api/3/search/jql", "jql", "project = SUPPORT")
		require.JSONEq(t, `{"issues":[],"isLast":true}`, string(got.body), name)
		require.Equal(t, "AUTHENTICATED_FAILED", got.header.Get(loginReason), name)
		got = c.get("/rest/api/3/issue/SUPPORT-1")
		require.Equal(t, http.StatusNotFound, got.status, name)
		require.Equal(t, "AUTHENTICATED_FAILED", got.header.Get(loginReason), name)
		got = c.get("/rest/api/3/myself")
		require.Equal(t, http.StatusUnauthorized, got.status, name)
		require.Contains(t, string(got.body), "Client must be authenticated to access this resource.")
		require.Equal(t, http.StatusOK, c.get("/rest/api/3/serverInfo").status, "proves nothing about the token")
	}
	upper := srv.Main
	upper.Email = "JIRA-SYNC@example.com"
	require.Equal(t, http.StatusOK, as(t, srv, upper).get("/rest/api/3/myself").status, "case does not matter")
	noProblems(t, srv)
}

func TestMissingCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	nobody := as(t, srv, jiratest.Account{})
	require.Equal(t, http.StatusUnauthorized, nobody.get("/rest/api/3/myself").status)
	require.Len(t, srv.Problems(), 1)
	require.Equal(t, http.StatusOK, nobody.get("/_edge/tenant_info").status)
	require.Len(t, srv.Problems(), 1)
}

func TestGateway(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss := srv.Create("SUPPORT", nil)
	scoped := srv.AddAccount("service@example.com", jiratest.AccountOptions{Scoped: true})
	site, gateway := as(t, srv, scoped), as(t, srv, scoped)
	cloud := site.object(site.get("/_edge/tenant_info"))
	require.Equal(t, srv.CloudID, at(cloud, "cloudId"))
	gateway.base = srv.APIURL + "/ex/jira/" + srv.CloudID

	require.Equal(t, http.StatusUnauthorized, site.get("/rest/api/3/myself").status, "scoped tokens work at the gateway only")
	got := gateway.object(gateway.get("/rest/api/3/issue/" + iss.Key()))
	require.Equal(t, gateway.base+"/rest/api/3/issue/"+iss.ID(), at(got, "self"))

	gateway.account.Token = "wrong"
	require.Equal(t, http.StatusUnauthorized, gateway.get("/rest/api/3/issue/"+iss.Key()).status)
	noProblems(t, srv)
	got404 := gateway.get(srv.APIURL + "/ex/jira/00000000-0000-0000-0000-000000000000/rest/api/3/myself")
	require.Equal(t, http.StatusNotFound, got404.status)
	require.Equal(t, "FAILURE_CLIENT_TCS", got404.header.Get("X-Failure-Category"))
	require.Equal(t, []string{"error", "message", "path", "status", "timestamp"}, names(decode(t, got404)))
	require.Len(t, srv.Problems(), 1)
}

func TestBearersAreRefusedAtTheSite(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	c := as(t, srv, jiratest.Account{})
	c.header.Set("Authorization", "Bearer opaque")
	got := c.get("/rest/api/3/serverInfo")
	require.Equal(t, http.StatusForbidden, got.status)
	require.JSONEq(t, `{"error":"Failed to parse Connect Session Auth Token"}`, string(got.body))
}

func TestTokensAreRenewed(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	renewed := srv.RenewToken(srv.Main)
	require.Equal(t, http.StatusUnauthorized, as(t, srv, srv.Main).get("/rest/api/3/myself").status)
	require.Equal(t, http.StatusOK, as(t, srv, renewed).get("/rest/api/3/myself").status)
}

func TestOnlyAgentsSeeSLAs(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	iss := srv.Create("SUPPORT", nil)
	iss.SetSLA("customfield_10161", &jiratest.SLA{})
	value := func(a jiratest.Account) any {
		c := as(t, srv, a)
		return at(c.object(c.get("/rest/api/3/issue/"+iss.Key())), "fields", "customfield_10161")
	}
	require.Equal(t, []string{"errorMessage"}, names(value(srv.Main)))
	require.Equal(t, []string{"completedCycles", "id", "name", "slaDisplayFormat"}, names(value(srv.Agent)))
	path := "/rest/servicedeskapi/request/" + iss.Key() + "/sla"
	require.Equal(t, http.StatusForbidden, as(t, srv, srv.Main).get(path).status)
	require.Equal(t, http.StatusOK, as(t, srv, srv.Agent).get(path).status)
	noProblems(t, srv)
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	srv := newSite(t, jiratest.Options{})
	main, agent := as(t, srv, srv.Main), as(t, srv, srv.Agent)
	path := "/rest/api/3/mypermissions"
	may := func(c *caller, name string) any {
		return at(c.object(c.get(path, "permissions", "BROWSE_PROJECTS,SERVICEDESK_AGENT")), "permissions", name, "havePermission")
	}
	require.Equal(t, true, may(main, "BROWSE_PROJECTS"))
	require.Equal(t, false, may(main, "SERVICEDESK_AGENT"))
	require.Equal(t, true, may(agent, "SERVICEDESK_AGENT"))
	srv.Deny(srv.Main, "SUPPORT")
	require.Equal(t, false, may(main, "BROWSE_PROJECTS"))
	require.Equal(t, http.StatusNotFound, main.get(path, "permissions", "BROWSE_PROJECTS", "projectKey", "SUPPORT").status)
	require.Equal(t, http.StatusBadRequest, main.get(path).status)
	require.Equal(t, http.StatusBadRequest, main.get(path, "permissions", "FLY").status)
}
