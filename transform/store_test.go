package transform_test

import (
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

// store is a directory of records in memory.
type store struct {
	mu    sync.Mutex
	files fstest.MapFS

	// onRecord, if set, is called before each read, to change the records
	// behind the back of who reads them.
	onRecord func(key string)
	// hidden keys are not listed: records that came after the listing.
	hidden map[string]bool
}

func newStore() *store { return &store{files: fstest.MapFS{}} }

func (s *store) put(key, record string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[key+".json"] = &fstest.MapFile{Data: []byte(record)}
}

func (s *store) remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, key+".json")
}

func (s *store) Record(key string) ([]byte, error) {
	if s.onRecord != nil {
		s.onRecord(key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return transform.RecordsFS(s.files).Record(key)
}

func (s *store) Keys() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		s.mu.Lock()
		var keys []string
		for key := range transform.RecordsFS(s.files).Keys() {
			if !s.hidden[key] {
				keys = append(keys, key)
			}
		}
		s.mu.Unlock()
		for _, key := range keys {
			if !yield(key, nil) {
				return
			}
		}
	}
}

// ticket is a record to be: id, key, creation day, and what may change.
type ticket struct {
	id, key, created, updated, summary string
	comments                           int
	deleted                            bool
	movedTo                            string
	parts                              bool // also worklogs, people, custom fields, embedded files
}

func (i ticket) String() string {
	if i.movedTo != "" {
		return fmt.Sprintf(`{"id":%q,"key":%q,"_moved_to":%q}`, i.id, i.key, i.movedTo)
	}
	var comments []string
	for n := range i.comments {
		comments = append(comments, fmt.Sprintf(`{"id":"%s%03d","body":"comment %d of %s"}`, i.id, n, n, i.summary))
	}
	updated := i.updated
	if updated == "" {
		updated = i.created + "T12:00:00.000+0000"
	}
	deleted := ""
	if i.deleted {
		deleted = `,"_deleted_at":"2026-03-01T00:00:00Z"`
	}
	parts := ""
	if i.parts {
		parts = fmt.Sprintf(`"assignee":{"accountId":"a%[1]d"},"customfield_1":%[1]d.5,"customfield_2":[{"accountId":"b%[1]d"}],
			"attachment":[{"id":"7","filename":"f%[1]d"}],"worklog":{"worklogs":[{"id":"8","timeSpentSeconds":%[1]d}]},`, i.comments)
		comments = append(comments, fmt.Sprintf(`{"id":"%s999","body":{"type":"doc","content":[{"type":"media","attrs":{"id":"u","alt":"f%d"}}]}}`,
			i.id, len(i.summary)%4))
	}
	return fmt.Sprintf(`{"id":%q,"key":%q,"fields":{%s"created":"%sT10:00:00.000+0000","updated":%q,"summary":%q,
		"comment":{"total":%d,"comments":[%s]}},
		"changelog":{"histories":[{"id":"9%s","items":[{"field":"summary","toString":%q}]}]}%s}`,
		i.id, i.key, parts, i.created, updated, i.summary, i.comments, strings.Join(comments, ","), i.id, i.summary, deleted)
}

func (s *store) add(tickets ...ticket) {
	for _, i := range tickets {
		s.put(i.key, i.String())
	}
}

func openTables(t testing.TB, dir string) *transform.Tables {
	t.Helper()
	tables, err := transform.Open(dir, transform.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tables.Close()) })
	return tables
}

// upsert applies keys, all of which must land.
func upsert(t testing.TB, tables *transform.Tables, records transform.Records, keys ...string) transform.Result {
	t.Helper()
	result, err := transform.Upsert(t.Context(), tables, records, keys...)
	require.NoError(t, err)
	return result
}

// snapshot reads all Parquet files below dir: path → bytes.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == ".corrupt" { // what partition has set aside
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() || filepath.Ext(path) == ".lock" {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(data)
		return err
	})
	require.NoError(t, err)
	return files
}

// content shows what the tables hold: "table/month: key key …" with a key for
// each row.
func content(t testing.TB, dir string) []string {
	t.Helper()
	d, err := partition.Open(dir)
	require.NoError(t, err)
	defer d.Close()
	var lines []string
	for _, table := range transform.Schema(transform.Options{}) {
		months, err := d.Months(table.Name)
		require.NoError(t, err)
		for _, month := range months {
			rows, err := d.Read(table, month)
			require.NoError(t, err)
			line := table.Name + "/" + month + ":"
			for _, row := range rows {
				line += " " + row[table.Index("issue_key")].Text()
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// sameAsRebuild checks that the tables are what a rebuild makes of the
// records, cell for cell, and returns nothing to do in place either.
func sameAsRebuild(t testing.TB, dir string, tables *transform.Tables, records transform.Records) {
	t.Helper()
	fresh := t.TempDir()
	_, err := transform.Rebuild(t.Context(), openTables(t, fresh), records, transform.RebuildOptions{})
	require.NoError(t, err)
	want, got := snapshot(t, fresh), snapshot(t, dir)
	if diff := cmp.Diff(keysOf(want), keysOf(got)); diff != "" {
		t.Fatalf("files of rebuild and upsert differ (-rebuild +upsert):\n%s", diff)
	}
	if diff := cmp.Diff(content(t, fresh), content(t, dir)); diff != "" {
		t.Fatalf("rows of rebuild and upsert differ (-rebuild +upsert):\n%s", diff)
	}
	again, err := transform.Rebuild(t.Context(), tables, records, transform.RebuildOptions{Parallel: 1})
	require.NoError(t, err)
	require.Empty(t, again.Files, "a rebuild of right tables writes nothing")
}

func keysOf(m map[string]string) map[string]bool {
	keys := map[string]bool{}
	for k := range m {
		keys[k] = true
	}
	return keys
}

func paths(files []partition.File) []string {
	var paths []string
	for _, f := range files {
		p := f.Path
		if f.Removed {
			p += " removed"
		}
		paths = append(paths, p)
	}
	return paths
}
