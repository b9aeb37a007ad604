// Command parquet measures how issue records become Parquet files: against what
// the kernel and the disk need at least, and beside DuckDB on the same records.
//
//	go run ./parquet -generate DIR -issues 20000    write records, and no more
package main

import (
	"flag"
	"fmt"
	"os"
)

type options struct {
	generate string
	issues   int
}

func main() {
	if beChild(os.Args) {
		return
	}
	var o options
	flag.StringVar(&o.generate, "generate", "", "write records into this directory, and no more")
	flag.IntVar(&o.issues, "issues", 20_000, "records over two years")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "parquet:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if o.generate != "" {
		size, err := twoYears(o.issues).write(o.generate)
		fmt.Printf("%d records, %.1f MB, %.1f kB each\n", o.issues, float64(size)/1e6, float64(size)/1e3/float64(o.issues))
		return err
	}
	flag.Usage()
	return nil
}
