package partition

import "fmt"

// ReadColumns returns the rows of a month with only the named columns, in the
// order of the names. Only those are decoded. Errors are those of Read; a name
// that is no column of the table is an error, too.
func (d *Dir) ReadColumns(t Table, month string, names ...string) ([]Row, error) {
	columns := make([]Column, len(names))
	for i, name := range names {
		n := t.Index(name)
		if n < 0 {
			return nil, fmt.Errorf("table %s does not have %s", t.Name, name)
		}
		columns[i] = t.Columns[n]
	}
	return d.read(t, columns, month)
}
