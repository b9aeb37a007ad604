package partition

import "errors"

// Counts returns how many rows each issue has in a month. Only the key column
// is decoded; the table must have it. Errors are those of Read.
func (d *Dir) Counts(t Table, month string) (map[string]int, error) {
	key := t.Index(KeyColumn)
	if key < 0 {
		return nil, errors.New("table " + t.Name + " does not have " + KeyColumn)
	}
	rows, err := d.read(t, []Column{t.Columns[key]}, month)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, row := range rows {
		counts[row[0].Text()]++
	}
	return counts, nil
}
