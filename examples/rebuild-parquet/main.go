// Command rebuild-parquet makes the tables from a directory of issue
// records, the files KEY.json, without asking Jira for anything.
//
//	rebuild-parquet DATA/issues PARQUET https://acme.atlassian.net
//
// It composes transform over partition; the records may as well come from
// fstest.MapFS, a zip file or any other fs.FS.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/jirasync/jirasync/transform"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: rebuild-parquet RECORDS PARQUET SITE-URL")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run rebuilds every month. A record that cannot be read fails alone: the
// result says which, and the others are there.
func run(ctx context.Context, recordsDir, parquetDir, siteURL string, out io.Writer) error {
	tables, err := transform.Open(parquetDir, transform.Options{SiteURL: siteURL, Fields: transform.DefaultFields()})
	if err != nil {
		return err
	}
	defer tables.Close()

	records := transform.RecordsFS(os.DirFS(recordsDir))
	result, err := transform.Rebuild(ctx, tables, records, transform.RebuildOptions{})
	for _, file := range result.Files {
		fmt.Fprintf(out, "%-12s %s %d rows\n", file.Table, file.Month, file.Rows)
	}
	fmt.Fprintf(out, "%d issues\n", len(result.Applied))
	return err
}
