package adf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/adf"
)

// What MarshalJSON must give back of a document that nobody changed: the bytes
// of it, whatever they are.
func TestEncodeGivesTheSameBytes(t *testing.T) {
	for _, data := range []string{
		`null`, `true`, `-1.50e+3`, `""`, `"h1. a\r\n\u0000\ud800"`, `[]`, `{}`, `{ }`, "[ 5 , null ]", "{ \n }",
		`{"version":1,"type":"doc","content":[]}`,
		`{"type":"doc","version":1.0,"content":[ {"type":"paragraph"} , 5, "caf\u00e9\r\n", [ ["x", {}], null ], [] ],"y":{"z":[1]}}`,
		`{"type":5,"text":{},"attrs":[],"marks":"x","content":7}`,
		`{"type":"a","type":"text","text":"a","text":"b","content":[{"content":[1]}],"content":["x"],"content":3}`,
		`{"type":"text","text":"a","marks":[{"type":"link","x":1,"attrs":{"href":"u"}},"y",{"type":null}, {}]}`,
		`{"\u0074ype":"\u0064oc","content":null}`,
		`{"content":[{"content":[]}],"content":[{"content":[]}]}`,
		`["a","a",["a"],{"type":"text","text":"a"}]`,
	} {
		checkEncode(t, []byte(data))
	}
	n, err := adf.Parse(nil)
	require.NoError(t, err)
	require.Equal(t, "null", encode(t, n))
	require.Equal(t, "null", encode(t, nil))
}

func TestEncodeFixtures(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "shared", "fixtures", "adf", "*.json"))
	require.NoError(t, err)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		checkEncode(t, data)
	}
}

func FuzzEncode(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) { checkEncode(t, data) })
}

// checkEncode fails unless a document survives Parse and MarshalJSON, as it
// stands and as its fields alone.
func checkEncode(t *testing.T, data []byte) {
	t.Helper()
	n, err := adf.Parse(data)
	if err != nil || data == nil {
		return
	}
	if got := encode(t, n); got != strings.Trim(string(data), " \t\r\n") {
		t.Errorf("MarshalJSON(Parse(%q)) = %q", data, got)
	}
	if n.Type == "" && n.Content == nil {
		return // null, a number and {} have the same fields
	}
	again, err := adf.Parse([]byte(encode(t, withoutSource(n))))
	if err != nil {
		t.Fatalf("the fields of %q encode to no document: %v", data, err)
	}
	checkSame(t, again, n)
}

func encode(t *testing.T, n *adf.Node) string {
	t.Helper()
	data, err := n.MarshalJSON()
	require.NoError(t, err)
	return string(data)
}

// withoutSource returns a tree that holds only the fields of another.
func withoutSource(n *adf.Node) *adf.Node {
	m := &adf.Node{Type: n.Type, Text: n.Text, Attrs: n.Attrs, Marks: n.Marks}
	if n.Content != nil {
		m.Content = []*adf.Node{}
	}
	for _, kid := range n.Content {
		m.Content = append(m.Content, withoutSource(kid))
	}
	return m
}

func checkSame(t *testing.T, got, want *adf.Node) {
	t.Helper()
	if sameTree(got, want) {
		return // cmp takes its time
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(adf.Node{})); diff != "" {
		t.Errorf("encoded and parsed again (-want +got):\n%s", diff)
	}
}

func sameTree(a, b *adf.Node) bool {
	return a.Type == b.Type && a.Text == b.Text && a.Attrs == b.Attrs &&
		(a.Marks == nil) == (b.Marks == nil) && slices.Equal(a.Marks, b.Marks) &&
		(a.Content == nil) == (b.Content == nil) && slices.EqualFunc(a.Content, b.Content, sameTree)
}

