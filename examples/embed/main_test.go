package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/stretchr/testify/require"
)

// A webhook arrives beside the service's own routes, its issue reaches the
// tables, and the service ends when it is asked to.
func TestRun(t *testing.T) {
	const secret = "a secret of the right length"
	srv := jiratest.NewServer()
	defer srv.Close()
	srv.AddProject("SUPPORT", "Customer support")

	updates := make(chan jirasync.Update, 1)
	cfg := jirasync.Config{
		BaseURL: srv.URL, Email: srv.Main.Email, APIToken: jira.NewSecret(srv.Main.Token),
		WebhookSecrets: []jira.Secret{jira.NewSecret(secret)},
		DataDir:        t.TempDir(), ParquetDir: t.TempDir(),
		OnUpdate: func(u jirasync.Update) { updates <- u },
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	url := "http://" + listener.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, cfg, listener) }() // waited for at the end

	require.Equal(t, "200 OK hello\n", get(t, url+"/hello"))
	require.Eventually(t, func() bool { // until the worker runs, deliveries are answered 503
		return strings.HasPrefix(get(t, url+"/webhooks/jira/health"), "200 OK")
	}, 10*time.Second, time.Millisecond)

	srv.SetWebhook(jiratest.Webhook{URL: url + "/webhooks/jira", Secret: secret})
	issue := srv.Create("SUPPORT", jiratest.Fields{"summary": "Printer on fire"})
	for _, sent := range srv.Flush(t.Context()) {
		require.Equal(t, http.StatusOK, sent.Status)
	}
	require.Equal(t, issue.Key(), (<-updates).Key)
	files, err := filepath.Glob(filepath.Join(cfg.ParquetDir, "issues", "*.parquet"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.Empty(t, srv.Problems())

	stop()
	require.NoError(t, <-ended)
}

// get returns the status line and the body.
func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.Status + " " + string(body)
}
