package partition_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

// fields is a table that is not divided by month.
var fields = partition.Table{Name: "fields", Whole: true, Columns: []partition.Column{
	{Name: "field_id", Kind: partition.Text},
	{Name: "name", Kind: partition.Text},
	{Name: "custom", Kind: partition.Bool},
}}

func fieldRows(ids ...string) []partition.Row {
	var rows []partition.Row
	for _, id := range ids {
		rows = append(rows, partition.Row{partition.String(id), partition.String("name of " + id), partition.Null})
	}
	return rows
}

// A table that is not divided is written, found, published, listed in the
// manifest and swept like the others, in either layout.
func TestWholeTable(t *testing.T) {
	t.Parallel()
	for name, layout := range map[string]partition.Layout{"flat": partition.Flat, "hive": partition.Hive} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, dist := openLayout(t, t.TempDir(), layout), openLayout(t, t.TempDir(), layout)
			replace(t, d, "2026-01", partition.Content{Table: issues, Rows: makeIssues(seeded(), 3)})
			release, err := d.LockMonth(t.Context(), partition.Whole)
			require.NoError(t, err)
			rows := fieldRows("a", "b")
			files := replace(t, d, partition.Whole, partition.Content{Table: fields, Rows: rows})
			require.Len(t, files, 1)
			require.Equal(t, "fields/data.parquet", files[0].Path)
			release()
			wantRows(t, d, fields, partition.Whole, rows)
			require.Empty(t, replace(t, d, partition.Whole, partition.Content{Table: fields, Rows: rows}), "equal rows are not written")

			require.NoError(t, d.PublishAll(t.Context(), dist))
			wantRows(t, dist, fields, partition.Whole, rows)
			manifest, err := dist.Manifest()
			require.NoError(t, err)
			require.Len(t, manifest.Files, 2)
			require.Equal(t, "fields/data.parquet", manifest.Files[0].Path)
			require.Equal(t, 2, manifest.Files[0].Rows)
			require.NoError(t, dist.CheckManifest(t.Context()))
			require.NoError(t, os.Remove(filepath.Join(dist.Path(), "manifest.json")))
			require.NoError(t, d.PublishAll(t.Context(), dist), "a manifest that is lost is made from the files")
			again, err := dist.Manifest()
			require.NoError(t, err)
			require.Equal(t, manifest.Files, again.Files)

			months, err := d.Months("fields")
			require.NoError(t, err)
			require.Empty(t, months, "lesson 54: it is no month")
			_, err = d.Stat("fields", partition.Whole)
			require.NoError(t, err)

			foreign := filepath.Join(dist.Path(), "issues", "data.parquet")
			require.NoError(t, os.WriteFile(foreign, []byte("mine"), 0o600))
			require.NoError(t, os.Remove(filepath.Join(d.Path(), "fields", "data.parquet")))
			require.NoError(t, d.PublishAll(t.Context(), dist), "what is gone here goes there")
			_, err = dist.Read(fields, partition.Whole)
			require.ErrorIs(t, err, fs.ErrNotExist)
			require.FileExists(t, foreign, "what was never published stays")
		})
	}
}

// Lesson 54: a migration takes months for months only.
func TestLesson54MigrationLeavesWholeTables(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := openLayout(t, dir, partition.Flat)
	replace(t, d, "2026-01", partition.Content{Table: issues, Rows: makeIssues(seeded(), 3)})
	replace(t, d, partition.Whole, partition.Content{Table: fields, Rows: fieldRows("a")})
	for _, layout := range []partition.Layout{partition.Hive, partition.Flat} {
		other := openLayout(t, dir, layout)
		moved, err := other.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, moved)
		wantRows(t, other, fields, partition.Whole, fieldRows("a"))
		require.FileExists(t, filepath.Join(dir, "fields", "data.parquet"))
	}
}

// Lesson 143: without rows the columns stay, so that readers and their views
// go on, and the next rows find a file to take the place of.
func TestLesson143WholeTableWithoutRowsKeepsItsColumns(t *testing.T) {
	t.Parallel()
	d, dist := openDir(t), openDir(t)
	empty := partition.Content{Table: fields}
	for _, rows := range [][]partition.Row{nil, fieldRows("a"), nil} {
		require.Len(t, replace(t, d, partition.Whole, partition.Content{Table: fields, Rows: rows}), 1)
		require.NoError(t, d.PublishAll(t.Context(), dist))
		got, err := dist.Read(fields, partition.Whole)
		require.NoError(t, err)
		require.Len(t, got, len(rows))
	}
	require.Empty(t, replace(t, d, partition.Whole, empty))
	require.NoError(t, partition.Verify(openFile(t, d, "fields/data.parquet")))
}

func openFile(t *testing.T, d *partition.Dir, path string) (*os.File, int64) {
	t.Helper()
	f, err := os.Open(filepath.Join(d.Path(), path))
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	require.NoError(t, err)
	return f, info.Size()
}

func TestWholeTableRefuses(t *testing.T) {
	t.Parallel()
	d := openDir(t)
	_, err := d.Replace(partition.Whole, partition.Content{Table: fields, Rows: fieldRows("b", "a")})
	require.ErrorIs(t, err, partition.ErrRows, "not sorted")
	_, err = d.Replace(partition.Whole, partition.Content{Table: fields, Rows: fieldRows("")})
	require.ErrorIs(t, err, partition.ErrRows, "no id")
	_, err = d.Replace("2026-01", partition.Content{Table: fields, Rows: fieldRows("a")})
	require.ErrorContains(t, err, "2026-01")
	_, err = d.Replace(partition.Whole, partition.Content{Table: issues, Rows: makeIssues(seeded(), 1)})
	require.ErrorContains(t, err, "issues")
	_, err = d.Splice(partition.Whole, []string{"a"}, partition.Content{Table: fields, Rows: fieldRows("a")})
	require.Error(t, err)
	whole := fields
	whole.Columns = fields.Columns[2:]
	require.Error(t, whole.Validate(), "the first column is no text")
	require.NoDirExists(t, filepath.Join(d.Path(), "fields"))
}

// A damaged file is not absent, and the error says what to do.
func TestWholeTableDamaged(t *testing.T) {
	t.Parallel()
	d := openDir(t)
	replace(t, d, partition.Whole, partition.Content{Table: fields, Rows: fieldRows("a")})
	path := filepath.Join(d.Path(), "fields", "data.parquet")
	data := readFile(t, d, "fields/data.parquet")
	data[len(data)/2] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o600))
	_, err := d.Read(fields, partition.Whole)
	require.ErrorIs(t, err, partition.ErrCorrupt)
	var failure *partition.Error
	require.ErrorAs(t, err, &failure)
	require.Contains(t, failure.Hint, "jira-sync metadata")
	aside, err := d.SetAside("fields", partition.Whole)
	require.NoError(t, err)
	require.True(t, aside)
	_, err = d.Read(fields, partition.Whole)
	require.ErrorIs(t, err, partition.ErrCorrupt, "set aside is not absent")
	require.ErrorIs(t, d.PublishAll(context.Background(), openDir(t)), partition.ErrCorrupt)
	replace(t, d, partition.Whole, partition.Content{Table: fields, Rows: fieldRows("a")})
	wantRows(t, d, fields, partition.Whole, fieldRows("a"))
}
