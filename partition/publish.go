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

// Publish brings files that [Dir.Splice] or [Dir.Replace] has changed into
// another directory, of either layout, usually the one from which they are
// distributed: a copy of each, made by the kernel and sharing blocks where
// the file system can, or its removal. Files that are there already are not
// touched. Each copy is verified against the checksums in the file, all are
// made durable, and then they take their places in the order given, and the
// [Manifest] of the other directory last. After a crash in between the next
// Open or Publish finishes what was begun. A reader of the other directory
// sees each file old or new, never part of either.
//
// A damaged source is ErrCorrupt, and then nothing is published. A source
// that has meanwhile been removed is removed there as well. The caller holds
// LockMonth of d for the months of the files.
func (d *Dir) Publish(ctx context.Context, to *Dir, files ...File) error {
	p := publication{from: d, to: to}
	defer p.discard()
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		if err := p.add(file.Table, file.Month); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
	}
	if err := p.commit(ctx); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// PublishAll makes the other directory hold the same months, and [Whole]
// tables, as d in every table that d has a directory for, one month after the other, each under
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
	whole, err := d.wholeTables(to, tables)
	if err == nil && len(whole) > 0 {
		err = d.publishMonth(ctx, to, Whole, whole)
	}
	return errors.Join(append(errs, err)...)
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

// A publication is what one Publish changes.
type publication struct {
	from, to *Dir
	files    []*atomicfile.File
	entries  []ManifestFile // as they are to be in the manifest
}

func (p *publication) discard() {
	for _, f := range p.files {
		f.Discard()
	}
}

// add prepares the file of a table and month.
func (p *publication) add(table, month string) error {
	home, err := p.to.home(table, month)
	if err != nil {
		return err
	}
	entry := ManifestFile{Table: table, Month: month, Path: home}
	path, err := p.from.find(table, month)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		gone, err := p.to.removals(p.to.everywhere(table, month)...)
		p.files = append(p.files, gone...)
		p.entries = append(p.entries, entry)
		return err
	case err == nil:
		err = p.copy(path, &entry)
	}
	if err != nil {
		return fileError(table, month, path, err)
	}
	p.entries = append(p.entries, entry)
	return nil
}

// copy writes the file beside its target, unless the target is good and has
// the same content. It completes the entry.
func (p *publication) copy(path string, entry *ManifestFile) error {
	source, size, err := p.from.open(path)
	if err != nil {
		return err
	}
	defer source.Close()
	if same, err := p.to.holds(source, size, entry); err != nil || same {
		return err
	}
	gone, err := p.to.removals(p.to.elsewhere(entry.Table, entry.Month)...)
	if err != nil {
		return err
	}
	out, err := atomicfile.Create(p.to.root, entry.Path)
	if err != nil {
		return err
	}
	p.files = append(append(p.files, out), gone...)
	n, err := out.ReadFrom(io.LimitReader(source, size)) // the kernel copies
	if err == nil && n != size {
		err = corrupt("%d bytes copied of %d", n, size)
	}
	if err != nil {
		return err
	}
	// The copy is verified, not the source: so damage is found that the
	// source had and damage that copying did.
	return entry.inspect(out, size)
}

// holds reports whether the file of the entry is there, whole, and has the
// source's tail, in which the checksums of all row groups are. Whatever else
// is there is to be replaced. The error is that of the source.
func (d *Dir) holds(source *os.File, size int64, entry *ManifestFile) (bool, error) {
	want, err := verifyTail(source, size)
	if err != nil {
		return false, err
	}
	file, have, err := d.open(entry.Path)
	if err != nil {
		return false, nil
	}
	defer file.Close()
	got, err := verifyTail(file, have)
	if err != nil || have != size || got.start != want.start || !bytes.Equal(got.bytes, want.bytes) {
		return false, nil
	}
	if entry.inspect(file, size) != nil {
		return false, nil
	}
	return true, verify(source, size)
}

// commit makes the files and, last, the manifest visible.
func (p *publication) commit(ctx context.Context) error {
	release, err := p.to.lockManifest(ctx)
	if err != nil {
		return err
	}
	defer release()
	old, err := p.to.currentManifest(ctx)
	if err != nil {
		return err
	}
	m := old.with(p.entries)
	if len(p.files) == 0 && slices.Equal(m.Files, old.Files) && old.Generation > 0 {
		return nil
	}
	m.Generation++
	manifest, err := p.to.writeManifest(m)
	if err != nil {
		return err
	}
	p.files = append(p.files, manifest)
	return atomicfile.CommitNoted(p.to.root, manifestNote, p.files...)
}
