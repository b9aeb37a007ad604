package transform_test

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/transform"
)

// TestUpsertsEqualRebuild is the property that all the rest serves: whatever
// happens to issues, and in whatever order, batches and repetitions the keys
// are upserted, the files are those of a rebuild, byte for byte.
func TestUpsertsEqualRebuild(t *testing.T) {
	seeds := 3
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			site := newSite(uint64(seed))
			dir := t.TempDir()
			handles := []*transform.Tables{openTables(t, dir), openTables(t, dir)}
			for step := range 40 {
				for range 1 + site.rand.IntN(4) {
					site.change()
				}
				if site.rand.IntN(3) == 0 {
					upsert(t, handles[step%2], site.records, site.batch()...)
				}
			}
			for len(site.pending) > 0 {
				upsert(t, handles[site.rand.IntN(2)], site.records, site.batch()...)
			}
			sameAsRebuild(t, dir, handles[0], site.records)
			files := strings.Join(content(t, dir), " ")
			for _, table := range transform.Schema(transform.Options{}) {
				if !slices.Contains([]string{"issuelinks", "remote_links", "sla_cycles"}, table.Name) {
					require.Contains(t, files, table.Name+"/")
				}
			}
		})
	}
}

// site changes issues at random and remembers which keys are to be upserted.
type site struct {
	rand    *rand.Rand
	records *store
	issues  []*ticket
	pending map[string]bool
	clock   int
}

func newSite(seed uint64) *site {
	return &site{rand: rand.New(rand.NewPCG(seed, 1)), records: newStore(), pending: map[string]bool{}}
}

func (s *site) change() {
	if len(s.issues) < 3 || s.rand.IntN(3) == 0 {
		id := fmt.Sprint(len(s.issues) + 1)
		s.issues = append(s.issues, &ticket{id: id, key: "A-" + id, created: s.day(), parts: len(s.issues)%2 == 0})
		s.save(s.issues[len(s.issues)-1])
		return
	}
	i := s.issues[s.rand.IntN(len(s.issues))]
	switch s.rand.IntN(6) {
	case 0:
		i.deleted = !i.deleted
	case 1:
		i.created = s.day()
	case 2, 3:
		i.comments = s.rand.IntN(4)
	case 4:
		s.move(i)
	}
	s.save(i)
}

// move gives an issue another key, perhaps one that it had before, and leaves
// a pointer, which is upserted or not.
func (s *site) move(i *ticket) {
	pointer := *i
	keys := []string{"A-" + i.id, "B-" + i.id, "GOLD-" + i.id}
	i.key = keys[s.rand.IntN(len(keys))]
	if pointer.key == i.key {
		return
	}
	pointer.movedTo = i.key
	s.records.add(pointer)
	if s.rand.IntN(2) == 0 {
		s.pending[pointer.key] = true
	} else {
		delete(s.pending, pointer.key)
	}
}

func (s *site) save(i *ticket) {
	s.clock++
	i.updated = fmt.Sprintf("2026-06-01T%02d:%02d:%02d.000+0000", s.clock/3600, s.clock/60%60, s.clock%60)
	i.summary = fmt.Sprintf("version %d", s.clock)
	s.records.add(*i)
	s.pending[i.key] = true
}

func (s *site) day() string { return fmt.Sprintf("2026-%02d-15", 1+s.rand.IntN(4)) }

// batch takes some of the pending keys and repeats one.
func (s *site) batch() []string {
	var keys []string
	for _, i := range s.issues {
		for _, key := range []string{"A-" + i.id, "B-" + i.id, "GOLD-" + i.id} {
			if s.pending[key] && s.rand.IntN(2) == 0 {
				keys = append(keys, key)
				delete(s.pending, key)
			}
		}
	}
	s.rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	if len(keys) > 0 {
		keys = append(keys, keys[0])
	}
	return keys
}

