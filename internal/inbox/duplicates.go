package inbox

import (
	"crypto/sha256"
	"time"
)

const (
	duplicateWindow = 24 * time.Hour
	maxRemembered   = 100_000
)

// duplicateKey is equal for deliveries that are the same: Jira sends one again
// with the same identifier, which is unique in one site only and not signed,
// so the body belongs to it.
func duplicateKey(body []byte, identifier string) (key [sha256.Size]byte) {
	h := sha256.New()
	h.Write(body)
	bodySum := h.Sum(nil)
	h.Reset()
	h.Write(bodySum)
	h.Write([]byte(identifier))
	h.Sum(key[:0])
	return key
}

// duplicates remembers the deliveries of the last 24 hours, the newest 100,000
// of them. One that is forgotten earlier is processed again, which does no
// harm.
type duplicates struct {
	seen  map[[sha256.Size]byte]sighting
	order [][sha256.Size]byte // a ring of the keys by age
	next  int
}

type sighting struct {
	seq      uint64
	received time.Time
}

// find returns the sequence number of the first delivery with this key, or 0.
func (d *duplicates) find(key [sha256.Size]byte, now time.Time) uint64 {
	s, ok := d.seen[key]
	if !ok || now.Sub(s.received) > duplicateWindow || s.received.Sub(now) > duplicateWindow {
		return 0
	}
	return s.seq
}

func (d *duplicates) add(key [sha256.Size]byte, seq uint64, received time.Time) {
	if d.seen == nil {
		d.seen = make(map[[sha256.Size]byte]sighting)
	}
	if _, ok := d.seen[key]; !ok {
		if len(d.order) < maxRemembered {
			d.order = append(d.order, key)
		} else {
			delete(d.seen, d.order[d.next])
			d.order[d.next] = key
			d.next = (d.next + 1) % maxRemembered
		}
	}
	d.seen[key] = sighting{seq, received}
}

// remove forgets a delivery that was not written after all. Its key keeps its
// place in the ring.
func (d *duplicates) remove(key [sha256.Size]byte, seq uint64) {
	if s, ok := d.seen[key]; ok && s.seq == seq {
		d.seen[key] = sighting{}
	}
}
