package jira_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
)

const getIssue = "GET /rest/api/3/issue/{issueIdOrKey}"

// simulated returns a site in process. Its problems fail the test.
func simulated(t *testing.T, options jiratest.Options) *jiratest.Server {
	t.Helper()
	options.InProcess = true
	srv := jiratest.NewServerWith(options)
	t.Cleanup(func() {
		srv.Close()
		if problems := srv.Problems(); len(problems) > 0 {
			t.Errorf("the client did what Jira would not take:\n%s", strings.Join(problems, "\n"))
		}
	})
	srv.AddProject("A", "Alpha")
	return srv
}

func clientOf(t *testing.T, srv *jiratest.Server, account jiratest.Account, edit func(*jira.Config)) *jira.Client {
	t.Helper()
	media, err := url.Parse(srv.MediaURL)
	require.NoError(t, err)
	config := jira.Config{
		BaseURL: srv.URL, Email: account.Email, Token: jira.NewSecret(account.Token),
		Transport: srv.Transport(), MediaHosts: []string{media.Host},
	}
	if edit != nil {
		edit(&config)
	}
	client, err := jira.New(config)
	require.NoError(t, err)
	return client
}

// counts returns how many elements the parts of an issue have, and checks that
// they are oldest first, different, and as many as they say.
func counts(t *testing.T, issue *jira.Issue) map[string]int {
	t.Helper()
	type element struct{ ID, Created string }
	type envelope struct {
		StartAt, MaxResults, Total    int
		Comments, Worklogs, Histories []element
	}
	var o struct {
		Changelog envelope
		Fields    struct{ Comment, Worklog envelope }
	}
	require.NoError(t, json.Unmarshal(issue.JSON, &o))
	var links []json.RawMessage
	require.NoError(t, json.Unmarshal(issue.RemoteLinks, &links))
	found := map[string]int{"links": len(links)}
	for name, list := range map[string]struct {
		envelope
		elements []element
	}{
		"comments":  {o.Fields.Comment, o.Fields.Comment.Comments},
		"worklogs":  {o.Fields.Worklog, o.Fields.Worklog.Worklogs},
		"histories": {o.Changelog, o.Changelog.Histories},
	} {
		seen := map[string]bool{}
		last := ""
		for _, e := range list.elements {
			at, err := time.Parse("2006-01-02T15:04:05.000-0700", e.Created)
			require.NoError(t, err)
			if now := at.UTC().Format(time.RFC3339Nano); now < last {
				t.Errorf("%s: %s comes after %s", name, now, last)
			} else {
				last = now
			}
			if seen[e.ID] {
				t.Errorf("%s: %s comes twice", name, e.ID)
			}
			seen[e.ID] = true
		}
		n := len(list.elements)
		if list.StartAt != 0 || list.Total != n || list.MaxResults != n {
			t.Errorf("%s: %d elements, envelope %+v", name, n, list.envelope)
		}
		found[name] = n
	}
	return found
}

// busyIssue has more of everything than GET issue shows.
func busyIssue(srv *jiratest.Server, comments, worklogs, edits int) *jiratest.Issue {
	iss := srv.Create("A", jiratest.Fields{"summary": "busy"})
	for n := range comments {
		iss.Comment(fmt.Sprintf("comment %d", n))
	}
	for range worklogs {
		iss.Worklog(time.Minute, "work")
	}
	for n := range edits {
		iss.Edit(jiratest.Fields{"summary": fmt.Sprintf("summary %d", n)})
	}
	iss.RemoteLink("https://example.com/?a=1&b=<2>", "page")
	return iss
}

// Lesson 84 and finding 1 of reference 7.1: an issue is fetched whole, with the
// fewest requests that can do it, through the site and through the gateway.
func TestSimulatedIssueIsWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		iss := busyIssue(srv, 131, 45, 372)
		for base, idOrKey := range map[string]string{srv.URL: iss.Key(), srv.APIURL + "/ex/jira/" + srv.CloudID: iss.ID()} {
			client := clientOf(t, srv, srv.Main, func(c *jira.Config) { c.BaseURL = base })
			require.Empty(t, srv.Problems())
			srv.ResetLog()
			got, err := client.Issue(t.Context(), idOrKey)
			require.NoError(t, err)
			require.Empty(t, got.Missing)
			require.Equal(t, iss.ID(), got.ID)
			require.Equal(t, iss.Key(), got.Key)
			want := map[string]int{"comments": 131, "worklogs": 45, "histories": 418, "links": 1}
			if diff := cmp.Diff(want, counts(t, got)); diff != "" {
				t.Errorf("%s of %s: counts mismatch (-want +got):\n%s", idOrKey, base, diff)
			}
			wantRequests := map[string]int{getIssue: 1, getIssue + "/comment": 1, getIssue + "/worklog": 1, getIssue + "/changelog": 4, getIssue + "/remotelink": 1}
			if diff := cmp.Diff(wantRequests, srv.Requests()); diff != "" {
				t.Errorf("requests mismatch (-want +got):\n%s", diff)
			}
		}
	})
}

