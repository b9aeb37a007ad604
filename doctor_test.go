package jirasync_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/partition"
)

// healthy is a configuration without a fault, but for the size of the disk.
func healthy(t *testing.T, site *jiratest.Server) jirasync.Config {
	t.Helper()
	cfg := config(site)
	cfg.Projects = []string{"SUP"}
	cfg.DataDir, cfg.ParquetDir = t.TempDir(), t.TempDir()
	require.NoError(t, os.Chmod(cfg.DataDir, 0o770))
	cfg.WebhookSecrets = []jira.Secret{jira.NewSecret(secret)}
	cfg.TokenExpires, cfg.SLATokenExpires = time.Now().AddDate(1, 0, 0), time.Now().AddDate(1, 0, 0)
	return cfg
}

func TestDiagnose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		spoil   func(*testing.T, *jiratest.Server, *jirasync.Config)
		subject string
		level   jirasync.Level
		detail  string
	}{
		{"nothing", func(*testing.T, *jiratest.Server, *jirasync.Config) {}, "", "", ""},
		{"configuration", func(_ *testing.T, _ *jiratest.Server, c *jirasync.Config) { c.CloudID = "a/b" }, "configuration", jirasync.LevelFail, "JIRA_CLOUD_ID"},
		{"no account", func(_ *testing.T, _ *jiratest.Server, c *jirasync.Config) { c.Email = "" }, "JIRA_API_TOKEN", jirasync.LevelFail, "no account"},
		{"no SLA account", func(_ *testing.T, _ *jiratest.Server, c *jirasync.Config) {
			c.SLAEmail, c.SLAAPIToken = "", jira.Secret{}
		}, "JIRA_SLA_API_TOKEN", jirasync.LevelWarn, "not set"},
		{"expired", func(_ *testing.T, s *jiratest.Server, _ *jirasync.Config) { s.ExpireToken(s.Agent) }, "JIRA_SLA_API_TOKEN", jirasync.LevelFail, "login refused"},
		{"denied project", func(_ *testing.T, s *jiratest.Server, _ *jirasync.Config) { s.Deny(s.Main, "SUP") }, "JIRA_API_TOKEN", jirasync.LevelFail, "project SUP"},
		{"empty project", func(_ *testing.T, s *jiratest.Server, _ *jirasync.Config) { s.Issue("SUP-1").Delete() }, "JIRA_API_TOKEN", jirasync.LevelWarn, "sees no issue"},
		{"unreachable", func(_ *testing.T, s *jiratest.Server, _ *jirasync.Config) {
			s.Fail(jiratest.Fault{Match: "GET /rest/api/3/serverInfo", Times: -1, Status: 404})
		}, "Jira", jirasync.LevelFail, "cannot be reached"},
		{"ends soon", func(_ *testing.T, _ *jiratest.Server, c *jirasync.Config) {
			c.TokenExpires = time.Now().Add(48 * time.Hour)
		}, "JIRA_API_TOKEN", jirasync.LevelWarn, "days left: "},
		{"has ended", func(_ *testing.T, _ *jiratest.Server, c *jirasync.Config) {
			c.SLATokenExpires = time.Now().Add(-time.Hour)
		}, "JIRA_SLA_API_TOKEN", jirasync.LevelFail, "days left: -1"},
		{"end not known", func(_ *testing.T, _ *jiratest.Server, c *jirasync.Config) { c.TokenExpires = time.Time{} }, "JIRA_API_TOKEN", jirasync.LevelWarn, "not known"},
		{"clock", func(_ *testing.T, s *jiratest.Server, _ *jirasync.Config) {
			s.Fail(jiratest.Fault{Match: "GET /rest/api/3/serverInfo", Times: -1, Edit: func(body []byte) []byte {
				return []byte(strings.Replace(string(body), `"serverTime":"20`, `"serverTime":"19`, 1))
			}})
		}, "clock", jirasync.LevelFail, "from Jira's"},
		{"field map", func(_ *testing.T, _ *jiratest.Server, c *jirasync.Config) {
			c.Fields = []transformField{{ID: "customfield_99999", Kind: "text", Columns: []string{"x"}}}
		}, "field map", jirasync.LevelWarn, "customfield_99999"},
		{"no directory", func(_ *testing.T, _ *jiratest.Server, c *jirasync.Config) {
			c.DistDir = filepath.Join(c.DataDir, "none")
		}, "JIRA_DIST_DIR", jirasync.LevelWarn, "does not exist"},
		{"a file", func(t *testing.T, _ *jiratest.Server, c *jirasync.Config) {
			c.ParquetDir = filepath.Join(c.ParquetDir, "file")
			require.NoError(t, os.WriteFile(c.ParquetDir, nil, 0o600))
		}, "JIRA_PARQUET_DIR", jirasync.LevelFail, "not a directory"},
		{"another layout", func(t *testing.T, _ *jiratest.Server, c *jirasync.Config) {
			c.Layout = partition.Hive
			require.NoError(t, os.Mkdir(filepath.Join(c.ParquetDir, "issues"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(c.ParquetDir, "issues", "2026-01.parquet"), nil, 0o600))
		}, "JIRA_PARQUET_DIR", jirasync.LevelFail, "are not hive"},
		{"open to all", func(t *testing.T, _ *jiratest.Server, c *jirasync.Config) {
			require.NoError(t, os.Chmod(c.DataDir, 0o775))
		}, "JIRA_DATA_DIR", jirasync.LevelWarn, "may look in"},
		{"no secret", func(_ *testing.T, _ *jiratest.Server, c *jirasync.Config) { c.WebhookSecrets = nil }, "webhook", jirasync.LevelFail, "no secret"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			site := newSite(t)
			site.Create("SUP", nil)
			cfg := healthy(t, site)
			c.spoil(t, site, &cfg)
			dirs := []string{cfg.DataDir, cfg.ParquetDir}
			found := false
			for _, f := range jirasync.Diagnose(t.Context(), cfg) {
				require.NotContains(t, f.Detail+f.Hint, secret)
				require.NotContains(t, f.Detail+f.Hint, site.Main.Token)
				if f.Subject == c.subject && f.Level == c.level && strings.Contains(f.Detail, c.detail) {
					found = true
					require.Equal(t, c.subject != "configuration", f.Hint != "", "%v", f) // such a fault says itself what is wanted
					continue
				}
				require.True(t, f.Level == jirasync.LevelOK || c.name != "nothing" || strings.Contains(f.Detail, "GiB free"), "%v", f)
			}
			require.Equal(t, c.subject != "", found)
			for _, dir := range dirs {
				require.Empty(t, files(t, dir), "it leaves nothing behind")
			}
		})
	}
}
