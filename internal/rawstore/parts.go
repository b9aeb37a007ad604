package rawstore

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawjson"
)

// A part is a list inside the issue that Jira cuts and that is paged apart.
type part struct {
	name   string // as in Fetch.Missing
	member string // the object that holds the list
	list   string // the list in it
}

var fieldParts = []part{{"comments", "comment", "comments"}, {"worklogs", "worklog", "worklogs"}}

var changelogPart = part{"changelog", "changelog", "histories"}

// keepFields puts back what the fetch could not tell. A field that the answer
// lacks is unknown, because Jira leaves out what it fails to load; in another
// project the field may not exist, so there absence is believed. A list that
// could not be read whole keeps the stored elements and takes the fresh ones.
func keepFields(stored rawjson.Object, record *rawjson.Object, f Fetch) error {
	oldRaw, ok := stored.Get("fields")
	if !ok {
		return nil
	}
	old, err := rawjson.Parse(oldRaw)
	if err != nil {
		return fmt.Errorf("stored fields: %w", err)
	}
	freshRaw, _ := record.Get("fields")
	fresh, err := rawjson.Parse(freshRaw)
	if err != nil {
		return fmt.Errorf("fetched fields: %w", err)
	}
	if issuekey.Project(textMember(stored, "key")) == issuekey.Project(f.Key) {
		for _, name := range old.Names() {
			if value, _ := old.Get(name); !has(fresh, name) {
				fresh.Set(name, value)
			}
		}
	}
	for _, p := range fieldParts {
		if slices.Contains(f.Missing, p.name) {
			keepPart(p, old, &fresh)
		}
	}
	record.Set("fields", fresh.Bytes())
	if !has(*record, "changelog") || slices.Contains(f.Missing, changelogPart.name) {
		keepPart(changelogPart, stored, record)
	}
	return nil
}

// keepPart sets the part of fresh to the union by id of its elements and the
// stored ones; a fresh element wins over its stored version.
func keepPart(p part, stored rawjson.Object, fresh *rawjson.Object) {
	oldRaw, ok := stored.Get(p.member)
	if !ok {
		return
	}
	freshRaw, ok := fresh.Get(p.member)
	object, err := rawjson.Parse(freshRaw)
	if !ok || err != nil {
		fresh.Set(p.member, oldRaw)
		return
	}
	object.Set(p.list, rawjson.Array(mergeLists(elements(oldRaw, p.list), elements(freshRaw, p.list))))
	fresh.Set(p.member, object.Bytes())
}

// elements returns the list's elements, nil when there is no such list.
func elements(object json.RawMessage, list string) []json.RawMessage {
	o, err := rawjson.Parse(object)
	if err != nil {
		return nil
	}
	raw, _ := o.Get(list)
	items, err := rawjson.Elements(raw)
	if err != nil {
		return nil
	}
	return items
}

// mergeLists keeps the stored order and puts new elements at the end; Jira's
// ids grow, so the result is oldest first as both lists are.
func mergeLists(stored, fresh []json.RawMessage) []json.RawMessage {
	merged := slices.Clone(stored)
	at := make(map[string]int, len(stored))
	for i, item := range stored {
		at[elementID(item)] = i
	}
	for _, item := range fresh {
		id := elementID(item)
		if i, ok := at[id]; ok && id != "" {
			merged[i] = item
			continue
		}
		at[id] = len(merged)
		merged = append(merged, item)
	}
	return merged
}

func elementID(item json.RawMessage) string {
	var e struct {
		ID json.RawMessage `json:"id"`
	}
	if json.Unmarshal(item, &e) != nil {
		return ""
	}
	return string(e.ID)
}
