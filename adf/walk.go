package adf

// block is what a block walk hands out: a node, or nodes that belong together
// without one, such as inline nodes among blocks, which are a paragraph.
type block struct {
	typ  typeID
	node int    // 0 if there is none
	kids span   // its children, or the nodes that belong together
	text string // of a paragraph that has no nodes
}

// walker goes through a tree for a renderer, and gives every node a place
// where it can be printed.
type walker struct {
	*tree
	pieces []piece // the inline nodes of the paragraph at hand
	seen   int     // pieces so far that print something
	steps  int     // nodes visited so far, for tests
	visit  func(block) bool
	atom   func(n int) piece
}

// whole returns a node as a block.
func (w *walker) whole(n int) block {
	return block{typ: w.nodes[n].typ, node: n, kids: w.kids(n)}
}

// one returns the span that holds one node.
func (w *walker) one(n int) span { return span{n, w.next(n)} }

// all returns the span that holds all of a block.
func (w *walker) all(b block) span {
	if b.node == 0 {
		return b.kids
	}
	return w.one(b.node)
}

// attrsOf returns the attributes of the node of a block.
func (w *walker) attrsOf(b block) attrs { return w.nodes[b.node].attrs }

// blocks calls visit for each block among siblings, in order, and reports
// whether any call did. Visit reports whether it printed.
func (w *walker) blocks(kids span) (printed bool) {
	for n := kids.from; n < kids.end; {
		w.steps++
		next := w.next(n)
		switch typ := w.nodes[n].typ; typ.kind() {
		case kindInline:
			for next < kids.end && w.nodes[next].typ.isInline() {
				next = w.next(next)
			}
			printed = w.visit(block{typ: typeParagraph, kids: span{n, next}}) || printed
		case kindOrphan:
			parent := typ.parent()
			for next < kids.end && w.nodes[next].typ.parent() == parent {
				next = w.next(next)
			}
			printed = w.visit(block{typ: parent, kids: span{n, next}}) || printed
		default:
			printed = w.block(n) || printed
		}
		n = next
	}
	return printed
}

// block visits one node among blocks, or the blocks in it.
func (w *walker) block(n int) bool {
	node := &w.nodes[n]
	switch node.typ.kind() {
	case kindOpen:
		return w.blocks(w.kids(n))
	case kindFallback:
		return w.blocks(w.kids(n)) || w.paragraph(node.attrs.text(attrText))
	case kindLeaf:
		printed := w.visit(w.whole(n))
		return w.blocks(w.kids(n)) || printed
	case kindUnknown:
		if node.hasBlocks {
			return w.blocks(w.kids(n))
		}
		printed := w.visit(block{typ: typeParagraph, node: n, kids: w.kids(n)})
		return printed || w.paragraph(node.text) || w.paragraph(node.attrs.text(attrText))
	}
	b := w.whole(n)
	if b.typ == typeMediaSingle && !node.hasContent {
		b.typ = typeMedia
	}
	return w.visit(b)
}

// paragraph visits text as a paragraph of its own.
func (w *walker) paragraph(text string) bool {
	return !isBlank(text) && w.visit(block{typ: typeParagraph, text: text})
}

// paragraphs visits the children of a task or decision item: each paragraph,
// and each run of other nodes as one.
func (w *walker) paragraphs(kids span) {
	for n := kids.from; n < kids.end; {
		if w.nodes[n].typ == typeParagraph {
			w.visit(w.whole(n))
			n = w.next(n)
			continue
		}
		start := n
		for n < kids.end && w.nodes[n].typ != typeParagraph {
			n = w.next(n)
		}
		w.visit(block{typ: typeParagraph, kids: span{start, n}})
	}
}
