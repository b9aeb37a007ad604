package jiratest

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
)

// FuzzEncode compares the simulator's writer of JSON with encoding/json.
func FuzzEncode(f *testing.F) {
	for _, seed := range []string{
		`{"b":1,"a":[true,null,"x"],"":{}}`, `"\u2028\u2029\u0000\u001f\"\\<>&é\ud800"`, `[1.5,1e30,-0,1e-9]`, `"\b\f\n\r\t/"`, `[]`, `{}`,
	} {
		f.Add([]byte(seed), "k\xff")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		var v any
		if json.Unmarshal(data, &v) != nil {
			v = nil
		}
		for _, v := range []any{v, text, object{text: v, "list": []any{v, text, &text, []string{text}}, "n": []any{1, int64(math.MinInt64), true, (*string)(nil)}}} {
			var want bytes.Buffer
			e := json.NewEncoder(&want)
			e.SetEscapeHTML(false)
			if err := e.Encode(v); err != nil {
				t.Fatal(err)
			}
			if got := encode(v); !bytes.Equal(got, bytes.TrimSuffix(want.Bytes(), []byte("\n"))) {
				t.Errorf("encode(%#v) = %s, want %s", v, got, want.Bytes())
			}
		}
	})
}

func TestEncodeOtherValues(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		map[string]string{"b": "<", "a": "&"}, json.RawMessage(" [1, 2] "), 1.5, []int{1}, []any(nil), object(nil), []string(nil), []string{}, uint8(3),
	} {
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		if got := encode(v); string(got)+"\n" != want.String() {
			t.Errorf("encode(%#v) = %s, want %s", v, got, want.Bytes())
		}
	}
	if got := encode(object{"x": math.NaN()}); string(got) != `{"x":null}` {
		t.Errorf("encode of what JSON cannot hold = %s, want null in its place", got)
	}
}
