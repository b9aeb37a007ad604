package adf_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/adf"
)

// sample is a document that shows what one type of node or mark becomes.
type sample struct {
	of   string // the type
	note string // what of its attrs matters
	json string // the blocks of the document
}

// inline is a sample of nodes in a paragraph.
func inline(of, note string, nodes ...string) sample {
	return sample{of, note, block("paragraph", "", nodes...)}
}

// marked is a sample of a mark of a text.
func marked(of, note, attrs, text string) sample {
	return inline(of, note, textOf(text, markOf(of, attrs)))
}

// block is a node with children; attrs are the members of an object.
func block(typ, attrs string, content ...string) string {
	node := fmt.Sprintf(`{"type":%q,"content":[%s]`, typ, strings.Join(content, ","))
	if attrs != "" {
		node += `,"attrs":{` + attrs + `}`
	}
	return node + `}`
}

// leaf is a node without children.
func leaf(typ, attrs string) string { return fmt.Sprintf(`{"type":%q,"attrs":{%s}}`, typ, attrs) }

func markOf(typ, attrs string) string {
	if attrs == "" {
		return fmt.Sprintf(`{"type":%q}`, typ)
	}
	return leaf(typ, attrs)
}

func textOf(text string, marks ...string) string {
	if len(marks) == 0 {
		return fmt.Sprintf(`{"type":"text","text":%q}`, text)
	}
	return fmt.Sprintf(`{"type":"text","text":%q,"marks":[%s]}`, text, strings.Join(marks, ","))
}

func para(text string) string { return block("paragraph", "", textOf(text)) }

// withMark puts a mark on the node that a text begins with.
func withMark(node, mark string) string { return `{"marks":[` + mark + `],` + node[1:] }

const (
	localID  = `"localId":"1"`
	file     = `"type":"file","id":"6e7c","collection":"","alt":"a.png"`
	picture  = `"type":"external","url":"https://e.co/b.png","alt":"b"`
	appAttrs = `"extensionType":"com.acme","extensionKey":"chart"`
)

func itemsOf(typ string, items ...string) string {
	for i, item := range items {
		items[i] = block("listItem", "", para(item))
	}
	return block(typ, "", items...)
}

func task(state, text string) string {
	return block("taskItem", localID+`,"state":"`+state+`"`, textOf(text))
}

func row(cells ...string) string { return block("tableRow", "", cells...) }

func cell(typ, attrs, text string) string { return block(typ, attrs, para(text)) }

