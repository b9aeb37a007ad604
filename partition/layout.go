package partition

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A Layout is how a directory names the file of a table and month. Whatever
// the layout of a Dir, it reads files of both; what it writes is of its own.
type Layout uint8

const (
	Flat Layout = iota // issues/2026-01.parquet
	Hive               // issues/month=2026-01/data.parquet
)

// String returns flat or hive.
func (l Layout) String() string {
	if l == Hive {
		return "hive"
	}
	return "flat"
}

const (
	suffix   = ".parquet"
	hiveKey  = "month="
	hiveName = "data" + suffix
)

// path returns the file of a table and month, which are valid.
func (l Layout) path(table, month string) string {
	if l == Hive && month != Whole {
		return path.Join(table, hiveKey+month, hiveName)
	}
	return path.Join(table, month+suffix)
}

func (l Layout) other() Layout { return Hive - l }

// home returns where the file of a table and month belongs.
func (d *Dir) home(table, month string) (string, error) {
	if !validName(table) {
		return "", fmt.Errorf("table name %q is not valid", table)
	}
	if !validPart(month) {
		return "", badMonth(month)
	}
	return d.layout.path(table, month), nil
}

// find returns where the file of a table and month is, in either layout; of
// two files that of the Dir's own layout counts. A month whose file has been
// set aside is ErrCorrupt, not absent.
func (d *Dir) find(table, month string) (string, error) {
	home, err := d.home(table, month)
	if err != nil {
		return "", err
	}
	for _, name := range append([]string{home}, d.elsewhere(table, month)...) {
		if _, err = d.root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return name, err
		}
	}
	if _, aside := d.root.Lstat(asidePath(table, month)); aside == nil {
		return home, corrupt("set aside as %s", asidePath(table, month))
	}
	return home, err
}

// Stat describes the file of a table and month, wherever it lies, for callers
// that want to know whether it has changed. Nothing of it is read. The error
// is fs.ErrNotExist if there is none, and ErrCorrupt if it has been set aside
// or is no regular file.
func (d *Dir) Stat(table, month string) (fs.FileInfo, error) {
	name, err := d.find(table, month)
	if err != nil {
		return nil, fileError(table, month, name, err)
	}
	info, err := d.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = corrupt("not a regular file")
	}
	if err != nil {
		return nil, fileError(table, month, name, err)
	}
	return info, nil
}

// Months returns, in order, the months for which the table has a file in
// either layout, something else under a file's name, or had one that was set
// aside. Other names are passed over. A table without a directory has no
// months but those.
func (d *Dir) Months(table string) ([]string, error) {
	if !validName(table) {
		return nil, fmt.Errorf("table name %q is not valid", table)
	}
	var months []string
	entries, err := d.list(table)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if month, ok := strings.CutSuffix(entry.Name(), suffix); ok {
			months = append(months, month)
		}
		if month, ok := strings.CutPrefix(entry.Name(), hiveKey); ok && validMonth(month) {
			if _, err := d.root.Lstat(Hive.path(table, month)); err == nil {
				months = append(months, month)
			}
		}
	}
	if entries, err = d.list(asideDir); err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if month, ok := strings.CutPrefix(entry.Name(), table+"-"); ok {
			months = append(months, month)
		}
	}
	months = slices.DeleteFunc(months, func(m string) bool { return !validMonth(m) })
	slices.Sort(months)
	return slices.Compact(months), nil
}

// list returns the entries of a directory, none if it is absent.
func (d *Dir) list(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(d.root.FS(), dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}

func badMonth(month string) error {
	return fmt.Errorf("month %q is not of the form 2006-01", month)
}
