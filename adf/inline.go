package adf

import (
	"strings"
	"unicode"
)

// pieceKind says how a piece of a paragraph meets its neighbours.
type pieceKind uint8

const (
	pieceText  pieceKind = iota
	pieceEmoji           // like text, but kept apart from atoms
	pieceAtom            // must not stick to words
	pieceBreak           // the next line begins
	pieceEdge            // of a block in an inline context: a break, unless there is one
)

// form says what the text of an atom is.
type form uint8

const (
	formText   form = iota
	formCode        // for a code span, where the output has any
	formOutput      // in the output format
)

// piece is one inline node of a paragraph, in the order of the document.
type piece struct {
	kind  pieceKind
	form  form   // of an atom: what text is
	marks marks  // of a text, but for the link
	text  string // of an atom: as the renderer's atom function returned it
	link  *link  // of a text: nil if it leads nowhere
}

// inline appends to pieces what siblings in a paragraph hold. Atoms that print
// nothing are left out.
func (w *walker) inline(kids span) {
	for n := kids.from; n < kids.end; n = w.next(n) {
		w.steps++
		w.inlineNode(n)
	}
}

func (w *walker) inlineNode(n int) {
	node := &w.nodes[n]
	switch node.typ {
	case typeText:
		if node.text == "" && node.link == nil {
			break
		}
		if node.link != nil || !isBlank(node.text) {
			w.seen++
		}
		w.pieces = append(w.pieces, piece{kind: pieceText, text: node.text, marks: node.marks, link: node.link})
	case typeHardBreak:
		w.add(piece{kind: pieceBreak})
	case typeEmoji:
		w.add(piece{kind: pieceEmoji, text: emojiText(node.attrs)})
	case typeMention, typeDate, typeStatus, typeInlineCard, typeBlockCard, typeEmbedCard,
		typeMedia, typeMediaInline, typeInlineExtension:
		w.addAtom(w.atom(n))
	case typePlaceholder, typeSyncBlock, typeDoc, typeMediaGroup:
		// nothing of their own, and no edges
	case typeMediaSingle:
		if !node.hasContent {
			w.addAtom(w.atom(n))
		}
	case typeExtension, typeBodiedExtension:
		if !w.inlineInside(n) {
			w.addAtom(piece{text: trimSpace(node.attrs.text(attrText))})
		}
		return
	case typeUnknown:
		w.inlineUnknown(n)
		return
	default:
		w.inlineBlock(n)
		return
	}
	w.inline(w.kids(n))
}

// inlineInside adds the children of n and reports whether any can be seen.
func (w *walker) inlineInside(n int) bool {
	before := w.seen
	w.inline(w.kids(n))
	return w.seen > before
}

// inlineUnknown adds what an unknown node holds, as text.
func (w *walker) inlineUnknown(n int) {
	start := len(w.pieces)
	if w.inlineInside(n) {
		return
	}
	w.pieces = w.pieces[:start]
	text := w.nodes[n].text
	if isBlank(text) {
		text = w.nodes[n].attrs.text(attrText)
	}
	w.add(piece{kind: pieceText, text: text})
}

// inlineBlock adds the text of a block that is out of place.
func (w *walker) inlineBlock(n int) {
	w.add(piece{kind: pieceEdge})
	if node := &w.nodes[n]; node.typ == typeExpand || node.typ == typeNestedExpand {
		w.add(piece{kind: pieceText, text: oneLine(node.attrs.text(attrTitle))})
		w.add(piece{kind: pieceEdge})
	}
	w.inline(w.kids(n))
	w.add(piece{kind: pieceEdge})
}

// collect fills pieces with the inline nodes of a block.
func (w *walker) collect(b block) {
	w.pieces = w.pieces[:0]
	w.inline(b.kids)
	if b.text != "" {
		w.add(piece{kind: pieceText, text: b.text})
	}
}

func (w *walker) addAtom(p piece) {
	p.kind = pieceAtom
	w.add(p)
}

// add appends a piece. One without text, and without a target, is invisible.
func (w *walker) add(p piece) {
	isBreak := p.kind == pieceBreak || p.kind == pieceEdge
	if !isBreak && p.text == "" && p.link == nil {
		return
	}
	if p.link != nil || !isBreak && !isBlank(p.text) {
		w.seen++
	}
	w.pieces = append(w.pieces, p)
}

// words returns the text of a piece with the breaks that it prints.
func (p *piece) words() string { return wordsOf(p.text, p.marks&markCode != 0) }

// wordsOf returns a text with the breaks that it prints: in code a newline is
// a space.
func wordsOf(text string, code bool) string {
	if code && strings.IndexByte(text, '\n') >= 0 {
		return strings.ReplaceAll(text, "\n", " ")
	}
	return text
}

// wantsGap reports whether an atom needs a space before the text that follows.
func wantsGap(next rune) bool {
	return !unicode.IsSpace(next) && !strings.ContainsRune(`.,;:!?)]}"'”’»…`, next)
}

// wantsGapAfter reports whether an atom needs a space after the text before.
func wantsGapAfter(last rune) bool {
	return !unicode.IsSpace(last) && !strings.ContainsRune(`([{"'“‘«`, last)
}
