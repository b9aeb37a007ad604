package partition_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

// A row group of several pages: only the rows of the issues that change are
// decoded, wherever they lie, also on both sides of a page's end.
func TestSpliceAcrossPages(t *testing.T) {
	t.Parallel()
	table := partition.Table{Name: "issues", GroupRows: 2000, Columns: []partition.Column{
		{Name: "issue_key"}, {Name: "n", Kind: partition.Int64}, {Name: "text", LongText: true}, {Name: "place", Kind: partition.Int64},
	}}
	long := strings.Repeat("0123456789abcdef", 256) // 4 KiB: 256 rows and a batch fill a page
	var rows []partition.Row
	for i := range 1200 {
		text := partition.String(long)
		if i%3 == 0 {
			text = partition.Null
		}
		rows = append(rows, partition.Row{partition.String(key(i / 3)), partition.Int(int64(i % 5)), text, partition.Int(int64(i))})
	}
	for name, change := range map[string]func(issue []partition.Row) []partition.Row{
		"nothing": func(issue []partition.Row) []partition.Row { return issue },
		"one column": func(issue []partition.Row) []partition.Row {
			issue[1][1] = partition.Int(99)
			return issue
		},
		"the long column": func(issue []partition.Row) []partition.Row {
			issue[0][2], issue[2][2] = issue[2][2], issue[0][2]
			return issue
		},
		"a row less": func(issue []partition.Row) []partition.Row { return issue[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			d := openDir(t)
			replace(t, d, "2026-01", partition.Content{Table: table, Rows: rows})
			require.Greater(t, pagesOf(t, readFile(t, d, "issues/2026-01.parquet"), 2), 3)
			var keys []string
			var changed, want []partition.Row
			for i := 0; i < len(rows); i += 3 {
				issue := []partition.Row{slices.Clone(rows[i]), slices.Clone(rows[i+1]), slices.Clone(rows[i+2])}
				if i%7 < 4 {
					issue = change(issue)
					keys = append(keys, key(i/3))
					changed = append(changed, issue...)
				}
				want = append(want, issue...)
			}
			files := splice(t, d, "2026-01", keys, partition.Content{Table: table, Rows: changed})
			require.Equal(t, name == "nothing", len(files) == 0)
			wantRows(t, d, table, "2026-01", want)
		})
	}
}

// A row group of which a column changes is joined with its neighbour, and has
// all its columns then.
func TestSpliceJoinsAPatchedRowGroup(t *testing.T) {
	t.Parallel()
	table := partition.Table{Name: "issues", GroupRows: 9, Columns: []partition.Column{
		{Name: "issue_key"}, {Name: "n", Kind: partition.Int64}, {Name: "text"},
	}}
	d := openDir(t)
	row := func(i, n int) partition.Row {
		return partition.Row{partition.String(key(i)), partition.Int(int64(n)), partition.String(key(i) + " text")}
	}
	// set makes the month hold these rows, in row groups of these sizes.
	set := func(groups []int, rows ...partition.Row) {
		t.Helper()
		var keys []string
		for i := range 22 {
			keys = append(keys, key(i))
		}
		splice(t, d, "2026-01", keys, partition.Content{Table: table, Rows: rows})
		wantRows(t, d, table, "2026-01", rows)
		require.Equal(t, groups, groupRows(t, readFile(t, d, "issues/2026-01.parquet")))
	}
	var rows []partition.Row
	for i := range 22 {
		rows = append(rows, row(i, i))
	}
	replace(t, d, "2026-01", partition.Content{Table: table, Rows: rows[:18]})
	set([]int{9, 13}, rows...)
	set([]int{2, 13}, rows[7:]...)
	set([]int{10}, append([]partition.Row{row(7, -1)}, append(slices.Clone(rows[8:12]), rows[17:]...)...)...)
}

// pagesOf returns how many pages a column has in the first row group.
func pagesOf(t *testing.T, file []byte, column int) int {
	t.Helper()
	f, err := partition.Metadata(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	index, err := f.RowGroups()[0].ColumnChunks()[column].OffsetIndex()
	require.NoError(t, err)
	return index.NumPages()
}
