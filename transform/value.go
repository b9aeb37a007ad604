package transform

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jirasync/jirasync/partition"
)

// scalar returns a JSON value as the text of a column: a string as it is, a
// number with its digits, anything else as compact JSON. It reports false
// for a missing value and for null.
func scalar(raw json.RawMessage) (string, bool) {
	switch {
	case isNull(raw):
		return "", false
	case isString(raw):
		return unquote(raw), true
	}
	return compact(raw), true
}

// option returns the text of an option as the reference defines it: "value",
// else "name", where empty text counts as missing.
func option(raw json.RawMessage) (string, bool) {
	if isNull(raw) || raw[0] != '{' {
		return optionScalar(raw)
	}
	o := newObject(raw)
	for _, name := range []string{"value", "name"} {
		if s, ok := optionScalar(o.get(name)); ok && s != "" {
			return s, true
		}
	}
	return "", false
}

// optionScalar is scalar with the reference's spelling of booleans.
func optionScalar(raw json.RawMessage) (string, bool) {
	switch string(raw) {
	case "true":
		return "True", true
	case "false":
		return "False", true
	}
	return scalar(raw)
}

// optionList returns the texts of a list of options as a JSON array.
func optionList(raw json.RawMessage) string {
	elements, _ := list(raw)
	texts := make([]string, 0, len(elements))
	for _, e := range elements {
		if s, ok := option(e); ok && s != "" {
			texts = append(texts, quote(s))
		}
	}
	return "[" + strings.Join(texts, ",") + "]"
}

// emailList returns the email addresses of a list of users as a JSON array,
// null for a user that shows none.
func emailList(raw json.RawMessage) string {
	elements, _ := list(raw)
	emails := make([]string, len(elements))
	for i, e := range elements {
		emails[i] = "null"
		if raw := newObject(e).get("emailAddress"); isString(raw) {
			emails[i] = quote(unquote(raw))
		}
	}
	return "[" + strings.Join(emails, ",") + "]"
}

// integer reads a whole number, written as a number or as a string. A
// fraction and a number outside int64 are no integers.
func integer(raw json.RawMessage) (int64, bool) {
	digits := string(raw)
	if isString(raw) {
		digits = strings.TrimSpace(unquote(raw))
	}
	if !isNumber(digits) {
		return 0, false
	}
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return n, true
	}
	const exact = 1 << 53
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > exact {
		return 0, false
	}
	return int64(f), true
}

// isNumber reports whether s is a JSON number.
func isNumber(s string) bool {
	return s != "" && (s[0] == '-' || '0' <= s[0] && s[0] <= '9') && json.Valid([]byte(s))
}

func isString(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '"' }

// timeLayouts are Jira's own form and RFC 3339, each with any fraction of a
// second, which time.Parse takes unasked, and a bare date, which is midnight
// UTC. Neither of the first two reads the other's offset.
var timeLayouts = []string{"2006-01-02T15:04:05Z0700", time.RFC3339, time.DateOnly}

// parseTime reads an instant and returns it in UTC with microseconds. It
// reports false for anything that is not a time in the years 1 to 9999.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		t = t.UTC().Truncate(time.Microsecond)
		return t, !t.IsZero() && 1 <= t.Year() && t.Year() <= 9999
	}
	return time.Time{}, false
}

// instant reads the time in a JSON string.
func instant(raw json.RawMessage) (time.Time, bool) {
	if !isString(raw) {
		return time.Time{}, false
	}
	return parseTime(unquote(raw))
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// unquote decodes a JSON string that is known to be valid. Invalid UTF-8 and
// lone surrogates become U+FFFD; NUL is dropped, because readers choke on it.
func unquote(raw []byte) string {
	if isPlain(raw[1 : len(raw)-1]) {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	_ = json.Unmarshal(raw, &s) // raw is part of a document that was parsed
	return strings.ReplaceAll(s, "\x00", "")
}

// isPlain reports whether s is the same in a JSON string as it is by itself.
// Most are, and to find it out is a tenth of the work of decoding.
func isPlain[T ~string | ~[]byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return c >= utf8.RuneSelf && isPlainUnicode(string(s[i:]))
		}
	}
	return true
}

func isPlainUnicode(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r == '"' || r == '\\' || r == '\u2028' || r == '\u2029' // which encoding/json escapes
	})
}

// quote encodes s as JSON without escaping <, > and &.
func quote(s string) string {
	if isPlain(s) {
		return `"` + s + `"`
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // cannot fail: a string into memory
	return strings.TrimSuffix(b.String(), "\n")
}

// compact returns JSON that is known to be valid without spaces, members in
// their order, numbers verbatim, strings as UTF-8 with the escapes they need.
func compact(raw json.RawMessage) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case ' ', '\t', '\n', '\r':
		case '"':
			end := stringEnd(raw, i)
			if isPlain(raw[i+1 : end-1]) {
				b.Write(raw[i:end])
			} else {
				b.WriteString(quote(unquote(raw[i:end])))
			}
			i = end - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// stringEnd returns the position behind the string that begins at start.
func stringEnd(raw []byte, start int) int {
	for i := start + 1; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(raw)
}

// The types of columns and the values in them.
const (
	text      = partition.Text
	number    = partition.Int64
	timestamp = partition.Timestamp
	boolean   = partition.Bool
	float     = partition.Float64
)

func textValue(s string) partition.Value { return partition.String(s) }
func intValue(n int64) partition.Value   { return partition.Int(n) }

func textOrNull(s string, ok bool) partition.Value {
	if !ok {
		return partition.Value{}
	}
	return textValue(s)
}

func intOrNull(n int64, ok bool) partition.Value {
	if !ok {
		return partition.Value{}
	}
	return intValue(n)
}

func timeOrNull(t time.Time, ok bool) partition.Value {
	if !ok {
		return partition.Value{}
	}
	return partition.Time(t)
}
