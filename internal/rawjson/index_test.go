package rawjson_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/rawjson"
)

func TestIndex(t *testing.T) {
	var x rawjson.Index
	require.NoError(t, x.Reset([]byte(` {"a":{"b":[1,"x",{"c":null}]}, "d" : -1.5e3 ,"a":{"b":[]} ,"\u0064":true} `)))
	root := x.Root()
	require.Equal(t, byte('{'), root.Kind())
	require.Equal(t, 4, root.Len())
	require.Equal(t, `{"b":[]}`, string(root.Get("a").Raw()), "of equal names the last counts")
	require.Equal(t, `true`, string(root.Get("d").Raw()), "a name is decoded")
	require.Equal(t, 0, root.Get("a").Get("b").Len())
	require.Nil(t, root.Get("none").Get("none").Raw())
	require.Equal(t, byte(0), root.Get("d").Get("none").Kind())
	var names []string
	for name := range root.Members() {
		names = append(names, string(name))
	}
	require.Equal(t, []string{"a", "d"}, names)
	require.ErrorIs(t, x.Reset([]byte(`{}{}`)), rawjson.ErrSyntax)
	require.Equal(t, rawjson.Value{}, x.Root())
	require.Equal(t, rawjson.Value{}, new(rawjson.Index).Root())
}

// A large object is searched by hash.
func TestIndexManyMembers(t *testing.T) {
	var b strings.Builder
	for n := range 1000 {
		fmt.Fprintf(&b, `,"name%d":%d,"twice":%d`, n, n, n)
	}
	var x rawjson.Index
	require.NoError(t, x.Reset([]byte("{"+b.String()[1:]+"}")))
	for n := range 1000 {
		require.Equal(t, fmt.Sprint(n), string(x.Root().Get(fmt.Sprint("name", n)).Raw()))
	}
	require.Equal(t, "999", string(x.Root().Get("twice").Raw()))
	require.Nil(t, x.Root().Get("name1000").Raw())
	members := 0
	for range x.Root().Members() {
		members++
	}
	require.Equal(t, 1001, members)
}

func TestIndexDepth(t *testing.T) {
	var x rawjson.Index
	for _, depth := range []int{9999, 10000, 10001} {
		for _, document := range []string{
			strings.Repeat("[", depth) + strings.Repeat("]", depth),
			strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth),
		} {
			require.Equal(t, json.Valid([]byte(document)), x.Reset([]byte(document)) == nil, depth)
		}
	}
}

// The index of a hostile document does not take many times its memory.
func TestIndexTooMany(t *testing.T) {
	if testing.Short() {
		t.Skip("millions of values")
	}
	document := []byte("[" + strings.Repeat("0,", 9<<20) + "0]")
	var x rawjson.Index
	require.ErrorIs(t, x.Reset(document), rawjson.ErrTooMany)
	require.Equal(t, rawjson.Value{}, x.Root())
	require.Less(t, x.Size(), 1<<20)
	require.NoError(t, x.ResetTop([]byte(`{"a":`+string(document)+`}`), 1), "nothing of it is indexed")
	require.NoError(t, x.Reset([]byte(`[1]`)))

	rich := `{"type":"doc","content":` + string(document) + `}`
	require.NoError(t, x.Reset([]byte(`{"a":`+rich+`}`)))
	value := x.Root().Get("a").Read()
	require.Equal(t, byte('{'), value.Kind(), "it is not read, but it is there")
	require.True(t, rich == string(value.Raw()))
	require.Equal(t, rawjson.Value{}, value.Get("type"))
}

// Of rich text nothing is indexed until somebody asks.
func TestIndexRichText(t *testing.T) {
	const record = `{"a":{"type":"doc","version":1,"content":[{"type":"paragraph"}]},"b":[{"version":1,"type":"doc"},1]}`
	var x rawjson.Index
	require.NoError(t, x.Reset([]byte(record)))
	size := x.Size()
	agree(t, x.Root(), []byte(record))
	require.Equal(t, `[{"type":"paragraph"}]`, string(x.Root().Get("a").Get("content").Raw()))
	require.Equal(t, 2, x.Root().Get("b").Len())
	long := strings.Replace(record, `{"type":"paragraph"}`, strings.Repeat(`{"type":"paragraph"},`, 10000)+`{}`, 1)
	require.NoError(t, x.Reset([]byte(long)))
	require.Equal(t, size, x.Size())
	require.Equal(t, 10001, x.Root().Get("a").Get("content").Len())
	require.ErrorIs(t, x.Reset([]byte(`{"a":{"type":"doc","version":01}}`)), rawjson.ErrSyntax)
}

func TestIndexResetTop(t *testing.T) {
	var x rawjson.Index
	require.NoError(t, x.ResetTop([]byte(`{"a":{"b":{"c":{"d":1}},"e":[2]},"f":3}`), 2))
	require.Equal(t, `{"c":{"d":1}}`, string(x.Root().Get("a").Get("b").Raw()))
	require.Nil(t, x.Root().Get("a").Get("b").Get("c").Raw())
	require.Equal(t, 0, x.Root().Get("a").Get("e").Len())
	require.Equal(t, `3`, string(x.Root().Get("f").Raw()))
	require.ErrorIs(t, x.ResetTop([]byte(`{"a":{"b":{"c":{"d":nil}}}}`), 2), rawjson.ErrSyntax)
}

