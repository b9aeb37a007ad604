package partition_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

func openLayout(t testing.TB, dir string, layout partition.Layout) *partition.Dir {
	t.Helper()
	d, err := partition.OpenLayout(dir, layout)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// wantManifest expects a manifest that lists exactly the files that are there.
func wantManifest(t *testing.T, d *partition.Dir, generation int64) partition.Manifest {
	t.Helper()
	m, err := d.Manifest()
	require.NoError(t, err)
	require.Equal(t, generation, m.Generation)
	listed := map[string]string{}
	for _, f := range m.Files {
		data := readFile(t, d, f.Path)
		sum := sha256.Sum256(data)
		require.Equal(t, hex.EncodeToString(sum[:]), f.SHA256, f.Path)
		require.EqualValues(t, len(data), f.Bytes, f.Path)
		listed[f.Path] = string(data)
	}
	if diff := cmp.Diff(files(t, d), listed); diff != "" {
		t.Errorf("the manifest does not list the files that are there")
	}
	require.NoError(t, d.CheckManifest(t.Context()))
	return m
}

func TestManifest(t *testing.T) {
	d, dist := openDir(t), openDir(t)
	_, err := dist.Manifest()
	require.ErrorIs(t, err, fs.ErrNotExist)
	rows, _ := writeMonth(t, d, 250)
	require.NoError(t, d.PublishAll(t.Context(), dist))
	m := wantManifest(t, dist, 1)
	require.Equal(t, []string{"comments", "issues"}, []string{m.Files[0].Table, m.Files[1].Table})
	require.Equal(t, 250, m.Files[1].Rows)
	require.NotEqual(t, m.Files[0].Schema, m.Files[1].Schema)

	before := stamp(t, dist, "manifest.json")
	require.NoError(t, d.PublishAll(t.Context(), dist))
	require.True(t, os.SameFile(before, stamp(t, dist, "manifest.json")), "nothing changed, and yet the manifest")

	changed := replace(t, d, "2026-02", partition.Content{Table: issues, Rows: rows})
	require.NoError(t, d.Publish(t.Context(), dist, changed...))
	m = wantManifest(t, dist, 2)
	require.Len(t, m.Files, 3)
	require.Equal(t, m.Files[1].Schema, m.Files[2].Schema)

	changed = splice(t, d, "2026-01", []string{key(7)}, partition.Content{Table: issues})
	require.NoError(t, d.Publish(t.Context(), dist, changed...))
	require.Equal(t, 249, wantManifest(t, dist, 3).Files[1].Rows)

	changed = replace(t, d, "2026-01", partition.Content{Table: comments}, partition.Content{Table: issues})
	require.NoError(t, d.Publish(t.Context(), dist, changed...))
	require.Len(t, wantManifest(t, dist, 4).Files, 1)
}

// Files published before there was a manifest, or by one that is damaged, are
// found again.
func TestManifestIsMadeFromTheFiles(t *testing.T) {
	d, dist := openDir(t), openDir(t)
	writeMonth(t, d, 20)
	require.NoError(t, d.PublishAll(t.Context(), dist))
	changed := replace(t, d, "2026-02", partition.Content{Table: issues, Rows: makeIssues(seeded(), 3)})
	for name, spoil := range map[string]func(path string) error{
		"missing": os.Remove,
		"cut":     func(path string) error { return os.Truncate(path, 40) },
		"foreign": func(path string) error {
			return os.WriteFile(path, []byte(`{"generation":7,"files":[{"table":"issues","month":"2026-01","path":"../x"}]}`), 0o600)
		},
	} {
		require.NoError(t, spoil(dist.Path()+"/manifest.json"), name)
		require.NoError(t, d.Publish(t.Context(), dist, changed...), name)
		require.Len(t, wantManifest(t, dist, 1).Files, 3, name)
	}
}

func TestCheckManifestFindsDamage(t *testing.T) {
	d, dist := openDir(t), openDir(t)
	writeMonth(t, d, 20)
	replace(t, d, "2026-02", partition.Content{Table: issues, Rows: makeIssues(seeded(), 3)})
	require.NoError(t, d.PublishAll(t.Context(), dist))
	path := dist.Path() + "/issues/2026-01.parquet"
	data := readFile(t, dist, "issues/2026-01.parquet")
	data[200] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o600))
	require.NoError(t, os.Remove(dist.Path()+"/issues/2026-02.parquet"))
	err := dist.CheckManifest(t.Context())
	require.ErrorIs(t, err, partition.ErrCorrupt)
	require.ErrorContains(t, err, "issues/2026-01.parquet")
	require.ErrorContains(t, err, "issues/2026-02.parquet")
	require.NotContains(t, err.Error(), "comments")
	require.NoError(t, d.PublishAll(t.Context(), dist))
	require.NoError(t, dist.CheckManifest(t.Context()))
}

