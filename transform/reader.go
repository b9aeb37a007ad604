package transform

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/jirasync/jirasync/internal/rawjson"
)

// A reader reads one record after the other, each in one pass over its bytes,
// and makes text of what is asked for. Text has memory of its own, so that
// rows keep neither the record nor the reader.
type reader struct {
	index rawjson.Index
	words arena
	buf   []byte
	times [2]readTime // the last ones, the newer first
	spare []element   // of the lists that room has made

	tooMany bool
}

// spareReaders are readers to use again.
var spareReaders = sync.Pool{New: func() any { return new(reader) }}

// read reads a whole record, which may be anything. What is not JSON is no
// object, and neither is what has too many values, which tooMany tells.
func (r *reader) read(data []byte) object {
	err := r.index.Reset(data) // the document is absent then
	r.tooMany = errors.Is(err, rawjson.ErrTooMany)
	return object{r, r.index.Root()}
}

// readTop is read for who asks for the members of the record and theirs alone.
func (r *reader) readTop(data []byte) object {
	err := r.index.ResetTop(data, 2)
	r.tooMany = errors.Is(err, rawjson.ErrTooMany)
	return object{r, r.index.Root()}
}

// release ends the use of all that was read.
func (r *reader) release() {
	const large = 1 << 20
	r.times = [2]readTime{}
	if clear(r.spare); cap(r.spare) > manyElements {
		r.spare = nil
	}
	r.spare = r.spare[:0]
	if r.index.Size() > large || cap(r.buf) > large {
		return
	}
	r.index.Clear()
	spareReaders.Put(r)
}

// manyElements are the most that are kept for the next record.
const manyElements = 1 << 12

// room returns an empty list for n elements, which is valid until the release.
func (r *reader) room(n int) []element {
	if cap(r.spare)-len(r.spare) < n {
		r.spare = make([]element, 0, max(n, 64, min(2*cap(r.spare), manyElements))) // the lists made so far keep theirs
	}
	start := len(r.spare)
	r.spare = r.spare[:start+n]
	return r.spare[start:start:len(r.spare)]
}

// arena makes strings with few allocations: it cuts them from pieces.
type arena struct{ piece strings.Builder }

const pieceSize = 4096

// copy returns text as a string.
func (a *arena) copy(text []byte) string {
	if len(text) > pieceSize/8 {
		return string(text)
	}
	if a.piece.Cap()-a.piece.Len() < len(text) {
		a.piece.Reset() // the strings made so far keep their piece
		a.piece.Grow(pieceSize)
	}
	start := a.piece.Len()
	a.piece.Write(text)
	return a.piece.String()[start:]
}

// unquote decodes a JSON string that is known to be valid. Invalid UTF-8 and
// lone surrogates become U+FFFD; NUL is dropped, because readers choke on it.
func (r *reader) unquote(raw []byte) string {
	text := raw[1 : len(raw)-1]
	switch {
	case !utf8.Valid(text):
		var s string
		_ = json.Unmarshal(raw, &s) // raw is part of a document that was parsed
		return strings.ReplaceAll(s, "\x00", "")
	case bytes.IndexByte(text, '\\') < 0:
		return r.words.copy(text)
	}
	r.buf = r.buf[:0]
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 {
			break
		}
		r.buf = append(r.buf, text[:i]...)
		var c rune
		if c, text = unescape(text[i+1:]); c != 0 {
			r.buf = utf8.AppendRune(r.buf, c)
		}
	}
	r.buf = append(r.buf, text...)
	return r.words.copy(r.buf)
}

// unescape decodes what stands behind a backslash, and returns the rest.
func unescape(text []byte) (c rune, rest []byte) {
	switch c, rest := text[0], text[1:]; c {
	case 'b':
		return '\b', rest
	case 'f':
		return '\f', rest
	case 'n':
		return '\n', rest
	case 'r':
		return '\r', rest
	case 't':
		return '\t', rest
	case 'u':
	default:
		return rune(c), rest
	}
	c, rest = hex4(text[1:]), text[5:]
	if !utf16.IsSurrogate(c) {
		return c, rest
	}
	if len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
		if both := utf16.DecodeRune(c, hex4(rest[2:])); both != utf8.RuneError {
			return both, rest[6:]
		}
	}
	return utf8.RuneError, rest
}

// hex4 reads the four digits that text begins with.
func hex4(text []byte) (r rune) {
	for _, c := range text[:4] {
		switch {
		case c <= '9':
			c -= '0'
		default:
			c = c | 0x20 - 'a' + 10
		}
		r = r<<4 | rune(c)
	}
	return r
}

// compact returns JSON that is known to be valid without spaces, members in
// their order, numbers verbatim, strings as UTF-8 with the escapes they need.
func (r *reader) compact(raw []byte) string {
	if isCompact(raw) {
		return r.words.copy(raw)
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		switch c := raw[i]; c {
		case ' ', '\t', '\n', '\r':
			i++
		case '"':
			end := stringEnd(raw, i)
			if isPlain(raw[i+1 : end-1]) {
				out = append(out, raw[i:end]...)
			} else {
				out = appendQuote(out, r.unquote(raw[i:end]))
			}
			i = end
		default:
			out = append(out, c)
			i++
		}
	}
	return r.words.copy(out)
}

// isCompact reports whether JSON is what compact makes of it, as most is.
func isCompact(raw []byte) bool {
	if bytes.IndexByte(raw, '\\') >= 0 || !isASCII(raw) {
		return false
	}
	for {
		quote := bytes.IndexByte(raw, '"')
		if quote < 0 {
			return !hasSpace(raw)
		}
		end := quote + 1 + bytes.IndexByte(raw[quote+1:], '"')
		if hasSpace(raw[:quote]) {
			return false
		}
		raw = raw[end+1:]
	}
}

func isASCII(s []byte) bool {
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// hasSpace looks for space in what is no string.
func hasSpace(raw []byte) bool {
	for _, c := range raw {
		if c <= ' ' {
			return true
		}
	}
	return false
}

// stringEnd returns the position behind the string that begins at start.
func stringEnd(raw []byte, start int) int {
	for i := start + 1; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(raw)
}

// isPlain reports whether s is the same in a JSON string as it is by itself.
// Most are, and to find it out is a tenth of the work of decoding.
func isPlain[T ~string | ~[]byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return c >= utf8.RuneSelf && isPlainUnicode(string(s[i:]))
		}
	}
	return true
}

func isPlainUnicode(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r == '"' || r == '\\' || r == '\u2028' || r == '\u2029' // which encoding/json escapes
	})
}

// quote encodes s as JSON without escaping <, > and &.
func quote(s string) string { return string(appendQuote(nil, s)) }

func appendQuote(b []byte, s string) []byte {
	if isPlain(s) {
		return append(append(append(b, '"'), s...), '"')
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // cannot fail: a string into memory
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}
