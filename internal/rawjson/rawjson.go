// Package rawjson edits one level of a JSON document without touching the rest.
//
// A record keeps Jira's own bytes: numbers with all their digits, text with
// the escapes it came with, members in their order. Decoding into a map and
// encoding again keeps none of these. An [Object] is parsed one level deep;
// the members that nobody sets are written back byte for byte. To edit deeper,
// parse the member, edit it and set it:
//
//	issue, err := rawjson.Parse(data)
//	fields, err := issue.Object("fields")
//	fields.Set("customfield_10020", json.RawMessage(`null`))
//	issue.Set("fields", fields.Bytes())
//
// Only the space between members is normalised: none is written.
package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
)

// Errors of [Parse], [Elements] and [Index.Reset]. They say nothing of the
// content.
var (
	ErrSyntax    = errors.New("rawjson: not valid JSON")
	ErrTooMany   = errors.New("rawjson: too many values")
	ErrNotObject = errors.New("rawjson: not a JSON object")
	ErrNotArray  = errors.New("rawjson: not a JSON array")
)

// Object is a JSON object: its members in order, each value as verbatim bytes.
// The zero Object is empty and ready to use. A copy of an Object shares its
// members; it is not safe for concurrent use while somebody edits it.
type Object struct {
	source  []byte
	members []member
	index   map[string]int // name → position in members; nil while they are few
}

type member struct {
	name  string
	quote []byte // the name as it is written, with quotes and escapes
	value json.RawMessage
	valid bool // the value is known to be JSON, since it was parsed with the rest
}

// fewMembers are searched one by one; more get an index.
const fewMembers = 12

// Parse reads data, which must be one JSON object and nothing else but space.
// Names are compared after decoding their escapes. Of members with the same
// name the last one wins, at the place of the first. The values alias data,
// which must not change afterwards.
func Parse(data []byte) (Object, error) {
	if !json.Valid(data) {
		return Object{}, ErrSyntax
	}
	return parse(data)
}

// ParsePart is Parse for a value as an [Object], [Elements] or [PartElements]
// gave it: it is not checked again. Anything else may make it panic.
func ParsePart(part json.RawMessage) (Object, error) { return parse(part) }

// PartElements is Elements for a value as ParsePart takes it.
func PartElements(part json.RawMessage) ([]json.RawMessage, error) { return elements(part) }

// parse is Parse of what is known to be JSON.
func parse(data []byte) (Object, error) {
	s := scanner{data: data}
	if s.space(); s.data[s.pos] != '{' {
		return Object{}, ErrNotObject
	}
	o := Object{source: data}
	s.pos++
	for s.space(); s.data[s.pos] != '}'; s.space() {
		quote := s.value()
		s.space()
		s.pos++ // the colon
		s.space()
		o.put(member{unquote(quote), quote, s.value(), true})
		s.comma()
	}
	return o, nil
}

// Elements returns the elements of data, which must be one JSON array and
// nothing else but space, as verbatim bytes that alias data.
func Elements(data []byte) ([]json.RawMessage, error) {
	if !json.Valid(data) {
		return nil, ErrSyntax
	}
	return elements(data)
}

// elements is Elements of what is known to be JSON.
func elements(data []byte) ([]json.RawMessage, error) {
	s := scanner{data: data}
	if s.space(); s.data[s.pos] != '[' {
		return nil, ErrNotArray
	}
	s.pos++
	elements := []json.RawMessage{}
	for s.space(); s.data[s.pos] != ']'; s.space() {
		elements = append(elements, s.value())
		s.comma()
	}
	return elements, nil
}

// Array returns the JSON array of the elements, byte for byte, in their order.
// No elements make "[]"; an empty element is written as null.
func Array(elements []json.RawMessage) json.RawMessage {
	size := len("[]") + len(elements)
	for _, e := range elements {
		size += len(e)
	}
	out := append(make([]byte, 0, size), '[')
	for i, e := range elements {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, orNull(e)...)
	}
	return append(out, ']')
}

