package adf_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/jirasync/jirasync/adf"
	"github.com/jirasync/jirasync/internal/golden"
)

// TestValidate compares the problems of NAME.json with NAME.txt, and with
// NAME.stage0.txt, for each name in an archive.
func TestValidate(t *testing.T) {
	golden.Run(t, "testdata/validate/*.txtar", func(t *testing.T, c *golden.Case) {
		for _, file := range c.Names() {
			name, ok := strings.CutSuffix(file, ".json")
			if !ok {
				continue
			}
			released, err := adf.Validate(c.Input(file))
			require.NoError(t, err)
			c.Want(name+".txt", lines(released))
			stage0, err := adf.ValidateOptions{Stage0: true}.Validate(c.Input(file))
			require.NoError(t, err)
			if lines(stage0) != lines(released) {
				c.Want(name+".stage0.txt", lines(stage0))
			}
		}
	})
}

// TestValidateCases holds the cases of TestValidate to the schema.
func TestValidateCases(t *testing.T) {
	for _, e := range editions(t) {
		for _, data := range validateCases(t) {
			if !hugeExponent.Match(data) { // which the library computes
				e.agree(t, data)
			}
		}
	}
}

var hugeExponent = regexp.MustCompile(`[eE][+-]?[0-9]{4}`)

func validateCases(t testing.TB) (list [][]byte) {
	t.Helper()
	paths, err := filepath.Glob("testdata/validate/*.txtar")
	require.NoError(t, err)
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		require.NoError(t, err)
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, ".json") {
				list = append(list, file.Data)
			}
		}
	}
	return list
}

func lines(problems []adf.Problem) string {
	if len(problems) == 0 {
		return "valid\n"
	}
	var b strings.Builder
	for _, p := range problems {
		b.WriteString(p.String() + "\n")
	}
	return b.String()
}

func TestValidateSyntax(t *testing.T) {
	for _, data := range []string{"", " ", "{", `{"type":"doc"`, `{}{}`, `{"type":"doc","version":1,"content":[]},`, "nul",
		`{"content":[{"attrs":{"level":1`, `{"attrs":{"a":1,"type":"heading"}`, `{"marks":[{"type":"link","attrs":{"href":"`,
		`{"type":"doc","version":1-}`, strings.Repeat("[", 10_001)} {
		problems, err := adf.Validate([]byte(data))
		var syntax *adf.SyntaxError
		if !errors.As(err, &syntax) || problems != nil {
			t.Errorf("Validate(%.40q) = %v, %v; want a SyntaxError", data, problems, err)
		}
		if _, parseErr := adf.Parse([]byte(data)); parseErr == nil || err != nil && err.Error() != parseErr.Error() {
			t.Errorf("Validate(%.40q): %v; Parse says %v", data, err, parseErr)
		}
	}
}

func TestValidateNil(t *testing.T) {
	problems, err := adf.Validate(nil)
	require.NoError(t, err)
	require.Equal(t, `not-a-doc, want an object of type doc`+"\n", lines(problems))
}

