package rawstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/internal/filelock"
	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawjson"
	"github.com/jirasync/jirasync/sla"
)

// Fetch is what one read of an issue brought.
type Fetch struct {
	ID, Key     string
	JSON        []byte    // the issue, Jira's bytes
	RemoteLinks []byte    // JSON array; nil is unknown
	Missing     []string  // parts that could not be read whole: comments, worklogs, changelog, remote_links
	SLA         []byte    // the issue as the SLA account sees it; nil when it was not read
	HasSLA      bool      // a second account is configured, so the first one's SLA fields say nothing
	StartedAt   time.Time // when the read began: a read that began earlier never replaces a later one
}

// Saved says what Save did.
type Saved struct {
	Key       string // where the record is
	Changed   bool   // the record has new content
	New       bool   // there was no record, or only a tombstone
	Stale     bool   // a later fetch is already stored; nothing was written
	MovedFrom string // the key under which the issue was stored before

	// Linked are the keys of the stored issues that show this one's summary,
	// status or priority in a link. Their records are up to date with it, and
	// their rows are to be, too.
	Linked []string
}

// Save merges a fetch into the stored record of the issue and writes it.
// When it returns nil the record is durable.
func (s *Store) Save(ctx context.Context, f Fetch) (Saved, error) {
	if !issuekey.Valid(f.Key) || !issuekey.ValidID(f.ID) {
		return Saved{}, ErrBadKey
	}
	saved, err := s.save(ctx, f)
	if err != nil {
		return Saved{}, fmt.Errorf("save %s: %w", f.Key, err)
	}
	if saved.MovedFrom != "" {
		if err := s.leavePointer(ctx, f.ID, saved.MovedFrom, f.Key, f.StartedAt); err != nil {
			return Saved{}, fmt.Errorf("save %s: %w", f.Key, err)
		}
	}
	if saved.Stale {
		return saved, nil
	}
	record, err := s.parsed(f.Key)
	if err == nil {
		saved.Linked, err = s.updateStubs(ctx, record)
	}
	if err = ignoreUnreadable(err); err != nil {
		return Saved{}, fmt.Errorf("save %s: links: %w", f.Key, err)
	}
	return saved, nil
}

func (s *Store) save(ctx context.Context, f Fetch) (Saved, error) {
	lock, err := filelock.Take(ctx, s.issues, lockName(f.Key))
	if err != nil {
		return Saved{}, err
	}
	defer lock.Release()
	saved := Saved{Key: f.Key}
	previous, err := s.KeyByID(f.ID)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrCorrupt) {
		return Saved{}, err
	}
	if previous != "" && previous != f.Key {
		saved.MovedFrom = previous
	}
	// What is stored under the old key is the best we know of the issue.
	stored, err := s.stored(cmp.Or(saved.MovedFrom, f.Key))
	if errors.Is(err, fs.ErrNotExist) {
		stored, err = rawjson.Object{}, nil
	}
	if err != nil {
		return Saved{}, err
	}
	merged, outcome, err := s.follow(stored, f, lock.Note())
	if err != nil {
		return Saved{}, err
	}
	if outcome == stale {
		return Saved{Key: cmp.Or(previous, f.Key), Stale: true}, nil
	}
	saved.New = !has(stored, "fields") || has(stored, "_deleted_at") || textMember(stored, "id") != f.ID
	if saved.Changed = saved.MovedFrom != "" || outcome == changed; saved.Changed {
		if err := s.write(f.Key, merged); err != nil {
			return Saved{}, err
		}
	}
	if err := lock.SetNote(stamp(f.StartedAt)); err != nil {
		return Saved{}, err
	}
	if previous != f.Key && saved.MovedFrom == "" {
		return saved, s.point(f.ID, f.Key)
	}
	return saved, nil
}

// outcome is what a fetch means for the stored record.
type outcome uint8

const (
	stale     outcome = iota // it began before what is stored, or shows less
	unchanged                // it shows what is stored
	changed
)

// follow returns the record that follows the stored one when a fetch has been
// made. looked is when the last fetch began that changed nothing: it left the
// record as it was, but what began before it is older all the same.
func (s *Store) follow(stored rawjson.Object, f Fetch, looked string) (rawjson.Object, outcome, error) {
	if textMember(stored, "id") != f.ID || has(stored, "_moved_to") {
		stored = rawjson.Object{} // the key belonged to another issue
	}
	if later(stored, f.StartedAt) || isAfter(ParseTime(looked), f.StartedAt) {
		return stored, stale, nil
	}
	record, err := s.merge(stored, f)
	switch {
	case err != nil:
		return rawjson.Object{}, stale, err
	case wentBack(stored, record, f.StartedAt):
		return stored, stale, nil
	case sameContent(stored, record):
		return record, unchanged, nil
	}
	return record, changed, nil
}

// overtaken bounds for how long two fetches can overtake each other.
const overtaken = 10 * time.Minute

