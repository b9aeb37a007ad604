package rawstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawjson"
)

// Jira shows in each issue a stub of every issue it is linked to: key,
// summary, status, priority. When the linked issue changes, Jira sends no
// event for this one, so its stubs go stale. But we hold both records: the
// stub is brought to the fields of the linked issue's record whenever that is
// the younger one. TestLinkStubs proves it in both directions.

// stubFields are the fields of an issue that Jira repeats in its stubs.
var stubFields = []string{"summary", "status", "priority", "issuetype"}

// sides are the members of an issue link that hold a stub.
var sides = []string{"inwardIssue", "outwardIssue"}

// freshenStubs brings the stubs in record to what younger records of the
// linked issues say.
func (s *Store) freshenStubs(record *rawjson.Object, at time.Time) {
	s.editStubs(record, func(stub *rawjson.Object) bool {
		key, err := s.KeyByID(textMember(*stub, "id"))
		if err != nil {
			return false // not stored: Jira's stub is all there is
		}
		linked, err := s.parsed(key)
		return err == nil && later(linked, at) && copyStub(stub, linked)
	})
}

// updateStubs brings the stubs of the issue in the records of the issues it is
// linked to up to date. It returns the keys of all of them that are stored,
// also of those that needed nothing: an earlier call may have been cut short
// before their rows were written.
func (s *Store) updateStubs(ctx context.Context, issue rawjson.Object) (linked []string, err error) {
	var keys []string
	s.editStubs(&issue, func(stub *rawjson.Object) bool {
		if key, err := s.KeyByID(textMember(*stub, "id")); err == nil && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
		return false
	})
	for _, key := range keys {
		switch err := s.updateStub(ctx, key, issue); {
		case err == nil:
			linked = append(linked, key)
		case ignoreUnreadable(err) != nil:
			return linked, err
		}
	}
	return linked, nil
}

func (s *Store) updateStub(ctx context.Context, key string, issue rawjson.Object) error {
	id := textMember(issue, "id")
	edit := func(record *rawjson.Object) bool {
		return !later(*record, syncedAt(issue)) && s.editStubs(record, func(stub *rawjson.Object) bool {
			return textMember(*stub, "id") == id && copyStub(stub, issue)
		})
	}
	// Most often nothing is to be done, and nobody need wait for the lock.
	if record, err := s.parsed(key); err != nil || !edit(&record) {
		return err
	}
	release, err := s.lock(ctx, key)
	if err != nil {
		return err
	}
	defer release()
	record, err := s.parsed(key)
	if err != nil || !edit(&record) {
		return err
	}
	return s.write(key, record)
}

// ignoreUnreadable drops what concerns the neighbour alone: its own next fetch
// puts a damaged record aside.
func ignoreUnreadable(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrCorrupt) {
		return nil
	}
	return err
}

// editStubs calls edit for each stub of the record and writes back those that
// it changed.
func (s *Store) editStubs(record *rawjson.Object, edit func(stub *rawjson.Object) bool) (changed bool) {
	raw, _ := record.Get("fields")
	fields, err := rawjson.Parse(raw)
	if err != nil {
		return false
	}
	list, _ := fields.Get("issuelinks")
	links, err := rawjson.Elements(list)
	if err != nil {
		return false
	}
	for i := range links {
		link, err := rawjson.Parse(links[i])
		if err != nil {
			continue
		}
		for _, side := range sides {
			value, ok := link.Get(side)
			stub, err := rawjson.Parse(value)
			if !ok || err != nil || !edit(&stub) {
				continue
			}
			link.Set(side, stub.Bytes())
			links[i] = link.Bytes()
			changed = true
		}
	}
	if changed {
		fields.Set("issuelinks", rawjson.Array(links))
		record.Set("fields", fields.Bytes())
	}
	return changed
}

// copyStub sets what the stub shows of the issue, and reports whether that was
// something else before. Values that say the same in other bytes stay: a stub
// has fewer members than the field.
func copyStub(stub *rawjson.Object, issue rawjson.Object) (changed bool) {
	if key, ok := issue.Get("key"); ok && textMember(*stub, "key") != textMember(issue, "key") {
		stub.Set("key", key)
		changed = true
	}
	from, _ := issue.Get("fields")
	source, err := rawjson.Parse(from)
	if err != nil {
		return changed
	}
	to, _ := stub.Get("fields")
	shown, err := rawjson.Parse(to)
	if err != nil {
		return changed
	}
	edited := false
	for _, name := range stubFields {
		value, ok := source.Get(name)
		old, there := shown.Get(name)
		if ok && there && !sayTheSame(old, value) {
			shown.Set(name, value)
			edited = true
		}
	}
	if edited {
		stub.Set("fields", shown.Bytes())
	}
	return changed || edited
}

// sayTheSame compares texts by their bytes and objects by id and name.
func sayTheSame(a, b json.RawMessage) bool {
	var x, y struct{ ID, Name string }
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil || x.ID == "" {
		return bytes.Equal(a, b)
	}
	return x == y
}

// parsed returns a living record in parts.
func (s *Store) parsed(key string) (rawjson.Object, error) {
	if !issuekey.Valid(key) {
		return rawjson.Object{}, ErrBadKey
	}
	data, err := s.Record(key)
	if err != nil {
		return rawjson.Object{}, err
	}
	record, err := rawjson.Parse(data)
	if err == nil && (has(record, "_deleted_at") || has(record, "_moved_to")) {
		return rawjson.Object{}, fs.ErrNotExist
	}
	return record, err
}

func syncedAt(record rawjson.Object) time.Time { return ParseTime(textMember(record, "_synced_at")) }
