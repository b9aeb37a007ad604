package adf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	gmhtml "github.com/yuin/goldmark/renderer/html"

	"github.com/jirasync/jirasync/adf"
)

// TestRoundTrip has goldmark read Markdown back: each character must be there,
// in its blocks, with its marks. What should be there is read from the document
// by shown, which knows nothing of Markdown's syntax.
func TestRoundTrip(t *testing.T) {
	const documents = 1000
	for _, kind := range []struct {
		name   string
		stress bool
	}{{"like Jira's", false}, {"stress", true}} {
		t.Run(kind.name, func(t *testing.T) {
			good := 0
			for seed := range uint64(documents) {
				a := author{Rand: rand.New(rand.NewPCG(seed, 2)), stress: kind.stress}
				if checkRoundTrip(t, a.document()) {
					good++
				} else if seed >= uint64(good)+3 {
					break
				}
			}
			t.Logf("%d of %d documents come back the same", good, documents)
		})
	}
}

func checkRoundTrip(t *testing.T, doc object) bool {
	t.Helper()
	data, err := json.Marshal(doc)
	require.NoError(t, err)
	text, err := adf.Markdown(data)
	require.NoError(t, err)
	var back bytes.Buffer
	require.NoError(t, parser.Convert([]byte(text), &back))
	var want any
	require.NoError(t, json.Unmarshal(data, &want))
	if diff := cmp.Diff(shown(want.(object)), read(back.String())); diff != "" {
		t.Errorf("mismatch (-document +read back):\n%s\n%s\n--\n%s", diff, text, data)
		return false
	}
	return true
}

var parser = goldmark.New(
	goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList),
	goldmark.WithRendererOptions(gmhtml.WithUnsafe()))

// page is what a reader sees: block tags, and runs of characters that are no
// white space with their marks.
type page []string

// marksOrder are the tags of marks; a stands for a link.
var marksOrder = []string{"strong", "em", "del", "code", "sub", "sup", "a"}

// add adds text with marks.
func (p page) add(text string, marks map[string]bool) page {
	label := ""
	for _, name := range marksOrder {
		if marks[name] {
			label += " " + name
		}
	}
	text = strings.Join(strings.Fields(text), "")
	if text == "" {
		return p
	}
	if n := len(p); n > 0 && strings.HasPrefix(p[n-1], label+": ") {
		p[n-1] += text
		return p
	}
	return append(p, label+": "+text)
}

// wrap puts tags around what is shown, if anything is.
func wrap(tag string, inner page) page {
	if len(inner) == 0 {
		return nil
	}
	return append(append(page{"<" + tag + ">"}, inner...), "</"+tag+">")
}

// concat joins pages, and the texts at their ends.
func concat(pages ...page) page {
	var all page
	for _, p := range pages {
		for _, s := range p {
			if n := len(all); n > 0 && s[0] != '<' {
				if label, text, _ := strings.Cut(s, ": "); strings.HasPrefix(all[n-1], label+": ") {
					all[n-1] += text
					continue
				}
			}
			all = append(all, s)
		}
	}
	return all
}

var (
	tag    = regexp.MustCompile(`(?s)<!--.*?-->|</?[a-zA-Z][^<>]*>`)
	alt    = regexp.MustCompile(` alt="([^"]*)"`)
	linkTo = regexp.MustCompile(` href="([^"]*)"`)
)

func href(tag string) string {
	if found := linkTo.FindStringSubmatch(tag); found != nil {
		if target, err := url.PathUnescape(html.UnescapeString(found[1])); err == nil {
			return target
		}
	}
	return ""
}

// read returns what a page of HTML shows.
func read(source string) page {
	var p page
	marks := map[string]bool{}
	pre := false
	text := func(s string) { p = p.add(html.UnescapeString(s), marks) }
	for {
		at := tag.FindStringIndex(source)
		if at == nil {
			text(source)
			return p
		}
		text(source[:at[0]])
		whole := source[at[0]:at[1]]
		source = source[at[1]:]
		end := strings.HasPrefix(whole, "</")
		name := strings.Trim(strings.Fields(whole)[0], "</>")
		switch name {
		case "p", "br", "thead", "tbody", "summary":
		case "input":
			p = append(p, fmt.Sprintf("<checkbox %v>", strings.Contains(whole, "checked")))
		case "img":
			p = append(p, "<img>")
			text(alt.FindStringSubmatch(whole)[1])
			p = append(p, "</img>")
		case "a":
			// A URL that is its own label is no mark: it may be a bare one.
			label, _, _ := strings.Cut(source, "</a>")
			marks["a"] = !end && href(whole) != html.UnescapeString(tag.ReplaceAllString(label, ""))
		case "strong", "em", "del", "code", "sub", "sup":
			if !pre {
				marks[name] = !end
			}
		default:
			pre = name == "pre" && !end
			if end {
				p = append(p, "</"+name+">")
			} else {
				p = append(p, "<"+name+">")
			}
		}
	}
}
