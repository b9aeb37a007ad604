package transform

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// TestSurvey holds the survey against a map.
func TestSurvey(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var s survey
		winners := map[string]claim{}
		var duplicates []string
		taken := map[string]bool{}
		for range r.IntN(300) {
			id := fmt.Sprint(r.IntN(200))
			c := claim{key: fmt.Sprintf("K%d-%d", r.IntN(3), r.IntN(2000)), month: fmt.Sprintf("20%02d-%02d", r.IntN(30), 1+r.IntN(12))}
			if taken[c.key] {
				continue
			}
			taken[c.key] = true
			if r.IntN(5) > 0 {
				c.updated = time.UnixMicro(r.Int64N(5)).UTC()
			}
			s.add(id, c, true)
			switch other, known := winners[id]; {
			case known && later(other, c):
				duplicates = append(duplicates, c.key)
			case known:
				duplicates = append(duplicates, other.key)
				winners[id] = c
			default:
				winners[id] = c
			}
		}
		got := s.settle()
		slices.Sort(got)
		slices.Sort(duplicates)
		require.Equal(t, duplicates, got)

		months := map[string][]string{}
		for id, want := range winners {
			c, known := s.find(id)
			require.True(t, known)
			require.Equal(t, want, c)
			months[c.month] = append(months[c.month], c.key)
		}
		for month, want := range months {
			slices.Sort(want)
			if diff := cmp.Diff(want, s.keys(month)); diff != "" {
				t.Errorf("keys(%s) mismatch (-want +got):\n%s", month, diff)
			}
		}
		_, known := s.find("7777")
		require.False(t, known)
		require.Empty(t, s.keys("1999-01"))
	}
}

// What the documentation of Rebuild says of an issue's cost.
func TestSurveyIsSmall(t *testing.T) {
	key, id := len("SUPPORT-1234567"), len("12345678")
	require.LessOrEqual(t, int(unsafe.Sizeof(entry{}))+4+key+id, 52)
}

func TestAhead(t *testing.T) {
	var keys []string
	for n := range 500 {
		keys = append(keys, fmt.Sprintf("A-%d", n))
	}
	var got []string
	for key, value := range ahead(keys, func(key string) (string, int) { return "value of " + key, aheadBytes }) {
		require.Equal(t, "value of "+key, value)
		got = append(got, key)
	}
	require.Equal(t, keys, got, "in order, each once, though each fills the window")

	for key := range ahead(keys, func(key string) (string, int) { return key, 1 }) {
		if key == "A-100" {
			break // and all readers end: range over the function returns
		}
	}
	for range ahead(nil, func(string) (int, int) { return 0, 0 }) {
		t.Error("something from nothing")
	}
}
