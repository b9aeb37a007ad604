package transform_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

var firstRefresh = time.Date(2026, 1, 2, 3, 4, 5, 678_000, time.UTC)

// siteRows compares, and returns each row as a map of what is not null.
func siteRows(t *testing.T, tables *transform.Tables, name, parts string) []map[string]any {
	t.Helper()
	var raw []json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(parts), &raw))
	change, err := tables.CompareSite(name, raw, firstRefresh)
	require.NoError(t, err)
	var rows []map[string]any
	for _, row := range change.Content.Rows {
		shown := map[string]any{}
		for i, c := range change.Content.Table.Columns {
			switch v := row[i]; {
			case v.IsNull():
			case v.Is(partition.Bool):
				shown[c.Name] = v.Flag()
			case v.Is(partition.Timestamp):
				shown[c.Name] = v.Time().Format(time.RFC3339Nano)
			default:
				shown[c.Name] = v.Text()
			}
		}
		rows = append(rows, shown)
	}
	return rows
}

func openSite(t *testing.T, fields transform.FieldMap) *transform.Tables {
	t.Helper()
	tables, err := transform.Open(t.TempDir(), transform.Options{Fields: fields})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tables.Close()) })
	return tables
}

func TestFieldRows(t *testing.T) {
	t.Parallel()
	tables := openSite(t, transform.FieldMap{
		{ID: "customfield_10020", Kind: transform.KindSprint},
		{ID: "customfield_10161", Kind: transform.KindSLA, Columns: []string{"resolution_*"}},
	})
	got := siteRows(t, tables, transform.TableFields, `[
		{"id":"summary","key":"summary","name":"Zusammenfassung","untranslatedName":"Summary","custom":false,"clauseNames":["summary"],"schema":{"type":"string","system":"summary"}},
		{"id":"customfield_10161","name":"Time to <resolution>","custom":true,"clauseNames":["cf[10161]","Čas"],"schema":{"type":"sd-servicelevelagreement","custom":"com.atlassian.servicedesk:sd-sla-field","customId":10161}},
		{"id":"customfield_10020","name":null,"custom":"yes","clauseNames":"none","schema":null,"scope":{"type":"PROJECT","project":{"id":"10000"}}},
		{"id":"customfield_10020","name":"comes twice"},
		{"id":"customfield_10002","schema":{"type":"array","items":"sd-customerorganization"}}
	]`)
	const at = "2026-01-02T03:04:05.000678+00:00"
	want := []map[string]any{
		{"field_id": "customfield_10002", "type": "array", "items": "sd-customerorganization", "clause_names": "[]", "issue_columns": "[]", "_synced_at": at},
		{"field_id": "customfield_10020", "clause_names": "[]", "project_id": "10000", "issue_columns": `["sprint_names"]`, "_synced_at": at},
		{
			"field_id": "customfield_10161", "name": "Time to <resolution>", "custom": true, "type": "sd-servicelevelagreement",
			"custom_type": "com.atlassian.servicedesk:sd-sla-field", "clause_names": `["cf[10161]","Čas"]`,
			"issue_columns": `["resolution_breached","resolution_goal_millis","resolution_elapsed_millis"]`, "_synced_at": at,
		},
		{
			"field_id": "summary", "name": "Zusammenfassung", "untranslated_name": "Summary", "custom": false, "type": "string",
			"clause_names": `["summary"]`, "issue_columns": "[]", "_synced_at": at,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields mismatch (-want +got):\n%s", diff)
	}
}

func TestOrganizationRows(t *testing.T) {
	t.Parallel()
	got := siteRows(t, openSite(t, nil), transform.TableOrganizations, `[
		{"id":"146","uuid":"","name":"Carrier","created":{"iso8601":"2026-02-01T18:51:13-0600","epochMillis":1769993473544},"scimManaged":false},
		{"id":"2","uuid":"0a1b","name":"Zoë & Söhne","created":{"epochMillis":9223372036854775807},"scimManaged":null},
		{"id":"3"}
	]`)
	const at = "2026-01-02T03:04:05.000678+00:00"
	want := []map[string]any{
		{"org_id": "146", "name": "Carrier", "created_at": "2026-02-02T00:51:13.544Z", "scim_managed": false, "_synced_at": at},
		{"org_id": "2", "uuid": "0a1b", "name": "Zoë & Söhne", "_synced_at": at},
		{"org_id": "3", "_synced_at": at},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("organizations mismatch (-want +got):\n%s", diff)
	}
}

// A row keeps the time at which it was first found as it is.
func TestCompareSite(t *testing.T) {
	t.Parallel()
	tables := openSite(t, nil)
	at := firstRefresh
	apply := func(parts ...string) transform.SiteChange {
		t.Helper()
		raw := make([]json.RawMessage, len(parts))
		for i, p := range parts {
			raw[i] = json.RawMessage(p)
		}
		change, err := tables.CompareSite(transform.TableOrganizations, raw, at)
		require.NoError(t, err)
		files, err := tables.Dir().Replace(partition.Whole, change.Content)
		require.NoError(t, err)
		require.Equal(t, len(change.Added)+len(change.Changed)+len(change.Removed) > 0, len(files) > 0)
		at = at.Add(time.Hour)
		return change
	}
	change := apply(`{"id":"1","name":"a"}`, `{"id":"2","name":"b"}`)
	require.Equal(t, []string{"1", "2"}, change.Added)
	require.Zero(t, change.Before)
	apply(`{"id":"2","name":"b"}`, `{"id":"1","name":"a"}`)
	change = apply(`{"id":"1","name":"renamed"}`, `{"id":"3","name":"c"}`)
	require.Equal(t, 2, change.Before)
	require.Equal(t, []string{"3"}, change.Added)
	require.Equal(t, []string{"1"}, change.Changed)
	require.Equal(t, []string{"2"}, change.Removed)
	change = apply(`{"id":"1","name":"renamed"}`, `{"id":"3","name":"c"}`)
	require.Equal(t, "2026-01-02T05:04:05.000678+00:00", change.Content.Rows[0][5].Text())

	_, err := tables.CompareSite("issues", nil, at)
	require.Error(t, err)
	for _, part := range []string{``, `null`, `{}`, `{"id":""}`, `{"id":`, `[]`} {
		_, err = tables.CompareSite(transform.TableOrganizations, []json.RawMessage{json.RawMessage(part)}, at)
		require.ErrorIs(t, err, transform.ErrRecord, "%q", part)
	}
	require.NoError(t, os.WriteFile(tables.Dir().Path()+"/organizations/data.parquet", []byte("PAR1"), 0o600))
	_, err = tables.CompareSite(transform.TableOrganizations, nil, at)
	require.ErrorIs(t, err, partition.ErrCorrupt, "lesson 139: unreadable is not empty")
}

func TestSiteTables(t *testing.T) {
	t.Parallel()
	for _, table := range transform.SiteTables(transform.Options{}) {
		require.NoError(t, table.Validate())
		require.True(t, table.Whole)
	}
	require.Len(t, transform.SiteTables(transform.Options{}), 2)
	require.Empty(t, transform.SiteTables(transform.Options{ReferenceOnly: true}))
	require.Empty(t, transform.SiteTables(transform.Options{SiteURL: "no url"}))
}
