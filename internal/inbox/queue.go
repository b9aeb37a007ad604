package inbox

import (
	"container/heap"
	"slices"
	"time"

	"github.com/jirasync/jirasync/webhook"
)

// queue is the set of issues to look at. It is plain data, guarded by the
// Inbox.
type queue struct {
	entries                   map[*entry]struct{}
	byID, byKey, byAttachment map[string]*entry
	aliases                   aliases
	ready                     entryHeap // entries with work and none in flight
	serial                    uint64
	inFlight                  int
}

// entry is one issue, or one attachment whose issue is not known, from the
// first event until all is done.
type entry struct {
	id         string
	keys       []string // every key that it was called by, the latest last
	attachment string

	waiting *work // nil: none
	flight  *work // nil: nobody is at it
	attempt int

	due    time.Time
	serial uint64 // order among equal times
	index  int    // in the heap; -1: not in it
}

// work is what one or more events have asked for.
type work struct {
	seq       uint64    // the smallest of the records; 0: not in the log
	received  time.Time // the earliest
	deleted   bool
	movedFrom []string
}

// maxMoves bounds the former keys of one item.
const maxMoves = 16

// merge takes in what o asks for.
func (w *work) merge(o *work) {
	if w.seq == 0 || o.seq != 0 && o.seq < w.seq {
		w.seq = o.seq
	}
	if o.received.Before(w.received) {
		w.received = o.received
	}
	w.deleted = w.deleted || o.deleted
	for _, key := range o.movedFrom {
		if !slices.Contains(w.movedFrom, key) && len(w.movedFrom) < maxMoves {
			w.movedFrom = append(w.movedFrom, key)
		}
	}
}

func newQueue() *queue {
	return &queue{
		entries:      make(map[*entry]struct{}),
		byID:         make(map[string]*entry),
		byKey:        make(map[string]*entry),
		byAttachment: make(map[string]*entry),
	}
}

// add puts work for an issue into the set.
func (q *queue) add(it Item, seq uint64, now time.Time) {
	e := q.find(it.Ref, it.AttachmentID)
	if e == nil {
		return
	}
	q.give(e, &work{seq: seq, received: it.Received, deleted: it.Deleted, movedFrom: slices.Clone(it.MovedFrom)}, now)
}

func (q *queue) give(e *entry, w *work, now time.Time) {
	if e.waiting != nil {
		e.waiting.merge(w)
		return
	}
	e.waiting = w
	if e.flight == nil {
		q.push(e, now)
	}
}

// find returns the entry of an issue, new if there is none, and nil for a
// reference to nothing. Names that turn out to mean the same issue are joined.
func (q *queue) find(ref webhook.IssueRef, attachment string) *entry {
	if ref == (webhook.IssueRef{}) {
		if attachment == "" {
			return nil
		}
		e := q.byAttachment[attachment]
		if e == nil {
			e = q.newEntry()
			e.attachment = attachment
			q.byAttachment[attachment] = e
		}
		return e
	}
	ref = q.aliases.learn(ref)
	e := q.byID[ref.ID]
	other := q.byKey[ref.Key]
	if other != nil && other.id != "" && ref.ID != "" && other.id != ref.ID {
		other = nil // the key has passed to another issue
	}
	switch {
	case e == nil && other == nil:
		e = q.newEntry()
	case e == nil:
		e = other
	case other != nil && other != e:
		e = q.join(e, other)
	}
	q.name(e, ref)
	return e
}

func (q *queue) newEntry() *entry {
	e := &entry{index: -1}
	q.entries[e] = struct{}{}
	return e
}

// name lets the names of a reference lead to an entry.
func (q *queue) name(e *entry, ref webhook.IssueRef) {
	if ref.ID != "" {
		e.id = ref.ID
		q.byID[ref.ID] = e
	}
	if ref.Key != "" {
		e.keys = append(slices.DeleteFunc(e.keys, func(k string) bool { return k == ref.Key }), ref.Key)
		q.byKey[ref.Key] = e
	}
}

