// Command adf-to-text turns an Atlassian Document Format document, as Jira
// returns it in a description or a comment, into plain text.
//
//	adf-to-text < description.json
//
// It uses the package adf alone, which needs nothing but the standard library.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/jirasync/jirasync/adf"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run reads one document and writes its text.
func run(in io.Reader, out io.Writer) error {
	document, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	text, err := adf.PlainText(document)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, text)
	return err
}
