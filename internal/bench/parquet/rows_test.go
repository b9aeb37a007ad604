package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

// The structs that encoding/json fills make the rows that transform makes, but
// for rich text, of which they make less.
func TestStructRows(t *testing.T) {
	c := twoYears(300)
	for n := range c.issues {
		record := c.record(nil, n, 0)
		want, err := transform.Rows(record, transform.Options{ReferenceOnly: true})
		require.NoError(t, err)
		got, err := structRows(record)
		require.NoError(t, err)
		for i := range want.Contents {
			table := want.Contents[i].Table
			if diff := cmp.Diff(cells(table, want.Contents[i].Rows), cells(table, got[i].Rows)); diff != "" {
				t.Fatalf("%s %s mismatch (-transform +structs):\n%s", want.Key, table.Name, diff)
			}
		}
	}
}

// cells are the values of all columns but those of rich text.
func cells(table partition.Table, rows []partition.Row) (all [][]string) {
	for _, row := range rows {
		var list []string
		for i, v := range row {
			if name := table.Columns[i].Name; name != "description" && name != "body" && name != "context" {
				list = append(list, name+"="+v.String())
			}
		}
		all = append(all, list)
	}
	return all
}
