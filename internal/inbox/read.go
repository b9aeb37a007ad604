package inbox

import (
	"errors"
	"io"
	"iter"
	"os"
	"time"

	"github.com/jirasync/jirasync/webhook"
)

// Entry is what the log holds at one place: a delivery, or damage.
type Entry struct {
	Seq         uint64 // rises through the log; equal if a batch had to be written twice
	Segment     string
	Offset      int64
	DuplicateOf uint64 // not zero: the same as that record; there is no body then

	// Delivery is as it came, but for SecretIndex. Event and Malformed are
	// what ParseEvent says of the body now.
	Delivery webhook.Delivery

	// Damage is not nil where nothing could be read; all else is then zero.
	Damage *Damage
}

// Read reads the log in a directory from the beginning, oldest first, also
// while it is being written to. Of the segments that end before since nothing
// is read; a zero time reads all.
//
// Damaged stretches are entries, in their place. The last entry may be torn
// because it is being written. An error comes with a zero Entry and ends the
// sequence: ErrVersion, or one of the file system.
func Read(dir *os.Root, since time.Time) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		list, err := segments(dir)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		for i, s := range list {
			if i+1 < len(list) && list[i+1].start.Before(since) {
				continue
			}
			if more, err := readSegment(dir, s.name, yield); err != nil {
				yield(Entry{}, err)
				return
			} else if !more {
				return
			}
		}
	}
}

func readSegment(dir *os.Root, name string, yield func(Entry, error) bool) (more bool, err error) {
	f, err := dir.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil // removed meanwhile because of its age
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	for r := newSegmentReader(name, f, info.Size()); ; {
		rec, damage, err := r.next()
		switch {
		case errors.Is(err, io.EOF):
			return true, nil
		case err != nil:
			return false, err
		}
		entry := Entry{Damage: damage}
		if damage == nil {
			entry = Entry{Seq: rec.Seq, Segment: name, Offset: rec.offset, DuplicateOf: rec.DuplicateOf, Delivery: rec.delivery()}
		}
		if !yield(entry, nil) {
			return false, nil
		}
	}
}
