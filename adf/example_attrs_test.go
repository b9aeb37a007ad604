package adf_test

import (
	"encoding/json"
	"fmt"
)

var chart = mustParse(`{"type": "extension", "attrs": {
  "extensionType": "com.acme", "extensionKey": "chart",
  "parameters": {"title": "Load", "width": 640, "series": ["p50", "p99"]}
}}`)

// An attribute that is absent is told from an empty one.
func ExampleAttrs_Text() {
	key, ok := chart.Attrs.Text("extensionKey")
	fmt.Printf("%q %t\n", key, ok)
	layout, ok := chart.Attrs.Text("layout")
	fmt.Printf("%q %t\n", layout, ok)
	// Output:
	// "chart" true
	// "" false
}

// An attribute of another type counts as absent.
func ExampleAttrs_Number() {
	parameters := chart.Attrs.Object("parameters")
	width, ok := parameters.Number("width")
	fmt.Println(width, ok)
	title, ok := parameters.Number("title")
	fmt.Println(title, ok)
	// Output:
	// 640 true
	// 0 false
}

// Objects in objects are reached step by step. Of what is not there, nothing
// is there.
func ExampleAttrs_Object() {
	title, ok := chart.Attrs.Object("parameters").Text("title")
	fmt.Println(title, ok)
	title, ok = chart.Attrs.Object("no").Object("such").Text("title")
	fmt.Println(title, ok)
	// Output:
	// Load true
	//  false
}

// Lists, and many attributes at once, are for encoding/json.
func ExampleAttrs() {
	var parameters struct {
		Width  int      `json:"width"`
		Series []string `json:"series"`
	}
	if err := json.Unmarshal([]byte(chart.Attrs.Object("parameters")), &parameters); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(parameters.Width, parameters.Series)
	// Output: 640 [p50 p99]
}
