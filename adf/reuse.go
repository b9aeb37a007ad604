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

// parsers holds parsers to use again.
var parsers = sync.Pool{New: func() any {
	p := new(parser)
	p.words.chunk = maxChunk
	return p
}}

// render prints a document from its JSON. The tree is borrowed, and so are its
// strings, which are parts of data: print must not keep any of them, but may
// return one.
func render(data []byte, print func(*Node) string) (string, error) {
	if data == nil {
		return "", nil
	}
	p := parsers.Get().(*parser)
	// No copy: nothing that outlives this call has a part of data.
	n, err := p.parse(unsafe.String(unsafe.SliceData(data), len(data)))
	text := ""
	if err == nil {
		text = print(n)
	}
	if err == nil && n.Type == typeWiki {
		text = strings.Clone(text) // the only text that no printer built
	}
	p.reset()
	parsers.Put(p)
	return text, err
}

// reset takes back the tree that was made, and lets go of the document.
func (p *parser) reset() {
	p.begin("")
	p.nodes.reset()
	p.lists.reset()
	p.markSlab.reset()
	p.open = emptied(p.open)
	p.openMarks = emptied(p.openMarks)
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
