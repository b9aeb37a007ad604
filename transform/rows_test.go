package transform_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/golden"
	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

// TestRows: each archive is a record and what becomes of it, a line for each
// column. Lessons 9, 16, 18, 42, 196-200, 207-219 of the reference.
func TestRows(t *testing.T) {
	golden.Run(t, "testdata/rows/*.txtar", func(t *testing.T, c *golden.Case) {
		rows, err := transform.Rows(c.Input("record.json"), caseOptions(t, c))
		c.Want("rows.txt", show(rows, err))
	})
}

// caseOptions reads the options of an archive, if it has some.
func caseOptions(t *testing.T, c *golden.Case) transform.Options {
	t.Helper()
	if !c.Has("options.json") {
		return transform.Options{}
	}
	var raw struct {
		Site        string
		Fields      transform.FieldMap
		Attachments map[string]string // id → path
	}
	require.NoError(t, json.Unmarshal(c.Input("options.json"), &raw))
	return transform.Options{
		SiteURL: raw.Site,
		Fields:  raw.Fields,
		Attachment: func(_, id, _ string) (string, bool) {
			path, ok := raw.Attachments[id]
			return path, ok
		},
	}
}

// show prints rows, one column a line.
func show(r transform.IssueRows, err error) string {
	var b strings.Builder
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
		return b.String()
	}
	fmt.Fprintf(&b, "key=%s id=%s month=%s gone=%t\n", r.Key, r.ID, r.Month, r.Gone)
	for n := len(r.Contents) - 1; n >= 0; n-- { // issues first reads better
		c := r.Contents[n]
		for i, row := range c.Rows {
			name := c.Table.Name
			if name != "issues" {
				name = fmt.Sprintf("%s[%d]", name, i)
			}
			for j, v := range row {
				fmt.Fprintf(&b, "%s.%s = %v\n", name, c.Table.Columns[j].Name, v)
			}
		}
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "skipped %s: %s\n", s.Part, s.Reason)
	}
	return b.String()
}

// TestSchemaIsTheReference holds the names, order and types of the six
// tables (reference section 1).
func TestSchemaIsTheReference(t *testing.T) {
	want := map[string]string{
		"comments": `comment_id issue_key author_email author_name body created_at:timestamp updated_at:timestamp update_author_email`,
		"attachments": `attachment_id issue_key filename local_path hierarchical_path size_bytes:int64 mime_type author_email
			created_at:timestamp content_url thumbnail_url`,
		"changelog":    `change_id issue_key author_email author_name field_name field_type from_value to_value changed_at:timestamp`,
		"issuelinks":   `issue_key link_id link_type direction linked_issue_key linked_issue_summary linked_issue_status linked_issue_priority`,
		"remote_links": `issue_key remote_link_id url title application_name application_type`,
		"issues": `issue_key issue_id issue_url summary description issue_type status status_category priority resolution
			project_key project_name creator_email creator_name reporter_email reporter_name assignee_email assignee_name
			created_at:timestamp updated_at:timestamp resolved_at:timestamp due_date labels
			attachment_count:int64 comment_count:int64 issuelink_count:int64
			request_type request_status severity triage configuration_item participants organizations spam context
			keboola_platform_url slack_link technical_issue_category email_address satisfaction:int64
			first_response_breached first_response_goal_millis:int64 first_response_elapsed_millis:int64
			time_to_resolution_breached time_to_resolution_goal_millis:int64 time_to_resolution_elapsed_millis:int64
			l3_team _synced_at _raw_file`,
	}
	got := map[string]string{}
	tables := transform.Schema(transform.Options{ReferenceOnly: true})
	for _, table := range tables {
		require.NoError(t, table.Validate())
		var columns []string
		for _, c := range table.Columns {
			name := c.Name
			if c.Kind != partition.Text {
				name += ":" + c.Kind.String()
			}
			columns = append(columns, name)
		}
		got[table.Name] = strings.Join(columns, " ")
	}
	for name := range want {
		want[name] = strings.Join(strings.Fields(want[name]), " ")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Schema mismatch (-want +got):\n%s", diff)
	}
	last := tables[len(tables)-1]
	require.Equal(t, "issues", last.Name, "issues is written last (lesson 191)")
	require.Len(t, last.Columns, 49)
	require.Nil(t, transform.Schema(transform.Options{SiteURL: "no url"}))
}

