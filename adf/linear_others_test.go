package adf_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/adf"
)

// others is what reads or writes a whole document besides the converters. Each
// returns how much it made.
var others = []struct {
	name string
	run  func(data []byte) (made int, err error)
}{
	{"Parse", func(data []byte) (int, error) {
		_, err := adf.Parse(data)
		return 0, err
	}},
	{"MarshalJSON", func(data []byte) (int, error) {
		n, err := adf.Parse(data)
		if err != nil {
			return 0, err
		}
		text, err := n.MarshalJSON()
		return len(text), err
	}},
	{"extraction", func(data []byte) (int, error) {
		n, err := adf.Parse(data)
		return len(n.Links()) + len(n.Mentions()) + len(n.Media()) + len(n.Dates()), err
	}},
	{"Validate", func(data []byte) (int, error) {
		problems, err := adf.Validate(data)
		return len(problems), err
	}},
}

// TestOthersAreLinear is TestLinear for what prints no text.
func TestOthersAreLinear(t *testing.T) {
	const size = 60_000
	for _, other := range others {
		for _, shape := range append(shapes, wideShapes...) {
			t.Run(other.name+", "+shape.name, func(t *testing.T) {
				checkLinear(t, size, func(n int) cost { return otherCost(t, shape.make(n), other.run) })
			})
		}
	}
}

// TestLarge takes documents of 200,000 texts and of 3 MB. What compares each
// node with each takes minutes here.
func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("long documents")
	}
	for i, shape := range wideShapes {
		size := 3_000_000
		if i == 0 {
			size = 200_000 * len(oneRun)
		}
		data := []byte(shape.make(size))
		for _, other := range others {
			t.Run(other.name+", "+shape.name, func(t *testing.T) {
				_, err := other.run(data)
				require.NoError(t, err)
			})
		}
	}
}

const oneRun = `{"type":"text","text":"a","marks":[{"type":"strong"},{"type":"em"}]}`

// wideShapes are documents that keep to the schema, but for their last child.
var wideShapes = []shape{
	{"valid runs", func(n int) string { return list("paragraph", oneRun, n) }},
	{"links, mentions, media and dates", func(n int) string {
		return list("paragraph", `{"type":"text","text":"a","marks":[{"type":"link","attrs":{"href":"https://e.co/?token=1"}}]},`+
			`{"type":"mention","attrs":{"id":"1","text":"@Ada"}},{"type":"mediaInline","attrs":{"id":"1","collection":"c"}},`+
			`{"type":"date","attrs":{"timestamp":"0"}},{"type":"inlineCard","attrs":{"url":"https://e.co"}}`, n)
	}},
	{"wide row", func(n int) string {
		const cell = `{"type":"tableCell","attrs":{},"content":[{"type":"paragraph","content":[{"type":"text","text":"a"}]}]}`
		return `{"type":"table","content":[` + list("tableRow", cell, n) + `]}`
	}},
	{"attributes", func(n int) string {
		return list("doc", `{"type":"panel","attrs":{"panelType":"info","a":1,"b":[1,2],"c":{"d":{}}},"content":[]}`, n)
	}},
}

func otherCost(t *testing.T, data string, run func([]byte) (int, error)) cost {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	made, err := run([]byte(data))
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	return cost{text: made, memory: int(after.TotalAlloc - before.TotalAlloc)}
}
