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
	kind pieceKind
	text string // of an atom: as the renderer's atom function returned it
	href string // of a text: where it links to, "" if nowhere
	node *Node  // of a text: the node, for its marks; nil if it has none
	form form   // of an atom: what text is
}

// inline appends to pieces what the children of a paragraph hold. Atoms that
// print nothing are left out.
func (w *walker) inline(kids []*Node) {
	for _, n := range kids {
		if n != nil {
			w.steps++
			w.inlineNode(n)
		}
	}
}

func (w *walker) inlineNode(n *Node) {
	switch n.Type {
	case "text":
		w.add(piece{kind: pieceText, text: n.Text, href: linkTarget(n.Marks), node: n})
	case "hardBreak":
		w.add(piece{kind: pieceBreak})
	case "emoji":
		w.add(piece{kind: pieceEmoji, text: emojiText(n)})
	case "mention", "date", "status", "inlineCard", "blockCard", "embedCard", "media",
		"mediaInline", "inlineExtension":
		w.addAtom(w.atom(n))
	case "placeholder", "syncBlock", "doc", "mediaGroup":
		// nothing of their own, and no edges
	case "mediaSingle":
		if len(n.Content) == 0 {
			w.addAtom(w.atom(n))
		}
	case "extension", "bodiedExtension":
		if !w.inlineInside(n) {
			w.addAtom(piece{text: strings.TrimSpace(n.Attrs.text("text"))})
		}
		return
	default:
		if kindOf(n.Type) == kindUnknown {
			w.inlineUnknown(n)
		} else {
			w.inlineBlock(n)
		}
		return
	}
	w.inlineInside(n)
}

// inlineInside adds the children of n and reports whether any can be seen.
func (w *walker) inlineInside(n *Node) bool {
	if len(n.Content) == 0 {
		return false
	}
	defer w.leave()
	before := w.seen
	w.inline(w.enter(n))
	return w.seen > before
}

// inlineUnknown adds what an unknown node holds, as text.
func (w *walker) inlineUnknown(n *Node) {
	start := len(w.pieces)
	if w.inlineInside(n) {
		return
	}
	w.pieces = w.pieces[:start]
	text := n.Text
	if isBlank(text) {
		text = n.Attrs.text("text")
	}
	w.add(piece{kind: pieceText, text: text})
}

// inlineBlock adds the text of a block that is out of place.
func (w *walker) inlineBlock(n *Node) {
	w.add(piece{kind: pieceEdge})
	if n.Type == "expand" || n.Type == "nestedExpand" {
		w.add(piece{kind: pieceText, text: oneLine(n.Attrs.text("title"))})
		w.add(piece{kind: pieceEdge})
	}
	w.inlineInside(n)
	w.add(piece{kind: pieceEdge})
}

func (w *walker) addAtom(p piece) {
	p.kind = pieceAtom
	w.add(p)
}

// add appends a piece. One without text, and without a target, is invisible.
func (w *walker) add(p piece) {
	isBreak := p.kind == pieceBreak || p.kind == pieceEdge
	if !isBreak && p.text == "" && p.href == "" {
		return
	}
	if p.href != "" || !isBreak && !isBlank(p.text) {
		w.seen++
	}
	w.pieces = append(w.pieces, p)
}

// words returns the text of a piece with the breaks that it prints: inside a
// code mark a newline is a space.
func (p piece) words() string {
	if p.node != nil && strings.IndexByte(p.text, '\n') >= 0 && hasMark(p.node.Marks, "code") {
		return strings.ReplaceAll(p.text, "\n", " ")
	}
	return p.text
}

// wantsGap reports whether an atom needs a space before the text that follows.
func wantsGap(next rune) bool {
	return !unicode.IsSpace(next) && !strings.ContainsRune(`.,;:!?)]}"'”’»…`, next)
}

// wantsGapAfter reports whether an atom needs a space after the text before.
func wantsGapAfter(last rune) bool {
	return !unicode.IsSpace(last) && !strings.ContainsRune(`([{"'“‘«`, last)
}
