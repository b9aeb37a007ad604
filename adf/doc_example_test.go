package adf_test

import (
	"go/ast"
	"go/doc"
	goparser "go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestExamples wants an example with checked output for every exported
// function and method.
func TestExamples(t *testing.T) {
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	fset := token.NewFileSet()
	var files []*ast.File
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasPrefix(entry.Name(), "schema_gen") {
			continue
		}
		file, err := goparser.ParseFile(fset, entry.Name(), nil, goparser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	p, err := doc.NewFromFiles(fset, files, "adf")
	require.NoError(t, err)
	require.NotEmpty(t, p.Funcs)
	check := func(name string, examples []*doc.Example) {
		checked := false
		for _, example := range examples {
			checked = checked || example.Output != ""
		}
		if !checked {
			t.Errorf("%s has no example with output", name)
		}
	}
	for _, f := range p.Funcs {
		check(f.Name, f.Examples)
	}
	for _, typ := range p.Types {
		for _, f := range append(typ.Funcs, typ.Methods...) {
			check(typ.Name+"."+f.Name, f.Examples)
		}
	}
}
