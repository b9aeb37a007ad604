package adf_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	gmhtml "github.com/yuin/goldmark/renderer/html"

	"github.com/jirasync/jirasync/adf"
	"github.com/jirasync/jirasync/internal/jiralike"
)

// TestRoundTrip has goldmark read Markdown back: each character must be there,
// in its blocks, with its marks. What should be there is read from the document
// by jiralike.Shown, which knows nothing of Markdown's syntax.
func TestRoundTrip(t *testing.T) {
	const documents = 1000
	for _, kind := range []struct {
		name   string
		stress bool
	}{{"like Jira's", false}, {"stress", true}} {
		t.Run(kind.name, func(t *testing.T) {
			good := 0
			for seed := range uint64(documents) {
				if checkRoundTrip(t, jiralike.Document(seed, 2, kind.stress)) {
					good++
				} else if seed >= uint64(good)+3 {
					break
				}
			}
			t.Logf("%d of %d documents come back the same", good, documents)
		})
	}
}

func checkRoundTrip(t *testing.T, data []byte) bool {
	t.Helper()
	text, err := adf.Markdown(data)
	require.NoError(t, err)
	var back bytes.Buffer
	require.NoError(t, parser.Convert([]byte(text), &back))
	want, err := jiralike.Shown(data)
	require.NoError(t, err)
	if diff := cmp.Diff(want, jiralike.ReadHTML(back.String())); diff != "" {
		t.Errorf("mismatch (-document +read back):\n%s\n%s\n--\n%s", diff, text, data)
		return false
	}
	return true
}

var parser = goldmark.New(
	goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList),
	goldmark.WithRendererOptions(gmhtml.WithUnsafe()))