var nodeSamples = []sample{
	{"doc", "", para("One.") + "," + para("Two.")},
	{"paragraph", "", para("2 * 3 = 6")},
	inline("text", "", textOf("my_var is *not* [set]")),
	inline("hardBreak", "", textOf("one"), `{"type":"hardBreak"}`, textOf("two")),
	{"heading", "level 2", block("heading", `"level":2`, textOf("Steps"))},
	{"bulletList", "", itemsOf("bulletList", "a", "b")},
	{"orderedList", "order 3", strings.Replace(itemsOf("orderedList", "a", "b"), "{", `{"attrs":{"order":3},`, 1)},
	{"listItem", "two blocks", block("bulletList", "", block("listItem", "", para("a"), itemsOf("bulletList", "b")))},
	{"taskList", "", block("taskList", localID, task("TODO", "a"), block("taskList", localID, task("TODO", "b")))},
	{"taskItem", "DONE", block("taskList", localID, task("DONE", "a"))},
	{"blockTaskItem", "TODO", block("taskList", localID, block("blockTaskItem", localID+`,"state":"TODO"`, para("a")))},
	{"decisionList", "", block("decisionList", localID, block("decisionItem", localID+`,"state":"DECIDED"`, textOf("Use Go")))},
	{"decisionItem", "UNDECIDED", block("decisionList", localID, block("decisionItem", localID+`,"state":"UNDECIDED"`, textOf("When")))},
	{"codeBlock", "language go", block("codeBlock", `"language":"go"`, textOf("x := 1"))},
	{"blockquote", "", block("blockquote", "", para("a"), para("b"))},
	{"panel", "info", block("panel", `"panelType":"info"`, para("a"))},
	{"panel", "note", block("panel", `"panelType":"note"`, para("a"))},
	{"panel", "tip", block("panel", `"panelType":"tip"`, para("a"))},
	{"panel", "success", block("panel", `"panelType":"success"`, para("a"))},
	{"panel", "warning", block("panel", `"panelType":"warning"`, para("a"))},
	{"panel", "error", block("panel", `"panelType":"error"`, para("a"))},
	{"panel", "custom", block("panel", `"panelType":"custom"`, para("a"))},
	{"rule", "", `{"type":"rule"}`},
	{"bodiedRule", "", block("bodiedRule", localID, para("a"))},
	{"table", "", block("table", "", row(cell("tableCell", "", "a"), cell("tableCell", "", "b")))},
	{"tableRow", "two rows", block("table", "", row(cell("tableHeader", "", "A")), row(cell("tableCell", "", "a")))},
	{"tableHeader", "", block("table", "", row(cell("tableHeader", "", "A"), cell("tableHeader", "", "B")))},
	{"tableCell", "two blocks", block("table", "", row(block("tableCell", "", para("a | b"), para("c"))))},
	{"expand", "title", block("expand", `"title":"More"`, para("a"))},
	{"nestedExpand", "", block("expand", "", block("nestedExpand", `"title":"More"`, para("a")))},
	{"layoutSection", "", block("layoutSection", "", block("layoutColumn", `"width":50`, para("a")), block("layoutColumn", `"width":50`, para("b")))},
	{"layoutColumn", "", block("layoutSection", "", block("layoutColumn", `"width":50`, itemsOf("bulletList", "a")), block("layoutColumn", `"width":50`, para("b")))},
	{"mediaSingle", "", block("mediaSingle", `"layout":"center"`, leaf("media", picture))},
	{"media", "file", block("mediaSingle", `"layout":"center"`, leaf("media", file))},
	{"mediaGroup", "", block("mediaGroup", "", leaf("media", file), leaf("media", file))},
	inline("mediaInline", "", textOf("see"), leaf("mediaInline", file)),
	{"caption", "", block("mediaSingle", `"layout":"center"`, leaf("media", file), block("caption", "", textOf("The fire")))},
	inline("inlineCard", "url", leaf("inlineCard", `"url":"https://e.co/?id=7&token=abc"`)),
	{"blockCard", "data", leaf("blockCard", `"data":{"@id":"https://e.co/","name":"Plan"}`)},
	{"blockCard", "datasource", leaf("blockCard", `"datasource":{"id":"1","parameters":{"jql":"project = A"},"views":[{"type":"table"}]}`)},
	{"embedCard", "", leaf("embedCard", `"url":"https://e.co/","layout":"center"`)},
	inline("mention", "", textOf("ask"), leaf("mention", `"id":"5b10","text":"@Ada"`)),
	inline("emoji", "", leaf("emoji", `"shortName":":tada:","text":"🎉"`)),
	inline("emoji", "no text", leaf("emoji", `"shortName":":acme:"`)),
	inline("date", "", leaf("date", `"timestamp":"1717200000000"`)),
	inline("status", "", leaf("status", `"text":"In Progress","color":"blue"`)),
	inline("placeholder", "", leaf("placeholder", `"text":"Type here"`)),
	{"extension", "text", leaf("extension", appAttrs+`,"text":"a chart"`)},
	inline("inlineExtension", "text", leaf("inlineExtension", appAttrs+`,"text":"a chart"`)),
	{"bodiedExtension", "", block("bodiedExtension", appAttrs, para("a"))},
	{"multiBodiedExtension", "", block("multiBodiedExtension", appAttrs, block("extensionFrame", "", para("a")), block("extensionFrame", "", para("b")))},
	{"extensionFrame", "", block("multiBodiedExtension", appAttrs, block("extensionFrame", "", para("a"), para("b")))},
	{"syncBlock", "", leaf("syncBlock", `"resourceId":"1",`+localID)},
	{"bodiedSyncBlock", "", block("bodiedSyncBlock", `"resourceId":"1",`+localID, para("a"))},
}

var markSamples = []sample{
	marked("strong", "", "", "a"),
	marked("em", "", "", "a"),
	inline("em", "in a word", textOf("un"), textOf("believ", markOf("em", "")), textOf("able")),
	marked("strike", "", "", "a"),
	marked("code", "", "", "a_b | `c`"),
	marked("subsup", "sub", `"type":"sub"`, "2"),
	marked("subsup", "sup", `"type":"sup"`, "2"),
	marked("link", "", `"href":"https://e.co/d?token=abc"`, "docs"),
	marked("link", "same text", `"href":"https://e.co/d"`, "https://e.co/d"),
	marked("link", "a script", `"href":"javascript:alert(1)"`, "run"),
	marked("underline", "", "", "a"),
	marked("textColor", "", `"color":"#ff0000"`, "a"),
	marked("backgroundColor", "", `"color":"#ff0000"`, "a"),
	marked("annotation", "", `"id":"1","annotationType":"inlineComment"`, "a"),
	{"fontSize", "", withMark(para("a"), leaf("fontSize", `"fontSize":"small"`))},
	{"alignment", "", withMark(para("a"), leaf("alignment", `"align":"end"`))},
	{"indentation", "", withMark(para("a"), leaf("indentation", `"level":1`))},
	{"breakout", "", withMark(block("codeBlock", "", textOf("a")), leaf("breakout", `"mode":"wide"`))},
	{"border", "", block("mediaSingle", `"layout":"center"`, withMark(leaf("media", file), leaf("border", `"size":2,"color":"#ff0000"`)))},
	{"dataConsumer", "", withMark(leaf("extension", appAttrs+`,"text":"a chart"`), leaf("dataConsumer", `"sources":["1"]`))},
	{"fragment", "", withMark(block("table", "", row(cell("tableCell", "", "a"))), leaf("fragment", localID))},
}

