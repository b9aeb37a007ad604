package adf

import (
	"strconv"
	"strings"
)

// attrs reports what keeps attrs from the nearest of the rules that a variant
// takes.
func (x *explainer) attrs(t *nodeType, v *variant, at *place) {
	start, base := x.pos, len(x.problems)
	best, least := -1, 0
	for i, rule := range t.attrs {
		if v.attrs>>i&1 == 0 {
			continue
		}
		x.pos = start
		x.value(rule, CodeBadType, "attrs", at)
		if n := weight(x.problems[base:]); best < 0 || n < least {
			best, least = rule, n
		}
		x.problems = x.problems[:base]
	}
	x.pos = start
	x.value(best, CodeBadType, "attrs", at)
}

// weight adds problems up. A wrong word counts for more, as words are what
// tells the rules apart: "file" and "external", "percentage" and "pixel".
func weight(problems []Problem) int {
	n := len(problems)
	for _, p := range problems {
		if p.Code == CodeBadAttr && (strings.HasPrefix(p.Want, oneOf) || strings.HasPrefix(p.Want, `"`)) {
			n += 3
		}
	}
	return n
}

// value reports what keeps a value from its rule, with a code for the value
// itself. It reads the value.
func (x *explainer) value(index int, code Code, name string, at *place) {
	rule := &schemaRules[index]
	switch c := x.peek(); {
	case rule.kind == ruleObject && c == '{':
		x.object(rule, at)
	case rule.kind == ruleList && c == '[':
		x.list(rule, name, at)
	default:
		if !x.validator.value(index) {
			x.report(at, code, name, rule.want())
		}
	}
}

func (x *explainer) list(rule *rule, name string, at *place) {
	count := 0
	for ok := x.element(true); ok; ok = x.element(false) {
		x.nested(rule.items, name, at, "", count)
		count++
	}
	if count < rule.min {
		x.report(at, CodeTooFew, name, plural("at least", rule.min, "element"))
	}
}

// nested reports what keeps a member or an element from its rule.
func (x *explainer) nested(index int, name string, parent *place, member string, element int) {
	start := x.pos
	if x.validator.value(index) {
		return
	}
	x.pos = start
	at := &place{parent: parent, name: member, index: element}
	x.value(index, CodeBadAttr, name, at)
}

func (x *explainer) object(rule *rule, at *place) {
	start := x.pos
	var last [32]int // where the last member of each name stands
	seen := uint32(0)
	var extra map[string]bool
	for name, ok := x.member(true); ok; name, ok = x.member(false) {
		if i := rule.member(name); i >= 0 {
			seen |= 1 << i
			last[i] = x.pos
		} else if !extra[name] {
			if extra == nil {
				extra = map[string]bool{}
			}
			extra[name] = true
			x.report(at.member(name), CodeExtraAttr, name, "")
		}
		x.skip()
	}
	x.absent(rule, seen, at)
	x.pos = start
	for name, ok := x.member(true); ok; name, ok = x.member(false) {
		if i := rule.member(name); i >= 0 && last[i] == x.pos {
			x.nested(rule.members[i].rule, name, at, name, -1)
		} else {
			x.skip()
		}
	}
}

// marks reports what is wrong with the marks of a node.
func (x *explainer) marks(r *record, v *variant, pos int, at *place) {
	if r.present&keyMarks == 0 {
		return
	}
	at = at.member("marks")
	switch {
	case v.keys&keyMarks == 0:
		x.report(at, CodeExtraKey, "marks", "")
	case r.wrong&v.ruled&keyMarks != 0:
		x.report(at, CodeBadType, "marks", "a list of marks")
	case r.marks&^v.marks != 0:
		x.pos = pos
		index := 0
		for ok := x.element(true); ok; ok = x.element(false) {
			start := x.pos
			if bit := x.validator.mark(); bit&^v.marks != 0 {
				end := x.pos
				x.pos = start
				x.mark(v, at.element(index))
				x.pos = end
			}
			index++
		}
	}
}

// mark reports what is wrong with a mark that its node does not take.
func (x *explainer) mark(v *variant, at *place) {
	if x.peek() != '{' {
		x.report(at, CodeBadType, "", "a mark")
		return
	}
	typ, attrs := "", -1
	var extra []string
	seen := map[string]bool{}
	for name, ok := x.member(true); ok; name, ok = x.member(false) {
		switch name {
		case "type":
			typ = x.typeName()
			continue
		case "attrs":
			attrs = x.pos
		default:
			if !seen[name] {
				extra = append(extra, name)
			}
			seen[name] = true
		}
		x.skip()
	}
	index := markIndex(typ)
	if index < 0 {
		x.report(at, CodeUnknownMark, typ, v.marks.want())
		return
	}
	if v.marks>>index&1 == 0 {
		x.report(at, CodeBadMark, typ, v.marks.want())
	}
	for _, name := range extra {
		x.report(at.member(name), CodeExtraKey, name, "")
	}
	switch rule := schemaMarks[index].attrs; {
	case rule < 0 && attrs >= 0:
		x.report(at.member("attrs"), CodeExtraKey, "attrs", "")
	case rule >= 0 && attrs < 0:
		x.missing(rule, at)
	case rule >= 0:
		x.pos = attrs
		x.value(rule, CodeBadType, "attrs", at.member("attrs"))
	}
}

// want lists the marks of a set, for people.
func (s markSet) want() string {
	var list []string
	for i := range schemaMarks {
		if s>>i&1 != 0 {
			list = append(list, schemaMarks[i].name)
		}
	}
	if len(list) == 0 {
		return "no mark"
	}
	return strings.Join(list, ", ")
}

const oneOf = "one of "

// want says what a rule allows, for people.
func (r *rule) want() string {
	switch r.kind {
	case ruleString:
		if r.min > 0 {
			return "a string that is not empty"
		}
		return "a string"
	case ruleWord:
		return r.wantWord()
	case ruleNumber:
		return r.wantNumber()
	case ruleBoolean:
		return "true or false"
	case ruleList:
		return "a list"
	case ruleObject:
		return "an object"
	}
	return "a value"
}

func (r *rule) wantWord() string {
	var list []string
	for _, word := range r.words {
		list = append(list, strconv.Quote(word))
	}
	for _, n := range r.hex {
		list = append(list, "# and "+strconv.Itoa(n)+" hexadecimal digits")
	}
	if len(list) == 1 {
		return list[0]
	}
	return oneOf + strings.Join(list, ", ")
}

func (r *rule) wantNumber() string {
	switch {
	case r.min >= 0 && r.min == r.max:
		return strconv.Itoa(r.min)
	case r.min >= 0 && r.max >= 0:
		return "a number from " + strconv.Itoa(r.min) + " to " + strconv.Itoa(r.max)
	case r.min >= 0:
		return "a number from " + strconv.Itoa(r.min) + " on"
	case r.max >= 0:
		return "a number up to " + strconv.Itoa(r.max)
	}
	return "a number"
}

// plural says how many things of a name there must be.
func plural(bound string, n int, name string) string {
	if n != 1 {
		name += "s"
	}
	return bound + " " + strconv.Itoa(n) + " " + name
}
