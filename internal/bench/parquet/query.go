package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jirasync/jirasync/transform"
)

func init() {
	tasks["make months"] = makeMonths
	tasks["copy by DuckDB"] = duckCopyTask
	tasks["query"] = queryTask
}

// makeMonths writes the tables of several months.
func makeMonths(ctx context.Context, j job) (outcome, error) {
	tables, err := transform.Open(j.Dir, transform.Options{})
	if err != nil {
		return outcome{}, err
	}
	defer tables.Close()
	_, err = transform.Rebuild(ctx, tables, someMonths(j.Months, j.Issues), transform.RebuildOptions{})
	return outcome{}, errors.Join(err, tables.Close())
}

// duckCopyTask has DuckDB write the rows of every file in Dir to a file of its
// own, in the same order, and counts the bytes of both.
func duckCopyTask(ctx context.Context, j job) (outcome, error) {
	db, err := openDuckDB(ctx)
	if err != nil {
		return outcome{}, err
	}
	defer db.Close()
	files, err := states(j.Dir)
	if err != nil {
		return outcome{}, err
	}
	out := outcome{Facts: map[string]float64{}}
	for _, f := range files {
		table := filepath.Base(filepath.Dir(f.path))
		target := filepath.Join(j.Peer, table, filepath.Base(f.path))
		if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
			return out, err
		}
		if err := execute(ctx, db, fmt.Sprintf("COPY (SELECT * FROM read_parquet(%s)) TO %s (%s)", literal(f.path), literal(target), writeOptions)); err != nil {
			return out, err
		}
		info, err := os.Stat(target)
		if err != nil {
			return out, err
		}
		out.Facts[ours] += float64(f.info.Size())
		out.Facts[duck] += float64(info.Size())
	}
	return out, nil
}

// query is a question in SQL. In it {issues} stands for the files of a table
// and {key} for the key of some issue.
type query struct{ name, sql string }

var lookups = []query{
	{"issue of a key", "SELECT * FROM {issues} WHERE issue_key = '{key}'"},
	{"a key that is absent", "SELECT * FROM {issues} WHERE issue_key = 'NONE-1'"},
	{"comments of a key", "SELECT * FROM {comments} WHERE issue_key = '{key}'"},
	{"changes of a key", "SELECT * FROM {changelog} WHERE issue_key = '{key}'"},
}

var scans = []query{
	{"issues by status and priority", "SELECT status, priority, count(*) FROM {issues} GROUP BY ALL"},
	{"issues by month and type", "SELECT date_trunc('month', created_at), issue_type, count(*), avg(epoch(resolved_at) - epoch(created_at)) FROM {issues} GROUP BY ALL"},
	{"changes by field and author", "SELECT field_name, author_name, count(*), max(changed_at) FROM {changelog} GROUP BY ALL"},
	{"length of all comments", "SELECT sum(length(body)) FROM {comments}"},
	{"comments by author of done issues", "SELECT c.author_name, count(*) FROM {comments} c JOIN {issues} i USING (issue_key) WHERE i.status_category = 'Done' GROUP BY ALL"},
}

// queryTask asks every question of our files and of DuckDB's in turn. The
// tables are those of make month, or of make months.
func queryTask(ctx context.Context, j job) (outcome, error) {
	c := oneMonth(j.Issues)
	if j.Months > 0 {
		c = someMonths(j.Months, j.Issues)
	}
	db, err := openDuckDB(ctx)
	if err != nil {
		return outcome{}, err
	}
	defer db.Close()
	out := outcome{Named: map[string][]float64{}}
	for n := range 1 + j.Times {
		for _, q := range slices.Concat(lookups, scans) {
			if err := q.compare(ctx, db, j, c.key(n*7919%c.issues), n, &out); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// compare asks one question of both, and first of the one, then of the other.
func (q query) compare(ctx context.Context, db *sql.DB, j job, key string, n int, out *outcome) error {
	var rows [2]int
	for turn := range 2 {
		i := (turn + n) % 2
		var one outcome
		text := q.text([]string{j.Dir, j.Peer}[i], key)
		if err := one.time(func() (err error) { rows[i], err = count(ctx, db, text); return err }); err != nil {
			return err
		}
		if n > 0 { // the first time fills the caches
			name := []string{ours, duck}[i] + " " + q.name
			out.Named[name] = append(out.Named[name], one.Seconds...)
		}
	}
	if rows[0] != rows[1] {
		return fmt.Errorf("%s: %d rows of ours, %d of DuckDB's", q.name, rows[0], rows[1])
	}
	return nil
}

// Whose files are asked.
const ours, duck = "ours", "DuckDB"

func (q query) text(dir, key string) string {
	var pairs []string
	for _, table := range busyTables {
		pairs = append(pairs, "{"+table+"}", fmt.Sprintf("read_parquet(%s)", literal(filepath.Join(dir, table, "*.parquet"))))
	}
	return strings.NewReplacer(append(pairs, "{key}", key)...).Replace(q.sql)
}

// count reads all rows of a query.
func count(ctx context.Context, db *sql.DB, text string) (int, error) {
	rows, err := db.QueryContext(ctx, text)
	if err != nil {
		return 0, fmt.Errorf("%w in: %s", err, text)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	n := 0
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}
