package jirasync_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
)

var siteSize = flag.Int("issues", 600, "issues of the site in TestEveryQuirk and TestKilledBackfillGoesOn; the gates ask for 20,000")

// An account that serves it all: a site with every quirk ends with rows equal
// to what Jira says, although issues change, move and vanish while they are
// read, the search lags, Jira refuses and fails now and then, and a token
// expires in the middle.
func TestEveryQuirk(t *testing.T) {
	t.Parallel()
	size := sizeOf(*siteSize, 350)
	site := newSite(t)
	site.AddProject("OPS", "Operations")
	issues := site.Fill("SUP", size, 1)
	random := rand.New(rand.NewPCG(3, 3))
	// More batches of both accounts follow. The other faults wait for this one.
	site.Fail(jiratest.Fault{Match: "POST /rest/api/3/issue/bulkfetch", Skip: 3 + size/500, Do: func() { site.ExpireToken(site.Main) }})
	for _, match := range []string{"POST /rest/api/3/issue/bulkfetch", "POST /rest/api/3/search/jql", "GET /rest/api/3/issue/{issueIdOrKey}/comment"} {
		site.Fail(jiratest.Fault{Match: match, Skip: 1, Status: http.StatusServiceUnavailable, RetryAfter: "0"})
		site.Fail(jiratest.Fault{Match: match, Skip: 2, Status: http.StatusTooManyRequests, RetryAfter: "1"})
		site.Fail(jiratest.Fault{Match: match, Skip: 3, Truncate: 200})
	}
	cfg := config(site)
	cfg.NoAttachments = true
	r := library(t, cfg)
	steps := 0
	options := jirasync.BackfillOptions{Parallel: 2, NoAttachments: true, RemoteLinks: jirasync.RemoteLinksNever, Progress: func(jirasync.BackfillResult) {
		if steps++; steps%20 == 0 {
			change(site, random, steps)
		}
	}}
	began := time.Now()
	first, err := r.Backfill(t.Context(), options)
	require.Error(t, err, "the token has expired")
	require.NotZero(t, first.Fetched)
	site.Main = site.RenewToken(site.Main)
	cfg = r.cfg
	cfg.APIToken = jira.NewSecret(site.Main.Token)
	r = library(t, cfg)
	second, err := r.Backfill(t.Context(), options)
	require.NoError(t, err)
	t.Logf("%d issues in %.1f s: %d fetched before the token expired, %d after, %d requests (%.4f an issue)", len(issues),
		time.Since(began).Seconds(), first.Fetched, second.Fetched, first.Requests+second.Requests,
		float64(first.Requests+second.Requests)/float64(len(issues)))

	// What changed while it was read, and what vanished, is the check's.
	site.SetIndexLag(0)
	all := fixing(now)
	all.MaxFix, all.Force = size, true
	report, err := r.Check(t.Context(), all)
	require.NoError(t, err)
	t.Logf("check: %d stale, %d missing, %d remote links unknown, %d deleted, %d mended in %.1f s",
		report.StaleRecords.Count, report.MissingRecords.Count, report.UnknownRemoteLinks.Count, len(report.Deleted), len(report.Mended), report.Seconds)
	r.equalsSite(site)
	report, err = r.Check(t.Context(), now)
	require.NoError(t, err)
	require.Equal(t, jirasync.SeverityOK, report.Severity)
	require.Empty(t, site.Problems())
}

// A backfill of a site costs hardly more requests than the issues need.
func TestBackfillIsFrugal(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	for n := range 500 {
		site.Create("SUP", jiratest.Fields{"summary": fmt.Sprint(n)})
	}
	r := library(t, config(site))
	result, err := r.Backfill(t.Context(), jirasync.BackfillOptions{})
	require.NoError(t, err)
	require.Equal(t, 500, result.Fetched)
	// Two logins, an estimate, a page of ids, and 5 batches for each account.
	require.LessOrEqual(t, result.Requests, int64(15))
	dry, err := r.Backfill(t.Context(), jirasync.BackfillOptions{DryRun: true, Refetch: true})
	require.NoError(t, err)
	require.InDelta(t, result.Requests, dry.Forecast.Requests, 3)
}

