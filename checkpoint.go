package jirasync

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

// A checkpoint remembers on disk what a backfill with Refetch has read, so
// that one that was killed goes on where it ended. Without Refetch the records
// themselves say it. A nil checkpoint remembers nothing.
type checkpoint struct {
	s    *Syncer
	name string

	mu     sync.Mutex
	began  time.Time
	done   map[string]bool // issue ids
	unkept int             // of them, not on disk yet
}

// checkpointFile is its form on disk.
type checkpointFile struct {
	Began time.Time `json:"began"`
	Done  []string  `json:"done"` // issue ids
}

// A checkpoint older than this is of another time, not of a killed run.
const checkpointLasts = 7 * 24 * time.Hour

// openCheckpoint returns the checkpoint of runs with these options.
func (s *Syncer) openCheckpoint(opts BackfillOptions, jql string) *checkpoint {
	what := sha256.Sum256([]byte(jql + "\x00" + strings.Join(opts.Keys, ",")))
	c := &checkpoint{s: s, name: "backfill-" + hex.EncodeToString(what[:8]) + ".json", began: time.Now(), done: map[string]bool{}}
	var file checkpointFile
	if !opts.Restart && s.readState(c.name, &file) && time.Since(file.Began) < checkpointLasts {
		c.began = file.Began
		for _, id := range file.Done {
			c.done[id] = true
		}
		s.log.Info("going on with a backfill that did not end", "began", c.began, "read", len(c.done))
	}
	return c
}

func (c *checkpoint) has(id string) bool {
	if c == nil || id == "" {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done[id]
}

// add notes an issue whose record is saved. It writes when a hundredth is new,
// so that all that is written grows little faster than the run.
func (c *checkpoint) add(id string, log *slog.Logger) {
	if c == nil || id == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done[id] = true
	if c.unkept++; c.unkept < max(fetchBatch, len(c.done)/100) {
		return
	}
	if err := c.write(); err != nil {
		log.Warn("checkpoint could not be written; a killed run would begin anew", "error", err)
	}
}

// write is called with mu held.
func (c *checkpoint) write() error {
	file := checkpointFile{Began: c.began, Done: make([]string, 0, len(c.done))}
	for id := range c.done {
		file.Done = append(file.Done, id)
	}
	slices.Sort(file.Done)
	c.unkept = 0
	return c.s.writeState(c.name, file)
}

// close ends the run: one that is complete needs no checkpoint.
func (c *checkpoint) close(complete bool) error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if complete {
		return atomicfile.Remove(c.s.state, c.name)
	}
	return c.write()
}
