package adf_test

import (
	"encoding/json"
	"fmt"

	"github.com/jirasync/jirasync/adf"
)

var release = mustParse(`{"type": "doc", "version": 1, "content": [
  {"type": "paragraph", "content": [
    {"type": "mention", "attrs": {"id": "5b10", "text": "@Ada"}},
    {"type": "text", "text": " ships on "},
    {"type": "date", "attrs": {"timestamp": "1717200000000"}},
    {"type": "text", "text": ", see "},
    {"type": "text", "text": "the plan", "marks": [
      {"type": "link", "attrs": {"href": "https://example.com/plan?token=abc"}}]}
  ]},
  {"type": "mediaSingle", "attrs": {"layout": "center"}, "content": [
    {"type": "media", "attrs": {"type": "file", "id": "4f9c", "collection": "", "alt": "plan.png"}}
  ]}
]}`)

func mustParse(data string) *adf.Node {
	n, err := adf.Parse([]byte(data))
	if err != nil {
		panic(err)
	}
	return n
}

func ExampleNode_Walk() {
	for above, n := range release.Walk() {
		fmt.Printf("%*s%s\n", 2*len(above), "", n.Type)
	}
	// Output:
	// doc
	//   paragraph
	//     mention
	//     text
	//     date
	//     text
	//     text
	//   mediaSingle
	//     media
}

func ExampleNode_Links() {
	for _, link := range release.Links() {
		fmt.Println(link.Kind, link.URL, link.Text)
	}
	// Output:
	// link https://example.com/plan?token=REDACTED the plan
}

func ExampleNode_Mentions() {
	for _, mention := range release.Mentions() {
		fmt.Println(mention.ID, mention.Text)
	}
	// Output:
	// 5b10 @Ada
}

func ExampleNode_Media() {
	for _, media := range release.Media() {
		fmt.Println(media.Node, media.Type, media.ID, media.Name)
	}
	// Output:
	// media file 4f9c plan.png
}

func ExampleNode_Dates() {
	for _, date := range release.Dates() {
		fmt.Println(date.Timestamp, date.Text)
	}
	// Output:
	// 1717200000000 2024-06-01
}

// The lists encode to JSON with the names that ADF has.
func ExampleMention() {
	data, err := json.Marshal(release.Mentions())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(data))
	// Output:
	// [{"id":"5b10","text":"@Ada","userType":"","accessLevel":""}]
}

// A program that follows links needs them as they are.
func ExampleOptions_Links() {
	for _, link := range (adf.Options{KeepCredentials: true}).Links(release) {
		fmt.Println(link.URL)
	}
	// Output:
	// https://example.com/plan?token=abc
}

// Only pictures outside Jira have a URL.
func ExampleOptions_Media() {
	n := mustParse(`{"type": "mediaGroup", "content": [
	  {"type": "media", "attrs": {"type": "file", "id": "4f9c", "collection": ""}},
	  {"type": "media", "attrs": {"type": "external", "url": "https://example.com/a.png?sig=abc"}}]}`)
	for _, media := range (adf.Options{KeepCredentials: true}).Media(n) {
		fmt.Printf("%s %q %q\n", media.Type, media.ID, media.URL)
	}
	// Output:
	// file "4f9c" ""
	// external "" "https://example.com/a.png?sig=abc"
}

// What nobody changed stays as it is, byte for byte.
func ExampleNode_MarshalJSON() {
	n := mustParse(`{"version": 1, "type": "doc", "content": [ {"type": "new", "x": 1.0}, "a" ]}`)
	n.Content[1].Text = "b"
	data, err := n.MarshalJSON()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(data))
	// Output:
	// {"version": 1, "type": "doc", "content": [ {"type": "new", "x": 1.0}, {"type":"text","text":"b"} ]}
}
