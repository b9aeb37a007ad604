package transform_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

// illustrated is a record whose only comment embeds a file.
const illustrated = `{"id":"2","key":"A-2","fields":{"created":"2026-01-20","description":"two",
	"attachment":[{"id":"7","filename":"shot.png","content":"https://acme.example/7"}],
	"comment":{"comments":[{"id":"1","body":{"type":"doc","content":[{"type":"mediaSingle","content":[
		{"type":"media","attrs":{"type":"file","id":"u-7","alt":"shot.png"}}]}]}}]}}}`

func openReference(t *testing.T, dir string) *transform.Tables {
	t.Helper()
	tables, err := transform.Open(dir, transform.Options{ReferenceOnly: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tables.Close()) })
	return tables
}

// before returns tables as a version of the program without the added columns
// and tables has left them.
func before(t *testing.T, records *store) (dir string) {
	t.Helper()
	dir = t.TempDir()
	records.add(january1, february3)
	records.put("A-2", illustrated)
	upsert(t, openReference(t, dir), records, "A-1", "A-2", "B-3")
	return dir
}

// column returns a column of a table in one month by key, "-" for null.
func column(t *testing.T, dir, table, month, name string) map[string]string {
	t.Helper()
	d, err := partition.Open(dir)
	require.NoError(t, err)
	defer d.Close()
	values := map[string]string{}
	for _, s := range transform.Schema(transform.Options{}) {
		if s.Name != table {
			continue
		}
		rows, err := d.Read(s, month)
		if !errors.Is(err, fs.ErrNotExist) {
			require.NoError(t, err)
		}
		for _, row := range rows {
			value := row[s.Index(name)]
			values[row[s.Index("issue_key")].Text()] = value.Text()
			if value.IsNull() {
				values[row[s.Index("issue_key")].Text()] = "-"
			}
		}
	}
	return values
}

// TestTouchedMonthHasAllNewColumns: after an upgrade, the first upsert of any
// issue of a month fills the new columns and tables for every issue of it.
func TestTouchedMonthHasAllNewColumns(t *testing.T) {
	records := newStore()
	dir := before(t, records)
	tables := openTables(t, dir)
	outdated, err := tables.Outdated()
	require.NoError(t, err)
	require.Equal(t, []string{"2026-01", "2026-02"}, outdated)
	require.Equal(t, map[string]string{"A-1": "-", "A-2": "-"}, column(t, dir, "issues", "2026-01", "description_md"))

	result := upsert(t, tables, records, "A-1")
	require.Equal(t, []string{"A-1"}, result.Applied)
	require.Equal(t, map[string]string{"A-1": "", "A-2": "two"}, column(t, dir, "issues", "2026-01", "description_md"))
	require.Equal(t, map[string]string{"A-2": "7"}, column(t, dir, "comment_media", "2026-01", "attachment_id"))
	outdated, err = tables.Outdated()
	require.NoError(t, err)
	require.Equal(t, []string{"2026-02"}, outdated)
	require.Empty(t, upsert(t, tables, records, "A-1", "A-2").Files, "once is enough")

	result, err = transform.Renew(t.Context(), tables, records)
	require.NoError(t, err)
	require.Equal(t, []string{"B-3"}, result.Applied)
	sameAsRebuild(t, dir, tables, records)
	result, err = transform.Renew(t.Context(), tables, records)
	require.NoError(t, err)
	require.Empty(t, result.Files)
}

