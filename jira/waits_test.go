package jira_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
)

// ask sends requests from several goroutines until the time is over and counts
// those that were answered.
func ask(t *testing.T, client *jira.Client, workers int, until time.Time) (answered int) {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), until)
	defer cancel()
	var n atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				_, err := client.ServerInfo(ctx)
				switch {
				case err == nil:
					n.Add(1)
				case ctx.Err() == nil:
					t.Errorf("ServerInfo: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	return int(n.Load())
}

// Over HTTP, with every way in which a 429 says when to come back: no request
// comes early, none is given up, and nearly all that is allowed is used.
func TestSimulatedLimits(t *testing.T) {
	t.Parallel()
	const d = 5 * time.Minute
	for name, tc := range map[string]struct {
		form    jiratest.RetryForm
		limit   func(*jiratest.Server)
		workers int
		edit    func(*jira.Config)
		want    float64 // requests
	}{
		"our own limit":  {limit: func(*jiratest.Server) {}, workers: 4, edit: func(c *jira.Config) { c.RateLimit, c.Burst = 5, 5 }, want: 5*d.Seconds() + 5},
		"seconds":        {limit: func(s *jiratest.Server) { s.LimitBurst(5, 10) }, workers: 8, want: 5*d.Seconds() + 10},
		"a single":       {limit: func(s *jiratest.Server) { s.LimitBurst(5, 10) }, workers: 1, want: 5*d.Seconds() + 10},
		"date":           {form: jiratest.RetryDate, limit: func(s *jiratest.Server) { s.LimitBurst(5, 10) }, workers: 8, want: 5*d.Seconds() + 10},
		"reset":          {form: jiratest.RetryReset, limit: func(s *jiratest.Server) { s.LimitBurst(5, 10) }, workers: 8, want: 5*d.Seconds() + 10},
		"nothing":        {form: jiratest.RetryNothing, limit: func(s *jiratest.Server) { s.LimitBurst(5, 15) }, workers: 8, want: 5*d.Seconds() + 15},
		"no own limit":   {limit: func(s *jiratest.Server) { s.LimitBurst(5, 10) }, workers: 8, edit: fast, want: 5*d.Seconds() + 10},
		"token's bucket": {limit: func(s *jiratest.Server) { s.LimitAccount(s.Main, 5, 10) }, workers: 8, want: 5*d.Seconds() + 10},
		"both buckets":   {limit: func(s *jiratest.Server) { s.LimitAccount(s.Main, 5, 10); s.LimitBurst(15, 30) }, workers: 8, want: 5*d.Seconds() + 10},
		"pause at once": {limit: func(s *jiratest.Server) {
			s.LimitBurst(5, 10)
			s.Pause("", time.Minute)
		}, workers: 8, want: 5*(d-time.Minute).Seconds() + 10},
		"pause midway": {limit: func(s *jiratest.Server) {
			s.LimitBurst(5, 10)
			s.Fail(jiratest.Fault{Skip: 350, Do: func() { s.Pause("", time.Minute) }})
		}, workers: 8, want: 5*(d-time.Minute).Seconds() + 10},
		"quota midway": {limit: func(s *jiratest.Server) {
			s.LimitBurst(5, 10)
			f := jiratest.QuotaLimited("", 1, 60)
			f.Skip = 350
			s.Fail(f)
		}, workers: 8, want: 5*(d-time.Minute).Seconds() + 10},
		"maintenance": {limit: func(s *jiratest.Server) {
			s.LimitBurst(5, 10)
			s.Fail(jiratest.Fault{Skip: 350, Times: 1, Status: 503, RetryAfter: "60"})
		}, workers: 8, want: 5*(d-time.Minute).Seconds() + 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := simulated(t, jiratest.Options{})
				srv.SetRetryForm(tc.form)
				tc.limit(srv)
				client := clientOf(t, srv, srv.Main, func(c *jira.Config) {
					c.MaxAttempts = 20
					if tc.edit != nil {
						tc.edit(c)
					}
				})
				got := ask(t, client, tc.workers, time.Now().Add(d))
				stats := client.Stats().Families[0]
				t.Logf("%d of %.0f: %.1f %%, %d refused", got, tc.want, 100*float64(got)/tc.want, stats.Refused)
				if float64(got) < 0.95*tc.want {
					t.Errorf("%d answers of %.0f allowed, want 95 %%", got, tc.want)
				}
				require.Zero(t, srv.Early(), "requests in a forbidden window")
				require.Equal(t, int64(len(srv.RequestLog())), stats.Sent)
			})
		})
	}
}

