package adf

import (
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxJSONDepth is how deep arrays and objects may nest: encoding/json's limit.
const maxJSONDepth = 10000

// scanner reads JSON as encoding/json would, without building values. After a
// fault every call does nothing, so that loops over members and elements end.
type scanner struct {
	src   string
	pos   int
	depth int
	fault string // what is wrong at pos; "" while nothing is

	words   arena  // of strings that had to be decoded
	decoded []byte // the last of them
}

// begin starts with another input.
func (s *scanner) begin(src string) { s.src, s.pos, s.depth, s.fault = src, 0, 0, "" }

func (s *scanner) fail(reason string) bool {
	switch {
	case s.fault != "":
	case s.pos == len(s.src):
		s.fault = "unexpected end"
	default:
		s.fault = reason
	}
	return false
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.src) && s.src[s.pos] > ' ' {
		return s.src[s.pos]
	}
	return s.space()
}

func (s *scanner) space() byte {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// open reads the bracket that begins an array or object.
func (s *scanner) open() {
	s.pos++
	if s.depth++; s.depth > maxJSONDepth {
		s.fail("nested too deep")
	}
}

// next moves to the next entry of the array or object that ends with end. The
// first call, with first set, also reads the bracket that begins it.
func (s *scanner) next(first bool, end byte) bool {
	if s.fault != "" {
		return false
	}
	if first {
		s.open()
	}
	switch c := s.peek(); {
	case s.pos == len(s.src):
		return s.fail("unexpected end")
	case c == end:
		s.pos++
		s.depth--
		return false
	case first:
		return s.fault == ""
	case c == ',':
		s.pos++
		return true
	default:
		return s.fail("want a comma or the end of an array or object")
	}
}

// element moves to the next element of an array.
func (s *scanner) element(first bool) bool { return s.next(first, ']') }

// member moves to the value of the next member of an object.
func (s *scanner) member(first bool) (name string, ok bool) {
	if !s.next(first, '}') {
		return "", false
	}
	if s.peek() != '"' {
		return "", s.fail("want a member name")
	}
	name = s.text()
	if s.peek() != ':' {
		return "", s.fail("want a colon")
	}
	s.pos++
	s.peek()
	return name, s.fault == ""
}

// usualFields are the members of nodes, each in the place that the second
// letter of its name says, so that one comparison tells which it is: branches
// for each would be mispredicted.
var usualFields = func() (table [16]struct {
	start uint64 // the first eight bytes, from the quote on
	size  int    // up to the value, with the bracket or comma before
	field field
}) {
	for f := fieldOther + 1; f < fieldCount; f++ {
		member := `"` + fieldNames[f] + `":`
		entry := &table[member[2]%16]
		entry.start, entry.size, entry.field = eight(member+`"`), 1+len(member), f
	}
	return table
}()

// field moves to the value of the next member of a node or mark, and returns
// which it is.
func (s *scanner) field(first bool) (f field, ok bool) {
	const longest = len(`,"content":`)
	if len(s.src)-s.pos <= longest || s.fault != "" || s.depth == maxJSONDepth {
		return s.otherField(first)
	}
	rest := s.src[s.pos : s.pos+longest]
	if rest[0] == '}' && !first {
		s.pos++
		s.depth--
		return fieldOther, false
	}
	// Most members have no white space and are in the table.
	usual := &usualFields[rest[3]%16]
	n := usual.size
	if n == 0 || eight(rest[1:]) != usual.start || rest[n-2] != '"' || rest[n-1] != ':' || rest[0] != ',' && !first {
		return s.otherField(first)
	}
	if first {
		s.depth++
	}
	s.pos += n
	s.peek()
	return usual.field, true
}

// otherField is field for any member, and at the end of the object.
func (s *scanner) otherField(first bool) (field, bool) {
	name, ok := s.member(first)
	return fieldOf(name), ok
}

// skip reads one value.
func (s *scanner) skip() {
	if s.fault != "" {
		return
	}
	switch c := s.peek(); c {
	case '{':
		for _, ok := s.member(true); ok; _, ok = s.member(false) {
			s.skip()
		}
	case '[':
		for ok := s.element(true); ok; ok = s.element(false) {
			s.skip()
		}
	case '"':
		s.literal()
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		s.number()
	}
}

func (s *scanner) word(want string) {
	rest := s.src[s.pos:]
	switch {
	case strings.HasPrefix(rest, want):
		s.pos += len(want)
	case strings.HasPrefix(want, rest):
		s.pos = len(s.src)
		s.fail("unexpected end")
	default:
		s.fail("want a value")
	}
}

func (s *scanner) number() {
	if s.at('-') {
		s.pos++
	}
	switch {
	case s.at('0'):
		s.pos++
	case !s.digits():
		s.fail("want a value")
		return
	}
	if s.at('.') {
		s.pos++
		if !s.digits() {
			s.fail("want a digit")
			return
		}
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		if !s.digits() {
			s.fail("want a digit")
		}
	}
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.src) && s.src[s.pos] == c }

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.src) && '0' <= s.src[s.pos] && s.src[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

// literal reads a string and returns what stands between its quotes. easy
// says that nothing in it needs decoding or checking.
func (s *scanner) literal() (raw string, easy bool) {
	start := s.pos + 1
	escaped, wide := false, false
	for i := start; i < len(s.src); {
		n, high := plainRun(s.src[i:])
		wide = wide || high
		if i += n; i == len(s.src) {
			break
		}
		switch s.src[i] {
		case '"':
			raw, s.pos = s.src[start:i], i+1
			return raw, !escaped && (!wide || utf8.ValidString(raw))
		case '\\':
			n := escapeLen(s.src[i:])
			if n == 0 {
				s.pos = i
				s.badEscape()
				return "", true
			}
			escaped = true
			i += n
		default:
			s.pos = i
			s.fail("control character in a string")
			return "", true
		}
	}
	s.pos = len(s.src)
	s.fail("unexpected end")
	return "", true
}

// badEscape fails at an escape, which is bad, or only the start of one at the
// end of the input.
func (s *scanner) badEscape() {
	rest := s.src[s.pos:]
	digits, isHex := strings.CutPrefix(rest, `\u`)
	if rest == `\` || isHex && len(digits) < 4 && strings.Trim(digits, "0123456789abcdefABCDEF") == "" {
		s.pos = len(s.src)
	}
	s.fail("bad escape in a string")
}

// plainRun returns how many bytes at the start of s are no quote, backslash or
// control character, and whether there is a byte beyond ASCII among them.
func plainRun(s string) (n int, high bool) {
	const (
		each  = 0x0101010101010101
		signs = 0x80 * each
	)
	var above uint64
	// Eight bytes at a time: the lowest sign bit of hits is of the first byte
	// that ends the run; those above it may be wrong. With the second bit the
	// other way, the quote comes right after the control characters, and all
	// else later.
	for ; len(s)-n >= 8; n += 8 {
		x := eight(s[n:])
		low, escape := x^2*each-('"'-1)*each, x^'\\'*each
		hits := low&^x | (escape-each)&^escape
		if hits &= signs; hits != 0 {
			at := uint(bits.TrailingZeros64(hits)) & 56
			return n + int(at/8), (above|x&(1<<at-1))&signs != 0
		}
		above |= x
	}
	for ; n < len(s); n++ {
		c := s[n]
		if c == '"' || c == '\\' || c < ' ' {
			break
		}
		above |= uint64(c)
	}
	return n, above&signs != 0
}

// eight returns the first eight bytes of s as a number, the first lowest.
func eight(s string) uint64 {
	_ = s[7] // one check of bounds for all
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// text reads a string: valid UTF-8, with "\n" for every line end.
func (s *scanner) text() string {
	rest := s.src[s.pos+1:]
	n, high := plainRun(rest)
	if n < len(rest) && rest[n] == '"' && (!high || utf8.ValidString(rest[:n])) {
		s.pos += n + len(`""`)
		return rest[:n]
	}
	return s.decode(false)
}

// verbatim reads a string, keeping its line ends.
func (s *scanner) verbatim() string {
	start := s.pos
	if raw, easy := s.literal(); easy {
		return raw
	}
	s.pos = start
	return s.decode(true)
}

// decode reads a string. Invalid UTF-8, lone surrogates and U+0000 become
// U+FFFD; unless keepCR is set, CR and CR LF become LF.
func (s *scanner) decode(keepCR bool) string {
	s.decoded = s.decoded[:0]
	s.pos++
	afterCR := false
	for {
		n, high := plainRun(s.src[s.pos:])
		if n > 0 {
			s.decoded = appendValid(s.decoded, s.src[s.pos:s.pos+n], high)
			s.pos += n
			afterCR = false
		}
		switch {
		case s.pos == len(s.src):
			s.fail("unexpected end")
			return ""
		case s.src[s.pos] == '"':
			s.pos++
			return s.words.copy(s.decoded)
		case s.src[s.pos] != '\\':
			s.fail("control character in a string")
			return ""
		}
		r, size := unescape(s.src[s.pos:])
		if size == 0 {
			s.badEscape()
			return ""
		}
		s.pos += size
		if r == '\n' && afterCR && !keepCR {
			afterCR = false
			continue
		}
		if afterCR = r == '\r'; afterCR && !keepCR {
			r = '\n'
		}
		s.decoded = utf8.AppendRune(s.decoded, r)
	}
}

// appendValid appends s with U+FFFD for each byte that is no UTF-8.
func appendValid(dst []byte, s string, high bool) []byte {
	if !high || utf8.ValidString(s) {
		return append(dst, s...)
	}
	for _, r := range s {
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// escapeLen returns the length of the escape that s begins with, 0 if bad.
func escapeLen(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(s); ok {
			return 6
		}
	}
	return 0
}

// unescape decodes the escape that s begins with; its size is 0 if it is bad.
// Both halves of a surrogate pair are one, half a pair and U+0000 are U+FFFD.
func unescape(s string) (r rune, size int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := hex4(s)
	switch {
	case !ok:
		return 0, 0
	case r == 0:
		return utf8.RuneError, 6
	case utf16.IsSurrogate(r):
		low, _ := hex4(s[6:])
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, 12
		}
	}
	return r, 6
}

// hex4 reads the digits of the escape \uXXXX that s begins with.
func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for i := 2; i < 6; i++ {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
