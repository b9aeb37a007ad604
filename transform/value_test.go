package transform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/partition"
)

// TestParseTime: reliability L2. Jira's own form and RFC 3339, and nothing
// that Go would let pass by accident.
func TestParseTime(t *testing.T) {
	tests := []struct{ in, want string }{
		{"2026-01-15T10:00:00.000+0100", "2026-01-15T09:00:00Z"},
		{"2026-01-15T10:00:00.123-0730", "2026-01-15T17:30:00.123Z"},
		{"2026-01-15T10:00:00+0000", "2026-01-15T10:00:00Z"},
		{"2026-01-15T10:00:00.000+01:00", "2026-01-15T09:00:00Z"},
		{"2026-01-15T10:00:00Z", "2026-01-15T10:00:00Z"},
		{"2026-01-15T10:00:00.1Z", "2026-01-15T10:00:00.1Z"},
		{"2026-01-15T10:00:00.123456Z", "2026-01-15T10:00:00.123456Z"},
		{"2026-01-15T10:00:00.123456999Z", "2026-01-15T10:00:00.123456Z"},
		{"2026-01-15T10:00:00.123456789012Z", "2026-01-15T10:00:00.123456Z"},
		{"2026-01-15T10:00:00,5Z", "2026-01-15T10:00:00.5Z"},
		{"2026-01-15T10:00:00.000+1400", "2026-01-14T20:00:00Z"},
		{"2026-01-15T10:00:00.000-1200", "2026-01-15T22:00:00Z"},
		{"2026-01-15", "2026-01-15T00:00:00Z"},
		{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
		{"0001-01-01T00:00:01Z", "0001-01-01T00:00:01Z"},
		{"1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"},
		{"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
		{"9999-12-31T23:59:59-0100", ""},
		{"0001-01-01T00:00:00Z", ""},
		{"0001-01-01T00:30:00+0100", ""},
		{"0000-06-01T00:00:00Z", ""},
		{"-0001-01-01T00:00:00Z", ""},
		{"10000-01-01T00:00:00Z", ""},
		{"2026-01-15T23:59:60Z", ""},
		{"2026-01-15T24:00:00Z", ""},
		{"2026-02-29T00:00:00Z", ""},
		{"2026-13-01T00:00:00Z", ""},
		{"2026-00-10", ""},
		{"2026-1-5", ""},
		{"2026-01-15T10:00", ""},
		{"2026-01-15T10:00:00", ""},
		{"2026-01-15 10:00:00Z", ""},
		{"2026-01-15T10:00:00.000+01", ""},
		{"2026-01-15T10:00:00.Z", ""},
		{" 2026-01-15T10:00:00Z", ""},
		{"2026-01-15T10:00:00Z\n", ""},
		{"2026-01-15T10:00:00Zjunk", ""},
		{"15/Jan/26 10:00 AM", ""},
		{"1768471200000", ""},
		{"null", ""},
		{"", ""},
		{"２０２６-01-15", ""},
		{strings.Repeat("9", 1<<16), ""},
	}
	for _, tt := range tests {
		t.Run(tt.in[:min(len(tt.in), 40)], func(t *testing.T) {
			got, ok := parseTime(tt.in)
			require.Equal(t, tt.want != "", ok, "parseTime(%q) = %v", tt.in, got)
			if ok {
				require.Equal(t, tt.want, got.Format(time.RFC3339Nano))
			}
		})
	}
}

// TestMonthIsOfTheUTCInstant: reliability L1. Around each month end of three
// years, in every offset, an issue is in one month, whatever form its time has.
func TestMonthIsOfTheUTCInstant(t *testing.T) {
	m, err := newMapper(Options{})
	require.NoError(t, err)
	for month := range 36 {
		end := time.Date(2024, time.Month(month+1), 1, 0, 0, 0, 0, time.UTC)
		for offset := -12; offset <= 14; offset++ {
			zone := time.FixedZone("", offset*3600)
			for _, d := range []time.Duration{-time.Hour, -time.Millisecond, 0, time.Hour} {
				created := end.Add(d)
				for _, layout := range []string{"2006-01-02T15:04:05.000-0700", "2006-01-02T15:04:05.000Z07:00"} {
					i, err := m.issue(fmt.Appendf(nil, `{"id":"1","key":"A-1","fields":{"created":%q}}`, created.In(zone).Format(layout)))
					require.NoError(t, err)
					require.Equal(t, created.Format("2006-01"), i.Month)
				}
			}
		}
	}
}

// TestHierarchy has the vectors of the reference, section 1.3.
func TestHierarchy(t *testing.T) {
	for key, want := range map[string]string{
		"SUPPORT-14991": "14/991", "SUPPORT-1000": "1/000", "SUPPORT-999": "0/999", "SUPPORT-5": "0/5",
		"SUPPORT": "other/SUPPORT", "A1-123456789012": "123456789/012",
	} {
		require.Equal(t, want, hierarchy(key), key)
	}
}

func TestInteger(t *testing.T) {
	tests := map[string]string{
		`5`: "5", `0`: "0", `-1`: "-1", `5.0`: "5", `5e0`: "5", `"5"`: "5", `" 5 "`: "5", `"5.0"`: "5",
		`9223372036854775807`: "9223372036854775807", `-9223372036854775808`: "-9223372036854775808",
		`9223372036854775808`: "NULL", `1e300`: "NULL", `4.5`: "NULL", `"4.5"`: "NULL", `"five"`: "NULL", `"0x10"`: "NULL",
		`"1_000"`: "NULL", `"NaN"`: "NULL", `"Inf"`: "NULL", `""`: "NULL", `true`: "NULL", `null`: "NULL", `[5]`: "NULL", `{}`: "NULL", ``: "NULL",
	}
	for in, want := range tests {
		require.Equal(t, want, intOrNull(new(reader).integer(new(reader).read([]byte(in)).value)).String(), in)
	}
}

// FuzzRows: no input panics; text is valid UTF-8 without NUL, columns have
// the type of the schema, filled columns are filled, and JSON columns are JSON.
func FuzzRows(f *testing.F) {
	f.Add([]byte(`{"id":"1","key":"A-1","fields":{"created":"2026-01-15T10:00:00Z","labels":["a","\u0000\ud800"]}}`))
	f.Add([]byte(`{"id":1,"key":"A-1","fields":{"created":"2026-01-15","customfield_10323":[{"value":"x"}],"customfield_10325":{"a":[1,2.50," b "]}}}`))
	f.Add([]byte(`{"id":"1","key":"A-1","changelog":{"histories":[{"items":[{"field":"x"}]}]},"_remote_links":[{}],"fields":{"created":"2026-01-15","comment":{"total":1,"comments":[{"body":{"type":"doc"}}]},"attachment":[{"size":1}],"issuelinks":[{"inwardIssue":{}}]}}`))
	f.Add([]byte(`{"key":"A-1","_deleted_at":"x"}`))
	m, err := newMapper(Options{})
	if err != nil {
		f.Fatal(err)
	}
	jsonColumns := map[string]bool{"labels": true, "triage": true, "configuration_item": true, "participants": true, "organizations": true}
	f.Fuzz(func(t *testing.T, record []byte) {
		rows, err := m.rows(record)
		if err != nil {
			require.ErrorIs(t, err, ErrRecord)
			return
		}
		for n, c := range rows.Contents {
			for _, row := range c.Rows {
				for i, column := range m.tables[n].columns {
					checkValue(t, column, row[i])
					if jsonColumns[column.name] && !row[i].IsNull() {
						require.True(t, json.Valid([]byte(row[i].Text())), column.name)
					}
				}
			}
		}
	})
}

func checkValue(t *testing.T, c column, v partition.Value) {
	t.Helper()
	switch {
	case v.IsNull():
		require.Zero(t, c.flags&filled, "%s is null", c.name)
	default:
		require.True(t, v.Is(c.kind), "%s is %v", c.name, v)
		require.True(t, utf8.ValidString(v.Text()), c.name)
		require.NotContains(t, v.Text(), "\x00", c.name)
	}
}

// FuzzStrings: strings that are copied are those that encoding/json would not
// change, one way and the other.
func FuzzStrings(f *testing.F) {
	for _, s := range []string{"", "plain", `a"b\c`, "a\tb", "é\u2028", "\u2029", "\xff", "日本\x00", "<&>", "\x7f", "a\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		require.NoError(t, enc.Encode(s))
		want := strings.TrimSuffix(b.String(), "\n")
		require.Equal(t, want, quote(s))
		var back string
		require.NoError(t, json.Unmarshal([]byte(want), &back))
		require.Equal(t, strings.ReplaceAll(back, "\x00", ""), new(reader).unquote([]byte(want)))
		if raw := []byte(`"` + s + `"`); json.Valid(raw) {
			var text string
			require.NoError(t, json.Unmarshal(raw, &text))
			require.Equal(t, strings.ReplaceAll(text, "\x00", ""), new(reader).unquote(raw))
			require.Equal(t, quote(new(reader).unquote(raw)), new(reader).compact(raw))
		}
	})
}
