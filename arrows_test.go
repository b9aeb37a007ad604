package jirasync_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const modulePath = "github.com/jirasync/jirasync"

// arrows is the whole import graph of the module: what each package may import
// beside the standard library. Own packages are named from the module's root.
// A missing package fails the test, and so does an arrow nobody uses: the table
// only ever says what is. An arrow up, or a module in a second place, is a
// decision for docs/decisions.md, not for this table alone.
var arrows = map[string][]string{
	// Leaves: usable alone, with nothing but the standard library behind them.
	"adf":               {},
	"internal/issuekey": {},
	"internal/rawjson":  {},
	"sla":               {"internal/rawjson"},
	"webhook":           {"internal/issuekey"},

	// The disk.
	"internal/atomicfile": {},
	"internal/filelock":   {"internal/atomicfile"},
	"internal/inbox":      {"internal/atomicfile", "internal/filelock", "webhook", "golang.org/x/sys"},
	"internal/rawstore":   {"internal/atomicfile", "internal/filelock", "internal/issuekey", "internal/rawjson", "sla"},

	// The two ends, each the only one to know its library.
	"jira":      {"internal/issuekey", "internal/rawjson", "github.com/andygrunwald/go-jira/v2", "golang.org/x/time"},
	"partition": {"internal/atomicfile", "internal/filelock", "github.com/parquet-go/parquet-go", "github.com/klauspost/compress"},
	"transform": {"adf", "internal/atomicfile", "internal/issuekey", "internal/rawjson", "partition", "sla"},

	// What composes them.
	".": {
		"internal/atomicfile", "internal/filelock", "internal/inbox", "internal/issuekey", "internal/rawstore",
		"jira", "partition", "transform", "webhook",
	},
	"cmd/jira-sync": {
		".", "adf", "internal/rawjson", "jira", "jira/jiratest", "partition", "transform",
		"github.com/joho/godotenv", "github.com/spf13/cobra", "github.com/spf13/pflag", "go.yaml.in/yaml/v3",
	},

	// Test support. The simulator goes into the command for its demo, and
	// otherwise only into tests, here and elsewhere.
	"internal/golden":   {"github.com/google/go-cmp", "golang.org/x/tools"},
	"internal/jiralike": {},
	"jira/jiratest":     {"webhook"},
}

// examplesMayImport binds every package below examples/: what a user can
// import, and no more.
var examplesMayImport = []string{".", "adf", "jira", "partition", "sla", "transform", "webhook", "golang.org/x/sync"}

// reserved are functions that only the named packages may call. "cmd/" stands
// for everything below it. An entry that is not needed fails the test.
var reserved = []struct {
	rule  string
	calls []string
	only  []string
}{
	{
		rule: "one package writes files: temporary, fsync, rename, fsync of the directory",
		calls: []string{
			"os.Create", "os.CreateTemp", "os.OpenFile", "os.Rename", "os.WriteFile", "os.CopyFS",
			"os.Mkdir", "os.MkdirAll", "os.MkdirTemp", "os.Remove", "os.RemoveAll",
			"os.Chmod", "os.Link", "os.Symlink", "os.Truncate",
			"(*os.Root).Create", "(*os.Root).OpenFile", "(*os.Root).Rename", "(*os.Root).WriteFile",
			"(*os.Root).Mkdir", "(*os.Root).MkdirAll", "(*os.Root).Remove", "(*os.Root).RemoveAll",
			"(*os.Root).Chmod", "(*os.Root).Link", "(*os.Root).Symlink",
		},
		only: []string{
			"internal/atomicfile",
			"internal/filelock", // lock files: made once, never renamed, never removed
			"internal/inbox",    // log segments are appended to
			"internal/golden",   // rewrites testdata with -update
			"cmd/",              // the demo's scratch directory
			"examples/",         // users cannot import ours
		},
	},
	{
		rule:  "libraries are configured by values",
		calls: []string{"os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv", "os.Setenv", "os.UserHomeDir"},
		only:  []string{"cmd/", "examples/"},
	},
	{
		rule:  "only a program has streams, arguments and an exit code",
		calls: []string{"os.Exit", "os.Stdin", "os.Stdout", "os.Stderr", "os.Args", "os/signal.NotifyContext", "os/signal.Notify"},
		only:  []string{"cmd/", "examples/"},
	},
	{
		rule:  "nobody registers on the shared mux",
		calls: []string{"net/http.Handle", "net/http.HandleFunc", "net/http.DefaultServeMux"},
	},
	{
		rule:  "the shared client has no timeout, no limit and no credentials policy",
		calls: []string{"net/http.DefaultClient", "net/http.Get", "net/http.Head", "net/http.Post", "net/http.PostForm"},
	},
	{
		rule: "a library is silent unless it is given a logger",
		calls: []string{
			"log.Print", "log.Printf", "log.Println", "log.Fatal", "log.Fatalf", "log.Panic",
			"log/slog.Default", "log/slog.Debug", "log/slog.Info", "log/slog.Warn", "log/slog.Error", "log/slog.SetDefault",
			"fmt.Print", "fmt.Printf", "fmt.Println",
		},
		only: []string{"examples/"},
	},
}

