package partition_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

func TestReplaceThenRead(t *testing.T) {
	d := openDir(t)
	r := seeded()
	for _, n := range []int{1, 99, 100, 101, 500} {
		issueRows, commentRows := makeIssues(r, n), makeComments(r, n)
		files := replace(t, d, "2026-01",
			partition.Content{Table: comments, Rows: commentRows}, partition.Content{Table: issues, Rows: issueRows})
		wantRows(t, d, issues, "2026-01", issueRows)
		wantRows(t, d, comments, "2026-01", commentRows)
		last := files[len(files)-1]
		require.Equal(t, "issues/2026-01.parquet", last.Path)
		require.Equal(t, n, last.Rows)
		require.EqualValues(t, len(readFile(t, d, last.Path)), last.Bytes)
	}
}

// stamp identifies a file: writing it anew changes the inode.
func stamp(t *testing.T, d *partition.Dir, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(d.Path() + "/" + path)
	require.NoError(t, err)
	return info
}

func TestUnchangedFilesAreNotTouched(t *testing.T) {
	d := openDir(t)
	rows, children := makeIssues(seeded(), 250), makeComments(seeded(), 250)
	contents := []partition.Content{{Table: comments, Rows: children}, {Table: issues, Rows: rows}}
	require.Len(t, replace(t, d, "2026-01", contents...), 2)
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(d.Path()+"/issues/2026-01.parquet", old, old))
	before := stamp(t, d, "issues/2026-01.parquet")

	require.Empty(t, replace(t, d, "2026-01", contents...))
	children[3][2] = partition.String("edited")
	files := replace(t, d, "2026-01", contents...)
	require.Len(t, files, 1)
	require.Equal(t, "comments", files[0].Table)

	after := stamp(t, d, "issues/2026-01.parquet")
	require.True(t, os.SameFile(before, after))
	require.Equal(t, before.ModTime(), after.ModTime())
	names, err := os.ReadDir(d.Path() + "/issues")
	require.NoError(t, err)
	require.Len(t, names, 1)
}

// One character changes and the file's length does not.
func TestChangeOfEqualLengthIsFound(t *testing.T) {
	d := openDir(t)
	rows := []partition.Row{{partition.String("DEMO-1"), partition.Int(1)}}
	table := partition.Table{Name: "votes", Columns: []partition.Column{{Name: "issue_key"}, {Name: "n", Kind: partition.Int64}}}
	first := replace(t, d, "2026-01", partition.Content{Table: table, Rows: rows})
	rows[0][1] = partition.Int(2)
	second := replace(t, d, "2026-01", partition.Content{Table: table, Rows: rows})
	require.Len(t, second, 1)
	require.Equal(t, first[0].Bytes, second[0].Bytes, "the test wants equal lengths")
	wantRows(t, d, table, "2026-01", rows)
}

func TestEmptyContentRemovesTheFile(t *testing.T) {
	d := openDir(t)
	content := partition.Content{Table: issues, Rows: makeIssues(seeded(), 3)}
	replace(t, d, "2026-01", content)
	replace(t, d, "2026-02", content)
	files := replace(t, d, "2026-01", partition.Content{Table: comments}, partition.Content{Table: issues})
	want := []partition.File{{Table: "issues", Month: "2026-01", Path: "issues/2026-01.parquet", Removed: true}}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("files mismatch (-want +got):\n%s", diff)
	}
	require.Empty(t, replace(t, d, "2026-01", partition.Content{Table: issues}))
	_, err := d.Read(issues, "2026-01")
	require.ErrorIs(t, err, fs.ErrNotExist)
	months, err := d.Months("issues")
	require.NoError(t, err)
	require.Equal(t, []string{"2026-02"}, months)
}

