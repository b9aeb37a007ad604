package partition_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

// Rows of a month: an issue with a description of some kilobytes each.
var benchSizes = []int{1_000, 10_000}

func benchRows(b *testing.B, n int) (partition.Table, []partition.Row, int64) {
	b.Helper()
	table := issues
	table.GroupRows = 2000
	rows := makeIssues(seeded(), n)
	return table, rows, int64(len(encode(b, table, rows)))
}

func eachSize(b *testing.B, f func(b *testing.B, table partition.Table, rows []partition.Row)) {
	for _, n := range benchSizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			table, rows, size := benchRows(b, n)
			b.SetBytes(size)
			b.ReportAllocs()
			f(b, table, rows)
		})
	}
}

// Two versions take turns, so that each call writes.
func BenchmarkReplace(b *testing.B) {
	eachSize(b, func(b *testing.B, table partition.Table, rows []partition.Row) {
		d := openDir(b)
		for i := int64(0); b.Loop(); i++ {
			rows[len(rows)/2][6] = partition.Int(i)
			replace(b, d, "2026-01", partition.Content{Table: table, Rows: rows})
		}
	})
}

// Issues with ten comments and twenty changes, over and over again the same
// thousand under other keys, to a month that is not there and to one that has
// these rows.
func BenchmarkMonthWriter(b *testing.B) {
	some := make([]issueRows, 1000)
	for i := range some {
		some[i] = wideIssue(i, 0)
	}
	for _, n := range spliceSizes() {
		write := func(b *testing.B, d *partition.Dir) []partition.File {
			w, err := d.NewMonthWriter("2026-01", wideComments, wideChangelog, wideIssues)
			require.NoError(b, err)
			defer w.Discard()
			for i := range n {
				require.NoError(b, w.Append(underKey(some[i%1000], fmt.Sprintf("DEMO-%07d", i))...))
			}
			files, err := w.Commit()
			require.NoError(b, err)
			return files
		}
		b.Run(fmt.Sprintf("%d/new", n), func(b *testing.B) {
			b.ReportAllocs()
			resetPeak()
			defer reportCPU(b)()
			for b.Loop() {
				require.Len(b, write(b, openDir(b)), 3)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "issues/s")
			b.ReportMetric(peak(), "MB-RSS")
		})
		b.Run(fmt.Sprintf("%d/same", n), func(b *testing.B) {
			b.ReportAllocs()
			d := openDir(b)
			write(b, d)
			resetPeak()
			defer reportCPU(b)()
			for b.Loop() {
				require.Empty(b, write(b, d))
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "issues/s")
			b.ReportMetric(peak(), "MB-RSS")
		})
	}
}

// underKey returns copies of the rows of an issue for another one.
func underKey(rows issueRows, key string) [][]partition.Row {
	tables := [][]partition.Row{rows.comments, rows.changelog, rows.issue}
	for n, t := range []partition.Table{wideComments, wideChangelog, wideIssues} {
		column := t.Index(partition.KeyColumn)
		copies := make([]partition.Row, len(tables[n]))
		for i, row := range tables[n] {
			copies[i] = slices.Clone(row)
			copies[i][column] = partition.String(key)
		}
		tables[n] = copies
	}
	return tables
}

func BenchmarkReplaceUnchanged(b *testing.B) {
	eachSize(b, func(b *testing.B, table partition.Table, rows []partition.Row) {
		d := openDir(b)
		content := partition.Content{Table: table, Rows: rows}
		replace(b, d, "2026-01", content)
		for b.Loop() {
			replace(b, d, "2026-01", content)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	eachSize(b, func(b *testing.B, table partition.Table, rows []partition.Row) {
		for b.Loop() {
			encode(b, table, rows)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	eachSize(b, func(b *testing.B, table partition.Table, rows []partition.Row) {
		d := openDir(b)
		replace(b, d, "2026-01", partition.Content{Table: table, Rows: rows})
		for b.Loop() {
			_, err := d.Read(table, "2026-01")
			require.NoError(b, err)
		}
	})
}

func BenchmarkKeys(b *testing.B) {
	eachSize(b, func(b *testing.B, table partition.Table, rows []partition.Row) {
		d := openDir(b)
		replace(b, d, "2026-01", partition.Content{Table: table, Rows: rows})
		for b.Loop() {
			_, err := d.Keys(table, "2026-01")
			require.NoError(b, err)
		}
	})
}

// The checksums alone, which every Read begins with.
func BenchmarkVerify(b *testing.B) {
	eachSize(b, func(b *testing.B, table partition.Table, rows []partition.Row) {
		file := bytes.NewReader(encode(b, table, rows))
		for b.Loop() {
			require.NoError(b, partition.Verify(file, file.Size()))
		}
	})
}

// The copy is removed after each turn, outside the measured time.
func BenchmarkPublish(b *testing.B) {
	eachSize(b, func(b *testing.B, table partition.Table, rows []partition.Row) {
		d, dist := openDir(b), openDir(b)
		files := replace(b, d, "2026-01", partition.Content{Table: table, Rows: rows})
		for b.Loop() {
			require.NoError(b, d.Publish(b.Context(), dist, files...))
			b.StopTimer()
			replace(b, dist, "2026-01", partition.Content{Table: table})
			b.StartTimer()
		}
	})
}
