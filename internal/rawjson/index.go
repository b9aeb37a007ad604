package rawjson

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/maphash"
	"iter"
	"math"
	"math/bits"
)

// An Index is a whole JSON document in which every value is found at once. It
// is made in one pass, which also proves the document: what is indexed is what
// json.Valid accepts, parts that nobody asks for too. It takes 28 bytes for a
// value beside the document, and its memory is used again by the next Reset.
// Rich text is proven with the rest, but what is in it is found only for who
// asks, and then each time: see [Value.Read]. An object that came before in the
// document, byte for byte, is not read again, nor are names that documents
// before had in the same place.
//
// The zero Index has no document. After Reset it may be read by several
// goroutines.
type Index struct {
	data   []byte
	levels int
	nodes  []node  // the values in their order; each object and array stands before what is in it
	slots  []int32 // hash tables of large objects that are odd: nodes of their members, 0 for none
	names  []string
	habits habits
	places []*habit     // of the large objects
	seen   [64]sighting // objects that may come again, by their hash
}

// node is one value. All places are in data or nodes.
type node struct {
	name, size int32 // of a member, its name without the quotes; size < 0: names[^size], which had escapes
	start, end int32
	next       int32 // the node after it and all that is in it
	count      int32 // of members or elements
	table      int32 // of a large object, where its hash table begins in slots
}

// What table says else.
const (
	unread     = -1 // nothing in the value is indexed
	again      = -2 // the object is as one before, whose node count tells
	distinct   = -3 // of an object with few members, no two of one name
	firstPlace = -4 // and below: of a large object, whose place in places it tells
)

// sighting tells where an object is that has been indexed.
type sighting struct{ start, size, node int32 }

// maxValues is how many values a document has at most: four times as many as a
// real issue of 64 MiB, so that the index of a hostile one is bounded.
const maxValues = 8 << 20

// maxDepth is how deep objects and arrays nest at most: encoding/json's limit.
const maxDepth = 10000

// bad is no place in a document.
const bad = -1

var seed = maphash.MakeSeed()

// Reset indexes data, which must be one JSON value and nothing else but space,
// and shorter than 2 GiB; else the error is ErrSyntax. Of more than eight
// million values it is ErrTooMany. The values alias data, which must not change
// as long as they are used. Values of an earlier document are no longer valid.
func (x *Index) Reset(data []byte) error { return x.reset(data, math.MaxInt) }

// ResetTop is Reset for who asks for the upper levels alone, such as 2 for the
// members of the document and theirs. What lies deeper is proven, but its
// objects and arrays are empty.
func (x *Index) ResetTop(data []byte, levels int) error { return x.reset(data, levels) }

func (x *Index) reset(data []byte, levels int) error {
	x.data, x.levels = data, levels
	x.nodes, x.slots, x.names, x.places = x.nodes[:0], x.slots[:0], x.names[:0], x.places[:0]
	x.habits.begin()
	if len(data) > math.MaxInt32 {
		return ErrSyntax
	}
	clear(x.seen[:])
	i := x.value(0, 0, skipSpace(data, 0), 0, &x.habits.root)
	switch full := len(x.nodes) > maxValues; {
	case i != bad && skipSpace(data, i) == len(data) && !full:
		return nil
	case full:
		x.nodes = nil
		return ErrTooMany
	}
	x.nodes = x.nodes[:0]
	return ErrSyntax
}

// Clear lets go of the document. What was indexed is no longer valid.
func (x *Index) Clear() {
	clear(x.names)
	x.data, x.nodes = nil, x.nodes[:0]
}

// Size returns how much memory the index keeps for the next document, in bytes,
// beside what it has learned, which is bounded.
func (x *Index) Size() int {
	const ofNode, ofSlot, ofName = 28, 4, 16
	return ofNode*cap(x.nodes) + ofSlot*cap(x.slots) + ofName*cap(x.names)
}

// Root returns the document. It is absent before the first Reset, and after
// one that failed.
func (x *Index) Root() Value {
	if len(x.nodes) == 0 {
		return Value{}
	}
	return Value{x, 0}
}

