package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// siteSchemas are the tables that are not divided by month.
var siteSchemas = map[string]string{
	"fields": "field_id VARCHAR, name VARCHAR, untranslated_name VARCHAR, custom BOOLEAN, type VARCHAR, items VARCHAR, custom_type VARCHAR, " +
		"clause_names VARCHAR, project_id VARCHAR, issue_columns VARCHAR, _synced_at VARCHAR",
	"organizations": "org_id VARCHAR, name VARCHAR, uuid VARCHAR, created_at TIMESTAMP WITH TIME ZONE, scim_managed BOOLEAN, _synced_at VARCHAR",
}

// The glob that reads every other table reads these too, here and where they
// are published, and each id is there once.
func TestSiteTables(t *testing.T) {
	d := demoRun(t)
	db := openDuckDB(t)
	for table, want := range siteSchemas {
		for _, dir := range []string{"parquet", "dist"} {
			from := "read_parquet(" + literal(filepath.Join(d.Dir, dir, table, "*.parquet")) + ")"
			var columns []string
			for _, c := range rows(t, db, "DESCRIBE FROM "+from) {
				columns = append(columns, c[0]+" "+c[1])
			}
			if diff := cmp.Diff(want, strings.Join(columns, ", ")); diff != "" {
				t.Errorf("%s mismatch (-want +got):\n%s", table, diff)
			}
			id, _, _ := strings.Cut(want, " ")
			require.Equal(t, "true", one(t, db, fmt.Sprintf("SELECT count(*) > 0 AND count(*) = count(DISTINCT %s) FROM %s", id, from)))
		}
	}
	fields := literal(filepath.Join(d.Parquet, "fields", "data.parquet"))
	require.Equal(t, `["severity"]`, one(t, db, "SELECT issue_columns FROM "+fields+" WHERE field_id = 'customfield_10004'"))
	require.Equal(t, "true", one(t, db, "SELECT bool_and(json_valid(clause_names) AND json_valid(issue_columns)) FROM "+fields))
	files, _ := openDemo(t)
	require.Equal(t, "0", one(t, files, "SELECT count(*) FROM issue_fields ANTI JOIN "+fields+" USING (field_id)"), "every field has its name")
}

// Lessons 129, 130 and 161: the documented join goes by id, takes all of an
// issue's organizations, and keeps the issues that have none.
func TestLesson161OrganizationsJoinById(t *testing.T) {
	files, d := openDemo(t)
	document, err := os.ReadFile(filepath.Join(root, "docs", "format.md"))
	require.NoError(t, err)
	query := regexp.MustCompile("(?s)```sql\n([^`]*organizations/data.parquet[^`]*)```").FindSubmatch(document)
	require.NotNil(t, query)
	t.Chdir(filepath.Dir(d.Dir))
	exec1(t, files, "CREATE TABLE joined AS "+string(query[1]))
	require.Equal(t, one(t, files, "SELECT count(*) FROM issues"), one(t, files, "SELECT count(*) FROM joined"), "an issue is lost, or doubled")
	const names = "list_sort(from_json(i.organizations, '[\"VARCHAR\"]'))"
	require.Equal(t, "0", one(t, files, "SELECT count(*) FROM issues i JOIN joined j USING (issue_key) WHERE "+names+" <> coalesce(j.organizations, [])"))
	require.NotEqual(t, "0", one(t, files, "SELECT count(*) FROM joined WHERE organizations IS NULL"), "the demo has issues without organizations")
	require.NotEqual(t, "0", one(t, files, "SELECT count(*) FROM joined WHERE len(organizations) > 0"))
}
