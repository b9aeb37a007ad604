package transform_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/transform"
)

func verify(t *testing.T, tables *transform.Tables, records transform.Records, keys ...string) transform.Verification {
	t.Helper()
	v, err := transform.Verify(t.Context(), tables, records, transform.VerifyOptions{Keys: keys})
	require.NoError(t, err)
	return v
}

// Whatever was changed and not upserted is found, nothing else is, and an
// upsert of what was found mends all of it.
func TestVerifyFindsWhatWasNotUpserted(t *testing.T) {
	found := 0
	seeds := uint64(2)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		site := newSite(seed)
		dir := t.TempDir()
		tables := openTables(t, dir)
		for range 25 {
			for range 1 + site.rand.IntN(3) {
				site.change()
			}
			upsert(t, tables, site.records, site.batch()...)
			before := snapshot(t, dir)
			v := verify(t, tables, site.records)
			require.Equal(t, before, snapshot(t, dir), "Verify writes nothing")
			for _, key := range v.Mendable() {
				require.True(t, site.pending[key] || slices.Contains(v.Extra, key), "%s is up to date", key)
			}
			require.Empty(t, v.Orphans)
			require.Empty(t, v.Failed)
			some := verify(t, tables, site.records, slices.Collect(maps.Keys(site.pending))...)
			if len(site.pending) > 0 {
				require.Subset(t, v.Mendable(), some.Mendable())
			}
			if keys := v.Mendable(); len(keys) > 0 && site.rand.IntN(3) == 0 {
				found += len(keys)
				upsert(t, tables, site.records, keys...)
				after := verify(t, tables, site.records)
				require.True(t, after.Clean(), "%+v", after)
				sameAsRebuild(t, dir, tables, site.records)
				clear(site.pending)
			}
		}
	}
	require.Greater(t, found, 5)
}

func TestVerifyNamesWhatItCannotCompare(t *testing.T) {
	records := newStore()
	records.add(ticket{id: "1", key: "A-1", created: "2026-01-05"}, ticket{id: "2", key: "A-2", created: "2026-01-06"},
		ticket{id: "3", key: "A-3", created: "2026-02-06", comments: 2})
	dir := t.TempDir()
	tables := openTables(t, dir)
	upsert(t, tables, records, "A-1", "A-2", "A-3")
	clean := verify(t, tables, records)
	require.True(t, clean.Clean())
	require.Equal(t, 3, clean.Issues)

	records.remove("A-1")
	records.put("A-2", `{"id":"2","key":"A-2","fields":`)
	require.NoError(t, os.Truncate(filepath.Join(dir, "comments", "2026-02.parquet"), 100))
	v := verify(t, tables, records)
	require.Equal(t, []string{"A-1"}, v.Orphans)
	require.Equal(t, []string{"A-2"}, slices.Collect(maps.Keys(v.Failed)))
	require.Equal(t, []string{"2026-02"}, slices.Collect(maps.Keys(v.Months)))
	require.Empty(t, v.Mendable())
}
