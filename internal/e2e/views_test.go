package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The SQL that `jira-sync views` prints runs as it is, and its views hold what
// the files hold.
func TestViews(t *testing.T) {
	files, d := openDemo(t)
	bin, err := command()
	require.NoError(t, err)
	sql, err := output(d.Dir, bin, "views", "--dir", d.Parquet)
	require.NoError(t, err)

	db := openDuckDB(t)
	exec1(t, db, sql)
	exec1(t, db, sql) // a second time replaces the views
	for table := range schemas {
		require.Equal(t, one(t, files, "SELECT count(*) FROM "+table), one(t, db, "SELECT count(*) FROM jira_"+table))
	}
	for table := range siteSchemas {
		require.NotEqual(t, "0", one(t, db, "SELECT count(*) FROM jira_"+table))
	}

	sql, err = output(d.Dir, bin, "views", "--dir", d.Parquet, "--prefix", "support_")
	require.NoError(t, err)
	exec1(t, db, sql)
	require.NotEqual(t, "0", one(t, db, "SELECT count(*) FROM support_issues"))
}

// A directory without files has no views, and the SQL for it still runs: a view
// over an empty glob would not.
func TestViewsOfNothing(t *testing.T) {
	bin, err := command()
	require.NoError(t, err)
	empty := t.TempDir()
	sql, err := output(empty, bin, "views", "--dir", empty)
	require.NoError(t, err)
	if strings.TrimSpace(sql) != "" {
		exec1(t, openDuckDB(t), sql)
	}
}

// The command that the demo prints at its end can be pasted.
func TestDemoPrintsAQuery(t *testing.T) {
	d := demoRun(t)
	found := regexp.MustCompile(`duckdb -c "([^"]+)"`).FindStringSubmatch(d.Output)
	require.NotNil(t, found, "no duckdb command in:\n%s", d.Output)
	require.NotEmpty(t, rows(t, openDuckDB(t), strings.ReplaceAll(found[1], `\"`, `"`)))
}

// Every SQL block of the documentation runs against a demo that lies where the
// documentation says, and finds rows.
func TestDocumentedQueries(t *testing.T) {
	d := demoRun(t)
	block := regexp.MustCompile("(?s)```sql\n(.*?)```")
	t.Chdir(filepath.Dir(d.Dir)) // the demo is ./demo here
	queries := 0
	for name, text := range documents(t) {
		for _, found := range block.FindAllStringSubmatch(text, -1) {
			queries++
			require.NotEmpty(t, rows(t, openDuckDB(t), found[1]), "%s: %s", name, found[1])
		}
	}
	require.NotZero(t, queries)
}
