package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

func init() { tasks["rows"] = rowsTask }

// rowsTask turns records that are in memory into rows, on one core. The variants
// are "all tables", "reference tables", and "encoding/json", which makes the
// rows of the reference tables by way of structs.
func rowsTask(_ context.Context, j job) (outcome, error) {
	runtime.GOMAXPROCS(1)
	records, size, err := someRecords(j.Records, j.Issues)
	if err != nil {
		return outcome{}, err
	}
	convert := func(record []byte) ([]partition.Content, error) {
		rows, err := transform.Rows(record, transform.Options{ReferenceOnly: j.Variant == "reference tables"})
		return rows.Contents, err
	}
	if j.Variant == "encoding/json" {
		convert = structRows
	}
	rows := 0
	out, err := timed(j.Times, func(int) error {
		rows = 0
		for _, record := range records {
			contents, err := convert(record)
			if err != nil {
				return err
			}
			for _, c := range contents {
				rows += len(c.Rows)
			}
		}
		return nil
	})
	out.Facts = map[string]float64{"bytes": float64(size), "rows": float64(rows)}
	return out, err
}

// someRecords reads the first records of a directory.
func someRecords(dir string, n int) (records [][]byte, size int, err error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, 0, err
	}
	for _, path := range paths[:min(n, len(paths))] {
		record, err := os.ReadFile(path)
		if err != nil {
			return nil, 0, err
		}
		records = append(records, record)
		size += len(record)
	}
	return records, size, nil
}
