package adf_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/adf"
)

func checkMarkdownIs(t *testing.T, o adf.Options, n *adf.Node, want string) {
	t.Helper()
	if diff := cmp.Diff(want, o.Markdown(n)); diff != "" {
		t.Errorf("Markdown mismatch (-want +got):\n%s", diff)
	}
}

func parsed(t *testing.T, data string) *adf.Node {
	t.Helper()
	n, err := adf.Parse([]byte(data))
	require.NoError(t, err)
	return n
}

func TestMarkdownKeepsCredentials(t *testing.T) {
	n := parsed(t, `[`+linked("x", "https://u:p@e.co/?token=abc")+`,{"type":"blockCard","attrs":{"url":"https://e.co/?sig=1"}},
		`+linked("https://e.co/?key=1", "https://e.co/?key=1")+`]`)
	checkMarkdownIs(t, adf.Options{}, n, "[x](https://u:REDACTED@e.co/?token=REDACTED)\n\n<https://e.co/?sig=REDACTED>\n\n<https://e.co/?key=REDACTED>")
	checkMarkdownIs(t, adf.Options{KeepCredentials: true}, n, "[x](https://u:p@e.co/?token=abc)\n\n<https://e.co/?sig=1>\n\n<https://e.co/?key=1>")
}

func TestMediaURL(t *testing.T) {
	n := parsed(t, `[{"type":"mediaGroup","content":[{"type":"media","attrs":{"id":"1","alt":"a"}},{"type":"media","attrs":{"id":"2"}}]},
		{"type":"media","attrs":{"type":"external","url":"https://e.co/x.png"}},{"type":"media","attrs":{"alt":"b"}},
		{"type":"mediaSingle","attrs":{"id":"1","alt":"c"}}]`)
	var asked []string
	o := adf.Options{MediaURL: func(media *adf.Node) string {
		id, _ := media.Attrs.Text("id")
		asked = append(asked, id)
		if id == "1" {
			return "https://e.co/a (1)?token=x"
		}
		return ""
	}}
	checkMarkdownIs(t, o, n, "[a](https://e.co/a%20(1)?token=REDACTED)\\\n[media](media:2)\n\n![](https://e.co/x.png)\n\n\\[media: b]\n\n"+
		"![c](https://e.co/a%20(1)?token=REDACTED)")
	require.Equal(t, []string{"1", "2", "1"}, asked)
}

func TestMarkdownOfDeepAndCyclicTrees(t *testing.T) {
	text := &adf.Node{Type: "text", Text: "a"}
	ring := &adf.Node{Type: "panel"}
	ring.Content = []*adf.Node{text, ring, nil, text, ring}
	checkMarkdownIs(t, adf.Options{}, ring, "> [!NOTE]\n> a\n>\n> a")

	table := &adf.Node{Type: "table"}
	table.Content = []*adf.Node{{Type: "tableRow", Content: []*adf.Node{nil, {Type: "tableCell", Content: []*adf.Node{table, text}}}}}
	checkMarkdownIs(t, adf.Options{}, table, "|  |\n| --- |\n| a |")

	deep := text
	for range 100_000 {
		deep = &adf.Node{Type: "blockquote", Content: []*adf.Node{deep}}
	}
	checkMarkdownIs(t, adf.Options{}, deep, strings.Repeat("> ", 257)+"a")
	checkMarkdownIs(t, adf.Options{}, nil, "")
	checkMarkdownIs(t, adf.Options{}, &adf.Node{Type: "text", Text: "a\xff\x00b"}, "a\ufffd\ufffdb")
}