// goPackage is what go list says of one package.
type goPackage struct {
	ImportPath   string
	Name         string
	Dir          string
	Export       string
	GoFiles      []string
	Imports      []string
	TestImports  []string
	XTestImports []string
	DepOnly      bool
	Standard     bool
}

// path is the package's name in the tables above.
func (p goPackage) path() string { return short(p.ImportPath) }

func short(importPath string) string {
	if importPath == modulePath {
		return "."
	}
	return strings.TrimPrefix(importPath, modulePath+"/")
}

// listPackages returns every package of the module and all they depend on, with
// compiled export data.
func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-export",
		"-json=ImportPath,Name,Dir,Export,GoFiles,Imports,TestImports,XTestImports,DepOnly,Standard", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "go list: %s", &stderr)
	var list []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else {
			require.NoError(t, err)
		}
		list = append(list, p)
	}
}

func TestArrows(t *testing.T) {
	list := listPackages(t)
	t.Run("imports", func(t *testing.T) { checkImports(t, list) })
	t.Run("leaves", func(t *testing.T) { checkLeaves(t, list) })
	t.Run("names", func(t *testing.T) { checkNames(t, list) })
	t.Run("calls", func(t *testing.T) { checkCalls(t, list) })
	t.Run("hidden handlers", func(t *testing.T) { checkHiddenHandlers(t, list) })
}

// checkImports holds the packages to arrows, in both directions.
func checkImports(t *testing.T, list []goPackage) {
	seen := map[string]bool{}
	for _, p := range list {
		if p.DepOnly {
			continue
		}
		may, ok := arrows[p.path()]
		if example := strings.HasPrefix(p.path(), "examples/"); example {
			may = examplesMayImport
		} else if !ok {
			t.Errorf("package %s is not in arrows: say what it may import", p.path())
			continue
		}
		for _, imp := range p.Imports {
			arrow := arrowTo(imp, may)
			if arrow == "" && !standard(imp) {
				t.Errorf("%s imports %s, which no arrow allows", p.path(), short(imp))
			}
			seen[p.path()+" → "+arrow] = true
		}
	}
	for from, targets := range arrows {
		for _, to := range targets {
			if !seen[from+" → "+to] {
				t.Errorf("the arrow %s → %s is not used: remove it", from, to)
			}
		}
	}
}

// arrowTo is the entry of may that covers an import: the package itself, or the
// module that holds it.
func arrowTo(imp string, may []string) string {
	for _, m := range may {
		if short(imp) == m || (strings.Contains(m, ".") && m != "." && strings.HasPrefix(imp+"/", m+"/")) {
			return m
		}
	}
	return ""
}

// standard reports whether an import path is of the standard library: its first
// element has no dot.
func standard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".")
}

