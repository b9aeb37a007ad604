package adf_test

import (
	"fmt"

	"github.com/jirasync/jirasync/adf"
)

func ExampleMarkdown() {
	description := `{"type": "doc", "version": 1, "content": [
	  {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Login fails"}]},
	  {"type": "panel", "attrs": {"panelType": "warning"}, "content": [
	    {"type": "paragraph", "content": [
	      {"type": "text", "text": "Since "},
	      {"type": "text", "text": "user_id * 2", "marks": [{"type": "code"}]},
	      {"type": "text", "text": " is "},
	      {"type": "text", "text": "never ", "marks": [{"type": "strong"}]},
	      {"type": "text", "text": "even, see "},
	      {"type": "text", "text": "the log", "marks": [
	        {"type": "link", "attrs": {"href": "https://example.com/log?id=7&token=abc"}}]}
	    ]}
	  ]},
	  {"type": "taskList", "attrs": {"localId": "1"}, "content": [
	    {"type": "taskItem", "attrs": {"localId": "2", "state": "DONE"}, "content": [
	      {"type": "text", "text": "my_var * 2"}]}
	  ]}
	]}`
	text, err := adf.Markdown([]byte(description))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(text)
	// Output:
	// ## Login fails
	//
	// > [!WARNING]
	// > Since `user_id * 2` is **never** even, see [the log](https://example.com/log?id=7&token=REDACTED)
	//
	// - [x] my_var \* 2
}

// Jira's media have no URL; where their attachments are known, they get one.
func ExampleOptions_Markdown() {
	n, err := adf.Parse([]byte(`{"type": "mediaSingle", "content": [
	  {"type": "media", "attrs": {"type": "file", "id": "6e7c", "collection": "", "alt": "shot.png"}}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	attachments := map[string]string{"shot.png": "https://example.atlassian.net/rest/api/3/attachment/content/10001"}
	options := adf.Options{MediaURL: func(media *adf.Node) string {
		name, _ := media.Attrs.Text("alt")
		return attachments[name]
	}}
	fmt.Println(n.Markdown())
	fmt.Println(options.Markdown(n))
	// Output:
	// ![shot.png](media:6e7c)
	// ![shot.png](https://example.atlassian.net/rest/api/3/attachment/content/10001)
}

func ExampleNode_Markdown() {
	n := &adf.Node{Type: "paragraph", Content: []*adf.Node{
		{Type: "text", Text: "un"},
		{Type: "text", Text: "believ", Marks: []adf.Mark{{Type: "em"}}},
		{Type: "text", Text: "able"},
	}}
	fmt.Println(n.Markdown())
	// Output: un<em>believ</em>able
}
