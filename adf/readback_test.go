package adf_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/jirasync/jirasync/adf"
	"github.com/jirasync/jirasync/internal/jiralike"
)

// TestMisplacedComesBack has each reader read documents that break the schema,
// of which jiralike.Shown knows nothing.
func TestMisplacedComesBack(t *testing.T) {
	tests := []struct {
		name, data string
		want       jiralike.Page
	}{
		{"code block in a task",
			`{"type":"taskList","content":[{"type":"taskItem","attrs":{"state":"DONE"},"content":[
				{"type":"codeBlock","content":["*p\n# y\n- z\n` + "```" + `"]}]}]}`,
			jiralike.Page{"<ul>", "<li>", "<checkbox true>", ": *p#y-z```", "</li>", "</ul>"}},
		{"code block after text in a decision",
			`{"type":"decisionList","content":[{"type":"decisionItem","content":["a",{"type":"codeBlock","content":["1. b\n> c\n| - |"]},"d"]}]}`,
			jiralike.Page{"<ul>", "<li>", " strong: Decision:", ": a1.b>c|-|d", "</li>", "</ul>"}},
		{"paragraphs in a task", `{"type":"taskItem","content":[{"type":"paragraph","content":["# a"]},{"type":"paragraph","content":["- b"]}]}`,
			jiralike.Page{"<ul>", "<li>", "<checkbox false>", ": #a-b", "</li>", "</ul>"}},
		{"list in a heading", `{"type":"heading","content":["a",{"type":"bulletList","content":[{"type":"listItem","content":["#"]}]}]}`,
			jiralike.Page{"<h1>", ": a#", "</h1>"}},
		{"table in a paragraph", `{"type":"paragraph","content":["a",{"type":"table","content":[{"type":"tableRow","content":["|","-|-"]}]}]}`,
			jiralike.Page{": a|-|-"}},
		{"row without a table", `[{"type":"tableRow","content":["|",{"type":"tableCell","content":["b"]}]}]`,
			jiralike.Page{"<table>", "<tr>", "<th>", "</th>", "<th>", "</th>", "</tr>", "<tr>", "<td>", ": |", "</td>", "<td>", ": b", "</td>", "</tr>", "</table>"}},
	}
	for _, test := range tests {
		text, err := adf.Markdown([]byte(test.data))
		require.NoError(t, err)
		for _, reader := range readers {
			t.Run(test.name+", "+reader.name, func(t *testing.T) { checkShows(t, test.want, text, reader.html(text)) })
		}
	}
}

// TestMarksBesideMarks has each reader read every set of marks beside every
// other, with what may stand between them and in them.
func TestMarksBesideMarks(t *testing.T) {
	if testing.Short() {
		t.Skip("28,672 pairs")
	}
	sets := markSets()
	for _, form := range []struct{ left, between, right string }{
		{"a", "", "b"}, {"a", " ", "b"}, {"a ", "", " b"}, {"(a)", "", "b"}, {"*", "", "~"}, {"a", ".", "b"}, {"`", "", "`"},
	} {
		t.Run(fmt.Sprintf("%q", form), func(t *testing.T) {
			t.Parallel()
			for _, left := range sets {
				var doc strings.Builder
				for i, right := range sets {
					if i > 0 {
						doc.WriteByte(',')
					}
					fmt.Fprintf(&doc, `{"type":"paragraph","content":[{"type":"text","text":%q,"marks":[%s]},{"type":"text","text":%q},{"type":"text","text":%q,"marks":[%s]}]},{"type":"rule"}`,
						form.left, left, form.between, form.right, right)
				}
				checkReadBack(t, `{"type":"doc","version":1,"content":[`+doc.String()+`]}`)
			}
		})
	}
}

// markSets returns each set of the marks that print.
func markSets() []string {
	marks := []string{`{"type":"link","attrs":{"href":"https://e.co"}}`, `{"type":"strong"}`, `{"type":"em"}`,
		`{"type":"strike"}`, `{"type":"subsup","attrs":{"type":"sub"}}`, `{"type":"code"}`}
	var sets []string
	for bits := range 1 << len(marks) {
		var set []string
		for i, mark := range marks {
			if bits&(1<<i) != 0 {
				set = append(set, mark)
			}
		}
		sets = append(sets, strings.Join(set, ","))
	}
	return sets
}

// checkReadBack fails unless each reader shows what the document does, and
// stops at the first that does not.
func checkReadBack(t *testing.T, document string) {
	t.Helper()
	text, err := adf.Markdown([]byte(document))
	require.NoError(t, err)
	want, err := jiralike.Shown([]byte(document))
	require.NoError(t, err)
	for _, reader := range readers[:2] { // no URL is in the texts
		if !checkShows(t, want, text, reader.html(text)) {
			t.Fatal(reader.name)
		}
	}
}

// TestReadersAgree holds what checkReaders asks for on every case of testdata
// and on random documents that break the schema.
func TestReadersAgree(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		require.NoError(t, err)
		for _, file := range archive.Files {
			if name, ok := strings.CutSuffix(file.Name, ".json"); ok {
				t.Run(filepath.Base(path)+"/"+name, func(t *testing.T) { checkReaders(t, file.Data) })
			}
		}
	}
	for seed := range uint64(1000) {
		g := generator{Rand: rand.New(rand.NewPCG(seed, 5))}
		data, err := json.Marshal(g.node(8))
		require.NoError(t, err)
		if checkReaders(t, data); t.Failed() {
			t.Fatalf("seed %d: %s", seed, data)
		}
	}
}

func FuzzReaders(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 4096 { // some readers are not linear
			checkReaders(t, data)
		}
	})
}

// checkReaders fails unless all readers show the same of a document, and in
// that the text of each text node, each character of it, in order.
func checkReaders(t *testing.T, data []byte) {
	t.Helper()
	n, err := adf.Parse(data)
	if err != nil || strings.HasPrefix(strings.TrimSpace(string(data)), `"`) {
		return // wiki text is no Markdown
	}
	text := n.Markdown()
	want := jiralike.ReadHTML(readers[0].html(text))
	compare := func(i int, want, got jiralike.Page) {
		if !slices.Equal(want, got) {
			t.Errorf("mismatch (-%s +%s):\n%s\n%s", readers[0].name, readers[i].name, cmp.Diff(want, got), text)
		}
	}
	for i, reader := range readers[1:] {
		got := jiralike.ReadHTML(reader.html(text))
		if reader.bareURLs {
			compare(i+1, withoutLinks(want), withoutLinks(got))
		} else {
			compare(i+1, want, got)
		}
	}
	var rest string
	for _, shown := range want {
		if _, text, ok := strings.Cut(shown, ": "); ok && shown[0] != '<' {
			rest += text
		}
	}
	for _, words := range texts(n, nil) {
		words = strings.Join(strings.Fields(words), "")
		_, after, ok := strings.Cut(rest, words)
		if !ok {
			t.Fatalf("%q is missing, or out of order, in what is read back of\n%s", words, text)
		}
		rest = after
	}
}

// withoutLinks drops the marks of links: readers differ in where a bare URL
// ends. The text must be the same.
func withoutLinks(p jiralike.Page) jiralike.Page {
	var all jiralike.Page
	for _, shown := range p {
		label, text, isText := strings.Cut(shown, ": ")
		if shown[0] == '<' || !isText {
			all = append(all, shown)
			continue
		}
		label = strings.TrimSuffix(label, " a") + ": "
		if n := len(all); n > 0 && strings.HasPrefix(all[n-1], label) {
			all[n-1] += text
		} else {
			all = append(all, label+text)
		}
	}
	return all
}
