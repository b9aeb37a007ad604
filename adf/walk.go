package adf

import (
	"slices"
	"strings"
)

// maxDepth is how deep lists of children keep their structure. The list of a
// document's blocks has depth 1; deeper ones than this are flattened.
const maxDepth = 256

// kind says how a block walk treats a node. Markdown and PlainText share it.
type kind uint8

const (
	kindUnknown  kind = iota
	kindInline        // runs of them among blocks are one paragraph
	kindBlock         // printed as a whole
	kindLeaf          // printed, then its children, which it should not have
	kindOpen          // its blocks are blocks of its parent
	kindFallback      // the same; attrs.text if they print nothing
	kindOrphan        // an item or row outside its parent
)

func kindOf(typ string) kind {
	switch typ {
	case "text", "hardBreak", "mention", "emoji", "date", "status", "inlineCard",
		"inlineExtension", "mediaInline", "placeholder":
		return kindInline
	case "paragraph", "heading", "caption", "bulletList", "orderedList", "taskList",
		"decisionList", "codeBlock", "blockquote", "panel", "table", "expand",
		"nestedExpand", "mediaSingle", "mediaGroup":
		return kindBlock
	case "media", "blockCard", "embedCard", "rule", "bodiedRule":
		return kindLeaf
	case "doc", "layoutSection", "layoutColumn", "multiBodiedExtension",
		"extensionFrame", "syncBlock", "bodiedSyncBlock", "tableCell", "tableHeader":
		return kindOpen
	case "extension", "bodiedExtension":
		return kindFallback
	case "listItem", "taskItem", "blockTaskItem", "decisionItem", "tableRow":
		return kindOrphan
	}
	return kindUnknown
}

// parentOf returns the type of the parent that an orphan lacks.
func parentOf(typ string) string {
	switch typ {
	case "listItem":
		return "bulletList"
	case "taskItem", "blockTaskItem":
		return "taskList"
	case "decisionItem":
		return "decisionList"
	case "tableRow":
		return "table"
	}
	return ""
}

func isList(typ string) bool {
	switch typ {
	case "bulletList", "orderedList", "taskList", "decisionList":
		return true
	}
	return false
}

// block is what a block walk hands out: a node, or nodes that belong together
// without one, such as inline nodes among blocks, which are a "paragraph".
type block struct {
	typ  string
	node *Node   // nil if there is none
	kids []*Node // its children if node is nil
}

// attrs returns the attributes of the block's node.
func (b block) attrs() Attrs {
	if b.node == nil {
		return ""
	}
	return b.node.Attrs
}

// walker goes through a tree for a renderer. It bounds the depth, gives every
// node a place where it can be printed, and ends on trees with cycles.
type walker struct {
	path   []*Node // the nodes whose children are being read, from the root
	pieces []piece // the inline nodes of the paragraph at hand
	seen   int     // pieces so far that print something
	steps  int     // nodes visited so far, for tests
	visit  func(block) bool
	atom   func(*Node) piece
}

// enter returns the children of n; leave must follow. Children too deep are
// one text. A node inside itself, in a tree built by hand, has no children.
func (w *walker) enter(n *Node) []*Node {
	w.steps++
	cycle := slices.Contains(w.path, n)
	w.path = append(w.path, n)
	switch {
	case cycle || len(n.Content) == 0:
		return nil
	case len(w.path) > maxDepth:
		return flatten(n.Content)
	}
	return n.Content
}

func (w *walker) leave() { w.path = w.path[:len(w.path)-1] }

// parent returns the node whose children are being read, nil at the root.
func (w *walker) parent() *Node {
	if len(w.path) == 0 {
		return nil
	}
	return w.path[len(w.path)-1]
}

// open returns the children of a block; close must follow.
func (w *walker) open(b block) []*Node {
	if b.node == nil {
		return b.kids
	}
	return w.enter(b.node)
}

func (w *walker) close(b block) {
	if b.node != nil {
		w.leave()
	}
}