// An Index accepts what encoding/json accepts, and finds in it what the careful
// way finds, level by level.
func FuzzIndexAgrees(f *testing.F) {
	large := `{"self":"` + strings.Repeat("x", 200) + `","a":{"n":1,"n":2}}`
	for _, seed := range []string{
		`{"id":"1","key":"A-1","fields":{"summary":"\u0041\ud83d\ude00\n","n":[-0,1.5E+3,0.1e-7,true,false,null]}}`,
		" [ ] ", `"a`, `{"a":1,}`, `[1,]`, `01`, `-`, `1.`, `1e`, `"\u12g4"`, "\"\x1f\"", "\"\x7f\xff\"", `nul`, `{"a" 1}`, `{1:2}`, `[`, `{"a":`, ``, `"\`, `1 2`,
		`{"a":{"type":"doc","version":1,"content":[{"type":"text"},{"version":1,"type":"doc","a":1,"a":2}]},"b":{"version":1,"type":"doc"` + "\n" + `,"c":[]}}`,
		`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11,"l":12,"m":13,"a":14,"\u0062":15,"":16}`,
		`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11,"l":12,"m":13}`,
		`{"m":1,"b" :2,"c": 3,"\u0064":4,"e":null ,"f":null,"g":nulL,"h":8,"i":9,"j":10,"k":11,"l":12,"a":13,"a":14}`,
		`{"a":` + large + `,"b":[` + large + `,` + large + `],"c":` + strings.Replace(large, "}}", "} }", 1) + `}`,
	} {
		f.Add([]byte(seed))
	}
	before := []byte(`{"id":"1","fields":{"summary":null,"n":[{"a":{}}]},"a":1,"c":3,"d":4,"b":2,"e":{"f":null},"":6}`)
	f.Fuzz(func(t *testing.T, data []byte) {
		var x, top, learned rawjson.Index
		require.NoError(t, learned.Reset(before))
		err := x.Reset(data)
		if valid := json.Valid(data); valid != (err == nil) {
			t.Fatalf("Reset(%q) = %v, json.Valid says %t", data, err, valid)
		}
		for range 2 {
			if again := learned.Reset(data); again != err {
				t.Fatalf("Reset(%q) = %v, and %v when others were read before", data, err, again)
			}
		}
		if topErr := top.ResetTop(data, 2); topErr != err {
			t.Fatalf("ResetTop(%q) = %v, Reset %v", data, topErr, err)
		}
		if err != nil {
			return
		}
		agree(t, x.Root(), data)
		agree(t, learned.Root(), data)
		if got, want := fmt.Sprintf("%q", topOf(top.Root())), fmt.Sprintf("%q", topOf(x.Root())); got != want {
			t.Errorf("ResetTop(%q) finds %s, Reset %s", data, got, want)
		}
	})
}

// agree compares a value with its JSON, which is valid.
func agree(t *testing.T, v rawjson.Value, raw []byte) {
	t.Helper()
	raw = []byte(strings.Trim(string(raw), " \t\r\n"))
	if string(v.Raw()) != string(raw) || v.Kind() != raw[0] {
		t.Fatalf("Raw() = %q (%q), want %q", v.Raw(), v.Kind(), raw)
	}
	object, err := rawjson.ParsePart(raw)
	if err == nil {
		var names []string
		for name, member := range v.Members() {
			names = append(names, string(name))
			want, _ := object.Get(string(name))
			agree(t, member, want)
			agree(t, v.Get(string(name)), want)
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(object.Names())), slices.Sorted(slices.Values(names))); diff != "" {
			t.Fatalf("members of %q (-want +got):\n%s", raw, diff)
		}
	}
	elements, err := rawjson.PartElements(raw)
	n := 0
	for element := range v.Elements() {
		require.Less(t, n, len(elements))
		agree(t, element, elements[n])
		n++
	}
	if err == nil && (n != len(elements) || v.Len() != n) {
		t.Fatalf("%q has %d elements, found %d of %d", raw, len(elements), n, v.Len())
	}
}

// topOf lists the members of a value and theirs.
func topOf(v rawjson.Value) (all []string) {
	for name, member := range v.Members() {
		all = append(all, string(name), string(member.Raw()))
		for inner, value := range member.Members() {
			all = append(all, string(inner), string(value.Raw()))
		}
	}
	return all
}

// BenchmarkIndex is the pass over a document in which everything is found,
// beside the one of encoding/json in which nothing is.
func BenchmarkIndex(b *testing.B) {
	person := `{"self":"https://acme.example/rest/api/3/user?accountId=5b10:1","accountId":"5b10:1","emailAddress":"one@example.com","displayName":"Person One","active":true,"timeZone":"Europe/Prague"}`
	comment := `{"id":"10001","author":` + person + `,"body":{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"` + strings.Repeat("What was tried and what came of it. ", 8) + `"}]}]},"created":"2026-01-15T10:00:00.000+0000","jsdPublic":true}`
	data := []byte(`{"key":"A-1","fields":{` + strings.Repeat(`"customfield_12345":null,`, 150) + `"comment":{"total":20,"comments":[` + strings.Repeat(comment+",", 19) + comment + `]}}}`)
	for name, pass := range map[string]func(*rawjson.Index) bool{
		"Reset":      func(x *rawjson.Index) bool { return x.Reset(data) == nil },
		"ResetTop":   func(x *rawjson.Index) bool { return x.ResetTop(data, 2) == nil },
		"json.Valid": func(*rawjson.Index) bool { return json.Valid(data) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			var x rawjson.Index
			for b.Loop() {
				if !pass(&x) {
					b.Fatal("not valid")
				}
			}
		})
	}
}

// What an Index has learned of one document does not change what it finds in
// the next.
func TestIndexLearns(t *testing.T) {
	members := func(from, to int, odd string) string {
		var b strings.Builder
		for n := from; n < to; n++ {
			fmt.Fprintf(&b, `,"name%d":{"value":%d,"more":[{"n":%d}]}`, n, n, n)
		}
		return `{"fields":{` + b.String()[1:] + odd + `}}`
	}
	var x rawjson.Index
	for _, document := range []string{
		members(0, 40, ""),
		members(20, 60, ""),               // some are missing, some are new
		members(0, 60, `,"name7":1`),      // one comes twice
		members(0, 60, `,"name\u0037":1`), // and so does this
		members(30, 40, ""),               // few
		members(0, 60, `,"`+strings.Repeat("long", 20)+`":1`),
		strings.ReplaceAll(members(0, 60, ""), ":", " :\t"),
		strings.ReplaceAll(members(0, 60, ""), `"value"`, `"other"`),
		members(59, 60, "") + " ",
		`[` + members(0, 20, "") + `,` + members(10, 30, "") + `]`,
		members(0, 60, ""),
	} {
		require.NoError(t, x.Reset([]byte(document)))
		agree(t, x.Root(), []byte(document))
		require.Error(t, x.Reset([]byte(document[:len(document)-2])))
	}
}

// Names that are never the same are forgotten, and what is usual learned again.
func TestIndexForgets(t *testing.T) {
	var x rawjson.Index
	usual := []byte(`{"fields":{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11,"l":12,"m":13,"n":14}}`)
	before := heap()
	for n := range 200 {
		var b strings.Builder
		for m := range 1000 {
			fmt.Fprintf(&b, `,"%d":{"value":%d}`, 1000*n+m, m)
		}
		document := []byte(`{"fields":{"a":1` + b.String() + `}}`)
		require.NoError(t, x.Reset(document))
		require.Equal(t, "999", string(x.Root().Get("fields").Get(fmt.Sprint(1000*n+999)).Get("value").Raw()))
		if n%50 == 0 {
			agree(t, x.Root(), document)
		}
	}
	require.Less(t, heap()-before, 8<<20, "what 400,000 members would take is five times as much")
	for range 2 {
		require.NoError(t, x.Reset(usual))
	}
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = x.Reset(usual) }), "it is known")
	require.Equal(t, "14", string(x.Root().Get("fields").Get("n").Raw()))
}

// heap returns the bytes that are in use.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// An object that came before is found again, and only the same one.
func TestIndexRepeats(t *testing.T) {
	person := `{"self":"https://acme.example/rest/api/3/user?accountId=5b10:1","accountId":"5b10:1","avatarUrls":{"48x48":"` + strings.Repeat("x", 200) + `","24x24":null},"displayName":"Person One","active":true}`
	other := strings.Replace(person, "One", "Two", 1) // the same from its beginning to the name
	record := `{"a":` + person + `,"b":{"a":` + person + `},"c":[` + person + `,` + other + `,` + person + `,` + other + `,` + person[:len(person)-1] + `,"d":1}]}`
	var x rawjson.Index
	for range 2 {
		require.NoError(t, x.Reset([]byte(record)))
		agree(t, x.Root(), []byte(record))
		size := x.Size()
		many := `[` + strings.Repeat(person+`,`, 1000) + `1]`
		require.NoError(t, x.Reset([]byte(many)))
		require.Equal(t, 1001, x.Root().Len())
		require.Less(t, x.Size(), size+64<<10, "a person takes one value")
		require.ErrorIs(t, x.Reset([]byte(many[:len(many)-3]+`}]`)), rawjson.ErrSyntax)
	}
	// Repeated at the depth where it nests too deep.
	deep := `{"a":"` + strings.Repeat("x", 200) + `","b":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`
	for _, depth := range []int{8998, 8999, 9000} {
		document := []byte(`[` + deep + `,` + deep + `,` + strings.Repeat("[", depth-1) + deep + strings.Repeat("]", depth-1) + `]`)
		require.Equal(t, json.Valid(document), x.Reset(document) == nil, depth)
	}
}
