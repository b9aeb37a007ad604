package partition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

// Publish brings files that [Dir.Replace] has changed into another directory,
// usually the one from which they are distributed: a copy of each, or its
// removal. Files that are there already are not touched. Each copy is
// verified against the checksums in the file, and all are made durable before
// the first takes its place, in the order given. A reader of the other
// directory sees each file old or new, never part of either.
//
// A damaged source is ErrCorrupt, and then nothing is published. A source
// that has meanwhile been removed is removed there as well. The caller holds
// LockMonth of d for the months of the files.
func (d *Dir) Publish(ctx context.Context, to *Dir, files ...File) error {
	var pending []*atomicfile.File
	defer func() {
		for _, f := range pending {
			f.Discard()
		}
	}()
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		copied, err := d.copy(to, file)
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		if copied != nil {
			pending = append(pending, copied)
		}
	}
	if err := atomicfile.Commit(pending...); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// PublishAll makes the other directory hold the same months as d in every
// table that d has a directory for, one month after the other, each under
// LockMonth of d. Months that are gone here are removed there. Nothing else
// in the other directory is touched.
//
// A month that fails does not stop the others; the errors are joined.
func (d *Dir) PublishAll(ctx context.Context, to *Dir) error {
	tables, err := d.tables()
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	months := make(map[string]bool)
	for _, dir := range []*Dir{d, to} {
		for _, table := range tables {
			list, err := dir.Months(table)
			if err != nil {
				return fmt.Errorf("publish: %w", err)
			}
			for _, month := range list {
				months[month] = true
			}
		}
	}
	var errs []error
	for _, month := range slices.Sorted(maps.Keys(months)) {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, fmt.Errorf("publish: %w", err))...)
		}
		errs = append(errs, d.publishMonth(ctx, to, month, tables))
	}
	return errors.Join(errs...)
}

func (d *Dir) publishMonth(ctx context.Context, to *Dir, month string, tables []string) error {
	release, err := d.LockMonth(ctx, month)
	if err != nil {
		return err
	}
	defer release()
	files := make([]File, len(tables))
	for i, table := range tables {
		files[i] = File{Table: table, Month: month}
	}
	return d.Publish(ctx, to, files...)
}

// copy writes the file beside its target in the other directory, verified.
// It returns nil if there is nothing to change.
func (d *Dir) copy(to *Dir, file File) (*atomicfile.File, error) {
	path, err := d.find(file.Table, file.Month)
	if errors.Is(err, fs.ErrNotExist) {
		return removal(to, path)
	}
	if err != nil {
		return nil, fileError(file.Table, file.Month, path, err)
	}
	source, size, err := d.open(path)
	if err != nil {
		return nil, fileError(file.Table, file.Month, path, err)
	}
	defer source.Close()
	if to.holds(path, source, size) {
		return nil, nil
	}
	return copyVerified(to, path, source, size)
}

func removal(to *Dir, path string) (*atomicfile.File, error) {
	if _, err := to.root.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return atomicfile.Removal(to.root, path)
}

// copyVerified verifies the copy, not the source: so it finds damage that the
// source had and damage that copying did.
func copyVerified(to *Dir, path string, source *os.File, size int64) (*atomicfile.File, error) {
	out, err := atomicfile.Create(to.root, path)
	if err != nil {
		return nil, err
	}
	n, err := out.ReadFrom(io.LimitReader(source, size)) // the kernel copies
	if err == nil && n != size {
		err = corrupt("%d bytes copied of %d", n, size)
	}
	if err == nil {
		err = verify(out, size)
	}
	if err != nil {
		out.Discard()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}

// holds reports whether the directory has a readable file with these bytes.
func (d *Dir) holds(path string, want io.ReaderAt, size int64) bool {
	file, have, err := d.open(path)
	if err != nil {
		return false // whatever is there is to be replaced
	}
	defer file.Close()
	return have == size && equal(io.NewSectionReader(want, 0, size), io.NewSectionReader(file, 0, size))
}

// equal reports whether two readers end after the same bytes. A failed read
// counts as a difference.
func equal(a, b io.Reader) bool {
	bufA, bufB := make([]byte, 256<<10), make([]byte, 256<<10)
	for {
		n, errA := io.ReadFull(a, bufA)
		m, errB := io.ReadFull(b, bufB)
		if !bytes.Equal(bufA[:n], bufB[:m]) {
			return false
		}
		if errA != nil || errB != nil {
			return atEnd(errA) && atEnd(errB)
		}
	}
}

func atEnd(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }
