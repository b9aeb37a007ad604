package atomicfile_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

func Example() {
	dir, err := os.MkdirTemp("", "atomicfile")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	root, err := atomicfile.OpenDir(filepath.Join(dir, "data"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer root.Close()

	// One file.
	if err := atomicfile.WriteFile(root, "issues/DEMO-1.json", []byte(`{"key":"DEMO-1"}`)); err != nil {
		fmt.Println(err)
		return
	}

	// Two files that belong together: both are on disk before either is visible.
	comments, err := atomicfile.Create(root, "comments/2026-01.txt")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer comments.Discard()
	issues, err := atomicfile.Create(root, "issues/2026-01.txt")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer issues.Discard()
	fmt.Fprint(comments, "a comment")
	fmt.Fprint(issues, "its issue")
	if err := atomicfile.Commit(comments, issues); err != nil {
		fmt.Println(err)
		return
	}

	data, err := root.ReadFile("issues/DEMO-1.json")
	fmt.Printf("%s %v\n", data, err)
	// Output: {"key":"DEMO-1"} <nil>
}

func openRoot(t testing.TB) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return root
}

// tree returns the content of each regular file below root, by name.
func tree(t testing.TB, root *os.Root) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			files[name] = "symlink"
			return nil
		}
		data, err := root.ReadFile(name)
		files[name] = string(data)
		return err
	})
	require.NoError(t, err)
	return files
}

func wantTree(t testing.TB, root *os.Root, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, tree(t, root)); diff != "" {
		t.Errorf("files mismatch (-want +got):\n%s", diff)
	}
}

func TestWriteFileReplacesAndMakesDirectories(t *testing.T) {
	root := openRoot(t)
	for _, data := range []string{"one", "a longer second", ""} {
		require.NoError(t, atomicfile.WriteFile(root, "a/b/c.json", []byte(data)))
		wantTree(t, root, map[string]string{"a/b/c.json": data})
	}
}

func TestCreateShowsNothingBeforeCommit(t *testing.T) {
	root := openRoot(t)
	require.NoError(t, atomicfile.WriteFile(root, "x.parquet", []byte("old")))
	f, err := atomicfile.Create(root, "x.parquet")
	require.NoError(t, err)
	fmt.Fprint(f, "new")

	entries, err := fs.ReadDir(root.FS(), ".")
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.True(t, strings.HasPrefix(entries[0].Name(), ".tmp-"))
	require.Empty(t, filepath.Ext(entries[0].Name()[1:]), "a temporary name matches a glob by extension")
	data, err := root.ReadFile("x.parquet")
	require.NoError(t, err)
	require.Equal(t, "old", string(data))

	require.NoError(t, atomicfile.Commit(f))
	wantTree(t, root, map[string]string{"x.parquet": "new"})
	f.Discard()
	wantTree(t, root, map[string]string{"x.parquet": "new"})
}

func TestDiscardLeavesTheOldFile(t *testing.T) {
	root := openRoot(t)
	require.NoError(t, atomicfile.WriteFile(root, "x", []byte("old")))
	f, err := atomicfile.Create(root, "x")
	require.NoError(t, err)
	fmt.Fprint(f, "new")
	f.Discard()
	f.Discard()
	wantTree(t, root, map[string]string{"x": "old"})

	_, err = f.Write([]byte("more"))
	require.ErrorIs(t, err, fs.ErrClosed)
	require.ErrorIs(t, atomicfile.Commit(f), fs.ErrClosed)
}

func TestWriteFailingOrPanickingKeepsTheOldFile(t *testing.T) {
	root := openRoot(t)
	require.NoError(t, atomicfile.WriteFile(root, "x", []byte("old")))
	wrong := errors.New("encoder failed")
	err := atomicfile.Write(root, "x", func(w io.Writer) error {
		fmt.Fprint(w, "half")
		return wrong
	})
	require.ErrorIs(t, err, wrong)
	require.Panics(t, func() {
		_ = atomicfile.Write(root, "x", func(io.Writer) error { panic("encoder") })
	})
	wantTree(t, root, map[string]string{"x": "old"})
}

func TestCommitMixesRemovalAndReplacementInOrder(t *testing.T) {
	root := openRoot(t)
	require.NoError(t, atomicfile.WriteFile(root, "b/2", []byte("old")))
	var order []string
	defer atomicfile.SetHook(func(step, name string) error {
		if step == "rename" || step == "remove" {
			order = append(order, step+" "+name)
		}
		return nil
	})()
	first, err := atomicfile.Create(root, "a/1")
	require.NoError(t, err)
	second, err := atomicfile.Removal(root, "b/2")
	require.NoError(t, err)
	absent, err := atomicfile.Removal(root, "none/2")
	require.NoError(t, err)
	third, err := atomicfile.Create(root, "c/3")
	require.NoError(t, err)
	require.NoError(t, atomicfile.Commit(first, second, absent, third))
	require.Equal(t, []string{"rename a/1", "remove b/2", "remove none/2", "rename c/3"}, order)
	wantTree(t, root, map[string]string{"a/1": "", "c/3": ""})
}

