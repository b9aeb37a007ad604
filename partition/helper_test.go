package partition_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

// issues and comments are small tables with every kind of column.
var (
	issues = partition.Table{Name: "issues", GroupRows: 100, Columns: []partition.Column{
		{Name: "issue_key", Kind: partition.Text},
		{Name: "issue_id", Kind: partition.Text},
		{Name: "summary", Kind: partition.Text},
		{Name: "description", Kind: partition.Text, LongText: true},
		{Name: "status", Kind: partition.Text, Repeats: true},
		{Name: "created_at", Kind: partition.Timestamp},
		{Name: "votes", Kind: partition.Int64},
		{Name: "flagged", Kind: partition.Bool},
	}}
	comments = partition.Table{Name: "comments", GroupRows: 150, Columns: []partition.Column{
		{Name: "comment_id", Kind: partition.Text},
		{Name: "issue_key", Kind: partition.Text},
		{Name: "body", Kind: partition.Text, LongText: true},
		{Name: "created_at", Kind: partition.Timestamp},
		{Name: "public", Kind: partition.Bool},
	}}
)

func openDir(t testing.TB) *partition.Dir {
	t.Helper()
	dir, err := partition.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { dir.Close() })
	return dir
}

// key returns the n-th key in the order of bytes.
func key(n int) string { return fmt.Sprintf("DEMO-%06d", n) }

// makeIssues returns n issues, among them nulls and zero values.
func makeIssues(r *rand.Rand, n int) []partition.Row {
	rows := make([]partition.Row, n)
	for i := range rows {
		rows[i] = partition.Row{
			partition.String(key(i)), partition.String(fmt.Sprint(10000 + i)),
			maybe(r, partition.String(words(r, 8))), maybe(r, partition.String(words(r, 300))),
			maybe(r, partition.String([]string{"Open", "In Progress", "Done", ""}[r.IntN(4)])),
			maybe(r, partition.Time(time.UnixMicro(1767225600e6+r.Int64N(30*86400e6)))),
			maybe(r, partition.Int(r.Int64N(5))), maybe(r, partition.Flag(r.IntN(2) == 0)),
		}
	}
	return rows
}

// makeComments returns up to six comments for each of n issues.
func makeComments(r *rand.Rand, n int) []partition.Row {
	var rows []partition.Row
	for i := range n {
		for j := range r.IntN(7) {
			rows = append(rows, partition.Row{
				partition.String(fmt.Sprint(20000 + 10*i + j)), partition.String(key(i)),
				partition.String(words(r, 60)), partition.Time(time.UnixMicro(1767225600e6 + int64(j))),
				maybe(r, partition.Flag(true)),
			})
		}
	}
	return rows
}

func maybe(r *rand.Rand, v partition.Value) partition.Value {
	if r.IntN(4) == 0 {
		return partition.Null
	}
	return v
}

var vocabulary = strings.Fields("printer ticket řeřicha 顧客 restart invoice login crash after update the server says nothing 🙂 please")

func words(r *rand.Rand, n int) string {
	var b strings.Builder
	for range r.IntN(n + 1) {
		b.WriteString(vocabulary[r.IntN(len(vocabulary))])
		b.WriteByte(' ')
	}
	return b.String()
}

func seeded() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func replace(t testing.TB, d *partition.Dir, month string, contents ...partition.Content) []partition.File {
	t.Helper()
	files, err := d.Replace(month, contents...)
	require.NoError(t, err)
	return files
}

func wantRows(t testing.TB, d *partition.Dir, table partition.Table, month string, want []partition.Row) {
	t.Helper()
	got, err := d.Read(table, month)
	require.NoError(t, err)
	equalRows(t, want, got)
}

func equalRows(t testing.TB, want, got []partition.Row) {
	t.Helper()
	if slices.EqualFunc(want, got, partition.Row.Equal) {
		return // cmp.Diff is slow on large tables
	}
	t.Errorf("rows mismatch (-want +got):\n%s", cmp.Diff(want, got))
}

func encode(t testing.TB, table partition.Table, rows []partition.Row) []byte {
	t.Helper()
	file, err := partition.Encode(table, rows)
	require.NoError(t, err)
	return file
}

func readFile(t testing.TB, d *partition.Dir, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(d.Path() + "/" + path)
	require.NoError(t, err)
	return data
}

// removeAtEnd are directories that all tests share.
var removeAtEnd []string

// crashChild is set where processes can be killed.
var crashChild func(dirs string) error

func TestMain(m *testing.M) {
	if dirs := os.Getenv("PARTITION_CRASH"); dirs != "" {
		if err := crashChild(dirs); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	for _, dir := range removeAtEnd {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}
