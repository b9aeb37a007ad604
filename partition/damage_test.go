package partition_test

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

func smallTable(t testing.TB) (partition.Table, []partition.Row, []byte) {
	t.Helper()
	table := issues
	table.GroupRows = 10
	rows := makeIssues(seeded(), 25)
	for _, row := range rows {
		row[3] = partition.String("short")
	}
	return table, rows, encode(t, table, rows)
}

// A flipped bit anywhere, in pages, headers, indexes or footer, is found.
func TestEveryFlippedByteIsFound(t *testing.T) {
	table, _, file := smallTable(t)
	for i := range file {
		damaged := bytes.Clone(file)
		damaged[i] ^= 1 << (i % 8)
		if _, err := partition.Decode(table, damaged); !errors.Is(err, partition.ErrCorrupt) {
			t.Fatalf("bit %d of byte %d flipped: got %v, want ErrCorrupt", i%8, i, err)
		}
	}
}

func TestEveryCutIsFound(t *testing.T) {
	table, _, file := smallTable(t)
	for n := range file {
		if _, err := partition.Decode(table, file[:n]); !errors.Is(err, partition.ErrCorrupt) {
			t.Fatalf("cut to %d bytes: got %v, want ErrCorrupt", n, err)
		}
	}
}

// mutate damages a file as disks, interrupted copies and bugs do.
func mutate(r *rand.Rand, file []byte) []byte {
	b := bytes.Clone(file)
	at := r.IntN(len(b))
	end := min(len(b), at+1+r.IntN(512))
	switch r.IntN(6) {
	case 0: // some flipped bits
		for range 1 + r.IntN(8) {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
	case 1: // a block of zeros
		clear(b[at:end])
	case 2: // a hole
		b = append(b[:at], b[end:]...)
	case 3: // a block twice
		b = append(b[:end:end], b[at:]...)
	case 4: // a block from elsewhere
		copy(b[at:end], file[r.IntN(len(file)):])
	case 5: // noise
		for i := at; i < end; i++ {
			b[i] = byte(r.Uint32())
		}
	}
	return b
}

var mutants = flag.Int("mutants", 2000, "how many damaged files TestMutatedFiles makes; gate G12 asks for 20000")

// Gate G12, scaled: damaged files end no process, take neither long nor much
// memory, and never become other rows. Read refuses all of them. Splice
// refuses those whose damage lies in what it reads; damage that it copies is
// refused by the next Read. What is refused has left the readers' way, and
// Replace puts the rows in its place.
func TestMutatedFiles(t *testing.T) {
	table := issues
	table.GroupRows = 25
	rows := makeIssues(seeded(), 250)
	file := encode(t, table, rows)
	edited := slices.Clone(rows)
	edited[100] = withKey(rows[100], key(100))
	edited[100][6] = partition.Int(99)
	d := openDir(t)
	replace(t, d, "2026-01", partition.Content{Table: table, Rows: rows})
	path := d.Path() + "/issues/2026-01.parquet"
	r := rand.New(rand.NewPCG(5, 6))
	refused, carried := 0, 0
	count := *mutants
	if testing.Short() {
		count /= 4
	}
	for i := range count {
		damaged := mutate(r, file)
		if bytes.Equal(damaged, file) {
			continue
		}
		start := time.Now()
		if _, err := partition.Decode(table, damaged); !errors.Is(err, partition.ErrCorrupt) {
			t.Fatalf("mutant %d: got %v, want ErrCorrupt", i, err)
		}
		if i%25 == 0 {
			require.NoError(t, os.WriteFile(path, damaged, 0o600))
			_, err := d.Splice("2026-01", []string{key(100)}, partition.Content{Table: table, Rows: edited[100:101]})
			if err == nil {
				carried++
			} else {
				refused++
				require.ErrorIs(t, err, partition.ErrCorrupt, "mutant %d", i)
				require.NoFileExists(t, path)
			}
			_, err = d.Read(table, "2026-01")
			require.ErrorIs(t, err, partition.ErrCorrupt, "mutant %d", i)
			require.Len(t, replace(t, d, "2026-01", partition.Content{Table: table, Rows: rows}), 1)
			require.Equal(t, file, readFile(t, d, "issues/2026-01.parquet"))
		}
		require.Less(t, time.Since(start), 5*time.Second, "mutant %d", i)
	}
	require.NotZero(t, refused)
	require.NotZero(t, carried)
	t.Logf("of %d damaged files Splice refused %d and carried the damage of %d along", refused+carried, refused, carried)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	require.Less(t, memory.Sys, uint64(512<<20))
}

// Should a file that makes the Parquet library panic ever pass the checksums,
// that is an error too. These two footers do, taken past the checksums; others
// make it allocate until the process dies, so that checksums come first.
func TestPanicsOfTheLibraryAreErrors(t *testing.T) {
	small := table(partition.Column{Name: "status"}, partition.Column{Name: "votes", Kind: partition.Int64})
	file := encode(t, small, []partition.Row{{partition.String("DEMO-1"), partition.String("Open"), partition.Int(1)}})
	for name, change := range map[string][2]string{
		"-4 columns":       {"issues\x15\x06", "issues\x15\x07"},
		"text is a list":   {"issue_key%\x00L\x1c", "issue_key%\x00L\x3c"},
		"integer is a map": {"votes%$L\xac", "votes%$L\x2c"},
	} {
		require.Equal(t, 1, bytes.Count(file, []byte(change[0])), name)
		damaged := bytes.Replace(file, []byte(change[0]), []byte(change[1]), 1)
		_, err := partition.DecodeUnverified(small, damaged)
		require.ErrorIs(t, err, partition.ErrCorrupt, name)
		require.ErrorContains(t, err, "panicked", name)
		_, err = partition.Decode(small, damaged)
		require.ErrorIs(t, err, partition.ErrCorrupt, name)
		require.NotContains(t, err.Error(), "panicked", name)
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	for name, file := range map[string]string{
		"nothing":        "",
		"magic":          "PAR1",
		"magic twice":    "PAR1PAR1",
		"empty footer":   "PAR1\x00\x00\x00\x00PAR1",
		"long footer":    "PAR1\xff\xff\xff\xffPAR1",
		"footer 16 MiB":  "PAR1\x00\x00\x00\x01PAR1",
		"encrypted":      "PAREx\x01\x00\x00\x00PARE",
		"text":           strings.Repeat("issue_key,summary\n", 100),
		"mark, no value": "PAR1\x10jira-sync.groups\x12\x00\x00\x00PAR1",
		"mark, bad list": "PAR1\x10jira-sync.groups\x18\x03x:y\x16\x00\x00\x00PAR1",
		"mark, far end":  "PAR1\x10jira-sync.groups\x18\x0a9999:00000\x1d\x00\x00\x00PAR1",
	} {
		_, err := partition.Decode(issues, []byte(file))
		require.ErrorIs(t, err, partition.ErrCorrupt, name)
	}
}

// Another table's file under this table's name is not read as its rows.
func TestFileOfAnotherTable(t *testing.T) {
	d := openDir(t)
	votes := partition.Table{Name: "votes", Columns: issues.Columns}
	replace(t, d, "2026-01", partition.Content{Table: votes, Rows: makeIssues(seeded(), 3)})
	require.NoError(t, os.Rename(d.Path()+"/votes", d.Path()+"/issues"))
	_, err := d.Read(issues, "2026-01")
	require.ErrorIs(t, err, partition.ErrCorrupt)
}

func FuzzDecode(f *testing.F) {
	table := table(partition.Column{Name: "status", Repeats: true}, partition.Column{Name: "votes", Kind: partition.Int64})
	rows := []partition.Row{{partition.String("DEMO-1"), partition.String("Open"), partition.Int(1)}}
	file := encode(f, table, rows)
	f.Add(file)
	f.Add([]byte("PAR1"))
	r := seeded()
	for range 20 {
		f.Add(mutate(r, file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := partition.Decode(table, data)
		switch {
		case err == nil && bytes.Equal(data, file):
			equalRows(t, rows, got)
		case err != nil && !errors.Is(err, partition.ErrCorrupt) && !errors.Is(err, partition.ErrSchema):
			t.Errorf("Decode: got %v, want ErrCorrupt or ErrSchema", err)
		}
	})
}
