package adf

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// marks is the set of marks of a text that Markdown prints.
type marks uint8

// In the order in which ties between marks are decided, outermost first.
const (
	markLink marks = 1 << iota
	markStrong
	markEm
	markStrike
	markSub
	markSup
	markCode

	groupMarks = markCode - 1 // those that may stand around several texts
)

// flow holds the inline nodes of one paragraph on their way to Markdown.
type flow struct {
	items []item
	links []mdLink
	buf   []byte

	brk        string // what a break prints
	lineStarts bool   // text at the start of a line could be read as a block

	edge bool // a block begins or ends here: break before what follows
	ink  bool // the line at hand holds more than spaces and tabs

	atoms  bool // one of the items is an atom
	spaces bool // one of the items is white space with marks

	// Of what has been rendered:
	prev      rune // '\n' at the start of a line, '*' after the delimiter of a group, else 0
	bang      bool // it is the exclamation mark of a text
	lineStart bool // nothing of the line yet, and lineStarts
}

// set begins a paragraph.
func (f *flow) set(brk string, lineStarts bool) {
	*f = flow{items: f.items[:0], links: f.links[:0], buf: f.buf[:0],
		brk: brk, lineStarts: lineStarts, lineStart: lineStarts, prev: '\n'}
}

// item is a part of a paragraph within a line: a text that has the same marks
// throughout, an atom, or a break.
type item struct {
	kind  pieceKind // but pieceEdge
	marks marks
	signs signs // of text, or of a text that holds it
	link  int32 // with markLink: index of the link
	text  string
	space bool // a text of white space only
	form  form
	gap   bool // a space comes first, or an atom would stick to a word
}

// isBare reports whether an item prints without marks of its own inside a
// group that has those of outer.
func (it *item) isBare(outer marks) bool { return it.space || it.marks&^outer == 0 }

// mdLink is a link of a paragraph.
type mdLink struct {
	url, title string
	auto       bool // print <url>
}

// layOut makes items of the pieces, and reports whether any is visible.
func (m *markdown) layOut() bool {
	for rest := m.pieces; len(rest) > 0; {
		p := &rest[0]
		n := 1
		switch p.kind {
		case pieceText:
			n = m.textPieces(rest)
		case pieceEmoji, pieceAtom:
			m.addText(&item{kind: p.kind, text: p.text, form: p.form})
		case pieceBreak:
			m.run.edge = false
			m.addBreak()
		case pieceEdge:
			m.run.edge = true
		}
		rest = rest[n:]
	}
	m.run.trimLines()
	if !m.run.trimBlankLines() {
		return false
	}
	if m.run.spaces {
		m.run.markSpaces()
	}
	if m.run.atoms {
		m.run.setGaps()
	}
	return true
}

// textPieces adds the texts that pieces begin with and that are one link, or
// have the same marks and no link. It returns how many.
func (m *markdown) textPieces(pieces []piece) int {
	if pieces[0].link != nil {
		n := linkLen(pieces)
		m.addLink(pieces[:n])
		return n
	}
	return m.addRun(pieces, 0)
}

// addRun adds the first of the pieces and those after it that have the same
// link and marks, as one text. It returns how many. With link, that is
// markLink, they are the last link.
func (m *markdown) addRun(pieces []piece, link marks) int {
	first, n := &pieces[0], 1
	for n < len(pieces) && pieces[n].kind == pieceText && pieces[n].marks == first.marks &&
		sameLink(pieces[n].link, first.link) {
		n++
	}
	m.addText(&item{text: m.joinWords(pieces[:n]), marks: first.marks | link, link: int32(len(m.run.links) - 1)})
	return n
}

// addText adds a text or atom: each of its lines, and the white space around
// what has marks by itself.
func (m *markdown) addText(it *item) {
	if it.text == "" {
		return
	}
	if m.run.edge && m.run.ink {
		m.addBreak()
	}
	m.run.edge = false
	it.signs = signsOf(it.text)
	if it.signs&signNewline == 0 {
		m.addLine(it, it.text)
		return
	}
	rest := it.text
	for { // addLine changes the text of it
		line, after, more := strings.Cut(rest, "\n")
		m.addLine(it, line)
		if !more {
			return
		}
		m.addBreak()
		rest = after
	}
}

