package adf

import "strings"

// arena makes many strings with few allocations: each is a part of a builder
// that is emptied, never grown, when it is full.
type arena struct {
	b     strings.Builder
	chunk int // bytes to make room for at once; 0 is as many as a string needs
}

// maxChunk is what the chunk of an arena grows to.
const maxChunk = 4096

// reserve makes room for n bytes. The strings made so far keep their memory.
func (a *arena) reserve(n int) {
	if a.b.Cap()-a.b.Len() < n {
		a.b.Reset()
		a.b.Grow(max(n, a.chunk))
		a.chunk = min(2*a.chunk, maxChunk)
	}
}

// join returns parts as one string.
func (a *arena) join(parts ...string) string {
	n := 0
	for _, part := range parts {
		n += len(part)
	}
	a.reserve(n)
	start := a.b.Len()
	for _, part := range parts {
		a.b.WriteString(part)
	}
	return a.b.String()[start:]
}

// copy returns text as a string.
func (a *arena) copy(text []byte) string {
	a.reserve(len(text))
	start := a.b.Len()
	a.b.Write(text)
	return a.b.String()[start:]
}
