package rawstore

// State says how much of an issue a record holds.
type State int

// States of a record.
const (
	Complete   State = iota + 1 // read whole
	Incomplete                  // a part could not be read, or is shorter than Jira counts
	Deleted                     // a tombstone
	Moved                       // a pointer to the new key
)

// State returns the state of the record: fs.ErrNotExist when there is
// none, ErrCorrupt when it cannot be read.
func (s *Store) State(key string) (State, error) {
	sum, err := s.Summary(key)
	return sum.State, err
}
