package partition

import (
	"errors"
	"io/fs"
	"slices"
)

// Whole stands in the place of the month for tables that are not divided by
// month: [Table].Whole. All rows of such a table are in one file, in either
// layout: TABLE/data.parquet. LockMonth, Replace, Read, Stat, SetAside and
// Publish take it like a month; Months never returns it, and Migrate leaves
// such files alone.
const Whole = "data"

// validPart reports whether part is a month, or Whole.
func validPart(part string) bool { return part == Whole || validMonth(part) }

// elsewhere returns where the file of a table and month may lie if it is not
// at home: the place that the other layout has for it, if that is another.
func (d *Dir) elsewhere(table, month string) []string {
	if month == Whole {
		return nil
	}
	return []string{d.layout.other().path(table, month)}
}

// everywhere returns all places of the file, with that for files set aside.
func (d *Dir) everywhere(table, month string) []string {
	places := append([]string{asidePath(table, month)}, d.elsewhere(table, month)...)
	return append(places, d.layout.path(table, month))
}

// wholeTables returns which of the tables to publish as Whole: those that have
// such a file here, and those of which one was published that is gone here.
// Another file of that name in the other directory is not ours.
func (d *Dir) wholeTables(to *Dir, tables []string) ([]string, error) {
	m, err := to.Manifest()
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrCorrupt) {
		return nil, err
	}
	var whole []string
	for _, table := range tables {
		_, err := d.find(table, Whole)
		published := slices.ContainsFunc(m.Files, func(f ManifestFile) bool { return f.Table == table && f.Month == Whole })
		if !errors.Is(err, fs.ErrNotExist) || published {
			whole = append(whole, table)
		}
	}
	return whole, nil
}

// keyName returns the column by which rows are sorted.
func (t Table) keyName() string {
	if t.Whole && len(t.Columns) > 0 {
		return t.Columns[0].Name
	}
	return KeyColumn
}

// key returns the place of that column, or -1.
func (t Table) key() int { return t.Index(t.keyName()) }
