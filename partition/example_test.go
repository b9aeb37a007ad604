package partition_test

import (
	"fmt"
	"os"
	"time"

	"github.com/jirasync/jirasync/partition"
)

func ExampleMonthly() {
	prague := time.FixedZone("", 60*60)
	fmt.Println(partition.Monthly(time.Date(2026, 1, 1, 0, 30, 0, 0, prague)))
	fmt.Println(partition.Monthly(time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC)))
	// Output:
	// 2025-12
	// 2026-01
}

func ExampleDir_Replace() {
	temp, err := os.MkdirTemp("", "partition")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(temp)
	dir, err := partition.Open(temp)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer dir.Close()

	issues := partition.Table{Name: "issues", Columns: []partition.Column{
		{Name: "issue_key", Kind: partition.Text},
		{Name: "status", Kind: partition.Text, Repeats: true},
		{Name: "created_at", Kind: partition.Timestamp},
		{Name: "votes", Kind: partition.Int64},
		{Name: "flagged", Kind: partition.Bool},
	}}
	created := time.Date(2026, 1, 31, 9, 30, 0, 123456000, time.UTC)
	rows := []partition.Row{
		{partition.String("DEMO-1"), partition.String("Done"), partition.Time(created), partition.Int(0), partition.Flag(false)},
		{partition.String("DEMO-2"), partition.String(""), partition.Null, partition.Null, partition.Null},
	}
	for range 2 { // the second time nothing changes
		files, err := dir.Replace("2026-01", partition.Content{Table: issues, Rows: rows})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(len(files), "files written")
	}

	rows, err = dir.Read(issues, "2026-01")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range rows {
		fmt.Println(row)
	}
	// Output:
	// 1 files written
	// 0 files written
	// ["DEMO-1" "Done" 2026-01-31T09:30:00.123456Z 0 false]
	// ["DEMO-2" "" NULL NULL NULL]
}
