package adf

import "math/bits"

// ValidateOptions say by which edition of the schema to judge a document. The
// zero value is the released one.
type ValidateOptions struct {
	// Stage0 also allows the nodes and attributes that Atlassian has on trial,
	// such as multiBodiedExtension, a table in a panel, or a comment on a
	// mention. Sites may hold some of them before their release.
	Stage0 bool
}

// Validate reports every way in which a document breaks the released schema of
// ADF. A document without problems is one that the JSON schema accepts, and
// the reverse; Jira stores others too, and all that this package prints of
// them is said at [Parse]. Where a node may be one of several things, the
// problems are those that keep it from the nearest.
//
// The problems of a node come before those of its children, and those of a
// child before those of the next. Nil, no document, is one that is not a doc.
// Of equal names in an object the last counts. The error is a *SyntaxError if
// data is not one JSON value, as at Parse.
//
// Time and memory are linear in the size of data. The problems share a copy
// of it.
//
// Source: full.json and stage-0.json of the npm package @atlaskit/adf-schema
// 57.7.22.
func Validate(data []byte) ([]Problem, error) { return ValidateOptions{}.Validate(data) }

// Validate is the function Validate, with options.
func (o ValidateOptions) Validate(data []byte) ([]Problem, error) {
	v := validator{scanner: scanner{src: string(data)}, schema: &releasedSchema, records: make([]record, 0, 16)}
	if data == nil {
		v.src = "null"
	}
	if o.Stage0 {
		v.schema = &stage0Schema
	}
	accepted := v.document()
	if v.fault != "" {
		return nil, &SyntaxError{Offset: v.pos, Reason: v.fault}
	}
	if accepted&rootSlot != 0 {
		return nil, nil
	}
	return v.explain(), nil
}

// validator judges the nodes of a document from the leaves up.
type validator struct {
	scanner
	schema *schema
	// records are of the nodes in the order of their beginnings, without those
	// below a node of which nothing can turn out to be wrong.
	records []record
}

// record is what explain needs to know of a node.
type record struct {
	facts
	accepted   slots
	start, end int // in src
	list       int // in src, where its last content begins
	listEnd    int // and where it ends
	kid, next  int // records of the first node in that content, and of the first after this one
}

// facts are what a node's variants look at.
type facts struct {
	typ     int    // by nodeIndex, -1 if it is unknown or no text
	present keySet // the members it has
	wrong   keySet // those whose value has not even the right shape
	attrs   uint8  // which of the rules of its type its attrs satisfy
	marks   markSet
	kids    kids
}

// kids sums up the children of a node: the places where they all fit.
type kids struct {
	first, second, rest slots
	count               int
}

func (v *validator) document() slots {
	accepted := slots(0)
	if v.peek() == '{' {
		accepted = v.node()
	} else {
		v.skip()
	}
	if v.fault == "" {
		if v.peek(); v.pos < len(v.src) {
			v.fail("more than one value")
		}
	}
	return accepted
}

// node reads an object as a node and returns the places that take it.
func (v *validator) node() slots {
	index := len(v.records)
	v.records = append(v.records, record{})
	r := record{start: v.pos, facts: newFacts()}
	f := &r.facts
	attrsAt, attrsOf := -1, -1 // the attrs, and the type they are judged by
	for name, ok := v.member(true); ok; name, ok = v.member(false) {
		switch name {
		case "type":
			f.present |= keyType
			f.typ = nodeIndex(v.typeName())
		case "attrs":
			f.present |= keyAttrs
			attrsAt, attrsOf = v.pos, f.typ
			f.attrs = v.attrs(f.typ)
		case "marks":
			f.marks = v.marks()
			f.saw(keyMarks, f.marks != noList)
			f.marks &^= noList
		case "content":
			r.list, r.kid = v.pos, len(v.records)
			var ok bool
			f.kids, ok = v.content()
			f.saw(keyContent, ok)
			r.listEnd = v.pos
		case "text":
			f.saw(keyText, v.value(ruleOfText))
		case "version":
			f.saw(keyVersion, v.value(ruleOfVersion))
		default:
			f.present |= keyOther
			v.skip()
		}
	}
	if attrsAt >= 0 && attrsOf != f.typ && v.fault == "" {
		end := v.pos
		v.pos = attrsAt
		f.attrs = v.attrs(f.typ)
		v.pos = end
	}
	var settled bool
	if r.accepted, settled = f.judge(v.schema); settled {
		v.records = v.records[:index+1]
	}
	r.end, r.next = v.pos, len(v.records)
	v.records[index] = r
	return r.accepted
}

func newFacts() facts {
	return facts{typ: -1, kids: kids{first: everySlot, second: everySlot, rest: everySlot}}
}

// saw notes a member, again if its name was there before.
func (f *facts) saw(key keySet, ok bool) {
	f.present |= key
	f.wrong &^= key
	if !ok {
		f.wrong |= key
	}
}