// TestValidateLinear doubles documents: what Validate allocates, which goes
// with what it does, may not grow by much more.
func TestValidateLinear(t *testing.T) {
	wrong := []shape{
		{"panels without a type", func(n int) string { return document(nestOf(`{"type":"panel","x":1,"content":[`, min(n/40, 4900))) }},
		{"type after content", func(n int) string {
			n = min(n/40, 4900)
			return document(strings.Repeat(`{"content":[`, n) + `{"type":"rule"}` + strings.Repeat(`],"type":"panel"}`, n))
		}},
		{"content twice", func(n int) string {
			n = min(n/60, 4900)
			return document(strings.Repeat(`{"content":[5],"type":"panel","content":[`, n) + strings.Repeat(`]}`, n))
		}},
		{"nothing", func(n int) string { return document(strings.Repeat(`0,`, n/2) + `0`) }},
		{"empty nodes", func(n int) string { return document(strings.Repeat(`{},`, n/3) + `{}`) }},
		{"extra attrs", func(n int) string {
			return document(`{"type":"rule","attrs":{` + strings.Repeat(`"x":1,`, n/6) + `"y":1}}`)
		}},
		{"bad marks", func(n int) string {
			return document(`{"type":"paragraph","marks":[` + strings.Repeat(`{"type":"x"},`, n/13) + `5]}`)
		}},
		{"many alternatives", func(n int) string {
			return document(`{"type":"blockCard","attrs":{"datasource":{"views":[` + strings.Repeat(`5,`, n/2) + `5]}}}`)
		}},
		{"long number", func(n int) string {
			return document(`{"type":"heading","attrs":{"level":1` + strings.Repeat("0", n) + `}}`)
		}},
	}
	for _, shape := range append(wrong, shapes...) {
		t.Run(shape.name, func(t *testing.T) {
			const size = 60_000
			once, twice := memoryOf(t, shape.make(size)), memoryOf(t, shape.make(2*size))
			if twice > 3*once+1<<16 {
				t.Errorf("allocated %d bytes, and %d for twice the document", once, twice)
			}
		})
	}
}

func document(content string) string { return `{"type":"doc","version":1,"content":[` + content + `]}` }

func memoryOf(t *testing.T, data string) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := adf.Validate([]byte(data))
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	return after.TotalAlloc - before.TotalAlloc
}

// FuzzValidate holds Validate to Parse, and to the schema where it is there.
func FuzzValidate(f *testing.F) {
	addSeeds(f)
	var judges []*edition
	if _, err := os.Stat(schemaDir); err == nil {
		judges = readEditions(f)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		problems, err := adf.Validate(data)
		_, parseErr := adf.Parse(data)
		if (err == nil) != (parseErr == nil) {
			t.Fatalf("Validate: %v; Parse: %v", err, parseErr)
		}
		for _, p := range problems {
			if p.Code == "" {
				t.Errorf("a problem without a code: %+v", p)
			}
		}
		// The library takes its time over nested lists.
		if err != nil || len(data) > 300 || hugeExponent.Match(data) || !json.Valid(data) {
			return
		}
		for _, e := range judges {
			e.agree(t, data)
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	parts := strings.TrimSuffix(strings.TrimPrefix(comment, `{"type":"doc","version":1,"content":[`), `]}`)
	large := document(strings.Repeat(parts+",", 500) + parts)
	for _, document := range []struct{ name, data string }{
		{"small", comment},
		{"large", large},
		{"sorted", sorted(b, large)},
		{"invalid", strings.ReplaceAll(large, `"accessLevel"`, `"access"`)},
	} {
		b.Run(document.name, func(b *testing.B) {
			data := []byte(document.data)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := adf.Validate(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// sorted returns a document with its members in alphabetical order, so that
// the type comes after the content.
func sorted(t testing.TB, data string) string {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(data), &value))
	again, err := json.Marshal(value)
	require.NoError(t, err)
	return string(again)
}

// The names in a path are the document's, and may hold anything.
func TestProblemIsOneLine(t *testing.T) {
	problems, err := adf.Validate([]byte(`{"type":"doc","version":1,"content":[{"type":"rule","attrs":{"a\n\u001b[2J\u2028 <&é":1}}]}`))
	require.NoError(t, err)
	require.Len(t, problems, 1)
	p := problems[0]
	require.Equal(t, "/content/0/attrs/a\n\x1b[2J\u2028 <&é", p.Path())
	require.Equal(t, `"/content/0/attrs/a\n\x1b[2J\u2028 <&é": extra-attr "a\n\x1b[2J\u2028 <&é"`, p.String())

	data, err := json.Marshal(p)
	require.NoError(t, err)
	var got map[string]string
	require.NoError(t, json.Unmarshal(data, &got))
	require.Equal(t, map[string]string{"path": p.Path(), "code": "extra-attr", "name": p.Name, "want": ""}, got)
}
