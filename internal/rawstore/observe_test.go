package rawstore_test

import (
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/rawstore"
)

const (
	running = `{"id":"1","name":"n","completedCycles":[],"ongoingCycle":{"breached":false,"elapsedTime":{"millis":1}}}`
	later   = `{"id":"1","name":"n","completedCycles":[],"ongoingCycle":{"breached":true,"elapsedTime":{"millis":2}}}`
	refused = `{"errorMessage":"no licence"}`
)

func observe(t *testing.T, s *rawstore.Store, fields string, at time.Time, also ...string) rawstore.Saved {
	t.Helper()
	saved, err := s.Observe(t.Context(), rawstore.Observation{
		ID: "10001", Key: "A-1", JSON: issue(fields), Also: also, StartedAt: at,
	})
	require.NoError(t, err)
	return saved
}

func TestObserveChangesTheClocksAlone(t *testing.T) {
	s, _ := open(t)
	save(t, s, rawstore.Fetch{JSON: issue(`"summary":"s","status":"Open","customfield_1":` + running), HasSLA: true,
		SLA: issue(`"customfield_1":` + running)})
	synced := member(t, s, "A-1", "_synced_at")

	require.True(t, observe(t, s, `"summary":"x","status":"Done","customfield_1":`+later, t0.Add(time.Minute), "status").Changed)
	require.JSONEq(t, later, member(t, s, "A-1", "fields.customfield_1"))
	require.Equal(t, `"Done"`, member(t, s, "A-1", "fields.status"))
	require.Equal(t, `"s"`, member(t, s, "A-1", "fields.summary"))
	require.Equal(t, synced, member(t, s, "A-1", "_synced_at"), "the issue was not read")
	require.Equal(t, `"2026-11-23T12:01:00.000000+00:00"`, member(t, s, "A-1", "_sla_observed_at"))

	// Unreadable and absent keep the last good value and its age.
	for n, value := range []string{`"customfield_1":` + refused, `"other":1`} {
		require.False(t, observe(t, s, value, t0.Add(time.Duration(2+n)*time.Minute)).Changed)
		require.JSONEq(t, later, member(t, s, "A-1", "fields.customfield_1"))
		require.Equal(t, `"2026-11-23T12:01:00.000000+00:00"`, member(t, s, "A-1", "_sla_observed_at"))
	}
	require.True(t, observe(t, s, `"customfield_1":null`, t0.Add(5*time.Minute)).Changed, "null is an answer")
	require.Equal(t, "null", member(t, s, "A-1", "fields.customfield_1"))
}

// A poll and a fetch of the same issue at once: the clocks are those of the
// read that began last, whoever saves last.
func TestObserveBesideAFetch(t *testing.T) {
	fetch := func(at time.Time, clock string) rawstore.Fetch {
		return rawstore.Fetch{JSON: issue(`"summary":"s"`), HasSLA: true, SLA: issue(`"customfield_1":` + clock), StartedAt: at}
	}
	s, _ := open(t)
	save(t, s, fetch(t0, running))
	observe(t, s, `"customfield_1":`+later, t0.Add(2*time.Second))
	save(t, s, fetch(t0.Add(time.Second), running)) // began before the poll
	require.JSONEq(t, later, member(t, s, "A-1", "fields.customfield_1"))

	s, _ = open(t)
	save(t, s, fetch(t0.Add(3*time.Second), later))
	require.True(t, observe(t, s, `"customfield_1":`+running, t0.Add(time.Second)).Stale)
	require.JSONEq(t, later, member(t, s, "A-1", "fields.customfield_1"))
}

func TestObserveOfNothing(t *testing.T) {
	s, _ := open(t)
	o := rawstore.Observation{ID: "10001", Key: "A-1", JSON: issue(`"customfield_1":null`), StartedAt: t0}
	_, err := s.Observe(t.Context(), o)
	require.ErrorIs(t, err, fs.ErrNotExist)
	save(t, s, rawstore.Fetch{JSON: issue(`"summary":"s"`)})
	_, err = s.Delete(t.Context(), "10001", "A-1", t0.Add(time.Second), rawstore.CauseManual)
	require.NoError(t, err)
	o.StartedAt = t0.Add(time.Minute)
	_, err = s.Observe(t.Context(), o)
	require.ErrorIs(t, err, fs.ErrNotExist, "a deleted issue is not polled back to life")
}
