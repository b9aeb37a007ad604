package adf

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/jiralike"
)

// The tests in this file hold the shortcuts to the longer ways around them.

// TestIndentedPrintsTheSame: without white space, usualFields has most members;
// with it, member reads them.
func TestIndentedPrintsTheSame(t *testing.T) {
	for seed := range uint64(300) {
		data := jiralike.Document(seed, 9, seed%2 == 0)
		var indented bytes.Buffer
		require.NoError(t, json.Indent(&indented, data, " ", "\t"))
		for name, convert := range map[string]func([]byte) (string, error){"PlainText": PlainText, "Markdown": Markdown} {
			want, err := convert(indented.Bytes())
			require.NoError(t, err)
			got, err := convert(data)
			require.NoError(t, err)
			if got != want {
				t.Fatalf("%s(%s) = %q, want %q as for the indented document", name, data, got, want)
			}
		}
	}
}

func TestTypeOf(t *testing.T) {
	for i := range knownTypes {
		name := knownTypes[i].name
		if got := typeOf(name); got != typeID(i) {
			t.Errorf("typeOf(%q) = %d, want %d", name, got, i)
		}
		for _, other := range []string{name + "s", " " + name, strings.ToUpper(name + "x")} {
			if got := typeOf(other); got != typeUnknown {
				t.Errorf("typeOf(%q) = %d, want %d", other, got, typeUnknown)
			}
		}
	}
}

// TestPlainLine: two texts print as one, but not by plainLine.
func TestPlainLine(t *testing.T) {
	text := func(s string) *Node { return &Node{Type: "text", Text: s} }
	plain := 0
	for _, s := range randomTexts(20_000) {
		want := (&Node{Type: "paragraph", Content: []*Node{text(s[:1]), text(s[1:])}}).Markdown()
		got := (&Node{Type: "paragraph", Content: []*Node{text(s)}}).Markdown()
		if got != want {
			t.Fatalf("Markdown of a paragraph with %q = %q, want %q", s, got, want)
		}
		if got == s {
			plain++
		}
	}
	require.Greater(t, plain, 2000)
}

// TestURLShortcuts: what isUnsafe, isAutolink and appendDestination say at once
// of most URLs, they say of them byte by byte too.
func TestURLShortcuts(t *testing.T) {
	for _, s := range randomTexts(20_000) {
		for _, url := range []string{s, "https://" + s, "javascript:" + s, "Data" + s} {
			// White space before a scheme does not count.
			if got, want := isUnsafe(url), isUnsafe(" "+url); got != want {
				t.Errorf("isUnsafe(%q) = %v, want %v", url, got, want)
			}
			_, rest, _ := strings.Cut(url, ":")
			bad := strings.ContainsFunc(rest, func(r rune) bool {
				return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("<>|\\\"`", r)
			}) || hasEntity(rest)
			if bad && isAutolink(url) {
				t.Errorf("isAutolink(%q) = true, want false", url)
			}
			// A byte that is encoded keeps the rest from being copied whole.
			want, _ := strings.CutSuffix(string(appendDestination(nil, url+"|")), "%7C")
			if got := string(appendDestination(nil, url)); got != want && !strings.HasSuffix(url, "&") {
				t.Errorf("appendDestination(%q) = %q, want %q", url, got, want)
			}
		}
	}
}

// randomTexts returns texts of ASCII, of words and of signs.
func randomTexts(n int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, n)
	for i := range texts {
		alphabet := "abc de\tf"
		if i%2 == 0 {
			alphabet = "ab1. \n\t-+#>*_`[]()<&;:/\\|~=!w"
		}
		text := make([]byte, 1+r.IntN(12))
		for k := range text {
			text[k] = alphabet[r.IntN(len(alphabet))]
		}
		texts[i] = string(text)
	}
	return texts
}
