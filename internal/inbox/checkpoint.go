package inbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
	"github.com/jirasync/jirasync/webhook"
)

const (
	checkpointName = "checkpoint.json"
	// maxListed bounds the items in a checkpoint. Beyond it the list is left
	// out, and after a crash the events from Position on are queued again.
	maxListed = 2000
)

// checkpoint says how far the log is processed. Everything in it is on stable
// storage in the log before.
type checkpoint struct {
	Version int `json:"v"`
	// Position is the record up to which all events are processed.
	Position uint64 `json:"position"`
	// Through is the last record that is accounted for: of the records up to
	// it only those in Waiting are still to be processed.
	Through uint64        `json:"through"`
	Waiting []waitingItem `json:"waiting,omitempty"`
}

// waitingItem is an item of the queue that comes from the log.
type waitingItem struct {
	Seq        uint64    `json:"seq"`
	ID         string    `json:"id,omitempty"`
	Key        string    `json:"key,omitempty"`
	Attachment string    `json:"attachment,omitempty"`
	Received   time.Time `json:"received"`
	Deleted    bool      `json:"deleted,omitempty"`
	MovedFrom  []string  `json:"moved_from,omitempty"`
}

func (w *waitingItem) item() Item {
	return Item{
		Ref:          webhook.IssueRef{ID: w.ID, Key: w.Key},
		AttachmentID: w.Attachment,
		Deleted:      w.Deleted,
		MovedFrom:    w.MovedFrom,
		Received:     w.Received,
	}
}

// checkpoint takes the state of the queue. What is in flight counts as waiting.
func (q *Inbox) checkpoint() checkpoint {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := checkpoint{Version: version, Position: q.through, Through: q.through}
	for e := range q.queue.entries {
		for _, w := range [...]*work{e.flight, e.waiting} {
			if w == nil || w.seq == 0 {
				continue
			}
			c.Position = min(c.Position, w.seq-1)
			if len(c.Waiting) <= maxListed {
				c.Waiting = append(c.Waiting, e.listed(w))
			}
		}
	}
	if len(c.Waiting) > maxListed {
		c.Through, c.Waiting = c.Position, nil
	}
	slices.SortFunc(c.Waiting, func(a, b waitingItem) int { return cmp.Compare(a.Seq, b.Seq) })
	return c
}

func (e *entry) listed(w *work) waitingItem {
	item := waitingItem{
		Seq:        w.seq,
		ID:         e.id,
		Attachment: e.attachment,
		Received:   w.received,
		Deleted:    w.deleted,
		MovedFrom:  slices.Clone(w.movedFrom),
	}
	if n := len(e.keys); n > 0 {
		item.Key = e.keys[n-1]
	}
	return item
}

func (q *Inbox) writeCheckpoint() error {
	object, err := json.Marshal(q.checkpoint())
	if err == nil {
		err = atomicfile.WriteFile(q.dir, checkpointName, append(seal(object), '\n'))
	}
	if err != nil {
		return fmt.Errorf("write the checkpoint: %w", err)
	}
	return nil
}

// readCheckpoint returns the checkpoint, zero if there is none. One that cannot
// be read counts as none too: then everything in the log is processed again,
// which is much work but no loss.
func (q *Inbox) readCheckpoint() (checkpoint, error) {
	data, err := q.dir.ReadFile(checkpointName)
	if errors.Is(err, fs.ErrNotExist) {
		return checkpoint{}, nil
	}
	if err != nil {
		return checkpoint{}, err
	}
	var c checkpoint
	line := bytes.TrimSuffix(data, []byte("\n"))
	if !sealed(line) || json.Unmarshal(line, &c) != nil {
		q.logger.Error("checkpoint damaged: all events are processed again")
		return checkpoint{}, nil
	}
	if c.Version != version {
		return checkpoint{}, fmt.Errorf("%s: %w", checkpointName, ErrVersion)
	}
	return c, nil
}

// keep is the goroutine that writes the checkpoint, at most once a second, and
// removes old segments.
func (q *Inbox) keep() {
	var pruned time.Time
	for {
		select {
		case <-q.changed:
		case <-q.closing:
			return
		}
		if err := q.writeCheckpoint(); err != nil {
			// The one before stays valid; the next attempt follows.
			q.logger.Warn("checkpoint not written", slog.Any(keyError, err))
			q.touch()
		}
		if now := time.Now(); now.Sub(pruned) >= pruneInterval {
			pruned = now
			if err := q.prune(now); err != nil {
				q.logger.Warn("old events not removed", slog.Any(keyError, err))
			}
		}
		timer := time.NewTimer(checkpointInterval)
		select {
		case <-timer.C:
		case <-q.closing:
			timer.Stop()
			return
		}
	}
}

// prune removes the segments, and what was cut off them, whose events are all
// processed and older than the retention.
func (q *Inbox) prune(now time.Time) error {
	if q.options.Retention < 0 {
		return nil
	}
	list, err := segments(q.dir)
	if err != nil {
		return err
	}
	position := q.checkpoint().Position
	var old []string
	for i := range len(list) - 1 {
		next := list[i+1]
		if next.first > position+1 || now.Sub(next.start) < q.options.Retention {
			break
		}
		old = append(old, list[i].name)
	}
	if len(old) == 0 {
		return nil
	}
	torn, err := tornFiles(q.dir, old)
	if err != nil {
		return err
	}
	q.logger.Info("old events removed", slog.Int(keySegments, len(old)))
	return atomicfile.Remove(q.dir, append(torn, old...)...)
}

// tornFiles lists what was cut off the given segments.
func tornFiles(dir *os.Root, of []string) ([]string, error) {
	names, err := readDir(dir)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(name string) bool {
		stem, _, found := strings.Cut(name, tornInfix)
		return !found || !slices.Contains(of, stem+segmentSuffix)
	}), nil
}
