package partition_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

func splice(t testing.TB, d *partition.Dir, month string, keys []string, contents ...partition.Content) []partition.File {
	t.Helper()
	files, err := d.Splice(month, keys, contents...)
	require.NoError(t, err)
	return files
}

// byKey is what a table should hold: the rows of each issue.
type byKey map[string][]partition.Row

func groupByKey(rows []partition.Row, column int) byKey {
	m := byKey{}
	for _, row := range rows {
		m[row[column].Text()] = append(m[row[column].Text()], row)
	}
	return m
}

func (m byKey) rows() []partition.Row {
	var rows []partition.Row
	for _, key := range slices.Sorted(maps.Keys(m)) {
		rows = append(rows, m[key]...)
	}
	return rows
}

// spliceMany makes many random changes: issues that come, change, grow,
// shrink and leave, one or several at a time.
func spliceMany(t *testing.T, d *partition.Dir, r *rand.Rand, rounds, keySpace int) {
	models := map[string]byKey{"issues": {}, "comments": {}}
	for round := range rounds {
		leave := r.IntN(6) == 0 || round > rounds*3/4 && r.IntN(3) > 0
		picked := map[string]bool{}
		contents := []partition.Content{{Table: comments}, {Table: issues}}
		for range 1 + r.IntN(1+r.IntN(keySpace/4+2)) {
			picked[key(r.IntN(keySpace))] = true
		}
		for k := range picked {
			models["issues"][k], models["comments"][k] = oneIssue(r, k)
			for _, m := range models {
				if leave || len(m[k]) == 0 {
					delete(m, k)
				}
			}
		}
		keys := slices.Sorted(maps.Keys(picked))
		for n, c := range contents {
			for _, k := range keys {
				contents[n].Rows = append(contents[n].Rows, models[c.Table.Name][k]...)
			}
		}
		for _, f := range splice(t, d, "2026-01", keys, contents...) {
			require.Empty(t, f.Rewritten)
			require.Equal(t, len(models[f.Table]) == 0, f.Removed)
			require.Equal(t, len(models[f.Table].rows()), f.Rows)
		}
		for _, c := range contents {
			checkMonth(t, d, c.Table, models[c.Table.Name].rows())
		}
		require.Empty(t, splice(t, d, "2026-01", keys, contents...), "a second time nothing changes")
	}
}

// oneIssue makes the rows of one issue: one and up to six comments, now and
// then more than a row group has.
func oneIssue(r *rand.Rand, key string) (issue, children []partition.Row) {
	issue = []partition.Row{withKey(makeIssues(r, 1)[0], key)}
	for n := r.IntN(7); len(children) < n || r.IntN(40) == 0 && len(children) < 400; {
		for _, row := range makeComments(r, 1+r.IntN(3)) {
			row[1] = partition.String(key)
			children = append(children, row)
		}
	}
	return issue, children
}

