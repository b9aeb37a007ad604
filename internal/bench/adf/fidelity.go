package main

import (
	"bytes"
	"fmt"
	"io"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/jirasync/jirasync/internal/jiralike"
)

// reader is the one that adf's own test of this uses.
var reader = goldmark.New(
	goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList),
	goldmark.WithRendererOptions(html.WithUnsafe()))

// kinds are the documents of the table of what comes back, of stream 2.
var kinds = []func(seed uint64) []byte{
	func(seed uint64) []byte { return jiralike.Comment(seed, 2) },
	func(seed uint64) []byte { return jiralike.Document(seed, 2, false) },
	func(seed uint64) []byte { return jiralike.Document(seed, 2, true) },
}

// kept counts the documents that come back through goldmark with all text and
// marks.
func kept(one contender, documents int, document func(seed uint64) []byte) (int, error) {
	count := 0
	for seed := range uint64(documents) {
		data := document(seed)
		source, err := one.run(data)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", one.name, err)
		}
		var page bytes.Buffer
		if err := reader.Convert([]byte(source), &page); err != nil {
			return 0, err
		}
		shown := page.String()
		if one.undo != nil {
			shown = one.undo.Replace(shown)
		}
		if ok, err := jiralike.Kept(data, shown); err != nil {
			return 0, err
		} else if ok {
			count++
		}
	}
	return count, nil
}

// printFidelity prints the table of documents that come back.
func printFidelity(w io.Writer, list []contender, documents int) error {
	fmt.Fprintf(w, "| Markdown by | of %d usual comments | of %[1]d dense | of %[1]d stress |\n| --- | ---: | ---: | ---: |\n", documents)
	for _, one := range list {
		if one.task != markdown {
			continue
		}
		fmt.Fprintf(w, "| %s |", one.name)
		for _, kind := range kinds {
			count, err := kept(one, documents, kind)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, " %d |", count)
		}
		fmt.Fprintln(w)
	}
	return nil
}

// printAgreement says how often the validators' verdicts are the same, on the
// documents that the slow one did.
func printAgreement(w io.Writer, c corpus, list []contender, best []speed) error {
	var ours, theirs contender
	documents := 0
	for i, one := range list {
		switch {
		case one.task == judging && one.own:
			ours = one
		case one.task == judging:
			theirs, documents = one, best[i].documents
		}
	}
	if theirs.run == nil {
		fmt.Fprintln(w, "No schema: no other validator to agree with.")
		return nil
	}
	valid, same := 0, 0
	for _, data := range c.documents[:documents] {
		want, err := theirs.run(data)
		if err != nil {
			return err
		}
		got, err := ours.run(data)
		if err != nil {
			return err
		}
		if want == fmt.Sprint(true) {
			valid++
		}
		if got == want {
			same++
		}
	}
	fmt.Fprintf(w, "%s and %s agree on %d of %d documents, %d of them valid.\n", ours.name, theirs.name, same, documents, valid)
	return nil
}
