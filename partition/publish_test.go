package partition_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

var issueTime = time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)

// files returns the content of every file below the directory, but locks and
// the manifest.
func files(t testing.TB, d *partition.Dir) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := filepath.WalkDir(d.Path(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.Name() == ".locks" {
			return fs.SkipDir
		}
		if !entry.IsDir() && entry.Name() != "manifest.json" {
			data, err := os.ReadFile(path)
			name, _ := filepath.Rel(d.Path(), path)
			found[name] = string(data)
			return err
		}
		return nil
	})
	require.NoError(t, err)
	return found
}

func wantSame(t *testing.T, d, dist *partition.Dir) {
	t.Helper()
	if diff := cmp.Diff(files(t, d), files(t, dist)); diff != "" {
		t.Errorf("directories differ")
	}
}

func TestPublish(t *testing.T) {
	d, dist := openDir(t), openDir(t)
	rows := makeIssues(seeded(), 250)
	contents := []partition.Content{{Table: comments, Rows: makeComments(seeded(), 250)}, {Table: issues, Rows: rows}}
	changed := replace(t, d, "2026-01", contents...)
	require.NoError(t, d.Publish(t.Context(), dist, changed...))
	wantSame(t, d, dist)

	before := stamp(t, dist, "issues/2026-01.parquet")
	require.NoError(t, d.Publish(t.Context(), dist, changed...), "what is there already is not written again")
	require.True(t, os.SameFile(before, stamp(t, dist, "issues/2026-01.parquet")))

	changed = replace(t, d, "2026-01", partition.Content{Table: comments}, partition.Content{Table: issues, Rows: rows[1:]})
	require.NoError(t, d.Publish(t.Context(), dist, changed...))
	wantSame(t, d, dist)
	require.NotContains(t, files(t, dist), "comments/2026-01.parquet")
	require.NoError(t, d.Publish(t.Context(), dist, changed...), "a removal may be repeated")
}

func TestPublishAll(t *testing.T) {
	d, dist := openDir(t), openDir(t)
	require.NoError(t, d.PublishAll(t.Context(), dist), "nothing yet")
	for i, month := range []string{"2025-12", "2026-01", "2026-02"} {
		replace(t, d, month,
			partition.Content{Table: comments, Rows: makeComments(seeded(), 10*i)},
			partition.Content{Table: issues, Rows: makeIssues(seeded(), 10+i)})
	}
	require.NoError(t, d.PublishAll(t.Context(), dist))
	wantSame(t, d, dist)

	foreign := map[string]string{
		"README": "mine", "issues/notes.txt": "mine", "issues/2026-13.parquet": "mine", "issues/data.parquet": "mine",
		"organizations/2026-01.parquet": "mine", "issues/.tmp-1-x": "mine",
	}
	for name, data := range foreign {
		require.NoError(t, os.MkdirAll(filepath.Dir(dist.Path()+"/"+name), 0o700))
		require.NoError(t, os.WriteFile(dist.Path()+"/"+name, []byte(data), 0o600))
	}
	before := stamp(t, dist, "issues/2026-02.parquet")
	replace(t, d, "2025-12", partition.Content{Table: issues})
	replace(t, d, "2026-01", partition.Content{Table: issues, Rows: makeIssues(seeded(), 5)})
	require.NoError(t, d.PublishAll(t.Context(), dist))
	require.True(t, os.SameFile(before, stamp(t, dist, "issues/2026-02.parquet")), "an equal file was written again")

	want := files(t, d)
	require.NotContains(t, want, "issues/2025-12.parquet")
	for name, data := range foreign {
		want[name] = data
	}
	if diff := cmp.Diff(want, files(t, dist)); diff != "" {
		t.Errorf("published files mismatch")
	}
}

// Damage stops at the publisher, and what was published stays.
func TestDamagedFilesAreNotPublished(t *testing.T) {
	d, dist := openDir(t), openDir(t)
	changed := replace(t, d, "2026-01",
		partition.Content{Table: comments, Rows: makeComments(seeded(), 20)},
		partition.Content{Table: issues, Rows: makeIssues(seeded(), 20)})
	require.NoError(t, d.Publish(t.Context(), dist, changed...))
	published := files(t, dist)

	replace(t, d, "2026-01", partition.Content{Table: comments, Rows: makeComments(seeded(), 10)})
	path := d.Path() + "/issues/2026-01.parquet"
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	bad := append([]byte(nil), good...)
	bad[len(bad)/2] ^= 4
	require.NoError(t, os.WriteFile(path, bad, 0o600))
	err = d.Publish(t.Context(), dist, changed...)
	require.ErrorIs(t, err, partition.ErrCorrupt)
	if diff := cmp.Diff(published, files(t, dist)); diff != "" {
		t.Errorf("a damaged month was published in part")
	}

	replace(t, d, "2026-02", partition.Content{Table: issues, Rows: makeIssues(seeded(), 1)})
	err = d.PublishAll(t.Context(), dist)
	require.ErrorIs(t, err, partition.ErrCorrupt)
	require.Contains(t, files(t, dist), "issues/2026-02.parquet", "the other months go on")

	require.NoError(t, os.WriteFile(path, good, 0o600))
	require.NoError(t, d.PublishAll(t.Context(), dist))
	wantSame(t, d, dist)
}

func TestDamagedCopyIsHealed(t *testing.T) {
	d, dist := openDir(t), openDir(t)
	changed := replace(t, d, "2026-01", partition.Content{Table: issues, Rows: makeIssues(seeded(), 20)})
	require.NoError(t, d.Publish(t.Context(), dist, changed...))
	copied := []byte(files(t, dist)["issues/2026-01.parquet"])
	copied[100] ^= 1
	require.NoError(t, os.WriteFile(dist.Path()+"/issues/2026-01.parquet", copied, 0o600))
	require.NoError(t, d.Publish(t.Context(), dist, changed...))
	wantSame(t, d, dist)
}

func TestPublishStopsWithItsContext(t *testing.T) {
	d, dist := openDir(t), openDir(t)
	changed := replace(t, d, "2026-01", partition.Content{Table: issues, Rows: makeIssues(seeded(), 20)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, d.Publish(ctx, dist, changed...), context.Canceled)
	require.ErrorIs(t, d.PublishAll(ctx, dist), context.Canceled)
	require.Empty(t, files(t, dist))
	require.Error(t, d.Publish(t.Context(), dist, partition.File{Table: "../x", Month: "2026-01"}))
}

// A reader of the distribution directory polls beside many publications, as
// rsync does, and opens what its glob finds.
func TestReadersOfTheCopySeeWholeFiles(t *testing.T) {
	d, dist := openDir(t), openDir(t)
	publish := func(i int) error {
		files, err := d.Replace("2026-01", partition.Content{Table: issues, Rows: makeIssues(seeded(), 20+i%5)})
		if err != nil {
			return err
		}
		return d.Publish(t.Context(), dist, files...)
	}
	require.NoError(t, publish(0))
	done := make(chan error, 1)
	go func() { // ends after the last publication; received below
		var err error
		for i := range 30 {
			err = errors.Join(err, publish(i))
		}
		done <- err
	}()
	for {
		select {
		case err := <-done:
			require.NoError(t, err)
			return
		default:
		}
		names, err := filepath.Glob(dist.Path() + "/issues/*.parquet")
		require.NoError(t, err)
		require.Len(t, names, 1)
		data, err := os.ReadFile(names[0])
		require.NoError(t, err)
		_, err = partition.Decode(issues, data)
		require.NoError(t, err, fmt.Sprint(len(data), " bytes"))
	}
}
