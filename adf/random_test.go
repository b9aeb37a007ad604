package adf_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// types are the types that random documents use, anywhere.
var types = []string{"paragraph", "paragraph", "heading", "text", "text", "text", "text", "hardBreak",
	"bulletList", "orderedList", "listItem", "listItem", "taskList", "taskItem", "blockTaskItem",
	"decisionList", "decisionItem", "codeBlock", "blockquote", "panel", "rule", "bodiedRule",
	"table", "tableRow", "tableRow", "tableHeader", "tableCell", "tableCell", "expand", "nestedExpand",
	"layoutSection", "layoutColumn", "mediaSingle", "mediaGroup", "media", "mediaInline", "caption",
	"blockCard", "embedCard", "inlineCard", "mention", "emoji", "date", "status", "placeholder",
	"extension", "inlineExtension", "bodiedExtension", "syncBlock", "bodiedSyncBlock",
	"multiBodiedExtension", "extensionFrame", "new", "doc", ""}

// generator makes documents that break the schema as often as they can. Each
// text is another word.
type generator struct {
	*rand.Rand
	words int
}

func (g *generator) pick(list ...any) any { return list[g.IntN(len(list))] }

func (g *generator) node(depth int) map[string]any {
	typ := types[g.IntN(len(types))]
	n := map[string]any{"type": typ}
	if g.IntN(3) == 0 {
		n["attrs"] = g.attrs()
	}
	if typ == "text" || typ == "new" {
		n["text"] = g.text()
	}
	if g.IntN(6) == 0 {
		n["marks"] = g.pick([]any{map[string]any{"type": "code"}}, []any{"x", map[string]any{"type": "strong"}}, 5)
	}
	if depth > 0 && g.IntN(4) > 0 {
		n["content"] = g.content(depth - 1)
	}
	return n
}

func (g *generator) text() any {
	g.words++
	word := fmt.Sprintf("w%dw", g.words)
	return g.pick(word, word, word+" ", " "+word, word+"\n", "\r\n"+word, " ", "", "\u00a0"+word)
}

func (g *generator) attrs() any {
	return g.pick(5, "x", nil, map[string]any{
		"text": g.pick("T", " ", 5, "@a\nb"), "title": g.pick("T", "", nil), "url": g.pick("https://e.co", " "),
		"alt": g.pick("N", ""), "timestamp": g.pick("0", 5e12, "x"), "order": g.pick(0, 7, -1, "12", 1e10),
		"colspan": g.pick(1, 2, 3, 1e9, -4), "rowspan": g.pick(1, 2, 5, 1e9), "state": g.pick("DONE", "TODO"),
		"panelType": g.pick("info", "x"), "shortName": ":x:",
	})
}

func (g *generator) content(depth int) []any {
	list := []any{}
	for range g.IntN(5) {
		switch g.IntN(12) {
		case 0:
			list = append(list, g.pick(g.text(), 5, nil, true))
		case 1:
			list = append(list, g.content(max(depth-1, 0)))
		default:
			list = append(list, g.node(depth))
		}
	}
	return list
}

// TestRandomDocuments holds the properties that checkDocument and checkMarkdown
// name on documents of all types in all places.
func TestRandomDocuments(t *testing.T) {
	for seed := range uint64(3000) {
		g := generator{Rand: rand.New(rand.NewPCG(seed, 1))}
		data, err := json.Marshal(g.node(8))
		require.NoError(t, err)
		checkDocument(t, data)
		if checkMarkdown(t, data); t.Failed() {
			t.Fatalf("seed %d: %s", seed, data)
		}
	}
}