func TestBadRowsAreRefusedBeforeAnythingIsWritten(t *testing.T) {
	row := func(values ...partition.Value) partition.Row { return values }
	table := partition.Table{Name: "t", Columns: []partition.Column{{Name: "issue_key"}, {Name: "n", Kind: partition.Int64}}}
	for name, rows := range map[string][]partition.Row{
		"too few values":   {row(partition.String("DEMO-1"))},
		"too many values":  {row(partition.String("DEMO-1"), partition.Null, partition.Null)},
		"wrong kind":       {row(partition.String("DEMO-1"), partition.String("1"))},
		"time for integer": {row(partition.String("DEMO-1"), partition.Time(time.Now()))},
		"no key":           {row(partition.Null, partition.Int(1))},
		"empty key":        {row(partition.String(""), partition.Int(1))},
		"not sorted":       {row(partition.String("DEMO-2"), partition.Null), row(partition.String("DEMO-10"), partition.Null)},
		"nil row":          {nil},
	} {
		d := openDir(t)
		good := partition.Content{Table: issues, Rows: makeIssues(seeded(), 1)}
		_, err := d.Replace("2026-01", good, partition.Content{Table: table, Rows: rows})
		require.ErrorIs(t, err, partition.ErrRows, name)
		entries, err := os.ReadDir(d.Path())
		require.NoError(t, err)
		require.Empty(t, entries, name)
	}
}

func TestEqualRowsGiveEqualBytes(t *testing.T) {
	rows := makeIssues(seeded(), 300)
	first := encode(t, issues, rows)
	var wait sync.WaitGroup
	for range 4 { // side by side, as the encoders are shared
		wait.Go(func() {
			again, err := partition.Encode(issues, rows)
			if err != nil || !slices.Equal(first, again) {
				t.Errorf("Encode: other bytes, error %v", err)
			}
		})
	}
	wait.Wait()
}

func TestRowGroupsNeverDivideAnIssue(t *testing.T) {
	table := partition.Table{Name: "comments", GroupRows: 10, Columns: []partition.Column{{Name: "issue_key"}, {Name: "n", Kind: partition.Int64}}}
	for _, test := range []struct {
		issues []int // rows of each
		groups []int // rows of each
	}{
		{[]int{1}, []int{1}},
		{[]int{10}, []int{10}},
		{[]int{5, 5}, []int{10}},
		{[]int{5, 6}, []int{5, 6}},
		{[]int{9, 1, 1}, []int{10, 1}},
		{[]int{25, 1}, []int{25, 1}},
		{[]int{1, 25, 1, 9, 1}, []int{1, 25, 10, 1}},
		{[]int{4, 4, 4, 4, 4}, []int{8, 8, 4}},
	} {
		var rows []partition.Row
		for i, n := range test.issues {
			for j := range n {
				rows = append(rows, partition.Row{partition.String(key(i)), partition.Int(int64(j))})
			}
		}
		file := encode(t, table, rows)
		if got := groupRows(t, file); !slices.Equal(got, test.groups) {
			t.Errorf("issues of %v rows: got row groups %v, want %v", test.issues, got, test.groups)
		}
		got, err := partition.Decode(table, file)
		require.NoError(t, err)
		equalRows(t, rows, got)
	}
}

func TestMonthsListsOnlyMonths(t *testing.T) {
	d := openDir(t)
	months, err := d.Months("issues")
	require.NoError(t, err)
	require.Empty(t, months)
	content := partition.Content{Table: issues, Rows: makeIssues(seeded(), 1)}
	for _, month := range []string{"2026-02", "2025-12", "2026-01"} {
		replace(t, d, month, content)
	}
	for _, name := range []string{"2026-13.parquet", "data.parquet", ".tmp-1-x", "2026-03.parquet.bak", "README", "2026-04"} {
		require.NoError(t, os.WriteFile(d.Path()+"/issues/"+name, nil, 0o600))
	}
	months, err = d.Months("issues")
	require.NoError(t, err)
	require.Equal(t, []string{"2025-12", "2026-01", "2026-02"}, months)
	_, err = d.Months("../issues")
	require.Error(t, err)
}

