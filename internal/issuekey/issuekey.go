// Package issuekey is the one place that says what a Jira issue key and a
// numeric Jira id look like. Every boundary where a key could become a path
// or a URL asks it first.
package issuekey

// Valid reports whether s is an issue key as Jira Cloud writes it: an
// upper-case ASCII project key (a letter, then up to 31 letters or digits),
// a hyphen and one to twelve ASCII digits, and nothing else.
func Valid(s string) bool {
	if len(s) > 32+1+12 {
		return false
	}
	i := 0
	for i < len(s) && (isUpper(s[i]) || i > 0 && isDigit(s[i])) {
		i++
	}
	if i == 0 || i > 32 || i == len(s) || s[i] != '-' {
		return false
	}
	digits := s[i+1:]
	return len(digits) <= 12 && allDigits(digits)
}

// ValidID reports whether s is a numeric Jira id: one to eighteen ASCII digits.
func ValidID(s string) bool { return len(s) <= 18 && allDigits(s) }

// Project returns the project key of a valid issue key.
func Project(key string) string {
	for i := range len(key) {
		if key[i] == '-' {
			return key[:i]
		}
	}
	return key
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
