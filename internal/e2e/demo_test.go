package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Rich text is never NULL, and has no markup left.
func TestTexts(t *testing.T) {
	db, _ := openDemo(t)
	for _, q := range []string{
		"SELECT count(*) FROM issues WHERE description IS NULL OR issue_url IS NULL",
		"SELECT count(*) FROM comments WHERE body IS NULL",
		"SELECT count(*) FROM issues WHERE description_md IS NULL OR (description = '') <> (description_md = '')",
		"SELECT count(*) FROM comments WHERE body_md IS NULL OR (body = '') <> (body_md = '')",
		`SELECT count(*) FROM comments WHERE body_md LIKE '%"type":%'`,
		`SELECT count(*) FROM comments WHERE body LIKE '%"type":%'`,
		`SELECT count(*) FROM issues WHERE description LIKE '%"type":%'`,
		"SELECT count(*) FROM issues WHERE NOT ends_with(issue_url, '/browse/' || issue_key)",
	} {
		require.Equal(t, "0", one(t, db, q), q)
	}
	require.NotEqual(t, "0", one(t, db, "SELECT count(*) FROM issues WHERE description <> ''"))
	require.NotEqual(t, "0", one(t, db, "SELECT count(*) FROM comments WHERE body <> ''"))
	require.NotEqual(t, "0", one(t, db, "SELECT count(*) FROM comments WHERE contains(body_md, '](https://')"), "links in Markdown")
}

// The fields and people of an issue say the same as its columns.
func TestFieldsAndUsers(t *testing.T) {
	db, _ := openDemo(t)
	for _, q := range []string{
		`SELECT count(*) FROM issues i FULL JOIN (FROM issue_fields WHERE field_id = 'customfield_10004') f USING (issue_key)
			WHERE i.severity IS DISTINCT FROM f.value_text`,
		`SELECT count(*) FROM issues i FULL JOIN (FROM issue_fields WHERE field_id = 'customfield_10330') f USING (issue_key)
			WHERE i.context IS DISTINCT FROM f.value_text`,
		"SELECT count(*) FROM issue_fields WHERE value_number IS NOT NULL AND value_number <> value_text::DOUBLE",
		"SELECT count(*) FROM issue_fields WHERE value_json IS NOT NULL AND NOT json_valid(value_json)",
		"SELECT count(*) FROM issue_fields WHERE value_text IS NULL AND value_json IS NULL",
		"SELECT count(*) - count(DISTINCT (issue_key, field_id)) FROM issue_fields",
		"SELECT count(*) - count(DISTINCT (issue_key, account_id)) FROM users",
		`SELECT count(*) FROM issues i JOIN users u USING (issue_key) WHERE u.account_id = i.reporter_account_id
			AND (u.name IS DISTINCT FROM i.reporter_name OR u.email IS DISTINCT FROM i.reporter_email)`,
		"SELECT count(*) FROM comments c ANTI JOIN users u ON c.issue_key = u.issue_key AND c.author_account_id = u.account_id WHERE c.author_account_id IS NOT NULL",
	} {
		require.Equal(t, "0", one(t, db, q), q)
	}
	require.NotEqual(t, "0", one(t, db, "SELECT count(*) FROM issue_fields WHERE value_time IS NOT NULL"))
	require.NotEqual(t, "0", one(t, db, "SELECT count(*) FROM users WHERE active AND account_type = 'customer'"))
}

// Every child has its issue, and the counts of the issue are those of its rows.
func TestJoins(t *testing.T) {
	db, _ := openDemo(t)
	for table := range schemas {
		require.NotEqual(t, "0", one(t, db, "SELECT count(*) FROM "+table), table)
		if table != "issues" {
			q := fmt.Sprintf("SELECT count(*) FROM %s ANTI JOIN issues USING (issue_key)", table)
			require.Equal(t, "0", one(t, db, q), q)
		}
	}
	for table, count := range map[string]string{
		"attachments": "attachment_count", "comments": "comment_count", "issuelinks": "issuelink_count",
	} {
		q := fmt.Sprintf(`SELECT count(*) FROM issues
			LEFT JOIN (SELECT issue_key, count(*) AS n FROM %s GROUP BY issue_key) USING (issue_key)
			WHERE %s <> coalesce(n, 0)`, table, count)
		require.Equal(t, "0", one(t, db, q), q)
	}
	require.Equal(t, "0", one(t, db, "SELECT count(*) - count(DISTINCT issue_key) FROM issues"))
	require.Equal(t, "0", one(t, db, "SELECT count(*) - count(DISTINCT issue_id) FROM issues"))
}

// The query of the design.
func TestDesignQuery(t *testing.T) {
	db, _ := openDemo(t)
	found := rows(t, db, "SELECT issue_key, summary, severity FROM issues WHERE severity LIKE '%Medium%' ORDER BY issue_key")
	require.NotEmpty(t, found)
	for _, row := range found {
		require.Contains(t, row[2], "Medium")
	}
}

// A file holds the issues that were created in its month, by the UTC instant,
// and the children of those issues, whatever the reader's time zone is.
func TestMonths(t *testing.T) {
	db, _ := openDemo(t)
	exec1(t, db, "CREATE VIEW months AS SELECT issue_key, strftime(timezone('UTC', created_at), '%Y-%m') AS month FROM issues")
	require.NotEqual(t, "1", one(t, db, "SELECT count(DISTINCT month) FROM months"), "the demo spans several months")
	for table := range schemas {
		q := fmt.Sprintf("SELECT count(*) FROM %s JOIN months USING (issue_key) WHERE parse_filename(file_path, true) <> month", table)
		require.Equal(t, "0", one(t, db, q), q)
	}
}

// The distribution directory holds the same bytes.
func TestDistribution(t *testing.T) {
	d := demoRun(t)
	files := parquetFiles(t, d.Parquet)
	require.Equal(t, files, parquetFiles(t, filepath.Join(d.Dir, "dist")))
	for _, name := range files {
		require.True(t, bytes.Equal(read(t, d.Parquet, name), read(t, filepath.Join(d.Dir, "dist"), name)), name)
	}
}

// A downloaded attachment is where local_path says, with the size Jira names.
func TestAttachments(t *testing.T) {
	db, d := openDemo(t)
	found := rows(t, db, "SELECT issue_key, attachment_id, local_path, size_bytes FROM attachments WHERE local_path IS NOT NULL")
	require.NotEmpty(t, found)
	for _, row := range found {
		path := row[2]
		if !filepath.IsAbs(path) {
			path = filepath.Join(d.Dir, path)
		}
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, row[3], fmt.Sprint(info.Size()), path)
	}
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return data
}

// Nothing but whole files stays: no temporary name, in any directory.
func TestNoTemporaries(t *testing.T) {
	d := demoRun(t)
	require.NoError(t, filepath.WalkDir(d.Dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.Contains(entry.Name(), "tmp") {
			t.Errorf("left behind: %s", path)
		}
		return err
	}))
}