// value indexes the value that begins at i, in so many objects and arrays, and
// returns where it ends. Its node has the name, if it has one.
func (x *Index) value(name, size int32, i, depth int, h *habit) int {
	if i >= len(x.data) {
		return bad
	}
	end := bad
	switch c := x.data[i]; c {
	case '"':
		end, _ = skipString(x.data, i)
	case '{', '[':
		if depth < x.levels && (depth == 0 || !isRichText(x.data[i:])) {
			if c == '[' || h.size < leastAgain {
				return x.nested(name, size, i, depth+1, h)
			}
			return x.large(name, size, i, depth+1, h)
		}
		if end = skipValue(x.data, i, depth); depth < x.levels {
			x.add(name, size, i, end)
			x.nodes[len(x.nodes)-1].table = unread
			return end
		}
	case 't':
		end = skipWord(x.data, i, "true")
	case 'f':
		end = skipWord(x.data, i, "false")
	case 'n':
		end = skipWord(x.data, i, "null")
	default:
		end = skipNumber(x.data, i)
	}
	x.add(name, size, i, end)
	return end
}

// isRichText reports whether an object begins as Jira's documents do. They are
// many values, which nobody asks for one by one.
func isRichText(object []byte) bool {
	return bytes.HasPrefix(object, []byte(`{"type":"doc"`)) || bytes.HasPrefix(object, []byte(`{"version":1,"type":"doc"`))
}

// Read returns the value with all that is in it found, for who will ask more
// than once. Only of rich text it is another Value, which takes memory of its
// own. Rich text of more than eight million values stays as it is: it has its
// bytes, and nothing is found in it.
func (v Value) Read() Value {
	if v.x == nil {
		return v
	}
	switch n := &v.x.nodes[v.at]; n.table {
	case again:
		return Value{v.x, n.count}
	case unread:
		return v.read()
	}
	return v
}

// read indexes rich text.
func (v Value) read() Value {
	x := new(Index)
	if x.Reset(v.Raw()) != nil { // it was proven, so that it has too many values
		return v
	}
	return x.Root()
}

// add adds a value in which nothing is indexed.
func (x *Index) add(name, size int32, start, end int) {
	n := x.room()
	n.name, n.size, n.start, n.end = name, size, int32(start), int32(end)
	n.next, n.count, n.table = int32(len(x.nodes)), 0, 0
}

// room adds a node, which has the values of one before.
func (x *Index) room() *node {
	n := len(x.nodes)
	if n == cap(x.nodes) {
		x.nodes = append(x.nodes, node{})
	}
	x.nodes = x.nodes[:n+1]
	return &x.nodes[n]
}

// nested indexes an object or array of that depth.
func (x *Index) nested(name, size int32, i, depth int, h *habit) int {
	if depth > maxDepth {
		return bad
	}
	at, start := len(x.nodes), i
	x.room()
	count, odd := 0, false
	if x.data[i] == '{' {
		i, count, odd = x.members(i+1, depth, h)
	} else {
		i, count = x.elements(i+1, depth, h)
	}
	if i == bad {
		return bad
	}
	n := node{name: name, size: size, start: int32(start), end: int32(i), next: int32(len(x.nodes)), count: int32(count)}
	switch {
	case x.data[start] != '{' || count <= fewMembers && odd:
	case count <= fewMembers:
		n.table = distinct
	case odd:
		n.table = x.hash(at, count)
	default:
		n.table = firstPlace - int32(len(x.places))
		x.places = append(x.places, h)
	}
	x.nodes[at] = n
	h.size = int32(i - start)
	return i
}

// Records name the same person, status or type again and again, with all that
// is known of it. An object of such a size, at such a depth, may be found to be
// one before, byte for byte, and is not read again. It nests no deeper then
// than is allowed.
const (
	leastAgain  = 200
	mostAgain   = 4096
	levelsAgain = maxDepth - mostAgain
)

