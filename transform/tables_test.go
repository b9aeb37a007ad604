package transform_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

var (
	january1  = ticket{id: "1", key: "A-1", created: "2026-01-10", summary: "one", comments: 2}
	january2  = ticket{id: "2", key: "A-2", created: "2026-01-20", summary: "two"}
	february3 = ticket{id: "3", key: "B-3", created: "2026-02-10", summary: "three", comments: 1}
)

func TestUpsert(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1, january2, february3)

	result := upsert(t, tables, records, "B-3", "A-2", "A-1", "A-2", "A-1") // lesson 187: repeated keys
	require.Equal(t, []string{"A-1", "A-2", "B-3"}, result.Applied)
	want := []string{ // children first, issues last, month after month
		"comments/2026-01.parquet", "changelog/2026-01.parquet", "issues/2026-01.parquet",
		"comments/2026-02.parquet", "changelog/2026-02.parquet", "issues/2026-02.parquet",
	}
	if diff := cmp.Diff(want, paths(result.Files)); diff != "" {
		t.Errorf("Files mismatch (-want +got):\n%s", diff)
	}
	want = []string{
		"comments/2026-01: A-1 A-1", "comments/2026-02: B-3",
		"changelog/2026-01: A-1 A-2", "changelog/2026-02: B-3",
		"issues/2026-01: A-1 A-2", "issues/2026-02: B-3",
	}
	if diff := cmp.Diff(want, content(t, dir)); diff != "" {
		t.Errorf("tables mismatch (-want +got):\n%s", diff)
	}
	sameAsRebuild(t, dir, tables, records)
}

// TestUnchangedIsNotWritten: lesson 182. Not even the inode changes.
func TestUnchangedIsNotWritten(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1, january2, february3)
	upsert(t, tables, records, "A-1", "A-2", "B-3")
	before, err := os.Stat(filepath.Join(dir, "issues", "2026-01.parquet"))
	require.NoError(t, err)

	require.Empty(t, upsert(t, tables, records, "A-1", "A-2", "B-3").Files)
	after, err := os.Stat(filepath.Join(dir, "issues", "2026-01.parquet"))
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after))
	require.Equal(t, before.ModTime(), after.ModTime())

	changed := january1
	changed.updated = "2026-01-11T00:00:00.000+0000"
	records.add(changed)
	require.Equal(t, []string{"issues/2026-01.parquet"}, paths(upsert(t, tables, records, "A-1").Files), "only what changed")
}

// TestConcurrentUpserts: lesson 6. Eight writers of one month, over two
// handles as two processes would have, lose nothing of each other.
func TestConcurrentUpserts(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	handles := []*transform.Tables{openTables(t, dir), openTables(t, dir)}
	var wg sync.WaitGroup
	for n := range 8 {
		key := fmt.Sprintf("A-%d", n+1)
		records.add(ticket{id: fmt.Sprint(n + 1), key: key, created: "2026-01-10", summary: key, comments: 1})
		wg.Go(func() {
			_, err := transform.Upsert(t.Context(), handles[n%2], records, key)
			if err != nil {
				t.Errorf("Upsert(%s): %v", key, err)
			}
		})
	}
	wg.Wait()
	want := []string{
		"comments/2026-01: A-1 A-2 A-3 A-4 A-5 A-6 A-7 A-8",
		"changelog/2026-01: A-1 A-2 A-3 A-4 A-5 A-6 A-7 A-8",
		"issues/2026-01: A-1 A-2 A-3 A-4 A-5 A-6 A-7 A-8",
	}
	if diff := cmp.Diff(want, content(t, dir)); diff != "" {
		t.Errorf("tables mismatch (-want +got):\n%s", diff)
	}
}

