package transform_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/transform"
)

// TestFieldMapNamesEveryFault: reliability E4 and C-3, lessons 63 and 64. A
// bad map is refused at the start, all faults at once.
func TestFieldMapNamesEveryFault(t *testing.T) {
	tests := map[string]struct {
		fields transform.FieldMap
		want   []string // what the error names, one a line
	}{
		"default":   {transform.DefaultFields(), nil},
		"none":      {transform.FieldMap{}, nil},
		"built-in":  {one("option", "status"), []string{`field 1 (customfield_1): column name "status" is taken by a built-in column`}},
		"last ones": {one("option", "_raw_file"), []string{"_raw_file"}},
		"sql":       {one("option", "id; drop"), []string{`"id; drop"`}},
		"long":      {one("option", strings.Repeat("a", 64)), []string{"is not [a-z_]"}},
		"63":        {one("option", strings.Repeat("a", 63)), nil},
		"empty":     {one("option", ""), []string{`""`}},
		"upper":     {one("option", "Severity"), []string{`"Severity"`}},
		"digit":     {one("option", "1st"), []string{`"1st"`}},
		"newline":   {one("option", "a\n"), []string{`"a\n"`}},
		"accent":    {one("option", "é"), []string{`"é"`}},
		"quote":     {one("option", `a"b`), []string{`"a\"b"`}},
		"kind":      {one("date", "a"), []string{`unknown kind "date"`}},
		"no kind":   {one("", "a"), []string{`unknown kind ""`}},
		"two":       {one("option", "a", "b"), []string{"kind option takes 1 column name(s), not 2"}},
		"jsm":       {one("jsm_request", "a"), []string{"kind jsm_request takes 2 column name(s), not 1"}},
		"sla names": {one("sla", "a", "b", "c"), []string{`"_*"`}},
		"sla plain": {one("sla", "a"), []string{`"_*"`}},
		"sla star":  {one("sla", "*"), []string{`"_*"`}},
		"sla long":  {one("sla", strings.Repeat("a", 50)+"_*"), []string{"_elapsed_millis"}},
		"star":      {one("option", "a_*"), []string{`"a_*"`}},
		"sprint":    {one("sprint"), nil},
		"points":    {one("story_points"), nil},
		"sprints":   {one("sprint", "a"), []string{"kind sprint takes 0 column name(s), not 1"}},
		"ours":      {one("text", "components"), nil},
		"no id":     {transform.FieldMap{{Kind: transform.KindRaw, Columns: []string{"a"}}}, []string{"field 1 (): id is missing"}},
		"several": {
			transform.FieldMap{
				{ID: "customfield_1", Kind: transform.KindRaw, Columns: []string{"sla_breached"}},
				{ID: "customfield_2", Kind: transform.KindSLA, Columns: []string{"sla_*"}},
				{ID: "customfield_3", Kind: "?", Columns: []string{"b"}},
				{ID: "customfield_4", Kind: transform.KindRaw, Columns: []string{"labels"}},
			},
			[]string{
				`field 2 (customfield_2): column name "sla_breached" is taken by field 1 (customfield_1)`,
				`field 3 (customfield_3): unknown kind "?"`,
				`field 4 (customfield_4): column name "labels" is taken by a built-in column`,
			},
		},
		"one field twice": {transform.FieldMap{
			{ID: "customfield_1", Kind: transform.KindOptionList, Columns: []string{"a"}},
			{ID: "customfield_1", Kind: transform.KindRaw, Columns: []string{"b"}},
		}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.fields.Validate()
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			lines := strings.Split(err.Error(), "\n")
			require.Len(t, lines, len(tt.want))
			for i, want := range tt.want {
				require.Contains(t, lines[i], want)
			}
			_, err = transform.Open(t.TempDir(), transform.Options{Fields: tt.fields})
			require.Error(t, err, "Open takes it")
		})
	}
}