// Some sites leave comment and worklog out of issues that have none.
func TestSimulatedIssueWithoutParts(t *testing.T) {
	t.Parallel()
	for _, omit := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			srv := simulated(t, jiratest.Options{OmitEmptyParts: omit})
			iss := srv.Create("A", jiratest.Fields{"summary": "bare"})
			got, err := clientOf(t, srv, srv.Main, nil).Issue(t.Context(), iss.Key())
			require.NoError(t, err)
			require.Empty(t, got.Missing)
			require.Equal(t, "[]", string(got.RemoteLinks))
			found := counts(t, got)
			require.Zero(t, found["comments"]+found["worklogs"]+found["links"])
		})
	}
}

// Whatever fails of a part, the issue is there and says what is missing
// (lessons 39 to 42, 87, 100, 209).
func TestSimulatedMissingParts(t *testing.T) {
	t.Parallel()
	broken := map[string]jiratest.Fault{
		"500": {Status: 500}, "503": {Status: 503}, "403": {Status: 403}, "404": {Status: 404}, "401": {Status: 401}, "413": {Status: 413},
		"page": {Status: 200, HTML: true}, "429": jiratest.GatewayLimited("", 0), "cut": {Truncate: 20}, "dropped": {Drop: true}, "empty": {Status: 200, Body: "{}"},
		"null": {Status: 200, Body: "null"},
	}
	for _, tc := range []struct {
		path                      string
		part                      jira.Part
		comments, worklogs, edits int // only that part is cut
	}{
		{"comment", jira.PartComments, 101, 0, 0}, {"worklog", jira.PartWorklogs, 0, 21, 0},
		{"changelog", jira.PartChangelog, 0, 0, 101}, {"remotelink", jira.PartRemoteLinks, 0, 0, 0},
	} {
		t.Run(tc.path, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := simulated(t, jiratest.Options{})
				iss := busyIssue(srv, tc.comments, tc.worklogs, tc.edits)
				for name, fault := range broken {
					fault.Match, fault.Times = getIssue+"/"+tc.path, -1
					undo := srv.Fail(fault)
					var log bytes.Buffer
					client := clientOf(t, srv, srv.Main, func(c *jira.Config) { c.MaxAttempts, c.Logger = 2, debugLogger(&log) })
					got, err := client.Issue(t.Context(), iss.Key())
					undo()
					require.NoError(t, err, name)
					require.Equal(t, []jira.Part{tc.part}, got.Missing, name)
					require.Error(t, got.Cause, name)
					require.Equal(t, tc.part == jira.PartRemoteLinks, got.RemoteLinks == nil, name)
					require.Contains(t, log.String(), "part of an issue unread", name)
				}
			})
		})
	}
}

// A fault that passes leaves no trace in the result.
func TestSimulatedFaultsThatPass(t *testing.T) {
	t.Parallel()
	faults := map[string]jiratest.Fault{
		"500": {Status: 500}, "503 with a page": {Status: 503, HTML: true}, "page": {Status: 200, HTML: true},
		"burst": jiratest.BurstLimited("", 2, 1), "quota": jiratest.QuotaLimited("", 1, 240), "gateway": jiratest.GatewayLimited("", 3),
		"date": {RetryAfter: "Sat, 01 Jan 2000 00:02:00 GMT"}, "nonsense": {RetryAfter: "soon"},
		"cut": {Truncate: 30}, "dropped": {Drop: true}, "hanging": {Hang: true}, "dripping": {Drip: 100 * time.Millisecond},
		"null": {Status: 200, Body: "null"}, "list": {Status: 200, Body: "[]"},
	}
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		iss := busyIssue(srv, 3, 3, 3)
		for name, fault := range faults {
			undo := srv.Fail(fault)
			started := time.Now()
			got, err := clientOf(t, srv, srv.Main, nil).Issue(t.Context(), iss.Key())
			undo()
			require.NoError(t, err, name)
			require.Empty(t, got.Missing, name)
			require.Equal(t, 3, counts(t, got)["comments"], name)
			if took := time.Since(started); took > 5*time.Minute {
				t.Errorf("%s: it took %v", name, took)
			}
		}
	})
}