// TestDelete: lessons 16, 166, 188. The rows go from all tables; a month that
// is empty has no file; a second deletion is nothing.
func TestDelete(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1, january2, february3)
	upsert(t, tables, records, "A-1", "A-2", "B-3")

	january1, february3 := january1, february3
	january1.deleted, february3.deleted = true, true
	records.add(january1, february3)
	result := upsert(t, tables, records, "A-1", "B-3")
	require.Equal(t, []string{"A-1", "B-3"}, result.Applied)
	want := []string{
		"comments/2026-01.parquet removed", "changelog/2026-01.parquet", "issues/2026-01.parquet",
		"comments/2026-02.parquet removed", "changelog/2026-02.parquet removed", "issues/2026-02.parquet removed",
	}
	if diff := cmp.Diff(want, paths(result.Files)); diff != "" {
		t.Errorf("Files mismatch (-want +got):\n%s", diff)
	}
	require.Equal(t, []string{"changelog/2026-01: A-2", "issues/2026-01: A-2"}, content(t, dir))
	sameAsRebuild(t, dir, tables, records)
	require.Empty(t, upsert(t, tables, records, "A-1", "B-3").Files)

	february3.deleted = false // restored in Jira
	records.add(february3)
	upsert(t, tables, records, "B-3")
	sameAsRebuild(t, dir, tables, records)
}

// TestDeletedRowsOfAnInterruptedUpsert: children that a crash left without
// their issue go with the tombstone.
func TestDeletedRowsOfAnInterruptedUpsert(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1)
	upsert(t, tables, records, "A-1")
	require.NoError(t, os.Remove(filepath.Join(dir, "issues", "2026-01.parquet")))

	january1 := january1
	january1.deleted = true
	records.add(january1)
	upsert(t, tables, records, "A-1")
	require.Empty(t, content(t, dir))
}

// TestCreatedChanged: the month that gains comes before the one that loses.
func TestCreatedChanged(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1, january2)
	upsert(t, tables, records, "A-1", "A-2")

	january1 := january1
	january1.created = "2026-03-10"
	records.add(january1)
	result := upsert(t, tables, records, "A-1")
	want := []string{
		"comments/2026-03.parquet", "changelog/2026-03.parquet", "issues/2026-03.parquet",
		"comments/2026-01.parquet removed", "changelog/2026-01.parquet", "issues/2026-01.parquet",
	}
	if diff := cmp.Diff(want, paths(result.Files)); diff != "" {
		t.Errorf("Files mismatch (-want +got):\n%s", diff)
	}
	sameAsRebuild(t, dir, tables, records)
}

// TestMove: an issue that got a new key leaves nothing under the old one,
// whichever of the two is applied, first or at all.
func TestMove(t *testing.T) {
	moved := january1
	moved.key, moved.updated = "GOLD-7", "2026-02-01T00:00:00.000+0000"
	pointer := january1
	pointer.movedTo = "GOLD-7"
	tests := map[string]struct {
		old  string // what is left at the old key: pointer, nothing, stale
		keys []string
	}{
		"new key only":           {"pointer", []string{"GOLD-7"}},
		"both":                   {"pointer", []string{"A-1", "GOLD-7"}},
		"old then new":           {"pointer", []string{"A-1", "", "GOLD-7"}},
		"new then old":           {"pointer", []string{"GOLD-7", "", "A-1"}},
		"no old record":          {"nothing", []string{"GOLD-7"}},
		"stale old record":       {"stale", []string{"GOLD-7"}},
		"stale old record again": {"stale", []string{"GOLD-7", "", "A-1"}},
		"stale and new":          {"stale", []string{"A-1", "GOLD-7"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir, records := t.TempDir(), newStore()
			tables := openTables(t, dir)
			records.add(january1, january2)
			upsert(t, tables, records, "A-1", "A-2")
			records.add(moved)
			switch tt.old {
			case "pointer":
				records.add(pointer)
			case "nothing":
				records.remove("A-1")
			}
			for _, keys := range strings.Split(strings.Join(tt.keys, " "), "  ") {
				upsert(t, tables, records, strings.Fields(keys)...)
			}
			want := []string{"comments/2026-01: GOLD-7 GOLD-7", "changelog/2026-01: A-2 GOLD-7", "issues/2026-01: A-2 GOLD-7"}
			if diff := cmp.Diff(want, content(t, dir)); diff != "" {
				t.Errorf("tables mismatch (-want +got):\n%s", diff)
			}
			sameAsRebuild(t, dir, tables, records)
		})
	}
}

