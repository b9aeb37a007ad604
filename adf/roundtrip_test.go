package adf_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	rsc "rsc.io/markdown"

	"github.com/jirasync/jirasync/adf"
	"github.com/jirasync/jirasync/internal/jiralike"
)

// readers turn Markdown into HTML: two parsers that have no code in common,
// each with and without links for bare URLs.
var readers = []struct {
	name     string
	html     func(text string) string
	bareURLs bool
}{
	{"goldmark", goldmarkReader(), false},
	{"rsc.io", rscReader(rsc.Parser{}), false},
	{"goldmark with bare URLs", goldmarkReader(extension.Linkify), true},
	{"rsc.io with bare URLs", rscReader(rsc.Parser{AutoLinkText: true}), true},
}

func goldmarkReader(more ...goldmark.Extender) func(string) string {
	parser := goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList),
		goldmark.WithExtensions(more...),
		goldmark.WithRendererOptions(gmhtml.WithUnsafe()))
	return func(text string) string {
		var html bytes.Buffer
		if err := parser.Convert([]byte(text), &html); err != nil {
			return err.Error() // which is not what any document shows
		}
		return html.String()
	}
}

func rscReader(parser rsc.Parser) func(string) string {
	parser.Table, parser.Strikethrough, parser.TaskList = true, true, true
	return func(text string) string { return rsc.ToHTML(parser.Parse(text)) }
}

// TestRoundTrip has each reader read Markdown back: each character must be
// there, in its blocks, with its marks. What should be there is read from the
// document by jiralike.Shown, which knows nothing of Markdown's syntax.
func TestRoundTrip(t *testing.T) {
	documents := 1000
	if testing.Short() {
		documents = 250
	}
	for _, kind := range []struct {
		name     string
		document func(seed uint64) []byte
	}{
		{"comments", func(seed uint64) []byte { return jiralike.Comment(seed, 2) }},
		{"like Jira's", func(seed uint64) []byte { return jiralike.Document(seed, 2, false) }},
		{"stress", func(seed uint64) []byte { return jiralike.Document(seed, 2, true) }},
	} {
		var texts []string
		var wants []jiralike.Page
		for seed := range uint64(documents) {
			data := kind.document(seed)
			text, err := adf.Markdown(data)
			require.NoError(t, err)
			want, err := jiralike.Shown(data)
			require.NoError(t, err)
			texts, wants = append(texts, text), append(wants, want)
		}
		for _, reader := range readers {
			t.Run(kind.name+", "+reader.name, func(t *testing.T) {
				good := 0
				for i, text := range texts {
					if checkShows(t, wants[i], text, reader.html(text)) {
						good++
					} else if i >= good+3 {
						break
					}
				}
				t.Logf("%d of %d documents come back the same", good, documents)
			})
		}
	}
}

// checkShows fails if what a reader made of a text shows something else.
func checkShows(t *testing.T, want jiralike.Page, text, html string) bool {
	t.Helper()
	got := jiralike.ReadHTML(html)
	if slices.Equal(want, got) { // which is faster than cmp
		return true
	}
	t.Errorf("mismatch (-document +read back):\n%s\n%s\n", cmp.Diff(want, got), text)
	return false
}
