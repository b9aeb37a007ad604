package adf_test

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/jirasync/jirasync/adf"
)

// addSeeds adds every document of testdata.
func addSeeds(f *testing.F) {
	f.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(f, err)
	more, err := filepath.Glob("testdata/*/*.txtar")
	require.NoError(f, err)
	for _, path := range append(paths, more...) {
		archive, err := txtar.ParseFile(path)
		require.NoError(f, err)
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, ".json") {
				f.Add(file.Data)
			}
		}
	}
}

func FuzzPlainText(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) { checkDocument(t, data) })
}

func FuzzMarkdown(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) { checkMarkdown(t, data) })
}

// checkMarkdown fails if the Markdown of a document lacks what all must have.
func checkMarkdown(t *testing.T, data []byte) {
	t.Helper()
	n, err := adf.Parse(data)
	if err != nil {
		if text, again := adf.Markdown(data); text != "" || again == nil {
			t.Fatalf("Markdown = %q, %v; Parse failed: %v", text, again, err)
		}
		return
	}
	text := n.Markdown()
	if again, err := adf.Markdown(data); err != nil || again != text {
		t.Errorf("Markdown = %q, %v the second time, %q the first", again, err, text)
	}
	if !utf8.ValidString(text) {
		t.Errorf("not valid UTF-8: %q", text)
	}
	if strings.HasPrefix(strings.TrimSpace(string(data)), `"`) {
		return // wiki text: as it is
	}
	if strings.HasPrefix(text, "\n") || strings.HasSuffix(text, "\n") {
		t.Errorf("begins or ends with a newline: %q", text)
	}
	rest := strings.Map(dropSigns, entities.Replace(text))
	for _, words := range texts(n, nil) {
		_, after, ok := strings.Cut(rest, strings.Map(dropSigns, words))
		if !ok {
			t.Fatalf("%q is missing, or out of order, in %q", words, text)
		}
		rest = after
	}
}

// entities undoes the only escapes that are more than a backslash, and drops
// breaks of cells.
var entities = strings.NewReplacer("&#92;", "", "<br>", "")

// dropSigns leaves what can be compared: letters, and what is not ASCII.
func dropSigns(r rune) rune {
	if unicode.IsSpace(r) || r < utf8.RuneSelf && !unicode.IsLetter(r) {
		return -1
	}
	return r
}

// checkDocument fails if the text of a document lacks what all must have.
func checkDocument(t *testing.T, data []byte) {
	t.Helper()
	n, err := adf.Parse(data)
	if err != nil {
		if text, again := adf.PlainText(data); text != "" || again == nil {
			t.Fatalf("PlainText = %q, %v; Parse failed: %v", text, again, err)
		}
		return
	}
	text := n.PlainText()
	if again, err := adf.PlainText(data); err != nil || again != text {
		t.Errorf("PlainText = %q, %v the second time, %q the first", again, err, text)
	}
	if !utf8.ValidString(text) {
		t.Errorf("not valid UTF-8: %q", text)
	}
	if strings.HasPrefix(strings.TrimSpace(string(data)), `"`) {
		return // wiki text: as it is
	}
	if first, _, _ := strings.Cut(text, "\n"); text != "" && strings.TrimSpace(first) == "" {
		t.Errorf("begins with a blank line: %q", text)
	}
	if last := text[strings.LastIndexByte(text, '\n')+1:]; text != "" && strings.TrimSpace(last) == "" {
		t.Errorf("ends with a blank line: %q", text)
	}
	rest := strings.Map(dropSpace, text)
	for _, words := range texts(n, nil) {
		_, after, ok := strings.Cut(rest, strings.Map(dropSpace, words))
		if !ok {
			t.Fatalf("%q is missing, or out of order, in %q", words, text)
		}
		rest = after
	}
}

// dropSpace leaves what can be compared: breaks and prefixes of containers may
// stand within a text.
func dropSpace(r rune) rune {
	if unicode.IsSpace(r) || r == '>' || r == '/' {
		return -1
	}
	return r
}

// texts returns the texts of the text nodes in order, without those of links,
// which may print as their target.
func texts(n *adf.Node, list []string) []string {
	if n.Type == "text" && !isLink(n) {
		list = append(list, n.Text)
	}
	for _, child := range n.Content {
		list = texts(child, list)
	}
	return list
}

func isLink(n *adf.Node) bool {
	for _, m := range n.Marks {
		if m.Type == "link" {
			return true
		}
	}
	return false
}
