package adf

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// addLink adds the pieces of one link.
func (m *markdown) addLink(pieces []piece) {
	href := pieces[0].link.href
	url := m.url(href)
	unsafe := isUnsafe(href)
	joined := m.joinWords(pieces)
	before, label, after := cutSpace(joined)
	if label == "" {
		atom := piece{text: url}
		if !unsafe {
			atom = m.target(url, "")
		}
		m.run.addText(&item{kind: pieceAtom, text: atom.text, form: atom.form})
		return
	}
	link := mdLink{url: url, title: oneLine(pieces[0].link.title)}
	// Compared before anything is redacted, as in plain text.
	same, scheme := sameTarget(label, href)
	shown := label
	if same {
		shown = strings.TrimPrefix(m.url(scheme+label), scheme)
	}
	all, common := marks(0), groupMarks|markCode
	for i := range pieces {
		all, common = all|pieces[i].marks, common&pieces[i].marks
	}
	link.auto = same && scheme == "" && all == 0 && link.title == "" && isAutolink(url)
	m.run.links = append(m.run.links, link)
	around := markLink
	if unsafe {
		around = 0
	}
	if shown != label {
		m.run.addText(&item{text: before + shown + after, marks: common | around,
			link: int32(len(m.run.links) - 1)})
	} else {
		for rest := pieces; len(rest) > 0; {
			rest = rest[m.addRun(rest, around):]
		}
	}
	if !unsafe {
		m.run.trimLink()
	}
}

// trimLink takes the last link from the white space and breaks at its ends.
func (f *flow) trimLink() {
	isLink := func(it *item) bool {
		return it.marks&markLink != 0 && it.link == int32(len(f.links)-1)
	}
	isOutside := func(it *item) bool {
		if !isLink(it) || !it.space && it.kind != pieceBreak {
			return false
		}
		it.marks &^= markLink
		return true
	}
	end := len(f.items)
	for end > 0 && isOutside(&f.items[end-1]) {
		end--
	}
	for end > 0 && isLink(&f.items[end-1]) {
		end--
	}
	for end < len(f.items) && isOutside(&f.items[end]) {
		end++
	}
}

// inlineAtom returns the Markdown of an inline node that must not stick to
// words, or of a card or media block, or its text if it is one.
func (m *markdown) inlineAtom(n int) piece {
	node := &m.nodes[n]
	switch node.typ {
	case typeStatus:
		return piece{text: oneLine(node.attrs.text(attrText)), form: formCode}
	case typeInlineCard, typeBlockCard, typeEmbedCard:
		return m.smartLink(n)
	case typeMedia, typeMediaInline, typeMediaSingle:
		return m.picture(n)
	}
	return m.plainAtom(n)
}

// smartLink returns a card.
func (m *markdown) smartLink(n int) piece {
	node := &m.nodes[n]
	name := cardName(node.attrs)
	target := cardTarget(node.attrs)
	switch {
	case target != "" && !isUnsafe(target):
		return m.target(m.url(target), name)
	case target != "" && name == "":
		return piece{text: m.url(target)}
	case name != "" || node.typ != typeBlockCard:
		return piece{text: name}
	}
	query := cardQuery(node.attrs)
	if query == "" {
		return piece{}
	}
	m.note = appendCode(append(m.note[:0], "JQL: "...), query, false, m.cells > 0)
	return m.noted()
}

// target returns a link to a URL, which is its own text if it has no name.
func (m *markdown) target(url, name string) piece {
	if name == "" {
		if isAutolink(url) {
			return piece{text: m.words.join("<", url, ">"), form: formOutput}
		}
		name = url
	}
	m.note = append(m.note[:0], '[')
	if startsFootnote(name) {
		m.note = append(m.note, '\\')
	}
	m.note = appendLabel(m.note, name)
	m.note = appendTarget(append(m.note, "]("...), mdLink{url: url})
	m.note = append(m.note, ')')
	return m.noted()
}

// startsFootnote reports whether the text of a link begins as the name of a
// footnote does: "[^" at the start of a line is one to some parsers.
func startsFootnote[T string | []byte](text T) bool {
	return len(text) > 0 && text[0] == '^'
}

// noted returns note as the Markdown of an atom.
func (m *markdown) noted() piece {
	return piece{text: m.words.copy(m.note), form: formOutput}
}

// picture returns a picture or file.
func (m *markdown) picture(n int) piece {
	node := &m.nodes[n]
	name := mediaName(node.attrs)
	url, external := m.mediaURL(n)
	href := m.mediaTarget(n)
	if isUnsafe(href) {
		href = ""
	}
	href = m.url(href)
	isFile := node.typ == typeMediaInline && node.attrs.text(attrType) != "image" ||
		m.nodes[node.parent].typ == typeMediaGroup
	switch {
	case url == "" && name == "" && href == "":
		return piece{}
	case url == "" && name == "":
		return m.target(href, "")
	case url == "" && href == "":
		return piece{text: m.words.join("[media: ", name, "]")}
	case url == "":
		return m.target(href, m.words.join("[media: ", name, "]"))
	case isFile && !external:
		if name == "" {
			name = "media"
		}
		if href != "" {
			url = href
		}
		return m.target(url, name)
	}
	m.note = m.note[:0]
	if href != "" {
		m.note = append(m.note, '[')
	}
	m.note = appendLabel(append(m.note, "!["...), name)
	m.note = appendTarget(append(m.note, "]("...), mdLink{url: url})
	m.note = append(m.note, ')')
	if href != "" {
		m.note = appendTarget(append(m.note, "]("...), mdLink{url: href})
		m.note = append(m.note, ')')
	}
	return m.noted()
}

