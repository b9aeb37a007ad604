package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/jirasync/jirasync/adf"
)

// maxDocument bounds one document, and one line with --ndjson.
const maxDocument = 64 << 20

// formats are the functions that --to names.
var formats = map[string]func([]byte) (string, error){
	"text":     adf.PlainText,
	"markdown": adf.Markdown,
}

func (a *app) adfCommand() *cobra.Command {
	var to string
	var ndjson bool
	cmd := &cobra.Command{
		Use:   "adf [FILE]",
		Short: "Print an Atlassian document as text or Markdown",
		Long: `Reads Atlassian Document Format (JSON) from FILE or standard input and prints
it as plain text or GitHub-flavoured Markdown. With --ndjson each line is a
document, and each line of the output a JSON string.`,
		Example: `  jq .fields.description issue.json | jira-sync adf
  jq .fields.description issue.json | jira-sync adf --to markdown`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			convert, ok := formats[to]
			if !ok {
				return usageError{fmt.Errorf("--to: %q is not a format; want text or markdown", to)}
			}
			in := a.in
			if len(args) == 1 && args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			if ndjson {
				return a.convertLines(in, convert)
			}
			return a.convert(in, to, convert)
		},
	}
	cmd.Flags().StringVar(&to, "to", "text", "output format: text or markdown")
	cmd.Flags().BoolVar(&ndjson, "ndjson", false, "one document a line in, one JSON string a line out")
	return cmd
}

func (a *app) convert(in io.Reader, to string, convert func([]byte) (string, error)) error {
	doc, err := io.ReadAll(io.LimitReader(in, maxDocument+1))
	if err != nil {
		return err
	}
	if len(doc) > maxDocument {
		return fmt.Errorf("document is larger than %d bytes", maxDocument)
	}
	text, err := convert(doc)
	if err != nil {
		return err
	}
	return a.result(map[string]string{to: text}, text+"\n")
}

// convertLines goes on after a bad line, prints null in its place and fails at
// the end, so that output and input lines correspond.
func (a *app) convertLines(in io.Reader, convert func([]byte) (string, error)) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxDocument)
	out := bufio.NewWriter(a.out)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	bad, n := 0, 0
	for lines.Scan() {
		n++
		var line any
		if text, err := convert(lines.Bytes()); err != nil {
			bad++
			fmt.Fprintf(a.err, "jira-sync: line %d: %v\n", n, err)
		} else {
			line = text
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	err := errors.Join(lines.Err(), out.Flush())
	if err == nil && bad > 0 {
		err = fmt.Errorf("%d of %d lines are not documents", bad, n)
	}
	return err
}
