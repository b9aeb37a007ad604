//go:build ignore

// Schema_gen compiles the JSON schema of ADF, released and stage-0 editions,
// into the tables that Validate reads. It knows the parts of JSON Schema that
// those files use, and refuses any other.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"log"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

func main() {
	released := flag.String("released", "", "`file` with the released schema, full.json")
	stage0 := flag.String("stage0", "", "`file` with the schema of nodes on trial, stage-0.json")
	out := flag.String("o", "", "`file` to write; standard output if empty")
	flag.Parse()
	code, err := generate(*released, *stage0)
	if err == nil && *out != "" {
		err = os.WriteFile(*out, code, 0o666)
	} else if err == nil {
		_, err = os.Stdout.Write(code)
	}
	if err != nil {
		log.Fatal("schema_gen: ", err)
	}
}

// schema is the part of JSON Schema, draft 4, that is understood.
type schema struct {
	Ref         string             `json:"$ref"`
	Schema      string             `json:"$schema"`
	Description string             `json:"description"`
	Definitions map[string]*schema `json:"definitions"`
	AllOf       []*schema          `json:"allOf"`
	AnyOf       []*schema          `json:"anyOf"`
	Type        string             `json:"type"`
	Properties  map[string]*schema `json:"properties"`
	Required    []string           `json:"required"`
	Additional  *bool              `json:"additionalProperties"`
	Items       *items             `json:"items"`
	Enum        []any              `json:"enum"`
	Pattern     string             `json:"pattern"`
	MinLength   int                `json:"minLength"`
	MinItems    int                `json:"minItems"`
	MaxItems    *int               `json:"maxItems"`
	Minimum     *int               `json:"minimum"`
	Maximum     *int               `json:"maximum"`
}

func (s *schema) closed() bool { return s.Additional != nil && !*s.Additional }

// items is one schema for all elements, or one for each of the first.
type items struct {
	all   *schema
	tuple []*schema
}

func (i *items) UnmarshalJSON(data []byte) error {
	if data[0] == '[' {
		return decode(data, &i.tuple)
	}
	return decode(data, &i.all)
}

func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// unknown stops the generator: the schema uses what it does not know.
type unknown string

func refuse(what string, v any) {
	text, _ := json.Marshal(v)
	panic(unknown(what + ": " + string(text)))
}

func generate(released, stage0 string) (code []byte, err error) {
	defer func() {
		if r, ok := recover().(unknown); ok {
			err = fmt.Errorf("not understood: %s", string(r))
		}
	}()
	var g generator
	var parts []edition
	// Stage 0 comes first: it has all types.
	for _, path := range []string{stage0, released} {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		e := edition{generator: &g}
		if err := decode(data, &e.root); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		e.compile()
		parts = append(parts, e)
	}
	return format.Source(g.print(parts[1], parts[0]))
}

// generator holds what both editions share: the numbers of node types, marks
// and rules.
type generator struct {
	types, marks  []string
	markRules     []int
	rules         []string
	text, version int
}

// edition is one schema file.
type edition struct {
	*generator
	root  schema
	slots [][]string                   // of each slot, the definitions it takes
	nodes map[string]*nodeType         // by type
	order []string                     // definitions, as they are reached
	done  map[string]map[string]string // definition to the fields of its variant
}

type nodeType struct {
	attrs    []int
	variants []string // definitions
}

// number returns the index of v in list, which it appends if it is new.
func number(list *[]string, v string) int {
	i := slices.Index(*list, v)
	if i < 0 {
		i = len(*list)
		*list = append(*list, v)
	}
	return i
}

func (e *edition) resolve(s *schema) *schema {
	if s.Ref == "" {
		return s
	}
	return e.root.Definitions[name(s)]
}

func name(s *schema) string { return strings.TrimPrefix(s.Ref, "#/definitions/") }

// compile follows the definitions from the document down.
func (e *edition) compile() {
	e.nodes, e.done = map[string]*nodeType{}, map[string]map[string]string{}
	e.slot(&schema{Ref: e.root.Ref})
	for i := 0; i < len(e.order); i++ {
		e.definition(e.order[i])
	}
}

// slot returns the bit of a place that takes what s says.
func (e *edition) slot(s *schema) string {
	takes := e.takes(s)
	slices.Sort(takes)
	takes = slices.Compact(takes)
	i := slices.IndexFunc(e.slots, func(other []string) bool { return slices.Equal(takes, other) })
	if i < 0 {
		i = len(e.slots)
		e.slots = append(e.slots, takes)
	}
	if i > 63 {
		refuse("more places than bits", takes)
	}
	return fmt.Sprintf("1 << %d", i)
}

// takes lists the definitions of nodes that s is any of.
func (e *edition) takes(s *schema) []string {
	alternatives := s.AnyOf
	if s.Ref != "" {
		target := e.resolve(s)
		if len(target.AnyOf) == 0 {
			number(&e.order, name(s))
			return []string{name(s)}
		}
		alternatives = target.AnyOf
	}
	if len(alternatives) == 0 {
		refuse("children", s)
	}
	var list []string
	for _, a := range alternatives {
		list = append(list, e.takes(a)...)
	}
	return list
}

// parts lists the objects that a node of definition s must all be.
func (e *edition) parts(s *schema) []*schema {
	s = e.resolve(s)
	if len(s.AllOf) == 0 {
		if s.Type != "object" || len(s.AnyOf) > 0 {
			refuse("node", s)
		}
		return []*schema{s}
	}
	var list []*schema
	for _, part := range s.AllOf {
		list = append(list, e.parts(part)...)
	}
	return list
}

