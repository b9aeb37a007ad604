package transform

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/jirasync/jirasync/internal/rawjson"
	"github.com/jirasync/jirasync/partition"
)

const customField = "customfield_"

// field is a custom field that has a value.
type field struct {
	id    string
	value rawjson.Value
	sla   bool // an object with cycles
	rich  bool // a document
}

// customFields returns the custom fields with a value, by their numbers: the
// order in which Jira gives them is no part of the content. An SLA is left
// out: its clock runs without any event, and it has columns of its own. So is
// the error object of a value that the account may not read, which is unknown.
func (i *issue) customFields() []element {
	customs := i.custom()
	all := i.room(len(customs))
	for n := range customs {
		f := &customs[n]
		if f.sla || notNull(f.value.Get("errorMessage")).Kind() != 0 {
			continue
		}
		all = append(all, element{object: i.fields, issue: i, field: f})
	}
	return all
}

// custom returns all custom fields that are not null, listed once.
func (i *issue) custom() []field {
	if i.customs != nil {
		return i.customs
	}
	all := []field{}
	for name, value := range i.fields.value.Members() {
		if value.Kind() != 'n' && bytes.HasPrefix(name, []byte(customField)) {
			all = append(all, i.field(name, value.Read()))
		}
	}
	slices.SortFunc(all, func(a, b field) int {
		return cmp.Or(cmp.Compare(len(a.id), len(b.id)), cmp.Compare(a.id, b.id))
	})
	i.customs = all
	return all
}

func (r *reader) field(name []byte, value rawjson.Value) field {
	typ := value.Get("type")
	return field{
		id: r.words.copy(name), value: value,
		sla:  notNull(value.Get("completedCycles")).Kind() != 0 || notNull(value.Get("ongoingCycle")).Kind() != 0,
		rich: isString(typ) && r.unquote(typ.Raw()) == "doc",
	}
}

// text is what a reader would call the value.
func (f *field) text(e *element) (string, bool) {
	switch {
	case f.rich:
		return e.plainText(f.id), true
	case f.value.Kind() == '{':
		return e.label(f.value)
	case isList(f.value):
		return e.labelList(f.value)
	}
	s, ok := e.scalar(f.value)
	if at, isTime := e.instant(f.value); isTime && len(s) > len(time.DateOnly) {
		return at.Format(time.RFC3339Nano), true // Jira wrote it in the time zone of the account that reads
	}
	return s, ok
}

func (f *field) json(e *element) partition.Value {
	if !isList(f.value) && (f.value.Kind() != '{' || f.rich) {
		return partition.Value{}
	}
	return textValue(e.compact(f.value.Raw()))
}

// label is the text of an option, a user, or anything else with a name.
func (r *reader) label(v rawjson.Value) (string, bool) {
	for _, name := range []string{"value", "name", "displayName"} {
		if v := v.Get(name); isString(v) {
			if s := r.unquote(v.Raw()); s != "" {
				return s, true
			}
		}
	}
	return "", false
}

// labelList is a JSON array of the labels of a list, and of nothing if one of
// its elements has none.
func (r *reader) labelList(list rawjson.Value) (string, bool) {
	var texts texts
	for e := range list.Elements() {
		s, ok := "", false
		switch e.Kind() {
		case '{':
			s, ok = r.label(e)
		case '[':
		default:
			s, ok = r.scalar(e)
		}
		if !ok {
			return "", false
		}
		texts.add(s)
	}
	return texts.array(), true
}

// users returns the people that the record names, each once, by account id. Of
// what the record says of one person in several places the first counts: what
// Jira answered for the issue itself, before the parts, which may be older.
func (i *issue) users() []element {
	people := map[string]object{}
	meet := func(o object) {
		if id, ok := i.scalar(o.get("accountId")); ok && id != "" && !people[id].ok() {
			people[id] = o
		}
	}
	for _, name := range []string{"assignee", "reporter", "creator"} {
		meet(i.fields.object(name))
	}
	for _, part := range [][]element{i.comments(), i.worklogs(), i.attachments(), i.histories()} {
		for _, e := range part {
			meet(e.object.object("author"))
			meet(e.object.object("updateAuthor"))
		}
	}
	for _, f := range i.custom() {
		i.usersOf(f, meet)
	}
	all := i.room(len(people))
	for _, id := range slices.Sorted(maps.Keys(people)) {
		all = append(all, element{object: people[id], issue: i})
	}
	return all
}

// usersOf visits the users in the value of a custom field: one, or a list.
func (i *issue) usersOf(f field, meet func(object)) {
	meet(object{i.reader, f.value})
	for e := range f.value.Elements() {
		meet(object{i.reader, e})
	}
}
