package rawstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/rawstore"
)

// linked makes an issue with one link; what it shows of the other issue is as
// Jira renders it at that moment.
func linked(id, key, summary, side, otherID, otherKey, otherSummary string) []byte {
	return fmt.Appendf(nil, `{"id":%q,"key":%q,"fields":{"summary":%q,"status":{"id":"1","name":"Open","description":"long"},"issuelinks":[{"id":"5","type":{"name":"Blocks"},%q:{"id":%q,"key":%q,"self":"x","fields":{"summary":%q,"status":{"id":"1","name":"Open"}}}}]}}`,
		id, key, summary, side, otherID, otherKey, otherSummary)
}

const shownSummary = "fields.issuelinks" // the whole list: one link

func put(t *testing.T, s *rawstore.Store, id, key string, body []byte, at time.Time) rawstore.Saved {
	t.Helper()
	return save(t, s, rawstore.Fetch{ID: id, Key: key, JSON: body, RemoteLinks: []byte("[]"), StartedAt: at})
}

// A change of one issue shows in the links of the other, whichever of the two
// fetches is saved last. Jira sends no event for the other.
func TestLinkStubs(t *testing.T) {
	t.Parallel()
	a := func(b string) []byte { return linked("1", "A-1", "a", "outwardIssue", "2", "A-2", b) }
	b := func(b string) []byte { return linked("2", "A-2", b, "inwardIssue", "1", "A-1", "a") }

	t.Run("the neighbour is updated", func(t *testing.T) {
		t.Parallel()
		s, _ := open(t)
		put(t, s, "1", "A-1", a("old"), t0)
		put(t, s, "2", "A-2", b("old"), t0.Add(time.Second))
		saved := put(t, s, "2", "A-2", b("new"), t0.Add(2*time.Second))
		require.Equal(t, []string{"A-1"}, saved.Linked)
		again := put(t, s, "2", "A-2", b("new"), t0.Add(3*time.Second))
		require.Equal(t, []string{"A-1"}, again.Linked, "a crash may have come before the rows were written")
		require.Contains(t, member(t, s, "A-1", shownSummary), `"summary":"new"`)
		require.Contains(t, member(t, s, "A-1", shownSummary), `"status":{"id":"1","name":"Open"}`, "what says the same keeps its bytes")
	})
	t.Run("an older fetch takes the younger record's word", func(t *testing.T) {
		t.Parallel()
		s, _ := open(t)
		put(t, s, "2", "A-2", b("new"), t0.Add(time.Second))
		put(t, s, "1", "A-1", a("old"), t0) // began before the change, is saved after it
		require.Contains(t, member(t, s, "A-1", shownSummary), `"summary":"new"`)
	})
	t.Run("a younger record is not touched", func(t *testing.T) {
		t.Parallel()
		s, _ := open(t)
		put(t, s, "1", "A-1", a("newest"), t0.Add(time.Minute))
		put(t, s, "2", "A-2", b("older"), t0)
		require.Contains(t, member(t, s, "A-1", shownSummary), `"summary":"newest"`)
	})
	t.Run("a move changes the key that the neighbour shows", func(t *testing.T) {
		t.Parallel()
		s, _ := open(t)
		put(t, s, "1", "A-1", a("b"), t0)
		put(t, s, "2", "A-2", b("b"), t0)
		moved := linked("2", "B-7", "b", "inwardIssue", "1", "A-1", "a")
		require.Equal(t, []string{"A-1"}, put(t, s, "2", "B-7", moved, t0.Add(time.Second)).Linked)
		require.Contains(t, member(t, s, "A-1", shownSummary), `"key":"B-7"`)
	})
	t.Run("tombstones and damage are left alone", func(t *testing.T) {
		t.Parallel()
		s, _ := open(t)
		put(t, s, "1", "A-1", a("old"), t0)
		_, err := s.Delete(t.Context(), "1", "A-1", t0, rawstore.CauseDeleted)
		require.NoError(t, err)
		require.Empty(t, put(t, s, "2", "A-2", b("new"), t0.Add(time.Second)).Linked)
	})
}
