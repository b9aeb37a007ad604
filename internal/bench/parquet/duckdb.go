package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2"
)

func init() { tasks["duckdb"] = duckTask }

// openDuckDB opens an empty database in memory with as many threads as the
// contenders in Go have.
func openDuckDB(ctx context.Context) (*sql.DB, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // settings and views belong to the connection
	return db, execute(ctx, db, "SET threads = 2", "SET memory_limit = '6GB'", "SET TimeZone = 'UTC'")
}

func execute(ctx context.Context, db *sql.DB, statements ...string) error {
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%w in: %.300s", err, s)
		}
	}
	return nil
}

// literal quotes a string for SQL.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// writeOptions are those of every file that DuckDB writes here.
const writeOptions = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3"

// duckTask makes the six reference tables with DuckDB, by month and sorted by
// key. The variants are "read_text", which reads whole files and then parses
// with from_json, and "read_json" with the types of all columns. Rich text
// stays the JSON that it is: SQL cannot make it plain.
func duckTask(ctx context.Context, j job) (outcome, error) {
	files := literal(filepath.Join(j.Records, "*.json"))
	source := fmt.Sprintf("SELECT unnest(from_json(content, %s)) FROM read_text(%s)", literal(shapeJSON(recordShape)), files)
	if j.Variant == "read_json" {
		source = fmt.Sprintf("SELECT * FROM read_json(%s, columns = %s, format = 'unstructured', maximum_object_size = 67108864)", files, shapeColumns(recordShape))
	}
	return timed(j.Times, func(int) error {
		if err := os.MkdirAll(j.Dir, 0o777); err != nil {
			return err
		}
		db, err := openDuckDB(ctx)
		if err != nil {
			return err
		}
		defer db.Close()
		// Kept order would make a part of the table of every file: 20 GB.
		statements := []string{"SET preserve_insertion_order = false", "CREATE TEMP TABLE records AS " + source}
		for _, table := range slices.Sorted(duckTables()) {
			statements = append(statements, fmt.Sprintf(
				"COPY (SELECT * FROM (%s) ORDER BY month, issue_key) TO %s (%s, PARTITION_BY (month))",
				duckQueries[table], literal(filepath.Join(j.Dir, table)), writeOptions))
		}
		return errors.Join(execute(ctx, db, statements...), db.Close())
	})
}

func duckTables() func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range duckQueries {
			if !yield(name) {
				return
			}
		}
	}
}

// shape is a type of DuckDB's for JSON: the types of an object's members. A
// list has one element, the type of its own.
type shape map[string]any

func shapeJSON(s shape) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // of maps, lists and strings
	}
	return string(text)
}

// shapeColumns is the shape as read_json wants it.
func shapeColumns(s shape) string {
	var members []string
	for name, member := range s {
		members = append(members, fmt.Sprintf("%q: %s", name, literal(shapeType(member))))
	}
	slices.Sort(members)
	return "{" + strings.Join(members, ", ") + "}"
}

func shapeType(member any) string {
	switch member := member.(type) {
	case shape:
		var members []string
		for name, m := range member {
			members = append(members, fmt.Sprintf("%q %s", name, shapeType(m)))
		}
		slices.Sort(members)
		return "STRUCT(" + strings.Join(members, ", ") + ")"
	case []any:
		return shapeType(member[0]) + "[]"
	}
	return member.(string)
}
