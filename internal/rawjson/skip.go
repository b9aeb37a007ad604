package rawjson

import (
	"encoding/binary"
	"math/bits"
)

// The functions here read one thing of a document that may be anything, as
// encoding/json would, and return where it ends, or bad.

// skipSpace returns the place of the first byte from i on that is no space.
func skipSpace(data []byte, i int) int {
	if i < len(data) && data[i] > ' ' {
		return i
	}
	return skipSpaces(data, i)
}

func skipSpaces(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\r' || data[i] == '\t') {
		i++
	}
	return i
}

// skipComma reads what stands between two entries, or the bracket behind the
// last one.
func skipComma(data []byte, i int, bracket byte) (end int, more bool) {
	if i = skipSpace(data, i); i == len(data) {
		return bad, false
	}
	switch data[i] {
	case ',':
		return skipSpace(data, i+1), true
	case bracket:
		return i + 1, false
	}
	return bad, false
}

// skipValue reads the value that begins at i, in so many objects and arrays.
func skipValue(data []byte, i, depth int) int {
	if i >= len(data) {
		return bad
	}
	switch data[i] {
	case '"':
		i, _ = skipString(data, i)
		return i
	case '{':
		return skipMembers(data, i+1, depth+1)
	case '[':
		return skipElements(data, i+1, depth+1)
	case 't':
		return skipWord(data, i, "true")
	case 'f':
		return skipWord(data, i, "false")
	case 'n':
		return skipWord(data, i, "null")
	}
	return skipNumber(data, i)
}

// skipMembers reads an object of that depth, from behind its bracket.
func skipMembers(data []byte, i, depth int) int {
	if depth > maxDepth {
		return bad
	}
	if i = skipSpace(data, i); i < len(data) && data[i] == '}' {
		return i + 1
	}
	for more := true; more; {
		if i >= len(data) || data[i] != '"' {
			return bad
		}
		if i, _ = skipString(data, i); i == bad {
			return bad
		}
		if i = skipSpace(data, i); i == len(data) || data[i] != ':' {
			return bad
		}
		if i = skipSpace(data, i+1); i < len(data) && data[i] == '"' { // as most are
			i, _ = skipString(data, i)
		} else {
			i = skipValue(data, i, depth)
		}
		if i == bad {
			return bad
		}
		i, more = skipComma(data, i, '}')
	}
	return i
}

// skipElements reads an array of that depth, from behind its bracket.
func skipElements(data []byte, i, depth int) int {
	if depth > maxDepth {
		return bad
	}
	if i = skipSpace(data, i); i < len(data) && data[i] == ']' {
		return i + 1
	}
	for more := true; more; {
		if i = skipValue(data, i, depth); i == bad {
			return bad
		}
		i, more = skipComma(data, i, ']')
	}
	return i
}

func skipWord(data []byte, i int, word string) int {
	if len(data)-i < len(word) || string(data[i:i+len(word)]) != word {
		return bad
	}
	return i + len(word)
}

func skipNumber(data []byte, i int) int {
	if data[i] == '-' {
		i++
	}
	if i < len(data) && data[i] == '0' {
		i++
	} else if i = skipDigits(data, i); i == bad {
		return bad
	}
	if i < len(data) && data[i] == '.' {
		if i = skipDigits(data, i+1); i == bad {
			return bad
		}
	}
	if i < len(data) && data[i]|0x20 == 'e' {
		if i++; i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		i = skipDigits(data, i)
	}
	return i
}

// skipDigits reads at least one.
func skipDigits(data []byte, i int) int {
	start := i
	for i < len(data) && '0' <= data[i] && data[i] <= '9' {
		i++
	}
	if i == start {
		return bad
	}
	return i
}

const (
	eachByte = 0x0101010101010101
	signs    = 0x80 * eachByte
)

// skipString reads a string, and tells whether it has escapes.
func skipString(data []byte, i int) (end int, escaped bool) {
	for i++; ; {
		// Eight bytes at a time: the lowest sign bit of hits is of the first
		// quote, backslash or control character; those above it may be wrong. With
		// the second bit the other way, the quote comes right after the control
		// characters, and all else later.
		for len(data)-i >= 8 {
			w := binary.LittleEndian.Uint64(data[i:])
			low, escape := w^2*eachByte-('"'-1)*eachByte, w^'\\'*eachByte
			hits := (low&^w | (escape-eachByte)&^escape) & signs
			if hits != 0 {
				if i += bits.TrailingZeros64(hits) / 8; data[i] == '"' {
					return i + 1, escaped
				}
				break
			}
			i += 8
		}
		for i < len(data) && data[i] != '"' && data[i] != '\\' && data[i] >= ' ' {
			i++
		}
		if i == len(data) || data[i] < ' ' {
			return bad, escaped
		}
		if data[i] == '"' {
			return i + 1, escaped
		}
		if i = skipEscape(data, i+1); i == bad {
			return bad, true
		}
		escaped = true
	}
}

// skipEscape reads what follows a backslash.
func skipEscape(data []byte, i int) int {
	if i == len(data) {
		return bad
	}
	switch data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		if len(data)-i < 5 {
			return bad
		}
		for _, c := range data[i+1 : i+5] {
			if (c < '0' || '9' < c) && (c|0x20 < 'a' || 'f' < c|0x20) {
				return bad
			}
		}
		return i + 5
	}
	return bad
}
