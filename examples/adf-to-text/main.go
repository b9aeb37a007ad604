// Command adf-to-text prints the description of an issue, which Jira's REST API
// returns in the Atlassian Document Format, as plain text.
//
//	adf-to-text < issue.json
//
// It uses the package adf alone, which needs nothing but the standard library.
package main

import (
	"encoding/json"
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

// run reads an issue and writes its description.
func run(in io.Reader, out io.Writer) error {
	issue, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	text, err := description(issue)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, text)
	return err
}

// description returns the description of an issue; "" if it has none.
func description(issue []byte) (string, error) {
	var response struct {
		Fields struct{ Description json.RawMessage }
	}
	if err := json.Unmarshal(issue, &response); err != nil {
		return "", err
	}
	return adf.PlainText(response.Fields.Description) // or adf.Markdown
}
