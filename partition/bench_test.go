package partition_test

import (
	"bytes"
	"fmt"
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
