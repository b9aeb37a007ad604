package partition_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

// Nulls and zero values come back as they were put in. parquet-go writes some
// nulls of optional struct fields that are no pointers as "", 0 or false, in
// certain patterns of a batch of 64 rows (issue 154), so that each pattern
// below is laid over many batches.
func TestNullsAreExact(t *testing.T) {
	table := partition.Table{Name: "nulls", GroupRows: 1000, Columns: []partition.Column{
		{Name: "issue_key"},
		{Name: "a_text", Kind: partition.Text},
		{Name: "long", Kind: partition.Text, LongText: true},
		{Name: "repeats", Kind: partition.Text, Repeats: true},
		{Name: "number", Kind: partition.Int64},
		{Name: "at", Kind: partition.Timestamp},
		{Name: "flag", Kind: partition.Bool},
		{Name: "float", Kind: partition.Float64},
	}}
	epoch := partition.Time(partition.Value{}.Time().AddDate(1969, 0, 0))
	require.Equal(t, int64(0), epoch.Int())
	zeros := []partition.Value{partition.String(""), partition.String(""), partition.String(""), partition.Int(0), epoch, partition.Flag(false), partition.Float(0)}
	set := []partition.Value{partition.String("x"), partition.String("long"), partition.String("y"), partition.Int(7), partition.Time(epoch.Time().AddDate(50, 0, 0)), partition.Flag(true), partition.Float(0.5)}

	r := rand.New(rand.NewPCG(3, 4))
	var rows []partition.Row
	pattern := func(n int, pick func(i, column int) int) {
		for i := range n {
			row := partition.Row{partition.String(fmt.Sprintf("DEMO-%08d", len(rows)))}
			for c := range zeros {
				row = append(row, []partition.Value{partition.Null, zeros[c], set[c]}[pick(i, c)])
			}
			rows = append(rows, row)
		}
	}
	for position := range 64 { // one or two zero values among nulls, at each place of a batch
		pattern(128, func(i, _ int) int { return boolInt(i%64 == position) })
		pattern(128, func(i, _ int) int { return boolInt(i%64 == position || i%64 == (position+1)%64) })
	}
	pattern(1000, func(int, int) int { return 0 })
	pattern(1000, func(int, int) int { return 1 })
	pattern(4000, func(int, int) int { return r.IntN(2) })
	pattern(4000, func(int, int) int { return r.IntN(3) })
	pattern(1000, func(_, c int) int { return c % 3 })
	require.Greater(t, len(rows)*len(zeros), 100_000)

	file := encode(t, table, rows)
	got, err := partition.Decode(table, file)
	require.NoError(t, err)
	equalRows(t, rows, got)

	// The footer counts the same nulls, which other readers rely on.
	f, err := partition.Metadata(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	counted := make([]int64, len(table.Columns))
	for _, group := range f.Metadata().RowGroups {
		for i, chunk := range group.Columns {
			counted[i] += chunk.MetaData.Statistics.NullCount
		}
	}
	want := make([]int64, len(table.Columns))
	for _, row := range rows {
		for i, v := range row {
			want[i] += int64(boolInt(v.IsNull()))
		}
	}
	require.Equal(t, want, counted)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Texts at and past the limits of a page, and of what a column may hold.
func TestTextSizes(t *testing.T) {
	table := partition.Table{Name: "texts", GroupRows: 50, Columns: []partition.Column{
		{Name: "issue_key"}, {Name: "body", LongText: true}, {Name: "tag", Repeats: true}, {Name: "title"},
	}}
	var rows []partition.Row
	for i, size := range []int{0, 1, 15, 16, 17, 255, 4096, 65535, 1<<20 - 1, 1 << 20, 1<<20 + 1, 5 << 20, 0, 1} {
		text := partition.String(strings.Repeat("é", size/2) + strings.Repeat("x", size%2))
		rows = append(rows, partition.Row{partition.String(key(i)), text, text, text})
	}
	got, err := partition.Decode(table, encode(t, table, rows))
	require.NoError(t, err)
	equalRows(t, rows, got)
}

// Columns that a month has only nulls in keep their type, or months would not
// be read together.
func TestAllNullColumnsKeepTheirType(t *testing.T) {
	row := make(partition.Row, len(issues.Columns))
	row[0] = partition.String("DEMO-1")
	full := describe(t, encode(t, issues, makeIssues(seeded(), 1)))
	empty := describe(t, encode(t, issues, []partition.Row{row}))
	schema := func(s string) string { return s[:strings.Index(s, "}")] }
	require.Equal(t, schema(full), schema(empty))
}

func groupRows(t *testing.T, file []byte) []int {
	t.Helper()
	f, err := partition.Metadata(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	var rows []int
	for _, group := range f.Metadata().RowGroups {
		rows = append(rows, int(group.NumRows))
	}
	// Each has a checksum over exactly its own bytes, so that it can be
	// copied to another file with it.
	ends, err := partition.Sections(file)
	require.NoError(t, err)
	require.Len(t, ends, len(rows))
	for i, group := range f.Metadata().RowGroups {
		require.Equal(t, ends[i], group.FileOffset+group.TotalCompressedSize)
	}
	return rows
}