// mediaURL returns where the content of a media node is, "" if nowhere that
// may be printed, and whether that is outside Jira.
func (m *markdown) mediaURL(n int) (url string, external bool) {
	if url := externalURL(m.nodes[n].attrs); url != "" {
		if isUnsafe(url) {
			return "", true
		}
		return m.url(url), true
	}
	id := trimSpace(m.nodes[n].attrs.text(attrID))
	if id == "" {
		return "", false
	}
	if m.MediaURL != nil {
		if url := m.MediaURL(m.from[n]); url != "" {
			return m.url(url), false
		}
	}
	return m.words.join("media:", id), false
}

// appendLabel appends a name as the text of a link or picture.
func appendLabel(dst []byte, name string) []byte {
	return appendText(dst, name, 0, around{label: true})
}

// appendTarget appends the destination and title of a link.
func appendTarget(dst []byte, link mdLink) []byte {
	dst = appendDestination(dst, link.url)
	if link.title == "" {
		return dst
	}
	dst = append(dst, ` "`...)
	for i := range len(link.title) {
		if c := link.title[i]; c == '\\' || c == '"' {
			dst = append(dst, '\\')
		}
		dst = append(dst, link.title[i])
	}
	return append(dst, '"')
}

// maxParens is how deep parentheses may nest in a destination; parsers bound
// it too.
const maxParens = 32

// appendDestination appends a URL as the destination of a link.
func appendDestination(dst []byte, url string) []byte {
	if !inDestination.has(url) {
		return append(dst, url...)
	}
	const hex = "0123456789ABCDEF"
	var room [32]int
	single := appendSingleParens(room[:0], url)
	for i := range len(url) {
		c := url[i]
		switch {
		case !inDestination[c]:
			dst = append(dst, c)
		case isEncoded(c):
			dst = append(dst, '%', hex[c>>4], hex[c&0xF])
		case len(single) > 0 && single[0] == i:
			dst = append(dst, '\\', c)
			single = single[1:]
		case c == '&' && entityLen(url[i:]) > 0:
			dst = append(dst, "&amp;"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// isEncoded reports whether a byte is encoded in a destination.
func isEncoded(c byte) bool {
	return c <= ' ' || c == 0x7F || strings.IndexByte("<>\\`|", c) >= 0
}

// byteSet is a set of bytes.
type byteSet [256]bool

func setOf(belongs func(c byte) bool) *byteSet {
	var set byteSet
	for c := range set {
		set[c] = belongs(byte(c))
	}
	return &set
}

// has reports whether one of the bytes of s is in the set.
func (set *byteSet) has(s string) bool {
	for i := range len(s) {
		if set[s[i]] {
			return true
		}
	}
	return false
}

// inDestination are the bytes that may not stand for themselves in one.
var inDestination = setOf(func(c byte) bool { return isEncoded(c) || strings.IndexByte("()&", c) >= 0 })

// inAutolink are the bytes that isAutolink has to look at.
var inAutolink = setOf(func(c byte) bool {
	return c >= utf8.RuneSelf || isNoAutolink(rune(c))
})

func isNoAutolink(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("<>|\\\"`", r)
}

// appendSingleParens appends where in s the parentheses without a partner are,
// or all if they nest too deep.
func appendSingleParens(dst []int, s string) []int {
	open := 0 // at the end of dst: those that open, after those that close
	for i := range len(s) {
		switch {
		case s[i] == '(':
			if open++; open > maxParens {
				return appendParens(dst[:0], s)
			}
			dst = append(dst, i)
		case s[i] == ')' && open > 0:
			open--
			dst = dst[:len(dst)-1]
		case s[i] == ')':
			dst = append(dst, i)
		}
	}
	return dst
}

// appendParens appends where in s parentheses are.
func appendParens(dst []int, s string) []int {
	for i := range len(s) {
		if s[i] == '(' || s[i] == ')' {
			dst = append(dst, i)
		}
	}
	return dst
}

// isAutolink reports whether a URL can stand between angle brackets, in every
// parser and in a cell.
func isAutolink(url string) bool {
	scheme, rest, ok := strings.Cut(url, ":")
	if !ok || len(scheme) < 2 || len(scheme) > 32 || !isASCIILetter(scheme[0]) {
		return false
	}
	for _, c := range []byte(scheme) {
		if !isASCIIAlnum(c) && c != '+' && c != '.' && c != '-' {
			return false
		}
	}
	if inAutolink.has(rest) && strings.ContainsFunc(rest, isNoAutolink) {
		return false
	}
	return !hasEntity(rest)
}

// isUnsafe reports whether a URL is a program, or holds its content.
func isUnsafe(url string) bool {
	if url != "" && isASCIILetter(url[0]) && strings.IndexByte("jvd", url[0]|0x20) < 0 {
		return false // as most URLs are
	}
	const longest = len("javascript")
	scheme := make([]byte, 0, longest)
	for _, r := range url {
		switch {
		case r == ':':
			switch string(scheme) {
			case "javascript", "vbscript", "data":
				return true
			}
			return false
		case unicode.IsSpace(r) || unicode.IsControl(r):
		case r >= utf8.RuneSelf || len(scheme) == longest:
			return false
		case 'A' <= r && r <= 'Z':
			scheme = append(scheme, byte(r)|0x20)
		default:
			scheme = append(scheme, byte(r))
		}
	}
	return false
}
