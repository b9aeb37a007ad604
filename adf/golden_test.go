package adf_test

import (
	"strings"
	"testing"

	"github.com/jirasync/jirasync/adf"
	"github.com/jirasync/jirasync/internal/golden"
)

// TestMarkdown compares NAME.json with NAME.md for each name in an archive.
func TestMarkdown(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) {
		for _, file := range c.Names() {
			name, ok := strings.CutSuffix(file, ".json")
			if !ok {
				continue
			}
			got, err := adf.Markdown(c.Input(file))
			if err != nil {
				t.Errorf("Markdown(%s): %v", file, err)
			}
			c.Want(name+".md", got)
		}
	})
}

// TestPlainText compares NAME.json with NAME.txt for each name in an archive.
func TestPlainText(t *testing.T) {
	golden.Run(t, "testdata/*.txtar", func(t *testing.T, c *golden.Case) {
		for _, file := range c.Names() {
			name, ok := strings.CutSuffix(file, ".json")
			if !ok {
				continue
			}
			got, err := adf.PlainText(c.Input(file))
			if err != nil {
				t.Errorf("PlainText(%s): %v", file, err)
			}
			c.Want(name+".txt", got)
		}
	})
}
