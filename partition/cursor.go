package partition

import (
	"os"
	"sort"
)

// A Cursor goes through the rows of one table and month, issue after issue in
// the order of their keys. One row group is in memory, and those that Seek
// passes over are not decoded. It sees the file as it was when it was opened.
// It is not safe for concurrent use.
type Cursor struct {
	file  *os.File
	src   *source
	key   int // the column
	fault func(error) error
	group int    // the next to be read
	rows  []Row  // that are left of the one before
	last  string // key of the row groups that are read or passed over
}

// Cursor opens the file of a month. Errors are those of Read, here and in the
// methods of the Cursor. Close it.
func (d *Dir) Cursor(t Table, month string) (*Cursor, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	path, err := d.find(t.Name, month)
	fault := func(err error) error { return fileError(t.Name, month, path, err) }
	if err != nil {
		return nil, fault(err)
	}
	file, size, err := d.open(path)
	if err != nil {
		return nil, fault(err)
	}
	src, err := t.openSource(file, size)
	if err != nil {
		_ = file.Close()
		return nil, fault(err)
	}
	return &Cursor{file: file, src: src, key: t.key(), fault: fault}, nil
}

// Close closes the file.
func (c *Cursor) Close() error { return c.file.Close() }

// Peek returns the key of the next issue, "" after the last.
func (c *Cursor) Peek() (string, error) {
	for len(c.rows) == 0 {
		if c.group == c.src.groups() {
			return "", nil
		}
		if _, err := c.pass(); err != nil {
			return "", c.fault(err)
		}
		rows, err := c.src.read(c.group - 1)
		if err != nil {
			return "", c.fault(err)
		}
		c.rows = rows
	}
	return c.rows[0][c.key].Text(), nil
}

// pass goes to the next row group and returns the last key in it.
func (c *Cursor) pass() (string, error) {
	first, last := c.src.bounds(c.group)
	if first == "" || first > last || first <= c.last {
		return "", corrupt("row groups are not in the order of their issues")
	}
	c.group++
	c.last = last
	return last, nil
}

// Next returns the rows of the next issue, nil after the last.
func (c *Cursor) Next() ([]Row, error) {
	key, err := c.Peek()
	if err != nil || key == "" {
		return nil, err
	}
	n := sort.Search(len(c.rows), func(i int) bool { return c.rows[i][c.key].Text() > key })
	rows := c.rows[:n:n]
	c.rows = c.rows[n:]
	return rows, nil
}

// Seek passes over the issues before key.
func (c *Cursor) Seek(key string) error {
	before := func(i int) bool { return c.rows[i][c.key].Text() >= key }
	c.rows = c.rows[sort.Search(len(c.rows), before):]
	for len(c.rows) == 0 && c.group < c.src.groups() {
		if _, last := c.src.bounds(c.group); last >= key {
			if _, err := c.Peek(); err != nil {
				return err
			}
			c.rows = c.rows[sort.Search(len(c.rows), before):]
			continue
		}
		if _, err := c.pass(); err != nil {
			return c.fault(err)
		}
	}
	return nil
}
