package partition_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

func table(columns ...partition.Column) partition.Table {
	return partition.Table{Name: "issues", Columns: append([]partition.Column{{Name: "issue_key"}}, columns...)}
}

func TestSchemaChanges(t *testing.T) {
	status := partition.Column{Name: "status", Kind: partition.Text}
	votes := partition.Column{Name: "votes", Kind: partition.Int64}
	k, s, n := partition.String("DEMO-1"), partition.String("Open"), partition.Int(3)
	written := table(status, votes)
	d := openDir(t)
	replace(t, d, "2026-01", partition.Content{Table: written, Rows: []partition.Row{{k, s, n}}})

	for _, test := range []struct {
		name string
		as   partition.Table
		want partition.Row // nil for ErrSchema
	}{
		{"same", written, partition.Row{k, s, n}},
		{"other order", table(votes, status), partition.Row{k, n, s}},
		{"new column", table(status, partition.Column{Name: "new", Kind: partition.Bool}, votes), partition.Row{k, s, partition.Null, n}},
		{"text that repeats", table(partition.Column{Name: "status", Repeats: true}, votes), partition.Row{k, s, n}},
		{"column gone", table(status), nil},
		{"column renamed", table(status, partition.Column{Name: "votings", Kind: partition.Int64}), nil},
		{"text became number", table(partition.Column{Name: "status", Kind: partition.Int64}, votes), nil},
		{"number became time", table(status, partition.Column{Name: "votes", Kind: partition.Timestamp}), nil},
		{"number became float", table(status, partition.Column{Name: "votes", Kind: partition.Float64}), nil},
		{"number became flag", table(status, partition.Column{Name: "votes", Kind: partition.Bool}), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows, err := d.Read(test.as, "2026-01")
			if test.want == nil {
				var fileError *partition.Error
				require.ErrorAs(t, err, &fileError)
				require.ErrorIs(t, err, partition.ErrSchema)
				require.NotEmpty(t, fileError.Hint)
				return
			}
			require.NoError(t, err)
			equalRows(t, []partition.Row{test.want}, rows)
		})
	}
}

// Six generations of a schema, each adding a column, over months: every
// generation's program reads the months of those before it.
func TestGenerations(t *testing.T) {
	d := openDir(t)
	months := []string{"2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"}
	var columns []partition.Column
	var row partition.Row
	for i, month := range months {
		columns = append(columns, partition.Column{Name: "c" + string(rune('0'+i)), Kind: partition.Kind(i % 5)})
		row = append(row, []partition.Value{partition.String("x"), partition.Int(1), partition.Time(issueTime), partition.Flag(false), partition.Float(-0.5)}[i%5])
		replace(t, d, month, partition.Content{Table: table(columns...), Rows: []partition.Row{append(partition.Row{partition.String("DEMO-1")}, row...)}})
	}
	for i, month := range months {
		for now := i; now < len(months); now++ {
			rows, err := d.Read(table(columns[:now+1]...), month)
			require.NoError(t, err)
			want := append(partition.Row{partition.String("DEMO-1")}, row[:i+1]...)
			want = append(want, slices.Repeat(partition.Row{partition.Null}, now-i)...)
			equalRows(t, []partition.Row{want}, rows)
		}
		for before := range i {
			_, err := d.Read(table(columns[:before+1]...), month)
			require.ErrorIs(t, err, partition.ErrSchema, "a program of generation %d may not drop what %d wrote", before, i)
		}
	}
}

// The stamp is read back from the footer alone; a damaged footer is an error.
func TestStamp(t *testing.T) {
	d := openDir(t)
	row := []partition.Row{{partition.String("DEMO-1")}}
	for _, stamp := range []string{"", "1-5f3a", strings.Repeat("a", 64)} {
		stamped := table()
		stamped.Stamp = stamp
		files := replace(t, d, "2026-01", partition.Content{Table: stamped, Rows: row})
		require.Len(t, files, 1, "another stamp is another file")
		got, err := d.Stamp("issues", "2026-01")
		require.NoError(t, err)
		require.Equal(t, stamp, got)
		rows, err := d.Read(table(), "2026-01")
		require.NoError(t, err, "a stamp does not concern who reads")
		equalRows(t, row, rows)
	}
	_, err := d.Stamp("issues", "2026-02")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = d.Stamp("../issues", "2026-01")
	require.Error(t, err)
	for _, stamp := range []string{strings.Repeat("a", 65), "a b", "é", "\x00"} {
		bad := table()
		bad.Stamp = stamp
		require.Error(t, bad.Validate(), "%q", stamp)
	}

	path := filepath.Join(d.Path(), "issues", "2026-01.parquet")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[bytes.LastIndex(data, []byte("aaaa"))] = 'b'
	require.NoError(t, os.WriteFile(path, data, 0o600))
	_, err = d.Stamp("issues", "2026-01")
	require.ErrorIs(t, err, partition.ErrCorrupt)
}