func (m *markdown) addBreak() {
	m.run.items = append(m.run.items, item{kind: pieceBreak})
	m.run.ink = false
}

// addLine adds one line of a text. White space at the ends of a text with
// marks is a part of its own.
func (m *markdown) addLine(it *item, line string) {
	m.run.ink = m.run.ink || !isEmptyLine(line)
	switch {
	case it.kind != pieceText || it.marks&markCode != 0:
		m.addItem(it, line, false)
	case it.marks == 0:
		m.addItem(it, line, isBlank(line))
	default:
		before, text, after := cutSpace(line)
		m.addItem(it, before, true)
		m.addItem(it, text, false)
		m.addItem(it, after, true)
	}
}

// addItem adds a part of a text or atom, if it is not empty.
func (m *markdown) addItem(it *item, text string, space bool) {
	if text == "" {
		return
	}
	it.text, it.space = text, space
	m.run.items = append(m.run.items, *it)
	m.run.atoms = m.run.atoms || it.kind == pieceAtom
	m.run.spaces = m.run.spaces || space && it.marks != 0
}

// trimLines removes spaces and tabs at the ends of lines, but in code.
func (f *flow) trimLines() {
	start, gone := true, false
	for i := range f.items {
		it := &f.items[i]
		switch {
		case it.kind == pieceBreak:
			start = true
		case start && it.isTrimmed():
			it.text = trimLeft(it.text)
			start = it.text == ""
			gone = gone || start
		default:
			start = false
		}
	}
	end := true
	for i := len(f.items) - 1; i >= 0; i-- {
		it := &f.items[i]
		switch {
		case it.kind == pieceBreak:
			end = true
		case end && it.isTrimmed():
			it.text = trimRight(it.text)
			end = it.text == ""
			gone = gone || end
		default:
			end = false
		}
	}
	if gone {
		f.items = slices.DeleteFunc(f.items, func(it item) bool { return it.kind != pieceBreak && it.text == "" })
	}
}

// isTrimmed reports whether an item loses spaces and tabs at the ends of a line.
func (it *item) isTrimmed() bool {
	return (it.kind == pieceText || it.kind == pieceEmoji) && it.marks&markCode == 0
}

// trimBlankLines removes lines at the ends that show nothing, and reports
// whether a line is left.
func (f *flow) trimBlankLines() bool {
	isVisible := func(it *item) bool {
		return it.kind != pieceBreak && !it.space && (it.kind == pieceAtom || !isBlank(it.text))
	}
	first, end := 0, len(f.items)
	for first < end && !isVisible(&f.items[first]) {
		first++
	}
	if first == end {
		return false
	}
	for !isVisible(&f.items[end-1]) {
		end--
	}
	for first > 0 && f.items[first-1].kind != pieceBreak {
		first--
	}
	for end < len(f.items) && f.items[end].kind != pieceBreak {
		end++
	}
	f.items = f.items[first:end]
	return true
}

// markSpaces leaves white space only the marks that the texts on both sides of
// it have too. Links have been seen to.
func (f *flow) markSpaces() {
	marksOf := func(i int) marks {
		if i < 0 || i == len(f.items) || f.items[i].kind != pieceText {
			return 0
		}
		return f.items[i].marks
	}
	for i := 0; i < len(f.items); i++ {
		if !f.items[i].space {
			continue
		}
		j := i + 1
		for j < len(f.items) && f.items[j].space {
			j++
		}
		both := marksOf(i-1)&marksOf(j) | markLink
		for ; i < j; i++ {
			f.items[i].marks &= both
		}
	}
}

// setGaps finds where a space must keep an atom from its neighbour.
func (f *flow) setGaps() {
	last := endBreak
	for i := range f.items {
		it := &f.items[i]
		switch it.kind {
		case pieceBreak:
			last = endBreak
		case pieceText:
			if last == endAtom {
				first, _ := utf8.DecodeRuneInString(it.text)
				it.gap = wantsGap(first)
			}
			last = endText
		case pieceEmoji:
			it.gap = last == endAtom
			last = endEmoji
		case pieceAtom:
			switch last {
			case endText:
				end, _ := utf8.DecodeLastRuneInString(f.items[i-1].text)
				it.gap = wantsGapAfter(end)
			case endAtom, endEmoji:
				it.gap = true
			}
			last = endAtom
		}
	}
}
