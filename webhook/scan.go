package webhook

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Bounds of a body. Real ones nest about ten levels deep and hold some
// thousand tokens; encoding/json alone would go down 10,000 levels.
const (
	maxDepth  = 512
	maxTokens = 2_000_000 // values and member names
)

// A shape names the members of an object that are read. Everything else is
// checked for syntax and passed over. Names are compared exactly: encoding/json
// would take ISSUE and even iſſue for issue, and the last of several.
type shape struct {
	name    string
	slot    slot    // where the raw value is put; 0 is nowhere
	members []shape // read if the value is an object
	each    bool    // elements of an array are read, each as one historyItem
}

// scanner reads one JSON document in one pass and without copying: it checks
// the syntax, keeps the bounds and collects the values that its shape names.
type scanner struct {
	data   []byte
	pos    int
	depth  int
	tokens int

	values values
}

// document reads the whole of the data, which must be one JSON object.
func (s *scanner) document(sh *shape) error {
	s.space()
	if s.peek() != '{' {
		return s.fail("not a JSON object")
	}
	if err := s.value(sh); err != nil {
		return err
	}
	s.space()
	if s.pos != len(s.data) {
		return s.fail("data after the object")
	}
	return nil
}

// value reads one value; sh may be nil.
func (s *scanner) value(sh *shape) error {
	if s.tokens++; s.tokens > maxTokens {
		return s.fail("too many tokens")
	}
	s.space()
	start := s.pos
	var err error
	switch c := s.peek(); {
	case c == '{':
		err = s.object(sh)
	case c == '[':
		err = s.array(sh)
	case c == '"':
		err = s.string()
	case c == '-' || isDigit(c):
		err = s.number()
	default:
		err = s.literal()
	}
	if err == nil && sh != nil && sh.slot != 0 {
		s.values[sh.slot] = s.data[start:s.pos]
	}
	return err
}

func (s *scanner) object(sh *shape) error {
	if err := s.enter(); err != nil {
		return err
	}
	var seen uint32 // one bit for each member of the shape
	for s.space(); s.peek() != '}'; {
		member, bit, err := s.name(sh)
		if err != nil {
			return err
		}
		if seen&bit != 0 {
			return s.fail("duplicate member " + member.name)
		}
		seen |= bit
		if err := s.value(member); err != nil {
			return err
		}
		if more, err := s.separator('}'); err != nil {
			return err
		} else if !more {
			break
		}
	}
	s.leave()
	return nil
}

// name reads a member's name and the colon. It returns the member's shape, nil
// if it is not read, and its bit.
func (s *scanner) name(sh *shape) (*shape, uint32, error) {
	if s.tokens++; s.tokens > maxTokens {
		return nil, 0, s.fail("too many tokens")
	}
	start := s.pos
	if s.peek() != '"' {
		return nil, 0, s.fail("member name expected")
	}
	if err := s.string(); err != nil {
		return nil, 0, err
	}
	raw := s.data[start:s.pos]
	s.space()
	if s.peek() != ':' {
		return nil, 0, s.fail("colon expected")
	}
	s.pos++
	if sh == nil {
		return nil, 0, nil
	}
	name := unquote(raw)
	for i := range sh.members {
		if sh.members[i].name == string(name) {
			return &sh.members[i], 1 << i, nil
		}
	}
	return nil, 0, nil
}

func (s *scanner) array(sh *shape) error {
	if err := s.enter(); err != nil {
		return err
	}
	var each *shape
	if sh != nil && sh.each {
		each = &shape{members: sh.members}
	}
	for s.space(); s.peek() != ']'; {
		if err := s.value(each); err != nil {
			return err
		}
		if each != nil {
			s.values.historyItem()
		}
		if more, err := s.separator(']'); err != nil {
			return err
		} else if !more {
			break
		}
	}
	s.leave()
	return nil
}

// separator passes a comma, after which something must follow, or stops before
// the closing bracket.
func (s *scanner) separator(closing byte) (more bool, err error) {
	s.space()
	switch s.peek() {
	case closing:
		return false, nil
	case ',':
		s.pos++
		s.space()
		if s.peek() != closing {
			return true, nil
		}
	}
	return false, s.fail("comma or closing bracket expected")
}

func (s *scanner) enter() error {
	if s.depth++; s.depth > maxDepth {
		return s.fail("nested too deeply")
	}
	s.pos++
	return nil
}

func (s *scanner) leave() {
	s.depth--
	s.pos++
}

// string passes a string. Bytes that are not UTF-8 are let through: they stand
// in texts which nobody reads here, and the body is kept verbatim.
func (s *scanner) string() error {
	data := s.data
	for i := s.pos + 1; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			s.pos = i + 1
			return nil
		case c < ' ':
			s.pos = i
			return s.fail("control character in a string")
		case c == '\\':
			n := escape(data[i:])
			if n == 0 {
				s.pos = i
				return s.fail("invalid escape")
			}
			i += n - 1
		}
	}
	s.pos = len(data)
	return s.fail("string without end")
}

// escape returns the length of the escape sequence at the start of b, 0 if
// there is none.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) >= 6 && isHex(b[2]) && isHex(b[3]) && isHex(b[4]) && isHex(b[5]) {
			return 6
		}
	}
	return 0
}

func (s *scanner) number() error {
	if s.peek() == '-' {
		s.pos++
	}
	switch {
	case s.peek() == '0':
		s.pos++
	case !s.digits():
		return s.fail("invalid number")
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return s.fail("invalid number")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return s.fail("invalid number")
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for isDigit(s.peek()) {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) literal() error {
	for _, word := range [...]string{"null", "true", "false"} {
		if end := s.pos + len(word); end <= len(s.data) && string(s.data[s.pos:end]) == word {
			s.pos = end
			return nil
		}
	}
	return s.fail("value expected")
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, 0 at the end: no JSON goes on with a NUL.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// fail says what is wrong and where, and nothing of the content.
func (s *scanner) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrMalformed, what, s.pos)
}

// unquote returns the text of a JSON string that was found well formed. A text
// without escapes, which is the ordinary case, is not copied. What is not
// UTF-8, a lone surrogate too, becomes U+FFFD, which no key contains.
func unquote(raw []byte) []byte {
	text := raw[1 : len(raw)-1]
	for _, c := range text {
		if c == '\\' || c >= utf8.RuneSelf {
			var s string
			if json.Unmarshal(raw, &s) != nil {
				return nil
			}
			return []byte(s)
		}
	}
	return text
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
