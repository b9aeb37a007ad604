package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// OpenDir opens the directory dir, which it makes with its parents when it
// is absent. Symbolic links in dir are followed: where the data directory
// lies is the operator's choice.
func OpenDir(dir string) (*os.Root, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	above := filepath.Dir(dir)
	for {
		if _, err := os.Stat(above); !errors.Is(err, fs.ErrNotExist) || above == filepath.Dir(above) {
			break
		}
		above = filepath.Dir(above)
	}
	parent, err := os.OpenRoot(above)
	if err != nil {
		return nil, err
	}
	defer parent.Close()
	rest, err := filepath.Rel(above, dir)
	if err != nil {
		return nil, err
	}
	if err := MkdirAll(parent, filepath.ToSlash(rest)); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

// MkdirAll makes the directory dir and those above it that are absent. A new
// directory has mode 0770 whatever the umask, and its parent's setgid bit;
// its parent is synced, so that it survives a power cut.
func MkdirAll(root *os.Root, dir string) error {
	if !fs.ValidPath(dir) {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrInvalid}
	}
	if info, err := root.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	for i := 0; i < len(dir); i++ {
		end := strings.IndexByte(dir[i:], '/')
		if end < 0 {
			end = len(dir) - i
		}
		i += end
		if err := mkdir(root, dir[:i]); err != nil {
			return err
		}
	}
	return nil
}

func mkdir(root *os.Root, dir string) error {
	if err := step("mkdir", dir); err != nil {
		return err
	}
	err := root.Mkdir(dir, dirMode)
	if errors.Is(err, fs.ErrExist) {
		info, statErr := root.Stat(dir)
		if statErr == nil && info.IsDir() {
			return nil
		}
		return err
	}
	if err != nil {
		return err
	}
	if err := openUp(root, dir); err != nil {
		return err
	}
	return syncDir(root, path.Dir(dir))
}

// openUp gives a new directory the bits that the umask took. The kernel has
// passed on the parent's setgid bit, which a needless chmod by somebody
// outside the group would clear.
func openUp(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	info, err := d.Stat()
	if err != nil {
		return err
	}
	if info.Mode().Perm() == dirMode {
		return nil
	}
	return d.Chmod(dirMode | info.Mode()&fs.ModeSetgid)
}

// Remove unlinks the names, which may also be empty directories, and syncs
// their directories. A name that is absent is no error. All names are tried;
// the errors are joined.
func Remove(root *os.Root, names ...string) error {
	var errs []error
	var dirs openedDirs
	defer dirs.close()
	for _, name := range names {
		err := checkName("remove", name)
		if err == nil {
			err = dirs.add(root, path.Dir(name))
		}
		if err == nil {
			err = remove(root, name)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, dirs.sync())...)
}

func remove(root *os.Root, name string) error {
	if err := step("remove", name); err != nil {
		return err
	}
	err := root.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Rename moves oldname to newname, replacing a file that is there, and syncs
// both directories. The directories of newname are made when absent.
func Rename(root *os.Root, oldname, newname string) error {
	if err := errors.Join(checkName("rename", oldname), checkName("rename", newname)); err != nil {
		return err
	}
	if err := MkdirAll(root, path.Dir(newname)); err != nil {
		return err
	}
	var dirs openedDirs
	defer dirs.close()
	for _, name := range []string{newname, oldname} {
		if err := dirs.add(root, path.Dir(name)); err != nil {
			return err
		}
	}
	if err := step("rename", newname); err != nil {
		return err
	}
	if err := root.Rename(oldname, newname); err != nil {
		return err
	}
	return dirs.sync()
}

// openedDirs are the directories that a call changes. They are opened before
// the first change, so that a process out of descriptors fails early.
type openedDirs struct {
	list []openedDir
}

type openedDir struct {
	root *os.Root
	name string
	file *os.File
}

func (d *openedDirs) add(root *os.Root, name string) error {
	for _, dir := range d.list {
		if dir.root == root && dir.name == name {
			return nil
		}
	}
	if err := step("opendir", name); err != nil {
		return err
	}
	file, err := root.Open(name)
	if err != nil {
		return err
	}
	d.list = append(d.list, openedDir{root, name, file})
	return nil
}

func (d *openedDirs) sync() error {
	var errs []error
	for _, dir := range d.list {
		err := step("syncdir", dir.name)
		if err == nil {
			err = fsyncDir(dir.file)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (d *openedDirs) close() {
	for _, dir := range d.list {
		_ = dir.file.Close() // read-only: nothing can be lost
	}
}

func syncDir(root *os.Root, name string) error {
	var dirs openedDirs
	defer dirs.close()
	if err := dirs.add(root, name); err != nil {
		return err
	}
	return dirs.sync()
}