// judge returns the places that take a node: those of all variants that it
// satisfies. A node is settled if it satisfies some and all could have its
// children: whatever its place makes of it, they are in order.
func (f *facts) judge(s *schema) (accepted slots, settled bool) {
	if f.typ < 0 {
		return 0, false
	}
	settled = true
	variants := s.nodes[f.typ].variants
	for i := range variants {
		v := &variants[i]
		if f.present&keyContent != 0 && !f.kids.satisfy(&v.content) {
			settled = false
		} else if f.satisfies(v) {
			accepted |= v.slots
		}
	}
	return accepted, settled && accepted != 0
}

// satisfies reports whether a variant could be a node but for its children.
func (f *facts) satisfies(v *variant) bool {
	return f.present&^v.keys == 0 && v.need&^f.present == 0 && f.wrong&v.ruled == 0 &&
		(f.present&keyAttrs == 0 || f.attrs&v.attrs != 0) && f.marks&^v.marks == 0
}

func (k *kids) satisfy(c *content) bool {
	return k.first&c.first == c.first && k.second&c.second == c.second && k.rest&c.rest == c.rest &&
		k.count >= c.min && (c.max < 0 || k.count <= c.max)
}

// distance returns how much keeps a node from being a variant. It is 0 only if
// the node satisfies it.
func (f *facts) distance(v *variant) int {
	n := bits.OnesCount8(uint8(f.present&^v.keys | v.need&^f.present | f.wrong&v.ruled))
	n += bits.OnesCount32(uint32(f.marks &^ v.marks))
	if f.present&keyAttrs != 0 && f.attrs&v.attrs == 0 {
		n++
	}
	if c := &v.content; f.present&keyContent != 0 {
		for _, misfit := range []bool{
			f.kids.first&c.first != c.first, f.kids.second&c.second != c.second, f.kids.rest&c.rest != c.rest,
			f.kids.count < c.min, c.max >= 0 && f.kids.count > c.max,
		} {
			if misfit {
				n++
			}
		}
	}
	return n
}

// attrs reads the attrs of a node and returns which of the rules of its type
// they satisfy.
func (v *validator) attrs(typ int) (satisfied uint8) {
	if typ < 0 || len(v.schema.nodes[typ].attrs) == 0 {
		v.skip()
		return 0
	}
	start := v.pos
	for i, rule := range v.schema.nodes[typ].attrs {
		v.pos = start
		if v.value(rule) {
			satisfied |= 1 << i
		}
	}
	return satisfied
}

// content reads the children of a node, if they are in a list.
func (v *validator) content() (k kids, ok bool) {
	k = newFacts().kids
	if v.peek() != '[' {
		v.skip()
		return k, false
	}
	for ok := v.element(true); ok; ok = v.element(false) {
		accepted := slots(0)
		if v.peek() == '{' {
			accepted = v.node()
		} else {
			v.skip()
		}
		switch k.count {
		case 0:
			k.first = accepted
		case 1:
			k.second = accepted
		default:
			k.rest &= accepted
		}
		k.count++
	}
	return k, true
}

// noList stands in a markSet for marks that are no list.
const noList markSet = 1 << 30

// marks reads the marks of a node.
func (v *validator) marks() (set markSet) {
	if v.peek() != '[' {
		v.skip()
		return noList
	}
	for ok := v.element(true); ok; ok = v.element(false) {
		set |= v.mark()
	}
	return set
}

// mark reads one mark and returns its bit, or otherMark.
func (v *validator) mark() markSet {
	if v.peek() != '{' {
		v.skip()
		return otherMark
	}
	typ, attrsAt, attrsOf := -1, -1, -1
	attrsOK, extra := false, false
	for name, ok := v.member(true); ok; name, ok = v.member(false) {
		switch name {
		case "type":
			typ = markIndex(v.typeName())
		case "attrs":
			attrsAt, attrsOf = v.pos, typ
			attrsOK = v.markAttrs(typ)
		default:
			extra = true
			v.skip()
		}
	}
	if attrsAt >= 0 && attrsOf != typ && v.fault == "" {
		end := v.pos
		v.pos = attrsAt
		attrsOK = v.markAttrs(typ)
		v.pos = end
	}
	if typ < 0 || extra || attrsOK != (schemaMarks[typ].attrs >= 0) || attrsAt >= 0 && !attrsOK {
		return otherMark
	}
	return 1 << typ
}

func (v *validator) markAttrs(typ int) bool {
	if typ < 0 || schemaMarks[typ].attrs < 0 {
		v.skip()
		return false
	}
	return v.value(schemaMarks[typ].attrs)
}

// typeName reads a text, or skips another value and returns "".
func (v *validator) typeName() string {
	if v.peek() == '"' {
		return v.verbatim()
	}
	v.skip()
	return ""
}
