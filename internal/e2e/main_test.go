package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"
)

// demoIssues and demoEvents make the demo large enough to spread over several
// months and to hold every event type more than once.
const (
	demoIssues = "150"
	demoEvents = "60"
)

var (
	scratch string // removed after the last test
	root    string // the directory of the module under test
)

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "jira-sync-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if root, err = filepath.Abs(filepath.Join("..", "..")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(scratch); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// command builds jira-sync once and returns the path of the binary.
var command = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(scratch, "jira-sync")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	_, err := output(root, "go", "build", "-o", bin, "./cmd/jira-sync")
	return bin, err
})

// A demo is what one run of `jira-sync demo` has left behind.
type demo struct {
	Dir     string // what --dir named
	Parquet string // Dir/parquet
	Records string // Dir/data/issues
	Output  string // standard output of the run
}

// runDemo runs the demo once for all tests.
var runDemo = sync.OnceValues(func() (demo, error) {
	bin, err := command()
	if err != nil {
		return demo{}, err
	}
	dir := filepath.Join(scratch, "demo")
	out, err := output(scratch, bin, "demo", "--dir", dir, "--issues", demoIssues, "--events", demoEvents)
	return demo{
		Dir:     dir,
		Parquet: filepath.Join(dir, "parquet"),
		Records: filepath.Join(dir, "data", "issues"),
		Output:  out,
	}, err
})

// demoRun returns the demo that all tests share.
func demoRun(t *testing.T) demo {
	t.Helper()
	d, err := runDemo()
	require.NoError(t, err)
	return d
}

// output runs a program in dir and returns its standard output. The error holds
// its standard error.
func output(dir, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, &stdout, &stderr)
	}
	return stdout.String(), nil
}

// openDuckDB opens an empty database in memory. Its time zone is deliberately
// not UTC: instants must not depend on the reader's setting.
func openDuckDB(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	db.SetMaxOpenConns(1) // settings and views belong to the connection
	exec1(t, db, "SET TimeZone = 'Pacific/Auckland'")
	return db
}

// openDemo is openDuckDB with a view for each table of the demo, over the glob
// that a reader would use, without union_by_name: equal schemas need none. The
// column file_path is the reader's.
func openDemo(t *testing.T) (*sql.DB, demo) {
	t.Helper()
	d := demoRun(t)
	db := openDuckDB(t)
	for table := range schemas {
		glob := filepath.Join(d.Parquet, table, "*.parquet")
		exec1(t, db, fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM read_parquet(%s, filename = 'file_path')", table, literal(glob)))
	}
	return db, d
}

// exec1 runs one statement.
func exec1(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), query)
	require.NoError(t, err, "%s", query)
}

// rows runs a query and returns every value as text, NULL as "∅".
func rows(t *testing.T, db *sql.DB, query string) [][]string {
	t.Helper()
	result, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err, "%s", query)
	defer result.Close()
	columns, err := result.Columns()
	require.NoError(t, err)
	var all [][]string
	for result.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		require.NoError(t, result.Scan(targets...))
		row := make([]string, len(columns))
		for i, v := range values {
			row[i] = text(v)
		}
		all = append(all, row)
	}
	require.NoError(t, result.Err(), "%s", query)
	return all
}

// one runs a query that yields one row of one column.
func one(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	all := rows(t, db, query)
	require.Len(t, all, 1, "%s", query)
	require.Len(t, all[0], 1, "%s", query)
	return all[0][0]
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "∅"
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	default:
		return fmt.Sprint(v)
	}
}

// literal quotes a string for SQL.
func literal(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// parquetFiles lists TABLE/FILE below a Parquet directory.
func parquetFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := fs.Glob(os.DirFS(dir), "*/*.parquet")
	require.NoError(t, err)
	return files
}