// blocks calls visit for each block among the children of a node, in order,
// and reports whether any call did. Visit reports whether it printed.
func (w *walker) blocks(kids []*Node) (printed bool) {
	for i := 0; i < len(kids); {
		n := kids[i]
		if n == nil {
			i++
			continue
		}
		w.steps++
		switch k := kindOf(n.Type); k {
		case kindInline:
			j := runEnd(kids, i, isInline)
			printed = w.visit(block{typ: "paragraph", kids: kids[i:j]}) || printed
			i = j
		case kindOrphan:
			parent := parentOf(n.Type)
			j := runEnd(kids, i, func(n *Node) bool { return parentOf(n.Type) == parent })
			printed = w.visit(block{typ: parent, kids: kids[i:j]}) || printed
			i = j
		default:
			printed = w.block(n, k) || printed
			i++
		}
	}
	return printed
}

// runEnd returns the end of the run of nodes that begins at i.
func runEnd(kids []*Node, i int, belongs func(*Node) bool) int {
	for i++; i < len(kids) && (kids[i] == nil || belongs(kids[i])); i++ {
	}
	return i
}

func isInline(n *Node) bool { return kindOf(n.Type) == kindInline }

// block visits one node among blocks, or the blocks in it.
func (w *walker) block(n *Node, k kind) bool {
	switch k {
	case kindOpen:
		return w.inside(n)
	case kindFallback:
		return w.inside(n) || w.paragraph(n.Attrs.text("text"))
	case kindLeaf:
		printed := w.visit(block{typ: n.Type, node: n})
		return w.inside(n) || printed
	case kindUnknown:
		if slices.ContainsFunc(n.Content, isBlock) {
			return w.inside(n)
		}
		printed := w.visit(block{typ: "paragraph", node: n})
		return printed || w.paragraph(n.Text) || w.paragraph(n.Attrs.text("text"))
	}
	if n.Type == "mediaSingle" && len(n.Content) == 0 {
		return w.visit(block{typ: "media", node: n})
	}
	return w.visit(block{typ: n.Type, node: n})
}

// isBlock reports whether the schema knows n as a block.
func isBlock(n *Node) bool {
	if n == nil {
		return false
	}
	k := kindOf(n.Type)
	return k != kindUnknown && k != kindInline
}

// inside visits the blocks in n.
func (w *walker) inside(n *Node) bool {
	if len(n.Content) == 0 {
		return false
	}
	defer w.leave()
	return w.blocks(w.enter(n))
}

// paragraph visits text as a paragraph of its own.
func (w *walker) paragraph(text string) bool {
	if isBlank(text) {
		return false
	}
	return w.visit(block{typ: "paragraph", kids: []*Node{{Type: "text", Text: text}}})
}

// paragraphs visits the children of a task or decision item: each paragraph,
// and each run of other nodes as one.
func (w *walker) paragraphs(kids []*Node) {
	other := func(n *Node) bool { return n.Type != "paragraph" }
	for i := 0; i < len(kids); {
		if n := kids[i]; n != nil && !other(n) {
			w.visit(block{typ: "paragraph", node: n})
			i++
			continue
		}
		j := runEnd(kids, i, other)
		w.visit(block{typ: "paragraph", kids: kids[i:j]})
		i = j
	}
}

// flatten returns the texts of a list and of all below it as one text node on
// one line, or nothing if they are blank.
func flatten(kids []*Node) []*Node {
	var line strings.Builder
	add := func(text string) bool {
		if text = oneLine(text); text == "" {
			return false
		}
		if line.Len() > 0 {
			line.WriteByte(' ')
		}
		line.WriteString(text)
		return true
	}
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
		if !add(n.Text) && len(n.Content) == 0 {
			add(n.Attrs.text("text"))
		}
		stack = append(stack, n.Content)
	}
	if line.Len() == 0 {
		return nil
	}
	return []*Node{{Type: "text", Text: line.String()}}
}
