package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/transform"
)

// TestMain lets this binary be the child processes of its tests.
func TestMain(m *testing.M) {
	if beChild(os.Args) {
		return
	}
	os.Exit(m.Run())
}

// TestReport prints all tables once, small.
func TestReport(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), []string{"-issues", "40", "-rounds", "1", "-months", "60", "-many", "2", "-a-month", "20", "-generated", "60"}, &out, io.Discard))
	t.Log(out.String())
	for _, want := range []string{"#### JSON to rows", "**÷ copyfloor**", "DuckDB read_json", "MB, all tables", "length of all comments"} {
		require.Contains(t, out.String(), want)
	}
}

// rsync finds blocks at any place, and sends what lies between them.
func TestLiteralBytes(t *testing.T) {
	random := func(n int) []byte {
		record := oneMonth(1).record(nil, 0, n)
		return append([]byte{}, record...)
	}
	before := random(0)
	insert := []byte("sixteen new ones")
	for name, c := range map[string]struct {
		after []byte
		most  int
	}{
		"the same":    {before, 0},
		"one more":    {append([]byte("x"), before...), 1},
		"in the mid":  {append(append(append([]byte{}, before[:7000]...), insert...), before[7000:]...), len(insert) + 700},
		"a tail more": {append(append([]byte{}, before...), insert...), len(insert) + 700},
		"other":       {[]byte(strings.Repeat("z", 5000)), 5000},
		"nothing":     {nil, 0},
	} {
		dir := t.TempDir()
		from, to := filepath.Join(dir, "old"), filepath.Join(dir, "new")
		require.NoError(t, os.WriteFile(from, before, 0o666))
		require.NoError(t, os.WriteFile(to, c.after, 0o666))
		n, err := literalBytes(from, to)
		require.NoError(t, err)
		require.LessOrEqual(t, n, int64(c.most), name)
		require.GreaterOrEqual(t, n, int64(len(c.after)-len(before)), name)
	}
}

// BenchmarkUpsert is for benchstat: one issue of a month.
func BenchmarkUpsert(b *testing.B) {
	j := job{Variant: "one", Dir: b.TempDir(), Records: b.TempDir(), Issues: 500}
	_, err := makeMonth(b.Context(), j)
	require.NoError(b, err)
	d, err := openDesk(j)
	require.NoError(b, err)
	defer d.tables.Close()
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, d.edit())
		_, err := d.upsert(b.Context(), len(busyTables))
		require.NoError(b, err)
	}
}

// BenchmarkRebuild is for benchstat: tables of records on disk, by us and by
// DuckDB.
func BenchmarkRebuild(b *testing.B) {
	c := twoYears(200)
	records := b.TempDir()
	size, err := c.write(records)
	require.NoError(b, err)
	for _, j := range []job{{Task: "rebuild"}, {Task: "duckdb", Variant: "read_text"}, {Task: "read", Variant: "simdjson-go"}} {
		b.Run(strings.TrimSpace(j.Task+" "+j.Variant), func(b *testing.B) {
			j.Records, j.Dir, j.Issues, j.Times = records, filepath.Join(b.TempDir(), "tables"), c.issues, 1
			b.SetBytes(size)
			for b.Loop() {
				_, err := tasks[j.Task](b.Context(), j)
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkRows is for benchstat: records to rows, by us and by structs.
func BenchmarkRows(b *testing.B) {
	c := twoYears(50)
	var records [][]byte
	size := 0
	for n := range c.issues {
		records = append(records, c.record(nil, n, 0))
		size += len(records[n])
	}
	for name, convert := range map[string]func([]byte) error{
		"transform":     func(r []byte) error { _, err := transform.Rows(r, transform.Options{}); return err },
		"encoding-json": func(r []byte) error { _, err := structRows(r); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, record := range records {
					require.NoError(b, convert(record))
				}
			}
		})
	}
}
