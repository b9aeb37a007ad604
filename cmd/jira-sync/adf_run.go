package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/jirasync/jirasync/adf"
)

const (
	// maxDocument bounds one document, and one line with --ndjson.
	maxDocument = 64 << 20
	// maxProblems bounds how many problems of one document are listed: each
	// has a path, which in a hostile document is as long as the document.
	maxProblems = 1000
)

// abandon returns when work has ended or ctx has. Nothing else interrupts a
// read of standard input, so that work is left behind for the end of the
// process, which follows.
func abandon(ctx context.Context, work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// adfRun is one run of the verb over all its documents.
type adfRun struct {
	*app
	adfFlags
	output adfOutput
	named  bool // there are several files
	out    *bufio.Writer

	documents int
	bad       int   // could not be read
	broken    int   // broke the schema
	onTrial   int   // of those, how many conform to stage 0
	last      error // of a bad document
}

// files goes through all files and says at the end what was wrong.
func (r *adfRun) files(names []string) error {
	if len(names) == 0 {
		names = []string{"-"}
	}
	for _, name := range names {
		if err := r.file(name); err != nil {
			return err
		}
	}
	return r.verdict()
}

// file goes through one file. Its error is that of writing.
func (r *adfRun) file(name string) error {
	in := r.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return r.refuse("", err) // which names the file
		}
		defer f.Close()
		in = f
	}
	if r.ndjson {
		return r.lines(name, in)
	}
	document, err := io.ReadAll(io.LimitReader(in, maxDocument+1))
	if err == nil && len(document) > maxDocument {
		err = errTooLong
	}
	if err != nil {
		return r.refuse(name, err)
	}
	v, err := r.of(name, document)
	if err != nil {
		return r.refuse(name, err)
	}
	if err := r.print(name, v); err != nil {
		return err
	}
	r.hintIssue(document)
	return r.out.Flush()
}

var errTooLong = fmt.Errorf("document is larger than %d MiB", maxDocument>>20)

// refuse counts a document that could not be read, and names it if there are
// others; if not, the verdict does.
func (r *adfRun) refuse(place string, err error) error {
	r.documents++
	r.bad++
	if place != "" && place != "-" {
		err = fmt.Errorf("%s: %w", place, err)
	}
	r.last = err
	if !r.named && !r.ndjson {
		return nil
	}
	if err := r.out.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(r.err, "jira-sync:", err)
	return nil
}

// lines goes through a file of one document a line.
func (r *adfRun) lines(name string, in io.Reader) error {
	lines := &lineReader{in: bufio.NewReaderSize(in, 64<<10), max: maxDocument}
	enc := newEncoder(r.out)
	for n := 1; ; n++ {
		if !lines.ready() {
			if err := r.out.Flush(); err != nil {
				return err
			}
		}
		line, err := lines.next()
		if err == io.EOF {
			return r.out.Flush()
		}
		place := fmt.Sprintf("line %d", n)
		if name != "-" {
			place = name + ": " + place
		}
		var v any
		if err == nil {
			v, err = r.of(place, line)
		}
		if err != nil {
			v = nil
			if err := r.refuse(place, err); err != nil {
				return err
			}
		}
		if err := enc.Encode(v); err != nil {
			return err
		}
		if lines.err != nil {
			return r.out.Flush()
		}
	}
}

// of returns what was asked for of one document, and counts it.
func (r *adfRun) of(place string, document []byte) (any, error) {
	v, err := r.output.of(document)
	if err != nil {
		return nil, err
	}
	r.documents++
	problems, _ := v.([]any)
	if !r.validate || len(problems) == 0 {
		return v, nil
	}
	r.broken++
	if !r.stage0 {
		if more, err := (adf.ValidateOptions{Stage0: true}).Validate(document); err == nil && len(more) == 0 {
			r.onTrial++
		}
	}
	if more := len(problems) - maxProblems; more > 0 {
		if place == "-" {
			place = "standard input"
		}
		fmt.Fprintf(r.err, "jira-sync: %s: %d more problems are not listed\n", place, more)
		problems = problems[:maxProblems]
	}
	return problems, nil
}

// print prints what was asked for of one document.
func (r *adfRun) print(name string, v any) error {
	enc := newEncoder(r.out)
	if r.json {
		object := map[string]any{r.output.name: v}
		if r.named {
			object["file"] = name
		}
		return enc.Encode(object)
	}
	if text, ok := v.(string); ok {
		if r.documents-r.bad > 1 {
			text = "\n" + text // so that no paragraph runs into the next document
		}
		_, err := r.out.WriteString(text + "\n")
		return err
	}
	for _, item := range v.([]any) {
		problem, ok := item.(adf.Problem)
		if !ok {
			if err := enc.Encode(item); err != nil {
				return err
			}
			continue
		}
		if r.named {
			r.out.WriteString(name + ": ") // Flush reports the error
		}
		r.out.WriteString(problem.String() + "\n")
	}
	return nil
}

// hintIssue says so if the input is an issue, in which there is no document
// at the top.
func (r *adfRun) hintIssue(document []byte) {
	var issue struct {
		Type   json.RawMessage `json:"type"`
		Fields *struct{}       `json:"fields"`
	}
	if bytes.Contains(document, []byte(`"fields"`)) && json.Unmarshal(document, &issue) == nil &&
		issue.Fields != nil && issue.Type == nil {
		fmt.Fprintln(r.err, "hint: this is an issue, not a document: jq .fields.description takes one out of it")
	}
}

// verdict is the error of a run in which all could be written.
func (r *adfRun) verdict() error {
	unit := "files"
	if r.ndjson {
		unit = "lines"
	}
	var errs []error
	hint := ""
	if r.bad > 0 {
		err := fmt.Errorf("%d of %d %s could not be read", r.bad, r.documents, unit)
		if !r.named && !r.ndjson {
			err = r.last
		}
		errs = append(errs, err)
		hint = r.syntaxHint()
	}
	if r.broken > 0 {
		err := fmt.Errorf("%d of %d %s break the schema", r.broken, r.documents, unit)
		if !r.named && !r.ndjson {
			err = errors.New("the document breaks the schema")
		}
		errs = append(errs, err)
		if r.onTrial == r.broken {
			hint = "--stage-0 allows what Atlassian has on trial, and with it nothing is wrong"
		}
	}
	if err := errors.Join(errs...); err != nil {
		return hintedError{err, hint}
	}
	return nil
}

// syntaxHint says what input is wanted, if some was no JSON.
func (r *adfRun) syntaxHint() string {
	var syntax *adf.SyntaxError
	switch {
	case !errors.As(r.last, &syntax):
		return ""
	case r.ndjson && r.bad == r.documents:
		return "with --ndjson each line is a whole document: jq -c prints one a line"
	case r.ndjson:
		return ""
	case syntax.Reason == "more than one value":
		return "--ndjson reads many documents, one a line"
	}
	return "a document is JSON, as jq .fields.description issue.json prints it; wiki text is a JSON string: leave out jq's -r"
}