// TestStaleDuplicateIsNamed: of two records of one id the later counts.
func TestStaleDuplicateIsNamed(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	twin := january1
	twin.key, twin.updated = "GOLD-7", "2026-02-01T00:00:00.000+0000"
	records.add(january1)
	upsert(t, tables, records, "A-1")
	records.add(twin)
	_, err := transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{})
	require.NoError(t, err)
	require.Equal(t, "issues/2026-01: GOLD-7", content(t, dir)[2])
	result := upsert(t, tables, records, "A-1")
	require.Equal(t, []string{"A-1"}, result.Duplicates)
	require.Empty(t, result.Files)
	result, err = transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"A-1"}, result.Duplicates)
	require.Equal(t, []string{"GOLD-7"}, result.Applied)

	for _, created := range []string{twin.created, "2026-06-01"} { // in one call, into empty tables
		dir := t.TempDir()
		tables := openTables(t, dir)
		twin.created = created
		records.add(twin)
		require.Equal(t, []string{"A-1"}, upsert(t, tables, records, "A-1", "GOLD-7").Duplicates)
		sameAsRebuild(t, dir, tables, records)
	}
}

// TestOtherProcessesAreSeen: the index follows the files, not the calls.
func TestOtherProcessesAreSeen(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	one, two := openTables(t, dir), openTables(t, dir)
	records.add(january1)
	upsert(t, one, records, "A-1")
	for n, created := range []string{"2026-02-01", "2026-03-01", "2026-01-01", "2026-02-01", "2026-01-01"} {
		january1 := january1
		january1.created = created
		records.add(january1)
		upsert(t, []*transform.Tables{two, one}[n%2], records, "A-1")
		require.Len(t, content(t, dir), 3, "rows in one month")
	}
	sameAsRebuild(t, dir, one, records)
}

// TestBadRecordDoesNotStopTheOthers: reliability P-1, lesson 186, 190.
func TestBadRecordDoesNotStopTheOthers(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1, january2)
	upsert(t, tables, records, "A-1", "A-2")
	before := snapshot(t, dir)

	records.put("A-1", `{"id":"1","key":"A-1","fields":{"created":"2026-`) // cut
	records.put("A-2", "")                                                 // empty
	records.put("A-4", february3.String())                                 // of another key
	records.put("A-5", `{"id":"5","key":"A-5","fields":{"summary":"no created"}}`)
	records.add(february3)
	result, err := transform.Upsert(t.Context(), tables, records, "A-1", "A-2", "A-3", "A-4", "A-5", "B-3", "../B-3", "")
	require.ErrorIs(t, err, transform.ErrRecord)
	require.Equal(t, []string{"B-3"}, result.Applied)
	require.Len(t, result.Failed, 7)
	require.ErrorIs(t, result.Failed["A-1"], transform.ErrRecord)
	require.ErrorIs(t, result.Failed["A-3"], fs.ErrNotExist)
	require.ErrorIs(t, result.Failed["A-4"], transform.ErrRecord)
	require.Contains(t, err.Error(), "7 issue(s) failed")
	require.Contains(t, err.Error(), "and 2 more")

	after := snapshot(t, dir)
	for name := range before {
		require.Equal(t, before[name], after[name], "rows of unreadable records stay")
	}
	require.Contains(t, after, "issues/2026-02.parquet")
}

