package adf_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/adf"
)

type shape struct {
	name string
	make func(n int) string
}

// shapes are documents of size n, each the worst of its kind.
var shapes = []shape{
	{"nested panels", func(n int) string { return nestOf(`{"type":"panel","content":[`, n/40) }},
	{"nested lists", func(n int) string {
		return nestOf(`{"type":"bulletList","content":[{"type":"listItem","content":[`, n/80)
	}},
	{"nested unknown nodes", func(n int) string { return nestOf(`{"type":"new","content":["a",`, n/40) }},
	{"nested tables", func(n int) string {
		return nestOf(`{"type":"table","content":[{"type":"tableRow","content":[{"type":"tableCell","attrs":{"rowspan":2},"content":[`, n/120)
	}},
	{"nested paragraphs", func(n int) string { return nestOf(`{"type":"paragraph","content":["a",`, n/40) }},
	{"runs", func(n int) string {
		return list("paragraph", `{"type":"text","text":"a","marks":[{"type":"strong"}]}`, n)
	}},
	{"links", func(n int) string {
		return list("paragraph", `{"type":"text","text":"a","marks":[{"type":"link","attrs":{"href":"u"}}]}`, n)
	}},
	{"blocks in a paragraph", func(n int) string { return list("paragraph", `{"type":"paragraph","content":[" "]}`, n) }},
	{"blank paragraphs", func(n int) string { return list("doc", `{"type":"paragraph","content":[" \n\n "]}`, n) }},
	{"breaks", func(n int) string { return list("paragraph", `{"type":"hardBreak"}," "`, n) }},
	{"items", func(n int) string {
		return list("bulletList", `{"type":"listItem","content":["a"]},{"type":"bulletList"}`, n)
	}},
	{"orphans", func(n int) string { return list("doc", `{"type":"listItem"},{"type":"tableRow"}`, n) }},
	{"square table", func(n int) string {
		row := list("tableRow", `{"type":"tableCell","content":["a"]}`, 3000)
		return list("table", row, n)
	}},
	{"wide spans", func(n int) string {
		return list("table", list("tableRow", `{"type":"tableCell","attrs":{"colspan":99,"rowspan":99},"content":["a"]}`, 500), n)
	}},
	{"long spans under short rows", func(n int) string {
		first := list("tableRow", `{"type":"tableCell","attrs":{"rowspan":1e9},"content":["a"]}`, n/2)
		return `{"type":"table","content":[` + first + `,` + strings.Repeat(`{"type":"tableRow","content":["b"]},`, n/80) + `"c"]}`
	}},
	{"wiki text", func(n int) string { return `"` + strings.Repeat(`\r\n`, n/8) + `"` }},
	{"one long line", func(n int) string { return `["` + strings.Repeat(`\u00e9 `, n/7) + `"]` }},
	{"attrs", func(n int) string {
		return `{"type":"inlineCard","attrs":{` + strings.Repeat(`"url":"u",`, n/10) + `"url":"https://e.co"}}`
	}},
	{"groups", func(n int) string {
		return list("paragraph", `{"type":"text","text":"(a)","marks":[{"type":"strong"},{"type":"em"},{"type":"link","attrs":{"href":"u"}}]},`+
			`{"type":"text","text":" ","marks":[{"type":"strong"},{"type":"strike"}]},{"type":"text","text":"b","marks":[{"type":"em"}]}`, n)
	}},
	{"a mark for each text more", func(n int) string {
		return list("paragraph", `{"type":"text","text":"a","marks":[{"type":"strong"}]},{"type":"text","text":"b","marks":[{"type":"strong"},{"type":"em"}]}`, n)
	}},
	{"lines of a link", func(n int) string {
		return `{"type":"text","text":"` + strings.Repeat(`a\n`, n/8) + `","marks":[{"type":"link","attrs":{"href":"` + strings.Repeat("h", n/2) + `"}}]}`
	}},
	{"signs", func(n int) string { return `["` + strings.Repeat(`_*&<!`, n/5) + `"]` }},
	{"underscores", func(n int) string { return `["` + strings.Repeat(`_`, n) + `"]` }},
	{"ampersands", func(n int) string { return `["` + strings.Repeat(`&a`, n/2) + `"]` }},
	{"URLs in one", func(n int) string { return `["` + strings.Repeat(`https://\\`, n/10) + `"]` }},
	{"URLs in one, without a scheme", func(n int) string { return `["` + strings.Repeat(`www._`, n/5) + `"]` }},
	{"emoji of URLs", func(n int) string {
		return list("paragraph", `{"type":"text","text":"(a)","marks":[{"type":"em"}]},{"type":"emoji","attrs":{"text":"https://a_"}}`, n)
	}},
	{"parentheses", func(n int) string {
		return `{"type":"inlineCard","attrs":{"url":"u:` + strings.Repeat(`(`, n/2) + strings.Repeat(`)`, n/3) + `"}}`
	}},
	{"parentheses after a URL", func(n int) string { return `["https://a_` + strings.Repeat(`)`, n) + `"]` }},
	{"pipes in nested tables", func(n int) string {
		return nestOf(`{"type":"table","content":[{"type":"tableRow","content":[{"type":"tableCell","content":["|",`, n/120)
	}},
	{"parameters", func(n int) string {
		return `{"type":"inlineCard","attrs":{"url":"https://e.co?` + strings.Repeat(`key=1&`, n/6) + `"}}`
	}},
}

