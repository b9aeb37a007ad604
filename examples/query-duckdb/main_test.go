package main

import (
	"bytes"
	"testing"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	srv := jiratest.NewServer()
	defer srv.Close()
	srv.AddProject("SUPPORT", "Customer support")
	quiet := srv.Create("SUPPORT", jiratest.Fields{"summary": "Printer cold", "customfield_10004": "3-Medium"})
	busy := srv.Create("SUPPORT", jiratest.Fields{"summary": "Printer warm", "customfield_10004": "3-Medium"})
	busy.Comment("Warmer.")
	busy.Comment("Warmer still.")
	fire := srv.Create("SUPPORT", jiratest.Fields{"summary": "Printer on fire", "customfield_10004": "1-Highest"})
	solved := srv.Create("SUPPORT", jiratest.Fields{"summary": "Printer sold", "customfield_10004": "3-Medium"})
	solved.Resolve()

	dir := t.TempDir()
	syncer, err := jirasync.New(jirasync.Config{
		BaseURL: srv.URL, Email: srv.Main.Email, APIToken: jira.NewSecret(srv.Main.Token),
		DataDir: t.TempDir(), ParquetDir: dir,
	})
	require.NoError(t, err)
	defer syncer.Close()
	_, err = syncer.SyncIssues(t.Context(), quiet.Key(), busy.Key(), fire.Key(), solved.Key())
	require.NoError(t, err)

	var out bytes.Buffer
	require.NoError(t, run(t.Context(), dir, &out))
	require.Equal(t, "SUPPORT-2    3-Medium   2 comments\nSUPPORT-1    3-Medium   0 comments\n", out.String())
	require.Empty(t, srv.Problems())
}
