package adf_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/adf"
)

// The lessons of the system that this one replaces, by their number there.

func TestLesson211TargetsOfLinksAndCardsAreKept(t *testing.T) {
	checkText(t, `{"type":"inlineCard","attrs":{"url":"https://e.co/browse/A-1"}}`, "https://e.co/browse/A-1")
	checkText(t, `{"type":"doc","content":[{"type":"blockCard","attrs":{"data":{"url":"https://e.co/b"}}}]}`, "https://e.co/b")
	checkText(t, linked("docs", "https://e.co/d"), "docs (https://e.co/d)")
}

func TestLesson212SecretsInURLsAreRedactedAndTheURLStays(t *testing.T) {
	checkText(t, linked("unsubscribe", "https://e.co/u/5?jwt=eyJhbGciOi.x.y&list=7"),
		"unsubscribe (https://e.co/u/5?jwt=REDACTED&list=7)")
}

func TestLesson213LabelsAreComparedBeforeRedaction(t *testing.T) {
	checkText(t, linked("https://e.co/?token=abc", "https://e.co/?token=abc"), "https://e.co/?token=REDACTED")
	checkText(t, linked("e.co/?token=abc", "https://e.co/?token=abc"), "e.co/?token=REDACTED")
}

func TestLesson214OnlySecretsAreRedacted(t *testing.T) {
	checkText(t, linked("x", "https://e.co/?author=a&design=b&keyword=c&monkey=d&encode=e"),
		"x (https://e.co/?author=a&design=b&keyword=c&monkey=d&encode=e)")
	checkText(t, linked("the ?token=abc of a prose", "https://e.co"), "the ?token=abc of a prose (https://e.co)")
}

func TestLesson215GuessedSchemesLeaveTheWord(t *testing.T) {
	checkText(t, linked("SKILL.md", "http://SKILL.md"), "SKILL.md")
}

func TestLesson216EmptyFragmentsLeaveNoGap(t *testing.T) {
	checkText(t, `[{"type":"paragraph","content":["a","",{"type":"placeholder"},"b"]},
		{"type":"paragraph","content":[]}, {"type":"panel"}, {"type":"paragraph","content":["c  d"]}]`, "ab\n\nc  d")
	checkText(t, `{"type":"codeBlock","content":["if x {\n\n\treturn  1\n}"]}`, "if x {\n\n\treturn  1\n}")
}

func TestLesson217AttrsThatAreNoObjectAreSkipped(t *testing.T) {
	checkText(t, `{"type":"mediaGroup","content":[{"type":"media","attrs":"x"},{"type":"media","attrs":null},
		{"type":"media","attrs":{"alt":"a.png"}}]}`, "[media: a.png]")
}

func TestLesson218TextThatIsNoStringIsIgnored(t *testing.T) {
	checkText(t, `["a",{"type":"text","text":null},{"type":"text","text":5},{"type":"text"},"b"]`, "ab")
}

func linked(label, href string) string {
	return `{"type":"paragraph","content":[{"type":"text","text":"` + label +
		`","marks":[{"type":"link","attrs":{"href":"` + href + `"}}]}]}`
}

func checkText(t *testing.T, data, want string) {
	t.Helper()
	got, err := adf.PlainText([]byte(data))
	require.NoError(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("PlainText(%s) mismatch (-want +got):\n%s", data, diff)
	}
}

func TestKeepCredentials(t *testing.T) {
	n, err := adf.Parse([]byte(`[` + linked("x", "https://u:p@e.co/?token=abc") + `,
		{"type":"blockCard","attrs":{"url":"https://e.co/?sig=1"}}]`))
	require.NoError(t, err)
	require.Equal(t, "x (https://u:REDACTED@e.co/?token=REDACTED)\n\nhttps://e.co/?sig=REDACTED", n.PlainText())
	require.Equal(t, "x (https://u:p@e.co/?token=abc)\n\nhttps://e.co/?sig=1",
		adf.Options{KeepCredentials: true}.PlainText(n))
}

// nest returns depth quotes, one in the other, with children in the innermost.
func nest(depth int, children string) string {
	return strings.Repeat(`{"type":"blockquote","content":[`, depth) + children + strings.Repeat(`]}`, depth)
}

