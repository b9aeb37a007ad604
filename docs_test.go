package jirasync_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documents are the files that people read. What they claim is checked here;
// their SQL and their command lines run in internal/e2e.
func documents(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	texts := map[string]string{}
	for _, name := range append(names, "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md") {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		texts[name] = string(data)
	}
	return texts
}

// The README's two commands are those that CI runs, to the letter.
func TestReadmeCommands(t *testing.T) {
	ci, err := os.ReadFile(".ci/run")
	require.NoError(t, err)
	readme := documents(t)["README.md"]
	for _, command := range []string{"go run ./cmd/jira-sync demo", "go test ./..."} {
		line := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(command) + `$`)
		require.Regexp(t, line, readme)
		require.Regexp(t, line, string(ci))
	}
}

// Go code in the documents is quoted from programs that compile and are tested.
func TestDocumentedCode(t *testing.T) {
	sources, err := filepath.Glob("examples/*/*.go")
	require.NoError(t, err)
	var all strings.Builder
	for _, name := range sources {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		all.Write(data)
	}
	block := regexp.MustCompile("(?s)```go\n(.*?)```")
	for name, text := range documents(t) {
		for _, found := range block.FindAllStringSubmatch(text, -1) {
			require.Contains(t, all.String(), found[1], "%s quotes code that no example has", name)
		}
	}
}

// Relative links lead somewhere.
func TestDocumentedLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)]*)?\)`)
	for name, text := range documents(t) {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			_, err := os.Stat(filepath.Join(filepath.Dir(name), found[1]))
			require.NoError(t, err, "%s links to %s", name, found[1])
		}
	}
}

// Every lesson of the reference has a row, and every test named there exists.
func TestLessons(t *testing.T) {
	text := documents(t)["docs/decisions.md"]
	row := regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \| ([^|]+) \|$`)
	covered := map[int]bool{}
	for _, found := range row.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(found[1])
		require.NoError(t, err)
		require.False(t, covered[n], "lesson %d has two rows", n)
		covered[n] = true
		for _, name := range regexp.MustCompile("`([a-z0-9./-]+)\\.((?:Test|Fuzz|Example|Benchmark)\\w*)`").FindAllStringSubmatch(found[3], -1) {
			require.True(t, testFunctions(t, name[1])[name[2]], "lesson %d names %s.%s, which does not exist", n, name[1], name[2])
		}
	}
	for _, span := range [][2]int{{1, 42}, {129, 180}, {207, 218}} {
		for n := span[0]; n <= span[1]; n++ {
			require.True(t, covered[n], "lesson %d has no row", n)
		}
	}
}

// testFunctions names the functions in the test files of a package; "jirasync"
// is the root.
func testFunctions(t *testing.T, dir string) map[string]bool {
	t.Helper()
	if dir == "jirasync" {
		dir = "."
	}
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	require.NoError(t, err)
	functions := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				functions[f.Name.Name] = true
			}
		}
	}
	return functions
}
