package adf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/adf"
	"github.com/jirasync/jirasync/internal/golden"
)

// TestExtract lists all that can be extracted from NAME.json in NAME.out.
func TestExtract(t *testing.T) {
	golden.Run(t, "testdata/extract/*.txtar", func(t *testing.T, c *golden.Case) {
		for _, file := range c.Names() {
			name, ok := strings.CutSuffix(file, ".json")
			if !ok {
				continue
			}
			n, err := adf.Parse(c.Input(file))
			require.NoError(t, err)
			c.Want(name+".out", extract(n))
		}
	})
}

func extract(n *adf.Node) string {
	var out strings.Builder
	for _, l := range n.Links() {
		fmt.Fprintf(&out, "%s %s %q\n", l.Kind, l.URL, l.Text)
	}
	for _, m := range n.Mentions() {
		fmt.Fprintf(&out, "mention %+q\n", m)
	}
	for _, m := range n.Media() {
		fmt.Fprintf(&out, "media %+q\n", m)
	}
	for _, d := range n.Dates() {
		fmt.Fprintf(&out, "date %+q\n", d)
	}
	return out.String()
}

func TestExtractKeepsCredentialsWhenAsked(t *testing.T) {
	n, err := adf.Parse([]byte(`[` + linked("https://e.co/?sig=1", "https://e.co/?sig=1") +
		`, {"type":"media","attrs":{"type":"external","url":"https://u:p@e.co"}}]`))
	require.NoError(t, err)
	keep := adf.Options{KeepCredentials: true}
	require.Equal(t, []adf.Link{{Kind: "link", URL: "https://e.co/?sig=1", Text: "https://e.co/?sig=1"},
		{Kind: "media", URL: "https://u:p@e.co"}}, keep.Links(n))
	require.Equal(t, "https://u:p@e.co", keep.Media(n)[0].URL)
	require.Equal(t, "https://u:REDACTED@e.co", n.Media()[0].URL)
}

func TestWalk(t *testing.T) {
	n, err := adf.Parse([]byte(`{"type":"a","content":["t",{"type":"b","content":[{"type":"c"},["u"]]},5,{"type":"d"}]}`))
	require.NoError(t, err)
	var got []string
	for above, n := range n.Walk() {
		way := ""
		for _, a := range above {
			way += a.Type + "/"
		}
		got = append(got, way+n.Type+n.Text)
	}
	require.Equal(t, []string{"a", "a/textt", "a/b", "a/b/c", "a/b/textu", "a/d"}, got)
}

func TestWalkEnds(t *testing.T) {
	text := &adf.Node{Type: "text"}
	ring := &adf.Node{Type: "panel"}
	ring.Content = []*adf.Node{text, nil, ring, text}
	deepRing := ring
	for range 200 {
		deepRing = &adf.Node{Type: "panel", Content: []*adf.Node{deepRing}}
	}
	ring200 := &adf.Node{Type: "panel", Content: []*adf.Node{deepRing, text}}
	last := deepRing
	for last.Content[0] != ring {
		last = last.Content[0]
	}
	last.Content = append(last.Content, last, ring200)
	deep := text
	for range 1_000_000 {
		deep = &adf.Node{Content: []*adf.Node{deep}}
	}
	tests := []struct {
		name string
		node *adf.Node
		want int
	}{
		{"nil", nil, 0},
		{"one", text, 1},
		{"ring", ring, 3},
		{"deep ring", ring200, 201 + 3 + 1},
		{"deep", deep, 1_000_001},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			count := 0
			for range test.node.Walk() {
				count++
			}
			require.Equal(t, test.want, count)
		})
	}
	for range ring.Walk() {
		break
	}
	require.Empty(t, (*adf.Node)(nil).Links())
	require.Empty(t, (*adf.Node)(nil).Dates())
}

func FuzzExtract(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := adf.Parse(data)
		if err != nil {
			return
		}
		for _, l := range n.Links() {
			if strings.TrimSpace(l.URL) == "" || l.Kind == "" {
				t.Errorf("Links holds %+q", l)
			}
		}
		for _, m := range n.Media() {
			if m.ID == "" && m.URL == "" {
				t.Errorf("Media holds %+q", m)
			}
		}
		for _, d := range n.Dates() {
			if d.Text == "" || d.Timestamp == "" {
				t.Errorf("Dates holds %+q", d)
			}
		}
		for _, m := range n.Mentions() {
			if !strings.HasPrefix(m.Text, "@") {
				t.Errorf("Mentions holds %+q", m)
			}
		}
	})
}
