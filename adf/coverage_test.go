package adf_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/jirasync/jirasync/adf"
)

// TestSchemaIsCovered fails if testdata has no case for a type of node or mark
// of the schema, or for an attribute of one, so that what a new edition adds
// gets a case.
func TestSchemaIsCovered(t *testing.T) {
	covered := coveredTypes(t)
	for _, names := range [][]string{adf.SchemaNodes(true), adf.SchemaMarks(), adf.SchemaAttrs()} {
		require.NotEmpty(t, names)
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if !covered[name] {
				t.Errorf("no case of testdata has %s", name)
			}
		}
	}
}

// coveredTypes returns the types and attributes, as "panel.panelType", in the
// documents of testdata.
func coveredTypes(t *testing.T) map[string]bool {
	covered := map[string]bool{}
	add := func(typ string, attrs adf.Attrs) {
		covered[typ] = true
		var names map[string]json.RawMessage
		if attrs != "" {
			require.NoError(t, json.Unmarshal([]byte(attrs), &names))
		}
		for name := range names {
			covered[typ+"."+name] = true
		}
	}
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		require.NoError(t, err)
		for _, file := range archive.Files {
			if !strings.HasSuffix(file.Name, ".json") {
				continue
			}
			n, err := adf.Parse(file.Data)
			require.NoError(t, err, "%s: %s", path, file.Name)
			for _, n := range n.Walk() {
				add(n.Type, n.Attrs)
				for _, m := range n.Marks {
					add(m.Type, m.Attrs)
				}
			}
		}
	}
	return covered
}
