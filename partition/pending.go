package partition

import (
	"errors"
	"io/fs"

	"github.com/jirasync/jirasync/internal/atomicfile"
)

// pending is a File that is not visible yet.
type pending struct {
	File
	file *atomicfile.File   // what takes its place, nil for a removal
	gone []*atomicfile.File // what is removed with it
	out  *output            // into file
}

// newPending opens the new file of a table and month, beside its target.
func (d *Dir) newPending(month string, t Table) (*pending, error) {
	home := d.layout.path(t.Name, month)
	gone, err := d.removals(d.elsewhere(t.Name, month)...)
	if err != nil {
		return nil, err
	}
	file, err := atomicfile.Create(d.root, home)
	if err != nil {
		return nil, err
	}
	return &pending{File: File{Table: t.Name, Month: month, Path: home}, file: file, gone: gone, out: newOutput(file)}, nil
}

// end completes the new file and brings it to stable storage, which several
// can do side by side.
func (p *pending) end(w *fileWriter) error {
	if err := w.close(); err != nil {
		return err
	}
	p.Rows, p.Bytes, p.Copied = w.rows, p.out.size, p.out.copied
	return p.file.Sync()
}

func (p *pending) discard() {
	if p != nil && p.file != nil {
		p.file.Discard()
	}
}

// files returns what is to be committed, in order.
func (p *pending) files() []*atomicfile.File {
	if p.file == nil {
		return p.gone
	}
	return append([]*atomicfile.File{p.file}, p.gone...)
}

// remove takes a table's file away, wherever it is, and first what was set
// aside: without a file in its place that would make the month corrupt. It
// returns nil if there is nothing.
func (d *Dir) remove(month, table string) (*pending, error) {
	home := d.layout.path(table, month)
	gone, err := d.removals(d.everywhere(table, month)...)
	if err != nil || len(gone) == 0 {
		return nil, err
	}
	return &pending{File: File{Table: table, Month: month, Path: home, Removed: true}, gone: gone}, nil
}

// removals stands for the absence of those names that are there.
func (d *Dir) removals(names ...string) ([]*atomicfile.File, error) {
	var list []*atomicfile.File
	for _, name := range names {
		if _, err := d.root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		removal, err := atomicfile.Removal(d.root, name)
		if err != nil {
			return nil, err
		}
		list = append(list, removal)
	}
	return list, nil
}
