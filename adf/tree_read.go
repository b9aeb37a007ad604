package adf

import (
	"slices"
	"strings"
)

// treeBuilder makes trees, of JSON or of Nodes.
type treeBuilder struct {
	scanner
	tree
	parent int    // node whose children are being added
	depth  int    // of that list of children
	attrs  []attr // of all nodes
	links  slab[link]
	path   []*Node // that are being added, from the root
}

// add adds a node without children. The pointer is valid until the next call.
func (b *treeBuilder) add() *treeNode {
	at := len(b.nodes)
	if at == cap(b.nodes) {
		// As many as the rest may hold, then twice as many: append adds a quarter.
		rest := (len(b.src) - b.pos) / 64
		b.nodes = slices.Grow(b.nodes, max(16, min(rest, maxSlab), at))
	}
	b.nodes = b.nodes[:at+1]
	n := &b.nodes[at]
	*n = treeNode{parent: b.parent, end: at + 1}
	return n
}

// addText adds a text.
func (b *treeBuilder) addText(text string) {
	n := b.add()
	n.typ, n.text = typeText, text
}

// read makes the tree of a document in JSON. Wiki text is the text of a node
// that is returned apart, as no printer may change it.
func (b *treeBuilder) read(src string) (wiki string, err error) {
	b.begin(src)
	b.add()
	switch b.peek() {
	case '{':
		b.node()
	case '[':
		b.elements()
	case '"':
		wiki = b.verbatim()
	default:
		b.skip()
	}
	return wiki, b.finish()
}

// node reads an object as a node and returns its type.
func (b *treeBuilder) node() typeID {
	at := len(b.nodes)
	b.add()
	for f, ok := b.field(true); ok; f, ok = b.field(false) {
		switch f {
		case fieldType:
			b.nodes[at].typ = typeOf(b.optionalText())
		case fieldText:
			b.nodes[at].text = b.optionalText()
		case fieldAttrs:
			b.nodes[at].attrs = b.readAttrs()
		case fieldMarks:
			b.nodes[at].marks, b.nodes[at].link = b.readMarks()
		case fieldContent:
			b.nodes = b.nodes[:at+1] // of equal names the last counts
			some, blocks := b.content(at)
			b.nodes[at].hasContent, b.nodes[at].hasBlocks = some, blocks
		default:
			b.skip()
		}
	}
	n := &b.nodes[at]
	n.end = len(b.nodes)
	return n.typ
}

// content reads a list of the children of a node, or skips another value.
func (b *treeBuilder) content(parent int) (some, blocks bool) {
	if b.peek() != '[' {
		b.skip()
		return false, false
	}
	outer := b.parent
	b.parent = parent
	start := len(b.nodes)
	b.depth++
	blocks = b.elements()
	some = len(b.nodes) > start
	if b.depth == maxDepth+1 {
		b.flatten(start)
	}
	b.depth--
	b.parent = outer
	return some, blocks
}

// elements reads the elements of a list as nodes, and reports whether one of
// them is a block.
func (b *treeBuilder) elements() (blocks bool) {
	for ok := b.element(true); ok; ok = b.element(false) {
		switch b.peek() {
		case '{':
			blocks = b.node().isBlock() || blocks
		case '"':
			b.addText(b.text())
		case '[':
			blocks = b.elements() || blocks
		default:
			b.skip()
		}
	}
	return blocks
}

// flatten replaces the nodes from start on by one text, that of all of them on
// one line, or by nothing if that is blank.
func (b *treeBuilder) flatten(start int) {
	var line strings.Builder
	for _, n := range b.nodes[start:] {
		if !addWords(&line, n.text) && !n.hasContent {
			addWords(&line, n.attrs.text(attrText))
		}
	}
	b.nodes = b.nodes[:start]
	if line.Len() > 0 {
		b.addText(line.String())
	}
}

// addWords adds a text to a line of texts and reports whether it is not blank.
func addWords(line *strings.Builder, text string) bool {
	if text = oneLine(text); text == "" {
		return false
	}
	if line.Len() > 0 {
		line.WriteByte(' ')
	}
	line.WriteString(text)
	return true
}

// readAttrs reads an object as attributes, or skips another value.
func (b *treeBuilder) readAttrs() attrs {
	if b.peek() != '{' {
		b.skip()
		return nil
	}
	start := len(b.attrs)
	for name, ok := b.member(true); ok; name, ok = b.member(false) {
		a := attr{name: attrNameOf(name), isText: b.peek() == '"'}
		switch {
		case a.name == attrUnknown:
			b.skip()
			continue
		case a.isText:
			a.value = b.text()
		default:
			at := b.pos
			b.skip()
			a.value = b.src[at:b.pos]
		}
		b.attrs = append(b.attrs, a)
	}
	return attrs(b.attrs[start:len(b.attrs):len(b.attrs)])
}

// readMarks reads a list of marks, passing over what is no object. The link is
// that of the first link mark with an href; of marks before it, and of link
// marks without one, nothing counts.
func (b *treeBuilder) readMarks() (set marks, to *link) {
	if b.peek() != '[' {
		b.skip()
		return 0, nil
	}
	for ok := b.element(true); ok; ok = b.element(false) {
		if b.peek() == '{' {
			typ, a := b.mark()
			set, to = b.addMark(set, to, typ, a)
		} else {
			b.skip()
		}
	}
	return set, to
}

func (b *treeBuilder) mark() (typ string, a attrs) {
	for f, ok := b.field(true); ok; f, ok = b.field(false) {
		switch f {
		case fieldType:
			typ = b.optionalText()
		case fieldAttrs:
			a = b.readAttrs()
		default:
			b.skip()
		}
	}
	return typ, a
}

// addMark adds a mark to those before it.
func (b *treeBuilder) addMark(set marks, to *link, typ string, a attrs) (marks, *link) {
	switch typ {
	case "strong":
		set |= markStrong
	case "em":
		set |= markEm
	case "strike":
		set |= markStrike
	case "code":
		set |= markCode
	case "subsup":
		if set&(markSub|markSup) != 0 {
			break
		}
		switch a.text(attrType) {
		case "sub":
			set |= markSub
		case "sup":
			set |= markSup
		}
	case "link":
		if href := trimSpace(a.text(attrHref)); to == nil && href != "" {
			to = &b.links.take(1, 8)[0]
			*to = link{href, a.text(attrTitle)}
		}
	}
	return set, to
}