// TestUnreadableMonthIsNotEmpty: lessons 163 to 168, 192. Nothing is written
// over it, others go on, a rebuild mends it.
func TestUnreadableMonthIsNotEmpty(t *testing.T) {
	for _, table := range []string{"issues", "comments", "changelog"} {
		t.Run(table, func(t *testing.T) {
			dir, records := t.TempDir(), newStore()
			tables := openTables(t, dir)
			records.add(january1, january2, february3)
			upsert(t, tables, records, "A-1", "A-2")

			file := filepath.Join(dir, table, "2026-01.parquet")
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(file, data[:len(data)/2], 0o600))
			damaged := snapshot(t, dir)
			january1 := january1
			january1.summary = "new"
			records.add(january1)

			for range 2 {
				result, err := transform.Upsert(t.Context(), tables, records, "A-1", "B-3")
				require.ErrorIs(t, err, partition.ErrCorrupt)
				require.ErrorIs(t, result.Failed["A-1"], partition.ErrCorrupt)
				require.Equal(t, []string{"B-3"}, result.Applied)
			}
			after := snapshot(t, dir)
			for name := range damaged {
				if name != table+"/2026-01.parquet" {
					require.True(t, damaged[name] == after[name], name)
				}
			}
			aside, err := filepath.Glob(filepath.Join(dir, ".corrupt", table+"-2026-01*"))
			require.NoError(t, err)
			require.Len(t, aside, 1, "it is set aside, not lost")

			_, err = transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{})
			require.NoError(t, err)
			sameAsRebuild(t, dir, tables, records)
			upsert(t, tables, records, "A-1", "B-3")
		})
	}
}

// TestRecordsAreReadInsideTheLock: lessons 185, 189, 194. A record changes
// between planning and writing; what is written is the newest.
func TestRecordsAreReadInsideTheLock(t *testing.T) {
	edited, redated, deleted := january1, january1, january1
	edited.summary = "edited"
	redated.created = "2026-05-05"
	deleted.deleted = true
	for name, then := range map[string]ticket{"edited": edited, "redated": redated, "deleted": deleted} {
		t.Run(name, func(t *testing.T) {
			dir, records := t.TempDir(), newStore()
			tables := openTables(t, dir)
			records.add(january1)
			reads := 0
			records.onRecord = func(string) {
				if reads++; reads == 2 { // the first is planning, the second inside the lock
					records.add(then)
				}
			}
			result := upsert(t, tables, records, "A-1")
			require.Equal(t, []string{"A-1"}, result.Applied)
			require.GreaterOrEqual(t, reads, 2, "the change happened")
			records.onRecord = nil
			sameAsRebuild(t, dir, tables, records)
		})
	}

	t.Run("restless", func(t *testing.T) {
		records := newStore()
		tables := openTables(t, t.TempDir())
		records.add(january1)
		month := 0
		records.onRecord = func(string) {
			restless := january1
			restless.created = fmt.Sprintf("2026-%02d-01", month%12+1)
			month++
			records.add(restless)
		}
		_, err := transform.Upsert(t.Context(), tables, records, "A-1")
		require.Error(t, err, "it ends")
	})
}

// TestSchemaOfAllNullMonths: lesson 9. Whatever a month holds, its files have
// every column with its type.
func TestSchemaOfAllNullMonths(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.put("A-1", `{"id":"1","key":"A-1","fields":{"created":"2026-01-10T00:00:00Z","comment":{"comments":[{}]}}}`)
	upsert(t, tables, records, "A-1")
	d, err := partition.Open(dir)
	require.NoError(t, err)
	defer d.Close()
	for _, table := range transform.Schema(transform.Options{}) {
		if rows, err := d.Read(table, "2026-01"); err == nil { // a column missing or of another type is an error
			require.Len(t, rows[0], len(table.Columns))
		} else {
			require.ErrorIs(t, err, fs.ErrNotExist)
		}
	}
}

func TestCancelled(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, err := transform.Upsert(ctx, tables, records, "A-1")
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, result.Applied)
	require.ErrorIs(t, result.Failed["A-1"], context.Canceled)
	_, err = transform.Rebuild(ctx, tables, records, transform.RebuildOptions{})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, content(t, dir))
}

