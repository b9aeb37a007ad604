package transform

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jirasync/jirasync/internal/rawjson"
	"github.com/jirasync/jirasync/partition"
)

// scalar returns a JSON value as the text of a column: a string as it is, a
// number with its digits, anything else as compact JSON. It reports false
// for a missing value and for null.
func (r *reader) scalar(v rawjson.Value) (string, bool) {
	switch v.Kind() {
	case 0, 'n':
		return "", false
	case '"':
		return r.unquote(v.Raw()), true
	}
	return r.compact(v.Raw()), true
}

// option returns the text of an option as the reference defines it: "value",
// else "name", where empty text counts as missing.
func (r *reader) option(v rawjson.Value) (string, bool) {
	if v.Kind() != '{' {
		return r.optionScalar(v)
	}
	for _, name := range []string{"value", "name"} {
		if s, ok := r.optionScalar(v.Get(name)); ok && s != "" {
			return s, true
		}
	}
	return "", false
}

// optionScalar is scalar with the reference's spelling of booleans.
func (r *reader) optionScalar(v rawjson.Value) (string, bool) {
	switch v.Kind() {
	case 't':
		return "True", true
	case 'f':
		return "False", true
	}
	return r.scalar(v)
}

// optionList returns the texts of a list of options as a JSON array.
func (r *reader) optionList(list rawjson.Value) string {
	var texts texts
	for e := range list.Elements() {
		if s, ok := r.option(e); ok && s != "" {
			texts.add(s)
		}
	}
	return texts.array()
}

// emailList returns the email addresses of a list of users as a JSON array,
// null for a user that shows none.
func (r *reader) emailList(list rawjson.Value) string {
	var texts texts
	for e := range list.Elements() {
		if email := e.Get("emailAddress"); isString(email) {
			texts.add(r.unquote(email.Raw()))
		} else {
			texts.addNull()
		}
	}
	return texts.array()
}

// texts are written as a JSON array.
type texts struct{ json []byte }

func (t *texts) add(s string) { t.json = appendQuote(append(t.json, ','), s) }
func (t *texts) addNull()     { t.json = append(t.json, ",null"...) }

func (t *texts) array() string {
	if t.json == nil {
		return "[]"
	}
	t.json[0] = '['
	return string(append(t.json, ']'))
}

// integer reads a whole number, written as a number or as a string. A
// fraction and a number outside int64 are no integers.
func (r *reader) integer(v rawjson.Value) (int64, bool) {
	digits := ""
	switch {
	case isNumber(v):
		digits = string(v.Raw())
	case isString(v):
		digits = strings.TrimSpace(r.unquote(v.Raw()))
		if digits == "" || digits[0] != '-' && (digits[0] < '0' || '9' < digits[0]) || !json.Valid([]byte(digits)) {
			return 0, false
		}
	default:
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

// timeLayouts are Jira's own form and RFC 3339, each with any fraction of a
// second, which time.Parse takes unasked, and a bare date, which is midnight
// UTC. Neither of the first two reads the other's offset.
var timeLayouts = []string{"2006-01-02T15:04:05Z0700", time.RFC3339, time.DateOnly}

// parseTime reads an instant and returns it in UTC with microseconds. It
// reports false for anything that is not a time in the years 1 to 9999.
func parseTime(s string) (time.Time, bool) {
	if len(s) < len(time.DateOnly) || s[0] < '0' || '9' < s[0] {
		return time.Time{}, false // as most strings; time.Parse would make an error of each
	}
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

// readTime is a time with the way in which it is written.
type readTime struct {
	written string
	at      time.Time
	ok      bool
}

// instant reads the time in a JSON string. Records say the same time again and
// again, so that the last ones are remembered.
func (r *reader) instant(v rawjson.Value) (time.Time, bool) {
	if !isString(v) {
		return time.Time{}, false
	}
	raw := v.Raw()
	for i := range r.times {
		if t := &r.times[i]; t.written == string(raw) {
			return t.at, t.ok
		}
	}
	r.times[1] = r.times[0]
	t := &r.times[0]
	t.written = r.words.copy(raw)
	if t.at, t.ok = usualTime(raw); !t.ok {
		t.at, t.ok = parseTime(r.unquote(raw))
	}
	return t.at, t.ok
}

// usualTime reads a time in the one form that Jira writes. Of another it says
// nothing.
func usualTime(raw []byte) (time.Time, bool) {
	const form = `"2006-01-02T15:04:05.000+0700"`
	if len(raw) != len(form) {
		return time.Time{}, false
	}
	for i := range len(form) {
		c := raw[i]
		if digit := '0' <= form[i] && form[i] <= '9'; digit && (c < '0' || '9' < c) || !digit && c != form[i] && (form[i] != '+' || c != '-') {
			return time.Time{}, false
		}
	}
	days := [...]int{1: 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	number := func(i, n int) (sum int) {
		for _, c := range raw[i : i+n] {
			sum = 10*sum + int(c-'0')
		}
		return sum
	}
	year, month, day := number(1, 4), number(6, 2), number(9, 2)
	hour, minute, second := number(12, 2), number(15, 2), number(18, 2)
	east, eastMinute := number(25, 2), number(27, 2)
	if year < 1000 || year > 9000 || month < 1 || month > 12 || day < 1 || day > days[month] || hour > 23 || minute > 59 || second > 59 || east > 14 || eastMinute > 59 {
		return time.Time{}, false // parseTime knows what else there is
	}
	offset := 60*east + eastMinute
	if raw[24] == '-' {
		offset = -offset
	}
	return time.Date(year, time.Month(month), day, hour, minute-offset, second, 1e6*number(21, 3), time.UTC), true
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

// boolOrNull is the boolean v; anything else is null.
func boolOrNull(v rawjson.Value) partition.Value {
	switch v.Kind() {
	case 't':
		return partition.Flag(true)
	case 'f':
		return partition.Flag(false)
	}
	return partition.Value{}
}

// floatOrNull is the number v; one that no double can hold is null.
func floatOrNull(v rawjson.Value) partition.Value {
	if !isNumber(v) {
		return partition.Value{}
	}
	f, err := strconv.ParseFloat(string(v.Raw()), 64)
	if err != nil {
		return partition.Value{}
	}
	return partition.Float(f)
}