// Lists of children keep their structure down to depth 256; the list of a
// document's blocks has depth 1, of a list's elements depth 0.
func TestDepth(t *testing.T) {
	children := `{"type":"paragraph","content":[" a\n b ",{"type":"hardBreak","attrs":{"text":"\n"}},
		{"type":"mention","attrs":{"text":"@Ada"}}]},
		{"type":"new","text":"c","content":[{"type":"inlineCard"},"d"]}`
	asBlocks := func(quotes int) string {
		prefix := strings.Repeat("> ", quotes)
		return prefix + "a\n" + prefix + "b\n" + prefix + "@Ada\n" + strings.TrimSpace(prefix) + "\n" + prefix + "d"
	}
	flat := func(quotes int) string { return strings.Repeat("> ", quotes) + "a b @Ada c d" }

	tests := []struct{ name, data, want string }{
		{"document", `{"type":"doc","content":[` + nest(254, children) + `]}`, asBlocks(254)},
		{"deeper document", `{"type":"doc","content":[` + nest(256, children) + `]}`, flat(256)},
		{"list", `[` + nest(255, children) + `]`, asBlocks(255)},
		{"deeper list", `[` + nest(257, children) + `]`, flat(257)},
		{"far deeper", nest(4500, children), flat(257)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { checkText(t, test.data, test.want) })
	}
}

// At depth 256 a paragraph is still one, but its children are one text.
func TestDepthOfInlineNodes(t *testing.T) {
	paragraph := `{"type":"paragraph","content":["a ",{"type":"status","attrs":{"text":"x"}}," b"]}`
	checkText(t, `[`+nest(255, paragraph)+`]`, strings.Repeat("> ", 255)+"a [x] b")
	checkText(t, `[`+nest(256, paragraph)+`]`, strings.Repeat("> ", 256)+"a x b")
}

func TestTreesByHand(t *testing.T) {
	text := &adf.Node{Type: "text", Text: "a"}
	ring := &adf.Node{Type: "panel"}
	ring.Content = []*adf.Node{text, ring, text, ring}
	first, second := &adf.Node{Type: "new"}, &adf.Node{Type: "bulletList"}
	first.Content, second.Content = []*adf.Node{second, text, second}, []*adf.Node{first, nil, first}
	inline := &adf.Node{Type: "paragraph"}
	inline.Content = []*adf.Node{inline, text, inline}
	long := make([]*adf.Node, 1000)
	for i := range long {
		long[i] = &adf.Node{Type: "expand"}
	}
	for i, n := range long {
		n.Content = []*adf.Node{text, long[(i+1)%len(long)], nil, long[(i+1)%len(long)]}
	}
	deep := text
	for range 100_000 {
		deep = &adf.Node{Type: "expand", Content: []*adf.Node{deep}}
	}
	tests := []struct {
		name string
		node *adf.Node
		want string
	}{
		{"cycle", ring, "Panel:\na\n\na"},
		{"cycle of two", first, "a"},
		{"inline cycle", inline, "a"},
		{"deep", deep, "a"},
		{"nil children", &adf.Node{Type: "table", Content: []*adf.Node{nil, {Type: "tableRow", Content: []*adf.Node{nil, text, nil}}}}, "a"},
		{"nil among items", &adf.Node{Type: "doc", Content: []*adf.Node{{Type: "listItem"}, nil, {Type: "taskItem", Content: []*adf.Node{nil, text}}, nil, nil, text}}, "[ ] a\n\na"},
		{"bad attrs", &adf.Node{Type: "heading", Attrs: `{"level"`, Content: []*adf.Node{text}}, "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.node.PlainText()); diff != "" {
				t.Errorf("PlainText mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFixtures renders documents of other projects where they are at hand.
func TestFixtures(t *testing.T) {
	dir := filepath.Join("..", "..", "shared", "fixtures", "adf")
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	if len(paths) == 0 {
		t.Skipf("%s is not there", dir)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			checkDocument(t, data)
			text, err := adf.PlainText(data)
			require.NoError(t, err)
			require.NotEmpty(t, text)
			t.Log("\n" + text)
		})
	}
}
