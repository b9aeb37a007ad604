package jira_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira"
)

// Gate G9 of reliability.md: the redirect shapes of its section 7. Every
// answer also sets a cookie, to see whether it comes back.
var redirectShapes = []struct {
	name      string
	locations []string // one a hop
	followed  int      // hops that an attachment may take
}{
	{"same host", []string{"https://acme.example/secure/1"}, 1},
	{"same host, other port", []string{"https://acme.example:8443/x?s=" + marked}, 0},
	{"same host, http", []string{"http://acme.example/x"}, 0},
	{"same host, http, port of https", []string{"http://acme.example:443/x"}, 0},
	{"child domain", []string{"https://media.acme.example/x"}, 0},
	{"grandchild domain", []string{"https://a.media.acme.example/x"}, 0},
	{"child domain, http", []string{"http://media.acme.example/x"}, 0},
	{"sibling domain", []string{"https://emca.example/x"}, 0},
	{"parent domain", []string{"https://example/x"}, 0},
	{"other host", []string{"https://evil.test/x?s=" + marked}, 0},
	{"loopback", []string{"https://127.0.0.1/x"}, 0},
	{"trailing dot", []string{"https://acme.example./x"}, 0},
	{"capitals", []string{"https://ACME.EXAMPLE/x"}, 1},
	{"media host", []string{"https://api.media.atlassian.com/x?token=" + marked}, 1},
	{"media host and back", []string{"https://api.media.atlassian.com/x?token=" + marked, "https://acme.example/y"}, 2},
	{"media host with a user part", []string{"https://me:" + marked + "@api.media.atlassian.com/x"}, 0},
	{"signed address, then a third host", []string{"https://api.media.atlassian.com/x?token=" + marked, "https://evil.test/x"}, 1},
	{"loop", strings.Split(strings.Repeat("https://acme.example/loop ", 20), " ")[:20], 5},
}

// redirector answers the first hops with redirects, then with a file, and
// keeps what it was sent.
type redirector struct {
	locations []string
	seen      []*http.Request
}

func (r *redirector) RoundTrip(req *http.Request) (*http.Response, error) {
	r.seen = append(r.seen, req.Clone(req.Context()))
	res := reply(req, http.StatusOK, "file")
	res.Header.Set("Content-Type", "application/octet-stream")
	res.Header.Set("Set-Cookie", "session="+marked+"; Domain=acme.example; Path=/")
	if hop := len(r.seen) - 1; hop < len(r.locations) {
		res.StatusCode = http.StatusSeeOther
		res.Header.Set("Location", r.locations[hop])
	}
	return res, nil
}

// leaks lists what a request carries that must not leave the site, and what
// must not be sent at all.
func leaks(req *http.Request) []string {
	var found []string
	onSite := req.URL.Scheme == "https" && strings.EqualFold(req.URL.Host, "acme.example")
	for _, name := range []string{"Authorization", "X-Api-Token"} {
		if req.Header.Get(name) != "" && !onSite {
			found = append(found, name)
		}
	}
	for _, name := range []string{"Cookie", "Referer"} {
		if req.Header.Get(name) != "" {
			found = append(found, name)
		}
	}
	return found
}

func TestRedirectsKeepCredentialsHome(t *testing.T) {
	t.Parallel()
	for _, shape := range redirectShapes {
		t.Run("attachment/"+shape.name, func(t *testing.T) {
			site := &redirector{locations: shape.locations}
			var log bytes.Buffer
			client := newClient(t, site.RoundTrip, func(c *jira.Config) { c.Logger = debugLogger(&log) })
			var file bytes.Buffer
			n, err := client.Attachment(t.Context(), "10001", &file)
			if followed := len(site.seen) - 1; followed != shape.followed {
				t.Errorf("followed %d hops, want %d", followed, shape.followed)
			}
			if whole := shape.followed == len(shape.locations); whole != (err == nil) || whole != (n == 4) || !whole && !errors.Is(err, jira.ErrRedirect) {
				t.Errorf("Attachment = %d, %v", n, err)
			}
			checkNoLeak(t, site, err, log.String())
		})
		t.Run("rest/"+shape.name, func(t *testing.T) {
			site := &redirector{locations: shape.locations}
			var log bytes.Buffer
			client := newClient(t, site.RoundTrip, func(c *jira.Config) { c.Logger = debugLogger(&log) })
			_, err := client.Issue(t.Context(), "A-1")
			if !errors.Is(err, jira.ErrRedirect) || len(site.seen) != 1 {
				t.Errorf("Issue = %v after %d requests, want ErrRedirect after one", err, len(site.seen))
			}
			checkNoLeak(t, site, err, log.String())
		})
	}
}