// TestRenewedMonthKeepsWhatItCannotMake: rows that nobody asked for are lost
// to neither an unreadable record nor one that belongs to another month.
func TestRenewedMonthKeepsWhatItCannotMake(t *testing.T) {
	redated, deleted := january2, january2
	redated.created = "2026-05-05"
	deleted.deleted = true
	tests := map[string]struct {
		change func(*store)
		want   map[string]string // description_md
	}{
		"unreadable": {func(s *store) { s.put("A-2", `{"cut`) }, map[string]string{"A-1": "", "A-2": "-"}},
		"no record":  {func(s *store) { s.remove("A-2") }, map[string]string{"A-1": "", "A-2": "-"}},
		"redated":    {func(s *store) { s.add(redated) }, map[string]string{"A-1": "", "A-2": "-"}},
		"deleted":    {func(s *store) { s.add(deleted) }, map[string]string{"A-1": ""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			records := newStore()
			dir := before(t, records)
			tables := openTables(t, dir)
			tt.change(records)
			upsert(t, tables, records, "A-1")
			if diff := cmp.Diff(tt.want, column(t, dir, "issues", "2026-01", "description_md")); diff != "" {
				t.Errorf("description_md mismatch (-want +got):\n%s", diff)
			}
			records.put("A-2", illustrated)
			upsert(t, tables, records, "A-2", "B-3")
			sameAsRebuild(t, dir, tables, records)
		})
	}
}

// TestRenewTellsFailures: a month whose record cannot be read is renewed all
// the same.
func TestRenewTellsFailures(t *testing.T) {
	records := newStore()
	dir := before(t, records)
	tables := openTables(t, dir)
	records.put("A-2", `{"cut`)
	result, err := transform.Renew(t.Context(), tables, records)
	require.ErrorIs(t, err, transform.ErrRecord)
	require.ErrorIs(t, result.Failed["A-2"], transform.ErrRecord)
	require.Equal(t, []string{"A-1", "B-3"}, result.Applied)
	outdated, err := tables.Outdated()
	require.NoError(t, err)
	require.Empty(t, outdated)
	require.Equal(t, map[string]string{"A-1": "", "A-2": "-"}, column(t, dir, "issues", "2026-01", "description_md"))
}

// TestFieldMapReachesOldMonths: another field for the same column is seen by
// issues that nothing happens to.
func TestFieldMapReachesOldMonths(t *testing.T) {
	records := newStore()
	for _, key := range []string{"A-1", "A-2"} {
		records.put(key, fmt.Sprintf(`{"id":%q,"key":%q,"fields":{"created":"2026-01-10","customfield_1":"one","customfield_2":"two"}}`, key[2:], key))
	}
	dir := t.TempDir()
	for _, want := range []string{"one", "two"} {
		id := map[string]string{"one": "customfield_1", "two": "customfield_2"}[want]
		fields := transform.FieldMap{{ID: id, Kind: transform.KindText, Columns: []string{"severity"}}, {ID: "customfield_2", Kind: transform.KindSprint}}
		tables, err := transform.Open(dir, transform.Options{Fields: append(fields, transform.DefaultFields()[3:]...)})
		require.NoError(t, err)
		upsert(t, tables, records, "A-1")
		if want == "one" {
			upsert(t, tables, records, "A-2")
		}
		require.NoError(t, tables.Close())
		require.Equal(t, map[string]string{"A-1": want, "A-2": want}, column(t, dir, "issues", "2026-01", "severity"))
	}
}

// TestReferenceOnly: the files hold the columns of the reference and no others;
// going back to them is a rebuild, which leaves no other table behind.
func TestReferenceOnly(t *testing.T) {
	records := newStore()
	dir := before(t, records)
	reference := snapshot(t, dir)
	require.NotContains(t, reference, "comment_media/2026-01.parquet")
	d, err := partition.Open(dir)
	require.NoError(t, err)
	defer d.Close()
	for _, table := range transform.Schema(transform.Options{ReferenceOnly: true}) {
		months, err := d.Months(table.Name)
		require.NoError(t, err)
		for _, month := range months {
			_, err := d.Read(table, month) // a column that the table does not have is an error
			require.NoError(t, err)
		}
	}

	_, err = transform.Renew(t.Context(), openTables(t, dir), records)
	require.NoError(t, err)
	require.Contains(t, snapshot(t, dir), "comment_media/2026-01.parquet")
	tables := openReference(t, dir)
	result, err := transform.Upsert(t.Context(), tables, records, "A-1")
	require.ErrorIs(t, err, partition.ErrSchema, "columns are not dropped in passing")
	require.Empty(t, result.Files)
	_, err = transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{})
	require.NoError(t, err)
	require.Equal(t, reference, snapshot(t, dir))
}
