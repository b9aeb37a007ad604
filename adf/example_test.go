package adf_test

import (
	"encoding/json"
	"fmt"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jirasync/jirasync/adf"
)

func ExamplePlainText() {
	var comment struct {
		Body json.RawMessage `json:"body"`
	}
	response := `{"id": "10042", "body": {"type": "doc", "version": 1, "content": [
	  {"type": "paragraph", "content": [
	    {"type": "mention", "attrs": {"id": "5b10", "text": "@Ada"}},
	    {"type": "text", "text": "please read"},
	    {"type": "inlineCard", "attrs": {"url": "https://example.com/d?id=7&token=abc"}},
	    {"type": "text", "text": ":"}
	  ]},
	  {"type": "taskList", "attrs": {"localId": "1"}, "content": [
	    {"type": "taskItem", "attrs": {"localId": "2", "state": "DONE"}, "content": [
	      {"type": "text", "text": "the "},
	      {"type": "text", "text": "draft", "marks": [
	        {"type": "link", "attrs": {"href": "https://example.com/draft"}}]}
	    ]},
	    {"type": "taskItem", "attrs": {"localId": "3", "state": "TODO"}, "content": [
	      {"type": "text", "text": "the rest"}
	    ]}
	  ]}
	]}}`
	if err := json.Unmarshal([]byte(response), &comment); err != nil {
		fmt.Println(err)
		return
	}
	text, err := adf.PlainText(comment.Body)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(text)
	// Output:
	// @Ada please read https://example.com/d?id=7&token=REDACTED:
	//
	// [x] the draft (https://example.com/draft)
	// [ ] the rest
}

// A tree may be built by hand.
func ExampleNode_PlainText() {
	row := func(cells ...string) *adf.Node {
		n := &adf.Node{Type: "tableRow"}
		for _, cell := range cells {
			n.Content = append(n.Content, &adf.Node{Type: "tableCell", Content: []*adf.Node{
				{Type: "paragraph", Content: []*adf.Node{{Type: "text", Text: cell}}},
			}})
		}
		return n
	}
	table := &adf.Node{Type: "table", Content: []*adf.Node{row("Key", "Status"), row("OPS-1", "Done")}}
	fmt.Println(table.PlainText())
	// Output:
	// Key | Status
	// OPS-1 | Done
}

// A node keeps its attributes as they stand in the document.
func ExampleParse() {
	n, err := adf.Parse([]byte(`{"type": "panel", "attrs": {"panelType": "info", "panelColor": "#abc"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	color, ok := n.Attrs.Text("panelColor")
	fmt.Println(n.Type, n.Attrs)
	fmt.Println(color, ok)
	// Output:
	// panel {"panelType": "info", "panelColor": "#abc"}
	// #abc true
}

// A field of an issue may be a *Node. It stays nil if Jira has no document.
func ExampleNode_UnmarshalJSON() {
	var issue struct {
		Fields struct {
			Description *adf.Node `json:"description"`
			Environment *adf.Node `json:"environment"`
		} `json:"fields"`
	}
	response := `{"key": "OPS-1", "fields": {"environment": null, "description": {"type": "doc", "version": 1,
	  "content": [{"type": "paragraph", "content": [{"type": "text", "text": "It burns."}]}]}}}`
	if err := json.Unmarshal([]byte(response), &issue); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(issue.Fields.Description.PlainText())
	fmt.Println(issue.Fields.Environment == nil)
	// Output:
	// It burns.
	// true
}

// Version 2 of the API, and webhooks, send wiki text, which stays as it is.
// Jira's null is no text.
func ExamplePlainText_wiki() {
	for _, description := range []string{`"h1. Steps\n* ask *Ada*"`, `null`} {
		text, err := adf.PlainText([]byte(description))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q\n", text)
	}
	// Output:
	// "h1. Steps\n* ask *Ada*"
	// ""
}

// Two nodes are equal if their exported fields are. What MarshalJSON remembers
// of a document is not among them.
func ExampleNode_compare() {
	read := mustParse(`{"content": [{"text": "a", "type": "text"}], "type": "paragraph"}`)
	built := &adf.Node{Type: "paragraph", Content: []*adf.Node{{Type: "text", Text: "a"}}}
	fmt.Println(gocmp.Equal(read, built, cmpopts.IgnoreUnexported(adf.Node{})))
	// Output: true
}

// Only URLs are redacted: prose is left alone, and so are labels.
func ExampleOptions_PlainText() {
	n := mustParse(`{"type": "paragraph", "content": [
	  {"type": "text", "text": "token=1 "},
	  {"type": "text", "text": "key=2", "marks": [{"type": "link", "attrs": {"href": "https://u:pw@example.com/?key=2"}}]}]}`)
	fmt.Println(adf.Options{}.PlainText(n))
	fmt.Println(adf.Options{KeepCredentials: true}.PlainText(n))
	// Output:
	// token=1 key=2 (https://u:REDACTED@example.com/?key=REDACTED)
	// token=1 key=2 (https://u:pw@example.com/?key=2)
}

func ExampleOptions() {
	n, err := adf.Parse([]byte(`{"type": "blockCard", "attrs": {"url": "https://example.com/?key=abc"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n.PlainText())
	fmt.Println(adf.Options{KeepCredentials: true}.PlainText(n))
	// Output:
	// https://example.com/?key=REDACTED
	// https://example.com/?key=abc
}

// A tree may be changed and sent back: here every link goes to the new site.
func ExampleNode() {
	n := mustParse(`{"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [
	  {"type": "text", "text": "plan", "marks": [{"type": "link", "attrs": {"href": "https://old.example.com/plan"}}]}]}]}`)
	for _, node := range n.Walk() {
		for i, mark := range node.Marks {
			if href, ok := mark.Attrs.Text("href"); ok {
				attrs, err := json.Marshal(map[string]string{"href": strings.Replace(href, "old.", "new.", 1)})
				if err != nil {
					fmt.Println(err)
					return
				}
				node.Marks[i].Attrs = adf.Attrs(attrs)
			}
		}
	}
	data, err := json.Marshal(n)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(data))
	// Output:
	// {"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"plan","marks":[{"type":"link","attrs":{"href":"https://new.example.com/plan"}}]}]}]}
}
