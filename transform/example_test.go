package transform_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/jirasync/jirasync/transform"
)

// One record becomes the rows of all tables.
func ExampleRows() {
	record := []byte(`{
		"id": "10042", "key": "SUPPORT-1",
		"fields": {
			"summary": "Job fails", "status": {"name": "Open"}, "created": "2026-01-31T23:30:00.000-0100",
			"comment": {"total": 1, "comments": [{"id": "1", "body": "Looking."}]},
			"customfield_10020": {"value": "3-Medium"}
		}
	}`)
	rows, err := transform.Rows(record, transform.Options{
		SiteURL: "https://example.atlassian.net",
		Fields:  transform.FieldMap{{ID: "customfield_10020", Kind: transform.KindOption, Columns: []string{"severity"}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rows.Key, "belongs to", rows.Month)
	for _, content := range rows.Contents {
		for _, row := range content.Rows {
			for _, name := range []string{"summary", "severity", "labels", "resolution", "body"} {
				if i := content.Table.Index(name); i >= 0 {
					fmt.Printf("%s.%s = %v\n", content.Table.Name, name, row[i])
				}
			}
		}
	}
	// Output:
	// SUPPORT-1 belongs to 2026-02
	// comments.body = "Looking."
	// issues.summary = "Job fails"
	// issues.severity = "3-Medium"
	// issues.labels = "[]"
	// issues.resolution = NULL
}

// A directory of records becomes Parquet files; then one record changes.
func ExampleRebuild() {
	dir, err := os.MkdirTemp("", "transform")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	save := func(key, id, created string) {
		record := fmt.Sprintf(`{"id":%q,"key":%q,"fields":{"created":%q}}`, id, key, created)
		if err := os.WriteFile(filepath.Join(dir, key+".json"), []byte(record), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	save("SUPPORT-1", "10001", "2026-01-15T10:00:00.000+0000")
	save("SUPPORT-2", "10002", "2026-02-15T10:00:00.000+0000")

	ctx := context.Background()
	records := transform.RecordsFS(os.DirFS(dir))
	tables, err := transform.Open(filepath.Join(dir, "parquet"), transform.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer tables.Close()
	result, err := transform.Rebuild(ctx, tables, records, transform.RebuildOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, file := range result.Files {
		fmt.Println(file.Path, file.Rows)
	}

	save("SUPPORT-3", "10003", "2026-02-16T10:00:00.000+0000")
	result, err = transform.Upsert(ctx, tables, records, "SUPPORT-3")
	if err != nil {
		log.Fatal(err)
	}
	for _, file := range result.Files {
		fmt.Println(file.Path, file.Rows)
	}
	// Output:
	// issues/2026-01.parquet 1
	// issues/2026-02.parquet 1
	// issues/2026-02.parquet 2
}
