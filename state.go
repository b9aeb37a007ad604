package jirasync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

// What a Syncer must remember between runs lies in DataDir/state, a small JSON
// file each. Losing one costs requests, never data.
const (
	stateCaughtUp  = "caught_up.json" // when the last catch-up began
	stateSuspects  = "suspects.json"  // issues that Jira did not show
	stateLastFull  = "last_full_check.json"
	stateLastCheck = "last_check.json" // its report
	stateMetadata  = "metadata.json"   // how the last refresh of the metadata ended
	stateSLAPoll   = "sla_poll.json"   // how the last SLA poll ended
)

// maxState bounds a state file.
const maxState = 64 << 20

// readState reads a state file into v, and reports whether there was one that
// can be read. v is untouched if not.
func (s *Syncer) readState(name string, v any) bool {
	f, err := s.state.Open(name)
	if err == nil {
		defer f.Close()
		var data []byte
		if data, err = io.ReadAll(io.LimitReader(f, maxState)); err == nil {
			err = json.Unmarshal(data, v)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Warn("state file is not readable and counts as absent", "file", name)
	}
	return err == nil
}

func (s *Syncer) writeState(name string, v any) error {
	data, err := json.Marshal(v)
	if err == nil {
		err = atomicfile.WriteFile(s.state, name, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("state %s: %w", name, err)
	}
	return nil
}

// LastRun is how a pass that is repeated last ended, whoever began it.
type LastRun struct {
	Succeeded time.Time `json:"succeeded,omitzero"`
	Failed    time.Time `json:"failed,omitzero"`
	Error     string    `json:"error,omitempty"` // of the last failure
}

// Ailing reports whether the last pass failed.
func (r LastRun) Ailing() bool { return r.Failed.After(r.Succeeded) }

// note remembers how a pass ended, unless it was given up.
func (s *Syncer) note(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	var last LastRun
	s.readState(name, &last)
	if now := time.Now().UTC(); err == nil {
		last.Succeeded = now
	} else {
		last.Failed, last.Error = now, err.Error()
	}
	return s.writeState(name, last)
}