// Rows: a bad login answers 200 as to an anonymous visitor; every
// call takes it for what it is.
func TestSimulatedBadLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		iss := srv.Create("A", jiratest.Fields{"summary": "x"})
		id := iss.Attach("a.txt", "text/plain", []byte("a"))
		for _, base := range []string{srv.URL, srv.APIURL + "/ex/jira/" + srv.CloudID} {
			client := clientOf(t, srv, srv.Main, func(c *jira.Config) { c.BaseURL, c.Token = base, jira.NewSecret(marked) })
			for name, call := range calls(client, iss.Key(), id) {
				err := call(t)
				require.ErrorIs(t, err, jira.ErrUnauthorized, "%s at %s", name, base)
				e, ok := errors.AsType[*jira.Error](err)
				require.True(t, ok, name)
				require.NotEmpty(t, e.Hint)
				require.False(t, reveals(prints(err), marked), name)
			}
		}
	})
}

// calls returns every call that needs a login.
func calls(c *jira.Client, key, attachment string) map[string]func(*testing.T) error {
	return map[string]func(*testing.T) error{
		"Issue":       func(t *testing.T) error { _, err := c.Issue(t.Context(), key); return err },
		"FieldValues": func(t *testing.T) error { _, err := c.FieldValues(t.Context(), key, []string{"summary"}); return err },
		"RemoteLinks": func(t *testing.T) error { _, err := c.RemoteLinks(t.Context(), key); return err },
		"SearchPage": func(t *testing.T) error {
			_, err := c.SearchPage(t.Context(), "project = A", "", jira.SearchOptions{})
			return err
		},
		"ApproximateCount": func(t *testing.T) error { _, err := c.ApproximateCount(t.Context(), "project = A"); return err },
		"Fields":           func(t *testing.T) error { _, err := c.Fields(t.Context()); return err },
		"Myself":           func(t *testing.T) error { _, err := c.Myself(t.Context()); return err },
		"Attachment":       func(t *testing.T) error { _, err := c.Attachment(t.Context(), attachment, io.Discard); return err },
		"AttachmentIssue":  func(t *testing.T) error { _, err := c.AttachmentIssue(t.Context(), attachment); return err },
	}
}

func TestSimulatedIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		srv.AddProject("GOLD", "Gold")
		client := clientOf(t, srv, srv.Main, nil)
		iss := srv.Create("A", jiratest.Fields{"summary": "x"})
		old := iss.Key()
		iss.Move("GOLD")
		got, err := client.Issue(t.Context(), old)
		require.NoError(t, err)
		require.Equal(t, iss.ID(), got.ID)
		require.Equal(t, iss.Key(), got.Key)
		require.NotEqual(t, old, got.Key)

		iss.Hide()
		_, err = client.Issue(t.Context(), iss.ID())
		require.ErrorIs(t, err, jira.ErrNotFound)
		iss.Show()
		_, err = client.Issue(t.Context(), iss.ID())
		require.NoError(t, err)
		iss.Delete()
		_, err = client.Issue(t.Context(), iss.ID())
		require.ErrorIs(t, err, jira.ErrNotFound)
	})
}

func TestSimulatedSearch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{PageLimit: 7})
		var want []string
		for range 50 {
			want = append(want, srv.Create("A", jiratest.Fields{"summary": "x"}).Key())
		}
		client := clientOf(t, srv, srv.Main, nil)
		for _, options := range []jira.SearchOptions{{}, {Fields: []string{"summary"}, PageSize: 3}, {Fields: []string{"*all"}, Expand: []string{"changelog"}}} {
			var got []string
			for hit, err := range client.Search(t.Context(), "project = A ORDER BY created ASC, key ASC", options) {
				require.NoError(t, err)
				require.True(t, json.Valid(hit.JSON))
				got = append(got, hit.Key)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%+v: keys mismatch (-want +got):\n%s", options, diff)
			}
		}
		n, err := client.ApproximateCount(t.Context(), "project = A")
		require.NoError(t, err)
		require.Equal(t, 50, n)

		first, err := client.SearchPage(t.Context(), "project = A", "", jira.SearchOptions{})
		require.NoError(t, err)
		srv.ExpirePageTokens()
		_, err = client.SearchPage(t.Context(), "project = A", first.Token, jira.SearchOptions{})
		require.ErrorIs(t, err, jira.ErrPageToken)
		_, err = client.SearchPage(t.Context(), "ORDER BY key", "", jira.SearchOptions{})
		require.ErrorIs(t, err, jira.ErrRejected)
		_, err = client.SearchPage(t.Context(), "colour = red", "", jira.SearchOptions{})
		require.ErrorIs(t, err, jira.ErrRejected)
	})
}

