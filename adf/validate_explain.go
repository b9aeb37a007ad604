package adf

import "math/bits"

// explain says, from the document down, what is wrong with one that was read
// and is not valid. Below a node that is right where it stands there is nothing
// to say, so such nodes are passed over.
func (v *validator) explain() []Problem {
	x := explainer{validator: validator{scanner: scanner{src: v.src}, schema: v.schema}, records: v.records}
	if len(x.records) == 0 {
		x.report(nil, CodeNotADoc, "", "an object of type doc")
		return x.problems
	}
	x.node(0, rootSlot, nil)
	return x.problems
}

// explainer reports problems. Its scanner reads what is known to be sound.
type explainer struct {
	validator
	records  []record
	problems []Problem
}

func (x *explainer) report(at *place, code Code, name, want string) {
	x.problems = append(x.problems, Problem{Code: code, Name: name, Want: want, place: at})
}

// node reports what keeps a node from the places in want. If want is
// everySlot, its parent is unknown, and any place would do.
func (x *explainer) node(index int, want slots, at *place) {
	r := &x.records[index]
	m := x.members(r)
	if r.typ < 0 || len(x.schema.nodes[r.typ].variants) == 0 {
		x.unknownNode(r, m, want, at)
		return
	}
	t := &x.schema.nodes[r.typ]
	v := t.nearest(&r.facts, want)
	if v == nil {
		if want != everySlot {
			x.misplaced(t.name, want, at)
		}
		if r.accepted != 0 {
			return
		}
		v = t.nearest(&r.facts, 0)
	}
	x.lacks(t, v, &r.facts, at)
	x.extras(m.extra, v, at)
	if key := r.present & keyAttrs; key&^v.keys != 0 {
		x.report(at.member("attrs"), CodeExtraKey, "attrs", "")
	} else if key != 0 && r.attrs&v.attrs == 0 {
		x.pos = m.attrs
		x.attrs(t, v, at.member("attrs"))
	}
	x.marks(r, v, m.marks, at)
	x.texts(r, v, at)
	x.content(r, v, at)
}

// nearest returns the variant, of those that fit the places in want, which a
// node misses by least; nil if none fits them.
func (t *nodeType) nearest(f *facts, want slots) *variant {
	var best *variant
	least := 0
	for i := range t.variants {
		v := &t.variants[i]
		if v.slots&want != want {
			continue
		}
		if n := f.distance(v); best == nil || n < least {
			best, least = v, n
		}
	}
	return best
}

// misplaced reports a node whose type does not belong where it stands.
func (x *explainer) misplaced(typ string, want slots, at *place) {
	if want == rootSlot {
		x.report(at, CodeNotADoc, typ, "an object of type doc")
		return
	}
	x.report(at, CodeBadChild, typ, x.takes(want))
}

func (x *explainer) takes(want slots) string {
	if want == everySlot {
		return ""
	}
	return x.schema.places[bits.TrailingZeros64(uint64(want))]
}

// unknownNode reports a node without a known type, and what is wrong by any
// rule in the nodes below it.
func (x *explainer) unknownNode(r *record, m members, want slots, at *place) {
	typ := ""
	if m.typ >= 0 {
		x.pos = m.typ
		typ = x.typeName()
	}
	if want == rootSlot {
		x.misplaced(typ, want, at)
	} else {
		x.report(at, CodeUnknownNode, typ, x.takes(want))
	}
	if r.present&^r.wrong&keyContent != 0 {
		c := content{first: everySlot, second: everySlot, rest: everySlot}
		x.kids(r, &c, at.member("content"))
	}
}

// members says where the members of a node are.
type members struct {
	typ, attrs, marks int // the last of their name, -1 if there is none
	extra             []string
}

// members finds the members of a node, without reading its children.
func (x *explainer) members(r *record) members {
	m := members{typ: -1, attrs: -1, marks: -1}
	var seen map[string]bool
	x.pos = r.start
	for name, ok := x.member(true); ok; name, ok = x.member(false) {
		switch name {
		case "type":
			m.typ = x.pos
		case "attrs":
			m.attrs = x.pos
		case "marks":
			m.marks = x.pos
		case "content":
			if x.pos == r.list {
				x.pos = r.listEnd
				continue
			}
		case "text", "version":
		default:
			if seen == nil {
				seen = map[string]bool{}
			}
			if !seen[name] {
				m.extra = append(m.extra, name)
			}
			seen[name] = true
		}
		x.skip()
	}
	return m
}