// Get returns the verbatim value of a member and whether there is one. A
// member that is null is there: its value is "null".
func (o *Object) Get(name string) (json.RawMessage, bool) {
	i := o.find(name)
	if i < 0 {
		return nil, false
	}
	return o.members[i].value, true
}

// Object parses a member that is an object; for an absent one and anything
// else it returns ErrNotObject. It is Get and Parse, but does not check again
// what Parse has checked.
func (o *Object) Object(name string) (Object, error) {
	i := o.find(name)
	switch {
	case i < 0:
		return Object{}, ErrNotObject
	case o.members[i].valid:
		return parse(o.members[i].value)
	}
	return Parse(o.members[i].value)
}

// Objects parses a member that is an array of objects; for an absent one and
// anything else it returns ErrNotArray or ErrNotObject.
func (o *Object) Objects(name string) ([]Object, error) {
	i := o.find(name)
	if i < 0 {
		return nil, ErrNotArray
	}
	if !o.members[i].valid && !json.Valid(o.members[i].value) {
		return nil, ErrSyntax
	}
	values, err := elements(o.members[i].value)
	if err != nil {
		return nil, err
	}
	objects := make([]Object, len(values))
	for n, value := range values {
		if objects[n], err = parse(value); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// Source returns the bytes that the Object was parsed from; edits do not show.
func (o *Object) Source() json.RawMessage { return o.source }

// Set gives a member a value, in its place or, if it is new, at the end. The
// value must be valid JSON, since Bytes writes it as it is; an empty one is
// written as null.
func (o *Object) Set(name string, value json.RawMessage) {
	o.put(member{name: name, value: orNull(value)})
}

// Delete removes a member; a name that is not there is no fault.
func (o *Object) Delete(name string) {
	if i := o.find(name); i >= 0 {
		o.members = slices.Delete(o.members, i, i+1)
		o.index = nil
		o.reindex()
	}
}

// Names returns the names of the members, decoded, in order.
func (o *Object) Names() []string {
	names := make([]string, len(o.members))
	for i, m := range o.members {
		names[i] = m.name
	}
	return names
}

// Len returns the number of members.
func (o *Object) Len() int { return len(o.members) }

// Bytes returns the object as JSON in fresh memory: names and values as they
// were read or set, no space between them.
func (o Object) Bytes() []byte {
	size := len("{}")
	for _, m := range o.members {
		size += len(m.quote) + len(m.value) + len(":,")
	}
	out := append(make([]byte, 0, size), '{')
	for i, m := range o.members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, m.quote...)
		out = append(out, ':')
		out = append(out, m.value...)
	}
	return append(out, '}')
}

// put replaces the value of a member or adds one.
func (o *Object) put(m member) {
	if i := o.find(m.name); i >= 0 {
		o.members[i].value, o.members[i].valid = m.value, m.valid
		return
	}
	if m.quote == nil {
		m.quote = enquote(m.name)
	}
	o.members = append(o.members, m)
	if o.index != nil {
		o.index[m.name] = len(o.members) - 1
		return
	}
	o.reindex()
}

// reindex makes an index if the members are no longer few.
func (o *Object) reindex() {
	if len(o.members) <= fewMembers {
		return
	}
	o.index = make(map[string]int, 2*len(o.members))
	for i, m := range o.members {
		o.index[m.name] = i
	}
}

// find returns the position of a member, or -1.
func (o *Object) find(name string) int {
	if o.index != nil {
		if i, ok := o.index[name]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(o.members, func(m member) bool { return m.name == name })
}

func orNull(value json.RawMessage) json.RawMessage {
	if len(value) == 0 {
		return json.RawMessage("null")
	}
	return value
}

// unquote decodes a JSON string. Without an escape its bytes are the name, so
// that two names of different invalid UTF-8 stay different.
func unquote(quote []byte) string {
	if bytes.IndexByte(quote, '\\') < 0 {
		return string(quote[1 : len(quote)-1])
	}
	var name string
	_ = json.Unmarshal(quote, &name) // cannot fail: the document is valid
	return name
}

func enquote(name string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(name) // cannot fail: a string into memory
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
