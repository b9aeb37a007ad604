package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestReport prints all tables once, small.
func TestReport(t *testing.T) {
	var out strings.Builder
	require.NoError(t, report(&out, options{documents: 100, returned: 50, rounds: 1, budget: time.Millisecond,
		less: 50, limit: time.Second, schema: "../" + schemaFile}))
	t.Log(out.String())
	require.NotContains(t, out.String(), "refused")
	require.Contains(t, out.String(), "| adf.Markdown | 50 | 50 | 50 |")
	list, err := contenders("")
	require.NoError(t, err)
	for _, one := range list {
		require.Contains(t, out.String(), "| "+one.task+" | "+one.name+" |")
	}
}

// TestGrow holds that what is linear grows to its full size.
func TestGrow(t *testing.T) {
	list, err := contenders("")
	require.NoError(t, err)
	for _, s := range shapes {
		g := grow(list[0], s, 16, time.Minute)
		require.NoError(t, g.err, s.name)
		require.Equal(t, 16, g.size, s.name)
	}
}

// BenchmarkJiraLike is for benchstat: the speed tables without comparison.
func BenchmarkJiraLike(b *testing.B) {
	list, err := contenders("../" + schemaFile)
	require.NoError(b, err)
	for _, c := range newCorpora(500) {
		for _, one := range list {
			b.Run(c.name+"/"+one.task+"/"+one.name, func(b *testing.B) {
				if one.slow {
					b.Skip("seconds for a document: see the command")
				}
				b.ReportAllocs()
				b.SetBytes(int64(c.size))
				for b.Loop() {
					if _, _, err := c.convert(one, 0); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
