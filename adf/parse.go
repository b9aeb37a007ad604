package adf

import "fmt"

// The types of the nodes that stand for an input that is no object. No
// document can name them, as U+0000 becomes U+FFFD in every string.
const (
	typeWiki = "\x00wiki" // a JSON string: Text is the wiki text of API version 2
	typeList = "\x00list" // a JSON array: Content are its elements
)

// SyntaxError says where the input stops being one JSON value. Its message
// holds nothing of the input.
type SyntaxError struct {
	Offset int // bytes before the fault
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("adf: %s at byte %d", e.Reason, e.Offset)
}

// Parse reads a document. Any JSON value is one: what is not shaped as the
// schema wants is read for what it holds, and never refused.
//
//   - nil (an absent document), null, numbers, booleans, {} and [] give a
//     node that prints nothing
//   - an object gives its node, whatever its type; an array the nodes in it;
//     a string wiki text, which prints as it is
//   - in content, objects are nodes, strings are text nodes, lists are spliced
//     in, and all else is skipped
//   - a type, text, attrs, marks or content of the wrong JSON type counts as
//     absent; of equal names in an object the last counts
//   - in strings, invalid UTF-8, lone surrogates and U+0000 become U+FFFD, and
//     CR LF and CR become LF
//
// The error is a *SyntaxError if data is not one JSON value (empty, truncated,
// followed by more) or nests arrays and objects deeper than 10,000. Parse
// does not keep data.
func Parse(data []byte) (*Node, error) {
	if data == nil {
		return &Node{from: &source{json: "null"}}, nil
	}
	var p parser
	p.words.chunk = 256
	return p.parse(string(data))
}

// parser builds nodes. Nodes, lists of children and marks are cut from slabs;
// the stacks hold the lists that are still being read.
type parser struct {
	scanner
	nodes     slab[Node]
	sources   slab[source]
	lists     slab[*Node]
	open      []*Node
	markSlab  slab[Mark]
	openMarks []Mark
}

// parse reads a document. Its error is a *SyntaxError.
func (p *parser) parse(src string) (*Node, error) {
	p.begin(src)
	root := p.root()
	if err := p.finish(); err != nil {
		return nil, err
	}
	return root, nil
}

// finish returns what is wrong with the input, once its value was read.
func (s *scanner) finish() error {
	if s.fault == "" {
		if s.peek(); s.pos < len(s.src) {
			s.fail("more than one value")
		}
	}
	if s.fault != "" {
		return &SyntaxError{Offset: s.pos, Reason: s.fault}
	}
	return nil
}

// optionalText reads a string, or skips another value and returns "".
func (s *scanner) optionalText() string {
	if s.peek() == '"' {
		return s.text()
	}
	s.skip()
	return ""
}

func (p *parser) root() *Node {
	first := p.peek()
	if first == '{' {
		return p.node()
	}
	var n Node
	start := p.pos
	listEnd := 0
	switch first {
	case '[':
		n = Node{Type: typeList, Content: p.content()}
		listEnd = p.pos - start
	case '"':
		n = Node{Type: typeWiki, Text: p.verbatim()}
	default:
		p.skip()
	}
	n.from = p.source(start, 0, listEnd)
	return &n
}

// node reads an object as a node.
func (p *parser) node() *Node {
	n := p.newNode()
	start := p.pos
	list, listEnd := 0, 0
	for f, ok := p.field(true); ok; f, ok = p.field(false) {
		switch f {
		case fieldType:
			n.Type = p.optionalText()
		case fieldText:
			n.Text = p.optionalText()
		case fieldAttrs:
			n.Attrs = p.attrs()
		case fieldMarks:
			n.Marks = p.marks()
		case fieldContent:
			list = p.pos - start
			n.Content = p.content()
			listEnd = p.pos - start
		default:
			p.skip()
		}
	}
	n.from = p.source(start, list, listEnd)
	return n
}

// source returns where a node was read that began at start and ends here.
func (p *parser) source(start, list, listEnd int) *source {
	s := &p.sources.take(1, p.room(64))[0]
	*s = source{p.src[start:p.pos], list, listEnd}
	return s
}

// attrs reads an object, or skips another value and returns "".
func (p *parser) attrs() Attrs {
	start := p.pos
	isObject := p.peek() == '{'
	p.skip()
	if !isObject {
		return ""
	}
	return Attrs(p.src[start:p.pos])
}

// marks reads a list of marks, passing over what is no object.
func (p *parser) marks() []Mark {
	if p.peek() != '[' {
		p.skip()
		return nil
	}
	p.openMarks = p.openMarks[:0]
	for ok := p.element(true); ok; ok = p.element(false) {
		if p.peek() == '{' {
			p.openMarks = append(p.openMarks, p.mark())
		} else {
			p.skip()
		}
	}
	if len(p.openMarks) == 0 {
		return []Mark{}
	}
	marks := p.markSlab.take(len(p.openMarks), p.room(512))
	copy(marks, p.openMarks)
	return marks
}

func (p *parser) mark() Mark {
	var m Mark
	for f, ok := p.field(true); ok; f, ok = p.field(false) {
		switch f {
		case fieldType:
			m.Type = p.optionalText()
		case fieldAttrs:
			m.Attrs = p.attrs()
		default:
			p.skip()
		}
	}
	return m
}

// content reads a list of children, or skips another value and returns nil.
func (p *parser) content() []*Node {
	if p.peek() != '[' {
		p.skip()
		return nil
	}
	base := len(p.open)
	p.elements()
	list := p.open[base:]
	if len(list) == 0 {
		return []*Node{}
	}
	kids := p.lists.take(len(list), p.room(64))
	copy(kids, list)
	p.open = p.open[:base]
	return kids
}

// elements reads the children of a list onto the stack of open lists.
func (p *parser) elements() {
	for ok := p.element(true); ok; ok = p.element(false) {
		switch p.peek() {
		case '{':
			p.open = append(p.open, p.node())
		case '"':
			n := p.newNode()
			start := p.pos
			n.Type, n.Text = "text", p.text()
			n.from = p.source(start, 0, 0)
			p.open = append(p.open, n)
		case '[':
			p.elements()
		default:
			p.skip()
		}
	}
}

func (p *parser) newNode() *Node { return &p.nodes.take(1, p.room(64))[0] }

// room is how many things to make room for at once if the rest of the input
// holds one in so many bytes.
func (p *parser) room(bytesEach int) int {
	const most = 256 // what stays unused of the last slab is kept with the tree
	return min(4+(len(p.src)-p.pos)/bytesEach, most)
}
