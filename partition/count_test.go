package partition_test

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

func TestCounts(t *testing.T) {
	d := openDir(t)
	rows := makeIssues(seeded(), 250)
	replace(t, d, "2026-01", partition.Content{Table: issues, Rows: rows})
	counts, err := d.Counts(issues, "2026-01")
	require.NoError(t, err)
	want := map[string]int{}
	for _, row := range rows {
		want[row[0].Text()]++
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("Counts mismatch (-want +got):\n%s", diff)
	}
	_, err = d.Counts(issues, "2026-02")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = d.Counts(partition.Table{Name: "issues"}, "2026-01")
	require.Error(t, err, "the table has no issue_key")
}
