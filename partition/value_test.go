package partition_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jirasync/jirasync/partition"
)

func TestValues(t *testing.T) {
	at := time.Date(2026, 1, 31, 10, 30, 0, 123456789, time.FixedZone("", 3600))
	for _, test := range []struct {
		value partition.Value
		want  string
	}{
		{partition.Null, "NULL"},
		{partition.Value{}, "NULL"},
		{partition.String(""), `""`},
		{partition.String("a\"b\n"), `"a\"b\n"`},
		{partition.String("a\xffb\xc3"), `"a` + "\uFFFD" + `b` + "\uFFFD" + `"`},
		{partition.String("nul \x00 stays"), `"nul \x00 stays"`},
		{partition.String("\xed\xa0\x80"), `"` + "\uFFFD" + `"`}, // a lone surrogate
		{partition.Int(0), "0"},
		{partition.Int(-1 << 63), "-9223372036854775808"},
		{partition.Flag(false), "false"},
		{partition.Flag(true), "true"},
		{partition.Float(0), "0"},
		{partition.Float(-4.5), "-4.5"},
		{partition.Float(1e300), "1e+300"},
		{partition.Time(at), "2026-01-31T09:30:00.123456Z"},
		{partition.Time(time.Unix(0, 0)), "1970-01-01T00:00:00Z"},
		{partition.Time(time.Time{}), "NULL"},
	} {
		if got := test.value.String(); got != test.want {
			t.Errorf("String: got %s, want %s", got, test.want)
		}
	}
}

func TestValuesAreEqualByKindAndContent(t *testing.T) {
	different := []partition.Value{
		partition.Null, partition.String(""), partition.Int(0), partition.Flag(false), partition.Time(time.Unix(0, 0)),
		partition.String("x"), partition.Int(1), partition.Flag(true), partition.Time(time.Unix(1, 0)),
		partition.Float(0), partition.Float(1),
	}
	for i, v := range different {
		for j, w := range different {
			if (v == w) != (i == j) || v.Equal(w) != (i == j) || cmp.Equal(v, w) != (i == j) {
				t.Errorf("%v and %v: ==, Equal or cmp.Equal is wrong", v, w)
			}
		}
	}
}

func TestAccessors(t *testing.T) {
	at := time.UnixMicro(1_700_000_000_123_456).UTC()
	if v := partition.Time(at); !v.Time().Equal(at) || v.Int() != at.UnixMicro() || !v.Is(partition.Timestamp) || v.Is(partition.Int64) {
		t.Errorf("Time(%v): got %v", at, v)
	}
	if v := partition.Flag(true); !v.Flag() || v.Is(partition.Int64) || !v.Time().IsZero() {
		t.Errorf("Flag(true): got %v", v)
	}
	if v := partition.Int(1); v.Flag() || v.Int() != 1 || !v.Time().IsZero() || v.IsNull() {
		t.Errorf("Int(1): got %v", v)
	}
	if v := partition.Float(1.5); v.Float() != 1.5 || !v.Is(partition.Float64) || v.Is(partition.Int64) || v.Text() != "" {
		t.Errorf("Float(1.5): got %v", v)
	}
	if f := partition.Int(1).Float(); f != 0 {
		t.Errorf("Int(1).Float(): got %v", f)
	}
	if v := partition.Null; v.Is(partition.Text) || v.Text() != "" || v.Int() != 0 || v.Flag() || !v.Time().IsZero() {
		t.Errorf("Null: got %v", v)
	}
}
