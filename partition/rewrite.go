package partition

import (
	"errors"
	"io/fs"
	"os"
)

// A rewrite makes one file anew from rows that come in order. As long as they
// are those of the file that is there nothing is written: the first that
// differs begins the new file, with those before it taken from the old one.
// So a file whose rows are right is left alone, however it is cut into row
// groups, and no more than one row group is ever in memory.
type rewrite struct {
	dir   *Dir
	month string
	table Table

	old     *os.File // nil when there is none, or none that can be compared
	src     *source
	at      int   // the row group in stored, -1 before the first
	stored  []Row // of it, those that have not been compared
	matched int   // rows of old that came, as long as there is no new file

	out    *pending // the new file, nil until a row differs
	writer *fileWriter
}

func (d *Dir) newRewrite(month string, t Table) (*rewrite, error) {
	r := &rewrite{dir: d, month: month, table: t, at: -1}
	path, err := d.find(t.Name, month)
	if err == nil {
		err = r.open(path)
	}
	if errors.Is(err, ErrCorrupt) {
		_, err = d.setAside(t.Name, month, path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.close()
		return nil, fileError(t.Name, month, path, err)
	}
	return r, nil
}

// open opens the file that is there, if its rows are worth comparing: they
// are not when it has to be written whatever they are.
func (r *rewrite) open(path string) error {
	old, size, err := r.dir.open(path)
	if err != nil {
		return err
	}
	src, err := r.table.openSource(old, size)
	if err != nil || src.stamp() != r.table.Stamp || src.whyNotCopied() != "" {
		_ = old.Close()
		if errors.Is(err, ErrSchema) {
			return nil
		}
		return err
	}
	r.old, r.src = old, src
	return nil
}

func (r *rewrite) close() {
	if r.old != nil {
		_ = r.old.Close()
		r.old = nil
	}
	r.out.discard()
}

// append takes the rows of whole issues.
func (r *rewrite) append(rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	if r.out == nil {
		same, err := r.matches(rows)
		if err != nil || same {
			return err
		}
		if err := r.begin(); err != nil {
			return err
		}
	}
	return r.writer.append(rows)
}

// matches reports whether the next rows of the old file are these. A file that
// turns out to be damaged is set aside, and like one that differs.
func (r *rewrite) matches(rows []Row) (bool, error) {
	if r.old == nil {
		return false, nil
	}
	n := len(rows)
	for len(rows) > 0 {
		if err := r.next(); errors.Is(err, ErrCorrupt) {
			return false, r.setAside()
		} else if err != nil {
			return false, err
		}
		if len(r.stored) == 0 {
			return false, nil
		}
		some := min(len(rows), len(r.stored))
		for i, row := range rows[:some] {
			if !row.Equal(r.stored[i]) {
				return false, nil
			}
		}
		rows, r.stored = rows[some:], r.stored[some:]
	}
	r.matched += n
	return true, nil
}

// next sees to it that stored is not empty before the end of the file.
func (r *rewrite) next() (err error) {
	for len(r.stored) == 0 && r.at+1 < r.src.groups() {
		r.at++
		if r.stored, err = r.src.read(r.at); err != nil {
			return err
		}
	}
	return nil
}

func (r *rewrite) setAside() error {
	path, err := r.dir.find(r.table.Name, r.month)
	if err == nil {
		_, err = r.dir.setAside(r.table.Name, r.month, path)
	}
	return err
}

// begin begins the new file with the rows that matched.
func (r *rewrite) begin() (err error) {
	if r.out, err = r.dir.newPending(r.month, r.table); err != nil {
		return err
	}
	r.writer = r.table.newFileWriter(r.out.out, r.table.Stamp)
	r.stored = nil
	for g := 0; r.matched > 0; g++ {
		rows, err := r.src.read(g)
		if err != nil {
			return err
		}
		rows = rows[:min(len(rows), r.matched)]
		if err := r.writer.append(rows); err != nil {
			return err
		}
		r.matched -= len(rows)
	}
	return nil
}

// finish ends the new file. It returns nil if the old one stays, and a removal
// if there are no rows at all.
func (r *rewrite) finish() (*pending, error) {
	if r.out == nil && r.old != nil && r.matched == int(r.src.file.NumRows()) {
		return nil, nil
	}
	if r.out == nil && r.matched == 0 && !r.table.Whole {
		return r.dir.remove(r.month, r.table.Name)
	}
	if r.out == nil {
		if err := r.begin(); err != nil {
			return nil, err
		}
	}
	if err := r.out.end(r.writer); err != nil {
		return nil, err
	}
	done := r.out
	r.out = nil
	return done, nil
}
