package adf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/adf"
)

func TestParse(t *testing.T) {
	got, err := adf.Parse([]byte(`{
		"version": 1, "type": "doc", "content": [
			{"type": "text", "text": "a\u0062\n", "marks": [
				{"type": "link", "attrs": {"href": "u", "x": 1.50}, "y": 2}, {"type": "strong"}]},
			"c", ["d", []],
			{"type": "new", "attrs": { "b":2, "a" : [1e0, "\u00e9"] }, "marks": [], "content": []}
		]}`))
	require.NoError(t, err)
	want := &adf.Node{Type: "doc", Content: []*adf.Node{
		{Type: "text", Text: "ab\n", Marks: []adf.Mark{
			{Type: "link", Attrs: `{"href": "u", "x": 1.50}`}, {Type: "strong"}}},
		{Type: "text", Text: "c"},
		{Type: "text", Text: "d"},
		{Type: "new", Attrs: `{ "b":2, "a" : [1e0, "\u00e9"] }`, Marks: []adf.Mark{}, Content: []*adf.Node{}},
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(adf.Node{})); diff != "" {
		t.Errorf("Parse mismatch (-want +got):\n%s", diff)
	}
}

func TestParseDoesNotKeepItsInput(t *testing.T) {
	data := []byte(`{"type": "doc", "content": [{"type": "mention", "attrs": {"text": "Ada"}}]}`)
	n, err := adf.Parse(data)
	require.NoError(t, err)
	clear(data)
	require.Equal(t, "@Ada", n.PlainText())
}

// PlainText reads data in place, and uses memory again.
func TestPlainTextDoesNotKeepItsInput(t *testing.T) {
	for _, want := range []string{"wiki", "@Ada", "a (https://e.co)", "x\ny"} {
		data := map[string]string{
			"wiki":             `"wiki"`,
			"@Ada":             `{"type":"mention","attrs":{"text":"@Ada"}}`,
			"a (https://e.co)": `["", {"type":"text","text":"a","marks":[{"type":"link","attrs":{"href":"https://e.co"}}]}]`,
			"x\ny":             `{"type":"codeBlock","content":["x\ny"]}`,
		}[want]
		buf := []byte(data)
		text, err := adf.PlainText(buf)
		require.NoError(t, err)
		clear(buf)
		_, err = adf.PlainText([]byte(`["other text"]`))
		require.NoError(t, err)
		require.Equal(t, want, text)
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name, data string
		offset     int
	}{
		{"empty", "", 0},
		{"space", " \n", 2},
		{"truncated word", "nul", 3},
		{"word", "nil", 0},
		{"truncated object", `{"type": "doc"`, 14},
		{"truncated list", `["a", `, 6},
		{"truncated string", `["a`, 3},
		{"truncated attrs", `{"attrs": {"a": [1`, 18},
		{"trailing garbage", `{"type": "doc"} x`, 16},
		{"two values", `{} {}`, 3},
		{"trailing NUL", "{}\x00", 2},
		{"trailing comma in list", `["a",]`, 5},
		{"trailing comma in object", `{"type": "doc",}`, 15},
		{"no colon", `{"type" "doc"}`, 8},
		{"name is no string", `{type: "doc"}`, 1},
		{"no comma", `["a" "b"]`, 5},
		{"mismatched", `["a"}`, 4},
		{"bad escape", `["a\x"]`, 3},
		{"bad unicode escape", `["\u12g4"]`, 2},
		{"control character", "[\"a\nb\"]", 3},
		{"leading zero", `[01]`, 2},
		{"plus", `[+1]`, 1},
		{"no digit after point", `[1.]`, 3},
		{"no digit in exponent", `[1e]`, 3},
		{"byte order mark", "\ufeff{}", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := adf.Parse([]byte(test.data))
			var syntax *adf.SyntaxError
			require.ErrorAs(t, err, &syntax)
			if syntax.Offset != test.offset {
				t.Errorf("Parse(%q) = %v, want offset %d", test.data, err, test.offset)
			}
			if text, err := adf.PlainText([]byte(test.data)); text != "" || err == nil {
				t.Errorf("PlainText(%q) = %q, %v, want an error", test.data, text, err)
			}
		})
	}
}

// TestTruncated: whatever is cut off, the error says so, and where.
func TestTruncated(t *testing.T) {
	const whole = `{"type": "doc", "attrs": {"a": -1.5e+7, "b": [true, false, null, "\u00e9"]}, "text": "a\n\u00e9\ud83d\ude00\\"}`
	for n := range len(whole) {
		_, err := adf.Parse([]byte(whole[:n]))
		want := &adf.SyntaxError{Offset: n, Reason: "unexpected end"}
		if diff := cmp.Diff(error(want), err); diff != "" {
			t.Errorf("Parse(%s) error mismatch (-want +got):\n%s", whole[:n], diff)
		}
	}
}