// The bytes of an attachment come from the second host, which never sees the
// token: the simulator would list that as a problem.
func TestSimulatedAttachment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		iss := srv.Create("A", jiratest.Fields{"summary": "x"})
		data := bytes.Repeat([]byte("0123456789abcdef"), 10_000)
		id := iss.Attach("../../x.bin", "application/octet-stream", data)
		for _, base := range []string{srv.URL, srv.APIURL + "/ex/jira/" + srv.CloudID} {
			client := clientOf(t, srv, srv.Main, func(c *jira.Config) { c.BaseURL = base })
			var got bytes.Buffer
			n, err := client.Download(t.Context(), jira.AttachmentInfo{ID: id, Size: int64(len(data)), MimeType: "application/octet-stream"}, &got)
			require.NoError(t, err)
			require.Equal(t, int64(len(data)), n)
			require.True(t, bytes.Equal(data, got.Bytes()))
			_, err = client.Download(t.Context(), jira.AttachmentInfo{ID: id, Size: 7}, io.Discard)
			require.ErrorIs(t, err, jira.ErrUnavailable)
			_, err = client.Attachment(t.Context(), "999999", io.Discard)
			require.ErrorIs(t, err, jira.ErrNotFound)
		}
		client := clientOf(t, srv, srv.Main, func(c *jira.Config) { c.MaxAttachmentBytes = 1000 })
		_, err := client.Attachment(t.Context(), id, io.Discard)
		require.ErrorIs(t, err, jira.ErrTooLarge)
		client = clientOf(t, srv, srv.Main, func(c *jira.Config) { c.MediaHosts = []string{"api.media.atlassian.com"} })
		_, err = client.Attachment(t.Context(), id, io.Discard)
		require.ErrorIs(t, err, jira.ErrRedirect)

		other := srv.Create("A", jiratest.Fields{"summary": "y"})
		another := other.Attach("y.txt", "text/plain", []byte("y"))
		hit, err := clientOf(t, srv, srv.Main, nil).AttachmentIssue(t.Context(), another)
		require.NoError(t, err)
		require.Equal(t, other.Key(), hit.Key)
		require.Equal(t, other.ID(), hit.ID)
	})
}

// SLA values are for agents (lesson 11); both accounts go through the gateway.
func TestSimulatedFieldValues(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		sla := srv.AddField(jiratest.Field{Name: "Time to resolution", Type: "sla"})
		iss := srv.Create("A", jiratest.Fields{"summary": "x"})
		iss.SetSLA(sla, &jiratest.SLA{Goal: time.Hour, Ongoing: &jiratest.Cycle{Start: time.Now()}})
		gateway := func(c *jira.Config) { c.BaseURL = srv.APIURL + "/ex/jira/" + srv.CloudID }
		seen, err := clientOf(t, srv, srv.Agent, gateway).FieldValues(t.Context(), iss.Key(), []string{sla})
		require.NoError(t, err)
		require.Contains(t, string(seen), "ongoingCycle")
		require.NotContains(t, string(seen), "summary")
		unseen, err := clientOf(t, srv, srv.Main, gateway).FieldValues(t.Context(), iss.Key(), []string{sla})
		require.NoError(t, err)
		require.Contains(t, string(unseen), "errorMessage")
	})
}

func TestSimulatedMetadata(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		client := clientOf(t, srv, srv.Main, nil)
		me, err := client.Myself(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, me.AccountID)
		require.NotEmpty(t, me.TimeZone)
		info, err := client.ServerInfo(t.Context())
		require.NoError(t, err)
		require.Equal(t, "Cloud", info.DeploymentType)
		require.False(t, info.ServerTime.IsZero())
		fields, err := client.Fields(t.Context())
		require.NoError(t, err)
		names := map[string]string{}
		for _, f := range fields {
			names[f.ID] = f.Schema.Type
		}
		require.Equal(t, "string", names["summary"])
		require.Equal(t, "comments-page", names["comment"])
	})
}

// Over sockets, with the client's own transport.
func TestSimulatedOverSockets(t *testing.T) {
	t.Parallel()
	srv := jiratest.NewServer()
	defer srv.Close()
	srv.AddProject("A", "Alpha")
	iss := srv.Create("A", jiratest.Fields{"summary": "x"})
	id := iss.Attach("a.txt", "text/plain", []byte("hello"))
	client := clientOf(t, srv, srv.Main, func(c *jira.Config) { c.Transport = nil })
	got, err := client.Issue(t.Context(), iss.Key())
	require.NoError(t, err)
	require.Empty(t, got.Missing)
	var file bytes.Buffer
	_, err = client.Attachment(t.Context(), id, &file)
	require.NoError(t, err)
	require.Equal(t, "hello", file.String())
	require.Empty(t, srv.Problems())
}
