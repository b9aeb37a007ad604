package rawjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/rawjson"
)

// What encoding/json would change on the way through a map: digits, escapes,
// order, inner space, HTML characters, lone surrogates, invalid UTF-8.
const fussy = `{"z":1.0,"big":123456789012345678901234567890,"exp":1E+2,"neg":-0,` +
	`"html":"<a&b>","esc":"\u003c\/\uD83D","k\u0065y":{"a": [1, 2 ] , "b":null},"":"", "bad":"` + "\xff" + `","u":"\u2028"}`

func TestBytesKeepsUntouchedValues(t *testing.T) {
	t.Parallel()
	o, err := rawjson.Parse([]byte(fussy))
	require.NoError(t, err)
	want := strings.Replace(fussy, `"", "bad"`, `"","bad"`, 1) // the one space between members
	if diff := cmp.Diff(want, string(o.Bytes())); diff != "" {
		t.Errorf("Bytes mismatch (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"z", "big", "exp", "neg", "html", "esc", "key", "", "bad", "u"}, o.Names()); diff != "" {
		t.Errorf("Names mismatch (-want +got):\n%s", diff)
	}
	value, ok := o.Get("key")
	require.True(t, ok)
	require.Equal(t, `{"a": [1, 2 ] , "b":null}`, string(value))
}

func TestEdit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, in string
		edit     func(*rawjson.Object)
		want     string
	}{
		{"replace in place", `{"a":1,"b":2}`, func(o *rawjson.Object) { o.Set("a", json.RawMessage(`[ ]`)) }, `{"a":[ ],"b":2}`},
		{"replace keeps the spelling of the name", `{"\u0061":1}`, func(o *rawjson.Object) { o.Set("a", json.RawMessage(`2`)) }, `{"\u0061":2}`},
		{"new at the end", `{"a":1}`, func(o *rawjson.Object) { o.Set("<é\n", json.RawMessage(`2`)) }, `{"a":1,"<é\n":2}`},
		{"empty is null", `{}`, func(o *rawjson.Object) { o.Set("a", nil) }, `{"a":null}`},
		{"delete and set", `{"a":1,"b":2,"c":3}`, func(o *rawjson.Object) { o.Delete("a"); o.Set("c", json.RawMessage(`4`)) }, `{"b":2,"c":4}`},
		{"delete absent", `{"a":1}`, func(o *rawjson.Object) { o.Delete("b") }, `{"a":1}`},
		{"delete last", `{"a":1}`, func(o *rawjson.Object) { o.Delete("a") }, `{}`},
		{"duplicate: last wins", `{"a":1,"b":2,"\u0061":3}`, func(*rawjson.Object) {}, `{"a":3,"b":2}`},
		{"case matters", `{"a":1,"A":2}`, func(*rawjson.Object) {}, `{"a":1,"A":2}`},
		{"space outside", " \n{ \"a\" :\t1 , \"b\" : 2 }\r\n", func(*rawjson.Object) {}, `{"a":1,"b":2}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, err := rawjson.Parse([]byte(tc.in))
			require.NoError(t, err)
			tc.edit(&o)
			if diff := cmp.Diff(tc.want, string(o.Bytes())); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestZeroObject(t *testing.T) {
	t.Parallel()
	var o rawjson.Object
	require.Equal(t, `{}`, string(o.Bytes()))
	o.Delete("a")
	if value, ok := o.Get("a"); ok {
		t.Errorf("Get on the zero Object = %s", value)
	}
	o.Set("a", json.RawMessage(`1`))
	require.Equal(t, `{"a":1}`, string(o.Bytes()))
	require.Equal(t, 1, o.Len())
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]error{
		``: rawjson.ErrSyntax, ` `: rawjson.ErrSyntax, `{`: rawjson.ErrSyntax, `{"a":1`: rawjson.ErrSyntax, `{"a":1}{}`: rawjson.ErrSyntax,
		`{"a":01}`: rawjson.ErrSyntax, `{"a":NaN}`: rawjson.ErrSyntax, `{a:1}`: rawjson.ErrSyntax, `{"a":1,}`: rawjson.ErrSyntax,
		"\ufeff{}": rawjson.ErrSyntax, "{}\x00": rawjson.ErrSyntax, strings.Repeat("[", 100_000): rawjson.ErrSyntax,
		strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000): rawjson.ErrSyntax, // deeper than encoding/json goes
		`null`: rawjson.ErrNotObject, `[]`: rawjson.ErrNotObject, `"{}"`: rawjson.ErrNotObject, `1`: rawjson.ErrNotObject,
	} {
		if _, err := rawjson.Parse([]byte(in)); !errors.Is(err, want) {
			t.Errorf("Parse(%.40q) = %v, want %v", in, err, want)
		}
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	in := ` [ 1.0 ,{"a" : "]"}, "x,\"y" ,[ ],null] `
	got, err := rawjson.Elements([]byte(in))
	require.NoError(t, err)
	want := []json.RawMessage{json.RawMessage(`1.0`), json.RawMessage(`{"a" : "]"}`), json.RawMessage(`"x,\"y"`), json.RawMessage(`[ ]`), json.RawMessage(`null`)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Elements mismatch (-want +got):\n%s", diff)
	}
	require.Equal(t, `[1.0,{"a" : "]"},"x,\"y",[ ],null]`, string(rawjson.Array(got)))
	require.Equal(t, `[]`, string(rawjson.Array(nil)))
	require.Equal(t, `[null]`, string(rawjson.Array([]json.RawMessage{nil})))
	empty, err := rawjson.Elements([]byte(`[]`))
	require.NoError(t, err)
	require.Empty(t, empty)
	for in, want := range map[string]error{`{}`: rawjson.ErrNotArray, `null`: rawjson.ErrNotArray, `[1,]`: rawjson.ErrSyntax, ``: rawjson.ErrSyntax} {
		if _, err := rawjson.Elements([]byte(in)); !errors.Is(err, want) {
			t.Errorf("Elements(%q) = %v, want %v", in, err, want)
		}
	}
}

// A value may be appended to without writing over its neighbour.
func TestValuesDoNotOverlap(t *testing.T) {
	t.Parallel()
	o, err := rawjson.Parse([]byte(`{"a":1,"b":2}`))
	require.NoError(t, err)
	a, _ := o.Get("a")
	_ = append(a, "XXXXXXX"...)
	require.Equal(t, `{"a":1,"b":2}`, string(o.Bytes()))
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{fussy, `{}`, ` { "a" : [ { } , "\\\"" ] } `, `{"a":1,"a":2}`, `[1,2]`, `{"a":`, "{\"\xff\":1,\"\xfe\":2}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := rawjson.Parse(data)
		var oracle map[string]json.RawMessage
		if json.Unmarshal(data, &oracle) != nil || oracle == nil {
			if err == nil {
				t.Fatalf("Parse(%q) accepted what is not an object", data)
			}
			return
		}
		if err != nil {
			t.Fatalf("Parse(%q) = %v", data, err)
		}
		out := o.Bytes()
		again, err := rawjson.Parse(out)
		if err != nil {
			t.Fatalf("Bytes of %q is not an object: %q", data, out)
		}
		if diff := cmp.Diff(o.Names(), again.Names()); diff != "" {
			t.Fatalf("names of %q changed:\n%s", data, diff)
		}
		for _, name := range o.Names() {
			value, _ := o.Get(name)
			after, _ := again.Get(name)
			if !bytes.Equal(value, after) {
				t.Fatalf("%q: member %q was %s, is %s", data, name, value, after)
			}
			if want, ok := oracle[name]; ok && !bytes.Equal(want, value) {
				t.Fatalf("%q: member %q = %s, encoding/json says %s", data, name, value, want)
			}
		}
	})
}

func FuzzElements(f *testing.F) {
	for _, seed := range []string{`[]`, ` [ 1 , "a" , { "]" : [ ] } ] `, `[1`, `{}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := rawjson.Elements(data)
		var want []json.RawMessage
		if json.Unmarshal(data, &want) != nil || want == nil {
			if err == nil {
				t.Fatalf("Elements(%q) accepted what is not an array", data)
			}
			return
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("Elements(%q) = %v, mismatch (-want +got):\n%s", data, err, diff)
		}
		if !json.Valid(rawjson.Array(got)) {
			t.Fatalf("Array(Elements(%q)) is not JSON", data)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	var in bytes.Buffer
	in.WriteString(`{"id":"1"`)
	for i := range 150 {
		fmt.Fprintf(&in, `,"customfield_%d":{"self":"https://x/%d","value":"some text","list":[1,2,3]}`, 10000+i, i)
	}
	in.WriteString(`}`)
	b.SetBytes(int64(in.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rawjson.Parse(in.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleParse() {
	record, err := rawjson.Parse([]byte(`{"id":"10001","fields":{"points":3.0,"severity":null}}`))
	if err != nil {
		panic(err)
	}
	raw, _ := record.Get("fields")
	fields, err := rawjson.Parse(raw)
	if err != nil {
		panic(err)
	}
	fields.Set("severity", json.RawMessage(`{"value":"High"}`))
	record.Set("fields", fields.Bytes())
	fmt.Printf("%s\n", record.Bytes())
	// Output: {"id":"10001","fields":{"points":3.0,"severity":{"value":"High"}}}
}
