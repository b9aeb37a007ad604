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
	var out strings.Builder
	out.Grow(len(url) + len(redacted))
	writeAuthority(&out, front)
	if hasQuery {
		out.WriteByte('?')
		writeParameters(&out, query)
	}
	if hasFragment {
		out.WriteByte('#')
		writeParameters(&out, fragment)
	}
	return out.String()
}

// writeAuthority writes a URL up to its query.
func writeAuthority(out *strings.Builder, url string) {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || strings.Contains(scheme, "/") {
		out.WriteString(url)
		return
	}
	host, _, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(host, '@')
	user, password, ok := strings.Cut(host[:max(at, 0)], ":")
	if !ok || password == "" {
		out.WriteString(url)
		return
	}
	out.WriteString(scheme + "://" + user + ":" + redacted)
	out.WriteString(rest[at:])
}

// writeParameters writes a query or fragment.
func writeParameters(out *strings.Builder, s string) {
	for s != "" {
		end := strings.IndexAny(s, "&;")
		if end < 0 {
			end = len(s)
		}
		if name, _, ok := strings.Cut(s[:end], "="); ok && isSecret(name) {
			out.WriteString(name + "=" + redacted)
		} else {
			out.WriteString(s[:end])
		}
		if end < len(s) {
			out.WriteByte(s[end])
			end++
		}
		s = s[end:]
	}
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
