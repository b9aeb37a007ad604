package adf

import (
	"strings"
	"unicode"
)

// Parsers with GitHub's extensions make links of URLs in text, and look for
// them before they see a backslash. So no escape may stand in one.

// mayHoldURL reports whether appendURLs has to look at a text, which has no
// more than these signs.
func mayHoldURL(s string, all signs) bool {
	if all&signSlash != 0 && strings.Contains(s, "://") {
		return true
	}
	for all&signDot != 0 {
		i := strings.IndexByte(s, '.')
		if i < 0 {
			return false
		}
		if i >= 3 && s[i-1]|0x20 == 'w' && s[i-2]|0x20 == 'w' && s[i-3]|0x20 == 'w' {
			return true
		}
		s = s[i+1:]
	}
	return false
}

// urlStart returns the length of the "http://" or "https://" that s begins
// with, 0 if it begins with neither.
func urlStart(s string) int {
	for _, start := range []string{"http://", "https://"} {
		if len(s) >= len(start) && s[len(start)-1] == '/' && strings.EqualFold(s[:len(start)], start) {
			return len(start)
		}
	}
	return 0
}

// nextURL returns where in s, from i on, the next URL begins, and whether it
// lacks a scheme; len(s) if there is none.
func nextURL(s string, i int) (at int, www bool) {
	for ; i < len(s); i++ {
		switch s[i] | 0x20 {
		case 'h':
			if urlStart(s[i:]) > 0 {
				return i, false
			}
		case 'w':
			if len(s)-i < 4 || !strings.EqualFold(s[i:i+4], "www.") {
				continue
			}
			if i == 0 || !isASCIILetter(s[i-1]) {
				return i, true
			}
		}
	}
	return len(s), false
}

// appendURLs appends s from i on, escaping what is no URL.
func appendURLs(dst []byte, s string, i int, a around) []byte {
	for i < len(s) {
		at, www := nextURL(s, i)
		if at == len(s) {
			return appendEscaped(dst, s, i, at, a)
		}
		end := at + runLen(s[at:])
		if isPlainURL(s, at, end, a) {
			dst = appendEscaped(dst, s, i, at, a)
			dst = append(dst, s[at:end]...)
		} else if url := trimURL(s[at:end]); !www && isAutolink(url) {
			dst = appendEscaped(dst, s[:at], i, at, a) // a bracket comes next, no letter
			dst = append(append(append(dst, '<'), url...), '>')
			dst = appendEscaped(dst, s, at+len(url), end, a)
		} else {
			dst = appendEscaped(dst, s, i, at, a)
			dst = appendBroken(dst, s, at, end, a)
		}
		i = end
	}
	return dst
}

// appendBroken appends the run s[at:end], which begins with a URL, so that no
// URL in it is a link.
func appendBroken(dst []byte, s string, at, end int, a around) []byte {
	for at < end {
		sign := at + strings.IndexAny(s[at:end], ":.")
		dst = append(append(dst, s[at:sign]...), '\\')
		at, _ = nextURL(s[:end], sign)
		dst = appendEscaped(dst, s, sign, at, a)
	}
	return dst
}

// isPlainURL reports whether the run s[at:end] may stay as it is: no escape is
// in it, and what comes next ends it for every parser.
func isPlainURL(s string, at, end int, a around) bool {
	ended := a.space || a.lineEnd && !a.backslash
	if end < len(s) {
		ended = s[end] != '<' && s[end] != '>'
	}
	if !ended {
		return false
	}
	var room [256]byte
	escaped := appendEscaped(room[:0], s, at, end, a)
	return len(escaped) == end-at && !(a.cell && strings.IndexByte(s[at:end], '|') >= 0)
}

// runLen returns the length of s up to white space, "<" or ">".
func runLen(s string) int {
	for i, r := range s {
		if r == '<' || r == '>' || unicode.IsSpace(r) {
			return i
		}
	}
	return len(s)
}

// trimURL cuts from the end of a URL what belongs to the sentence around it.
func trimURL(url string) string {
	extra := strings.Count(url, ")") - strings.Count(url, "(")
	for url != "" {
		switch c := url[len(url)-1]; {
		case strings.IndexByte(`.,;:!?'"*_~]}`, c) >= 0:
		case c == ')' && extra > 0:
			extra--
		default:
			return url
		}
		url = url[:len(url)-1]
	}
	return url
}
