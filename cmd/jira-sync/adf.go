package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jirasync/jirasync/adf"
)

// adfOutput is one thing to get from documents.
type adfOutput struct {
	name, help string
	of         func(document []byte) (any, error) // a string, or a []any
}

// adfOutputs are what --to names, in the order of the help.
var adfOutputs = []adfOutput{
	{"text", "plain text", textOf(adf.PlainText)},
	{"markdown", "GitHub-flavoured Markdown", textOf(adf.Markdown)},
	{"links", "links, cards and external pictures", listOf((*adf.Node).Links)},
	{"mentions", "people and teams", listOf((*adf.Node).Mentions)},
	{"media", "files and pictures", listOf((*adf.Node).Media)},
	{"dates", "dates", listOf((*adf.Node).Dates)},
}

func textOf(convert func([]byte) (string, error)) func([]byte) (any, error) {
	return func(document []byte) (any, error) { return convert(document) }
}

func listOf[T any](list func(*adf.Node) []T) func([]byte) (any, error) {
	return func(document []byte) (any, error) {
		n, err := adf.Parse(document)
		if err != nil {
			return nil, err
		}
		return anys(list(n)), nil
	}
}

// anys is never nil, so that it encodes to a list.
func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

func problemsOf(options adf.ValidateOptions) adfOutput {
	return adfOutput{name: "problems", of: func(document []byte) (any, error) {
		problems, err := options.Validate(document)
		return anys(problems), err
	}}
}

// adfFlags are what the command line says.
type adfFlags struct {
	to                       string
	validate, stage0, ndjson bool
}

// output returns what the flags ask for.
func (f adfFlags) output(toGiven bool) (adfOutput, error) {
	switch {
	case f.validate && toGiven:
		return adfOutput{}, usageError{errors.New("--validate and --to exclude each other")}
	case f.stage0 && !f.validate:
		return adfOutput{}, usageError{errors.New("--stage-0 is for --validate")}
	case f.validate:
		return problemsOf(adf.ValidateOptions{Stage0: f.stage0}), nil
	}
	var names []string
	for _, o := range adfOutputs {
		if o.name == f.to {
			return o, nil
		}
		names = append(names, o.name)
	}
	return adfOutput{}, usageError{fmt.Errorf("--to: no output is called %q; there are %s", f.to, strings.Join(names, ", "))}
}

func (a *app) adfCommand() *cobra.Command {
	var flags adfFlags
	cmd := &cobra.Command{
		Use:   "adf [FILE...]",
		Short: "Print Atlassian documents as text or Markdown, list what they hold, validate them",
		Long: `Reads documents in the Atlassian Document Format (JSON), in which Jira keeps
descriptions and comments, from the files or from standard input ("-").

--to says what to print:
  text      plain text
  markdown  GitHub-flavoured Markdown
  links     links, smart links and pictures outside Jira: kind, url, text
  mentions  people and teams: id, text, userType, accessLevel
  media     files and pictures: node, type, id, collection, name, url
  dates     dates: timestamp (milliseconds since 1970), text
The lists are JSON, an object a line. In every URL of any output the values of
secret parameters, and passwords, are REDACTED.

--validate prints instead where a document breaks the schema of ADF, a problem
a line: a JSON pointer, a code, a name and what the schema wants. Nothing is
printed of a document that conforms. No other output needs a valid document.

With --ndjson each line is a document, and becomes one line of JSON: a string,
or a list of objects. A line that is no JSON, or longer than 64 MiB, becomes
null and is named on standard error, so that lines stay aligned. Each line is
answered before the next is waited for.

With --json each document becomes one object, with what was asked for in a
member ("text", "links", ... or "problems") and, if there are several files,
the name of its file in "file".

The exit code is 1 if any document could not be read or broke the schema; all
others are printed nevertheless.`,
		Example: `  jq .fields.description issue.json | jira-sync adf --to markdown
  jq -c '.fields.comment.comments[].body' issue.json | jira-sync adf --ndjson
  jira-sync adf --to links description.json
  jira-sync adf --validate documents/*.json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, files []string) error {
			output, err := flags.output(cmd.Flags().Changed("to"))
			if err != nil {
				return err
			}
			r := &adfRun{app: a, adfFlags: flags, output: output, named: len(files) > 1, out: bufio.NewWriter(a.out)}
			return abandon(cmd.Context(), func() error { return r.files(files) })
		},
	}
	cmd.Flags().StringVar(&flags.to, "to", "text", "what to print: text, markdown, links, mentions, media or dates")
	cmd.Flags().BoolVar(&flags.validate, "validate", false, "print where documents break the schema")
	cmd.Flags().BoolVar(&flags.stage0, "stage-0", false, "with --validate: allow the nodes that Atlassian has on trial")
	cmd.Flags().BoolVar(&flags.ndjson, "ndjson", false, "one document a line in, one line of JSON out")
	completions := make([]cobra.Completion, len(adfOutputs))
	for i, o := range adfOutputs {
		completions[i] = cobra.CompletionWithDesc(o.name, o.help)
	}
	// Its only errors are of flags that do not exist.
	_ = cmd.RegisterFlagCompletionFunc("to", cobra.FixedCompletions(completions, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder))
	return cmd
}
