package adf

import (
	"strings"
	"unicode"
)

// linkLen returns how many pieces at the start of a list are one link.
func linkLen(pieces []piece) int {
	n := 1
	for n < len(pieces) && pieces[n].kind == pieceText && sameLink(pieces[n].link, pieces[0].link) {
		n++
	}
	return n
}

func sameLink(a, b *link) bool {
	return a == b || a != nil && b != nil && a.href == b.href
}

// link sets the pieces of one link.
func (p *plain) link(pieces []piece) {
	href := pieces[0].link.href
	before, label, after := cutSpace(p.joinWords(pieces))
	if label == "" {
		p.set.atom(p.url(href))
		return
	}
	p.set.text(before)
	if same, text := p.sameLabel(label, href); same {
		p.set.text(text)
	} else {
		p.set.text(label)
		p.set.target(p.url(href))
	}
	p.set.text(after)
}

// sameLabel reports whether a label says no more than the target, and what to
// print instead of both. They are compared before anything is redacted, or the
// secret would print beside its redacted copy.
func (o Options) sameLabel(label, href string) (same bool, text string) {
	switch same, scheme := sameTarget(label, href); {
	case !same:
		return false, ""
	case scheme == "":
		return true, o.url(href)
	default:
		// With its scheme, so that a password is recognised.
		return true, strings.TrimPrefix(o.url(scheme+label), scheme)
	}
}

// joinWords returns the label of a link.
func (p *printer) joinWords(pieces []piece) string {
	if len(pieces) == 1 {
		return pieces[0].words()
	}
	n := 0
	for i := range pieces {
		n += len(pieces[i].text)
	}
	p.words.reserve(n)
	start := p.words.b.Len()
	for i := range pieces {
		p.words.b.WriteString(pieces[i].words())
	}
	return p.words.b.String()[start:]
}

// cutSpace splits s into its text and the white space around it.
func cutSpace(s string) (before, text, after string) {
	text = trimSpace(s)
	if len(text) == len(s) {
		return "", s, ""
	}
	at := len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
	if text == "" {
		at = 0
	}
	return s[:at], text, s[at+len(text):]
}

// sameTarget reports whether a label says no more than the target: they are
// equal but for slashes at the end, and for a scheme that is then returned.
// Jira guesses a scheme for words such as SKILL.md, which must stay words.
func sameTarget(label, href string) (same bool, scheme string) {
	label, href = strings.TrimRight(label, "/"), strings.TrimRight(href, "/")
	if label == href {
		return true, ""
	}
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:"} {
		if rest, ok := strings.CutPrefix(href, scheme); ok {
			return label == rest, scheme
		}
	}
	return false, ""
}

// card returns the name and target of a smart link.
func (p *printer) card(n int) string {
	node := &p.nodes[n]
	name := cardName(node.attrs)
	if url := cardTarget(node.attrs); url != "" {
		return p.named(name, p.url(url))
	}
	if name != "" || node.typ != typeBlockCard {
		return name
	}
	query := cardQuery(node.attrs)
	if query == "" {
		return ""
	}
	return p.words.join("JQL: ", query)
}

// cardName returns what a card calls its target.
func cardName(a attrs) string { return oneLine(a.object(attrData).text("name")) }

// cardQuery returns the query of a card that lists work items.
func cardQuery(a attrs) string {
	return oneLine(a.object(attrDatasource).Object("parameters").text("jql"))
}

// cardTarget returns the URL of a card, "" if it has none.
func cardTarget(a attrs) string {
	if url := trimSpace(a.text(attrURL)); url != "" {
		return url
	}
	data := a.object(attrData)
	if url := trimSpace(data.text("url")); url != "" {
		return url
	}
	return trimSpace(data.text("@id"))
}

// named returns a URL with its name, if it has one, before it.
func (p *printer) named(name, url string) string {
	if name == "" {
		return url
	}
	return p.words.join(name, " (", url, ")")
}
