package adf

import (
	"strings"
	"sync"
	"unsafe"
)

// The most that is kept for the next document: enough for one of a megabyte.
const (
	maxSlab   = 16 << 10 // values in a slab
	maxStack  = 256      // values in a stack, all of which are cleared each time
	maxBuffer = 1 << 20  // bytes in a buffer
)

// builders holds builders to use again.
var builders = sync.Pool{New: func() any {
	b := new(treeBuilder)
	b.words.chunk = maxChunk
	return b
}}

// render prints a document from its JSON. The tree is borrowed, and so are its
// strings, which are parts of data: print must return none of them.
func render(data []byte, print func(*tree, Options) string) (string, error) {
	if data == nil {
		return "", nil
	}
	b := builders.Get().(*treeBuilder)
	// No copy: nothing that outlives this call has a part of data.
	wiki, err := b.read(unsafe.String(unsafe.SliceData(data), len(data)))
	text := ""
	switch {
	case err != nil:
	case wiki != "":
		text = strings.Clone(wiki)
	default:
		text = print(&b.tree, Options{})
	}
	b.reset()
	builders.Put(b)
	return text, err
}

// render prints a node and all below it.
func (o Options) render(n *Node, print func(*tree, Options) string) string {
	switch {
	case n == nil:
		return ""
	case n.Type == typeWiki:
		return toValid(n.Text)
	}
	b := builders.Get().(*treeBuilder)
	b.build(n, o.MediaURL != nil)
	text := toValid(print(&b.tree, o))
	b.reset()
	builders.Put(b)
	return text
}

// reset takes back the tree that was made, and lets go of the document.
func (b *treeBuilder) reset() {
	b.begin("")
	b.decoded = emptiedBuffer(b.decoded)
	b.nodes = emptiedSlab(b.nodes)
	b.attrs = emptiedSlab(b.attrs)
	b.links.reset()
	b.from, b.path, b.parent, b.depth = nil, b.path[:0], 0, 0
}

// emptiedSlab returns a list for the next document, nil if it is too large.
func emptiedSlab[T any](list []T) []T {
	if cap(list) > maxSlab {
		return nil
	}
	clear(list)
	return list[:0]
}

// slab hands out values that are made many at once.
type slab[T any] []T

// take returns n values in a row, all zero. If it needs a new slab, that has
// room for so many, and if it can for twice as many as the last.
func (s *slab[T]) take(n, room int) []T {
	start := len(*s)
	if cap(*s)-start < n {
		*s = make([]T, 0, max(n, room, min(2*cap(*s), maxSlab)))
		start = 0
	}
	*s = (*s)[:start+n]
	return (*s)[start : start+n : start+n]
}

// reset takes back all values. Only the last slab is kept: it is the largest.
func (s *slab[T]) reset() {
	if cap(*s) > maxSlab {
		*s = nil
		return
	}
	clear(*s)
	*s = (*s)[:0]
}

// emptied returns a stack for the next document, nil if it is too large.
func emptied[T any](stack []T) []T {
	if cap(stack) > maxStack {
		return nil
	}
	clear(stack[:cap(stack)])
	return stack[:0]
}

// emptiedBuffer returns a buffer for the next document, nil if it is too large.
func emptiedBuffer(buf []byte) []byte {
	if cap(buf) > maxBuffer {
		return nil
	}
	return buf[:0]
}
