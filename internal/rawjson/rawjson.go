// Package rawjson edits one level of a JSON document without touching the rest.
//
// A record keeps Jira's own bytes: numbers with all their digits, text with
// the escapes it came with, members in their order. Decoding into a map and
// encoding again keeps none of these. An [Object] is parsed one level deep;
// the members that nobody sets are written back byte for byte. To edit deeper,
// parse the member, edit it and set it:
//
//	issue, err := rawjson.Parse(data)
//	raw, _ := issue.Get("fields")
//	fields, err := rawjson.Parse(raw)
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

// Errors of [Parse] and [Elements]. They say nothing of the content.
var (
	ErrSyntax    = errors.New("rawjson: not valid JSON")
	ErrNotObject = errors.New("rawjson: not a JSON object")
	ErrNotArray  = errors.New("rawjson: not a JSON array")
)

// Object is a JSON object: its members in order, each value as verbatim bytes.
// The zero Object is empty and ready to use. A copy of an Object shares its
// members; it is not safe for concurrent use while somebody edits it.
type Object struct {
	members []member
	index   map[string]int // name → position in members
}

type member struct {
	name  string
	quote []byte // the name as it is written, with quotes and escapes
	value json.RawMessage
}

// Parse reads data, which must be one JSON object and nothing else but space.
// Names are compared after decoding their escapes. Of members with the same
// name the last one wins, at the place of the first. The values alias data,
// which must not change afterwards.
func Parse(data []byte) (Object, error) {
	var o Object
	if !json.Valid(data) {
		return o, ErrSyntax
	}
	s := scanner{data: data}
	if s.space(); s.data[s.pos] != '{' {
		return o, ErrNotObject
	}
	s.pos++
	for s.space(); s.data[s.pos] != '}'; s.space() {
		quote := s.value()
		s.space()
		s.pos++ // the colon
		s.space()
		o.put(unquote(quote), quote, s.value())
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
	i, ok := o.index[name]
	if !ok {
		return nil, false
	}
	return o.members[i].value, true
}

// Set gives a member a value, in its place or, if it is new, at the end. The
// value must be valid JSON, since Bytes writes it as it is; an empty one is
// written as null.
func (o *Object) Set(name string, value json.RawMessage) {
	o.put(name, nil, orNull(value))
}

// Delete removes a member; a name that is not there is no fault.
func (o *Object) Delete(name string) {
	i, ok := o.index[name]
	if !ok {
		return
	}
	o.members = slices.Delete(o.members, i, i+1)
	delete(o.index, name)
	for ; i < len(o.members); i++ {
		o.index[o.members[i].name] = i
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

func (o *Object) put(name string, quote []byte, value json.RawMessage) {
	if i, ok := o.index[name]; ok {
		o.members[i].value = value
		return
	}
	if quote == nil {
		quote = enquote(name)
	}
	if o.index == nil {
		o.index = make(map[string]int)
	}
	o.index[name] = len(o.members)
	o.members = append(o.members, member{name, quote, value})
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