// lacks reports the members that a node must have and has not.
func (x *explainer) lacks(t *nodeType, v *variant, f *facts, at *place) {
	missing := v.need &^ f.present
	if missing&keyVersion != 0 {
		x.report(at, CodeBadVersion, "version", "1")
	}
	if missing&keyText != 0 {
		x.report(at, CodeEmptyText, "text", schemaRules[ruleOfText].want())
	}
	if missing&keyAttrs != 0 {
		x.missing(t.attrs[bits.TrailingZeros8(v.attrs)], at)
	}
	if missing&keyContent != 0 {
		x.report(at, CodeMissingContent, "content", x.takes(v.content.first))
	}
}

// missing reports absent attrs: a problem for each that must be there.
func (x *explainer) missing(index int, at *place) {
	rule := &schemaRules[index]
	if rule.need == 0 {
		x.report(at, CodeMissingAttr, "attrs", "an object")
	}
	x.absent(rule, 0, at)
}

// absent reports the members that an object must have and has not.
func (x *explainer) absent(rule *rule, seen uint32, at *place) {
	for i, m := range rule.members {
		if (rule.need&^seen)>>i&1 != 0 {
			x.report(at, CodeMissingAttr, m.name, schemaRules[m.rule].want())
		}
	}
}

// extras reports the members of a node that none have.
func (x *explainer) extras(names []string, v *variant, at *place) {
	if v.keys&keyOther != 0 {
		return
	}
	for _, name := range names {
		x.report(at.member(name), CodeExtraKey, name, "")
	}
}

// texts reports a wrong text or version.
func (x *explainer) texts(r *record, v *variant, at *place) {
	for _, m := range []struct {
		key  keySet
		name string
		rule int
		code Code
	}{{keyText, "text", ruleOfText, CodeEmptyText}, {keyVersion, "version", ruleOfVersion, CodeBadVersion}} {
		switch {
		case r.present&m.key&^v.keys != 0:
			x.report(at.member(m.name), CodeExtraKey, m.name, "")
		case r.wrong&m.key&v.ruled != 0:
			x.report(at.member(m.name), m.code, m.name, schemaRules[m.rule].want())
		}
	}
}

// content reports what is wrong with the content of a node, and in it.
func (x *explainer) content(r *record, v *variant, at *place) {
	if r.present&keyContent == 0 || v.keys&v.ruled&keyContent != 0 && r.wrong&keyContent == 0 && r.kids.satisfy(&v.content) {
		return
	}
	at = at.member("content")
	switch {
	case v.keys&keyContent == 0:
		x.report(at, CodeExtraKey, "content", "")
		return
	case v.ruled&keyContent == 0:
		return
	case r.wrong&keyContent != 0:
		x.report(at, CodeBadType, "content", "a list of nodes")
		return
	}
	c := &v.content
	if r.kids.count < c.min {
		x.report(at, CodeTooFew, "content", plural("at least", c.min, "node"))
	}
	if c.max >= 0 && r.kids.count > c.max {
		x.report(at, CodeTooMany, "content", plural("at most", c.max, "node"))
	}
	x.kids(r, c, at)
}

// kids reports the children that do not fit their places.
func (x *explainer) kids(r *record, c *content, at *place) {
	x.pos = r.list
	kid := r.kid
	index := 0
	for ok := x.element(true); ok; ok = x.element(false) {
		want := c.rest
		switch index {
		case 0:
			want = c.first
		case 1:
			want = c.second
		}
		if x.peek() != '{' {
			if want != 0 {
				x.report(at.element(index), CodeBadType, "", "a node")
			}
			x.skip()
		} else {
			k := &x.records[kid]
			if want == everySlot && k.accepted == 0 || want != everySlot && k.accepted&want != want {
				x.node(kid, want, at.element(index))
			}
			x.pos, kid = k.end, k.next
		}
		index++
	}
}
