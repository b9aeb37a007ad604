package e2e

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
	"github.com/stretchr/testify/require"
)

// What partition writes DuckDB reads back, value for value, whatever the
// pattern of nulls: 20,000 random rows of every kind of column.
func TestValuesSurvive(t *testing.T) {
	table := partition.Table{Name: "issues", GroupRows: 700, Columns: []partition.Column{
		{Name: "issue_key", Kind: partition.Text},
		{Name: "issue_id", Kind: partition.Text},
		{Name: "word", Kind: partition.Text, Repeats: true},
		{Name: "prose", Kind: partition.Text, LongText: true},
		{Name: "number", Kind: partition.Int64},
		{Name: "instant", Kind: partition.Timestamp},
		{Name: "flag", Kind: partition.Bool},
		{Name: "float", Kind: partition.Float64},
		{Name: "nothing", Kind: partition.Int64},
	}}
	random := rand.New(rand.NewPCG(1, 2))
	var rowsIn []partition.Row
	var want [][]string
	for i := range 20_000 {
		row := partition.Row{
			partition.String(fmt.Sprintf("A-%06d", i+1)), partition.String(fmt.Sprint(i)),
			randomText(random, 3), randomText(random, 400), randomInt(random), randomTime(random), randomFlag(random), randomFloat(random), partition.Null,
		}
		rowsIn = append(rowsIn, row)
		want = append(want, describeRow(row))
	}

	dir, err := partition.Open(t.TempDir())
	require.NoError(t, err)
	defer dir.Close()
	release, err := dir.LockMonth(t.Context(), "2026-01")
	require.NoError(t, err)
	defer release()
	_, err = dir.Replace("2026-01", partition.Content{Table: table, Rows: rowsIn})
	require.NoError(t, err)

	got := rows(t, openDuckDB(t), fmt.Sprintf("SELECT * FROM read_parquet(%s) ORDER BY issue_key", literal(filepath.Join(dir.Path(), "issues", "*.parquet"))))
	require.Len(t, got, len(want))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows mismatch (-written +read):\n%s", head(diff, 40))
	}
}

func randomText(random *rand.Rand, longest int) partition.Value {
	if random.IntN(3) == 0 {
		return partition.Null
	}
	alphabet := []rune("ab '\"\\\n\t\x00é中\U0001F525")
	var b strings.Builder
	for range random.IntN(longest) { // also the empty text, which is not null
		b.WriteRune(alphabet[random.IntN(len(alphabet))])
	}
	return partition.String(b.String())
}

func randomInt(random *rand.Rand) partition.Value {
	switch random.IntN(6) {
	case 0:
		return partition.Null
	case 1:
		return partition.Int(0)
	case 2:
		return partition.Int(math.MaxInt64)
	case 3:
		return partition.Int(math.MinInt64)
	}
	return partition.Int(random.Int64N(1 << 40))
}

func randomTime(random *rand.Rand) partition.Value {
	if random.IntN(3) == 0 {
		return partition.Null
	}
	return partition.Time(time.UnixMicro(random.Int64N(4e15) - 1e15).UTC())
}

func randomFlag(random *rand.Rand) partition.Value {
	return []partition.Value{partition.Null, partition.Flag(false), partition.Flag(true)}[random.IntN(3)]
}

func randomFloat(random *rand.Rand) partition.Value {
	list := []float64{0, 0.5, -13.25, math.MaxFloat64, math.SmallestNonzeroFloat64, random.NormFloat64()}
	if i := random.IntN(len(list) + 1); i < len(list) {
		return partition.Float(list[i])
	}
	return partition.Null
}

// describeRow writes the values as rows does.
func describeRow(row partition.Row) []string {
	cells := make([]string, len(row))
	for i, v := range row {
		switch {
		case v.IsNull():
			cells[i] = "∅"
		case v.Is(partition.Int64):
			cells[i] = text(v.Int())
		case v.Is(partition.Timestamp):
			cells[i] = text(v.Time())
		case v.Is(partition.Bool):
			cells[i] = text(v.Flag())
		case v.Is(partition.Float64):
			cells[i] = text(v.Float())
		default:
			cells[i] = v.Text()
		}
	}
	return cells
}

// A month in which nobody set a field still unites with one in which somebody
// did: every column has its type in every file. Nothing helps it here, neither
// union_by_name nor a cast.
func TestMonthsOfNullsUnite(t *testing.T) {
	records := fstest.MapFS{
		"A-1.json": &fstest.MapFile{Data: []byte(`{"id": "1", "key": "A-1", "fields": {"created": "2026-01-05T10:00:00.000+0000"}}`)},
		"A-2.json": &fstest.MapFile{Data: []byte(`{"id": "2", "key": "A-2", "fields": {"created": "2026-02-05T10:00:00.000+0000",
			"summary": "Printer on fire", "resolutiondate": "2026-02-06T11:12:13.456+0100", "duedate": "2026-03-01",
			"customfield_10004": {"value": "3-Medium"}, "customfield_10157": {"rating": 4},
			"customfield_10161": {"ongoingCycle": {"breached": false, "goalDuration": {"millis": 1000}, "elapsedTime": {"millis": 10}}}}}`)},
	}
	dir := t.TempDir()
	tables, err := transform.Open(dir, transform.Options{SiteURL: "https://acme.atlassian.net", Fields: transform.DefaultFields()})
	require.NoError(t, err)
	defer tables.Close()
	_, err = transform.Rebuild(t.Context(), tables, transform.RecordsFS(records), transform.RebuildOptions{})
	require.NoError(t, err)

	glob := filepath.Join(dir, "issues", "*.parquet")
	require.Equal(t, describe(t, filepath.Join(dir, "issues", "2026-01.parquet")), describe(t, filepath.Join(dir, "issues", "2026-02.parquet")))
	got := rows(t, openDuckDB(t), fmt.Sprintf(`SELECT issue_key, summary, severity, resolved_at, satisfaction, time_to_resolution_breached,
		time_to_resolution_goal_millis FROM read_parquet(%s) ORDER BY issue_key`, literal(glob)))
	require.Equal(t, [][]string{
		{"A-1", "∅", "∅", "∅", "∅", "∅", "∅"},
		{"A-2", "Printer on fire", "3-Medium", "2026-02-06T10:12:13.456Z", "4", "False", "1000"},
	}, got)
}
