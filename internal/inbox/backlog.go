package inbox

import (
	"log/slog"
	"os"
	"time"
)

// Backlog is what a log holds that is not processed yet.
type Backlog struct {
	Waiting int       // issues, and attachments whose issue is not known
	Oldest  time.Time // arrival of the oldest of their events; zero: none
	Damaged int       // stretches of the log that cannot be read
}

// ReadBacklog returns what an Open would queue again, without a lock and
// without writing. Beside an Inbox at work that is the state of its last
// checkpoint, a second ago or so: what it has done since counts as waiting.
//
// Errors: ErrVersion, and those of the file system.
func ReadBacklog(dir *os.Root) (Backlog, error) {
	q := &Inbox{dir: dir, logger: slog.New(slog.DiscardHandler), queue: newQueue()}
	c, err := q.readCheckpoint()
	if err != nil {
		return Backlog{}, err
	}
	list, err := segments(dir)
	if err != nil {
		return Backlog{}, err
	}
	now := time.Now()
	for i := range c.Waiting {
		q.queue.add(c.Waiting[i].item(), c.Waiting[i].Seq, now)
	}
	var b Backlog
	for i, s := range list {
		if i+1 < len(list) && list[i+1].first <= c.Through+1 {
			continue
		}
		_, err := readSegment(dir, s.name, func(e Entry, _ error) bool {
			switch {
			case e.Damage != nil && !(e.Damage.Torn && i+1 == len(list)): // the last may be torn: it is being written
				b.Damaged++
			case e.Damage == nil && e.Seq > c.Through:
				for _, it := range Items(e.Delivery) {
					q.queue.add(it, e.Seq, now)
				}
			}
			return true
		})
		if err != nil {
			return Backlog{}, err
		}
	}
	b.Waiting = len(q.queue.entries)
	for e := range q.queue.entries {
		if at := e.waiting.received; b.Oldest.IsZero() || at.Before(b.Oldest) {
			b.Oldest = at
		}
	}
	return b, nil
}
