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

// TestParts: what Parse has accepted is read the same without a second check.
func TestParts(t *testing.T) {
	for _, doc := range []string{`{}`, ` {"a" : [1, {"b":null}, "x\"]"] , "c":{} } `, `{"a":"s","n":-1.5e3,"t":true}`} {
		o, err := rawjson.Parse([]byte(doc))
		require.NoError(t, err)
		for _, name := range o.Names() {
			part, _ := o.Get(name)
			want, wantErr := rawjson.Parse(part)
			got, err := rawjson.ParsePart(part)
			require.Equal(t, wantErr, err)
			require.Equal(t, want.Bytes(), got.Bytes())
			wantList, wantErr := rawjson.Elements(part)
			list, err := rawjson.PartElements(part)
			require.Equal(t, wantErr, err)
			require.Equal(t, wantList, list)
		}
	}
}

func TestChildren(t *testing.T) {
	t.Parallel()
	o, err := rawjson.Parse([]byte(`{"o": {"a": 1 } ,"l":[ {"a":1.0} , {}],"mixed":[{},1],"null":null,"text":"{}"}`))
	require.NoError(t, err)
	child, err := o.Object("o")
	require.NoError(t, err)
	require.Equal(t, `{"a": 1 }`, string(child.Source()))
	child.Set("a", json.RawMessage(`2`))
	require.Equal(t, `{"a":2}`, string(child.Bytes()))
	require.Equal(t, `{"a": 1 }`, string(child.Source()))
	list, err := o.Objects("l")
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, `{"a":1.0}`, string(list[0].Source()))
	for _, name := range []string{"l", "null", "text", "absent"} {
		if _, err := o.Object(name); !errors.Is(err, rawjson.ErrNotObject) {
			t.Errorf("Object(%q) = %v", name, err)
		}
	}
	for name, want := range map[string]error{"mixed": rawjson.ErrNotObject, "null": rawjson.ErrNotArray, "o": rawjson.ErrNotArray, "absent": rawjson.ErrNotArray} {
		if _, err := o.Objects(name); !errors.Is(err, want) {
			t.Errorf("Objects(%q) = %v, want %v", name, err, want)
		}
	}
	// What somebody set was never checked.
	for _, bad := range []string{`{"a"`, `[{`, `{]`, `"`} {
		o.Set("bad", json.RawMessage(bad))
		_, e1 := o.Object("bad")
		_, e2 := o.Objects("bad")
		if !errors.Is(e1, rawjson.ErrSyntax) || !errors.Is(e2, rawjson.ErrSyntax) {
			t.Errorf("children of %s: %v, %v", bad, e1, e2)
		}
	}
}

// Few members are searched, many are indexed: the same results.
func TestManyMembers(t *testing.T) {
	t.Parallel()
	var o rawjson.Object
	for i := range 40 {
		o.Set(fmt.Sprint(i), json.RawMessage(fmt.Sprint(i)))
	}
	for i := 1; i < 40; i += 2 {
		o.Delete(fmt.Sprint(i))
	}
	o.Set("1", json.RawMessage(`"again"`))
	o.Set("2", json.RawMessage(`"two"`))
	require.Equal(t, 21, o.Len())
	for i := range 40 {
		value, ok := o.Get(fmt.Sprint(i))
		want := map[int]string{1: `"again"`, 2: `"two"`}[i]
		if want == "" && i%2 == 0 {
			want = fmt.Sprint(i)
		}
		if ok != (want != "") || string(value) != want {
			t.Errorf("Get(%d) = %s, %v, want %s", i, value, ok, want)
		}
	}
	require.Equal(t, "1", o.Names()[20])
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
			_, e1 := o.Object(name)
			_, e2 := rawjson.Parse(value)
			if (e1 == nil) != (e2 == nil) {
				t.Fatalf("%q: Object(%q) = %v, Parse says %v", data, name, e1, e2)
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
	fields, err := record.Object("fields")
	if err != nil {
		panic(err)
	}
	fields.Set("severity", json.RawMessage(`{"value":"High"}`))
	record.Set("fields", fields.Bytes())
	fmt.Printf("%s\n", record.Bytes())
	// Output: {"id":"10001","fields":{"points":3.0,"severity":{"value":"High"}}}
}
