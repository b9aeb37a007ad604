package adf

import "strings"

const redacted = "REDACTED"

// redact replaces the values of secret parameters in the query and the
// fragment of a URL, and a password before its host. All else stays.
func redact(url string) string {
	if strings.IndexByte(url, '=') < 0 && strings.IndexByte(url, '@') < 0 {
		return url
	}
	front, fragment, hasFragment := strings.Cut(url, "#")
	front, query, hasQuery := strings.Cut(front, "?")
	var room [256]byte // most URLs fit in it, and stay as they are
	out := appendAuthority(room[:0], front)
	if hasQuery {
		out = appendParameters(append(out, '?'), query)
	}
	if hasFragment {
		out = appendParameters(append(out, '#'), fragment)
	}
	if string(out) == url {
		return url
	}
	return string(out)
}

// appendAuthority appends a URL up to its query.
func appendAuthority(dst []byte, url string) []byte {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || strings.Contains(scheme, "/") {
		return append(dst, url...)
	}
	host, _, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(host, '@')
	user, password, ok := strings.Cut(host[:max(at, 0)], ":")
	if !ok || password == "" {
		return append(dst, url...)
	}
	dst = append(dst, url[:len(scheme)+len("://")+len(user)+len(":")]...)
	dst = append(dst, redacted...)
	return append(dst, rest[at:]...)
}

// appendParameters appends a query or fragment.
func appendParameters(dst []byte, s string) []byte {
	for s != "" {
		end := strings.IndexAny(s, "&;")
		if end < 0 {
			end = len(s)
		}
		if name, _, ok := strings.Cut(s[:end], "="); ok && isSecret(name) {
			dst = append(append(append(dst, name...), '='), redacted...)
		} else {
			dst = append(dst, s[:end]...)
		}
		if end < len(s) {
			dst = append(dst, s[end])
			end++
		}
		s = s[end:]
	}
	return dst
}

var withoutPunctuation = strings.NewReplacer("_", "", "-", "", ".", "")

// isSecret reports whether the value of a parameter is a credential. Short
// words count only as the whole name: "author" is no "auth".
func isSecret(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "tok", "sig", "key", "pin", "auth", "code", "sdata":
		return true
	}
	if len(name) < len("jwt") {
		return false
	}
	name = withoutPunctuation.Replace(name)
	for _, word := range []string{"token", "jwt", "secret", "password", "passwd",
		"signature", "credential", "apikey"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