// large indexes an object of that depth, unless it is one before. The last one
// in its place was large enough to be remembered.
func (x *Index) large(name, size int32, i, depth int, h *habit) int {
	if len(x.data)-i < leastAgain || x.levels < math.MaxInt || depth > levelsAgain {
		return x.nested(name, size, i, depth, h)
	}
	var sum uint64
	for head := x.data[i+64 : i+128 : i+128]; len(head) >= 8; head = head[8:] {
		sum = bits.RotateLeft64(sum, 7) ^ binary.LittleEndian.Uint64(head)
	}
	seen := &x.seen[sum*0x9e3779b97f4a7c15>>58]
	if n := int(seen.size); n > 0 && n <= len(x.data)-i && string(x.data[i:i+n]) == string(x.data[seen.start:int(seen.start)+n]) {
		x.nodes = append(x.nodes, node{
			name: name, size: size, start: int32(i), end: int32(i + n), next: int32(len(x.nodes) + 1), count: seen.node, table: again,
		})
		return i + n
	}
	at := len(x.nodes)
	end := x.nested(name, size, i, depth, h)
	if n := end - i; leastAgain <= n && n <= mostAgain {
		*seen = sighting{start: int32(i), size: int32(n), node: int32(at)}
	}
	return end
}

// members indexes those of an object, from behind its bracket. An object is odd
// if it has two of one name, or one that cannot be found by its habit.
func (x *Index) members(i, depth int, outer *habit) (end, count int, odd bool) {
	data, object := x.data, x.habits.id(len(x.nodes)-1)
	if i = skipSpace(data, i); i < len(data) && data[i] == '}' {
		return i + 1, 0, false
	}
	usual := &outer.first
	var stray *habit
	for {
		var size int32
		name := int32(i + 1)
		h := *usual
		if h.begins(data, i) {
			i = skipSpace(data, i+len(h.quoted))
			size = int32(len(h.quoted) - len(`"":`))
		} else if i, size, h = x.member(i, outer, usual); i == bad {
			return bad, 0, false
		}
		if h != nil {
			odd = odd || h.node > object
			h.node = x.habits.id(len(x.nodes))
			usual = &h.next
		} else {
			if odd = true; stray == nil {
				stray = new(habit)
			}
			h = stray
		}
		switch {
		case i+4 < len(data) && string(data[i:i+4]) == "null": // most fields
			x.add(name, size, i, i+4)
			i += 4
		case i < len(data) && data[i] == '"':
			start := i
			i, _ = skipString(data, start)
			x.add(name, size, start, i)
		default:
			i = x.value(name, size, i, depth, h)
		}
		if i == bad || len(x.nodes) > maxValues {
			return bad, 0, false
		}
		count++
		if i+1 < len(data) && data[i] == ',' && data[i+1] == '"' {
			i++
			continue
		}
		var more bool
		if i, more = skipComma(data, i, '}'); !more {
			return i, count, odd
		}
	}
}

// member reads the name of a member and the colon behind it, and returns where
// its value begins. What was usual there was another. It has no habit if the
// name has escapes, or is none to remember.
func (x *Index) member(i int, outer *habit, usual **habit) (value int, size int32, h *habit) {
	data := x.data
	if i >= len(data) || data[i] != '"' {
		return bad, 0, nil
	}
	colon, escaped := skipString(data, i)
	if colon == bad {
		return bad, 0, nil
	}
	size = int32(colon - i - len(`""`))
	if escaped {
		size = ^int32(len(x.names))
		x.names = append(x.names, unquote(data[i:colon]))
	} else {
		h = x.habits.meet(data[i:colon], outer, usual)
	}
	if value = skipSpace(data, colon); value == len(data) || data[value] != ':' {
		return bad, 0, nil
	}
	return skipSpace(data, value+1), size, h
}

// elements indexes those of an array, from behind its bracket.
func (x *Index) elements(i, depth int, h *habit) (end, count int) {
	if i = skipSpace(x.data, i); i < len(x.data) && x.data[i] == ']' {
		return i + 1, 0
	}
	for {
		if i = x.value(0, 0, i, depth, h); i == bad || len(x.nodes) > maxValues {
			return bad, 0
		}
		count++
		var more bool
		if i, more = skipComma(x.data, i, ']'); !more {
			return i, count
		}
	}
}

// A hash table begins with the mask of its places, and whether the object has
// two members of one name.
const tableHead = 2

