package adf

// printer is what plain text and Markdown share: the walk through a document,
// and the lines printed so far.
type printer struct {
	Options
	walker
	out    lines
	sibs   siblings
	words  arena           // for strings that are put together
	asText func(int) piece // plainAtom, once it was needed
	set    typesetter      // of the paragraph or code block at hand
}

// document prints all of a tree.
func (p *printer) document() string {
	p.body(span{1, len(p.nodes)}, 2)
	return string(p.out.buf)
}

// siblings are the blocks of one body.
type siblings struct {
	start int    // lines before the first
	gap   int    // newlines between them
	item  bool   // the body is an item of a list; for Markdown, as are the next
	last  typeID // of the last block that printed
	other bool   // that block is a list with the other marker
}

// body prints the blocks among siblings, with gap newlines between them, and
// reports whether they printed anything.
func (p *printer) body(kids span, gap int) bool {
	outer := p.begin(gap)
	printed := p.blocks(kids)
	p.sibs = outer
	return printed
}

// begin begins a body. It returns the siblings that go on after it.
func (p *printer) begin(gap int) (outer siblings) {
	outer, p.sibs = p.sibs, siblings{start: p.out.count, gap: gap}
	return outer
}

// separate sets the gap before the next block, unless it is the first.
func (p *printer) separate() {
	if p.out.count > p.sibs.start {
		p.out.separate(p.sibs.gap)
	}
}

// codeText returns the text of a code block: marks and boundaries do not
// matter in it, and what is no text is as in plain text. It is valid until the
// next call.
func (p *printer) codeText(kids span) []byte {
	if p.asText == nil {
		p.asText = p.plainAtom
	}
	atom := p.atom
	p.atom = p.asText
	p.pieces = p.pieces[:0]
	p.inline(kids)
	p.atom = atom
	p.set.reset()
	for i := range p.pieces {
		switch piece := &p.pieces[i]; piece.kind {
		case pieceBreak:
			p.set.lineBreak()
		case pieceEdge:
			p.set.edge = true
		default:
			p.set.settle()
			p.set.set(piece.text, endText)
		}
	}
	return p.set.buf
}

// url returns a URL as it may be printed.
func (o Options) url(s string) string {
	if o.KeepCredentials {
		return s
	}
	return redact(s)
}

// reset makes a printer ready for the next document. It keeps nothing of the
// last but memory.
func (p *printer) reset() {
	*p = printer{
		walker: walker{pieces: emptied(p.pieces), visit: p.visit, atom: p.atom},
		out:    lines{buf: emptiedBuffer(p.out.buf), frames: emptied(p.out.frames)},
		set:    typesetter{buf: emptiedBuffer(p.set.buf)},
		words:  p.words,
		asText: p.asText,
	}
}
