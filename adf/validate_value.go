package adf

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// value reads a value and reports whether it is as a rule wants it.
func (v *validator) value(index int) bool {
	rule := &schemaRules[index]
	c := v.peek()
	start := v.pos
	switch {
	case rule.kind == ruleObject && c == '{':
		return v.object(rule)
	case rule.kind == ruleList && c == '[':
		return v.list(rule)
	case rule.kind == ruleString && c == '"':
		raw, _ := v.literal()
		return len(raw) >= rule.min
	case rule.kind == ruleWord && c == '"':
		return rule.takes(v.verbatim())
	}
	v.skip()
	switch rule.kind {
	case ruleAny:
		return true
	case ruleBoolean:
		return c == 't' || c == 'f'
	case ruleNumber:
		raw := v.src[start:v.pos]
		return isNumber(raw) && v.fault == "" &&
			(rule.min < 0 || compare(raw, rule.min) >= 0) && (rule.max < 0 || compare(raw, rule.max) <= 0)
	}
	return false
}

func (v *validator) list(rule *rule) bool {
	good, count := true, 0
	for ok := v.element(true); ok; ok = v.element(false) {
		good = v.value(rule.items) && good
		count++
	}
	return good && count >= rule.min
}

func (v *validator) object(rule *rule) bool {
	seen, bad, extra := uint32(0), uint32(0), false
	for name, ok := v.member(true); ok; name, ok = v.member(false) {
		i := rule.member(name)
		if i < 0 {
			extra = true
			v.skip()
			continue
		}
		seen |= 1 << i
		bad &^= 1 << i
		if !v.value(rule.members[i].rule) {
			bad |= 1 << i
		}
	}
	return !extra && bad == 0 && rule.need&^seen == 0
}

// member returns the place of a name among the members of an object, or -1.
func (r *rule) member(name string) int {
	for i := range r.members {
		if r.members[i].name == name {
			return i
		}
	}
	return -1
}

// takes reports whether a text is one of a rule's words.
func (r *rule) takes(text string) bool {
	if slices.Contains(r.words, text) {
		return true
	}
	return strings.HasPrefix(text, "#") && slices.Contains(r.hex, len(text)-1) &&
		strings.Trim(text[1:], "0123456789abcdefABCDEF") == ""
}

// compare orders a number of JSON, exactly, and one that is not negative.
func compare(raw string, n int) int {
	mantissa, exponent := raw, ""
	if i := strings.IndexAny(raw, "eE"); i >= 0 {
		mantissa, exponent = raw[:i], raw[i+1:]
	}
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	digit := func(i int) byte {
		switch {
		case i < len(whole):
			return whole[i]
		case i < len(whole)+len(fraction):
			return fraction[i-len(whole)]
		}
		return '0'
	}
	zeros, end := 0, len(whole)+len(fraction)
	for zeros < end && digit(zeros) == '0' {
		zeros++
	}
	switch {
	case zeros == end && n == 0:
		return 0
	case zeros == end, raw[0] == '-':
		return -1
	case n == 0:
		return 1
	}
	want := strconv.Itoa(n)
	power := int64(0)
	if exponent != "" {
		power, _ = strconv.ParseInt(exponent, 10, 62) // if it is beyond that, the nearest
	}
	if order := power + int64(len(whole)-zeros-len(want)); order != 0 {
		return cmp.Compare(order, 0)
	}
	for i := 0; i < max(end-zeros, len(want)); i++ {
		d := byte('0')
		if i < len(want) {
			d = want[i]
		}
		if got := digit(zeros + i); got != d {
			return int(got) - int(d)
		}
	}
	return 0
}
