package adf

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxNodeDepth is how deep nodes can be nested in what Parse reads: every node
// but the last is an object and a list.
const maxNodeDepth = maxJSONDepth/2 + 1

// The mistakes that a tree built by hand may hold and JSON cannot.
var (
	errAttrs   = errors.New("adf: the attrs of a node or mark are no JSON object")
	errTooDeep = errors.New("adf: nodes are nested too deep, or a node is inside itself")
)

// MarshalJSON returns the node and all below it as JSON.
//
// A node that Parse made and nobody changed is written byte for byte as it
// stood in the document: unknown members, members of the wrong type, order,
// white space and the spelling of numbers and strings included. Where a field
// has been changed, only that member is written anew; an empty field is left
// out. Where children have been added, removed or moved, the rest of each
// child is still as it stood, but what the list held besides nodes is gone.
//
// A node built by hand is written with the fields that are set, and a doc with
// its version, which is 1. A nil node is null.
//
// The only errors are of trees built by hand: Attrs that are no JSON object,
// and nodes nested deeper than Parse reads, cycles included.
//
// Note that json.Marshal compacts what MarshalJSON returns, and escapes < > &
// in it. Give it a *Node: for a Node that has no address it does not call
// MarshalJSON, and writes the Go fields instead.
func (n *Node) MarshalJSON() ([]byte, error) {
	if n == nil {
		return []byte("null"), nil
	}
	var e encoder
	e.reader.words.chunk = 256
	if n.from != nil {
		e.out = make([]byte, 0, len(n.from.json))
	}
	if e.node(n); e.err != nil {
		return nil, e.err
	}
	return e.out, nil
}

// UnmarshalJSON reads a document as Parse does, so that a struct may have a
// *Node among its fields.
func (n *Node) UnmarshalJSON(data []byte) error {
	root, err := Parse(data)
	if err != nil {
		return err
	}
	*n = *root
	return nil
}

// encoder writes one document. After an error what it writes is of no use.
type encoder struct {
	out     []byte
	depth   int
	members []member // of the objects that are open
	read    []Mark   // the marks at hand, as they stood
	spans   []string // the bytes of each
	reader  parser   // of what stood
	err     error
}

// member is a member of an object in a source. From start to end it has the
// white space on both sides too, and the next begins after a comma.
type member struct {
	field                       field
	start, value, valueEnd, end int
}

func (e *encoder) node(n *Node) {
	if e.depth++; e.depth > maxNodeDepth {
		e.err = errTooDeep
	}
	switch {
	case e.err != nil:
	case n.from == nil:
		e.fresh(n)
	case n.from.json[0] == '{':
		e.object(n)
	case n.isAsRead():
		e.elements(n)
	default:
		e.fresh(n)
	}
	e.depth--
}

// isAsRead reports whether a node that was read from no object has only what
// can be written as no object.
func (n *Node) isAsRead() bool {
	if n.Attrs != "" || n.Marks != nil {
		return false
	}
	s := scanner{src: n.from.json}
	switch s.peek() {
	case '"':
		if n.Content != nil {
			return false
		}
		return n.Type == "text" && s.text() == n.Text || n.Type == typeWiki && s.verbatim() == n.Text
	case '[':
		return n.Type == typeList && n.Text == ""
	}
	return n.Type == "" && n.Text == "" && n.Content == nil
}

// elements writes a node that was read from no object.
func (e *encoder) elements(n *Node) {
	if n.from.json[0] == '[' {
		e.content(n.Content, n.from.json)
		return
	}
	e.out = append(e.out, n.from.json...)
}

// fresh writes a node from its fields.
func (e *encoder) fresh(n *Node) {
	switch n.Type {
	case typeWiki:
		e.out = appendQuoted(e.out, n.Text)
		return
	case typeList:
		e.list(n.Content)
		return
	}
	e.out = append(e.out, '{')
	for f := fieldType; f <= fieldContent; f++ {
		if n.has(f) {
			e.add(n, f)
		}
		if f == fieldType && n.Type == "doc" {
			e.out = append(e.out, `,"version":1`...)
		}
	}
	e.out = append(e.out, '}')
}

// add writes a field as a further member of the object that is being written.
func (e *encoder) add(n *Node, f field) {
	if e.out[len(e.out)-1] != '{' {
		e.out = append(e.out, ',')
	}
	e.out = append(appendQuoted(e.out, fieldNames[f]), ':')
	e.value(n, f, "")
}

// object writes a node that was read from an object: its members as they
// stood, with the fields that were changed.
func (e *encoder) object(n *Node) {
	json := n.from.json
	base := len(e.members)
	last := e.scan(n.from)
	count := len(e.members) - base
	gone := [fieldCount]bool{}
	for f := fieldType; f <= fieldContent; f++ {
		if last[f] >= 0 && !n.has(f) {
			m := e.members[last[f]]
			gone[f] = hasValue(f, json[m.value:m.valueEnd])
		}
	}
	e.out = append(e.out, '{')
	for i := base; i < base+count; i++ {
		m := e.members[i] // by value: the stack grows
		if gone[m.field] {
			continue
		}
		if e.out[len(e.out)-1] != '{' {
			e.out = append(e.out, ',')
		}
		e.out = append(e.out, json[m.start:m.value]...)
		if m.field != fieldOther && i == last[m.field] {
			e.value(n, m.field, json[m.value:m.valueEnd])
		} else {
			e.out = append(e.out, json[m.value:m.valueEnd]...)
		}
		e.out = append(e.out, json[m.valueEnd:m.end]...)
	}
	for f := fieldType; f <= fieldContent; f++ {
		if last[f] < 0 && n.has(f) {
			e.add(n, f)
		}
	}
	if count == 0 && e.out[len(e.out)-1] == '{' {
		e.out = append(e.out, json[1:len(json)-1]...) // white space
	}
	e.out = append(e.out, '}')
	e.members = e.members[:base]
}

