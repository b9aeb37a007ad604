package adf

import (
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

	shows  bool // the line at hand shows something
	end    int  // of items: the last line that shows something ends there
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
			m.run.addText(&item{kind: p.kind, text: p.text, form: p.form})
		case pieceBreak:
			m.run.edge = false
			m.run.addBreak(0, 0)
		case pieceEdge:
			m.run.edge = true
		}
		rest = rest[n:]
	}
	m.run.endLine()
	m.run.items = m.run.items[:m.run.end]
	if m.run.spaces {
		m.run.markSpaces()
	}
	return m.run.end > 0
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
	m.run.addText(&item{text: m.joinWords(pieces[:n]), marks: first.marks | link, link: int32(len(m.run.links) - 1)})
	return n
}

// addText adds a text or atom: each of its lines, and the white space around
// what has marks by itself.
func (f *flow) addText(it *item) {
	if it.text == "" {
		return
	}
	if f.edge && f.ink {
		f.addBreak(0, 0)
	}
	f.edge = false
	it.signs = signsOf(it.text)
	if it.signs&signNewline == 0 {
		f.addLine(it, it.text)
		return
	}
	rest := it.text
	for { // addLine changes the text of it
		line, after, more := strings.Cut(rest, "\n")
		f.addLine(it, line)
		if !more {
			return
		}
		f.addBreak(it.marks&markLink, it.link)
		rest = after
	}
}

// addBreak ends the line at hand, and begins another if it or one before it
// shows something. The break is a part of the link that it is in.
func (f *flow) addBreak(link marks, index int32) {
	f.endLine()
	f.ink = false
	if f.end == 0 {
		f.items = f.items[:0]
		return
	}
	f.items = append(f.items, item{kind: pieceBreak, marks: link, link: index})
}

// endLine cuts spaces and tabs at the end of the line at hand, but in code.
func (f *flow) endLine() {
	for n := len(f.items); n > 0 && f.items[n-1].isTrimmed(); n-- {
		last := &f.items[n-1]
		if last.text = trimRight(last.text); last.text != "" {
			break
		}
		f.items = f.items[:n-1]
	}
	if f.shows {
		f.end = len(f.items)
	}
	f.shows = false
}

// addLine adds one line of a text. White space at the ends of a text with
// marks is a part of its own.
func (f *flow) addLine(it *item, line string) {
	f.ink = f.ink || !isEmptyLine(line)
	switch {
	case it.kind != pieceText || it.marks&markCode != 0:
		f.addItem(it, line, false)
	case it.marks == 0:
		f.addItem(it, line, isBlank(line))
	default:
		before, text, after := cutSpace(line)
		f.addItem(it, before, true)
		f.addItem(it, text, false)
		f.addItem(it, after, true)
	}
}

// addItem adds a part of a text or atom, without the spaces and tabs at the
// start of a line, if it is not empty.
func (f *flow) addItem(it *item, text string, space bool) {
	n := len(f.items)
	starts := n == 0 || f.items[n-1].kind == pieceBreak
	if starts && it.isTrimmed() {
		text = trimLeft(text)
	}
	if text == "" {
		return
	}
	it.text, it.space = text, space
	it.gap = !starts && it.wantsGap(&f.items[n-1])
	f.items = append(f.items, *it)
	f.shows = f.shows || !space && (it.kind == pieceAtom || !isBlank(text))
	f.spaces = f.spaces || space && it.marks != 0
}

// isTrimmed reports whether an item loses spaces and tabs at the ends of a line.
func (it *item) isTrimmed() bool {
	return (it.kind == pieceText || it.kind == pieceEmoji) && it.marks&markCode == 0
}

// wantsGap reports whether a space must keep an item from the one before it,
// because one of them is an atom.
func (it *item) wantsGap(before *item) bool {
	switch {
	case before.kind == pieceAtom && it.kind == pieceText:
		first, _ := utf8.DecodeRuneInString(it.text)
		return wantsGap(first)
	case before.kind == pieceText && it.kind == pieceAtom:
		last, _ := utf8.DecodeLastRuneInString(before.text)
		return wantsGapAfter(last)
	}
	return before.kind == pieceAtom || it.kind == pieceAtom
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
