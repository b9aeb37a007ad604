// Command parquet measures how issue records become Parquet files: against what
// the kernel and the disk need at least, against the plain way, and beside
// DuckDB on the same records. It prints Markdown tables.
//
//	go run ./parquet                                everything: a quarter of an hour, 8 GB of disk
//	go run ./parquet -small                         a quick look
//	go run ./parquet -only upsert -dir DIR          one table; what was made stays in DIR
//	go run ./parquet -generate DIR -issues 20000    write records, and no more
//
// Each contender runs in a process of its own, so that its memory can be told.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
)

type options struct {
	generate  string
	dir       string
	only      string
	issues    int
	rounds    int
	many      int
	aMonth    int
	months    []int
	generated []int
}

func main() {
	if beChild(os.Args) {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "parquet:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	var months, generated string
	var small bool
	flags := flag.NewFlagSet("parquet", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.generate, "generate", "", "write records into this directory, and no more")
	flags.StringVar(&o.dir, "dir", "", "keep here what is made, and use what is there; empty: a temporary directory")
	flags.StringVar(&o.only, "only", "", "some of the tables: rows, upsert, rebuild, read")
	flags.IntVar(&o.issues, "issues", 20_000, "records of two years, to rebuild from")
	flags.IntVar(&o.rounds, "rounds", 3, "rounds, in which the contenders take turns")
	flags.IntVar(&o.many, "many", 120, "months to query together")
	flags.IntVar(&o.aMonth, "a-month", 1500, "issues in each of these")
	flags.StringVar(&months, "months", "1000,10000,100000", "months to upsert into, in issues; the last is queried, too")
	flags.StringVar(&generated, "generated", "200000", "also rebuild from so many records that are made as they are read; 0: do not")
	flags.BoolVar(&small, "small", false, "everything small: -issues 300 -rounds 1 -many 12 -a-month 50 -months 100,1000 -generated 600")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if small {
		o.issues, o.rounds, o.many, o.aMonth, months, generated = 300, 1, 12, 50, "100,1000", "600"
	}
	if o.generate != "" {
		size, err := twoYears(o.issues).write(o.generate)
		fmt.Fprintf(stdout, "%d records, %.1f MB, %.1f kB each\n", o.issues, float64(size)/1e6, float64(size)/1e3/float64(o.issues))
		return err
	}
	var err error
	if o.months, err = numbers(months); err != nil {
		return err
	}
	if o.generated, err = numbers(generated); err != nil {
		return err
	}
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "bench-parquet-"); err != nil {
			return err
		}
		defer os.RemoveAll(o.dir)
	}
	s := &suite{options: o, ctx: ctx, w: stdout, log: stderr}
	return s.report()
}

// numbers reads a list with commas and leaves out zeros.
func numbers(list string) ([]int, error) {
	var all []int
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			all = append(all, n)
		}
	}
	return all, nil
}