func TestRebuild(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1, february3)
	upsert(t, tables, records, "A-1", "B-3")
	records.remove("B-3") // its month goes
	records.add(january2)

	var reports []transform.Progress
	result, err := transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{
		Parallel: 1, Progress: func(p transform.Progress) { reports = append(reports, p) },
	})
	require.NoError(t, err)
	require.Equal(t, []string{"A-1", "A-2"}, result.Applied)
	want := []string{
		"changelog/2026-01.parquet", "issues/2026-01.parquet",
		"comments/2026-02.parquet removed", "changelog/2026-02.parquet removed", "issues/2026-02.parquet removed",
	}
	if diff := cmp.Diff(want, paths(result.Files)); diff != "" {
		t.Errorf("Files mismatch (-want +got):\n%s", diff)
	}
	wantReports := []transform.Progress{
		{Surveyed: 2, Month: "2026-01", Months: 1, MonthsTotal: 2, Issues: 2, IssuesTotal: 2},
		{Surveyed: 2, Month: "2026-02", Months: 2, MonthsTotal: 2, Issues: 2, IssuesTotal: 2},
	}
	if diff := cmp.Diff(wantReports, reports); diff != "" {
		t.Errorf("Progress mismatch (-want +got):\n%s", diff)
	}
	sameAsRebuild(t, dir, tables, records)
}

// TestRebuildOfEmptyRecords: lessons 133, 141, 70. No record at all is taken
// for a wrong directory; only tombstones are not.
func TestRebuildOfEmptyRecords(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	_, err := transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{})
	require.NoError(t, err, "nothing from nothing")

	records.add(january1)
	upsert(t, tables, records, "A-1")
	before := snapshot(t, dir)
	_, err = transform.Rebuild(t.Context(), tables, newStore(), transform.RebuildOptions{})
	require.ErrorIs(t, err, transform.ErrNoRecords)
	require.Equal(t, before, snapshot(t, dir))

	january1 := january1
	january1.deleted = true
	records.add(january1)
	_, err = transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{})
	require.NoError(t, err)
	require.Empty(t, content(t, dir))
}

// brokenList yields some keys and then an error.
type brokenList struct{ *store }

var errList = errors.New("list broke off")

func (b brokenList) Keys() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		_ = yield("A-1", nil) && yield("", errList)
	}
}

// TestRebuildOfBrokenList: lesson 133. A partial list looks like deletions.
func TestRebuildOfBrokenList(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1, february3)
	upsert(t, tables, records, "A-1", "B-3")
	before := snapshot(t, dir)
	_, err := transform.Rebuild(t.Context(), tables, brokenList{records}, transform.RebuildOptions{})
	require.ErrorIs(t, err, errList)
	require.Equal(t, before, snapshot(t, dir))
}

// TestRebuildKeepsRowsOfUnreadableRecords: a record that cannot be read is
// not a deleted issue, and does not cost its month (reference 7.1 item 12).
func TestRebuildKeepsRowsOfUnreadableRecords(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1, january2, february3)
	upsert(t, tables, records, "A-1", "A-2", "B-3")
	before := content(t, dir)

	records.put("A-1", `{"cut`)
	records.put("B-3", ``)
	records.put("B-4", `not in the tables`)
	january2 := january2
	january2.summary = "changed"
	records.add(january2)
	result, err := transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{})
	require.ErrorIs(t, err, transform.ErrRecord)
	require.Equal(t, []string{"A-2"}, result.Applied)
	require.Len(t, result.Failed, 3)
	require.Equal(t, before, content(t, dir))

	records.add(january1, february3)
	records.remove("B-4")
	_, err = transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{})
	require.NoError(t, err)
	sameAsRebuild(t, dir, tables, records)
}

