package transform

import "github.com/jirasync/jirasync/internal/rawjson"

// object is one JSON object of a record, read leniently: what is missing,
// null or of another type is an object without members. Names are compared
// exactly; of duplicate names the last wins.
type object struct {
	*reader
	value rawjson.Value
}

// get returns a member, absent when it is missing or null.
func (o object) get(name string) rawjson.Value { return notNull(o.value.Get(name)) }

// object returns the member as an object.
func (o object) object(name string) object { return object{o.reader, o.value.Get(name)} }

// ok reports whether it is an object, perhaps an empty one.
func (o object) ok() bool { return o.value.Kind() == '{' }

// at walks the objects of path and returns its last member.
func (o object) at(path ...string) rawjson.Value {
	v := o.value
	for _, name := range path {
		v = v.Get(name)
	}
	return notNull(v)
}

// first returns the first of the members that has a value.
func (o object) first(names []string) rawjson.Value {
	for _, name := range names {
		if v := o.get(name); v.Kind() != 0 {
			return v
		}
	}
	return rawjson.Value{}
}

// notNull makes an absent value of null.
func notNull(v rawjson.Value) rawjson.Value {
	if v.Kind() == 'n' {
		return rawjson.Value{}
	}
	return v
}

func isList(v rawjson.Value) bool   { return v.Kind() == '[' }
func isString(v rawjson.Value) bool { return v.Kind() == '"' }

func isNumber(v rawjson.Value) bool {
	k := v.Kind()
	return k == '-' || '0' <= k && k <= '9'
}
