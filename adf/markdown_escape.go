package adf

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// around says where a text stands, as far as its escapes depend on it.
type around struct {
	label     bool // in the text of a link or picture
	cell      bool // in a cell of a table
	lineStart bool // nothing stands before it that keeps a block from beginning
	lineEnd   bool // its line ends with it
	breaks    bool // a break comes next
	backslash bool // and prints as a backslash
	space     bool // white space comes next
}

// appendText appends a text of one line, which has no more than these signs,
// with the escapes that it needs.
func appendText(dst []byte, s string, all signs, a around) []byte {
	i := 0
	if a.lineStart {
		dst, i = appendLineStart(dst, s, a)
	}
	if a.label || !mayHoldURL(s, all) {
		return appendEscaped(dst, s, i, len(s), a)
	}
	return appendURLs(dst, s, i, a)
}

// appendLineStart appends as much of a text at the start of a line as could be
// read as the start of a block, and returns how much that is.
func appendLineStart(dst []byte, s string, a around) ([]byte, int) {
	if !mayStartBlock(s) {
		return dst, 0
	}
	// A marker of a list or heading has white space after it.
	ends := func(n int) bool { return n == len(s) || s[n] == ' ' || s[n] == '\t' }
	escape := false
	switch c := s[0]; c {
	case '>':
		escape = true
	case '-', '+':
		escape = ends(1)
	case '#':
		n := len(s) - len(strings.TrimLeft(s, "#"))
		escape = n <= 6 && ends(n)
	case '=':
		escape = a.lineEnd && strings.Trim(s, "=") == ""
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		n := len(s) - len(strings.TrimLeft(s, "0123456789"))
		if n <= 9 && n < len(s) && (s[n] == '.' || s[n] == ')') && ends(n+1) {
			dst = append(dst, s[:n]...)
			return append(dst, '\\', s[n]), n + 1
		}
	}
	if escape || strings.Trim(s, "-:| \t") == "" && strings.IndexByte(s, '-') >= 0 {
		return append(dst, '\\', s[0]), 1
	}
	return dst, 0
}

// mayStartBlock reports whether appendLineStart has to look at a text.
func mayStartBlock(s string) bool {
	return signsOfByte[s[0]]&signStart != 0
}

// signs says which signs are in a text. Most texts have none, and print as they
// are without another look.
type signs uint8

const (
	signMark  signs = 1 << iota // is escaped at times
	signDot                     // so has each URL without a scheme
	signSlash                   // so has each other URL
	signStart                   // may begin a block, at the start of a line
	signNewline
)

var signsOfByte = func() (table [256]signs) {
	for _, set := range []struct {
		bytes string
		sign  signs
	}{
		{"*`~[]_\\<&", signMark},
		{".", signDot},
		{"/", signSlash},
		{"0123456789>-+#=:|\t", signStart},
		{"\n", signNewline},
	} {
		for _, c := range []byte(set.bytes) {
			table[c] |= set.sign
		}
	}
	return table
}()

func signsOf(s string) (all signs) {
	for i := range len(s) {
		all |= signsOfByte[s[i]]
	}
	return all
}

// appendEscaped appends s[i:j], which is not at the start of a line.
func appendEscaped(dst []byte, s string, i, j int, a around) []byte {
	start := i // of what is not appended yet
	for ; i < j; i++ {
		if signsOfByte[s[i]]&signMark == 0 {
			continue
		}
		switch s[i] {
		case ']':
			if !a.label {
				continue
			}
		case '_':
			n := len(s[i:j]) - len(strings.TrimLeft(s[i:j], "_"))
			if betweenWords(s[:i], s[i+n:]) {
				i += n - 1
				continue
			}
			for ; n > 1; n-- {
				dst = append(append(dst, s[start:i]...), '\\')
				start = i
				i++
			}
		case '\\':
			switch {
			case i+1 < len(s):
				if !isASCIIPunct(s[i+1]) {
					continue
				}
			case a.breaks:
				return append(append(dst, s[start:i]...), "&#92;"...)
			}
		case '<':
			if i+1 < len(s) && !startsTag(s[i+1:]) {
				continue
			}
		case '&':
			if !mayBeEntity(s[i:]) {
				continue
			}
		}
		dst = append(append(dst, s[start:i]...), '\\')
		start = i
	}
	return append(dst, s[start:j]...)
}

// betweenWords reports whether a letter or digit stands on both sides of a run
// of underscores, which then is no delimiter.
func betweenWords(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	isWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }
	return before != "" && after != "" && isWord(last) && isWord(first)
}

func startsTag(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return first == '/' || first == '!' || first == '?' || unicode.IsLetter(first)
}

func isASCIIPunct(c byte) bool {
	return '!' <= c && c <= '/' || ':' <= c && c <= '@' || '[' <= c && c <= '`' || '{' <= c && c <= '~'
}

func isASCIIAlnum(c byte) bool {
	return '0' <= c && c <= '9' || isASCIILetter(c)
}

func isASCIILetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// mayBeEntity reports whether s, which begins with an ampersand, begins with
// an entity, or could with what follows it.
func mayBeEntity(s string) bool {
	rest := strings.TrimPrefix(s[1:], "#")
	return alnumLen(rest) == len(rest) || entityLen(s) > 0
}

// entityLen returns the length of the entity, such as "&amp;" or "&#38;", that
// s begins with; 0 if there is none.
func entityLen(s string) int {
	name, isNumber := strings.CutPrefix(s[1:], "#")
	n := alnumLen(name)
	if n == 0 || n == len(name) || name[n] != ';' {
		return 0
	}
	if !isNumber {
		if !isASCIILetter(name[0]) {
			return 0
		}
		return len("&") + n + len(";")
	}
	digits, base := name[:n], 10
	if digits[0]|0x20 == 'x' {
		digits, base = digits[1:], 16
	}
	if _, err := strconv.ParseUint(digits, base, 64); err != nil {
		return 0
	}
	return len("&#") + n + len(";")
}

// alnumLen returns the length of the letters and digits that s begins with.
func alnumLen(s string) int {
	n := 0
	for n < len(s) && isASCIIAlnum(s[n]) {
		n++
	}
	return n
}

// hasEntity reports whether an entity stands in s.
func hasEntity(s string) bool {
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			return false
		}
		if entityLen(s[i:]) > 0 {
			return true
		}
		s = s[i+1:]
	}
}

// appendCode appends a code span, or a tag: after a backtick, which would become
// part of a span, and where a table takes the backslash before a pipe.
func appendCode(dst []byte, s string, tag, cell bool) []byte {
	if s == "" {
		return dst
	}
	if tag || cell && strings.Contains(s, `\|`) {
		dst = append(dst, "<code>"...)
		for i := range len(s) {
			if !isASCIIPunct(s[i]) {
				dst = append(dst, s[i])
				continue
			}
			dst = append(dst, "&#"...)
			dst = strconv.AppendUint(dst, uint64(s[i]), 10)
			dst = append(dst, ';')
		}
		return append(dst, "</code>"...)
	}
	fence := longestRun(s, '`') + 1
	first, last := s[0], s[len(s)-1]
	pad := first == '`' || last == '`' ||
		first == ' ' && last == ' ' && strings.Trim(s, " ") != ""
	dst = appendRepeated(dst, '`', fence)
	if pad {
		dst = append(dst, ' ')
	}
	dst = append(dst, s...)
	if pad {
		dst = append(dst, ' ')
	}
	return appendRepeated(dst, '`', fence)
}

func appendRepeated(dst []byte, c byte, n int) []byte {
	for range n {
		dst = append(dst, c)
	}
	return dst
}
