package transform

import (
	"encoding/json"

	"github.com/jirasync/jirasync/adf"
	"github.com/jirasync/jirasync/internal/rawjson"
)

// object is one JSON object of a record, read leniently: what is missing,
// null or of another type is an object without members. Names are compared
// exactly; of duplicate names the last wins.
type object struct {
	ok      bool // it is an object, perhaps an empty one
	members rawjson.Object
	nested  map[string]*object   // those that were asked for, decoded once
	rich    map[string]*adf.Node // rich text that was asked for, decoded once; see element.document
}

// newRecord reads a whole record, which may be anything.
func newRecord(data []byte) *object {
	members, err := rawjson.Parse(data)
	return &object{ok: err == nil, members: members}
}

// newObject reads a part of a record.
func newObject(part json.RawMessage) *object {
	members, err := rawjson.ParsePart(part)
	return &object{ok: err == nil, members: members}
}

// get returns the JSON of a member, nil when it is missing or null.
func (o *object) get(name string) json.RawMessage {
	raw, _ := o.members.Get(name)
	if string(raw) == "null" {
		return nil
	}
	return raw
}

// object returns the member as an object; it is never nil.
func (o *object) object(name string) *object {
	if child, known := o.nested[name]; known {
		return child
	}
	members, err := o.members.Object(name)
	child := &object{ok: err == nil, members: members}
	if o.nested == nil {
		o.nested = map[string]*object{}
	}
	o.nested[name] = child
	return child
}

// at walks the objects of path and returns the JSON of its last member.
func (o *object) at(path ...string) json.RawMessage {
	last := len(path) - 1
	for _, name := range path[:last] {
		o = o.object(name)
	}
	return o.get(path[last])
}

// list returns the elements of the member. A member that is missing or null
// has none; ok is false when it is something else than a list.
func (o *object) list(name string) (elements []json.RawMessage, ok bool) {
	raw := o.get(name)
	if raw == nil {
		return nil, true
	}
	return list(raw)
}

// list returns the elements of a part of a record.
func list(raw json.RawMessage) (elements []json.RawMessage, ok bool) {
	if len(raw) == 0 || raw[0] != '[' {
		return nil, false
	}
	elements, err := rawjson.PartElements(raw)
	return elements, err == nil
}