// Each change is made to a document of which all else must stay as it stands.
func TestEncodeChanges(t *testing.T) {
	const doc = `{ "version":1, "type":"doc", "content":[ {"type":"paragraph", "x":1, "content":["a", 5, {"type":"text","text":"b\u0062","marks":[{"type":"strong","y":2}]}] }, {"type":"rule", "type":"rule"} ] }`
	tests := []struct {
		name         string
		change       func(n *adf.Node)
		before, want string // what of doc becomes what
	}{
		{"type", func(n *adf.Node) { n.Content[0].Type = "heading" }, `"paragraph"`, `"heading"`},
		{"text", func(n *adf.Node) { n.Content[0].Content[1].Text = "c\"\x01\n" }, `"b\u0062"`, `"c\"\u0001\n"`},
		{"no text", func(n *adf.Node) { n.Content[0].Content[1].Text = "" }, `,"text":"b\u0062"`, ``},
		{"attrs", func(n *adf.Node) { n.Content[0].Attrs = `{"a": 1e0}` }, `] }, {`, `] ,"attrs":{"a": 1e0}}, {`},
		{"new text of a string", func(n *adf.Node) { n.Content[0].Content[0].Text = "z" }, `"a"`, `{"type":"text","text":"z"}`},
		{"mark added", func(n *adf.Node) {
			b := n.Content[0].Content[1]
			b.Marks = append(b.Marks, adf.Mark{Type: "link", Attrs: `{"href":"u"}`})
		}, `"y":2}]`, `"y":2},{"type":"link","attrs":{"href":"u"}}]`},
		{"no marks", func(n *adf.Node) { n.Content[0].Content[1].Marks = nil }, `,"marks":[{"type":"strong","y":2}]`, ``},
		{"child removed", func(n *adf.Node) { n.Content = n.Content[1:] },
			doc[strings.Index(doc, `[ {`):strings.LastIndex(doc, `, {"type":"rule"`)+2] + `{"type":"rule", "type":"rule"} ]`, `[{"type":"rule", "type":"rule"}]`},
		{"children swapped", func(n *adf.Node) {
			p := n.Content[0]
			p.Content[0], p.Content[1] = p.Content[1], p.Content[0]
		}, `["a", 5, {"type":"text","text":"b\u0062","marks":[{"type":"strong","y":2}]}]`,
			`[{"type":"text","text":"b\u0062","marks":[{"type":"strong","y":2}]},"a"]`},
		{"child added", func(n *adf.Node) {
			r := n.Content[1]
			r.Content = []*adf.Node{nil, {Type: "new", Marks: []adf.Mark{}}}
		}, `"type":"rule"}`, `"type":"rule","content":[{"type":"new","marks":[]}]}`},
		{"no type", func(n *adf.Node) { n.Content[1].Type = "" }, `"type":"rule", "type":"rule"`, ``},
		{"no content", func(n *adf.Node) { n.Content[0].Content = nil }, `, "content":["a", 5, {"type":"text","text":"b\u0062","marks":[{"type":"strong","y":2}]}] `, ``},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Contains(t, doc, test.before)
			n, err := adf.Parse([]byte(doc))
			require.NoError(t, err)
			test.change(n)
			if diff := cmp.Diff(strings.Replace(doc, test.before, test.want, 1), encode(t, n)); diff != "" {
				t.Errorf("MarshalJSON mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEncodeByHand(t *testing.T) {
	text := &adf.Node{Type: "text", Text: "a\xffb", Marks: []adf.Mark{{Type: "code"}}}
	tests := []struct {
		name string
		node *adf.Node
		want string
	}{
		{"nothing", &adf.Node{}, `{}`},
		{"doc", &adf.Node{Type: "doc", Content: []*adf.Node{}}, `{"type":"doc","version":1,"content":[]}`},
		{"text", text, `{"type":"text","text":"a` + "\ufffd" + `b","marks":[{"type":"code"}]}`},
		{"no type", &adf.Node{Attrs: `{}`, Content: []*adf.Node{nil}}, `{"attrs":{},"content":[]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, encode(t, test.node)) })
	}
}

func TestEncodeErrors(t *testing.T) {
	ring := &adf.Node{Type: "panel"}
	ring.Content = []*adf.Node{{Type: "text"}, ring, ring}
	for _, n := range []*adf.Node{
		ring,
		{Attrs: `x`}, {Attrs: `[]`}, {Attrs: `{"a":1`}, {Attrs: `{} {}`}, {Attrs: `null`},
		{Marks: []adf.Mark{{Attrs: `{"a"}`}}},
		{Content: []*adf.Node{{Content: []*adf.Node{{Attrs: ` `}}}}},
	} {
		if data, err := n.MarshalJSON(); err == nil {
			t.Errorf("MarshalJSON(%.100v) = %.100s, want an error", n, data)
		}
	}
}

// A document as deep as Parse reads can be written.
func TestEncodeDepth(t *testing.T) {
	for _, data := range []string{
		strings.Repeat(`{"content":[`, 5000) + `"a"` + strings.Repeat(`]}`, 5000),
		strings.Repeat(`[`, 10000) + `"a"` + strings.Repeat(`]`, 10000),
	} {
		n, err := adf.Parse([]byte(data))
		require.NoError(t, err)
		if encode(t, n) != data {
			t.Errorf("%.20s… is not the same again", data)
		}
	}
}

func TestNodeInAStruct(t *testing.T) {
	var comment struct{ Body, Other *adf.Node }
	require.NoError(t, json.Unmarshal([]byte(`{"Body": {"type":"doc","version":1,"content":["<a>"]}, "Other": null}`), &comment))
	require.Equal(t, "<a>", comment.Body.PlainText())
	data, err := json.Marshal(comment)
	require.NoError(t, err)
	require.Equal(t, `{"Body":{"type":"doc","version":1,"content":["\u003ca\u003e"]},"Other":null}`, string(data))
	require.Error(t, new(adf.Node).UnmarshalJSON([]byte(`{`)))
}

// noise writes values as JSON that no serializer makes: with white space,
// unknown members, equal names and escapes.
type noise struct {
	generator
	out bytes.Buffer
}

func (w *noise) space() { w.out.WriteString([]string{"", "", "", " ", "\n\t"}[w.IntN(5)]) }

func (w *noise) value(v any) {
	w.space()
	switch v := v.(type) {
	case map[string]any:
		w.out.WriteByte('{')
		sep := ""
		for name, member := range v { // in any order: a seed is no document here
			for range 1 + w.IntN(8)/7 {
				w.out.WriteString(sep)
				sep = ","
				w.value(name)
				w.out.WriteByte(':')
				w.value(member)
			}
			if w.IntN(6) == 0 {
				fmt.Fprintf(&w.out, `,"x":[1.0,{"type":"\u00e9","content":[{}]}]`)
			}
		}
		w.space()
		w.out.WriteByte('}')
	case []any:
		w.out.WriteByte('[')
		for i, element := range v {
			if i > 0 {
				w.out.WriteByte(',')
			}
			w.value(element)
		}
		w.space()
		w.out.WriteByte(']')
	default:
		data, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		w.out.Write(data)
	}
	w.space()
}

// change edits a few nodes of a tree as a program might.
func (w *noise) change(n *adf.Node) {
	if w.IntN(5) == 0 {
		switch w.IntN(7) {
		case 0:
			n.Type = "changed"
		case 1:
			n.Text = ""
		case 2:
			n.Attrs = `{"a": [1]}`
		case 3:
			n.Marks = append([]adf.Mark{{Type: "em"}}, n.Marks...)
		case 4:
			n.Content = append(n.Content, &adf.Node{Type: "new"})
		case 5:
			n.Attrs, n.Marks = "", nil
		case 6:
			n.Content = n.Content[len(n.Content)/2:]
		}
	}
	for _, kid := range n.Content {
		w.change(kid)
	}
}

func TestEncodeRandomDocuments(t *testing.T) {
	for seed := range uint64(1000) {
		w := noise{generator: generator{Rand: rand.New(rand.NewPCG(seed, 2))}}
		w.value(w.node(6))
		data := w.out.Bytes()
		checkEncode(t, data)
		n, err := adf.Parse(data)
		require.NoError(t, err)
		w.change(n)
		again, err := adf.Parse([]byte(encode(t, n)))
		require.NoError(t, err)
		if checkSame(t, again, n); t.Failed() {
			t.Fatalf("%s\nchanged to\n%s", data, encode(t, n))
		}
	}
}