// join makes one of two entries that are the same issue and returns it. If
// both are in flight they stay apart until they are done, which costs one more
// fetch.
func (q *queue) join(a, b *entry) *entry {
	switch {
	case b.flight == nil:
	case a.flight == nil:
		a, b = b, a
	default:
		return a
	}
	if b.index >= 0 {
		heap.Remove(&q.ready, b.index)
	}
	delete(q.entries, b)
	for _, key := range b.keys {
		q.name(a, webhook.IssueRef{Key: key})
	}
	q.name(a, webhook.IssueRef{ID: b.id})
	if b.waiting != nil {
		q.give(a, b.waiting, b.due)
	}
	return a
}

func (q *queue) push(e *entry, due time.Time) {
	q.serial++
	e.due, e.serial = due, q.serial
	heap.Push(&q.ready, e)
}

// take hands out the entry that is due. Without one it says how long until the
// next is, or a negative time if none is waiting.
func (q *queue) take(now time.Time) (e *entry, wait time.Duration) {
	if len(q.ready) == 0 {
		return nil, -1
	}
	if wait := q.ready[0].due.Sub(now); wait > 0 {
		return nil, wait
	}
	e = heap.Pop(&q.ready).(*entry)
	e.flight, e.waiting = e.waiting, nil
	q.inFlight++
	return e, 0
}

// done ends the work in flight. It reports false if w is not it.
func (q *queue) done(e *entry, w *work, now time.Time) bool {
	if e == nil || w == nil || e.flight != w {
		return false
	}
	e.flight, e.attempt = nil, 0
	q.inFlight--
	if e.waiting != nil {
		q.push(e, now)
	} else {
		q.forget(e)
	}
	return true
}

// retry makes the work in flight wait again until due.
func (q *queue) retry(e *entry, w *work, due time.Time) bool {
	if e == nil || w == nil || e.flight != w {
		return false
	}
	e.flight = nil
	e.attempt++
	q.inFlight--
	if e.waiting != nil {
		w.merge(e.waiting)
	}
	e.waiting = w
	q.push(e, due)
	return true
}

// forget removes an entry; where a name leads to another one by now it stays.
func (q *queue) forget(e *entry) {
	delete(q.entries, e)
	remove := func(index map[string]*entry, name string) {
		if index[name] == e {
			delete(index, name)
		}
	}
	remove(q.byID, e.id)
	remove(q.byAttachment, e.attachment)
	for _, key := range e.keys {
		remove(q.byKey, key)
	}
}

// item is what the holder of the entry's work gets.
func (e *entry) item() Item {
	it := Item{
		Ref:          webhook.IssueRef{ID: e.id},
		AttachmentID: e.attachment,
		Deleted:      e.flight.deleted,
		MovedFrom:    slices.Clone(e.flight.movedFrom),
		Received:     e.flight.received,
		Attempt:      e.attempt,
		entry:        e,
		work:         e.flight,
	}
	if n := len(e.keys); n > 0 {
		it.Ref.Key = e.keys[n-1]
	}
	return it
}

// entryHeap orders entries by the time they are due.
type entryHeap []*entry

func (h entryHeap) Len() int { return len(h) }
func (h entryHeap) Less(i, j int) bool {
	if c := h[i].due.Compare(h[j].due); c != 0 {
		return c < 0
	}
	return h[i].serial < h[j].serial
}

func (h entryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *entryHeap) Push(x any) {
	e := x.(*entry)
	e.index = len(*h)
	*h = append(*h, e)
}

func (h *entryHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	e.index = -1
	return e
}

// aliases remembers which key belongs to which issue id, so that an event that
// carries only the key finds the entry of one that carried only the id. It
// keeps the newest; the others cost one more fetch at most.
type aliases struct {
	idOf map[string]string
	ring []string // keys in the order they were learned
	next int
}

const maxAliases = 10_000

// learn remembers a pair, and completes a reference that has only a key.
func (a *aliases) learn(ref webhook.IssueRef) webhook.IssueRef {
	switch {
	case ref.Key == "":
	case ref.ID == "":
		ref.ID = a.idOf[ref.Key]
	case a.idOf[ref.Key] == "":
		if a.idOf == nil {
			a.idOf = make(map[string]string)
		}
		if len(a.ring) < maxAliases {
			a.ring = append(a.ring, ref.Key)
		} else {
			delete(a.idOf, a.ring[a.next])
			a.ring[a.next] = ref.Key
			a.next = (a.next + 1) % maxAliases
		}
		a.idOf[ref.Key] = ref.ID
	default:
		a.idOf[ref.Key] = ref.ID
	}
	return ref
}
