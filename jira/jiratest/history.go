package jiratest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// history is one entry of a changelog.
type history struct {
	id    int64
	by    *user
	at    time.Time
	items []change
}

// change is one item of a history. Absent ids and texts are null in JSON;
// an absent field id is left out.
type change struct {
	field, fieldType, fieldID  string
	from, fromText, to, toText *string
	fromAccount, toAccount     *string // user fields: also as tmp…AccountId
	user                       bool
}

func (c change) same() bool {
	return equalText(c.from, c.to) && equalText(c.fromText, c.toText)
}

func equalText(a, b *string) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// changeNames are the spellings of changelog items that differ from field names.
//
// Source: captures of Jira Cloud webhooks of 2020.
var changeNames = map[string]string{
	"summary": "summary", "description": "description", "assignee": "assignee", "reporter": "reporter",
	"priority": "priority", "resolution": "resolution", "status": "status", "issuetype": "issuetype",
	"labels": "labels", "duedate": "duedate", "environment": "environment", "components": "Component",
	"fixVersions": "Fix Version", "versions": "Version",
}

// changeOf describes a field going from one value to another; nil is unset.
func changeOf(f *field, from, to any) change {
	c := change{field: f.name, fieldType: "jira", fieldID: f.id}
	if name, special := changeNames[f.id]; special {
		c.field = name
	}
	if f.custom {
		c.fieldType = "custom"
	}
	if f.id == "parent" {
		c.field, c.fieldID = "IssueParentAssociation", ""
	}
	c.from, c.fromText = described(f, from)
	c.to, c.toText = described(f, to)
	if f.kind.typ == "user" {
		c.user, c.fromAccount, c.toAccount = true, c.from, c.to
	}
	return c
}

func described(f *field, v any) (id, text *string) {
	if v == nil {
		return nil, nil
	}
	var i, s string
	if raw, isRaw := v.(verbatim); isRaw {
		s = string(encode(raw.json))
	} else {
		i, s = f.kind.change(v)
	}
	if i != "" {
		id = &i
	}
	return id, &s
}

// telling replaces pointers by what tells values apart in an edit.
func telling(v any) any {
	switch v := v.(type) {
	case *named:
		return v.id
	case *user:
		return v.accountID
	case *issue:
		return v.id
	case *option, []*option, []*user, []*organization:
		return nil // their changelog texts carry the ids
	case *SLA:
		return *v
	case verbatim:
		return v.json
	}
	return v
}

// item makes a change without a field of its own; empty texts are null.
func item(field, fieldID, from, fromText, to, toText string) change {
	ref := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	return change{
		field: field, fieldType: "jira", fieldID: fieldID,
		from: ref(from), fromText: ref(fromText), to: ref(to), toText: ref(toText),
	}
}

// record appends a history and sends jira:issue_updated with it.
func (s *Server) record(i *issue, items []change, eventType string, at time.Time, by *user) *history {
	h := s.note(i, items, at, by)
	s.sendIssueUpdated(i, h, eventType, nil)
	return h
}

// note appends a history without an event.
func (s *Server) note(i *issue, items []change, at time.Time, by *user) *history {
	h := &history{id: s.site.id("history"), by: by, at: at, items: items}
	i.histories = append(i.histories, h)
	return h
}

// history renders an entry of the REST changelog.
func (v *view) history(h *history) object {
	return object{
		"id":      strconv.FormatInt(h.id, 10),
		"author":  v.user(h.by),
		"created": v.time(h.at),
		"items":   v.changes(h.items),
	}
}

// changes renders items. Null ids and texts are written as null, as the real
// service does although the schema has no null there.
func (v *view) changes(items []change) []any {
	out := make([]any, 0, len(items))
	for _, c := range items {
		o := object{
			"field": c.field, "fieldtype": c.fieldType,
			"from": c.from, "fromString": c.fromText, "to": c.to, "toString": c.toText,
		}
		if c.fieldID != "" {
			o["fieldId"] = c.fieldID
		}
		if c.user {
			o["tmpFromAccountId"], o["tmpToAccountId"] = c.fromAccount, c.toAccount
		}
		out = append(out, o)
	}
	return out
}

// sortedKeys returns the keys of m in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