// TestAddedColumnsComeAfterTheReference: what we add changes neither the
// order nor the type of a column of the reference.
func TestAddedColumnsComeAfterTheReference(t *testing.T) {
	all := transform.Schema(transform.Options{})
	last := all[len(all)-1]
	require.Equal(t, "issues", last.Name)
	for _, reference := range transform.Schema(transform.Options{ReferenceOnly: true}) {
		i := slices.IndexFunc(all, func(t partition.Table) bool { return t.Name == reference.Name })
		require.GreaterOrEqual(t, i, 0)
		require.NoError(t, all[i].Validate())
		if diff := cmp.Diff(reference.Columns, all[i].Columns[:len(reference.Columns)]); diff != "" {
			t.Errorf("%s mismatch (-reference +all):\n%s", reference.Name, diff)
		}
	}

	own := transform.FieldMap{{ID: "customfield_1", Kind: transform.KindNumber, Columns: []string{"description_md"}}}
	issues := transform.Schema(transform.Options{Fields: own})
	require.NoError(t, issues[len(issues)-1].Validate(), "a column of the map stands in for ours")
}

// TestRowsRefusesWhatIsNoIssue, P-1.
func TestRowsRefusesWhatIsNoIssue(t *testing.T) {
	const good = `"id":"1","key":"A-1","fields":{"created":"2026-01-15T10:00:00Z"}`
	tests := map[string]string{
		"empty":              ``,
		"cut":                `{` + good,
		"two values":         `{` + good + `}{}`,
		"null":               `null`,
		"list":               `[{` + good + `}]`,
		"text":               `"A-1"`,
		"html":               `<html>`,
		"no key":             `{"id":"1","fields":{"created":"2026-01-15T10:00:00Z"}}`,
		"bad key":            `{"id":"1","key":"../A-1","fields":{"created":"2026-01-15T10:00:00Z"}}`,
		"key with newline":   `{"id":"1","key":"A-1\n","fields":{"created":"2026-01-15T10:00:00Z"}}`,
		"no id":              `{"key":"A-1","fields":{"created":"2026-01-15T10:00:00Z"}}`,
		"bad id":             `{"id":"x","key":"A-1","fields":{"created":"2026-01-15T10:00:00Z"}}`,
		"no fields":          `{"id":"1","key":"A-1"}`,
		"null fields":        `{"id":"1","key":"A-1","fields":null}`,
		"no created":         `{"id":"1","key":"A-1","fields":{}}`,
		"null created":       `{"id":"1","key":"A-1","fields":{"created":null}}`,
		"number created":     `{"id":"1","key":"A-1","fields":{"created":1768471200000}}`,
		"garbage created":    `{"id":"1","key":"A-1","fields":{"created":"soon"}}`,
		"deleted, no key":    `{"id":"1","_deleted_at":"2026-01-15T10:00:00Z"}`,
		"nested 20,000 deep": `{` + good + `,"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`,
	}
	if !testing.Short() {
		tests["values without end"] = `{` + good + `,"x":[` + strings.Repeat("0,", 9<<20) + `0]}`
	}
	for name, record := range tests {
		t.Run(name, func(t *testing.T) {
			rows, err := transform.Rows([]byte(record), transform.Options{})
			require.ErrorIs(t, err, transform.ErrRecord)
			require.Empty(t, rows.Contents)
		})
	}
	_, err := transform.Rows([]byte(`{`+good+`}`), transform.Options{})
	require.NoError(t, err)
}

// TestRowsOfRealPayloads runs every public payload that is at hand through
// Rows. Each becomes rows or is refused as no issue; the counts agree.
func TestRowsOfRealPayloads(t *testing.T) {
	const dir = "../../shared/fixtures/issues"
	files, err := filepath.Glob(dir + "/*.json")
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skipf("%s is not here", dir)
	}
	issues := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		rows, err := transform.Rows(data, transform.Options{})
		if err != nil {
			require.ErrorIs(t, err, transform.ErrRecord, file)
			t.Logf("%s: %v", filepath.Base(file), err)
			continue
		}
		issues++
		require.Empty(t, rows.Skipped, file)
		checkAgainst(t, data, rows)
	}
	require.GreaterOrEqual(t, issues, 12)
}

