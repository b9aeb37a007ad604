package partition

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

// Migrate brings the files of all tables to the layout of d, month by month
// under its lock, and returns how many it moved. Where both layouts have a
// file that of d's stays and the other is removed. A file or month that fails
// does not stop the others; the errors are joined. Readers find a file in
// either place throughout. A manifest is made anew.
func (d *Dir) Migrate(ctx context.Context) (moved int, err error) {
	files, err := d.Misplaced()
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	byMonth := make(map[string][]string)
	for _, f := range files {
		byMonth[f.Month] = append(byMonth[f.Month], f.Table)
	}
	var errs []error
	for _, month := range slices.Sorted(maps.Keys(byMonth)) {
		n, err := d.migrateMonth(ctx, month, byMonth[month])
		moved += n
		errs = append(errs, err)
	}
	errs = append(errs, d.remakeManifest(ctx))
	if err := errors.Join(errs...); err != nil {
		return moved, fmt.Errorf("migrate: %w", err)
	}
	return moved, nil
}

// Misplaced returns the files that lie where the other layout than that of d
// has them, table by table. Nothing of them is read.
func (d *Dir) Misplaced() ([]File, error) {
	tables, err := d.tables()
	if err != nil {
		return nil, err
	}
	var files []File
	for _, table := range tables {
		months, err := d.Months(table)
		if err != nil {
			return nil, err
		}
		for _, month := range months {
			if _, err := d.root.Lstat(d.layout.other().path(table, month)); err == nil {
				files = append(files, File{Table: table, Month: month})
			}
		}
	}
	return files, nil
}

func (d *Dir) migrateMonth(ctx context.Context, month string, tables []string) (moved int, err error) {
	release, err := d.LockMonth(ctx, month)
	if err != nil {
		return 0, err
	}
	defer release()
	var errs []error
	for _, table := range tables {
		err := d.migrate(d.layout.other().path(table, month), d.layout.path(table, month))
		if err != nil {
			errs = append(errs, fileError(table, month, d.layout.other().path(table, month), err))
			continue
		}
		moved++
	}
	return moved, errors.Join(errs...)
}

func (d *Dir) migrate(from, to string) error {
	info, err := d.root.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // moved by somebody else
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return corrupt("not a regular file")
	}
	if _, err = d.root.Lstat(to); err == nil {
		err = atomicfile.Remove(d.root, from)
	} else {
		err = atomicfile.Rename(d.root, from, to)
	}
	if dir := path.Dir(from); err == nil && path.Base(from) == hiveName {
		_ = atomicfile.Remove(d.root, dir) // others may keep files there
	}
	return err
}