// wentBack reports whether a fetch shows an earlier update than is stored: it
// began later than the stored one, but was answered earlier. A time that goes
// back for longer than fetches last is Jira's will, as after a restore.
func wentBack(stored, fetched rawjson.Object, at time.Time) bool {
	old, err := stored.Object("fields")
	if err != nil || at.Sub(ParseTime(textMember(stored, "_synced_at"))) > overtaken {
		return false
	}
	fresh, err := fetched.Object("fields")
	if err != nil {
		return false
	}
	was, is := ParseTime(textMember(old, "updated")), ParseTime(textMember(fresh, "updated"))
	return !was.IsZero() && !is.IsZero() && is.Before(was)
}

// point remembers the key of an issue id. It is written after the record: a
// crash in between repeats the work, it does not lose the old key.
func (s *Store) point(id, key string) error {
	return atomicfile.WriteFile(s.issues, path.Join(".ids", id), []byte(key+"\n"))
}

// leavePointer replaces the record under the old key of a moved issue.
func (s *Store) leavePointer(ctx context.Context, id, from, to string, at time.Time) error {
	release, err := s.lock(ctx, from)
	if err != nil {
		return err
	}
	defer release()
	old, err := s.stored(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case textMember(old, "id") == id:
		var pointer rawjson.Object
		pointer.Set("id", quote(id))
		pointer.Set("key", quote(from))
		pointer.Set("_moved_to", quote(to))
		pointer.Set("_synced_at", quote(stamp(at)))
		if err := s.write(from, pointer); err != nil {
			return err
		}
	}
	return s.point(id, to)
}

// later reports whether the stored content, or its tombstone, is younger than
// a fetch that began at at. A stored time in the future is a clock that was
// wrong: it must not lock the issue for as long as that.
func later(stored rawjson.Object, at time.Time) bool {
	for _, member := range []string{"_synced_at", "_deleted_at"} {
		if isAfter(ParseTime(textMember(stored, member)), at) {
			return true
		}
	}
	return false
}

// isAfter reports whether a stamp is younger than at, and not of the future.
func isAfter(stamp, at time.Time) bool {
	return stamp.After(at.Truncate(time.Microsecond)) && !stamp.After(time.Now())
}

// sameContent compares two records without the times at which they were read.
func sameContent(a, b rawjson.Object) bool {
	if has(a, observedMember) != has(b, observedMember) || len(a.Names()) != len(b.Names()) {
		return false
	}
	for _, name := range b.Names() {
		if name == "_synced_at" || name == observedMember {
			continue
		}
		x, ok := a.Get(name)
		y, _ := b.Get(name)
		if !ok || !bytes.Equal(x, y) {
			return false
		}
	}
	return true
}

// merge makes the new record from the stored one and the fetch.
func (s *Store) merge(stored rawjson.Object, f Fetch) (rawjson.Object, error) {
	data, observed, err := s.overlaySLA(stored, f)
	if err != nil {
		return rawjson.Object{}, err
	}
	record, err := rawjson.Parse(data)
	if err != nil {
		return rawjson.Object{}, fmt.Errorf("fetched issue: %w", err)
	}
	for _, name := range record.Names() {
		if name != "" && name[0] == '_' {
			record.Delete(name) // ours alone
		}
	}
	if err := keepFields(stored, &record, f); err != nil {
		return rawjson.Object{}, err
	}
	links := json.RawMessage(f.RemoteLinks)
	if links == nil {
		links, _ = stored.Get("_remote_links")
	}
	if links != nil {
		record.Set("_remote_links", links)
	}
	if len(f.Missing) > 0 {
		missing, err := json.Marshal(f.Missing)
		if err != nil {
			return rawjson.Object{}, err
		}
		record.Set("_incomplete", missing)
	}
	if !observed.IsZero() {
		record.Set(observedMember, quote(stamp(observed)))
	}
	record.Set("_synced_at", quote(stamp(f.StartedAt)))
	s.freshenStubs(&record, f.StartedAt)
	return record, nil
}

// overlaySLA puts the SLA values that were read last into the fetched issue,
// and returns when that was: zero if never.
func (s *Store) overlaySLA(stored rawjson.Object, f Fetch) ([]byte, time.Time, error) {
	fields := s.SLAFields()
	if len(fields) == 0 {
		return f.JSON, time.Time{}, nil
	}
	answer := f.SLA
	if !f.HasSLA {
		answer = f.JSON // otherwise without a licence: even a null is no answer
	}
	old, observed := stored.Bytes(), observedAt(stored)
	if isAfter(observed, f.StartedAt) { // a poll was faster than this fetch
		data, err := sla.Overlay(f.JSON, fields, answer, old)
		return data, observed, err
	}
	if answer != nil && s.tellsSLA(answer, f.HasSLA) {
		observed = f.StartedAt
	}
	data, err := sla.Overlay(f.JSON, fields, old, answer)
	return data, observed, err
}

func has(o rawjson.Object, name string) bool {
	_, ok := o.Get(name)
	return ok
}