// scan puts the members of an object on the stack and returns where on it the
// last member of each field is, -1 if there is none.
func (e *encoder) scan(from *source) (last [fieldCount]int) {
	for f := range last {
		last[f] = -1
	}
	s := scanner{src: from.json}
	start := 1
	for name, ok := s.member(true); ok; name, ok = s.member(false) {
		m := member{field: fieldOf(name), start: start, value: s.pos}
		if m.field == fieldContent && s.pos == from.list {
			s.pos = from.listEnd // the children are read on their own
		} else {
			s.skip()
		}
		m.valueEnd = s.pos
		s.peek()
		m.end = s.pos
		start = s.pos + 1
		last[m.field] = len(e.members)
		e.members = append(e.members, m)
	}
	return last
}

// value writes a field. raw is how it stood, "" if it did not: it is written
// again if it still says the same.
func (e *encoder) value(n *Node, f field, raw string) {
	if raw != "" && !n.has(f) {
		e.out = append(e.out, raw...) // a value of the wrong type, or an empty text
		return
	}
	switch f {
	case fieldType:
		e.text(n.Type, raw)
	case fieldText:
		e.text(n.Text, raw)
	case fieldAttrs:
		e.attrs(n.Attrs, raw)
	case fieldMarks:
		e.marks(n.Marks, raw)
	case fieldContent:
		e.content(n.Content, raw)
	}
}

func (e *encoder) text(text, raw string) {
	if hasValue(fieldText, raw) {
		e.reader.begin(raw)
		if e.reader.text() == text {
			e.out = append(e.out, raw...)
			return
		}
	}
	e.out = appendQuoted(e.out, text)
}

func (e *encoder) attrs(attrs Attrs, raw string) {
	if string(attrs) != raw {
		s := scanner{src: string(attrs)}
		isObject := s.peek() == '{'
		s.skip()
		if s.peek(); !isObject || s.fault != "" || s.pos < len(s.src) {
			e.err = errAttrs
		}
	}
	e.out = append(e.out, attrs...)
}

func (e *encoder) marks(marks []Mark, raw string) {
	e.read, e.spans = e.read[:0], e.spans[:0]
	if hasValue(fieldMarks, raw) {
		p := &e.reader
		p.begin(raw)
		for ok := p.element(true); ok; ok = p.element(false) {
			if p.peek() != '{' {
				p.skip()
				continue
			}
			start := p.pos
			e.read = append(e.read, p.mark())
			e.spans = append(e.spans, raw[start:p.pos])
		}
		if slices.Equal(e.read, marks) {
			e.out = append(e.out, raw...)
			return
		}
	}
	known := make(map[Mark]string, len(e.read))
	for i, m := range e.read {
		known[m] = e.spans[i]
	}
	e.newMarks(marks, known)
}

// newMarks writes marks, those that are known as they stood.
func (e *encoder) newMarks(marks []Mark, known map[Mark]string) {
	e.out = append(e.out, '[')
	for i, m := range marks {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if span := known[m]; span != "" {
			e.out = append(e.out, span...)
		} else {
			e.mark(m)
		}
	}
	e.out = append(e.out, ']')
}

// mark writes a mark from its fields.
func (e *encoder) mark(m Mark) {
	e.out = appendQuoted(append(e.out, `{"type":`...), m.Type)
	if m.Attrs != "" {
		e.out = append(e.out, `,"attrs":`...)
		e.attrs(m.Attrs, "")
	}
	e.out = append(e.out, '}')
}

// content writes children into the list as it stood, if they are the same.
func (e *encoder) content(kids []*Node, raw string) {
	if !hasValue(fieldContent, raw) {
		e.list(kids)
		return
	}
	same := lister{scanner: scanner{src: raw}, kids: kids}
	if same.each(func(*Node) {}); same.moved || len(same.kids) > 0 {
		e.list(kids)
		return
	}
	from := 0
	again := lister{scanner: scanner{src: raw}, kids: kids}
	again.each(func(n *Node) {
		e.out = append(e.out, raw[from:again.pos]...)
		e.node(n)
		from = again.pos + len(n.from.json)
	})
	e.out = append(e.out, raw[from:]...)
}

// list writes children as a new list.
func (e *encoder) list(kids []*Node) {
	e.out = append(e.out, '[')
	first := true
	for _, n := range kids {
		if n == nil || e.err != nil {
			continue
		}
		if !first {
			e.out = append(e.out, ',')
		}
		e.node(n)
		first = false
	}
	e.out = append(e.out, ']')
}

// lister goes through a list of children as it stood beside the children that
// are there now.
type lister struct {
	scanner
	kids  []*Node
	moved bool // the children are not those of the list
}

// each calls visit for each child, with the scanner before it.
func (l *lister) each(visit func(*Node)) {
	for ok := l.element(true); ok && !l.moved; ok = l.element(false) {
		switch l.peek() {
		case '{', '"':
			// Equal bytes elsewhere do as well, and the same bytes are
			// compared without a look at them.
			if len(l.kids) == 0 || !l.kids[0].stands(l.src[l.pos:]) {
				l.moved = true
				return
			}
			n := l.kids[0]
			l.kids = l.kids[1:]
			visit(n)
			l.pos += len(n.from.json)
		case '[':
			l.each(visit)
		default:
			l.skip()
		}
	}
}

// stands reports whether s begins with the node as it stood.
func (n *Node) stands(s string) bool {
	return n != nil && n.from != nil && strings.HasPrefix(s, n.from.json)
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends s as a JSON string. What is no UTF-8 becomes U+FFFD.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		case r < utf8.RuneSelf:
			dst = append(dst, s[i])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
