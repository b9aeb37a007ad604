package rawjson

// scanner cuts a document that json.Valid has accepted into values. It can
// rely on that: every string and bracket is closed, every value followed by
// something unless it is the whole document.
type scanner struct {
	data []byte
	pos  int
}

// space skips white space.
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

// comma skips white space and one comma, if there is one.
func (s *scanner) comma() {
	if s.space(); s.data[s.pos] == ',' {
		s.pos++
	}
}

// value returns the value that begins here and moves behind it.
func (s *scanner) value() []byte {
	start := s.pos
	switch s.data[s.pos] {
	case '"':
		s.text()
	case '{', '[':
		s.nested()
	default:
		s.literal()
	}
	return s.data[start:s.pos:s.pos]
}

func (s *scanner) text() {
	for s.pos++; s.data[s.pos] != '"'; s.pos++ {
		if s.data[s.pos] == '\\' {
			s.pos++
		}
	}
	s.pos++
}

func (s *scanner) nested() {
	for depth := 0; ; {
		switch s.data[s.pos] {
		case '"':
			s.text()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if s.pos++; depth == 0 {
			return
		}
	}
}

// literal skips a number, true, false or null.
func (s *scanner) literal() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			return
		}
		s.pos++
	}
}
