package partition

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A Value is one cell: a null, or a text, an integer, a time or a boolean.
// The zero Value is null. Values are equal under == when kind and content are.
type Value struct {
	text   string
	number int64 // also microseconds since 1970, the bits of a float, and 0 or 1
	tag    uint8 // 0 for null, else 1 + Kind
}

// Null is the zero Value.
var Null Value

// A Row holds one Value for each column of its table, in order.
type Row []Value

// String returns a text. Bytes that are not UTF-8 are replaced by U+FFFD:
// DuckDB refuses to read a whole file for one of them. The empty string is a
// value, not null.
func String(s string) Value {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return Value{tag: 1 + uint8(Text), text: s}
}

// Int returns an integer.
func Int(n int64) Value { return Value{tag: 1 + uint8(Int64), number: n} }

// Time returns an instant, cut to microseconds. The zero time, which stands
// for an absent one in Go, is null.
func Time(t time.Time) Value {
	if t.IsZero() {
		return Null
	}
	return Value{tag: 1 + uint8(Timestamp), number: t.UnixMicro()}
}

// Flag returns a boolean.
func Flag(b bool) Value {
	v := Value{tag: 1 + uint8(Bool)}
	if b {
		v.number = 1
	}
	return v
}

// Float returns a number that need not be whole.
func Float(f float64) Value {
	return Value{tag: 1 + uint8(Float64), number: int64(math.Float64bits(f))}
}

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.tag == 0 }

// Is reports whether v is not null and of the kind.
func (v Value) Is(k Kind) bool { return v.tag == 1+uint8(k) }

// Text returns a text, and "" for any other value.
func (v Value) Text() string { return v.text }

// Int returns an integer, and 0 for null. Of a time it is the microseconds
// since 1970, of a boolean 0 or 1; it has no use with a Float64.
func (v Value) Int() int64 { return v.number }

// Float returns a Float64, and 0 for any other value.
func (v Value) Float() float64 {
	if !v.Is(Float64) {
		return 0
	}
	return math.Float64frombits(uint64(v.number))
}

// Time returns a time in UTC, and the zero time for any other value.
func (v Value) Time() time.Time {
	if !v.Is(Timestamp) {
		return time.Time{}
	}
	return time.UnixMicro(v.number).UTC()
}

// Flag returns a boolean, and false for any other value.
func (v Value) Flag() bool { return v.Is(Bool) && v.number == 1 }

// Equal reports whether v and w are the same; it is == for go-cmp.
func (v Value) Equal(w Value) bool { return v == w }

// String shows v for tests and debugging: NULL, "quoted text", 42, 4.5,
// 2026-01-31T09:30:00.123456Z, true.
func (v Value) String() string {
	switch {
	case v.IsNull():
		return "NULL"
	case v.Is(Text):
		return strconv.Quote(v.text)
	case v.Is(Timestamp):
		return v.Time().Format(time.RFC3339Nano)
	case v.Is(Bool):
		return strconv.FormatBool(v.Flag())
	case v.Is(Float64):
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	default:
		return strconv.FormatInt(v.number, 10)
	}
}

// Equal reports whether the rows have equal values.
func (r Row) Equal(s Row) bool { return slices.Equal(r, s) }