var keyNames = []string{"type", "attrs", "marks", "content", "text", "version", "other"}

// variant gathers what the parts of a definition say.
type variant struct {
	typ               string
	keys, need, ruled []string
	attrs             []*schema
	marks             []string // nil: any
	marked            bool     // marks is set
	first, second     string
	rest              string
	min, max          int
}

func (e *edition) definition(def string) {
	v := variant{keys: keyNames, max: -1}
	for _, part := range e.parts(&schema{Ref: def}) {
		names := slices.Sorted(maps.Keys(part.Properties))
		if part.closed() {
			v.keys = slices.DeleteFunc(slices.Clone(v.keys), func(key string) bool { return !slices.Contains(names, key) })
		}
		v.need = append(v.need, part.Required...)
		for _, key := range names {
			v.ruled = append(v.ruled, key)
			e.property(&v, key, e.resolve(part.Properties[key]))
		}
	}
	n := e.nodes[v.typ]
	if n == nil {
		number(&e.types, v.typ)
		n = &nodeType{}
		e.nodes[v.typ] = n
	}
	n.variants = append(n.variants, def)
	if len(n.variants) > 8 {
		refuse("more than 8 definitions", v.typ)
	}
	e.done[def] = e.fields(v, n)
}

// property adds what one part says about a member.
func (e *edition) property(v *variant, key string, s *schema) {
	switch key {
	case "type":
		v.typ = s.Enum[0].(string)
	case "attrs":
		if v.attrs != nil {
			refuse("attrs twice", s)
		}
		if v.attrs = s.AnyOf; len(s.AnyOf) == 0 {
			v.attrs = []*schema{s}
		}
	case "marks":
		e.marksOf(v, s)
	case "content":
		e.contentOf(v, s)
	case "text":
		e.text = e.rule(s)
	case "version":
		e.version = e.rule(s)
	default:
		refuse("member "+key, s)
	}
}

func (e *edition) marksOf(v *variant, s *schema) {
	if s.Type != "array" || s.MaxItems != nil && *s.MaxItems != 0 || s.MinItems != 0 {
		refuse("marks", s)
	}
	if s.Items == nil && s.MaxItems == nil {
		return
	}
	var marks []string
	if s.MaxItems == nil {
		alternatives := s.Items.all.AnyOf
		if len(alternatives) == 0 {
			alternatives = []*schema{s.Items.all}
		}
		for _, a := range alternatives {
			marks = append(marks, "1<<"+strconv.Itoa(e.mark(e.resolve(a))))
		}
	}
	if v.marked && !slices.Equal(v.marks, marks) {
		refuse("marks in two ways", s)
	}
	v.marked, v.marks = true, marks
}

// mark numbers a mark.
func (e *edition) mark(s *schema) int {
	attrs := -1
	if a := s.Properties["attrs"]; a != nil {
		attrs = e.rule(a)
	}
	if !s.closed() || len(s.Required) != len(s.Properties) || s.Properties["type"] == nil || len(s.Required) > 2 {
		refuse("mark", s)
	}
	i := number(&e.generator.marks, s.Properties["type"].Enum[0].(string))
	if i == len(e.markRules) {
		e.markRules = append(e.markRules, attrs)
	}
	if e.markRules[i] != attrs || i > 29 {
		refuse("mark in two ways, or too many marks", s)
	}
	return i
}

func (e *edition) contentOf(v *variant, s *schema) {
	if s.Type != "array" || s.Items == nil {
		refuse("content", s)
	}
	first, second, rest := "", "", ""
	switch tuple := s.Items.tuple; {
	case s.Items.all != nil:
		rest = e.slot(s.Items.all)
		first, second = rest, rest
	case len(tuple) == 2:
		first, second = e.slot(tuple[0]), e.slot(tuple[1])
	default:
		refuse("content", s)
	}
	if v.first != "" && (v.first != first || v.second != second || v.rest != rest) {
		refuse("content in two ways", s)
	}
	v.first, v.second, v.rest = first, second, rest
	v.min = max(v.min, s.MinItems)
	if s.MaxItems != nil && (v.max < 0 || *s.MaxItems < v.max) {
		v.max = *s.MaxItems
	}
}

// fields returns the fields of a variant in the tables, but for its slots.
func (e *edition) fields(v variant, n *nodeType) map[string]string {
	attrs := 0
	for _, a := range v.attrs {
		rule := e.rule(a)
		i := slices.Index(n.attrs, rule)
		if i < 0 {
			i = len(n.attrs)
			n.attrs = append(n.attrs, rule)
		}
		attrs |= 1 << i
	}
	if slices.Contains(v.keys, "attrs") && attrs == 0 || attrs > 0xff {
		refuse("no attrs, or too many", v.typ)
	}
	marks := strings.Join(v.marks, " | ")
	if !v.marked {
		marks = "anyMarks"
	}
	return map[string]string{
		"keys": keySet(v.keys), "need": keySet(v.need), "ruled": keySet(v.ruled), "attrs": fmt.Sprint(attrs), "marks": marks,
		"content": fmt.Sprintf("content{%s, %s, %s, %d, %d}", zero(v.first), zero(v.second), zero(v.rest), v.min, v.max),
	}
}

func zero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

func keySet(keys []string) string {
	var list []string
	for _, key := range keyNames {
		if slices.Contains(keys, key) {
			list = append(list, "key"+strings.ToUpper(key[:1])+key[1:])
		}
	}
	return strings.Join(list, " | ")
}