func TestBadNamesAreRefused(t *testing.T) {
	root := openRoot(t)
	for _, name := range []string{"", ".", "..", "../x", "/x", "a/../x", "a//x", "x/", "./x", "a\x00b"} {
		require.Error(t, atomicfile.WriteFile(root, name, nil), "WriteFile(%q)", name)
		require.Error(t, atomicfile.Remove(root, name), "Remove(%q)", name)
		require.Error(t, atomicfile.Rename(root, "x", name), "Rename(%q)", name)
		_, err := atomicfile.Removal(root, name)
		if name != "a\x00b" { // refused by the system when committed
			require.ErrorIs(t, err, fs.ErrInvalid, "Removal(%q)", name)
		}
	}
	wantTree(t, root, map[string]string{})
}

func TestDirectoryInTheTargetsPlace(t *testing.T) {
	root := openRoot(t)
	require.NoError(t, root.MkdirAll("x/y", 0o700))
	require.Error(t, atomicfile.WriteFile(root, "x", []byte("new")))
	require.NoError(t, root.WriteFile("file", nil, 0o600))
	require.Error(t, atomicfile.WriteFile(root, "file/below", []byte("new")))
	wantTree(t, root, map[string]string{"file": ""})
}

func TestRemove(t *testing.T) {
	root := openRoot(t)
	require.NoError(t, atomicfile.WriteFile(root, "d/x", nil))
	require.NoError(t, atomicfile.WriteFile(root, "d/keep/y", nil))
	require.NoError(t, atomicfile.WriteFile(root, "z", nil))
	err := atomicfile.Remove(root, "d/x", "d/absent", "nowhere/x", "d/keep", "z")
	require.Error(t, err, "a directory that is not empty")
	require.NotErrorIs(t, err, fs.ErrNotExist)
	wantTree(t, root, map[string]string{"d/keep/y": ""})
	require.NoError(t, atomicfile.Remove(root, "d/keep/y", "d/keep"))
}

func TestRename(t *testing.T) {
	root := openRoot(t)
	require.NoError(t, atomicfile.WriteFile(root, "a/x", []byte("new")))
	require.NoError(t, atomicfile.WriteFile(root, "y", []byte("old")))
	require.NoError(t, atomicfile.Rename(root, "a/x", "y"))
	require.NoError(t, atomicfile.Rename(root, "y", "b/c/z"))
	wantTree(t, root, map[string]string{"b/c/z": "new"})
	require.ErrorIs(t, atomicfile.Rename(root, "absent", "y"), fs.ErrNotExist)
}

func TestSweep(t *testing.T) {
	root := openRoot(t)
	mine, err := atomicfile.Create(root, "d/x")
	require.NoError(t, err)
	defer mine.Discard()
	const noSuchProcess = 1 << 30
	old := time.Now().Add(-2 * time.Hour)
	for name, modified := range map[string]time.Time{
		fmt.Sprintf("d/.tmp-%d-OLD", noSuchProcess):   old,
		fmt.Sprintf("d/.tmp-%d-YOUNG", noSuchProcess): time.Now(),
		fmt.Sprintf("d/.tmp-%d-EARLIER", os.Getpid()): old, // an earlier process of our id
		fmt.Sprintf("d/.tmp-%d-ALIVE", os.Getppid()):  old,
		"d/.tmp-strange": old,
		"d/tmp-other":    old,
		"d/x.parquet":    old,
	} {
		require.NoError(t, root.WriteFile(name, nil, 0o600))
		require.NoError(t, root.Chtimes(name, modified, modified))
	}
	require.NoError(t, root.Mkdir("d/.tmp-1073741824-DIR", 0o700))

	n, err := atomicfile.Sweep(root, "d", time.Hour)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	names := tree(t, root)
	require.Len(t, names, 5)
	for _, gone := range []string{"OLD", "EARLIER", "strange"} {
		for name := range names {
			require.NotContains(t, name, gone)
		}
	}
	n, err = atomicfile.Sweep(root, "nowhere", 0)
	require.NoError(t, err)
	require.Zero(t, n)
}

func BenchmarkWriteFile(b *testing.B) {
	for _, size := range []int{4 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			root := openRoot(b)
			data := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := atomicfile.WriteFile(root, "issues/DEMO-1.json", data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
