package rawstore

import (
	"bytes"
	"encoding/json"
)

// State says how much of an issue a record holds.
type State int

// States of a record.
const (
	Complete   State = iota + 1 // read whole
	Incomplete                  // a part could not be read; see _incomplete
	Deleted                     // a tombstone
	Moved                       // a pointer to the new key
)

// State returns the state of the record: fs.ErrNotExist when there is
// none, ErrCorrupt when it cannot be read.
func (s *Store) State(key string) (State, error) {
	data, err := s.Record(key)
	if err != nil {
		return 0, err
	}
	var record struct {
		Fields     json.RawMessage `json:"fields"`
		Incomplete json.RawMessage `json:"_incomplete"`
		DeletedAt  json.RawMessage `json:"_deleted_at"`
		MovedTo    json.RawMessage `json:"_moved_to"`
	}
	if err := json.Unmarshal(data, &record); err != nil {
		return 0, ErrCorrupt
	}
	switch {
	case record.MovedTo != nil:
		return Moved, nil
	case record.DeletedAt != nil:
		return Deleted, nil
	case record.Incomplete != nil, len(record.Fields) == 0, bytes.Equal(record.Fields, []byte("null")):
		return Incomplete, nil
	}
	return Complete, nil
}