func checkNoLeak(t *testing.T, site *redirector, err error, log string) {
	t.Helper()
	for _, req := range site.seen {
		if found := leaks(req); len(found) > 0 {
			t.Errorf("%s got %v", req.URL.Host, found)
		}
	}
	basic := base64.StdEncoding.EncodeToString([]byte("bot@acme.example:" + marked))
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %q", err, err, err, err), log, prints(err)} {
		if reveals(text, marked) || reveals(text, basic) {
			t.Errorf("printed in clear: %s", text)
		}
	}
}

// The negative control: net/http's own following of redirects leaks on this
// rig, so the rig can fail.
func TestRedirectsOfTheDefaultClientLeak(t *testing.T) {
	t.Parallel()
	leaking := 0
	for _, shape := range redirectShapes {
		site := &redirector{locations: shape.locations}
		client := &http.Client{Transport: site}
		req, err := http.NewRequest(http.MethodGet, "https://acme.example/rest/api/3/attachment/content/10001?a="+marked, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Basic "+marked)
		req.Header.Set("X-Api-Token", marked)
		if res, err := client.Do(req); err == nil {
			_ = res.Body.Close()
		}
		for _, req := range site.seen {
			if len(leaks(req)) > 0 {
				leaking++
				break
			}
		}
	}
	if leaking < 6 {
		t.Errorf("the default client leaks in %d shapes, want at least 6: the rig sees nothing", leaking)
	}
}

// A call can only go to the configured origin, whatever the argument.
func TestArgumentsDoNotSteerRequests(t *testing.T) {
	t.Parallel()
	site := &redirector{}
	client := newClient(t, site.RoundTrip, nil)
	for _, id := range []string{
		"", "../../etc/passwd", "A-1/../B-2", "A-1?x=1", "A-1#", "A-1%2f..", "//evil.test/x", "https://evil.test", "A-1@evil", "a-1", "A-1\n",
		"-1", "1e3", "\u0661", "99999999999999999999", strings.Repeat("9", 1<<20),
	} {
		_, err := client.Issue(t.Context(), id)
		require.ErrorIs(t, err, jira.ErrInvalidID)
		_, err = client.FieldValues(t.Context(), id, []string{"summary"})
		require.ErrorIs(t, err, jira.ErrInvalidID)
		_, err = client.RemoteLinks(t.Context(), id)
		require.ErrorIs(t, err, jira.ErrInvalidID)
		_, err = client.Attachment(t.Context(), id, io.Discard)
		require.ErrorIs(t, err, jira.ErrInvalidID)
		_, err = client.AttachmentIssue(t.Context(), id)
		require.ErrorIs(t, err, jira.ErrInvalidID)
		if len(err.Error()) > 300 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	}
	if len(site.seen) != 0 {
		t.Errorf("%d requests were sent, first %s", len(site.seen), site.seen[0].URL)
	}
	_, err := client.FieldValues(t.Context(), "A-1", []string{"summary&expand=x", "a b/../c"})
	require.Error(t, err)
	require.Len(t, site.seen, 1)
	if got := site.seen[0].URL; got.Host != "acme.example" || got.Query().Get("fields") != "summary&expand=x,a b/../c" || len(got.Query()) != 1 {
		t.Errorf("request went to %s", got)
	}
}

// The last door: even a request that somebody built for another place gets no
// credentials, because it is not sent.
func TestCredentialsAreAddedForTheSiteAlone(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://acme.example/x": true, "https://ACME.example:443/x": true,
		"http://acme.example/x": false, "https://acme.example:8443/x": false, "https://a.acme.example/x": false, "https://evil.test/x": false,
	} {
		site := &redirector{}
		client := newClient(t, site.RoundTrip, nil)
		err := client.SendWithCredentials(address)
		if (err == nil) != want || (len(site.seen) == 1) != want {
			t.Errorf("%s: %v, %d requests sent, want %v", address, err, len(site.seen), want)
		}
	}
}

// Every request names this client and the account, and nothing else.
func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	site := &redirector{}
	client := newClient(t, site.RoundTrip, func(c *jira.Config) { c.BaseURL = "https://acme.example/ex/jira/7f3e/" })
	_, _ = client.Issue(t.Context(), "A-1")
	require.Len(t, site.seen, 1)
	req := site.seen[0]
	email, token, ok := req.BasicAuth()
	require.True(t, ok)
	require.Equal(t, "bot@acme.example", email)
	require.Equal(t, marked, token)
	require.Equal(t, "/ex/jira/7f3e/rest/api/3/issue/A-1", req.URL.Path)
	require.Equal(t, url.Values{"fields": {"*all"}, "expand": {"changelog"}}, req.URL.Query())
	require.Contains(t, req.UserAgent(), "jirasync")
	require.Equal(t, "application/json", req.Header.Get("Accept"))
}