// Demand that comes in bursts is served as fast as one that is steady.
func TestSimulatedBursts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		srv.LimitBurst(10, 20)
		client := clientOf(t, srv, srv.Main, func(c *jira.Config) { c.MaxAttempts = 20 })
		slow := 0
		for n := range 30 {
			began := time.Now()
			var wg sync.WaitGroup
			for range 45 {
				wg.Go(func() {
					if _, err := client.ServerInfo(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if took := time.Since(began); n > 5 && took > 5*time.Second { // 45 - 20 at 10 a second, and a little
				slow++
			}
			time.Sleep(time.Until(began.Add(6 * time.Second)))
		}
		require.LessOrEqual(t, slow, 3)
		require.Zero(t, srv.Early())
	})
}

// Tokens do not wait for each other; clients of one token do.
func TestSimulatedTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		srv.LimitAccount(srv.Main, 6, 12)
		srv.LimitAccount(srv.Agent, 3, 10)
		shared := jira.NewLimiter(50, 0)
		patient := func(c *jira.Config) { c.MaxAttempts = 20 }
		one := func(c *jira.Config) { patient(c); c.Limiter = shared }
		clients := []*jira.Client{clientOf(t, srv, srv.Main, one), clientOf(t, srv, srv.Main, one), clientOf(t, srv, srv.Agent, patient)}
		const d = 5 * time.Minute
		until := time.Now().Add(d)
		got := make([]int, len(clients))
		var wg sync.WaitGroup
		for n, client := range clients {
			wg.Go(func() { got[n] = ask(t, client, 4, until) })
		}
		wg.Wait()
		t.Logf("answers: %v", got)
		require.GreaterOrEqual(t, float64(got[0]+got[1]), 0.95*(6*d.Seconds()+12))
		require.GreaterOrEqual(t, float64(got[2]), 0.95*(3*d.Seconds()+10))
		require.InDelta(t, got[0], got[1], float64(got[0]), "one client starves the other")
		require.Zero(t, srv.Early())
	})
}

// What callers wait for can be seen while they do.
func TestSimulatedStats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		began := time.Now()
		srv.Pause("GET /rest/api/3/serverInfo", 90*time.Second)
		client := clientOf(t, srv, srv.Main, func(c *jira.Config) { c.Name = "JIRA_API_TOKEN" })
		_, err := client.Myself(t.Context())
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if _, err := client.ServerInfo(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		time.Sleep(time.Second)
		stats := client.Stats()
		require.Equal(t, "JIRA_API_TOKEN", stats.Name)
		require.Len(t, stats.Families, 2)
		require.Equal(t, jira.FamilyStats{Family: "myself", Rate: 50, Sent: 1}, stats.Families[0])
		info := stats.Families[1]
		require.Equal(t, "serverinfo", info.Family)
		require.Equal(t, 5, info.Waiting)
		require.WithinRange(t, info.BlockedUntil, began.Add(90*time.Second), began.Add(92*time.Second))
		require.Less(t, info.Rate, 50.0)
		require.Positive(t, info.Refused)
		wg.Wait()
		info = client.Stats().Families[1]
		require.Zero(t, info.Waiting)
		require.True(t, info.BlockedUntil.IsZero())
		require.Equal(t, info.Sent, info.Refused+5)
		require.GreaterOrEqual(t, info.Waited, 5*90*time.Second-time.Second)
	})
}

// Who is patient waits out a pause that others are told of.
func TestPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		srv.Pause("", 20*time.Minute)
		client := clientOf(t, srv, srv.Main, nil)
		_, err := client.ServerInfo(t.Context())
		require.ErrorIs(t, err, jira.ErrRateLimited)
		began := time.Now()
		_, err = client.ServerInfo(jira.WithPatience(t.Context(), time.Hour))
		require.NoError(t, err)
		require.InDelta(t, 20*60, time.Since(began).Seconds(), 2)
	})
}