// TestRebuildOfNoFile: what has the name of a record and is no file is a record
// that cannot be read, and not a deleted issue.
func TestRebuildOfNoFile(t *testing.T) {
	dir, recordsDir, records := t.TempDir(), t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1, january2)
	upsert(t, tables, records, "A-1", "A-2")
	before := content(t, dir)

	require.NoError(t, os.Mkdir(filepath.Join(recordsDir, "A-1.json"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(recordsDir, "A-3.json"), 0o700))       // of which the tables have no row
	require.NoError(t, os.Symlink("nothing", filepath.Join(recordsDir, "A-2.json"))) // perhaps on a disk that is missing
	root, err := os.OpenRoot(recordsDir)
	require.NoError(t, err)
	defer root.Close()
	for _, records := range []transform.Records{transform.RecordsDir(root), transform.RecordsFS(os.DirFS(recordsDir))} {
		result, err := transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{})
		require.ErrorIs(t, err, transform.ErrRecord)
		for _, key := range []string{"A-1", "A-2", "A-3"} {
			require.ErrorIs(t, result.Failed[key], transform.ErrRecord, key)
			require.NotErrorIs(t, result.Failed[key], fs.ErrNotExist, key)
		}
		require.Equal(t, before, content(t, dir))
	}
}

// TestRebuildBesideUpsert: what a running sync adds or changes after the
// survey is not lost (reference 7.1 item 12).
func TestRebuildBesideUpsert(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1, february3)
	upsert(t, tables, records, "A-1", "B-3")

	records.add(january2) // comes after the listing, and is upserted before its month is written
	records.hidden = map[string]bool{"A-2": true}
	upsert(t, tables, records, "A-2")
	var mu sync.Mutex // several records are read at once
	surveyed := map[string]bool{}
	records.onRecord = func(key string) {
		mu.Lock()
		defer mu.Unlock()
		if key == "B-3" && surveyed[key] { // its month changes before it is written
			february3 := february3
			february3.created = "2026-04-01"
			records.add(february3)
		}
		surveyed[key] = true
	}
	result, err := transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{Parallel: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"A-1", "A-2", "B-3"}, result.Applied)
	records.onRecord, records.hidden = nil, nil
	sameAsRebuild(t, dir, tables, records)
}

// TestRebuildMonthThatCannotBeWritten: lesson 186 for a rebuild.
func TestRebuildMonthThatCannotBeWritten(t *testing.T) {
	dir, records := t.TempDir(), newStore()
	tables := openTables(t, dir)
	records.add(january1, february3)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, ".locks", "parquet-2026-01.lock"), 0o700)) // cannot be locked
	result, err := transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{})
	require.Error(t, err)
	require.Equal(t, []string{"B-3"}, result.Applied)
	require.Contains(t, result.Failed, "A-1")
	require.NotErrorIs(t, err, fs.ErrNotExist)
}

// TestRebuildReadsIntoMemoryUsedBefore: rows keep nothing of a record, whose
// memory the next one takes.
func TestRebuildReadsIntoMemoryUsedBefore(t *testing.T) {
	records := newStore()
	for n := range 120 {
		key, record := typical(n, time.Date(2026, time.Month(1+n%3), 1, 0, 0, n, 0, time.UTC), strings.Repeat("v", n))
		records.put(key, record)
	}
	plain, again := t.TempDir(), t.TempDir()
	_, err := transform.Rebuild(t.Context(), openTables(t, plain), records, transform.RebuildOptions{})
	require.NoError(t, err)
	reused := transform.RecordsFS(records.files)
	require.Implements(t, (*transform.RecordReader)(nil), reused)
	tables := openTables(t, again)
	_, err = transform.Rebuild(t.Context(), tables, reused, transform.RebuildOptions{})
	require.NoError(t, err)
	if diff := cmp.Diff(rowHashes(t, plain), rowHashes(t, again)); diff != "" {
		t.Errorf("hashes of rows mismatch (-own memory +used again):\n%s", diff)
	}
	found := verify(t, tables, reused)
	require.True(t, found.Clean())
}