func TestSyntaxErrorHoldsNoContent(t *testing.T) {
	_, err := adf.Parse([]byte(`{"text": "private", private}`))
	require.Error(t, err)
	require.Equal(t, "adf: want a member name at byte 20", err.Error())
}

// An absent document is nil, as a json.RawMessage for an absent member is. It
// is no error, unlike a document of no bytes.
func TestAbsent(t *testing.T) {
	var issue struct{ Description json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(`{}`), &issue))
	text, err := adf.PlainText(issue.Description)
	require.NoError(t, err)
	require.Empty(t, text)
	var n *adf.Node
	require.Empty(t, n.PlainText())
}

// Wiki text of API version 2 keeps its line ends and the space around it.
func TestWikiTextIsReturnedAsItIs(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"space", `" h1. x \n\n"`, " h1. x \n\n"},
		{"line ends", `"a\r\nb\rc\n\n\n\nd"`, "a\r\nb\rc\n\n\n\nd"},
		{"not Unicode", "\"a\\u0000\\udc00\xffb\\r\"", "a\ufffd\ufffd\ufffdb\r"},
		{"empty", `""`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := adf.PlainText([]byte(test.data))
			require.NoError(t, err)
			if got != test.want {
				t.Errorf("PlainText(%s) = %q, want %q", test.data, got, test.want)
			}
		})
	}
}

func TestInvalidUTF8(t *testing.T) {
	got, err := adf.PlainText([]byte("[\"a\xffb\xc3\xa9\xe2\x82\", {\"type\":\"status\",\"attrs\":{\"text\":\"\xf0\\r\\nx\"}}]"))
	require.NoError(t, err)
	require.Equal(t, "a\ufffdb\u00e9\ufffd\ufffd [\ufffd x]", got)

	byHand := &adf.Node{Type: "text", Text: "a\xff\xfeb\x00"}
	require.Equal(t, "a\ufffd\ufffdb\ufffd", byHand.PlainText())
}

func TestParseDepth(t *testing.T) {
	tests := []struct{ name, open, middle, end string }{
		{"lists", "[", "", "]"},
		{"objects in attrs", `{"attrs":`, "{}", "}"},
		{"lists in attrs", `[`, "", "]"},
		{"unknown members", `{"x":`, "1", "}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			nest := func(n int) []byte {
				return []byte(strings.Repeat(test.open, n) + test.middle + strings.Repeat(test.end, n))
			}
			if _, err := adf.Parse(nest(8000)); err != nil {
				t.Errorf("8,000 deep: %v", err)
			}
			var syntax *adf.SyntaxError
			if _, err := adf.Parse(nest(1_000_000)); !errors.As(err, &syntax) {
				t.Errorf("1,000,000 deep: error %v, want a SyntaxError", err)
			}
			if _, err := adf.Parse([]byte(strings.Repeat(test.open, 1_000_000))); !errors.As(err, &syntax) {
				t.Errorf("1,000,000 open: error %v, want a SyntaxError", err)
			}
		})
	}
}

func TestAttrs(t *testing.T) {
	a := adf.Attrs(` {"s": "a\r\nb", "n": -1.5e1, "big": 1e999, "o": {"x": "y"}, "z": null, "s2": "1", "S2": "2", "s2": "3", "\u0065": "e"}`)
	text := func(name string) string { v, ok := a.Text(name); return map[bool]string{true: v, false: "absent"}[ok] }
	require.Equal(t, "a\nb", text("s"))
	require.Equal(t, "3", text("s2"))
	require.Equal(t, "e", text("e"))
	require.Equal(t, "absent", text("n"))
	require.Equal(t, "absent", text("z"))
	require.Equal(t, "absent", text("none"))
	require.Equal(t, "absent", text("x"))
	n, ok := a.Number("n")
	require.True(t, ok)
	require.Equal(t, -15.0, n)
	_, ok = a.Number("s2")
	require.False(t, ok)
	_, ok = a.Number("big")
	require.True(t, ok)
	require.Equal(t, adf.Attrs(`{"x": "y"}`), a.Object("o"))
	require.Empty(t, a.Object("s"))
}

// Attributes that no document can hold read as absent.
func TestAttrsThatAreNoObject(t *testing.T) {
	for _, a := range []adf.Attrs{"", "x", "[]", "null", `{"a"`, `{"a": "b"`, `{"a": "b", }`, `{"a": 1x}`, adf.Attrs(strings.Repeat(`{"a":`, 20000))} {
		text, ok := a.Text("a")
		if text != "" || ok {
			t.Errorf("Attrs(%.20q).Text = %q, %v", a, text, ok)
		}
		if _, ok := a.Number("a"); ok {
			t.Errorf("Attrs(%.20q).Number is there", a)
		}
	}
}