// TestChildrenKeepJirasOrder: lesson 89. Sorting by key never disturbs the
// rows of one issue.
func TestChildrenKeepJirasOrder(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	january1, january2 := january1, january2
	january1.comments, january2.comments = 60, 60
	records.add(january1, january2)
	upsert(t, tables, records, "A-2")
	upsert(t, tables, records, "A-1")
	comments := transform.Schema(transform.Options{})[0]
	rows, err := tables.Dir().Read(comments, "2026-01")
	require.NoError(t, err)
	require.Len(t, rows, 120)
	for n, row := range rows {
		want := fmt.Sprintf("%d%03d", 1+n/60, n%60)
		require.Equal(t, want, row[comments.Index("comment_id")].Text())
	}
}

// TestIndexIsReadInsideTheLock: another process writes the issue under its
// old key after this one has planned.
func TestIndexIsReadInsideTheLock(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	one, two := openTables(t, dir), openTables(t, dir)
	moved, pointer := january1, january1
	moved.key, moved.updated = "GOLD-7", "2026-02-01T00:00:00.000+0000"
	pointer.movedTo = "GOLD-7"
	records.add(january1, january2, moved)
	upsert(t, one, records, "A-2")
	records.onRecord = func(key string) {
		records.onRecord = nil
		records.remove("GOLD-7")
		upsert(t, two, records, "A-1")
		records.add(moved, pointer)
	}
	upsert(t, one, records, "GOLD-7")
	sameAsRebuild(t, dir, one, records)
}

// TestFilesOfEqualSizeAreTold: a file that another process replaced is read
// again even when its size is the same.
func TestFilesOfEqualSizeAreTold(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	one, two := openTables(t, dir), openTables(t, dir)
	size := func() int64 {
		info, err := os.Stat(filepath.Join(dir, "issues", "2026-01.parquet"))
		require.NoError(t, err)
		return info.Size()
	}
	tenant := func(n int) ticket {
		return ticket{id: fmt.Sprint(n), key: fmt.Sprintf("A-%d", n), created: "2026-01-10", summary: "same"}
	}
	records.add(tenant(1))
	upsert(t, one, records, "A-1")
	before, n := int64(0), 2
	for ; n < 20 && size() != before; n++ { // compression decides whose file is as large
		before = size()
		upsert(t, one, records, tenant(n-1).key) // has the index of the file as it is
		gone := tenant(n - 1)
		gone.deleted = true
		records.add(gone, tenant(n))
		upsert(t, two, records, gone.key, tenant(n).key)
	}
	require.Less(t, n, 20, "the test needs files of equal size")

	redated := tenant(n - 1)
	redated.created = "2026-02-10"
	records.add(redated)
	upsert(t, one, records, redated.key)
	sameAsRebuild(t, dir, one, records)
}

// TestLateAttachment: lesson 110. The file comes after the first upsert; the
// second one, of the same record, fills local_path.
func TestLateAttachment(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	there := false
	tables, err := transform.Open(dir, transform.Options{
		Attachment: func(key, id, filename string) (string, bool) { return key + "/" + id + "_" + filename, there },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tables.Close()) })
	records.put("SUPPORT-14991", `{"id":"1","key":"SUPPORT-14991","fields":{"created":"2026-01-10","attachment":[{"id":"7","filename":"../a.png"}]}}`)
	attachments := transform.Schema(transform.Options{})[1]
	for _, want := range []string{`NULL NULL`, `"SUPPORT-14991/7_../a.png" "14/991/7_.._a.png"`} {
		upsert(t, tables, records, "SUPPORT-14991")
		rows, err := tables.Dir().Read(attachments, "2026-01")
		require.NoError(t, err)
		require.Equal(t, want, fmt.Sprint(rows[0][attachments.Index("local_path")], " ", rows[0][attachments.Index("hierarchical_path")]))
		there = true
	}
}
