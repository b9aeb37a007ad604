package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/stretchr/testify/require"
)

// The description of an issue, as Jira returns it.
func TestRun(t *testing.T) {
	srv := jiratest.NewServer()
	defer srv.Close()
	srv.AddProject("SUPPORT", "Customer support")
	issue := srv.Create("SUPPORT", jiratest.Fields{
		"summary": "Printer on fire",
		"description": json.RawMessage(`{"type": "doc", "version": 1, "content": [
			{"type": "paragraph", "content": [
				{"type": "text", "text": "It "},
				{"type": "text", "text": "burns", "marks": [{"type": "strong"}]},
				{"type": "text", "text": ", see "},
				{"type": "inlineCard", "attrs": {"url": "https://example.com/photo"}}]},
			{"type": "paragraph", "content": [{"type": "text", "text": "Send water."}]}]}`),
	})

	client, err := jira.New(jira.Config{BaseURL: srv.URL, Email: srv.Main.Email, Token: jira.NewSecret(srv.Main.Token)})
	require.NoError(t, err)
	got, err := client.Issue(t.Context(), issue.Key())
	require.NoError(t, err)

	var out bytes.Buffer
	require.NoError(t, run(bytes.NewReader(got.JSON), &out))
	require.Equal(t, "It burns, see https://example.com/photo\n\nSend water.\n", out.String())
	require.Empty(t, srv.Problems())
}

// An empty description is null.
func TestRunWithoutDescription(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(strings.NewReader(`{"fields":{"description":null}}`), &out))
	require.Equal(t, "\n", out.String())
}

func TestRunRefusesOtherInput(t *testing.T) {
	require.Error(t, run(strings.NewReader("not JSON"), &bytes.Buffer{}))
}