func nestOf(open string, n int) string {
	var closing strings.Builder
	for i := len(open) - 1; i >= 0; i-- {
		switch open[i] {
		case '[':
			closing.WriteByte(']')
		case '{':
			if strings.Count(open[i:], "{") > strings.Count(open[i:], "}") {
				closing.WriteByte('}')
			}
		}
	}
	return strings.Repeat(open, n) + `"a"` + strings.Repeat(closing.String(), n)
}

func list(typ, child string, n int) string {
	return `{"type":"` + typ + `","content":[` + strings.Repeat(child+",", n/len(child)) + `"a"]}`
}

// TestLinear doubles documents: neither the nodes visited, nor the memory
// used, nor the text may grow by much more.
func TestLinear(t *testing.T) {
	const size = 60_000
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			checkLinear(t, size, func(n int) cost { return costOf(t, shape.make(n), adf.PlainText, adf.Steps) })
		})
		t.Run(shape.name+", Markdown", func(t *testing.T) {
			checkLinear(t, size, func(n int) cost { return costOf(t, shape.make(n), adf.Markdown, adf.MarkdownSteps) })
		})
	}
}

func checkLinear(t *testing.T, size int, costOf func(size int) cost) {
	once, twice := costOf(size), costOf(2*size)
	if twice.steps > 2*once.steps+1000 {
		t.Errorf("visited %d nodes, and %d for twice the document", once.steps, twice.steps)
	}
	// Slabs double as they fill: four times the document tells that from worse.
	if half := costOf(size / 2); twice.memory > 8*half.memory+1<<16 {
		t.Errorf("allocated %d bytes, and %d for four times the document", half.memory, twice.memory)
	}
	if twice.text > 2*once.text+1000 {
		t.Errorf("printed %d bytes, and %d for twice the document", once.text, twice.text)
	}
	const indentation = 3 * 256 * 256 * 4 // of nests; no shape has more
	if twice.text > 16*2*size+indentation || twice.steps > size {
		t.Errorf("visited %d nodes and printed %d bytes", twice.steps, twice.text)
	}
}

type cost struct{ steps, text, memory int }

func costOf(t *testing.T, data string, convert func([]byte) (string, error), steps func(*adf.Node) int) cost {
	t.Helper()
	n, err := adf.Parse([]byte(data))
	require.NoError(t, err)
	runtime.GC()
	runtime.GC() // no memory of the last document is left to be used again
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	text, err := convert([]byte(data))
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	return cost{steps: steps(n), text: len(text), memory: int(after.TotalAlloc - before.TotalAlloc)}
}