// Each layout is read and written by a directory opened for the other, and
// migrated to and fro.
func TestLayouts(t *testing.T) {
	flat := openDir(t)
	hive := openLayout(t, flat.Path(), partition.Hive)
	rows, children := writeMonth(t, flat, 30)
	wantRows(t, hive, issues, "2026-01", rows)

	splice(t, hive, "2026-01", []string{key(3)}, partition.Content{Table: issues})
	rows = append(rows[:3:3], rows[4:]...)
	require.NoFileExists(t, flat.Path()+"/issues/2026-01.parquet")
	require.FileExists(t, flat.Path()+"/issues/month=2026-01/data.parquet")
	replace(t, hive, "2026-02", partition.Content{Table: issues, Rows: rows[:5]})
	for _, d := range []*partition.Dir{flat, hive} {
		wantRows(t, d, issues, "2026-01", rows)
		wantRows(t, d, comments, "2026-01", children)
		months, err := d.Months("issues")
		require.NoError(t, err)
		require.Equal(t, []string{"2026-01", "2026-02"}, months)
		info, err := d.Stat("issues", "2026-02")
		require.NoError(t, err)
		require.NotZero(t, info.Size())
	}

	for range 2 {
		moved, err := hive.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, moved)
		wantPaths(t, flat, "comments/month=2026-01/data.parquet", "issues/month=2026-01/data.parquet", "issues/month=2026-02/data.parquet")
		moved, err = flat.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, 3, moved)
		wantPaths(t, flat, "comments/2026-01.parquet", "issues/2026-01.parquet", "issues/2026-02.parquet")
		require.NoDirExists(t, flat.Path()+"/issues/month=2026-01")
		wantRows(t, hive, issues, "2026-01", rows)
		_, err = hive.Migrate(t.Context()) // all but one, for the next round
		require.NoError(t, err)
		replace(t, flat, "2026-01", partition.Content{Table: comments, Rows: children[1:]})
		replace(t, flat, "2026-01", partition.Content{Table: comments, Rows: children})
	}
	replace(t, flat, "2026-02", partition.Content{Table: issues})
	wantPaths(t, flat, "comments/2026-01.parquet", "issues/month=2026-01/data.parquet")
	_, err := partition.OpenLayout(t.TempDir(), 7)
	require.Error(t, err)
}

func wantPaths(t *testing.T, d *partition.Dir, want ...string) {
	t.Helper()
	have := files(t, d)
	require.Len(t, have, len(want))
	for _, path := range want {
		require.Contains(t, have, path)
	}
}

// A distribution in another layout, migrated while published.
func TestPublishToAnotherLayout(t *testing.T) {
	d, dist := openDir(t), openLayout(t, t.TempDir(), partition.Hive)
	writeMonth(t, d, 30)
	require.NoError(t, d.PublishAll(t.Context(), dist))
	wantPaths(t, dist, "comments/month=2026-01/data.parquet", "issues/month=2026-01/data.parquet")
	wantManifest(t, dist, 1)

	flat := openLayout(t, dist.Path(), partition.Flat)
	moved, err := flat.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, moved)
	wantManifest(t, dist, 2)
	require.NoError(t, d.PublishAll(t.Context(), dist))
	wantPaths(t, dist, "comments/month=2026-01/data.parquet", "issues/month=2026-01/data.parquet")
	wantManifest(t, dist, 3)
}

// One file that cannot be moved does not keep the others.
func TestMigrateGoesOn(t *testing.T) {
	d := openDir(t)
	writeMonth(t, d, 5)
	replace(t, d, "2026-02", partition.Content{Table: issues, Rows: makeIssues(seeded(), 3)})
	require.NoError(t, os.Remove(d.Path()+"/issues/2026-01.parquet"))
	require.NoError(t, os.Symlink("/etc/passwd", d.Path()+"/issues/2026-01.parquet"))
	moved, err := openLayout(t, d.Path(), partition.Hive).Migrate(t.Context())
	require.ErrorIs(t, err, partition.ErrCorrupt)
	require.True(t, strings.Contains(err.Error(), "issues/2026-01.parquet"), "%v", err)
	require.Equal(t, 2, moved)
}
