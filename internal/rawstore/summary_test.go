package rawstore_test

import (
	"io/fs"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/rawstore"
)

func TestSummaryCountsParts(t *testing.T) {
	s, _ := open(t)
	whole := `"updated":"2026-11-23T12:00:00.000+0100","comment":{"total":2,"comments":[{"id":"1"},{"id":"2"}]},` +
		`"worklog":{"total":0,"worklogs":[]},"attachment":[{"id":"7"}],"issuelinks":[]`
	save(t, s, rawstore.Fetch{JSON: issue(whole), RemoteLinks: []byte(`[{"id":1}]`)})
	got, err := s.Summary("A-1")
	require.NoError(t, err)
	want := rawstore.Summary{
		ID: "10001", Key: "A-1", State: rawstore.Complete, Updated: t0.Add(-time.Hour), SyncedAt: t0,
		Parts: map[string]rawstore.Count{
			rawstore.PartComments: {Stored: 2, Total: 2}, rawstore.PartWorklogs: {}, rawstore.PartChangelog: {Stored: 1, Total: 1},
			rawstore.PartAttachments: {Stored: 1, Total: 1}, rawstore.PartLinks: {}, rawstore.PartRemoteLinks: {Stored: 1, Total: 1},
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
	require.Empty(t, got.Lacks())
}

// Lesson 93: a truncated record is fetched again though nothing marks it, such
// as one of the system before, which stored the newest hundred comments.
func TestLesson93TruncatedRecordIsIncomplete(t *testing.T) {
	s, _ := open(t)
	save(t, s, rawstore.Fetch{JSON: issue(`"comment":{"total":5,"comments":[{"id":"5"}]}`)})
	got, err := s.Summary("A-1")
	require.NoError(t, err)
	require.Equal(t, rawstore.Incomplete, got.State)
	require.Equal(t, []string{rawstore.PartComments}, got.Lacks())
	require.NotContains(t, got.Parts, rawstore.PartWorklogs, "absent is unknown, not empty")
}

func TestStateOfEveryRecord(t *testing.T) {
	s, _ := open(t)
	state := func(key string, want rawstore.State) {
		t.Helper()
		got, err := s.State(key)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := s.State("A-1")
	require.ErrorIs(t, err, fs.ErrNotExist)
	save(t, s, rawstore.Fetch{JSON: issue(`"summary":"s"`)})
	state("A-1", rawstore.Complete)
	save(t, s, rawstore.Fetch{JSON: issue(`"summary":"s"`), Missing: []string{"comments"}, StartedAt: t0.Add(time.Second)})
	state("A-1", rawstore.Incomplete)
	_, err = s.Delete(t.Context(), "10001", "A-1", t0.Add(2*time.Second), rawstore.CauseManual)
	require.NoError(t, err)
	state("A-1", rawstore.Deleted)
}