// checkAgainst compares rows with a naive decoding of the record.
func checkAgainst(t *testing.T, record []byte, rows transform.IssueRows) {
	t.Helper()
	var raw struct {
		Key    string
		Fields struct {
			Summary string
			Status  struct {
				Name           string
				StatusCategory struct{ Key string }
			}
			Labels  []string
			Comment struct {
				Comments []any
				Total    int64
			}
			Attachment, Issuelinks []any
			Worklog                struct{ Worklogs []any }
			Components             []any
		}
		Changelog struct{ Histories []struct{ Items []any } }
	}
	require.NoError(t, json.Unmarshal(record, &raw))
	items := 0
	for _, h := range raw.Changelog.Histories {
		items += len(h.Items)
	}
	labels := "[]"
	if len(raw.Fields.Labels) > 0 {
		labels = `["` + strings.Join(raw.Fields.Labels, `","`) + `"]`
	}
	want := map[string]any{
		"comments": len(raw.Fields.Comment.Comments), "attachments": len(raw.Fields.Attachment),
		"changelog": items, "issuelinks": len(raw.Fields.Issuelinks),
		"summary": raw.Fields.Summary, "status": raw.Fields.Status.Name, "labels": labels,
		"comment_count": raw.Fields.Comment.Total, "_raw_file": raw.Key + ".json",
		"worklogs": len(raw.Fields.Worklog.Worklogs), "components": len(raw.Fields.Components), "status_category_key": raw.Fields.Status.StatusCategory.Key,
	}
	components := strings.Count(strings.Trim(cell(rows, "components").Text(), "[]"), `"`) / 2
	got := map[string]any{
		"comments": len(table(rows, "comments")), "attachments": len(table(rows, "attachments")),
		"changelog": len(table(rows, "changelog")), "issuelinks": len(table(rows, "issuelinks")),
		"summary": cell(rows, "summary").Text(), "status": cell(rows, "status").Text(), "labels": cell(rows, "labels").Text(),
		"comment_count": cell(rows, "comment_count").Int(), "_raw_file": cell(rows, "_raw_file").Text(),
		"worklogs": len(table(rows, "worklogs")), "components": components, "status_category_key": cell(rows, "status_category_key").Text(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Rows(%s) mismatch (-want +got):\n%s", raw.Key, diff)
	}
}

// table returns the rows of one table.
func table(r transform.IssueRows, name string) []partition.Row {
	for _, c := range r.Contents {
		if c.Table.Name == name {
			return c.Rows
		}
	}
	return nil
}

// cell returns a column of the issue's row.
func cell(r transform.IssueRows, column string) partition.Value {
	c := r.Contents[len(r.Contents)-1]
	return c.Rows[0][c.Table.Index(column)]
}

// TestHostileRichText: reliability A-17. Whatever the document is, the row is
// there, and what cannot be read is said.
func TestHostileRichText(t *testing.T) {
	deep := func(n int) string {
		return strings.Repeat(`{"type":"blockquote","content":[`, n) + `{"type":"text","text":"deep"}` + strings.Repeat(`]}`, n)
	}
	for name, doc := range map[string]string{
		"content is text": `{"type":"doc","content":"x"}`,
		"attrs is a list": `{"type":"doc","content":[{"type":"mention","attrs":["x"]}]}`,
		"text is null":    `{"type":"doc","content":[{"type":"text","text":null}]}`,
		"a number":        `7`,
		"deep":            deep(300),
		"very deep":       deep(4900),
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := transform.Rows([]byte(`{"id":"1","key":"A-1","fields":{"created":"2026-01-10","summary":"here","description":`+doc+`,
				"comment":{"comments":[{"id":"1","body":`+doc+`}]},"customfield_10330":`+doc+`}}`), transform.Options{})
			require.NoError(t, err)
			require.Equal(t, "here", cell(rows, "summary").Text())
			require.Len(t, table(rows, "comments"), 1)
			if strings.Contains(doc, "deep") && len(rows.Skipped) == 0 {
				require.Contains(t, cell(rows, "description").Text(), "deep")
			}
		})
	}
}