// Every type of the schema has a sample, and a sample is what it says.
func TestSamples(t *testing.T) {
	released := adf.SchemaNodes(false)
	var nodes, marks []string
	for _, s := range nodeSamples {
		nodes = append(nodes, s.of)
		s.check(t, slices.Contains(released, s.of))
	}
	for _, s := range markSamples {
		marks = append(marks, s.of)
		s.check(t, true)
	}
	require.Equal(t, distinct(adf.SchemaNodes(true)), distinct(nodes), "node types of the schema; those with a sample")
	require.Equal(t, distinct(adf.SchemaMarks()), distinct(marks), "marks of the schema; those with a sample")
}

func distinct(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

func (s sample) document() []byte {
	return []byte(`{"type":"doc","version":1,"content":[` + s.json + `]}`)
}

// check holds a sample to the schema, and looks for the type in it.
func (s sample) check(t *testing.T, released bool) {
	t.Helper()
	problems, err := adf.ValidateOptions{Stage0: !released}.Validate(s.document())
	require.NoError(t, err, s.json)
	require.Empty(t, problems, "%s: %s", s.of, s.json)
	require.Contains(t, string(s.document()), fmt.Sprintf(`"type":%q`, s.of))
}

const nodesFile = "doc_nodes.go"

// TestNodesDocument holds the tables in the package comment against what the
// package prints; with -update it writes them.
func TestNodesDocument(t *testing.T) {
	want := nodesDocument(t)
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.WriteFile(nodesFile, []byte(want), 0o644))
		return
	}
	present, err := os.ReadFile(nodesFile)
	require.NoError(t, err)
	if diff := gocmp.Diff(want, string(present)); diff != "" {
		t.Errorf("%s is out of date, run go test ./adf -update (-want +got):\n%s", nodesFile, diff)
	}
}

func nodesDocument(t *testing.T) string {
	released, all := adf.SchemaNodes(false), adf.SchemaNodes(true)
	var b strings.Builder
	fmt.Fprintf(&b, `// Code generated by go test ./adf -update; DO NOT EDIT.

// # Every node and mark
//
// The schema has %d node types and %d marks. What a small document around each
// becomes; ⏎ is a line break, %d types that are on trial (stage 0) have a star:
//
`, len(released), len(adf.SchemaMarks()), len(all)-len(released))
	star := func(of string) string {
		if slices.Contains(released, of) {
			return of
		}
		return of + "*"
	}
	writeTable(t, &b, "node", nodeSamples, star)
	b.WriteString("//\n// And what marks do:\n//\n")
	writeTable(t, &b, "mark", markSamples, func(of string) string { return of })
	b.WriteString("package adf\n")
	return b.String()
}

// writeTable writes a line for each sample as preformatted text of a comment.
func writeTable(t *testing.T, b *strings.Builder, head string, samples []sample, name func(string) string) {
	rows := [][]string{{head, "plain text", "Markdown"}}
	for _, s := range samples {
		text, err := adf.PlainText(s.document())
		require.NoError(t, err)
		markdown, err := adf.Markdown(s.document())
		require.NoError(t, err)
		show := func(text string) string {
			return cmp.Or(strings.ReplaceAll(text, "\n", "⏎"), "(nothing)")
		}
		rows = append(rows, []string{strings.TrimSpace(name(s.of) + " " + s.note), show(text), show(markdown)})
	}
	var width [2]int
	for _, row := range rows {
		for i := range width {
			width[i] = max(width[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range rows {
		b.WriteString("//\t")
		for i, w := range width {
			b.WriteString(row[i] + strings.Repeat(" ", w-utf8.RuneCountInString(row[i])+2))
		}
		b.WriteString(row[2] + "\n")
	}
}