func TestKeys(t *testing.T) {
	d := openDir(t)
	rows := makeIssues(seeded(), 250)
	rows[7][1] = partition.Null
	replace(t, d, "2026-01", partition.Content{Table: issues, Rows: rows})
	keys, err := d.Keys(issues, "2026-01")
	require.NoError(t, err)
	want := make([]partition.Key, len(rows))
	for i, row := range rows {
		want[i] = partition.Key{Key: row[0].Text(), ID: row[1].Text()}
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("Keys mismatch (-want +got):\n%s", diff)
	}
	_, err = d.Keys(issues, "2026-02")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = d.Keys(comments, "2026-01")
	require.Error(t, err, "the table has no issue_id")
}

// Writers of one month that hold its lock lose nothing, as they once did when
// each read the month before the other had written it.
func TestConcurrentWritersOfOneMonth(t *testing.T) {
	d := openDir(t)
	other, err := partition.Open(d.Path())
	require.NoError(t, err)
	t.Cleanup(func() { other.Close() })
	all := makeIssues(seeded(), 8)
	var wait sync.WaitGroup
	for i, row := range all {
		dir := []*partition.Dir{d, other}[i%2]
		wait.Go(func() {
			if err := addRow(t, dir, "2026-01", row); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	wantRows(t, d, issues, "2026-01", all)
}

func addRow(t *testing.T, d *partition.Dir, month string, row partition.Row) error {
	release, err := d.LockMonth(t.Context(), month)
	if err != nil {
		return err
	}
	defer release()
	rows, err := d.Read(issues, month)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	rows = append(rows, row)
	slices.SortFunc(rows, func(a, b partition.Row) int { return strings.Compare(a[0].Text(), b[0].Text()) })
	_, err = d.Replace(month, partition.Content{Table: issues, Rows: rows})
	return err
}

// A reader polls while a month is replaced again and again.
func TestReadersSeeWholeMonths(t *testing.T) {
	d := openDir(t)
	versions := make([][]partition.Row, 4)
	for i := range versions {
		versions[i] = makeIssues(seeded(), 20*(i+1))
		for _, row := range versions[i] {
			row[6] = partition.Int(int64(i))
		}
	}
	replace(t, d, "2026-01", partition.Content{Table: issues, Rows: versions[0]})
	done := make(chan error, 1)
	go func() { // ends after the last replacement; received below
		var errs []error
		for i := range 30 {
			_, err := d.Replace("2026-01", partition.Content{Table: issues, Rows: versions[i%len(versions)]})
			errs = append(errs, err)
		}
		done <- errors.Join(errs...)
	}()
	for reads := 0; ; reads++ {
		select {
		case err := <-done:
			require.NoError(t, err)
			require.Greater(t, reads, 3)
			return
		default:
		}
		rows, err := d.Read(issues, "2026-01")
		require.NoError(t, err)
		equalRows(t, versions[rows[0][6].Int()], rows)
	}
}

func TestReplaceTakesThePlaceOfWhatIsThere(t *testing.T) {
	content := partition.Content{Table: issues, Rows: makeIssues(seeded(), 5)}
	for name, plant := range map[string]func(path string) error{
		"garbage": func(path string) error { return os.WriteFile(path, []byte("PAR1 garbage PAR1"), 0o600) },
		"empty":   func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"link":    func(path string) error { return os.Symlink("/etc/passwd", path) },
		"cut":     func(path string) error { return os.WriteFile(path, encode(t, issues, content.Rows)[:200], 0o600) },
		"longer": func(path string) error {
			return os.WriteFile(path, append(encode(t, issues, content.Rows), 0), 0o600)
		},
	} {
		d := openDir(t)
		require.NoError(t, os.Mkdir(d.Path()+"/issues", 0o700))
		require.NoError(t, plant(d.Path()+"/issues/2026-01.parquet"), name)
		_, err := d.Read(issues, "2026-01")
		require.ErrorIs(t, err, partition.ErrCorrupt, name)
		require.Len(t, replace(t, d, "2026-01", content), 1, name)
		wantRows(t, d, issues, "2026-01", content.Rows)
		info, err := os.Lstat(d.Path() + "/issues/2026-01.parquet")
		require.NoError(t, err)
		require.True(t, info.Mode().IsRegular(), name)
		if runtime.GOOS != "windows" {
			require.Equal(t, fs.FileMode(0o660), info.Mode(), name)
		}
	}
}

func TestDirectoryInTheFilesPlace(t *testing.T) {
	d := openDir(t)
	require.NoError(t, os.MkdirAll(d.Path()+"/issues/2026-01.parquet/x", 0o700))
	_, err := d.Read(issues, "2026-01")
	require.ErrorIs(t, err, partition.ErrCorrupt)
	_, err = d.Replace("2026-01", partition.Content{Table: issues, Rows: makeIssues(seeded(), 1)})
	require.Error(t, err)
	names, err := os.ReadDir(d.Path() + "/issues")
	require.NoError(t, err)
	require.Len(t, names, 1, "no temporary file stays")
}

// Files take their places in the order given: when one cannot, those before
// it are new and those after it old.
func TestOrderOfReplacement(t *testing.T) {
	r := seeded()
	old, after := makeComments(r, 10), makeComments(r, 20)
	blocked := partition.Content{Table: issues, Rows: makeIssues(r, 1)}
	for _, test := range []struct {
		name     string
		contents []partition.Content
		want     []partition.Row
	}{
		{"children first", []partition.Content{{Table: comments, Rows: after}, blocked}, after},
		{"children last", []partition.Content{blocked, {Table: comments, Rows: after}}, old},
	} {
		d := openDir(t)
		replace(t, d, "2026-01", partition.Content{Table: comments, Rows: old})
		require.NoError(t, os.MkdirAll(d.Path()+"/issues/2026-01.parquet/x", 0o700))
		files, err := d.Replace("2026-01", test.contents...)
		require.Error(t, err, test.name)
		require.Empty(t, files, test.name)
		wantRows(t, d, comments, "2026-01", test.want)
	}
}

func TestOneTableThatFailsChangesNone(t *testing.T) {
	d := openDir(t)
	old := makeComments(seeded(), 10)
	replace(t, d, "2026-01", partition.Content{Table: comments, Rows: old})
	require.NoError(t, os.WriteFile(d.Path()+"/issues", []byte("a file where the table's directory should be"), 0o600))
	_, err := d.Replace("2026-01",
		partition.Content{Table: comments, Rows: old[:3]},
		partition.Content{Table: issues, Rows: makeIssues(seeded(), 1)})
	require.Error(t, err)
	require.NotErrorIs(t, err, fs.ErrNotExist)
	wantRows(t, d, comments, "2026-01", old)
	_, err = d.Read(issues, "2026-01")
	require.Error(t, err)
	require.NotErrorIs(t, err, fs.ErrNotExist, "unreadable is not absent")
}

func TestSweep(t *testing.T) {
	d := openDir(t)
	replace(t, d, "2026-01", partition.Content{Table: issues, Rows: makeIssues(seeded(), 1)})
	require.NoError(t, os.WriteFile(d.Path()+"/issues/.tmp-1073741824-X", nil, 0o600))
	n, err := d.Sweep(time.Hour)
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = d.Sweep(0)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

func TestOpenRefusesAFile(t *testing.T) {
	path := t.TempDir() + "/file"
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := partition.Open(path)
	require.Error(t, err)
}

func TestErrorsNameTheFileAndHint(t *testing.T) {
	d := openDir(t)
	require.NoError(t, os.Mkdir(d.Path()+"/issues", 0o700))
	require.NoError(t, os.WriteFile(d.Path()+"/issues/2026-01.parquet", []byte("x"), 0o600))
	_, err := d.Read(issues, "2026-01")
	var fileError *partition.Error
	require.ErrorAs(t, err, &fileError)
	require.Equal(t, "issues/2026-01.parquet", fileError.Path)
	require.Contains(t, fileError.Hint, "jira-sync transform")
	require.Contains(t, fmt.Sprint(err), "issues/2026-01.parquet")
}
