package jiralike_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/jiralike"
)

// TestDocumentsStay: figures are only comparable while the corpus is the same.
func TestDocumentsStay(t *testing.T) {
	sum := sha256.New()
	for _, stress := range []bool{false, true} {
		for stream := range uint64(3) {
			for seed := range uint64(1000) {
				sum.Write(jiralike.Document(seed, stream, stress))
			}
		}
	}
	require.Equal(t, "7b47cd20624ab667800e7d9837543fbc9864a5a28a4a81e0b095e8f1b487e3dd", hex.EncodeToString(sum.Sum(nil)))
}

func TestShown(t *testing.T) {
	const document = `{"type":"doc","version":1,"content":[
		{"type":"heading","attrs":{"level":2},"content":[{"type":"text","text":"a & b"}]},
		{"type":"paragraph","content":[{"type":"text","text":"c "},{"type":"text","text":"d","marks":[{"type":"em"},{"type":"strong"}]},
			{"type":"text","text":"e","marks":[{"type":"link","attrs":{"href":"https://e.co/f g"}}]},{"type":"hardBreak"},
			{"type":"inlineCard","attrs":{"url":"https://e.co"}}]},
		{"type":"taskList","content":[{"type":"taskItem","attrs":{"state":"DONE"},"content":[{"type":"text","text":"h"}]}]},
		{"type":"mediaSingle","content":[{"type":"media","attrs":{"alt":"i"}}]}]}`
	const page = `<h2>a &amp; b</h2>
		<p>c <strong><em>d</em></strong><a href="https://e.co/f%20g">e</a><br><a href="https://e.co">https://e.co</a></p>
		<!-- a comment shows nothing -->
		<ul><li><input checked="" type="checkbox"> h</li></ul><p><img src="x" alt="i"></p>`
	want := jiralike.Page{"<h2>", ": a&b", "</h2>", ": c", " strong em: d", " a: e", ": https://e.co",
		"<ul>", "<li>", "<checkbox true>", ": h", "</li>", "</ul>", "<img>", ": i", "</img>"}

	shown, err := jiralike.Shown([]byte(document))
	require.NoError(t, err)
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("Shown mismatch (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, jiralike.ReadHTML(page)); diff != "" {
		t.Errorf("ReadHTML mismatch (-want +got):\n%s", diff)
	}
}

func TestKept(t *testing.T) {
	const document = `{"type":"doc","version":1,"content":[
		{"type":"paragraph","content":[{"type":"text","text":"a"},{"type":"text","text":" b ","marks":[{"type":"strong"},{"type":"underline"}]},
			{"type":"mention","attrs":{"text":"@Ada"}},{"type":"text","text":"c","marks":[{"type":"link","attrs":{"href":"https://e.co"}}]}]},
		{"type":"codeBlock","content":[{"type":"text","text":"d <e>"}]}]}`
	for _, test := range []struct {
		name, html string
		want       bool
	}{
		{"all", `<p>a <strong>b</strong>@Ada<a href="https://e.co">c</a></p><pre><code>d &lt;e&gt;</code></pre>`, true},
		{"other words and blocks", `<h1>Page</h1><p>x a</p><ul><li><strong>b</strong> by <a href="https://e.co">c</a> <code>d &lt;e&gt;</code></li></ul>`, true},
		{"a subscript more", `<p><sub>a</sub> <strong>b</strong><a href="https://e.co">c</a></p><pre>d &lt;e&gt;</pre>`, true},
		{"a mark less", `<p>a b<a href="https://e.co">c</a></p><pre>d &lt;e&gt;</pre>`, false},
		{"a mark more", `<p><em>a</em> <strong>b</strong><a href="https://e.co">c</a></p><pre>d &lt;e&gt;</pre>`, false},
		{"a link less", `<p>a <strong>b</strong>c</p><pre>d &lt;e&gt;</pre>`, false},
		{"a text less", `<p>a <strong>b</strong></p><pre>d &lt;e&gt;</pre>`, false},
		{"out of order", `<p><strong>b</strong> a <a href="https://e.co">c</a></p><pre>d &lt;e&gt;</pre>`, false},
		{"torn", `<p>a <strong>b</strong><a href="https://e.co">c</a></p><pre>d</pre>x<pre>&lt;e&gt;</pre>`, false},
		{"a tag for a text", `<p>a <strong>b</strong><a href="https://e.co">c</a></p><pre>d <e></pre>`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := jiralike.Kept([]byte(document), test.html)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}
