package adf

import (
	"slices"
	"strings"
)

// build makes the tree of a Node and all below it.
func (b *treeBuilder) build(n *Node, keep bool) {
	b.add()
	if keep {
		b.from = append(b.from, nil)
	}
	if n.Type != typeList {
		b.addNode(n)
		return
	}
	for _, kid := range n.Content {
		b.addNode(kid)
	}
}

// addNode adds a Node and all below it. A Node inside itself has no children.
func (b *treeBuilder) addNode(n *Node) {
	if n == nil {
		return
	}
	at := len(b.nodes)
	added := b.add()
	added.typ, added.text, added.attrs, added.hasContent = typeOf(n.Type), n.Text, b.attrsOf(n.Attrs), len(n.Content) > 0
	if b.from != nil {
		b.from = append(b.from, n)
	}
	var set marks
	var to *link
	for _, m := range n.Marks {
		set, to = b.addMark(set, to, m.Type, b.attrsOf(m.Attrs))
	}
	blocks := false
	for _, kid := range n.Content {
		blocks = blocks || kid != nil && typeOf(kid.Type).isBlock()
	}
	if len(n.Content) > 0 && !slices.Contains(b.path, n) {
		outer := b.parent
		b.parent = at
		b.path = append(b.path, n)
		b.addKids(n.Content)
		b.path = b.path[:len(b.path)-1]
		b.parent = outer
	}
	added = &b.nodes[at]
	added.marks, added.link, added.hasBlocks = set, to, blocks
	added.end = len(b.nodes)
}

// addKids adds the children of a Node, as one text if they are too deep.
func (b *treeBuilder) addKids(kids []*Node) {
	if len(b.path) <= maxDepth {
		for _, kid := range kids {
			b.addNode(kid)
		}
		return
	}
	if text := flatten(kids); text != "" {
		b.addText(text)
		if b.from != nil {
			b.from = append(b.from, nil)
		}
	}
}

// attrsOf reads attributes. Those that are no object, which only a tree built
// by hand can hold, are none.
func (b *treeBuilder) attrsOf(a Attrs) attrs {
	if a == "" || a == "{}" {
		return nil
	}
	b.begin(string(a))
	read := b.readAttrs()
	if b.fault != "" {
		return nil
	}
	return read
}

// known returns the attributes that printers read.
func (a Attrs) known() attrs {
	var b treeBuilder
	return b.attrsOf(a)
}

// flatten returns the texts of a list and of all below it on one line.
func flatten(kids []*Node) string {
	var line strings.Builder
	seen := make(map[*Node]bool) // a tree has none twice, a cycle has
	for stack := [][]*Node{kids}; len(stack) > 0; {
		top := &stack[len(stack)-1]
		if len(*top) == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		n := (*top)[0]
		*top = (*top)[1:]
		if n == nil || seen[n] {
			continue
		}
		seen[n] = true
		if !addWords(&line, n.Text) && len(n.Content) == 0 {
			addWords(&line, n.Attrs.text("text"))
		}
		stack = append(stack, n.Content)
	}
	return line.String()
}
