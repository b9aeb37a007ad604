package transform

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

const (
	formatFile  = "../docs/format.md"
	formatBegin = "<!-- The tables below are made by go test ./transform -update -->\n"
	formatEnd   = "<!-- end of what is made -->"
)

// TestFormatDocument holds the column lists of docs/format.md against the
// schema; with -update it writes them.
func TestFormatDocument(t *testing.T) {
	data, err := os.ReadFile(formatFile)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(data), formatBegin)
	require.True(t, found, "%s has lost its mark", formatFile)
	present, after, found := strings.Cut(rest, formatEnd)
	require.True(t, found, "%s has lost its end mark", formatFile)
	want := describe(newTables(DefaultFields()), siteTables(DefaultFields()))
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.WriteFile(formatFile, []byte(before+formatBegin+want+formatEnd+after), 0o644))
		return
	}
	if diff := cmp.Diff(want, present); diff != "" {
		t.Errorf("%s is out of date, run go test ./transform -update (-want +got):\n%s", formatFile, diff)
	}
}

// describe writes the tables as Markdown, issues first, those of the site last.
func describe(byMonth, ofSite []table) string {
	var b strings.Builder
	last := len(byMonth) - 1
	all := slices.Concat(byMonth[last:], byMonth[:last], ofSite)
	order, _ := choose(all, false)
	for n := range order {
		order[n].added = all[n].added
	}
	for _, t := range order {
		fmt.Fprintf(&b, "\n### %s\n\nSources are below %s. %s\n\n| # | column | type | null | source |\n|--:|---|---|---|---|\n",
			t.name, t.base, origin(len(t.columns), len(t.added)))
		for i, c := range t.columns {
			null := "yes"
			if c.flags&filled != 0 {
				null = "never"
			}
			fmt.Fprintf(&b, "| %d | `%s` | %s | %s | %s |\n", i+1, c.name, c.kind, null, c.doc)
		}
	}
	b.WriteString("\n")
	return b.String()
}

// origin says which columns of a table are ours.
func origin(columns, added int) string {
	switch added {
	case 0:
		return "All columns are the reference's."
	case columns:
		return "The table is an addition."
	}
	return fmt.Sprintf("Columns 1 to %d are the reference's, the rest additions.", columns-added)
}