// Reliability J4: a token that ends stops its own client, which then asks once
// a minute; the other token's goes on.
func TestLoginThatEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*jiratest.Server){
		"token": func(s *jiratest.Server) { s.ExpireTokenAt(s.Main, time.Now().Add(time.Minute)) },
		"401": func(s *jiratest.Server) {
			s.Fail(jiratest.Fault{Match: "GET /rest/api/3/*", Times: -1, Status: http.StatusUnauthorized})
			s.Fail(jiratest.Fault{Match: "GET /rest/api/3/issue/*", Times: -1, Status: http.StatusUnauthorized})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := simulated(t, jiratest.Options{})
				iss := srv.Create("A", nil)
				client := clientOf(t, srv, srv.Main, func(c *jira.Config) { c.Name = "JIRA_API_TOKEN" })
				_, err := client.Myself(t.Context())
				require.NoError(t, err)
				require.True(t, client.Stats().LoginRefused.IsZero())
				end(srv)
				time.Sleep(time.Minute)
				srv.ResetLog()
				var wg sync.WaitGroup
				for range 10 {
					wg.Go(func() {
						for range 360 {
							_, err := client.FieldValues(t.Context(), iss.ID(), []string{"summary"})
							if !errors.Is(err, jira.ErrUnauthorized) {
								t.Errorf("FieldValues = %v, want ErrUnauthorized", err)
							}
							time.Sleep(10 * time.Second)
						}
					})
				}
				wg.Wait()
				if got := len(srv.RequestLog()); got > 62+10 {
					t.Errorf("%d requests in an hour, want one a minute", got)
				}
				_, err = client.Issue(t.Context(), iss.ID())
				require.ErrorIs(t, err, jira.ErrUnauthorized)
				require.ErrorContains(t, err, "JIRA_API_TOKEN")
				stats := client.Stats()
				require.False(t, stats.LoginRefused.IsZero())
				require.False(t, stats.LoginProbe.Before(time.Now().Add(-time.Minute)))
				if name == "token" {
					_, err = clientOf(t, srv, srv.Agent, nil).Issue(t.Context(), iss.ID())
					require.NoError(t, err)
				}
			})
		})
	}
}

// When the login works again, so do the calls, within a minute.
func TestLoginThatComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		iss := srv.Create("A", nil)
		client := clientOf(t, srv, srv.Main, nil)
		undo := srv.Fail(jiratest.Fault{Times: -1, Status: http.StatusUnauthorized})
		_, err := client.Issue(t.Context(), iss.ID())
		require.ErrorIs(t, err, jira.ErrUnauthorized)
		undo()
		_, err = client.Issue(t.Context(), iss.ID())
		require.ErrorIs(t, err, jira.ErrUnauthorized, "not asked yet")
		e, _ := errors.AsType[*jira.Error](err)
		require.InDelta(t, 60, e.RetryAfter.Seconds(), 1)
		time.Sleep(time.Minute)
		_, err = client.Issue(t.Context(), iss.ID())
		require.NoError(t, err)
		require.True(t, client.Stats().LoginRefused.IsZero())
	})
}

// A scope that is missing makes one endpoint answer 401; the others go on.
func TestLoginWithoutAScope(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		iss := srv.Create("A", nil)
		client := clientOf(t, srv, srv.Main, nil)
		srv.Fail(jiratest.Fault{Match: getIssue + "/remotelink", Times: -1, Status: http.StatusUnauthorized})
		for range 20 {
			got, err := client.Issue(t.Context(), iss.ID())
			require.NoError(t, err)
			require.Equal(t, []jira.Part{jira.PartRemoteLinks}, got.Missing)
		}
		require.Equal(t, 1, srv.Requests()["GET /rest/api/3/myself"], "asked once, not with each")
	})
}

func TestCheckLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := simulated(t, jiratest.Options{})
		srv.AddProject("GOLD", "Gold")
		client := clientOf(t, srv, srv.Main, nil)
		user, err := client.CheckLogin(t.Context(), []string{"A", "GOLD"})
		require.NoError(t, err)
		require.NotEmpty(t, user.AccountID)
		srv.Deny(srv.Main, "GOLD")
		_, err = client.CheckLogin(t.Context(), []string{"A", "GOLD", "NONE"})
		require.ErrorContains(t, err, "project GOLD")
		require.ErrorContains(t, err, "project NONE")
		require.NotContains(t, err.Error(), "project A:")
		for name, fault := range map[string]jiratest.Fault{
			"anonymous":   {Header: http.Header{"X-Seraph-Loginreason": {"AUTHENTICATED_FAILED"}}, Edit: same},
			"nobody":      {Header: http.Header{"X-Ausername": {"anonymous"}}, Edit: same},
			"empty":       {Status: 200, Body: `{"displayName":"Anonymous"}`},
			"captcha":     {Header: http.Header{"X-Seraph-Loginreason": {"AUTHENTICATION_DENIED"}}, Edit: same},
			"no accounts": {Status: 200, Body: `{"accountId":""}`},
		} {
			fault.Match, fault.Times = "GET /rest/api/3/myself", -1
			undo := srv.Fail(fault)
			_, err := clientOf(t, srv, srv.Main, nil).CheckLogin(t.Context(), nil)
			require.ErrorIs(t, err, jira.ErrUnauthorized, name)
			undo()
		}
	})
}

func same(body []byte) []byte { return body }
