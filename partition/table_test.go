package partition_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/golden"
	"github.com/jirasync/jirasync/partition"
)

func TestValidate(t *testing.T) {
	with := func(columns ...partition.Column) partition.Table {
		return partition.Table{Name: "issues", Columns: append([]partition.Column{{Name: "issue_key"}}, columns...)}
	}
	for name, table := range map[string]partition.Table{
		"no name":           {Columns: with().Columns},
		"path":              {Name: "../x", Columns: with().Columns},
		"dot":               {Name: ".locks", Columns: with().Columns},
		"no columns":        {Name: "issues"},
		"key is no text":    {Name: "issues", Columns: []partition.Column{{Name: "issue_key", Kind: partition.Int64}}},
		"twice":             with(partition.Column{Name: "a"}, partition.Column{Name: "a"}),
		"unknown kind":      with(partition.Column{Name: "a", Kind: 9}),
		"repeating number":  with(partition.Column{Name: "a", Kind: partition.Int64, Repeats: true}),
		"long flag":         with(partition.Column{Name: "a", Kind: partition.Bool, LongText: true}),
		"negative group":    {Name: "issues", Columns: with().Columns, GroupRows: -1},
		"upper case":        with(partition.Column{Name: "Status"}),
		"digit first":       with(partition.Column{Name: "1st"}),
		"empty column name": with(partition.Column{}),
		"too long":          with(partition.Column{Name: strings.Repeat("x", 64)}),
		"newline":           with(partition.Column{Name: "a\n"}),
		"quote":             with(partition.Column{Name: `a"; DROP`}),
		"not ASCII":         with(partition.Column{Name: "straße"}),
		"comma":             with(partition.Column{Name: "a,b"}),
	} {
		require.Error(t, table.Validate(), name)
		_, err := openDir(t).Replace("2026-01", partition.Content{Table: table})
		require.Error(t, err, name)
		_, err = openDir(t).Read(table, "2026-01")
		require.Error(t, err, name)
	}
	require.NoError(t, issues.Validate())
	require.NoError(t, with(partition.Column{Name: "_x9"}, partition.Column{Name: strings.Repeat("x", 63)}).Validate())
	require.Equal(t, 4, issues.Index("status"))
	require.Equal(t, -1, issues.Index("nothing"))
}

// The schema, options and marks of a file, as text to be reviewed.
func TestSchemaGolden(t *testing.T) {
	golden.Run(t, "testdata/schema.txtar", func(t *testing.T, c *golden.Case) {
		file := encode(t, issues, makeIssues(seeded(), 250))
		c.Want("file.txt", describe(t, file))
	})
}

func TestColumnOrderIsTheTables(t *testing.T) {
	table := issues
	table.Columns = slices.Clone(issues.Columns)
	slices.Reverse(table.Columns)
	rows := makeIssues(seeded(), 30)
	for _, row := range rows {
		slices.Reverse(row)
	}
	file := encode(t, table, rows)
	f, err := partition.Metadata(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	for i, c := range f.Root().Columns() {
		require.Equal(t, table.Columns[i].Name, c.Name())
	}
	got, err := partition.Decode(table, file)
	require.NoError(t, err)
	equalRows(t, rows, got)
}
