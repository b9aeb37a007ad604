package jirasync_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira/jiratest"
)

// tokensConfig has one token that ends in 31 days and one that ended an hour ago.
func tokensConfig(site *jiratest.Server) jirasync.Config {
	cfg := config(site)
	cfg.TokenExpires, cfg.SLATokenExpires = time.Now().Add(31*24*time.Hour+time.Minute), time.Now().Add(-time.Hour)
	return cfg
}

func TestTokenExpiry(t *testing.T) {
	t.Parallel()
	r := library(t, tokensConfig(newSite(t)))
	tokens := r.Tokens()
	require.Len(t, tokens, 2)
	require.Equal(t, 31, tokens[0].DaysLeft)
	require.False(t, tokens[0].Soon())
	require.Equal(t, -1, tokens[1].DaysLeft)
	require.True(t, tokens[1].Soon())
	require.Equal(t, tokens, r.Status().Tokens)

	page := httptest.NewRecorder()
	r.AdminHandler().ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	require.Contains(t, page.Body.String(), "# TYPE jirasync_token_days_left gauge\n"+
		"jirasync_token_days_left{token=\"JIRA_API_TOKEN\"} 31\njirasync_token_days_left{token=\"JIRA_SLA_API_TOKEN\"} -1\n")
}

func TestTokenExpiryIsLoggedOnceADay(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		site := jiratest.NewServerWith(jiratest.Options{InProcess: true})
		defer site.Close()
		cfg := tokensConfig(site)
		cfg.Transport, cfg.DataDir, cfg.ParquetDir, cfg.DistDir = site.Transport(), dir+"/data", dir+"/parquet", ""
		cfg.MediaHosts = nil
		cfg.CatchUpEvery, cfg.CheckEvery = -1, -1
		log := &buffer{}
		cfg.Logger = slog.New(slog.NewTextHandler(log, nil))
		s, err := jirasync.New(cfg)
		require.NoError(t, err)
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 3*24*time.Hour-time.Minute)
		defer cancel()
		require.NoError(t, s.Run(ctx))
		require.Equal(t, 3, strings.Count(log.String(), "API token has expired"))
		require.Equal(t, 2, strings.Count(log.String(), `msg="API token expires soon; make a new one" token=JIRA_API_TOKEN`), "from 30 days on")
	})
}
