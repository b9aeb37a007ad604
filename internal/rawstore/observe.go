package rawstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jirasync/jirasync/internal/filelock"
	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/internal/rawjson"
	"github.com/jirasync/jirasync/sla"
)

// observedMember is when the SLA values that a record shows were read.
const observedMember = "_sla_observed_at"

// Observation is what the SLA account was told of an issue between two fetches.
type Observation struct {
	ID, Key   string
	JSON      []byte    // the issue with some of its fields
	Also      []string  // fields to take over besides the SLA fields, as they are
	StartedAt time.Time // when the read began
}

// Observe brings the SLA fields of a stored record to what was observed: an
// unreadable or absent one keeps the last good value. Nothing else of the
// record changes but the fields in Also. Saved.Stale says that a fetch, or an
// observation, that began later is stored already. An issue that is not
// stored, or deleted, is fs.ErrNotExist.
func (s *Store) Observe(ctx context.Context, o Observation) (Saved, error) {
	if !issuekey.Valid(o.Key) || !issuekey.ValidID(o.ID) {
		return Saved{}, ErrBadKey
	}
	lock, err := filelock.Take(ctx, s.issues, lockName(o.Key))
	if err != nil {
		return Saved{}, err
	}
	defer lock.Release()
	stored, err := s.parsed(o.Key)
	if err != nil {
		return Saved{}, fmt.Errorf("observe %s: %w", o.Key, err)
	}
	if textMember(stored, "id") != o.ID {
		return Saved{}, fmt.Errorf("observe %s: %w: it is another issue now", o.Key, ErrCorrupt)
	}
	saved := Saved{Key: o.Key}
	if later(stored, o.StartedAt) || isAfter(observedAt(stored), o.StartedAt) {
		saved.Stale = true
		return saved, nil
	}
	record, err := s.observed(stored, o)
	if err != nil {
		return Saved{}, fmt.Errorf("observe %s: %w", o.Key, err)
	}
	// An issue that was read without its clocks is told from one whose clocks
	// are as new, even if they stand where they stood.
	behind := observedAt(stored).Before(syncedAt(stored)) && !observedAt(record).Before(syncedAt(record))
	if saved.Changed = behind || !sameContent(stored, record); saved.Changed {
		return saved, s.write(o.Key, record)
	}
	return saved, nil
}

// observed returns the record with what was observed.
func (s *Store) observed(stored rawjson.Object, o Observation) (rawjson.Object, error) {
	data, err := sla.Overlay(stored.Bytes(), s.SLAFields(), o.JSON)
	if err != nil {
		return rawjson.Object{}, err
	}
	record, err := rawjson.Parse(data)
	if err != nil {
		return rawjson.Object{}, err
	}
	answer, err := rawjson.Parse(o.JSON)
	if err != nil {
		return rawjson.Object{}, err
	}
	if fresh, err := answer.Object("fields"); err == nil && len(o.Also) > 0 {
		fields, err := record.Object("fields")
		if err != nil {
			return rawjson.Object{}, err
		}
		for _, name := range o.Also {
			if value, ok := fresh.Get(name); ok {
				fields.Set(name, value)
			}
		}
		record.Set("fields", fields.Bytes())
	}
	if s.tellsSLA(o.JSON, true) {
		record.Set(observedMember, quote(stamp(o.StartedAt)))
	}
	return record, nil
}

func observedAt(record rawjson.Object) time.Time {
	return ParseTime(textMember(record, observedMember))
}

// tellsSLA reports whether an answer says what there is to know of the SLA
// fields. To an account with a licence none of them is an error object, and one
// that is not there does not exist in the issue's project. To others absent and
// null say nothing: there must be a clock.
func (s *Store) tellsSLA(answer []byte, licensed bool) bool {
	issue, err := rawjson.Parse(answer)
	if err != nil {
		return false
	}
	fields, err := issue.Object("fields")
	if err != nil {
		return false
	}
	clocks := 0
	for _, id := range s.SLAFields() {
		value, ok := fields.Get(id)
		if !ok {
			continue
		}
		switch _, err := sla.Parse(value); {
		case errors.Is(err, sla.ErrUnavailable):
			return false
		case err == nil && string(value) != "null":
			clocks++
		}
	}
	return licensed || clocks > 0
}

// SLAFields are the ids of the fields that the SLA account fills.
func (s *Store) SLAFields() []string {
	if fields := s.slaFields.Load(); fields != nil {
		return *fields
	}
	return nil
}

// SetSLAFields changes what SLAFields returns.
func (s *Store) SetSLAFields(ids []string) {
	ids = slices.Clone(ids)
	s.slaFields.Store(&ids)
}
