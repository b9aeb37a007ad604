package main

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/transform"
)

// The records are what transform takes without leaving out anything, the same
// each time, and have the parts that are promised.
func TestRecords(t *testing.T) {
	for _, c := range []*corpus{twoYears(100), oneMonth(100), someMonths(120, 1)} {
		size, filled := 0, map[string]int{}
		for n := range c.issues {
			record := c.record(nil, n, n%3)
			require.True(t, json.Valid(record), "%s", record)
			require.Equal(t, string(record), string(c.record(nil, n, n%3)))
			size += len(record)
			rows, err := transform.Rows(record, transform.Options{})
			require.NoError(t, err)
			require.Empty(t, rows.Skipped)
			require.Equal(t, c.key(n), rows.Key)
			for _, content := range rows.Contents {
				filled[content.Table.Name] += len(content.Rows)
				if c.busy && n%3 == 0 && slices.Contains([]string{"comments", "changelog"}, content.Table.Name) {
					require.Len(t, content.Rows, map[string]int{"comments": 10, "changelog": 20}[content.Table.Name])
				}
			}
		}
		t.Log(size/c.issues, filled)
	}
}

// The months of a corpus have as many issues each.
func TestMonths(t *testing.T) {
	c := someMonths(120, 15)
	months := map[string]int{}
	for n := range c.issues {
		months[c.created(n).UTC().Format("2006-01")]++
	}
	require.Len(t, months, 120)
	for month, n := range months {
		require.Equal(t, 15, n, month)
	}
}
