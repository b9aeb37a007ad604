package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/transform"
)

func TestProgressLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want    string
		result  jirasync.BackfillResult
		elapsed time.Duration
		waits   string
	}{
		{"0 of 0 issues", jirasync.BackfillResult{}, 0, ""},
		{"1 of 20000 issues", jirasync.BackfillResult{Expected: 20000, Found: 5000, Fetched: 1}, time.Millisecond, ""},
		{"150 of 1000 issues, 10 a second, 85 s left, 50 skipped", jirasync.BackfillResult{Expected: 1000, Fetched: 100, Skipped: 50}, 10 * time.Second, ""},
		{"2 of 1000 issues, 1 a second", jirasync.BackfillResult{Expected: 1000, Fetched: 2}, 2 * time.Second, ""},
		{"12 of 12 issues, 5 a second, 3 attachments, 1 incomplete, 2 failed; search waits 12 s",
			jirasync.BackfillResult{Expected: 10, Found: 12, Fetched: 10, Attachments: 3, Incomplete: 1, Failed: 2}, 2 * time.Second, "search waits 12 s"},
		{"7200 of 72000 issues, 1 a second, 18.0 h left", jirasync.BackfillResult{Expected: 72000, Fetched: 7200}, 2 * time.Hour, ""},
	} {
		require.Equal(t, c.want, progressLine(c.result, c.elapsed, c.waits))
	}
}

func TestRebuildLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want    string
		p       transform.Progress
		elapsed time.Duration
	}{
		{"0 records looked at", transform.Progress{}, 0},
		{"7000 records looked at", transform.Progress{Surveyed: 7000}, time.Hour},
		{"0 of 9000 issues, 0 of 24 months", transform.Progress{Surveyed: 9001, IssuesTotal: 9000, MonthsTotal: 24}, time.Millisecond},
		{"3000 of 9000 issues, 7 of 24 months, 1500 a second, 4 s left", transform.Progress{Issues: 3000, IssuesTotal: 9000, Months: 7, MonthsTotal: 24}, 2 * time.Second},
	} {
		require.Equal(t, c.want, rebuildLine(c.p, c.elapsed))
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	accounts := []jira.Stats{
		{Name: "JIRA_API_TOKEN", Families: []jira.FamilyStats{
			{BlockedUntil: now.Add(3 * time.Minute)}, {Family: "issue", BlockedUntil: now.Add(-time.Second)},
			{Family: "search", Waiting: 2, BlockedUntil: now.Add(12 * time.Second)},
		}},
		{Name: "JIRA_SLA_API_TOKEN", LoginRefused: now},
	}
	require.Equal(t, "Jira waits 3 min, search waits 12 s, JIRA_SLA_API_TOKEN is refused", waits(accounts, now))
	require.Empty(t, waits(nil, now))
}

// The line goes on telling what is waited for while nothing happens.
func TestProgressWhileNothingHappens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var shown bytes.Buffer
		var opts jirasync.BackfillOptions
		until := time.Now().Add(time.Minute)
		done := showProgress(&shown, &opts, func() []jira.Stats {
			return []jira.Stats{{Families: []jira.FamilyStats{{Family: "search", BlockedUntil: until}}}}
		})
		opts.Progress(jirasync.BackfillResult{Expected: 20, Forecast: &jirasync.Forecast{Requests: 3, Seconds: 130}})
		opts.Progress(jirasync.BackfillResult{Expected: 20, Fetched: 5, Forecast: &jirasync.Forecast{}})
		time.Sleep(30*time.Second + time.Millisecond)
		done()
		lines := strings.Split(shown.String(), "\r")
		require.Equal(t, "about 20 issues, those that are stored among them; to read them all: at least 3 requests, 2 min\n", lines[0])
		require.Len(t, lines, 62)
		require.Equal(t, "5 of 20 issues, 0 a second; search waits 30 s\x1b[K", lines[60])
	})
}

func TestDay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2027-01-31": "2027-01-31T00:00:00Z", "2027-01-31T12:00:00+01:00": "2027-01-31T11:00:00Z",
	} {
		got, err := day(text)
		require.NoError(t, err)
		require.Equal(t, want, got.UTC().Format(time.RFC3339))
	}
	for _, text := range []string{"31.1.2027", "2027-02-30", "soon", "2027-01-31 12:00"} {
		_, err := day(text)
		require.Error(t, err, text)
	}
	none, err := day("")
	require.NoError(t, err)
	require.True(t, none.IsZero())
}
