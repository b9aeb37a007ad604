package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

const (
	varchar   = "VARCHAR"
	bigint    = "BIGINT"
	double    = "DOUBLE"
	boolean   = "BOOLEAN"
	timestamp = "TIMESTAMP WITH TIME ZONE"
)

// A column is a name and DuckDB's name of its type.
type column struct{ name, kind string }

// schemas are the six tables of the contract, every column in order, and at the
// end those that we add. The demo has rows of all of them.
var schemas = map[string][]column{
	"issues": {
		{"issue_key", varchar},
		{"issue_id", varchar},
		{"issue_url", varchar},
		{"summary", varchar},
		{"description", varchar},
		{"issue_type", varchar},
		{"status", varchar},
		{"status_category", varchar},
		{"priority", varchar},
		{"resolution", varchar},
		{"project_key", varchar},
		{"project_name", varchar},
		{"creator_email", varchar},
		{"creator_name", varchar},
		{"reporter_email", varchar},
		{"reporter_name", varchar},
		{"assignee_email", varchar},
		{"assignee_name", varchar},
		{"created_at", timestamp},
		{"updated_at", timestamp},
		{"resolved_at", timestamp},
		{"due_date", varchar},
		{"labels", varchar},
		{"attachment_count", bigint},
		{"comment_count", bigint},
		{"issuelink_count", bigint},
		{"request_type", varchar},
		{"request_status", varchar},
		{"severity", varchar},
		{"triage", varchar},
		{"configuration_item", varchar},
		{"participants", varchar},
		{"organizations", varchar},
		{"spam", varchar},
		{"context", varchar},
		{"keboola_platform_url", varchar},
		{"slack_link", varchar},
		{"technical_issue_category", varchar},
		{"email_address", varchar},
		{"satisfaction", bigint},
		{"first_response_breached", varchar},
		{"first_response_goal_millis", bigint},
		{"first_response_elapsed_millis", bigint},
		{"time_to_resolution_breached", varchar},
		{"time_to_resolution_goal_millis", bigint},
		{"time_to_resolution_elapsed_millis", bigint},
		{"l3_team", varchar},
		{"_synced_at", varchar},
		{"_raw_file", varchar},
	},
	"comments": {
		{"comment_id", varchar},
		{"issue_key", varchar},
		{"author_email", varchar},
		{"author_name", varchar},
		{"body", varchar},
		{"created_at", timestamp},
		{"updated_at", timestamp},
		{"update_author_email", varchar},
	},
	"attachments": {
		{"attachment_id", varchar},
		{"issue_key", varchar},
		{"filename", varchar},
		{"local_path", varchar},
		{"hierarchical_path", varchar},
		{"size_bytes", bigint},
		{"mime_type", varchar},
		{"author_email", varchar},
		{"created_at", timestamp},
		{"content_url", varchar},
		{"thumbnail_url", varchar},
	},
	"changelog": {
		{"change_id", varchar},
		{"issue_key", varchar},
		{"author_email", varchar},
		{"author_name", varchar},
		{"field_name", varchar},
		{"field_type", varchar},
		{"from_value", varchar},
		{"to_value", varchar},
		{"changed_at", timestamp},
	},
	"issuelinks": {
		{"issue_key", varchar},
		{"link_id", varchar},
		{"link_type", varchar},
		{"direction", varchar},
		{"linked_issue_key", varchar},
		{"linked_issue_summary", varchar},
		{"linked_issue_status", varchar},
		{"linked_issue_priority", varchar},
	},
	"remote_links": {
		{"issue_key", varchar},
		{"remote_link_id", varchar},
		{"url", varchar},
		{"title", varchar},
		{"application_name", varchar},
		{"application_type", varchar},
	},
	"worklogs": {
		{"worklog_id", varchar},
		{"issue_key", varchar},
		{"author_account_id", varchar},
		{"author_email", varchar},
		{"author_name", varchar},
		{"update_author_account_id", varchar},
		{"started_at", timestamp},
		{"created_at", timestamp},
		{"updated_at", timestamp},
		{"time_spent_seconds", bigint},
		{"comment", varchar},
		{"comment_md", varchar},
	},
	"issue_fields": {
		{"issue_key", varchar},
		{"field_id", varchar},
		{"value_text", varchar},
		{"value_number", double},
		{"value_time", timestamp},
		{"value_json", varchar},
	},
	"users": {
		{"issue_key", varchar},
		{"account_id", varchar},
		{"name", varchar},
		{"email", varchar},
		{"active", boolean},
		{"account_type", varchar},
	},
}

