package partition_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

var largeMonth = flag.Bool("large", false, "also benchmark a month of 100,000 issues, which takes a minute to make")

// spliceSizes are the months, in issues.
func spliceSizes() []int {
	switch {
	case testing.Short():
		return []int{1_000}
	case !*largeMonth:
		return []int{1_000, 10_000}
	}
	return []int{1_000, 10_000, 100_000}
}

var months = map[int]*partition.Dir{}

// wideMonth returns a directory with a month of n issues, made once for all.
func wideMonth(b *testing.B, n int) *partition.Dir {
	b.Helper()
	if months[n] != nil {
		return months[n]
	}
	dir, err := os.MkdirTemp("", "partition-month-")
	require.NoError(b, err)
	removeAtEnd = append(removeAtEnd, dir)
	d, err := partition.Open(dir)
	require.NoError(b, err)
	list := make([]issueRows, n)
	for i := range list {
		list[i] = wideIssue(i, 0)
	}
	for _, c := range contents(list...) {
		replace(b, d, "2026-01", c)
	}
	months[n] = d
	list = nil
	debug.FreeOSMemory()
	return d
}

// BenchmarkSplice puts one issue with a new comment and a new change in the
// middle of a month, or takes them back. The floor is a copy of the three
// files in the kernel, with fsync and rename; the rewrite reads and writes
// the month whole. Compare them in one run.
func BenchmarkSplice(b *testing.B) {
	for _, n := range spliceSizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := wideMonth(b, n)
			b.Run("floor", func(b *testing.B) {
				defer reportCPU(b)()
				for b.Loop() {
					copyFloor(b, d)
				}
			})
			b.Run("one", func(b *testing.B) { benchSplice(b, d, n/2) })
			b.Run("newest50", func(b *testing.B) { benchSplice(b, d, sequence(n-50, 50, 1)...) })
			b.Run("spread50", func(b *testing.B) { benchSplice(b, d, sequence(0, 50, n/50)...) })
			b.Run("unchanged", func(b *testing.B) {
				rows := wideIssue(1, 0)
				splice(b, d, "2026-01", []string{rows.key}, contents(rows)...)
				for b.Loop() {
					require.Empty(b, splice(b, d, "2026-01", []string{rows.key}, contents(rows)...))
				}
			})
			b.Run("rewrite", func(b *testing.B) {
				b.ReportAllocs()
				defer reportCPU(b)()
				for version := 3; b.Loop(); version++ {
					rewrite(b, d, wideIssue(n/2, version))
				}
			})
		})
	}
}

func sequence(start, n, step int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = start + i*step
	}
	return list
}

// benchSplice gives issues two versions in turn.
func benchSplice(b *testing.B, d *partition.Dir, numbers ...int) {
	b.ReportAllocs()
	var files []partition.File
	var keys []string
	var versions [2][]partition.Content
	for v := range versions {
		var list []issueRows
		keys = nil
		for _, n := range numbers {
			list = append(list, wideIssue(n, 1+v))
			keys = append(keys, list[len(list)-1].key)
		}
		versions[v] = contents(list...)
	}
	splice(b, d, "2026-01", keys, versions[1]...)
	resetPeak()
	defer reportCPU(b)()
	for i := 0; b.Loop(); i++ {
		files = splice(b, d, "2026-01", keys, versions[i%2]...)
	}
	var bytes, copied int64
	for _, f := range files {
		bytes, copied = bytes+f.Bytes, copied+f.Copied
	}
	b.ReportMetric(float64(bytes)/1e6, "MB")
	b.ReportMetric(100*float64(bytes-copied)/float64(bytes), "%encoded")
	b.ReportMetric(peak(), "MB-RSS")
}

// copyFloor is the least that an atomic replacement of the files can cost.
func copyFloor(b *testing.B, d *partition.Dir) {
	for _, table := range []string{"comments", "changelog", "issues"} {
		path := filepath.Join(d.Path(), table, "2026-01.parquet")
		from, err := os.Open(path)
		require.NoError(b, err)
		to, err := os.Create(path + ".copy")
		require.NoError(b, err)
		_, err = io.Copy(to, from)
		require.NoError(b, err)
		require.NoError(b, to.Sync())
		require.NoError(b, to.Close())
		require.NoError(b, from.Close())
		require.NoError(b, os.Rename(path+".copy", path))
		dir, err := os.Open(filepath.Dir(path))
		require.NoError(b, err)
		require.NoError(b, dir.Sync())
		require.NoError(b, dir.Close())
	}
}

// rewrite is what an upsert did before there was Splice.
func rewrite(b *testing.B, d *partition.Dir, rows issueRows) {
	changed := contents(rows)
	for i, c := range changed {
		column := c.Table.Index(partition.KeyColumn)
		all, err := d.Read(c.Table, "2026-01")
		require.NoError(b, err)
		m := groupByKey(all, column)
		m[rows.key] = c.Rows
		changed[i].Rows = m.rows()
	}
	require.Len(b, replace(b, d, "2026-01", changed...), 3)
}

// reportCPU reports the processor time of each turn, which a busy machine
// changes less than the time that passes. Linux only.
func reportCPU(b *testing.B) func() {
	before := cpuSeconds()
	return func() { b.ReportMetric(1000*(cpuSeconds()-before)/float64(b.N), "ms-CPU") }
}

func cpuSeconds() float64 {
	stat, _ := os.ReadFile("/proc/self/stat")
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100
}

// resetPeak and peak measure the resident memory of the process, on Linux.
func resetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

func peak() float64 {
	if runtime.GOOS != "linux" {
		return 0
	}
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kb, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	n, _ := strconv.ParseFloat(kb, 64)
	return n / 1000
}