// hash makes the table of a large object. Of equal names the last stays.
func (x *Index) hash(object, count int) (table int32) {
	size := 4
	for size < 2*count {
		size *= 2
	}
	table = int32(len(x.slots))
	x.slots = append(x.slots, make([]int32, size+tableHead)...)
	head := x.slots[table:]
	head[0] = int32(size - 1)
	slots := head[tableHead:]
	for at := object + 1; at < len(x.nodes); at = int(x.nodes[at].next) {
		name := x.name(&x.nodes[at])
		slot := int(maphash.Bytes(seed, name)) & (size - 1)
		for slots[slot] != 0 && string(x.name(&x.nodes[slots[slot]])) != string(name) {
			slot = (slot + 1) & (size - 1)
		}
		if slots[slot] != 0 {
			head[1] = 1
		}
		slots[slot] = int32(at)
	}
	return table
}

// name returns the name of a member, decoded.
func (x *Index) name(n *node) []byte {
	if n.size < 0 {
		return []byte(x.names[^n.size])
	}
	return x.data[n.name : n.name+n.size]
}

// A Value is one value of an Index. The zero Value is absent: it has no bytes,
// no members and no elements.
type Value struct {
	x  *Index
	at int32
}

// Raw returns the value as it is written, without the space around it. That of
// an absent value is nil.
func (v Value) Raw() json.RawMessage {
	if v.x == nil {
		return nil
	}
	n := &v.x.nodes[v.at]
	return v.x.data[n.start:n.end:n.end]
}

// Kind returns the first byte of the value, which tells its type: one of
// {["tfn- and the digits. That of an absent value is 0.
func (v Value) Kind() byte {
	if v.x == nil {
		return 0
	}
	return v.x.data[v.x.nodes[v.at].start]
}

// Len returns the number of elements of an array; that of anything else but an
// object is 0. Of an object it counts members of equal names, too.
func (v Value) Len() int {
	if v = v.Read(); v.x == nil {
		return 0
	}
	return int(v.x.nodes[v.at].count)
}

// Get returns a member of an object; of anything else and for a name that it
// does not have, an absent value. Names are compared exactly, after decoding
// their escapes. Of equal names the last counts.
func (v Value) Get(name string) Value {
	if v.x == nil {
		return Value{}
	}
	x, n := v.x, &v.x.nodes[v.at]
	if n.table == again || n.table == unread {
		v = v.Read()
		x, n = v.x, &v.x.nodes[v.at]
	}
	if x.data[n.start] != '{' {
		return Value{}
	}
	if n.count > fewMembers {
		if n.table > firstPlace {
			return x.lookup(n.table, name)
		}
		if at, certain := x.habits.find(x.places[firstPlace-n.table], name, v.at, n.next); certain {
			return x.found(at)
		}
	}
	found := int32(0) // the document itself is no member
	for at := v.at + 1; at < n.next; {
		m := &x.nodes[at]
		if int(m.size) == len(name) && string(x.data[m.name:m.name+m.size]) == name || m.size < 0 && x.names[^m.size] == name {
			if n.table <= distinct {
				return Value{x, at}
			}
			found = at
		}
		at = m.next
	}
	return x.found(found)
}

func (x *Index) lookup(table int32, name string) Value {
	mask := int(x.slots[table])
	slots := x.slots[table+tableHead:]
	slot := int(maphash.String(seed, name)) & mask
	for slots[slot] != 0 && string(x.name(&x.nodes[slots[slot]])) != name {
		slot = (slot + 1) & mask
	}
	return x.found(slots[slot])
}

func (x *Index) found(at int32) Value {
	if at == 0 {
		return Value{}
	}
	return Value{x, at}
}

// Members yields the members of an object, with their names decoded, in their
// order; of equal names the last alone. Anything else has none. The names alias
// the document.
func (v Value) Members() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if v = v.Read(); v.Kind() != '{' {
			return
		}
		x, object := v.x, &v.x.nodes[v.at]
		unique := object.table <= distinct || object.count > fewMembers && x.slots[object.table+1] == 0
		for at := v.at + 1; at < object.next; at = x.nodes[at].next {
			name, member := x.name(&x.nodes[at]), Value{x, at}
			if (unique || v.Get(string(name)) == member) && !yield(name, member) {
				return
			}
		}
	}
}

// Elements yields the elements of an array in their order. Anything else has none.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != '[' {
			return
		}
		for at, end := v.at+1, v.x.nodes[v.at].next; at < end; at = v.x.nodes[at].next {
			if !yield(Value{v.x, at}) {
				return
			}
		}
	}
}