// checkLeaves holds the promise that importing a leaf pulls in nothing else.
func checkLeaves(t *testing.T, list []goPackage) {
	imports := map[string][]string{}
	for _, p := range list {
		imports[p.ImportPath] = p.Imports
	}
	for _, leaf := range []string{"adf", "sla", "webhook"} {
		require.Contains(t, imports, modulePath+"/"+leaf)
		var walk func(path string)
		walk = func(path string) {
			for _, imp := range imports[path] {
				if standard(imp) {
					continue
				}
				if !strings.HasPrefix(imp, modulePath+"/internal/") {
					t.Errorf("%s reaches %s through %s", leaf, imp, path)
				}
				walk(imp)
			}
		}
		walk(modulePath + "/" + leaf)
	}
}

// checkNames refuses drawers.
func checkNames(t *testing.T, list []goPackage) {
	for _, p := range list {
		if !p.DepOnly && slices.Contains([]string{"util", "utils", "common", "helpers", "helper", "types", "models", "misc"}, p.Name) {
			t.Errorf("package %s is called %s: name what it does", p.path(), p.Name)
		}
	}
}

// checkHiddenHandlers refuses packages that register on http.DefaultServeMux
// by being imported, however deep they are.
func checkHiddenHandlers(t *testing.T, list []goPackage) {
	for _, p := range list {
		for _, imp := range p.Imports {
			if slices.Contains([]string{"net/http/pprof", "expvar", "golang.org/x/net/trace"}, imp) {
				t.Errorf("%s imports %s, which registers on http.DefaultServeMux", p.ImportPath, imp)
			}
		}
	}
}

// checkCalls type-checks every package and looks each used name up in reserved.
func checkCalls(t *testing.T, list []goPackage) {
	rules := map[string]int{}
	for i, r := range reserved {
		for _, call := range r.calls {
			rules[call] = i
		}
	}
	needed := map[string]bool{}
	fset := token.NewFileSet()
	imp := exportImporter(fset, list)
	for _, p := range list {
		if p.DepOnly {
			continue
		}
		for id, obj := range uses(t, fset, imp, p) {
			i, ok := rules[obj]
			if !ok {
				continue
			}
			if owner := ownerOf(p.path(), reserved[i].only); owner != "" {
				needed[reserved[i].rule+owner] = true
				continue
			}
			t.Errorf("%s: %s: %s", fset.Position(id.Pos()), obj, reserved[i].rule)
		}
	}
	for _, r := range reserved {
		for _, owner := range r.only {
			if !needed[r.rule+owner] {
				t.Errorf("%q: %s does not need its exception: remove it", r.rule, owner)
			}
		}
	}
}

func ownerOf(path string, owners []string) string {
	for _, owner := range owners {
		if path == owner || (strings.HasSuffix(owner, "/") && strings.HasPrefix(path, owner)) {
			return owner
		}
	}
	return ""
}

// uses maps every identifier of the package that stands for a package-level
// object or a method to its full name, as in "os.Rename" or "(*os.Root).Rename".
func uses(t *testing.T, fset *token.FileSet, imp types.Importer, p goPackage) map[*ast.Ident]string {
	t.Helper()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, f)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	_, err := (&types.Config{Importer: imp}).Check(p.ImportPath, fset, files, info)
	require.NoError(t, err)
	names := map[*ast.Ident]string{}
	for id, obj := range info.Uses {
		switch obj := obj.(type) {
		case *types.Func:
			names[id] = obj.FullName()
		case *types.Var:
			if obj.Pkg() != nil && obj.Parent() == obj.Pkg().Scope() {
				names[id] = obj.Pkg().Path() + "." + obj.Name()
			}
		}
	}
	return names
}

// exportImporter reads the export data that go list has named.
func exportImporter(fset *token.FileSet, list []goPackage) types.Importer {
	exports := map[string]string{}
	for _, p := range list {
		exports[p.ImportPath] = p.Export
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		file := exports[path]
		if file == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(file)
	})
}
