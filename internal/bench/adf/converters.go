package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	jiracli "github.com/ankitpokhrel/jira-cli/pkg/adf"
	"github.com/rgonek/jira-adf-converter/converter"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/jirasync/jirasync/adf"
)

// contender does a task with one document, from its bytes.
type contender struct {
	name string
	task string
	run  func(data []byte) (string, error)

	// slow ones, which take seconds for a document, do as many of the corpus as
	// they can in a time, once, and none of the hard documents.
	slow bool

	// own marks this module's package: ratios are to the fastest other.
	own bool

	// undo takes back, in HTML, what a converter does to characters on purpose.
	undo *strings.Replacer
}

const (
	floor    = "JSON"
	parsing  = "parse"
	text     = "text"
	markdown = "Markdown"
	judging  = "validate"
)

// contenders are all that take part. Validators need the schema's file.
func contenders(schema string) ([]contender, error) {
	peer, err := rgonek()
	if err != nil {
		return nil, err
	}
	list := []contender{
		{name: "encoding/json into any", task: floor, run: decode},
		{name: "adf.Parse", task: parsing, run: parse, own: true},
		{name: "adf.PlainText", task: text, run: adf.PlainText, own: true},
		{name: "adf.Markdown", task: markdown, run: adf.Markdown, own: true},
		{name: "ankitpokhrel/jira-cli", task: markdown, run: jiraCLI, undo: strings.NewReplacer("❬", "&lt;", "❭", "&gt;")},
		{name: "rgonek/jira-adf-converter", task: markdown, run: peer},
		{name: "adf.Validate", task: judging, run: validate, own: true},
	}
	library, err := schemaLibrary(schema)
	if err != nil {
		return nil, err
	}
	if library != nil {
		list = append(list, contender{name: "santhosh-tekuri/jsonschema", task: judging, run: library, slow: true})
	}
	return list, nil
}

func decode(data []byte) (string, error) {
	var v any
	return "", json.Unmarshal(data, &v)
}

func parse(data []byte) (string, error) {
	_, err := adf.Parse(data)
	return "", err
}

// validate returns a verdict that can be compared with another validator's.
func validate(data []byte) (string, error) {
	problems, err := adf.Validate(data)
	return fmt.Sprint(len(problems) == 0), err
}

// jiraCLI does as the jira command does when it shows an issue.
func jiraCLI(data []byte) (string, error) {
	var doc jiracli.ADF
	if err := json.Unmarshal(data, &doc); err != nil {
		return "", err
	}
	return jiracli.NewTranslator(&doc, jiracli.NewMarkdownTranslator()).Translate(), nil
}

// rgonek sets what serves reading back: the rest are the library's defaults.
func rgonek() (func([]byte) (string, error), error) {
	c, err := converter.New(converter.Config{
		UnderlineStyle: converter.UnderlineIgnore, // its default, bold, would be a mark too many
		TableMode:      converter.TablePipe,       // Markdown within HTML is not read
		EmojiStyle:     converter.EmojiUnicode,
		MentionStyle:   converter.MentionText,
		StatusStyle:    converter.StatusText,
		Extensions:     converter.ExtensionRules{Default: converter.ExtensionText},
	})
	if err != nil {
		return nil, err
	}
	return func(data []byte) (string, error) {
		result, err := c.Convert(data)
		return result.Markdown, err
	}, nil
}

// schemaLibrary judges by the schema itself. It is nil without the file.
func schemaLibrary(path string) (func([]byte) (string, error), error) {
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	source, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("adf", source); err != nil {
		return nil, err
	}
	schema, err := compiler.Compile("adf")
	if err != nil {
		return nil, err
	}
	return func(data []byte) (string, error) {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return "", err
		}
		return fmt.Sprint(schema.Validate(value) == nil), nil
	}, nil
}
