package transform_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/transform"
)

// TestRebuildOfDamagedTails: what the survey believes without reading on is
// found out with the month. It costs the record's new rows, and nobody else's.
func TestRebuildOfDamagedTails(t *testing.T) {
	whole := january1.String()
	for name, damaged := range map[string]string{
		"cut":                 whole[:len(whole)-2],
		"a wrong word":        strings.Replace(whole, `"summary":"`, `"x":nul,"summary":"`, 1),
		"two records":         whole + whole,
		"another month, cut":  strings.Replace(whole, `"created":"2026-01`, `"created":"2026-03`, 1)[:len(whole)-2],
		"another record, cut": strings.Replace(whole, `"id":"1"`, `"id":"3"`, 1)[:len(whole)-2],
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEqual(t, whole, damaged)
			dir, records := t.TempDir(), newStore()
			tables := openTables(t, dir)
			records.add(january1, january2, february3)
			upsert(t, tables, records, "A-1", "A-2", "B-3")
			before := content(t, dir)
			records.put("A-1", damaged)
			result, err := transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{})
			require.ErrorIs(t, err, transform.ErrRecord)
			require.Equal(t, []string{"A-2", "B-3"}, result.Applied)
			require.Len(t, result.Failed, 1)
			require.Empty(t, result.Duplicates)
			require.Equal(t, before, content(t, dir))
		})
	}
}

// TestRebuildOfDamagedDuplicate: a record that cannot be read takes no other's
// place, though what can be seen of it is later.
func TestRebuildOfDamagedDuplicate(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	later := january1
	later.key, later.updated = "C-1", "2026-12-01T10:00:00.000+0000"
	records.add(january1, january2)
	records.put("C-1", strings.TrimSuffix(later.String(), "}"))
	result, err := transform.Rebuild(t.Context(), openTables(t, dir), records, transform.RebuildOptions{})
	require.ErrorIs(t, err, transform.ErrRecord)
	require.Equal(t, []string{"A-1", "A-2"}, result.Applied)
	require.Contains(t, result.Failed, "C-1")
	require.Empty(t, result.Duplicates)

	records.add(later)
	result, err = transform.Rebuild(t.Context(), openTables(t, t.TempDir()), records, transform.RebuildOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"A-2", "C-1"}, result.Applied)
	require.Equal(t, []string{"A-1"}, result.Duplicates)
}

// TestRebuildOfRepeatedNames: the last one counts, which the survey may not
// have seen. Upserts say the same.
func TestRebuildOfRepeatedNames(t *testing.T) {
	behind := func(record, member, more string) string { return strings.Replace(record, member, more+","+member, 1) }
	one := january1.String()
	for name, record := range map[string]string{
		"created":          behind(one, `"summary":`, `"created":"2026-03-05T10:00:00.000+0000"`),
		"id":               behind(one, `"changelog":`, `"id":"77"`),
		"id of another":    behind(one, `"changelog":`, `"id":"3"`),
		"id, later":        behind(strings.Replace(one, `"updated":"2026-01`, `"updated":"2026-11`, 1), `"changelog":`, `"id":"3"`),
		"fields":           behind(one, `"changelog":`, `"fields":{"created":"2026-03-05T10:00:00.000+0000"}`),
		"fields that fail": behind(one, `"changelog":`, `"fields":{}`),
	} {
		t.Run(name, func(t *testing.T) {
			records := newStore()
			records.add(january2, february3)
			records.put("A-1", record)
			rebuilt, upserted := t.TempDir(), t.TempDir()
			_, wantErr := transform.Upsert(t.Context(), openTables(t, upserted), records, "A-1", "A-2", "B-3")
			_, err := transform.Rebuild(t.Context(), openTables(t, rebuilt), records, transform.RebuildOptions{})
			require.Equal(t, wantErr == nil, err == nil)
			require.Equal(t, content(t, upserted), content(t, rebuilt))
		})
	}
}

// TestRebuildOfUnusualTombstones: a record whose end is not seen at first has
// no rows, and takes no other's place.
func TestRebuildOfUnusualTombstones(t *testing.T) {
	for _, end := range []string{`"_deleted_at":"2026-03-01T00:00:00Z"`, `"_moved_to":"A-1"`, `"\u005fmoved_to":"A-1"`} {
		dir, records := t.TempDir(), newStore()
		tables := openTables(t, dir)
		records.add(january1, january2)
		gone, old := february3, january1
		gone.summary = strings.Repeat("long ", 1000)
		old.key, old.updated, old.summary = "OLD-1", "2026-12-01T10:00:00.000+0000", gone.summary
		records.put("B-3", strings.Replace(gone.String(), "{", "{"+end+",", 1))
		records.put("OLD-1", strings.Replace(old.String(), "{", "{"+end+",", 1))
		result, err := transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{})
		require.NoError(t, err)
		require.Equal(t, []string{"A-1", "A-2"}, result.Applied)
		require.Empty(t, result.Duplicates)
		upserted := t.TempDir()
		upsert(t, openTables(t, upserted), records, "A-1", "A-2", "B-3", "OLD-1")
		require.Equal(t, content(t, upserted), content(t, dir))
	}
}
