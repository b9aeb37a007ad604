package transform

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"
)

// A survey knows the place of every issue: which record speaks for its id, and
// in which month. It takes some fifty bytes an issue, so that a million fit
// where a million records do not.
type survey struct {
	entries []entry         // those of one month together, by key
	byID    []int32         // places in entries, by issue id
	text    strings.Builder // keys and ids, in one piece, of which all that is returned is a part
	months  []string        // as entries name them
	index   map[string]int32
}

// An entry is one claim, with its key and id in the survey's text.
type entry struct {
	updated  int64 // microseconds since 1970; noUpdate where the record does not tell
	at       int64
	month    int32
	key, id  uint8 // lengths
	proven   bool  // look says it too, not glance alone
	outdated bool
}

const noUpdate = -1 << 63

// add takes in what a living record says, which is proven or not. Nothing may
// be asked before settle.
func (s *survey) add(id string, c claim, proven bool) {
	month, known := s.index[c.month]
	if !known {
		if s.index == nil {
			s.index = map[string]int32{}
		}
		month = int32(len(s.months))
		s.index[c.month] = month
		s.months = append(s.months, c.month)
	}
	e := entry{updated: noUpdate, at: int64(s.text.Len()), month: month, key: uint8(len(c.key)), id: uint8(len(id)), proven: proven}
	if !c.updated.IsZero() {
		e.updated = c.updated.UnixMicro()
	}
	s.text.WriteString(c.key)
	s.text.WriteString(id)
	s.entries = append(s.entries, e)
}

func (s *survey) keyOf(e entry) string { return s.text.String()[e.at : e.at+int64(e.key)] }

func (s *survey) idOf(e entry) string {
	start := e.at + int64(e.key)
	return s.text.String()[start : start+int64(e.id)]
}

func (s *survey) claimOf(e entry) claim {
	c := claim{key: s.keyOf(e), month: s.months[e.month]}
	if e.updated != noUpdate {
		c.updated = time.UnixMicro(e.updated).UTC()
	}
	return c
}

// contenders takes out the claims that are not proven and that others contend
// with, for one issue id, and returns their keys. They are to be added again
// when they are proven, after which others may contend.
func (s *survey) contenders() (keys []string) {
	s.sortByID()
	same := func(a, b int) bool { return s.idOf(s.entries[a]) == s.idOf(s.entries[b]) }
	last := len(s.entries) - 1
	for n := range s.entries {
		e := &s.entries[n]
		if !e.proven && (n > 0 && same(n-1, n) || n < last && same(n, n+1)) {
			e.outdated = true
			keys = append(keys, s.keyOf(*e))
		}
	}
	s.dropOutdated()
	return keys
}

func (s *survey) sortByID() {
	slices.SortFunc(s.entries, func(a, b entry) int { return strings.Compare(s.idOf(a), s.idOf(b)) })
}

func (s *survey) dropOutdated() {
	s.entries = slices.DeleteFunc(s.entries, func(e entry) bool { return e.outdated })
}

// settle puts all in order, when everything was added. Of several records with
// one issue id the later stays; the keys of the others are returned.
func (s *survey) settle() (duplicates []string) {
	s.sortByID()
	best := 0
	for n := 1; n < len(s.entries); n++ {
		a, b := &s.entries[best], &s.entries[n]
		if s.idOf(*a) != s.idOf(*b) {
			best = n
			continue
		}
		loser := b
		if later(s.claimOf(*b), s.claimOf(*a)) {
			loser, best = a, n
		}
		loser.outdated = true
		if s.keyOf(*a) != s.keyOf(*b) {
			duplicates = append(duplicates, s.keyOf(*loser))
		}
	}
	s.dropOutdated()
	slices.SortFunc(s.entries, func(a, b entry) int {
		return cmp.Or(strings.Compare(s.months[a.month], s.months[b.month]), strings.Compare(s.keyOf(a), s.keyOf(b)))
	})
	s.byID = make([]int32, len(s.entries))
	for n := range s.byID {
		s.byID[n] = int32(n)
	}
	slices.SortFunc(s.byID, func(a, b int32) int {
		return strings.Compare(s.idOf(s.entries[a]), s.idOf(s.entries[b]))
	})
	return duplicates
}

// find returns the claim that counts for an issue id.
func (s *survey) find(id string) (claim, bool) {
	n, found := sort.Find(len(s.byID), func(n int) int {
		return strings.Compare(id, s.idOf(s.entries[s.byID[n]]))
	})
	if !found {
		return claim{}, false
	}
	return s.claimOf(s.entries[s.byID[n]]), true
}

// agrees reports whether id is the one that the survey knows the key by.
func (s *survey) agrees(month, key, id string) bool {
	of := s.in(month)
	n, found := sort.Find(len(of), func(n int) int { return strings.Compare(key, s.keyOf(of[n])) })
	return found && s.idOf(of[n]) == id
}

// keys returns the keys of a month, sorted.
func (s *survey) keys(month string) []string {
	of := s.in(month)
	keys := make([]string, 0, len(of))
	for _, e := range of {
		keys = append(keys, s.keyOf(e))
	}
	return keys
}

// in returns the entries of a month, by key.
func (s *survey) in(month string) []entry {
	place := func(m string) int {
		return sort.Search(len(s.entries), func(n int) bool { return s.months[s.entries[n].month] >= m })
	}
	start := place(month)
	if start == len(s.entries) || s.months[s.entries[start].month] != month {
		return nil
	}
	end := start + sort.Search(len(s.entries)-start, func(n int) bool { return s.months[s.entries[start+n].month] > month })
	return s.entries[start:end]
}
