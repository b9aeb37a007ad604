package adf

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// render puts the Markdown of the paragraph laid out in its buf.
func (m *markdown) render() {
	r := renderer{flow: &m.run, cell: m.cells > 0}
	r.group(m.run.items, 0)
}

// renderer renders the items of one paragraph.
type renderer struct {
	*flow
	cell bool
}

// group renders items that are the paragraph, or a group with the marks outer.
func (r *renderer) group(items []item, outer marks) {
	for i := 0; i < len(items); {
		it := &items[i]
		if it.gap {
			r.put(" ")
			it.gap = false // nor again inside a group
		}
		switch {
		case it.kind == pieceBreak:
			r.buf = append(r.buf, r.brk...)
			r.prev, r.bang, r.lineStart = '\n', false, r.lineStarts
		case it.form == formOutput:
			r.put(it.text)
		case it.form == formCode || !it.space && it.marks&^outer == markCode:
			// At the start of a paragraph "[`a]:b`](c)" would define a link.
			tag := r.before() == '`' || outer&markLink != 0 && strings.Contains(it.text, "]:")
			r.buf = appendCode(r.buf, it.text, tag, r.cell)
			r.put("")
		case it.isBare(outer):
			r.text(items, i, outer)
		default:
			mark, n := pick(items[i:], outer)
			r.marked(items, i, i+n, mark, outer)
			i += n
			continue
		}
		i++
	}
}

// put appends what needs no escapes.
func (r *renderer) put(s string) {
	r.buf = append(r.buf, s...)
	r.prev, r.bang, r.lineStart = 0, false, false
}

// before returns the character before what comes next: '\n' at the start of a
// line, '*' for the delimiter of a group.
func (r *renderer) before() rune {
	if r.prev != 0 {
		return r.prev
	}
	last, _ := utf8.DecodeLastRune(r.buf)
	return last
}

// text renders the text of item i.
func (r *renderer) text(items []item, i int, outer marks) {
	it := &items[i]
	switch {
	case it.signs&(signMark|signDot|signSlash) != 0 || r.lineStart && mayStartBlock(it.text):
		r.buf = appendText(r.buf, it.text, it.signs, r.around(items, i, outer))
		r.put("")
	default:
		r.put(it.text)
	}
	r.bang = it.text[len(it.text)-1] == '!'
}

// around returns what decides about the escapes in the text of item i.
func (r *renderer) around(items []item, i int, outer marks) around {
	a := around{label: outer&markLink != 0, cell: r.cell, lineStart: r.lineStart}
	switch {
	case i+1 == len(items):
		a.lineEnd = outer == 0
	case items[i+1].kind == pieceBreak:
		a.lineEnd, a.breaks, a.backslash = true, true, r.brk[0] == '\\'
	default:
		next := &items[i+1]
		first, _ := utf8.DecodeRuneInString(next.text)
		a.space = next.gap || unicode.IsSpace(first) && next.form == formText && next.isBare(outer)
	}
	return a
}

// pick returns the mark that the first item has and, with it, the most items
// after it, and how many items that are. White space and breaks do not count
// at the end.
func pick(items []item, outer marks) (mark marks, n int) {
	for left := items[0].marks & groupMarks &^ outer; left != 0; left &= left - 1 {
		one := left & -left
		end := 1
		for i := 1; i < len(items) && items[i].marks&one != 0 &&
			(one != markLink || items[i].link == items[0].link); i++ {
			if !items[i].space && items[i].kind != pieceBreak {
				end = i + 1
			}
		}
		if end > n {
			mark, n = one, end
		}
	}
	return mark, n
}

// marked renders items from start to end with a mark around them.
func (r *renderer) marked(items []item, start, end int, mark, outer marks) {
	link := mdLink{}
	left := r.before()
	if mark == markLink {
		if link = r.links[items[start].link]; link.auto {
			r.buf = append(append(append(r.buf, '<'), link.url...), '>')
			r.put("")
			return
		}
		if r.bang {
			r.buf = append(r.buf[:len(r.buf)-1], `\!`...)
		}
	}
	open, shut := delimiters(mark)
	at := len(r.buf)
	r.buf = append(r.buf, open...)
	r.prev, r.bang, r.lineStart = '*', false, false
	r.group(items[start:end], outer|mark)
	inner := r.buf[at+len(open):]
	switch mark {
	case markLink:
		if startsFootnote(inner) {
			r.buf = slices.Insert(r.buf, at+len(open), '\\')
		}
		r.buf = appendTarget(append(r.buf, shut...), link)
		shut = ")"
	case markStrong, markEm, markStrike:
		if !delimits(mark, left, inner, r.after(items, end, outer)) {
			var tag string
			tag, shut = tags(mark)
			r.buf = slices.Replace(r.buf, at, at+len(open), []byte(tag)...)
		}
	}
	r.put(shut)
}

// after returns the character that will stand before items[i], which is not
// rendered yet: '\n' at the end of a line, '*' for a delimiter.
func (r *renderer) after(items []item, i int, outer marks) rune {
	switch {
	case i == len(items) && outer != 0:
		return '*'
	case i == len(items) || items[i].kind == pieceBreak:
		return '\n'
	case items[i].gap:
		return ' '
	case items[i].form == formCode || !items[i].isBare(outer):
		return '*'
	}
	text := items[i].text
	if items[i].form == formText && outer&markLink == 0 && urlStart(text) > 0 {
		around := r.around(items, i, outer)
		around.lineStart = false
		size := len(r.buf)
		r.buf = appendText(r.buf, text, items[i].signs, around)
		first, _ := utf8.DecodeRune(r.buf[size:])
		r.buf = r.buf[:size]
		return first
	}
	first, _ := utf8.DecodeRuneInString(text)
	return first
}

// delimiters returns what stands around a text with a mark.
func delimiters(mark marks) (open, shut string) {
	switch mark {
	case markLink:
		return "[", "]("
	case markStrong:
		return "**", "**"
	case markEm:
		return "_", "_"
	case markStrike:
		return "~~", "~~"
	case markSub:
		return "<sub>", "</sub>"
	}
	return "<sup>", "</sup>"
}

// tags returns what stands around a text with a mark where its delimiters would
// not be read as such.
func tags(mark marks) (open, shut string) {
	switch mark {
	case markStrong:
		return "<strong>", "</strong>"
	case markEm:
		return "<em>", "</em>"
	}
	return "<del>", "</del>"
}

// delimits reports whether parsers are sure to see a mark in its delimiters.
// CommonMark wants them beside a word, or between punctuation and what is no
// word.
func delimits(mark marks, left rune, inner []byte, right rune) bool {
	first, _ := utf8.DecodeRune(inner)
	last, _ := utf8.DecodeLastRune(inner)
	if isSign(first) && isWord(left) || isSign(last) && isWord(right) {
		return false
	}
	switch mark {
	case markEm:
		return !isWord(left) && !isWord(right)
	case markStrike:
		return left != '~' && last != '~'
	}
	return true
}

// isSign reports whether r is punctuation or a symbol in any version of
// CommonMark.
func isSign(r rune) bool {
	if r < utf8.RuneSelf {
		return isASCIIPunct(byte(r))
	}
	return unicode.IsPunct(r) || unicode.IsSymbol(r)
}

// isWord reports whether r, outside a delimiter, is neither white space nor
// punctuation in every version of CommonMark.
func isWord(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return !isASCIIPunct(byte(r)) && r != ' ' && r != '\t' && r != '\n' && r != '\f' && r != '\r'
	default:
		return !unicode.IsPunct(r) && !unicode.Is(unicode.Zs, r)
	}
}