// TestBackfillProcess is not a test: it is the backfill that is killed.
func TestBackfillProcess(t *testing.T) {
	var c child
	if json.Unmarshal([]byte(os.Getenv(childEnv)), &c) != nil || !c.Backfill {
		t.Skip("only for TestKilledBackfillGoesOn")
	}
	s, err := jirasync.New(c.config())
	require.NoError(t, err)
	_, err = s.Backfill(context.Background(), jirasync.BackfillOptions{
		Refetch: true, RemoteLinks: jirasync.RemoteLinksNever,
		Progress: func(r jirasync.BackfillResult) {
			if r.Fetched >= c.KillAfter {
				_ = os.WriteFile(filepath.Join(c.Dir, "fetched"), fmt.Append(nil, r.Fetched), 0o600)
				proc, _ := os.FindProcess(os.Getpid())
				_ = proc.Kill()
				select {}
			}
		},
	})
	require.NoError(t, err)
}

// A backfill that is killed again and again goes on where it ended, also one
// that reads everything anew: no more than a twentieth of the work is repeated.
func TestKilledBackfillGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	t.Parallel()
	site := newSite(t)
	size := max(*siteSize, 2000)
	for n := range size {
		site.Create("SUP", jiratest.Fields{"summary": fmt.Sprint(n)})
	}
	c := child{
		Site: site.URL, Email: site.Main.Email, Token: site.Main.Token, Media: strings.TrimPrefix(site.MediaURL, "http://"),
		Dir: t.TempDir(), Backfill: true, KillAfter: size / 4,
	}
	for range 3 {
		config, err := json.Marshal(c)
		require.NoError(t, err)
		cmd := exec.Command(os.Args[0], "-test.run=^TestBackfillProcess$")
		cmd.Env = append(os.Environ(), childEnv+"="+string(config))
		require.Error(t, cmd.Run(), "it is to be killed")
		require.FileExists(t, filepath.Join(c.Dir, "fetched"))
	}
	s, err := jirasync.New(c.config())
	require.NoError(t, err)
	r := &rig{Syncer: s, t: t, cfg: c.config()}
	defer func() { require.NoError(t, s.Close()) }()
	result, err := s.Backfill(t.Context(), jirasync.BackfillOptions{Refetch: true, RemoteLinks: jirasync.RemoteLinksNever})
	require.NoError(t, err)
	require.Equal(t, size, result.Found)
	batches := site.Requests()["POST /rest/api/3/issue/bulkfetch"]
	need := (size + 99) / 100
	t.Logf("%d issues, killed 3 times: %d batches, %d are needed; the last run skipped %d", size, batches, need, result.Skipped)
	// Each kill costs what four workers had in hand, and what was read since the
	// checkpoint: at 20,000 issues a fortieth of the work.
	require.LessOrEqual(t, batches, need+3*5)
	r.equalsSite(site)
	require.NoFileExists(t, filepath.Join(c.Dir, "data", "state", "backfill-*.json"))
}

// config is that of a process of its own.
func (c child) config() jirasync.Config {
	return jirasync.Config{
		BaseURL: c.Site, Email: c.Email, APIToken: jira.NewSecret(c.Token), MediaHosts: []string{c.Media}, RateLimit: -1,
		WebhookSecrets: []jira.Secret{jira.NewSecret(secret)},
		CatchUpEvery:   -1, CheckEvery: -1, // they would heal what the event log must hold
		DataDir: c.Dir + "/data", ParquetDir: c.Dir + "/parquet", DistDir: c.Dir + "/dist",
	}
}

// sizeOf returns how large a test is to be: as the flag says, but under -short,
// as the race detector runs them, at most so large.
func sizeOf(flag, short int) int {
	if testing.Short() {
		return min(flag, short)
	}
	return flag
}
