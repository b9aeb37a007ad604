// Command query-duckdb asks the tables a question with DuckDB: the open tickets
// of medium severity, the most discussed first.
//
//	query-duckdb PARQUET
//
// DuckDB needs cgo, so this example is a module of its own. The views are those
// that `jira-sync views` prints.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/jirasync/jirasync"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: query-duckdb PARQUET")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const query = `
	SELECT issue_key, severity, count(comment_id) AS comments
	FROM jira_issues LEFT JOIN jira_comments USING (issue_key)
	WHERE severity LIKE '%Medium%' AND resolved_at IS NULL
	GROUP BY ALL
	ORDER BY comments DESC, issue_key`

func run(ctx context.Context, dir string, out io.Writer) error {
	views, err := jirasync.Views(dir, "jira_")
	if err != nil {
		return err
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // the views live in this connection's memory
	if _, err := db.ExecContext(ctx, views); err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key, severity string
		var comments int64
		if err := rows.Scan(&key, &severity, &comments); err != nil {
			return err
		}
		fmt.Fprintf(out, "%-12s %-10s %d comments\n", key, severity, comments)
	}
	return rows.Err()
}
