package transform_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

var upserts = flag.Int("upserts", 100, "how many random changes TestManyUpsertsEqualRebuild applies")

// TestManyUpsertsEqualRebuild applies edits, moves, deletions, restorations
// and changes of the month as events bring them, a few keys at a time, and
// holds the rows against a rebuild into nothing, by hash, against one in
// place, which must find nothing to write, and against a Verify.
//
//	go test ./transform -run ManyUpserts -upserts 10000
func TestManyUpsertsEqualRebuild(t *testing.T) {
	site := newSite(uint64(*upserts))
	dir := t.TempDir()
	tables := openTables(t, dir)
	began := time.Now()
	calls := 0
	for range *upserts {
		site.change()
		for len(site.pending) > 8 || len(site.pending) > 0 && site.rand.IntN(2) == 0 {
			upsert(t, tables, site.records, site.batch()...)
			calls++
		}
	}
	for len(site.pending) > 0 {
		upsert(t, tables, site.records, site.batch()...)
		calls++
	}
	t.Logf("%d changes of %d issues in %d calls: %v", *upserts, len(site.issues), calls, time.Since(began).Round(time.Millisecond))

	fresh := t.TempDir()
	_, err := transform.Rebuild(t.Context(), openTables(t, fresh), site.records, transform.RebuildOptions{})
	require.NoError(t, err)
	if diff := cmp.Diff(rowHashes(t, fresh), rowHashes(t, dir)); diff != "" {
		t.Errorf("hashes of rows mismatch (-rebuild +upserts):\n%s", diff)
	}
	found := verify(t, tables, site.records)
	require.True(t, found.Clean(), "%+v", found)
	again, err := transform.Rebuild(t.Context(), tables, site.records, transform.RebuildOptions{})
	require.NoError(t, err)
	require.Empty(t, again.Files)
}

// rowHashes returns a hash of the rows of each table and month, in order.
func rowHashes(t *testing.T, dir string) map[string]string {
	t.Helper()
	d, err := partition.Open(dir)
	require.NoError(t, err)
	defer d.Close()
	hashes := map[string]string{}
	for _, table := range transform.Schema(transform.Options{}) {
		months, err := d.Months(table.Name)
		require.NoError(t, err)
		for _, month := range months {
			rows, err := d.Read(table, month)
			require.NoError(t, err)
			h := sha256.New()
			for _, row := range rows {
				fmt.Fprintln(h, row)
			}
			hashes[table.Name+"/"+month] = fmt.Sprintf("%d rows, %x", len(rows), h.Sum(nil)[:8])
		}
	}
	return hashes
}

// What is wrong with a table is counted by rows, in the file it is in.
func TestVerifyCountsRows(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(ticket{id: "1", key: "A-1", created: "2026-01-05", comments: 3}, ticket{id: "2", key: "A-2", created: "2026-01-06", comments: 2},
		ticket{id: "3", key: "A-3", created: "2026-02-06", comments: 2}, ticket{id: "4", key: "A-4", created: "2026-02-06"})
	upsert(t, tables, records, "A-1", "A-2", "A-3", "A-4")
	records.add(ticket{id: "1", key: "A-1", created: "2026-01-05", comments: 1}, // two fewer
		ticket{id: "2", key: "A-2", created: "2026-01-06", comments: 4, summary: "other"}, // all other, and two more
		ticket{id: "3", key: "A-3", created: "2026-02-06", comments: 2, deleted: true},
		ticket{id: "5", key: "A-5", created: "2026-03-01"})
	v := verify(t, tables, records)
	require.Equal(t, []string{"A-1", "A-2", "A-3", "A-5"}, v.Mendable())
	want := []transform.Difference{
		{Table: "comments", Month: "2026-01", Missing: 2, Extra: 2, Different: 2},
		{Table: "changelog", Month: "2026-01", Different: 1},
		{Table: "issues", Month: "2026-01", Different: 2},
		{Table: "comments", Month: "2026-02", Extra: 2},
		{Table: "changelog", Month: "2026-02", Extra: 1},
		{Table: "issues", Month: "2026-02", Extra: 1},
		{Table: "changelog", Month: "2026-03", Missing: 1},
		{Table: "issues", Month: "2026-03", Missing: 1},
	}
	if diff := cmp.Diff(want, v.Differences); diff != "" {
		t.Errorf("Differences mismatch (-want +got):\n%s", diff)
	}
}
