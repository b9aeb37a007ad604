package rawstore

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/rawjson"
)

var histories = flag.Int("histories", 20_000, "random histories of TestHistoriesConverge")

// write is one writer's work on the issue: a webhook's, a backfill's, a poll's
// or a check's. Between its three instants all others may do theirs.
type write struct {
	began, read, saved time.Duration
}

// history is what happens to one issue in Jira, and who fetches it when.
type history struct {
	changes []time.Duration // the issue has the version of the last change before
	writes  []write         // in the order of their saves
}

// randomHistory has deliveries late, twice, lost and out of order, as each is
// nothing but a fetch at some time. One fetch begins after the last change:
// that of the last event, or of the catch-up if it was lost.
func randomHistory(r *rand.Rand) history {
	within := func(d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d))) }
	var h history
	for range 1 + r.IntN(5) {
		h.changes = append(h.changes, within(time.Minute))
	}
	slices.Sort(h.changes)
	last := h.changes[len(h.changes)-1]
	for n := range 2 + r.IntN(6) {
		began := within(time.Minute)
		if n == 0 {
			began = last + within(2*time.Second)
		}
		read := began + within(20*time.Second)
		h.writes = append(h.writes, write{began, read, read + within(20*time.Second)})
	}
	slices.SortFunc(h.writes, func(a, b write) int { return int(a.saved - b.saved) })
	return h
}

// version is how many changes Jira shows at an instant, and how many of them
// have touched "updated": every second one is like a remote link's.
func (h history) version(at time.Duration) (all, told int) {
	n, _ := slices.BinarySearch(h.changes, at+1)
	return n, (n + 1) / 2
}

// run saves in the order of the history. It returns the version that is stored
// in the end, and how often one that Jira called older took the place of a
// newer one.
func (h history) run(t *testing.T, save func(stored rawjson.Object, f Fetch) rawjson.Object) (final, back int) {
	epoch := time.Now().Add(-time.Hour).Truncate(time.Second)
	var stored rawjson.Object
	before := 0
	for _, w := range h.writes {
		version, told := h.version(w.read)
		updated := epoch
		if told > 0 {
			updated = epoch.Add(h.changes[2*told-2])
		}
		stored = save(stored, Fetch{
			ID: "1", Key: "A-1", StartedAt: epoch.Add(w.began),
			JSON: fmt.Appendf(nil, `{"id":"1","key":"A-1","fields":{"updated":%q,"version":%d,"told":%d}}`,
				updated.Format("2006-01-02T15:04:05.000-0700"), version, told),
		})
		var now struct{ Version, Told int }
		fields, _ := stored.Get("fields")
		require.NoError(t, json.Unmarshal(fields, &now))
		if now.Told < before {
			back++
		}
		final, before = now.Version, now.Told
	}
	return final, back
}

// Gate G6: in whatever order writers fetch and save, the record ends with the
// last version that Jira had, and never goes back to an earlier one. A store
// in which the last save wins, the negative control, ends with an old one in
// more than one history of a hundred.
func TestHistoriesConverge(t *testing.T) {
	stale, backwards, control := 0, 0, 0
	for seed := range uint64(*histories) {
		h := randomHistory(rand.New(rand.NewPCG(seed, 6)))
		want := len(h.changes)
		final, back := h.run(t, saving(t))
		if final != want {
			stale++
		}
		backwards += back
		final, _ = h.run(t, func(_ rawjson.Object, f Fetch) rawjson.Object {
			record, err := rawjson.Parse(f.JSON)
			require.NoError(t, err)
			return record
		})
		if final != want {
			control++
		}
	}
	t.Logf("%d histories: %d end stale, %d steps back; %d end stale if the last save wins", *histories, stale, backwards, control)
	require.Zero(t, stale)
	require.Zero(t, backwards)
	require.Greater(t, control, *histories/100, "the histories are too easy to show anything")
}

// saving is Save with the file and the lock in memory.
func saving(t *testing.T) func(stored rawjson.Object, f Fetch) rawjson.Object {
	s, note := new(Store), ""
	return func(stored rawjson.Object, f Fetch) rawjson.Object {
		record, outcome, err := s.follow(stored, f, note)
		require.NoError(t, err)
		if outcome != stale {
			note = stamp(f.StartedAt)
		}
		if outcome == changed {
			return record
		}
		return stored
	}
}