// FuzzParse compares what Parse takes for JSON with encoding/json.
func FuzzParse(f *testing.F) {
	addSeeds(f)
	for _, s := range []string{"", "-", "-0", "0.1e+9", "01", `"\u12"`, "\"\xff\"", `{"a":[{}, 1e5, true, false, null]}`, "[\x00]", "tru",
		`{"contents":["a"],"content":["b"]}`, `{"contentx:":["a"]}`, `{"content" :["a"]}`, `{"type":null,"text":"a"}`,
		`{"a":1{"content":["b"]}`, `{"a":1}"content":["b"]}`, `{"a":1,` + strings.Repeat("\x00", 20)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if data == nil {
			return
		}
		n, err := adf.Parse(data)
		if valid := json.Valid(data); valid != (err == nil) {
			t.Errorf("Parse(%q): %v, but json.Valid is %v", data, err, valid)
		}
		if err == nil && len(data) < 4096 { // the slow way is quadratic
			checkSame(t, n, slowly(data, "\x00wiki", "\x00list"))
		}
	})
}

// slowly reads a document as Parse does, with encoding/json.
func slowly(data json.RawMessage, wiki, list string) *adf.Node {
	n := &adf.Node{}
	switch data = bytes.TrimSpace(data); data[0] {
	case '"':
		n.Type, n.Text = wiki, slowText(data, wiki == "text")
	case '[':
		n.Type, n.Content = list, slowContent(data)
	case '{':
		var members map[string]json.RawMessage
		_ = json.Unmarshal(data, &members)
		n.Type, n.Text = slowText(members["type"], true), slowText(members["text"], true)
		n.Attrs, n.Content = slowAttrs(members["attrs"]), slowContent(members["content"])
		var marks []json.RawMessage
		if _ = json.Unmarshal(members["marks"], &marks); marks != nil {
			n.Marks = []adf.Mark{}
		}
		for _, mark := range marks {
			var members map[string]json.RawMessage
			if json.Unmarshal(mark, &members) == nil && members != nil {
				n.Marks = append(n.Marks, adf.Mark{Type: slowText(members["type"], true), Attrs: slowAttrs(members["attrs"])})
			}
		}
	}
	return n
}

func slowText(data json.RawMessage, lines bool) string {
	var text string
	_ = json.Unmarshal(data, &text)
	text = strings.ReplaceAll(text, "\x00", "\ufffd")
	if lines {
		text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	}
	return text
}

func slowAttrs(data json.RawMessage) adf.Attrs {
	if len(data) == 0 || data[0] != '{' {
		return ""
	}
	return adf.Attrs(data)
}

func slowContent(data json.RawMessage) []*adf.Node {
	var list []json.RawMessage
	if _ = json.Unmarshal(data, &list); list == nil {
		return nil
	}
	kids := []*adf.Node{}
	for _, element := range list {
		switch element[0] {
		case '"', '{':
			kids = append(kids, slowly(element, "text", ""))
		case '[':
			kids = append(kids, slowContent(element)...)
		}
	}
	return kids
}

func TestParseRandomDocuments(t *testing.T) {
	for seed := range uint64(300) {
		w := noise{generator: generator{Rand: rand.New(rand.NewPCG(seed, 3))}}
		w.value(w.node(5))
		n, err := adf.Parse(w.out.Bytes())
		require.NoError(t, err)
		checkSame(t, n, slowly(w.out.Bytes(), "\x00wiki", "\x00list"))
	}
}

// Strings of every length around the eight bytes that are scanned at a time,
// with what ends or escapes them in every place.
func TestParseStrings(t *testing.T) {
	for n := range 20 {
		for at := range n + 1 {
			for _, odd := range []string{"", "\u00e9", "\xff", `\n`, `\u00e9\ud83d\ude00`, "\x7f", "\xc3"} {
				data := `["` + strings.Repeat("a", at) + odd + strings.Repeat("b", n-at) + `","\u00e9é"]`
				got, err := adf.Parse([]byte(data))
				require.NoError(t, err)
				checkSame(t, got, slowly([]byte(data), "\x00wiki", "\x00list"))
			}
			for _, bad := range []string{"\x1f", "\x00", `\x`, `\`, "\n"} {
				data := `["` + strings.Repeat("a", at) + bad + strings.Repeat("b", n-at) + `"]`
				if _, err := adf.Parse([]byte(data)); json.Valid([]byte(data)) != (err == nil) {
					t.Errorf("Parse(%q): %v", data, err)
				}
			}
		}
	}
}

// Documents of many sizes, from several goroutines, share what memory there is.
func TestPlainTextInParallel(t *testing.T) {
	var documents, texts []string
	for seed := range uint64(60) {
		w := noise{generator: generator{Rand: rand.New(rand.NewPCG(seed, 4))}}
		w.value(w.node(int(seed%7) + 1))
		documents = append(documents, w.out.String())
		n, err := adf.Parse(w.out.Bytes())
		require.NoError(t, err)
		texts = append(texts, n.PlainText())
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for _, i := range rand.Perm(len(documents)) {
				if text, err := adf.PlainText([]byte(documents[i])); err != nil || text != texts[i] {
					t.Errorf("PlainText(%s) = %q, %v, alone %q", documents[i], text, err, texts[i])
				}
			}
		})
	}
	wait.Wait()
}
