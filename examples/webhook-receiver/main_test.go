package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/webhook"
	"github.com/stretchr/testify/require"
)

const secret = "a secret of the right length"

// receiver serves the example and returns its address and its file.
func receiver(t *testing.T, secret string) (url, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "deliveries.jsonl")
	file, err := os.Create(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	server := httptest.NewServer(newHandler(&journal{file: file}, secret))
	t.Cleanup(server.Close)
	return server.URL + "/webhooks/jira", path
}

func TestDeliveriesAreKept(t *testing.T) {
	url, path := receiver(t, secret)
	srv := jiratest.NewServer()
	defer srv.Close()
	srv.AddProject("SUPPORT", "Customer support")
	srv.SetWebhook(jiratest.Webhook{URL: url, Secret: secret})
	issue := srv.Create("SUPPORT", jiratest.Fields{"summary": "Printer on fire"})
	issue.Comment("It burns.")

	for _, sent := range srv.Flush(t.Context()) {
		require.Equal(t, http.StatusOK, sent.Status, sent.Event)
	}
	require.Equal(t, []string{"jira:issue_created SUPPORT-1", "comment_created SUPPORT-1"}, kept(t, path))
}

func TestForgeriesAreRefused(t *testing.T) {
	url, path := receiver(t, secret)
	body := `{"webhookEvent":"jira:issue_updated","issue":{"id":"10000","key":"SUPPORT-1"}}`
	for _, signature := range []string{"", "sha256=00", webhook.Sign([]byte(body), []byte("another secret"))} {
		require.Equal(t, http.StatusUnauthorized, post(t, url, body, signature), "%q", signature)
	}
	require.Empty(t, kept(t, path))
}

func TestNoSecretRefusesEverything(t *testing.T) {
	url, path := receiver(t, "")
	require.Equal(t, http.StatusServiceUnavailable, post(t, url, "{}", webhook.Sign([]byte("{}"), nil)))
	require.Empty(t, kept(t, path))
}

func post(t *testing.T, url, body, signature string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(webhook.SignatureHeader, signature)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

// kept lists event and issue of every line in the file.
func kept(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	var events []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var event struct {
			WebhookEvent string
			Issue        struct{ Key string }
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &event))
		events = append(events, event.WebhookEvent+" "+event.Issue.Key)
	}
	return events
}
