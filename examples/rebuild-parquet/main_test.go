package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	records, tables := t.TempDir(), t.TempDir()
	saveRecords(t, records)

	var out bytes.Buffer
	require.NoError(t, run(t.Context(), records, tables, "https://acme.atlassian.net", &out))
	require.Contains(t, out.String(), "comments     2026-01 2 rows\n")
	require.Contains(t, out.String(), "issues       2026-01 1 rows\n")
	require.Contains(t, out.String(), "issues       2026-02 1 rows\n")
	require.Contains(t, out.String(), "2 issues\n")
	require.FileExists(t, filepath.Join(tables, "issues", "2026-01.parquet"))

	// A second run finds nothing to write.
	out.Reset()
	require.NoError(t, run(t.Context(), records, tables, "https://acme.atlassian.net", &out))
	require.Equal(t, "2 issues\n", out.String())
}

// A record that is no JSON is named, and costs only itself.
func TestRunBadRecord(t *testing.T) {
	records, tables := t.TempDir(), t.TempDir()
	saveRecords(t, records)
	require.NoError(t, os.WriteFile(filepath.Join(records, "SUPPORT-9.json"), []byte("{"), 0o600))

	var out bytes.Buffer
	require.ErrorContains(t, run(t.Context(), records, tables, "https://acme.atlassian.net", &out), "SUPPORT-9")
	require.Contains(t, out.String(), "2 issues\n")
}

// saveRecords fetches two issues of different months.
func saveRecords(t *testing.T, dir string) {
	t.Helper()
	srv := jiratest.NewServer()
	defer srv.Close()
	srv.AddProject("SUPPORT", "Customer support")
	january := srv.Create("SUPPORT", jiratest.Fields{
		"summary": "Printer on fire", "created": time.Date(2026, 1, 31, 23, 59, 0, 0, time.UTC),
	})
	january.Comment("It burns.")
	january.Comment("It burnt.")
	february := srv.Create("SUPPORT", jiratest.Fields{
		"summary": "Printer gone", "created": time.Date(2026, 2, 1, 0, 1, 0, 0, time.UTC),
	})

	client, err := jira.New(jira.Config{BaseURL: srv.URL, Email: srv.Main.Email, Token: jira.NewSecret(srv.Main.Token)})
	require.NoError(t, err)
	for _, issue := range []*jiratest.Issue{january, february} {
		got, err := client.Issue(t.Context(), issue.Key())
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, got.Key+".json"), got.JSON, 0o600))
	}
	require.Empty(t, srv.Problems())
}
