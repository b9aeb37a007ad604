package e2e

import (
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

// spliced is a table with a column of every kind, some of them without a value
// in it, and row groups so small that most splices touch few of many.
var spliced = partition.Table{Name: "issues", GroupRows: 50, Columns: []partition.Column{
	{Name: "issue_key"},
	{Name: "place", Kind: partition.Int64},
	{Name: "word", Repeats: true},
	{Name: "prose", LongText: true},
	{Name: "number", Kind: partition.Int64},
	{Name: "instant", Kind: partition.Timestamp},
	{Name: "flag", Kind: partition.Bool},
	{Name: "float", Kind: partition.Float64},
	{Name: "nothing", Kind: partition.Int64},
}}

// What thousands of random splices leave DuckDB reads as the rows that they
// should, with as many nulls in each column, and in a file not much larger
// than one that was written at once.
func TestSplicedFilesInDuckDB(t *testing.T) {
	rounds := 2000
	if testing.Short() {
		rounds = 200
	}
	dir, err := partition.Open(t.TempDir())
	require.NoError(t, err)
	defer dir.Close()
	db := openDuckDB(t)
	file := filepath.Join(dir.Path(), "issues", "2026-01.parquet")
	random := rand.New(rand.NewPCG(3, 5))
	model := map[string][]partition.Row{}
	for round := 1; round <= rounds; round++ {
		picked := map[string]bool{}
		for range 1 + random.IntN(4) {
			picked[fmt.Sprintf("A-%d", random.IntN(600))] = true
		}
		keys := slices.Sorted(maps.Keys(picked))
		content := partition.Content{Table: spliced}
		for _, key := range keys {
			delete(model, key)
			for place := range random.IntN(8) { // none: the issue leaves
				model[key] = append(model[key], partition.Row{
					partition.String(key), partition.Int(int64(place)), randomText(random, 3), randomText(random, 60),
					randomInt(random), randomTime(random), randomFlag(random), randomFloat(random), partition.Null,
				})
			}
			content.Rows = append(content.Rows, model[key]...)
		}
		files, err := dir.Splice("2026-01", keys, content)
		require.NoError(t, err)
		for _, f := range files {
			require.Empty(t, f.Rewritten)
		}
		if round%(rounds/4) == 0 {
			compareSpliced(t, db, file, model)
		}
	}

	var all []partition.Row
	for _, key := range slices.Sorted(maps.Keys(model)) {
		all = append(all, model[key]...)
	}
	grown, err := os.Stat(file)
	require.NoError(t, err)
	_, err = dir.Replace("2026-02", partition.Content{Table: spliced, Rows: all})
	require.NoError(t, err)
	fresh, err := os.Stat(filepath.Join(dir.Path(), "issues", "2026-02.parquet"))
	require.NoError(t, err)
	t.Logf("%d rows: %d bytes spliced, %d written at once", len(all), grown.Size(), fresh.Size())
	require.Less(t, grown.Size(), fresh.Size()*3/2)
}

func compareSpliced(t *testing.T, db *sql.DB, file string, model map[string][]partition.Row) {
	t.Helper()
	var want [][]string
	nulls := make([]int, len(spliced.Columns))
	for _, key := range slices.Sorted(maps.Keys(model)) {
		for _, row := range model[key] {
			want = append(want, describeRow(row))
			for i, v := range row {
				if v.IsNull() {
					nulls[i]++
				}
			}
		}
	}
	source := fmt.Sprintf("read_parquet(%s)", literal(file))
	got := rows(t, db, "SELECT * FROM "+source+" ORDER BY issue_key COLLATE \"C\", place")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("rows mismatch (-spliced +read):\n%s", head(diff, 40))
	}
	require.Equal(t, got, rows(t, db, "SELECT * FROM "+source), "the order of the file is that of its keys")
	for i, c := range spliced.Columns {
		require.Equal(t, fmt.Sprint(nulls[i]), one(t, db, fmt.Sprintf("SELECT count(*) - count(%s) FROM %s", c.Name, source)), c.Name)
		require.Equal(t, fmt.Sprint(nulls[i]), one(t, db, fmt.Sprintf(
			"SELECT sum(stats_null_count) FROM parquet_metadata(%s) WHERE path_in_schema = '%s'", literal(file), c.Name)), "the footer's nulls of %s", c.Name)
	}
	for key := range maps.Keys(model) { // by the bounds of the row groups
		n := one(t, db, fmt.Sprintf("SELECT count(*) FROM %s WHERE issue_key = %s", source, literal(key)))
		require.Equal(t, fmt.Sprint(len(model[key])), n)
		break
	}
}
