package adf

import (
	"strconv"
	"strings"
)

// Node is one node of a document: a block such as a paragraph or a table, or
// an inline node such as a text or a mention. Which fields a node uses follows
// from its type; none is required, and a node may be built by hand.
//
// The fields are what readers need. A node made by Parse also remembers how it
// stood in the document, so that MarshalJSON gives back what has no field,
// such as the version of a doc. Compare nodes by their exported fields, and
// give json.Marshal a *Node.
//
// A tree made by Parse shares one copy of its input: keeping a small part of
// it keeps all of that copy. Reading a tree from several goroutines is safe.
type Node struct {
	// Type is the node's name in the schema, such as "paragraph". It is ""
	// if the document gave none, or no string.
	Type string
	// Text is the text of a node of type "text", and of an unknown node.
	Text string
	// Attrs holds the attributes; "" if there are none.
	Attrs Attrs
	// Marks are the marks of a text, of a media node, or of a block.
	Marks []Mark
	// Content are the children: nil if the document has none, empty if it
	// has an empty list.
	Content []*Node

	from *source // nil if the node was built by hand
}

// source is how a node stood in its document. MarshalJSON writes from it what
// the fields of the node do not hold.
type source struct {
	json string // the whole value
	// Where in json the list of children is: the value of its last "content",
	// of any type. Both are 0 if it has none.
	list, listEnd int
}

// Mark is a property of a node, such as "strong" or "link".
type Mark struct {
	Type  string
	Attrs Attrs
}

// Attrs are the attributes of a node or mark: the JSON object as it stands in
// the document, so that unknown attributes, the order of the names and the
// digits of numbers survive. Absent attributes are "".
//
// The methods read one attribute each; json.Unmarshal([]byte(attrs), &v) reads
// them all. Names are case-sensitive, the last of equal names wins, and an
// attribute of another type than the method's counts as absent.
type Attrs string

// Text returns the attribute of that name if it is a string. Line ends in it
// are "\n", and it is valid UTF-8.
func (a Attrs) Text(name string) (value string, ok bool) {
	raw := a.raw(name)
	if raw == "" || raw[0] != '"' {
		return "", false
	}
	s := scanner{src: raw}
	value = s.text()
	return value, s.fault == ""
}

// Number returns the attribute of that name if it is a number.
func (a Attrs) Number(name string) (value float64, ok bool) {
	raw := a.raw(name)
	if !isNumber(raw) {
		return 0, false
	}
	// An error leaves ±Inf, which is right for a number beyond float64.
	value, _ = strconv.ParseFloat(raw, 64)
	return value, true
}

// Object returns the attribute of that name if it is an object, else "".
func (a Attrs) Object(name string) Attrs {
	if raw := a.raw(name); raw != "" && raw[0] == '{' {
		return Attrs(raw)
	}
	return ""
}

// text is Text without the second value: "" if there is no such string.
func (a Attrs) text(name string) string {
	value, _ := a.Text(name)
	return value
}

// raw returns the JSON of an attribute, "" if it is absent or if a is not an
// object, which only a tree built by hand can hold.
func (a Attrs) raw(name string) string {
	if a == "" || a == "{}" {
		return ""
	}
	s := scanner{src: string(a)}
	if s.peek() != '{' {
		return ""
	}
	value := ""
	for key, ok := s.member(true); ok; key, ok = s.member(false) {
		start := s.pos
		s.skip()
		if key == name {
			value = s.src[start:s.pos]
		}
	}
	if s.fault != "" {
		return ""
	}
	return value
}

// field is a member of a node's object that Node has a field for.
type field uint8

const (
	fieldOther field = iota
	fieldType
	fieldText
	fieldAttrs
	fieldMarks
	fieldContent
	fieldCount
)

var fieldNames = [fieldCount]string{fieldType: "type", fieldText: "text",
	fieldAttrs: "attrs", fieldMarks: "marks", fieldContent: "content"}

func fieldOf(name string) field {
	switch name {
	case "type":
		return fieldType
	case "text":
		return fieldText
	case "attrs":
		return fieldAttrs
	case "marks":
		return fieldMarks
	case "content":
		return fieldContent
	}
	return fieldOther
}

// has reports whether a field is set.
func (n *Node) has(f field) bool {
	switch f {
	case fieldType:
		return n.Type != ""
	case fieldText:
		return n.Text != ""
	case fieldAttrs:
		return n.Attrs != ""
	case fieldMarks:
		return n.Marks != nil
	case fieldContent:
		return n.Content != nil
	}
	return false
}

// hasValue reports whether Parse sets the field if its value is raw.
func hasValue(f field, raw string) bool {
	if raw == "" {
		return false
	}
	switch f {
	case fieldType, fieldText:
		return raw[0] == '"' && raw != `""`
	case fieldAttrs:
		return raw[0] == '{'
	default:
		return raw[0] == '['
	}
}

func isNumber(raw string) bool {
	return raw != "" && (raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9')
}

// hasMark reports whether one of the marks is of that type.
func hasMark(marks []Mark, typ string) bool {
	for _, m := range marks {
		if m.Type == typ {
			return true
		}
	}
	return false
}

// linkTarget returns where the first link mark with an href points, "" if
// none does. Marks before it, and link marks without an href, are passed over.
func linkTarget(marks []Mark) string {
	for _, m := range marks {
		if m.Type == "link" {
			if href := strings.TrimSpace(m.Attrs.text("href")); href != "" {
				return href
			}
		}
	}
	return ""
}