// added are columns that we add to tables of the contract.
var added = map[string]map[string]string{
	"issues":    {"description_md": varchar, "components": varchar, "story_points": double, "parent_key": varchar},
	"comments":  {"body_md": varchar, "public_visibility": boolean},
	"changelog": {"field_id": varchar, "from_id": varchar, "to_id": varchar},
}

// describe returns the columns DuckDB sees in a file or a glob.
func describe(t *testing.T, glob string) []column {
	t.Helper()
	var columns []column
	for _, row := range rows(t, openDuckDB(t), fmt.Sprintf("DESCRIBE SELECT * FROM read_parquet(%s)", literal(glob))) {
		columns = append(columns, column{name: row[0], kind: row[1]})
	}
	return columns
}

// Every file has the columns of the contract first and in order. What comes
// after them is our own, and docs/format.md says what it is.
func TestSchemas(t *testing.T) {
	d := demoRun(t)
	format, err := os.ReadFile(filepath.Join(root, "docs", "format.md"))
	require.NoError(t, err)
	for table, want := range schemas {
		t.Run(table, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(d.Parquet, table, "*.parquet"))
			require.NoError(t, err)
			require.NotEmpty(t, files, "the demo has no %s", table)
			for _, file := range files {
				got := describe(t, file)
				require.GreaterOrEqual(t, len(got), len(want), file)
				if diff := cmp.Diff(want, got[:len(want)], cmp.AllowUnexported(column{})); diff != "" {
					t.Errorf("columns of %s/%s mismatch (-want +got):\n%s", table, filepath.Base(file), diff)
				}
				for name, kind := range added[table] {
					require.Contains(t, got[len(want):], column{name, kind}, file)
				}
				for _, own := range got[len(want):] {
					require.Contains(t, string(format), "`"+own.name+"`", "column %s of %s is not documented", own.name, table)
				}
			}
		})
	}
}

// A nullable column must be optional in the file: a required column would turn
// an absent value into an empty one.
func TestColumnsAreOptional(t *testing.T) {
	db, d := openDemo(t)
	for table, columns := range schemas {
		glob := filepath.Join(d.Parquet, table, "*.parquet")
		required := map[string]bool{}
		for _, row := range rows(t, db, fmt.Sprintf(
			"SELECT DISTINCT name FROM parquet_schema(%s) WHERE repetition_type = 'REQUIRED' AND num_children IS NULL", literal(glob))) {
			required[row[0]] = true
		}
		for _, c := range columns {
			if required[c.name] && c.name != "issue_key" {
				t.Errorf("%s.%s is required in the file", table, c.name)
			}
		}
	}
}

// There are files of every table, named by their months, if it has months.
func TestTables(t *testing.T) {
	d := demoRun(t)
	found := map[string]bool{}
	for _, file := range parquetFiles(t, d.Parquet) {
		table, month, _ := strings.Cut(file, "/")
		found[table] = true
		if _, whole := siteSchemas[table]; whole {
			require.Equal(t, "data.parquet", month)
			continue
		}
		require.Regexp(t, `^\d{4}-(0[1-9]|1[0-2])\.parquet$`, month)
	}
	for table := range schemas {
		require.True(t, found[table], "no files of %s", table)
	}
}
