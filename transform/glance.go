package transform

import (
	"bytes"
	"cmp"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/partition"
)

// glance is look for the survey of a rebuild, which reads and proves each
// record again with its month: what is claimed need not be proven, if it is
// not to decide between records. It says whether it is.
func (m *mapper) glance(records Records, key string) (i IssueRows, proven bool, err error) {
	err = useRecord(records, key, func(data []byte) error {
		var seen bool
		if i, seen = glance(data); seen && i.Key == key {
			return nil
		}
		proven = true
		i, err = m.survey(data)
		return cmp.Or(err, i.holds(key))
	})
	return i, proven, err
}

// proven is glance that reads everything.
func (m *mapper) proven(records Records, key string) (i IssueRows, proven bool, err error) {
	i, err = m.look(records, key)
	return i, true, err
}

// glance reads key, id and times of a living record, from its beginning until
// it has them. It reports false for a record that is in any way unusual. Of a
// valid one that is not gone and has no name twice it says what begin does; of
// another it may say anything.
func glance(data []byte) (i IssueRows, ok bool) {
	// The members that end a life are put at the end. Elsewhere they cost a
	// reading more.
	end := data[max(0, len(data)-endBytes):]
	if bytes.Contains(end, []byte(`_deleted_at"`)) || bytes.Contains(end, []byte(`_moved_to"`)) {
		return i, false
	}
	g := glancer{data: data}
	var key, id, created, updated []byte
	var fields bool
	g.members(func(name []byte) (ok, done bool) {
		switch string(name) {
		case `"key"`:
			key = g.text()
			ok = key != nil
		case `"id"`:
			id = g.text()
			ok = id != nil
		case `"fields"`:
			start := g.at
			created, updated = g.times()
			fields = true
			ok = created != nil && updated != nil
			if ok && (key == nil || id == nil) { // they come behind all fields
				g.at = start
				ok = g.skip()
			}
		default:
			ok = g.skip()
		}
		return ok, key != nil && id != nil && fields
	})
	if key == nil || id == nil || created == nil || updated == nil {
		return i, false
	}
	i.Key, i.ID = string(key[1:len(key)-1]), string(id[1:len(id)-1])
	var dated, renewed bool
	i.Created, dated = usualTime(created)
	i.Updated, renewed = usualTime(updated)
	i.Month = partition.Monthly(i.Created)
	return i, dated && renewed && issuekey.Valid(i.Key) && issuekey.ValidID(i.ID)
}

const endBytes = 1 << 10

// A glancer walks through JSON by its brackets and quotes.
type glancer struct {
	data []byte
	at   int
}

// times reads the times of the fields, and no more once it has them. What is
// not found is nil.
func (g *glancer) times() (created, updated []byte) {
	g.members(func(name []byte) (ok, done bool) {
		switch string(name) {
		case `"created"`:
			created = g.text()
			ok = created != nil
		case `"updated"`:
			updated = g.text()
			ok = updated != nil
		default:
			ok = g.skip()
		}
		return ok, created != nil && updated != nil
	})
	return created, updated
}

// members calls value with the name of each member, quotes and all, to read
// its value, until that is not ok or done, or nothing more can be read.
func (g *glancer) members(value func(name []byte) (ok, done bool)) {
	for next := g.next() == '{'; next; next = g.next() == ',' {
		g.at++
		name := g.text()
		if name == nil || g.next() != ':' {
			return
		}
		g.at++
		if ok, done := value(name); !ok || done {
			return
		}
	}
}

// next returns the next byte that is no space, where it stops; 0 at the end.
func (g *glancer) next() byte {
	for ; g.at < len(g.data); g.at++ {
		if c := g.data[g.at]; c > ' ' {
			return c
		}
	}
	return 0
}

// text reads a string and returns it with its quotes; nil if there is none, or
// one with escapes.
func (g *glancer) text() []byte {
	if g.next() != '"' {
		return nil
	}
	start := g.at
	if !g.skipText() || bytes.IndexByte(g.data[start:g.at], '\\') >= 0 {
		return nil
	}
	return g.data[start:g.at]
}

// skipText passes over a string.
func (g *glancer) skipText() bool {
	for g.at++; ; g.at++ {
		n := bytes.IndexByte(g.data[g.at:], '"')
		if n < 0 {
			return false
		}
		start := g.at
		g.at += n
		before := g.at
		for before > start && g.data[before-1] == '\\' {
			before--
		}
		if (g.at-before)%2 == 0 {
			g.at++
			return true
		}
	}
}

// skip passes over a value.
func (g *glancer) skip() bool {
	for depth := 0; g.at < len(g.data); {
		switch g.data[g.at] {
		case '"':
			if !g.skipText() {
				return false
			}
			if depth == 0 {
				return true
			}
			continue
		case ',':
			if depth == 0 {
				return true // behind a number or a word
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return true
			}
			if depth--; depth == 0 {
				g.at++
				return true
			}
		}
		g.at++
	}
	return false
}
