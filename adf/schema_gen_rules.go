//go:build ignore

package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rule numbers the rule that says of a value what s says.
func (g *generator) rule(s *schema) int {
	switch {
	case len(s.AnyOf)+len(s.AllOf) > 0 || s.Ref != "":
		refuse("value", s)
	case s.Type == "object":
		return g.object(s)
	case s.Type == "array":
		return g.list(s)
	case s.Pattern != "":
		return g.pattern(s)
	case s.Enum != nil:
		return g.enum(s)
	case s.Type == "string" && s.MinLength <= 1:
		return number(&g.rules, fmt.Sprintf("{kind: ruleString, min: %d, max: -1}", s.MinLength))
	case s.Type == "number":
		lo, hi := -1, -1
		if s.Minimum != nil {
			lo = *s.Minimum
		}
		if s.Maximum != nil {
			hi = *s.Maximum
		}
		if lo < -1 || hi < -1 {
			refuse("negative bound", s)
		}
		return number(&g.rules, fmt.Sprintf("{kind: ruleNumber, min: %d, max: %d}", lo, hi))
	case s.Type == "boolean":
		return number(&g.rules, "{kind: ruleBoolean}")
	case s.Type != "":
		refuse("value", s)
	}
	return number(&g.rules, "{kind: ruleAny}")
}

func (g *generator) object(s *schema) int {
	need := 0
	var list strings.Builder
	names := slices.Sorted(maps.Keys(s.Properties))
	for i, key := range names {
		if slices.Contains(s.Required, key) {
			need |= 1 << i
		}
		fmt.Fprintf(&list, "{%q, %d}, ", key, g.rule(s.Properties[key]))
	}
	if !s.closed() || len(names) > 32 {
		refuse("object", s)
	}
	return number(&g.rules, fmt.Sprintf("{kind: ruleObject, members: []property{%s}, need: %#x}", list.String(), need))
}

func (g *generator) list(s *schema) int {
	if s.Items == nil || s.Items.all == nil || s.MaxItems != nil {
		refuse("list", s)
	}
	return number(&g.rules, fmt.Sprintf("{kind: ruleList, min: %d, max: -1, items: %d}", s.MinItems, g.rule(s.Items.all)))
}

// enum is a choice of words, or one number.
func (g *generator) enum(s *schema) int {
	if n, ok := s.Enum[0].(float64); ok && len(s.Enum) == 1 && n == float64(int(n)) && n >= 0 {
		return number(&g.rules, fmt.Sprintf("{kind: ruleNumber, min: %d, max: %[1]d}", int(n)))
	}
	var words []string
	for _, v := range s.Enum {
		word, ok := v.(string)
		if !ok {
			refuse("enum", s)
		}
		words = append(words, word)
	}
	return number(&g.rules, fmt.Sprintf("{kind: ruleWord, words: %#v}", words))
}

var hexDigits = regexp.MustCompile(`^#\[0-9a-fA-F\]\{(\d+)\}$`)

// pattern is a choice of words and of "#" with hexadecimal digits.
func (g *generator) pattern(s *schema) int {
	pattern := strings.ReplaceAll(s.Pattern, "$|^", "|")
	if !strings.HasPrefix(pattern, "^") || !strings.HasSuffix(pattern, "$") || s.Type != "string" || s.MinLength > 0 {
		refuse("pattern", s)
	}
	pattern = pattern[1 : len(pattern)-1]
	if strings.HasPrefix(pattern, "(") && strings.HasSuffix(pattern, ")") {
		pattern = pattern[1 : len(pattern)-1]
	}
	var words []string
	var hex []int
	for alternative := range strings.SplitSeq(pattern, "|") {
		if m := hexDigits.FindStringSubmatch(alternative); m != nil {
			n, _ := strconv.Atoi(m[1])
			hex = append(hex, n)
		} else if regexp.QuoteMeta(alternative) == alternative {
			words = append(words, alternative)
		} else {
			refuse("pattern", s)
		}
	}
	return number(&g.rules, fmt.Sprintf("{kind: ruleWord, words: %#v, hex: %#v}", words, hex))
}
