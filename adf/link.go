package adf

import "strings"

// linkLen returns how many pieces at the start of a list are one link.
func linkLen(pieces []piece) int {
	n := 1
	for n < len(pieces) && pieces[n].kind == pieceText && pieces[n].href == pieces[0].href {
		n++
	}
	return n
}

// link sets the pieces of one link.
func (p *plain) link(pieces []piece) {
	href := pieces[0].href
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
	for _, piece := range pieces {
		n += len(piece.text)
	}
	p.words.reserve(n)
	start := p.words.b.Len()
	for _, piece := range pieces {
		p.words.b.WriteString(piece.words())
	}
	return p.words.b.String()[start:]
}

// cutSpace splits s into its text and the white space around it.
func cutSpace(s string) (before, text, after string) {
	text = strings.TrimSpace(s)
	at := strings.Index(s, text)
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
func (p *printer) card(n *Node) string {
	name := oneLine(n.Attrs.Object("data").text("name"))
	if url := cardTarget(n.Attrs); url != "" {
		return p.named(name, p.url(url))
	}
	if name != "" || n.Type != "blockCard" {
		return name
	}
	query := n.Attrs.Object("datasource").Object("parameters").text("jql")
	if query = oneLine(query); query == "" {
		return ""
	}
	return p.words.join("JQL: ", query)
}

// cardTarget returns the URL of a card, "" if it has none.
func cardTarget(a Attrs) string {
	data := a.Object("data")
	for _, url := range []string{a.text("url"), data.text("url"), data.text("@id")} {
		if url = strings.TrimSpace(url); url != "" {
			return url
		}
	}
	return ""
}

// named returns a URL with its name, if it has one, before it.
func (p *printer) named(name, url string) string {
	if name == "" {
		return url
	}
	return p.words.join(name, " (", url, ")")
}
