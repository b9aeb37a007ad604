package adf

import (
	"iter"
	"slices"
)

// Walk goes through a node and all below it in the order of the document: a
// node, then its children. Nodes of unknown types and nodes out of place are
// among them. With each node come the nodes that it is in, from the outermost,
// which is n, to its parent; their number is its depth.
//
//	for above, n := range doc.Walk() {
//
// The slice is valid until the next step. A node inside itself, which only a
// tree built by hand can have, is left out there; so every walk ends. Ranging
// again starts again. A nil node gives nothing.
//
// What the body of the loop does to the children of a node it was just given
// counts; other changes to the tree during a walk may or may not.
func (n *Node) Walk() iter.Seq2[[]*Node, *Node] {
	return func(yield func([]*Node, *Node) bool) {
		if n == nil || !yield(nil, n) {
			return
		}
		var t trail
		t.push(n)
		for len(t.above) > 0 {
			kid, ok := t.next()
			if !ok {
				t.pop()
				continue
			}
			if kid == nil || t.holds(kid) {
				continue
			}
			if !yield(slices.Clip(t.above), kid) {
				return
			}
			if len(kid.Content) > 0 {
				t.push(kid)
			}
		}
	}
}

// shallow is how many nodes a trail searches one by one.
const shallow = 64

// trail is the way from the root of a walk to the node at hand. It is no call
// stack, as a tree built by hand may be deeper than one.
type trail struct {
	above []*Node
	rest  [][]*Node // of each node above, the children to come
	deep  map[*Node]bool
}

func (t *trail) push(n *Node) {
	if len(t.above) >= shallow {
		if t.deep == nil {
			t.deep = make(map[*Node]bool)
		}
		t.deep[n] = true
	}
	t.above = append(t.above, n)
	t.rest = append(t.rest, n.Content)
}

func (t *trail) pop() {
	last := len(t.above) - 1
	delete(t.deep, t.above[last])
	t.above, t.rest = t.above[:last], t.rest[:last]
}

// next returns the next child of the last node.
func (t *trail) next() (kid *Node, ok bool) {
	rest := &t.rest[len(t.rest)-1]
	if len(*rest) == 0 {
		return nil, false
	}
	kid, *rest = (*rest)[0], (*rest)[1:]
	return kid, true
}

// holds reports whether n is on the trail.
func (t *trail) holds(n *Node) bool {
	return slices.Contains(t.above[:min(len(t.above), shallow)], n) || t.deep[n]
}