// checkMonth compares the rows and looks at the row groups.
func checkMonth(t *testing.T, d *partition.Dir, table partition.Table, want []partition.Row) {
	t.Helper()
	if len(want) == 0 {
		_, err := d.Read(table, "2026-01")
		require.ErrorIs(t, err, fs.ErrNotExist)
		return
	}
	wantRows(t, d, table, "2026-01", want)
	file := readFile(t, d, table.Name+"/2026-01.parquet")
	groups := groupRows(t, file)
	f, err := partition.Metadata(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	before := ""
	column := table.Index("issue_key")
	for i, group := range f.Metadata().RowGroups {
		bounds := group.Columns[column].MetaData.Statistics
		require.Less(t, before, string(bounds.MinValue), "an issue is in two row groups")
		before = string(bounds.MaxValue)
		if string(bounds.MinValue) != before { // not one issue alone
			require.LessOrEqual(t, groups[i], table.GroupRows*3/2)
		}
	}
}

func TestSpliceAgainstAModel(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for keySpace, rounds := range map[int]int{3: 20, 40: 30, 700: 15} {
		t.Run(fmt.Sprint(keySpace), func(t *testing.T) {
			spliceMany(t, openDir(t), r, rounds, keySpace)
		})
	}
}

// month is a month of n issues, with a few comments each.
func writeMonth(t testing.TB, d *partition.Dir, n int) (issueRows, commentRows []partition.Row) {
	t.Helper()
	issueRows, commentRows = makeIssues(seeded(), n), makeComments(seeded(), n)
	replace(t, d, "2026-01", partition.Content{Table: comments, Rows: commentRows}, partition.Content{Table: issues, Rows: issueRows})
	return issueRows, commentRows
}

// One field of an issue changes in a month of twenty row groups: all others
// are the same bytes as before, and so are the other columns of this one. This
// fails when the library stops copying, as it does without a word when the
// writer's options and the file's do not agree.
func TestSpliceCopiesWhatItDoesNotChange(t *testing.T) {
	d := openDir(t)
	rows, _ := writeMonth(t, d, 2000)
	before := readFile(t, d, "issues/2026-01.parquet")
	rows[777][2] = partition.String("edited")
	files := splice(t, d, "2026-01", []string{key(777)}, partition.Content{Table: issues, Rows: rows[777:778]})
	require.Len(t, files, 1)
	require.Empty(t, files[0].Rewritten)
	after := readFile(t, d, "issues/2026-01.parquet")
	require.EqualValues(t, len(after), files[0].Bytes)

	old, updated := groupBytes(t, before), groupBytes(t, after)
	require.Len(t, old, 20)
	require.Len(t, updated, 20)
	copied := 0
	for g := range old {
		require.Equal(t, g != 7, bytes.Equal(old[g], updated[g]), "row group %d", g)
		if g != 7 {
			copied += len(old[g])
		}
	}
	require.Greater(t, copied*100/len(after), 85, "percent of the file that was copied")

	changed := 0
	for column := range issues.Columns { // of row group 7 one column is new
		was, is := chunkBytes(t, before, 7, column), chunkBytes(t, after, 7, column)
		if column == 2 {
			changed = len(is)
		}
		require.Equal(t, column != 2, bytes.Equal(was, is), "column %d", column)
		copied += len(is)
	}
	require.EqualValues(t, copied-changed, files[0].Copied)
	wantRows(t, d, issues, "2026-01", rows)
}

// chunkBytes returns a column chunk of a file.
func chunkBytes(t *testing.T, file []byte, group, column int) []byte {
	t.Helper()
	f, err := partition.Metadata(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	m := f.Metadata().RowGroups[group].Columns[column].MetaData
	start := m.DataPageOffset
	if m.DictionaryPageOffset != 0 {
		start = m.DictionaryPageOffset
	}
	return file[start : start+m.TotalCompressedSize]
}

// groupBytes returns the row groups of a file, without the magic.
func groupBytes(t *testing.T, file []byte) [][]byte {
	t.Helper()
	ends, err := partition.Sections(file)
	require.NoError(t, err)
	var groups [][]byte
	start := int64(4)
	for _, end := range ends {
		groups = append(groups, file[start:end])
		start = end
	}
	return groups
}

func TestSpliceOfEqualRowsWritesNothing(t *testing.T) {
	d := openDir(t)
	rows, children := writeMonth(t, d, 300)
	before := stamp(t, d, "issues/2026-01.parquet")
	keys := []string{key(7), key(150), key(299), key(5000), "AAA-1", "DEMO-000007x"}
	var contents []partition.Content
	for _, c := range []partition.Content{{Table: comments, Rows: children}, {Table: issues, Rows: rows}} {
		m := groupByKey(c.Rows, c.Table.Index("issue_key"))
		maps.DeleteFunc(m, func(k string, _ []partition.Row) bool { return !slices.Contains(keys, k) })
		contents = append(contents, partition.Content{Table: c.Table, Rows: m.rows()})
	}
	require.Empty(t, splice(t, d, "2026-01", keys, contents...))
	after := stamp(t, d, "issues/2026-01.parquet")
	require.True(t, os.SameFile(before, after))
	require.Equal(t, before.ModTime(), after.ModTime())
}

// An untouched row group is not read: damage in it is carried along with the
// checksum that gives it away, and never becomes rows.
func TestSpliceCarriesDamageElsewhereToTheNextReader(t *testing.T) {
	d := openDir(t)
	rows, _ := writeMonth(t, d, 1000)
	path := d.Path() + "/issues/2026-01.parquet"
	file := readFile(t, d, "issues/2026-01.parquet")
	ends, err := partition.Sections(file)
	require.NoError(t, err)
	file[ends[4]+100] ^= 1 // in row group 5
	require.NoError(t, os.WriteFile(path, file, 0o600))

	files := splice(t, d, "2026-01", []string{key(3)}, partition.Content{Table: issues})
	require.Equal(t, 999, files[0].Rows)
	_, err = d.Read(issues, "2026-01")
	require.ErrorIs(t, err, partition.ErrCorrupt)

	_, err = d.Splice("2026-01", []string{key(555)}, partition.Content{Table: issues})
	var fault *partition.Error
	require.ErrorAs(t, err, &fault)
	require.ErrorIs(t, err, partition.ErrCorrupt)
	require.Equal(t, []string{"issues", "2026-01"}, []string{fault.Table, fault.Month})
	wantAside(t, d, "issues", "2026-01")

	require.Len(t, replace(t, d, "2026-01", partition.Content{Table: issues, Rows: rows}), 1)
	wantRows(t, d, issues, "2026-01", rows)
}

// wantAside expects a month whose file was set aside: it is out of the
// readers' way, and nobody takes the month for empty.
func wantAside(t *testing.T, d *partition.Dir, table, month string) {
	t.Helper()
	require.NoFileExists(t, d.Path()+"/"+table+"/"+month+".parquet")
	other, err := partition.Open(d.Path())
	require.NoError(t, err)
	defer other.Close()
	for _, d := range []*partition.Dir{d, other} {
		_, err := d.Read(partition.Table{Name: table, Columns: issues.Columns}, month)
		require.ErrorIs(t, err, partition.ErrCorrupt)
		_, err = d.Stat(table, month)
		require.ErrorIs(t, err, partition.ErrCorrupt)
		_, err = d.Splice(month, []string{key(1)}, partition.Content{Table: partition.Table{Name: table, Columns: issues.Columns}})
		require.ErrorIs(t, err, partition.ErrCorrupt)
		months, err := d.Months(table)
		require.NoError(t, err)
		require.Contains(t, months, month)
	}
}

// A file of an earlier schema is written whole by the first splice that
// changes it, which says so, and copied from then on.
func TestSpliceOfAnEarlierSchema(t *testing.T) {
	now := issues
	before := issues
	before.Columns = slices.Clone(issues.Columns[:7])
	rows := makeIssues(seeded(), 1000)
	old := make([]partition.Row, len(rows))
	for i, row := range rows {
		old[i] = row[:7]
		rows[i][7] = partition.Null
	}
	d := openDir(t)
	replace(t, d, "2026-01", partition.Content{Table: before, Rows: old})

	require.Empty(t, splice(t, d, "2026-01", []string{key(5)}, partition.Content{Table: now, Rows: rows[5:6]}), "not written for the schema alone")
	rows[500][7] = partition.Flag(true)
	files := splice(t, d, "2026-01", []string{key(500)}, partition.Content{Table: now, Rows: rows[500:501]})
	require.NotEmpty(t, files[0].Rewritten)
	require.Zero(t, files[0].Copied)
	wantRows(t, d, now, "2026-01", rows)

	rows[900][7] = partition.Flag(true)
	files = splice(t, d, "2026-01", []string{key(900)}, partition.Content{Table: now, Rows: rows[900:901]})
	require.Empty(t, files[0].Rewritten)
	require.NotZero(t, files[0].Copied)
	wantRows(t, d, now, "2026-01", rows)

	_, err := d.Splice("2026-01", []string{key(1)}, partition.Content{Table: before})
	require.ErrorIs(t, err, partition.ErrSchema, "a column would be lost")
	wantRows(t, d, now, "2026-01", rows)
}

// A column that is told to repeat is encoded otherwise from then on: the
// library will not copy the old row groups, and the result says so.
func TestSpliceOfAnotherEncoding(t *testing.T) {
	d := openDir(t)
	rows, _ := writeMonth(t, d, 1000)
	now := issues
	now.Columns = slices.Clone(issues.Columns)
	now.Columns[2].Repeats = true
	for i, rewritten := range []bool{true, false} {
		rows[i][6] = partition.Int(99)
		files := splice(t, d, "2026-01", []string{key(i)}, partition.Content{Table: now, Rows: rows[i : i+1]})
		require.Equal(t, rewritten, files[0].Rewritten != "")
		require.Equal(t, rewritten, files[0].Copied == 0)
		wantRows(t, d, now, "2026-01", rows)
	}
}

// Rows that stay were made by the rules of the file's stamp.
func TestSpliceKeepsTheStamp(t *testing.T) {
	d := openDir(t)
	stamped := issues
	stamped.Stamp = "old"
	rows := makeIssues(seeded(), 300)
	replace(t, d, "2026-01", partition.Content{Table: stamped, Rows: rows})
	stamped.Stamp = "new"
	splice(t, d, "2026-01", []string{key(7)}, partition.Content{Table: stamped})
	got, err := d.Stamp("issues", "2026-01")
	require.NoError(t, err)
	require.Equal(t, "old", got)
	splice(t, d, "2026-02", []string{key(7)}, partition.Content{Table: stamped, Rows: rows[7:8]})
	got, err = d.Stamp("issues", "2026-02")
	require.NoError(t, err)
	require.Equal(t, "new", got)
}

// Months that grow by the issue, in order or not, end with row groups that
// are neither many nor few.
func TestRowGroupsOfAGrowingMonth(t *testing.T) {
	small := issues
	small.GroupRows = 20
	rows := makeIssues(seeded(), 300)
	inOrder := make([]int, len(rows))
	for i := range inOrder {
		inOrder[i] = i
	}
	for name, order := range map[string][]int{"newest last": inOrder, "any order": rand.New(rand.NewPCG(1, 1)).Perm(len(rows))} {
		d := openDir(t)
		for these := range slices.Chunk(order, 5) {
			var keys []string
			c := partition.Content{Table: small}
			for _, n := range slices.Sorted(slices.Values(these)) {
				keys = append(keys, key(n))
				c.Rows = append(c.Rows, rows[n])
			}
			splice(t, d, "2026-01", keys, c)
		}
		checkMonth(t, d, small, rows)
		groups := len(groupRows(t, readFile(t, d, "issues/2026-01.parquet")))
		require.GreaterOrEqual(t, groups, 10, name)
		require.LessOrEqual(t, groups, 30, name)

		for these := range slices.Chunk(order[:len(order)-7], 20) { // and shrink again
			var keys []string
			for _, n := range these {
				keys = append(keys, key(n))
			}
			splice(t, d, "2026-01", keys, partition.Content{Table: small})
		}
		require.Len(t, groupRows(t, readFile(t, d, "issues/2026-01.parquet")), 1, name)
	}
}

// A month that small changes have left in pieces is put together once.
func TestSpliceOfAFragmentedMonth(t *testing.T) {
	d := openDir(t)
	small, large := issues, issues
	small.GroupRows, large.GroupRows = 10, 100
	rows := makeIssues(seeded(), 500)
	replace(t, d, "2026-01", partition.Content{Table: small, Rows: rows})
	rows[3][6] = partition.Int(99)
	files := splice(t, d, "2026-01", []string{key(3)}, partition.Content{Table: large, Rows: rows[3:4]})
	require.NotEmpty(t, files[0].Rewritten)
	require.Less(t, len(groupRows(t, readFile(t, d, files[0].Path))), 8)
	checkMonth(t, d, large, rows)
}

// How large a row group is depends on the rows before it alone: a month that
// grows keeps its beginning, byte for byte.
func TestRowGroupsScaleWithTheMonth(t *testing.T) {
	scaled := partition.Table{Name: "issues", GroupRows: 2, MaxGroupRows: 8, Columns: []partition.Column{{Name: "issue_key"}, {Name: "n", Kind: partition.Int64}}}
	rows := make([]partition.Row, 9000)
	for i := range rows {
		rows[i] = partition.Row{partition.String(key(i)), partition.Int(int64(i))}
	}
	whole := encode(t, scaled, rows)
	groups := groupRows(t, whole)
	for n, want := range map[int]struct{ last, groups int }{1: {1, 1}, 4: {2, 2}, 200: {2, 100}, 402: {3, 184}, 406: {4, 185}, 8802: {8, 1260}} {
		file := encode(t, scaled, rows[:n])
		got := groupRows(t, file)
		require.Equal(t, want.last, got[len(got)-1], "%d rows", n)
		require.Len(t, got, want.groups, "%d rows", n)
		require.Equal(t, groups[:len(got)-1], got[:len(got)-1])
		ends, err := partition.Sections(file)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(whole, file[:ends[len(ends)-1]]) || want.last != groups[len(got)-1])
	}
}

func TestSpliceRefusesRowsOfOtherIssues(t *testing.T) {
	d := openDir(t)
	rows, _ := writeMonth(t, d, 10)
	before := files(t, d)
	_, err := d.Splice("2026-01", []string{key(1)}, partition.Content{Table: comments}, partition.Content{Table: issues, Rows: rows[1:3]})
	require.ErrorIs(t, err, partition.ErrRows)
	_, err = d.Splice("2026-13", nil)
	require.Error(t, err)
	require.Equal(t, before, files(t, d))
}

// Replace compares rows, not bytes: a file that splices have made keeps its
// row groups when its rows are right.
func TestReplaceKeepsWhatSpliceMade(t *testing.T) {
	d := openDir(t)
	rows, _ := writeMonth(t, d, 500)
	rows[100][6] = partition.Int(99)
	splice(t, d, "2026-01", []string{key(100)}, partition.Content{Table: issues, Rows: rows[100:101]})
	splice(t, d, "2026-01", []string{"DEMO-0"}, partition.Content{Table: issues, Rows: []partition.Row{withKey(rows[0], "DEMO-0")}})
	var leaving []string
	for i := range 80 { // a row group of twenty
		leaving = append(leaving, key(200+i))
	}
	splice(t, d, "2026-01", leaving, partition.Content{Table: issues})
	splice(t, d, "2026-01", []string{"DEMO-0"}, partition.Content{Table: issues})
	rows = slices.Delete(rows, 200, 280)
	before := readFile(t, d, "issues/2026-01.parquet")
	require.NotEqual(t, encode(t, issues, rows), before, "the test wants other row groups")
	require.Empty(t, replace(t, d, "2026-01", partition.Content{Table: issues, Rows: rows}))
	require.Equal(t, before, readFile(t, d, "issues/2026-01.parquet"))

	rows[400][6] = partition.Int(77)
	require.Len(t, replace(t, d, "2026-01", partition.Content{Table: issues, Rows: rows}), 1)
	require.Equal(t, encode(t, issues, rows), readFile(t, d, "issues/2026-01.parquet"), "what is written depends on the rows alone")
}

func withKey(row partition.Row, key string) partition.Row {
	row = slices.Clone(row)
	row[0] = partition.String(key)
	return row
}
