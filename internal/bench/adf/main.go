// Command adf measures package adf beside other Go packages for the Atlassian
// Document Format: speed on 10,000 dense documents like Jira's and on 10,000 usual
// comments, how many of 1,000 come back from Markdown with all text and marks, and
// growth on documents that are hard to do in linear time. It prints Markdown
// tables.
//
//	go run ./adf
//	go run ./adf -documents 500 -rounds 1 -less 10
//
// Everything runs on one core, the garbage collector too, and is measured in
// processor time.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

type options struct {
	documents int           // of the corpus, for speed
	returned  int           // documents for fidelity
	rounds    int           // of which the best counts
	budget    time.Duration // for the corpus, of what takes seconds a document
	less      int           // divides the sizes of the hard documents
	limit     time.Duration // after which a hard document is not doubled
	schema    string        // file of Atlassian's JSON schema
}

func main() {
	var o options
	flag.IntVar(&o.documents, "documents", 10_000, "documents to measure speed with")
	flag.IntVar(&o.returned, "returned", 1000, "documents to convert and read back")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds; the best counts")
	flag.DurationVar(&o.budget, "budget", 20*time.Second, "give a validator that takes seconds for a document this long")
	flag.IntVar(&o.less, "less", 1, "divide the sizes of the hard documents by this")
	flag.DurationVar(&o.limit, "limit", 5*time.Second, "stop doubling a hard document that took this long")
	flag.StringVar(&o.schema, "schema", schemaFile, "Atlassian's full.json; without it no other validator is measured")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	if err := report(os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "adf:", err)
		os.Exit(1)
	}
}

// schemaFile is where this module's tests look for the schema, too.
const schemaFile = "../../../shared/adf/full.json"

// report measures and prints everything.
func report(w io.Writer, o options) error {
	list, err := contenders(o.schema)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s %s/%s, processor time on one core, best of %d. %s\n\n## Speed\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, o.rounds, versions())
	for _, c := range newCorpora(o.documents) {
		best, err := measure(c, list, o)
		if err != nil {
			return err
		}
		printSpeed(w, c, list, best)
		fmt.Fprintln(w)
		if err := printAgreement(w, c, list, best); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	fmt.Fprint(w, "## All text and marks\n\n")
	if err := printFidelity(w, list, o.returned); err != nil {
		return err
	}
	fmt.Fprint(w, "\n## Growth\n\nTime, and what the last doubling multiplied it by.\n\n")
	printGrowth(w, list, o.less, o.limit)
	return nil
}

// versions names the other packages.
func versions() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var list []string
	for _, m := range info.Deps {
		if strings.Contains(m.Path, "adf") || strings.Contains(m.Path, "jira-cli") ||
			strings.Contains(m.Path, "jsonschema") || strings.Contains(m.Path, "goldmark") {
			list = append(list, strings.TrimPrefix(m.Path, "github.com/")+" "+m.Version)
		}
	}
	return strings.Join(list, ", ")
}
