package jiratest

import (
	"encoding/json"
	"strings"
)

// textDocument makes an ADF document of plain text: blank lines separate
// paragraphs, single line ends become hard breaks.
//
// Source: developer.atlassian.com, "Atlassian Document Format".
func textDocument(s string) json.RawMessage {
	content := []any{}
	for _, paragraph := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n\n") {
		var inline []any
		for i, line := range strings.Split(paragraph, "\n") {
			if i > 0 {
				inline = append(inline, object{"type": "hardBreak"})
			}
			if line != "" {
				inline = append(inline, object{"type": "text", "text": line})
			}
		}
		node := object{"type": "paragraph"}
		if inline != nil {
			node["content"] = inline
		}
		content = append(content, node)
	}
	return encode(object{"type": "doc", "version": 1, "content": content})
}

// wikiText renders a document as the wiki text that v2 of the API and webhooks
// carry. It knows the common nodes and writes the text of all others.
//
// guessed: the exact marks of the rarer nodes; receivers must not parse them.
func wikiText(v any) string {
	raw, _ := v.(json.RawMessage)
	var document any
	if json.Unmarshal(raw, &document) != nil {
		return ""
	}
	var b strings.Builder
	wikiNode(&b, document, "", 0)
	return strings.TrimRight(b.String(), "\n")
}

// maxDepth bounds the recursion through documents that tests supply.
const maxDepth = 200

func wikiNode(b *strings.Builder, node any, bullet string, depth int) {
	n, isNode := node.(map[string]any)
	if !isNode || depth > maxDepth {
		return
	}
	typ, _ := n["type"].(string)
	attrs, _ := n["attrs"].(map[string]any)
	switch typ {
	case "text":
		b.WriteString(wikiMarks(n))
	case "hardBreak":
		b.WriteString("\n")
	case "mention":
		b.WriteString("[~accountid:" + attribute(attrs, "id") + "]")
	case "inlineCard", "blockCard", "embedCard":
		b.WriteString("[" + attribute(attrs, "url") + "]")
	case "emoji":
		b.WriteString(attribute(attrs, "shortName"))
	case "heading":
		b.WriteString("h1. ")
	case "codeBlock":
		b.WriteString("{noformat}")
	case "bulletList":
		bullet += "*"
	case "orderedList":
		bullet += "#"
	case "listItem":
		b.WriteString(bullet + " ")
	case "tableHeader":
		b.WriteString("||")
	case "tableCell":
		b.WriteString("|")
	}
	content, _ := n["content"].([]any)
	for _, child := range content {
		wikiNode(b, child, bullet, depth+1)
	}
	switch typ {
	case "codeBlock":
		b.WriteString("{noformat}\n")
	case "paragraph", "heading", "tableRow", "blockCard":
		b.WriteString("\n")
	}
}

// wikiMarks writes a text node with the marks that wiki text has.
func wikiMarks(n map[string]any) string {
	text, _ := n["text"].(string)
	marks, _ := n["marks"].([]any)
	for _, mark := range marks {
		m, _ := mark.(map[string]any)
		attrs, _ := m["attrs"].(map[string]any)
		switch m["type"] {
		case "strong":
			text = "*" + text + "*"
		case "em":
			text = "_" + text + "_"
		case "code":
			text = "{{" + text + "}}"
		case "link":
			text = "[" + text + "|" + attribute(attrs, "href") + "]"
		}
	}
	return text
}

func attribute(attrs map[string]any, name string) string {
	s, _ := attrs[name].(string)
	return s
}