func one(kind transform.FieldKind, columns ...string) transform.FieldMap {
	return transform.FieldMap{{ID: "customfield_1", Kind: kind, Columns: columns}}
}

func TestSiteURL(t *testing.T) {
	for url, ok := range map[string]bool{
		"": true, "https://a.atlassian.net": true, "https://a.atlassian.net/": true, "http://127.0.0.1:8080": true,
		"a.atlassian.net": false, "https://": false, "ftp://a": false, "https://user:pw@a": false, "https://a?x=1": false, "https://a#x": false, ":": false,
	} {
		require.Equal(t, ok, transform.Options{SiteURL: url, Fields: transform.FieldMap{}}.Validate() == nil, url)
	}
}

// TestRecordsFS: lessons 26 and 125; only KEY.json files are records.
func TestRecordsFS(t *testing.T) {
	dir := t.TempDir()
	testRecords(t, dir, transform.RecordsFS(os.DirFS(dir)))

	for _, err := range transform.RecordsFS(os.DirFS(filepath.Join(dir, "absent"))).Keys() {
		require.ErrorIs(t, err, fs.ErrNotExist, "a list that cannot be read is not an empty one")
	}
	for range transform.RecordsFS(fstest.MapFS{}).Keys() {
		t.Error("an empty directory has keys")
	}
}

func TestRecordsDir(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	records := transform.RecordsDir(root)
	testRecords(t, dir, records)

	require.NoError(t, os.Symlink("A-1.json", filepath.Join(dir, "A-11.json")))
	data, err := records.Record("A-11")
	require.NoError(t, err)
	require.Equal(t, "one", string(data))
	outside := filepath.Join(t.TempDir(), "A-12.json")
	require.NoError(t, os.WriteFile(outside, []byte("outside"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "A-12.json")))
	_, err = records.Record("A-12")
	require.Error(t, err, "it leads out of the directory")

	require.NoError(t, root.Close())
	for _, err := range records.Keys() {
		require.ErrorIs(t, err, fs.ErrClosed, "a list that cannot be read is not an empty one")
	}
}

// testRecords compares records with what it puts into their directory.
func testRecords(t *testing.T, dir string, records transform.Records) {
	t.Helper()
	write := func(name, data string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600))
	}
	write("A-1.json", "one")
	write("A-10.json", "")
	write("a-2.json", "lower case")
	write("A-3.json.tmp", "temporary")
	write(".tmp-1-A-4.json", "temporary")
	write("A-5.JSON", "extension")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "A-6.json"), 0o700))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, ".locks"), 0o700))

	var keys []string
	for key, err := range records.Keys() {
		require.NoError(t, err)
		keys = append(keys, key)
	}
	slices.Sort(keys)
	if diff := cmp.Diff([]string{"A-1", "A-10", "A-6"}, keys); diff != "" {
		t.Errorf("Keys mismatch (-want +got):\n%s", diff)
	}
	for range records.Keys() {
		break // ends the walk
	}

	data, err := records.Record("A-1")
	require.NoError(t, err)
	require.Equal(t, "one", string(data))
	_, err = records.Record("A-2")
	require.ErrorIs(t, err, fs.ErrNotExist)
	for _, key := range []string{"", "a-2", "../A-1", "A-3.json.tmp", "A-6/", "A-1\n", "A_B-1"} {
		_, err = records.Record(key)
		require.ErrorIs(t, err, transform.ErrRecord, "%q", key)
	}
	_, err = records.Record("A-6")
	require.ErrorIs(t, err, transform.ErrRecord, "a directory")

	write("A-7.json", "")
	require.NoError(t, os.Truncate(filepath.Join(dir, "A-7.json"), transform.MaxRecordBytes+1))
	_, err = records.Record("A-7")
	require.ErrorIs(t, err, transform.ErrTooLarge)

	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "A-8.json"), 0o600))
	_, err = records.Record("A-8")
	require.ErrorIs(t, err, transform.ErrRecord, "a FIFO, for which nobody waits")
}
