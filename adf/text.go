package adf

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isBlank reports whether s shows nothing: it holds only white space, as
// Unicode defines it.
func isBlank(s string) bool {
	if s != "" && isInk(s[0]) { // as most texts begin
		return false
	}
	for _, r := range s {
		if !unicode.IsSpace(r) {
			return false
		}
	}
	return true
}

// isInk reports whether a byte is a character of ASCII that shows.
func isInk(c byte) bool { return '!' <= c && c <= '~' }

// isEmptyLine reports whether s holds only spaces and tabs.
func isEmptyLine(s string) bool {
	return s == "" || !isInk(s[0]) && trimLeft(s) == ""
}

// trimLeft returns s without the spaces and tabs at its start.
func trimLeft[T string | []byte](s T) T {
	i := 0
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return s[i:]
}

// trimRight returns s without the spaces and tabs at its end.
func trimRight[T string | []byte](s T) T {
	i := len(s)
	for i > 0 && (s[i-1] == ' ' || s[i-1] == '\t') {
		i--
	}
	return s[:i]
}

// trimSpace is strings.TrimSpace.
func trimSpace(s string) string {
	if n := len(s); n > 0 && isInk(s[0]) && isInk(s[n-1]) {
		return s // as most are
	}
	return strings.TrimSpace(s)
}

// oneLine returns s trimmed and on one line: each newline with the white space
// around it is one space.
func oneLine(s string) string {
	s = trimSpace(s)
	if strings.IndexByte(s, '\n') < 0 {
		return s
	}
	return string(appendJoined(nil, []byte(s), " "))
}

// appendJoined appends the lines of text that are not blank, each trimmed,
// with sep between them.
func appendJoined(dst, text []byte, sep string) []byte {
	first := true
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		text = rest
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !first {
			dst = append(dst, sep...)
		}
		dst, first = append(dst, line...), false
	}
	return dst
}

// visibleLines returns text without the blank lines at its ends.
func visibleLines(text []byte) []byte {
	if n := len(text); n > 0 && isInk(text[0]) && isInk(text[n-1]) {
		return text // as most are
	}
	rest := bytes.TrimLeftFunc(text, unicode.IsSpace)
	if len(rest) == 0 {
		return nil
	}
	start := bytes.LastIndexByte(text[:len(text)-len(rest)], '\n') + 1
	end := len(bytes.TrimRightFunc(text, unicode.IsSpace))
	if n := bytes.IndexByte(text[end:], '\n'); n >= 0 {
		return text[start : end+n]
	}
	return text[start:]
}

// toValid returns s with U+FFFD for each byte that is no UTF-8 and for U+0000.
// Only a tree built by hand can need it.
func toValid(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == 0 {
			return utf8.RuneError
		}
		return r
	}, s)
}
