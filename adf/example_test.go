package adf_test

import (
	"encoding/json"
	"fmt"

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
