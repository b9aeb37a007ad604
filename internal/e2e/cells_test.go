package e2e

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// jsonColumns hold a JSON array as text; they are compared as arrays.
var jsonColumns = []string{
	"labels", "triage", "configuration_item", "participants", "organizations", "components", "fix_versions", "affected_versions",
}

var (
	otherData = flag.String("records", "", "a data directory with issues/ for TestCells to compare: internal/bench/parquet -generate DIR/issues")
	oddCount  = flag.Int("odd", 300, "how many odd records TestCells makes and compares")
)

// Every cell of every table is what the records say, NULL where they say
// nothing: this is also the null count of each column.
func TestCells(t *testing.T) {
	t.Run("demo", func(t *testing.T) { compareCells(t, demoRun(t)) })
	t.Run("odd", func(t *testing.T) {
		data := t.TempDir()
		writeOdd(t, filepath.Join(data, "issues"), *oddCount)
		d := transformed(t, data)
		compareCells(t, d)
		for table := range allOracles() {
			require.NotEmpty(t, readColumns(t, d, table, []string{"issue_key"}), table)
		}
	})
	if *otherData != "" {
		t.Run("records", func(t *testing.T) { compareCells(t, transformed(t, *otherData)) })
	}
}

// transformed makes tables of records with the command.
func transformed(t *testing.T, data string) demo {
	t.Helper()
	bin, err := command()
	require.NoError(t, err)
	d := demo{Dir: t.TempDir(), Records: filepath.Join(data, "issues")}
	d.Parquet = filepath.Join(d.Dir, "parquet")
	_, err = output(d.Dir, bin, "transform", "--raw-dir", data, "--output-dir", d.Parquet, "--domain", "acme.atlassian.net")
	require.NoError(t, err)
	return d
}

func compareCells(t *testing.T, d demo) {
	records := liveRecords(t, d.Records)
	all := allOracles()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		o := all[name]
		t.Run(name, func(t *testing.T) {
			compareTable(t, d, name, o, records)
			compareRich(t, d, name, o, records)
		})
	}
}

func allOracles() map[string]tableOracle {
	all := maps.Clone(oracles)
	maps.Copy(all, addedOracles)
	return all
}

func compareTable(t *testing.T, d demo, table string, o tableOracle, records []any) {
	columns := slices.Sorted(maps.Keys(o.columns))
	got := readColumns(t, d, table, columns)
	want := expected(o, columns, records)
	leftOut := 0
	for r, row := range got {
		for c, name := range columns {
			if slices.Contains(jsonColumns, name) {
				row[c] = compact(t, row[c])
			}
			if r < len(want) && want[r][c] == "?" {
				want[r][c] = row[c]
				leftOut++
			}
		}
	}
	if slices.EqualFunc(want, got, slices.Equal) {
		t.Logf("%d rows of %d columns, equal but for %d cells of which the oracle is not sure", len(got), len(columns), leftOut)
	} else if len(got) != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	} else {
		differing(t, columns, want, got)
	}
	require.Equal(t, nulls(columns, want), nulls(columns, got), "null counts of %s", table)
	require.LessOrEqual(t, leftOut, len(got)/20, "the oracle is too often unsure")
	if len(got) > 0 {
		known := slices.Concat(columns, slices.Collect(maps.Keys(o.rich)), elsewhere)
		for _, name := range allColumns(t, d, table) {
			require.Contains(t, known, name, "a column without an oracle")
		}
	}
}

// elsewhere are the columns that depend on more than the record: TestTexts and
// those of attachments look at them.
var elsewhere = []string{"issue_url", "local_path", "hierarchical_path"}

// allColumns returns the columns that the files of a table have.
func allColumns(t *testing.T, d demo, table string) (names []string) {
	t.Helper()
	for _, row := range rows(t, openDuckDB(t), fmt.Sprintf("SELECT column_name FROM (DESCRIBE FROM read_parquet(%s))", literal(filepath.Join(d.Parquet, table, "*.parquet")))) {
		names = append(names, row[0])
	}
	return names
}

