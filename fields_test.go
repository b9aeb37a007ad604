package jirasync_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/jira/jiratest"
	"github.com/jirasync/jirasync/transform"
)

type transformField = transform.Field

// The language of whoever asks must not decide what columns are called.
func TestFieldNamesAreNotTranslated(t *testing.T) {
	t.Parallel()
	schema := jira.FieldSchema{Type: "option", Custom: "com.atlassian.jira.plugin.system.customfieldtypes:select"}
	for _, c := range []struct {
		field jira.Field
		want  string
	}{
		{jira.Field{Name: "Schweregrad", UntranslatedName: "Severity", ClauseNames: []string{"cf[1]", "Level"}}, "severity"},
		{jira.Field{Name: "Schweregrad", ClauseNames: []string{"cf[1]", "Severity[Dropdown]", "Severity"}}, "severity"},
		{jira.Field{Name: "Schweregrad", ClauseNames: []string{"cf[1]"}}, "schweregrad"},
	} {
		c.field.ID, c.field.Custom, c.field.Schema = "customfield_1", true, schema
		p := jirasync.ProposeFields(transform.FieldMap{}, []jira.Field{c.field})
		require.Equal(t, transform.FieldMap{{ID: "customfield_1", Kind: "option", Columns: []string{c.want}}}, p.Fields)
	}
}

// Fields of team-managed projects share names; the site's own come first.
func TestProposedFieldsOfTeamManagedProjects(t *testing.T) {
	t.Parallel()
	field := func(id, project string) jira.Field {
		f := jira.Field{ID: "customfield_" + id, Name: "Category", Custom: true, Schema: jira.FieldSchema{Type: "string", Custom: "x:textfield"}}
		f.Scope.Project.ID = project
		return f
	}
	p := jirasync.ProposeFields(transform.FieldMap{}, []jira.Field{field("1", "10000"), field("2", "10001"), field("3", "")})
	got := map[string]string{}
	for _, f := range p.Fields {
		got[f.ID] = f.Columns[0]
	}
	require.Equal(t, map[string]string{"customfield_3": "category", "customfield_1": "category_1", "customfield_2": "category_2"}, got)
}

func TestSiteFields(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	site.AddField(jiratest.Field{ID: "customfield_20000", Name: "Ours", Type: "select"})
	cfg := config(site)
	cfg.DataDir, cfg.ParquetDir = filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "parquet")
	fields, err := jirasync.SiteFields(t.Context(), cfg)
	require.NoError(t, err)
	ids := map[string]string{}
	for _, f := range fields {
		ids[f.ID] = f.Name
	}
	require.Equal(t, "Ours", ids["customfield_20000"])
	require.Contains(t, ids, "summary")
	_, err = os.Stat(cfg.DataDir)
	require.ErrorIs(t, err, os.ErrNotExist, "no directory is made")

	site.ExpireToken(site.Main)
	_, err = jirasync.SiteFields(t.Context(), cfg)
	require.ErrorIs(t, err, jira.ErrUnauthorized)
	cfg.Email = ""
	_, err = jirasync.SiteFields(t.Context(), cfg)
	require.ErrorIs(t, err, jirasync.ErrNoCredentials)
}
