package adf_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/jirasync/jirasync/adf"
	"github.com/jirasync/jirasync/internal/jiralike"
)

// comment is a document of the usual size and kind.
const comment = `{"type":"doc","version":1,"content":[` +
	`{"type":"heading","attrs":{"level":3},"content":[{"type":"text","text":"Steps to reproduce"}]},` +
	`{"type":"paragraph","content":[{"type":"mention","attrs":{"id":"557058:0c1d","text":"@Ada Lovelace","accessLevel":""}},` +
	`{"type":"text","text":" the login page answers \"500 Internal Server Error\" since this morning,\nsee "},` +
	`{"type":"inlineCard","attrs":{"url":"https://example.atlassian.net/browse/OPS-1042"}},` +
	`{"type":"text","text":" and the "},{"type":"text","text":"runbook","marks":[{"type":"link","attrs":{"href":"https://example.com/runbook"}},{"type":"strong"}]},` +
	`{"type":"text","text":"."}]},` +
	`{"type":"orderedList","attrs":{"order":1},"content":[` +
	`{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"Open the caf\u00e9 page"}]}]},` +
	`{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"Press "},{"type":"text","text":"Log in","marks":[{"type":"code"}]}]}]}]},` +
	`{"type":"codeBlock","attrs":{"language":"go"},"content":[{"type":"text","text":"if err != nil {\n\treturn err\n}"}]},` +
	`{"type":"table","attrs":{"isNumberColumnEnabled":false,"layout":"default"},"content":[` +
	`{"type":"tableRow","content":[{"type":"tableHeader","attrs":{},"content":[{"type":"paragraph","content":[{"type":"text","text":"Host"}]}]},` +
	`{"type":"tableHeader","attrs":{},"content":[{"type":"paragraph","content":[{"type":"text","text":"Status"}]}]}]},` +
	`{"type":"tableRow","content":[{"type":"tableCell","attrs":{},"content":[{"type":"paragraph","content":[{"type":"text","text":"web-1"}]}]},` +
	`{"type":"tableCell","attrs":{"colspan":1},"content":[{"type":"paragraph","content":[{"type":"status","attrs":{"text":"down","color":"red"}}]}]}]}]}]}`

// BenchmarkJiraLike converts 10,000 documents an operation, dense ones such as
// break converters; allocations are of one document. The module internal/bench
// does the same with other converters.
func BenchmarkJiraLike(b *testing.B) {
	benchmarkCorpus(b, func(seed uint64) []byte { return jiralike.Document(seed, 0, false) })
}

// BenchmarkComments is BenchmarkJiraLike with documents as most comments are.
func BenchmarkComments(b *testing.B) {
	benchmarkCorpus(b, func(seed uint64) []byte { return jiralike.Comment(seed, 0) })
}

func benchmarkCorpus(b *testing.B, document func(seed uint64) []byte) {
	b.Helper()
	var documents [][]byte
	size := 0
	for seed := range uint64(10_000) {
		documents = append(documents, document(seed))
		size += len(documents[seed])
	}
	b.Logf("%d documents, %d bytes", len(documents), size)
	conversions := []struct {
		name    string
		convert func(data []byte) error
	}{
		{"PlainText", func(data []byte) error { _, err := adf.PlainText(data); return err }},
		{"Markdown", func(data []byte) error { _, err := adf.Markdown(data); return err }},
		{"Parse", func(data []byte) error { _, err := adf.Parse(data); return err }},
		{"encoding json", func(data []byte) error { var v any; return json.Unmarshal(data, &v) }},
		{"Parse and MarshalJSON", func(data []byte) error {
			n, err := adf.Parse(data)
			if err == nil {
				_, err = n.MarshalJSON()
			}
			return err
		}},
	}
	for _, conversion := range conversions {
		b.Run(conversion.name, func(b *testing.B) {
			b.SetBytes(int64(size))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				for _, data := range documents {
					if err := conversion.convert(data); err != nil {
						b.Fatal(err)
					}
				}
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(b.N*len(documents)), "allocs/document")
		})
	}
}

func BenchmarkPlainText(b *testing.B) { benchmark(b, adf.PlainText) }

func BenchmarkMarkdown(b *testing.B) { benchmark(b, adf.Markdown) }

func benchmark(b *testing.B, convert func([]byte) (string, error)) {
	b.Helper()
	parts := strings.TrimSuffix(strings.TrimPrefix(comment, `{"type":"doc","version":1,"content":[`), `]}`)
	documents := []struct{ name, data string }{
		{"small", comment},
		{"large", `{"type":"doc","version":1,"content":[` + strings.Repeat(parts+",", 500) + parts + `]}`},
	}
	for _, document := range documents {
		b.Run(document.name, func(b *testing.B) {
			data := []byte(document.data)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := convert(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
