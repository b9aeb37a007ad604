package adf

import (
	"bytes"
	"sync"
)

// Options change how a document is rendered. The zero value is the ordinary
// case. Its methods may be called from several goroutines.
type Options struct {
	// KeepCredentials prints the values of secret parameters and the
	// passwords in URLs as they are. By default they print as REDACTED.
	KeepCredentials bool
	// MediaURL returns the URL that Markdown prints for a media, mediaInline
	// or mediaSingle node that has an id, such as that of its attachment. If
	// it is nil or returns "", the URL is "media:" and the id, which leads
	// nowhere: Jira gives no other. External media have their own.
	MediaURL func(media *Node) string
}

// PlainText returns a document, as Jira sends it, as text: blocks are apart by
// a blank line, lists keep their markers and indentation, a table has a line a
// row, links are followed by their target. The package comment has a table of
// what each node becomes.
//
// An absent document (nil) and null give "". A JSON string, as API version 2
// has wiki text, is returned as it is. Unknown nodes and nodes out of place
// print what they hold. All else about bad input is said at Parse, whose error
// is the only one.
//
// The text is valid UTF-8. Unless it is wiki text, it neither begins nor ends
// with a blank line.
func PlainText(data []byte) (string, error) {
	return render(data, printPlain)
}

// PlainText returns the text of a node and all below it. It cannot fail; nil
// gives "". See the function PlainText.
func (n *Node) PlainText() string { return Options{}.PlainText(n) }

// PlainText is the method of Node, with options.
func (o Options) PlainText(n *Node) string { return o.render(n, printPlain) }

// printPlain prints a tree as plain text.
func printPlain(t *tree, o Options) string {
	p := plains.Get().(*plain)
	p.tree, p.Options = t, o
	text := p.document()
	p.reset()
	p.rows = emptiedBuffer(p.rows)
	plains.Put(p)
	return text
}

// plains holds printers to use again.
var plains = sync.Pool{New: func() any {
	p := new(plain)
	p.words.chunk = maxChunk
	p.visit, p.atom = p.block, p.plainAtom
	return p
}}

// plain prints one document as plain text.
type plain struct {
	printer
	rows []byte // the rows at hand of the tables that are open
}

// block prints one block and reports whether it printed anything.
func (p *plain) block(b block) bool {
	before := p.out.count
	p.separate()
	switch b.typ {
	case typeParagraph, typeHeading, typeCaption:
		p.collect(b)
		p.paragraph()
	case typeCodeBlock:
		p.code(b.kids)
	case typeBlockquote:
		p.framed(b, frame{first: "> ", rest: "> "})
	case typePanel:
		p.framed(b, frame{label: panelLabel(p.attrsOf(b).text(attrPanelType))})
	case typeExpand, typeNestedExpand:
		p.expand(b)
	case typeRule, typeBodiedRule:
		p.out.line([]byte("---"))
	case typeTable:
		p.table(b)
	case typeBulletList, typeOrderedList, typeTaskList, typeDecisionList:
		p.list(b)
	case typeMediaSingle, typeMediaGroup:
		p.body(b.kids, 1)
	case typeMedia, typeBlockCard, typeEmbedCard:
		p.print(p.atom(b.node).text)
	}
	return p.out.count > before
}

// framed prints the blocks of a container.
func (p *plain) framed(b block, f frame) {
	p.out.push(f)
	p.body(b.kids, 2)
	p.out.pop()
}

func panelLabel(panelType string) string {
	switch panelType {
	case "info":
		return "Info:"
	case "note":
		return "Note:"
	case "tip":
		return "Tip:"
	case "warning":
		return "Warning:"
	case "error":
		return "Error:"
	case "success":
		return "Success:"
	}
	return "Panel:"
}

func (p *plain) expand(b block) {
	outer := p.begin(2)
	p.print(oneLine(p.attrsOf(b).text(attrTitle)))
	p.blocks(b.kids)
	p.sibs = outer
}

// code prints a code block.
func (p *plain) code(kids span) {
	text := visibleLines(p.codeText(kids))
	if len(text) == 0 {
		return
	}
	for line := range bytes.SplitSeq(text, []byte{'\n'}) {
		p.out.line(line)
	}
}

// print prints text as a paragraph.
func (p *plain) print(text string) {
	p.set.reset()
	p.set.text(text)
	p.flush()
}

// paragraph prints the pieces at hand.
func (p *plain) paragraph() {
	p.set.reset()
	for rest := p.pieces; len(rest) > 0; {
		piece := &rest[0]
		n := 1
		switch piece.kind {
		case pieceText:
			if piece.link == nil {
				p.set.text(piece.words())
				break
			}
			n = linkLen(rest)
			p.link(rest[:n])
		case pieceEmoji:
			p.set.emoji(piece.text)
		case pieceAtom:
			p.set.atom(piece.text)
		case pieceBreak:
			p.set.lineBreak()
		case pieceEdge:
			p.set.edge = true
		}
		rest = rest[n:]
	}
	p.flush()
}

// flush prints the paragraph that was set: no blank line at its ends, no two
// empty ones in a row, no space or tab at the ends of a line.
func (p *plain) flush() {
	text := visibleLines(p.set.buf)
	if len(text) == 0 {
		return
	}
	if bytes.IndexByte(text, '\n') < 0 {
		p.out.line(trimLeft(trimRight(text)))
		return
	}
	empty := false
	for line := range bytes.SplitSeq(text, []byte{'\n'}) {
		line = trimLeft(trimRight(line))
		if len(line) == 0 && empty {
			continue
		}
		empty = len(line) == 0
		p.out.line(line)
	}
}