// differing reports the first cells that differ.
func differing(t *testing.T, columns []string, want, got [][]string) {
	reports := 0
	for r := range got {
		for c, name := range columns {
			if want[r][c] == got[r][c] {
				continue
			}
			if reports++; reports > 10 {
				return
			}
			t.Errorf("row %d (%s) %s mismatch (-records +parquet):\n%s", r, strings.Join(got[r][:min(3, c+1)], " "), name, cmp.Diff(want[r][c], got[r][c]))
		}
	}
}

// compareRich holds rich text against its documents: plain text to the letter
// where the oracle is sure, else, and in Markdown, all words that were typed.
func compareRich(t *testing.T, d demo, table string, o tableOracle, records []any) {
	columns := slices.Sorted(maps.Keys(o.rich))
	if len(columns) == 0 {
		return
	}
	got := readColumns(t, d, table, columns)
	letters, words, r := 0, 0, 0
	for _, record := range records {
		for _, item := range o.items(record) {
			require.Less(t, r, len(got))
			for c, name := range columns {
				document := o.rich[name](record, item)
				want, sure := textOf(document)
				sure = sure && (want != "" || document == nil || !strings.HasSuffix(name, "_md")) // Markdown shows a file by its id
				switch cell := got[r][c]; {
				case name == "context" && cell == "∅": // the one that may be NULL
					require.True(t, !sure || want == "", "%v: context is NULL, want %q", at(record, "key"), want)
				case cell == "∅" || sure && (cell == "") != (want == ""):
					t.Errorf("%v: %s is %q, want %q", at(record, "key"), name, cell, want)
				case sure && !strings.HasSuffix(name, "_md"):
					letters++
					if cell != want {
						t.Errorf("%v: %s mismatch (-records +parquet):\n%s", at(record, "key"), name, cmp.Diff(want, cell))
					}
				default:
					words++
					require.Empty(t, missing(wordsOf(document), cell), "%v: %s lacks a word: %s", at(record, "key"), name, cell)
				}
			}
			r++
		}
	}
	require.Len(t, got, r)
	require.Less(t, words, 20+2*letters, "the oracle is hardly ever sure")
	t.Logf("%d texts are equal, %d have all words", letters, words)
}

// readColumns reads a table in the order of its files and rows; none if it has
// no file.
func readColumns(t *testing.T, d demo, table string, columns []string) [][]string {
	t.Helper()
	glob := filepath.Join(d.Parquet, table, "*.parquet")
	files, err := filepath.Glob(glob)
	require.NoError(t, err)
	if len(files) == 0 {
		return nil
	}
	return rows(t, openDuckDB(t), fmt.Sprintf(
		"SELECT %s FROM read_parquet(%s, file_row_number = true) ORDER BY issue_key, file_row_number", strings.Join(columns, ", "), literal(glob)))
}

// expected are the rows that the records call for.
func expected(o tableOracle, columns []string, records []any) [][]string {
	var all [][]string
	for _, r := range records {
		for _, i := range o.items(r) {
			row := make([]string, len(columns))
			for c, name := range columns {
				row[c] = cell(o.columns[name](r, i))
			}
			all = append(all, row)
		}
	}
	return all
}

// nulls counts the NULLs of each column.
func nulls(columns []string, all [][]string) map[string]int {
	count := map[string]int{}
	for _, row := range all {
		for i, name := range columns {
			if row[i] == "∅" {
				count[name]++
			}
		}
	}
	return count
}

func compact(t *testing.T, s string) string {
	t.Helper()
	if s == "∅" {
		return s
	}
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, []byte(s)))
	return b.String()
}

func head(s string, lines int) string {
	all := strings.SplitAfter(s, "\n")
	return strings.Join(all[:min(lines, len(all))], "")
}
