package transform

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/jirasync/jirasync/partition"
)

const customField = "customfield_"

// field is a custom field that has a value.
type field struct {
	id  string
	raw json.RawMessage
}

// customFields returns the custom fields with a value, by their numbers: the
// order in which Jira gives them is no part of the content. An SLA is left
// out: its clock runs without any event, and it has columns of its own. So is
// the error object of a value that the account may not read, which is unknown.
func (i *issue) customFields() []element {
	var all []element
	for _, f := range i.custom() {
		if f.raw[0] == '{' {
			o := i.fields.object(f.id)
			if o.get("errorMessage") != nil || o.get("completedCycles") != nil || o.get("ongoingCycle") != nil {
				continue
			}
		}
		all = append(all, element{object: i.fields, issue: i, field: &f})
	}
	return all
}

// custom returns all custom fields that are not null.
func (i *issue) custom() []field {
	var all []field
	for _, id := range i.fields.members.Names() {
		if strings.HasPrefix(id, customField) {
			if raw := i.fields.get(id); raw != nil {
				all = append(all, field{id, raw})
			}
		}
	}
	slices.SortFunc(all, func(a, b field) int {
		return cmp.Or(cmp.Compare(len(a.id), len(b.id)), cmp.Compare(a.id, b.id))
	})
	return all
}

// rich reports whether the field is a document.
func (f *field) rich(e element) bool {
	return f.raw[0] == '{' && string(e.object.object(f.id).get("type")) == `"doc"`
}

// text is what a reader would call the value.
func (f *field) text(e element) (string, bool) {
	switch {
	case f.rich(e):
		return e.plainText(f.id), true
	case f.raw[0] == '{':
		return label(e.object.object(f.id))
	case f.raw[0] == '[':
		return labelList(f.raw)
	}
	s, ok := scalar(f.raw)
	if at, isTime := instant(f.raw); isTime && len(s) > len(time.DateOnly) {
		return at.Format(time.RFC3339Nano), true // Jira wrote it in the time zone of the account that reads
	}
	return s, ok
}

func (f *field) json(e element) partition.Value {
	if f.raw[0] != '[' && (f.raw[0] != '{' || f.rich(e)) {
		return partition.Value{}
	}
	return textValue(compact(f.raw))
}

// label is the text of an option, a user, or anything else with a name.
func label(o *object) (string, bool) {
	for _, name := range []string{"value", "name", "displayName"} {
		if s, ok := scalar(ifType(o.get(name), isString(o.get(name)))); ok && s != "" {
			return s, true
		}
	}
	return "", false
}

// labelList is a JSON array of the labels of a list, and of nothing if one of
// its elements has none.
func labelList(raw json.RawMessage) (string, bool) {
	elements, _ := list(raw)
	texts := make([]string, len(elements))
	for n, e := range elements {
		s, ok := "", false
		switch {
		case e[0] == '{':
			s, ok = label(newObject(e))
		case e[0] != '[':
			s, ok = scalar(e)
		}
		if !ok {
			return "", false
		}
		texts[n] = quote(s)
	}
	return "[" + strings.Join(texts, ",") + "]", true
}

// users returns the people that the record names, each once, by account id. Of
// what the record says of one person in several places the first counts: what
// Jira answered for the issue itself, before the parts, which may be older.
func (i *issue) users() []element {
	people := map[string]*object{}
	meet := func(o *object) {
		if id, ok := scalar(o.get("accountId")); ok && id != "" && people[id] == nil {
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
	all := make([]element, 0, len(people))
	for _, o := range people {
		all = append(all, element{object: o, issue: i})
	}
	slices.SortFunc(all, func(a, b element) int { return strings.Compare(accountID(a), accountID(b)) })
	return all
}

func accountID(e element) string {
	id, _ := scalar(e.get("accountId"))
	return id
}

// usersOf visits the users in the value of a custom field: one, or a list.
func (i *issue) usersOf(f field, meet func(*object)) {
	switch f.raw[0] {
	case '{':
		meet(i.fields.object(f.id))
	case '[':
		elements, _ := list(f.raw)
		for _, e := range elements {
			if e[0] == '{' {
				meet(newObject(e))
			}
		}
	}
}
