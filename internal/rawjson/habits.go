package rawjson

// Records of one site have their members in the same order, again and again.
// An Index remembers the order, so that the name that it expects next need not
// be read but only compared, with its quotes and colon, and knows its value
// when somebody asks for it. What comes otherwise is read, and remembered, too.

// habits are the members that documents had.
type habits struct {
	root  habit
	base  int64 // what id adds for the document at hand
	count int
	spare []habit
}

// habit is a member of the objects in some place, such as the fields of an
// issue. Elements of an array are in the place of the array.
type habit struct {
	quoted string            // the name with its quotes, and the colon
	next   *habit            // the member that usually follows
	first  *habit            // of its value, the member that is usually the first
	many   map[string]*habit // all members of its value by their names, when they are more than few
	count  int32             // of them
	size   int32             // of its last value that was an object or array, in bytes
	node   int64             // id of its last value
}

const (
	// manyHabits are forgotten, and learned anew. A site with a thousand custom
	// fields has some three thousand.
	manyHabits = 1 << 13

	// longName is not remembered.
	longName = 64
)

// begin makes ready for another document.
func (hs *habits) begin() {
	if hs.count >= manyHabits {
		*hs = habits{base: hs.base}
	}
	hs.base += maxValues + 2 // more than the nodes of a document
}

// id returns the number of a node, which is larger than those of documents before.
func (hs *habits) id(node int) int64 { return hs.base + int64(node) }

// begins reports whether what begins at i is the member.
func (h *habit) begins(data []byte, i int) bool {
	return h != nil && len(data)-i > len(h.quoted) && string(data[i:i+len(h.quoted)]) == h.quoted
}

func (h *habit) name() string { return h.quoted[1 : len(h.quoted)-len(`":`)] }

// meet returns the habit of a member that is in quotes, where usual is another
// or none. It is nil for a member that is not to be remembered.
func (hs *habits) meet(quote []byte, outer *habit, usual **habit) *habit {
	name := quote[1 : len(quote)-1]
	if h, ok := outer.many[string(name)]; ok {
		return h
	}
	if outer.many == nil {
		for h := outer.first; h != nil; h = h.next {
			if h.name() == string(name) {
				return h
			}
		}
	}
	if len(name) > longName || hs.count >= manyHabits {
		return nil
	}
	if len(hs.spare) == 0 {
		hs.spare = make([]habit, 64)
	}
	h := &hs.spare[0]
	hs.spare = hs.spare[1:]
	*h = habit{quoted: string(quote) + ":", next: *usual}
	*usual = h
	hs.count++
	outer.add(h)
	return h
}

// add counts a member that is new.
func (outer *habit) add(h *habit) {
	outer.count++
	switch {
	case outer.many != nil:
		outer.many[h.name()] = h
	case outer.count > fewMembers:
		outer.many = map[string]*habit{}
		for h := outer.first; h != nil; h = h.next {
			outer.many[h.name()] = h
		}
	}
}

// find returns the node of a member of a large object whose place is outer and
// which has the nodes from object to end, 0 for none. It is not certain when
// another object in that place, behind it, has the member, too.
func (hs *habits) find(outer *habit, name string, object, end int32) (node int32, certain bool) {
	h := outer.many[name]
	switch {
	case h == nil || h.node <= hs.id(int(object)):
		return 0, true
	case h.node < hs.id(int(end)):
		return int32(h.node - hs.base), true
	}
	return 0, false
}
