// Package golden compares test output with txtar archives under testdata.
//
// An archive holds one case: its input files and, beside them, the expected
// output in a file whose name the test chooses. Running the test with -update
// writes the output back, so that a change of behaviour is a diff to review.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// Case is one archive.
type Case struct {
	t       *testing.T
	path    string
	archive *txtar.Archive
}

// Run calls test as a subtest for each archive that matches pattern.
func Run(t *testing.T, pattern string, test func(t *testing.T, c *Case)) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no archive matches %s", pattern)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			test(t, &Case{t: t, path: path, archive: archive})
		})
	}
}

// Names returns the files of the archive in order.
func (c *Case) Names() []string {
	names := make([]string, len(c.archive.Files))
	for i, f := range c.archive.Files {
		names[i] = f.Name
	}
	return names
}

// Has reports whether the archive holds a file of that name.
func (c *Case) Has(name string) bool {
	for _, f := range c.archive.Files {
		if f.Name == name {
			return true
		}
	}
	return false
}

// Input returns a file of the archive; its absence fails the test.
func (c *Case) Input(name string) []byte {
	c.t.Helper()
	for _, f := range c.archive.Files {
		if f.Name == name {
			return f.Data
		}
	}
	c.t.Fatalf("%s holds no file %s", c.path, name)
	return nil
}

// Want compares got with the file name of the archive, or writes it with
// -update. A newline is put at the end of got if it lacks one, as txtar does.
func (c *Case) Want(name, got string) {
	c.t.Helper()
	if got != "" && !strings.HasSuffix(got, "\n") {
		got += "\n"
	}
	if *update {
		c.set(name, got)
		return
	}
	if diff := cmp.Diff(string(c.Input(name)), got); diff != "" {
		c.t.Errorf("%s: %s mismatch (-want +got):\n%s", c.path, name, diff)
	}
}

func (c *Case) set(name, data string) {
	c.t.Helper()
	found := false
	for i := range c.archive.Files {
		if c.archive.Files[i].Name == name {
			c.archive.Files[i].Data, found = []byte(data), true
		}
	}
	if !found {
		c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(data)})
	}
	if err := os.WriteFile(c.path, txtar.Format(c.archive), 0o644); err != nil {
		c.t.Fatal(err)
	}
}
