package adf

import "bytes"

// table prints a table, a line a row, with empty cells where a cell spans.
func (p *plain) table(b block) {
	t := plainTable{plain: p, grid: p.layout(b.kids)}
	left := p.count(b.kids)
	for n := b.kids.from; n < b.kids.end; n = p.next(n) {
		start := len(p.rows)
		if t.row(n, left) {
			p.out.line(bytes.TrimSpace(p.rows[start:]))
		}
		p.rows = p.rows[:start]
		left--
	}
}

// plainTable holds what the rows of one table share.
type plainTable struct {
	*plain
	grid    grid
	columns int // of the row at hand, so far
}

// row puts one row at the end of t.rows and reports whether any of its cells
// is not blank. left is the number of rows from this one on.
func (t *plainTable) row(n, left int) (printed bool) {
	t.columns = 0
	t.grid.begin(left)
	cells := t.cells(n)
	for cell := cells.from; cell < cells.end; cell = t.next(cell) {
		t.fill(t.grid.before())
		t.fill(1)
		text := t.cell(cell)
		size := len(t.rows)
		t.rows = appendJoined(t.rows, text, " / ")
		printed = printed || len(t.rows) > size
		t.fill(t.grid.place(&t.nodes[cell]))
	}
	t.fill(t.grid.end())
	return printed
}

// fill begins n cells.
func (t *plainTable) fill(n int) {
	for range n {
		if t.columns > 0 {
			t.rows = append(t.rows, " | "...)
		}
		t.columns++
	}
}

// cell prints the blocks of a cell as they would print outside. They stand
// where the output goes on, until that does.
func (t *plainTable) cell(n int) []byte {
	outer := t.out
	start := len(outer.buf)
	t.out = lines{buf: outer.buf, frames: outer.frames[len(outer.frames):]}
	t.body(t.cellBody(n), 2)
	text := t.out.buf[start:]
	outer.buf = t.out.buf[:start]
	t.out = outer
	return text
}

// cells returns the cells of a table's child. A child that is no row is the
// cell of one.
func (w *walker) cells(n int) span {
	if w.nodes[n].typ == typeTableRow {
		return w.kids(n)
	}
	return w.one(n)
}

// cellBody returns the blocks of a row's child. One that is no cell is the
// block of one.
func (w *walker) cellBody(n int) span {
	if w.nodes[n].typ.isCell() {
		return w.kids(n)
	}
	return w.one(n)
}

// count returns how many siblings there are.
func (w *walker) count(kids span) int {
	count := 0
	for n := kids.from; n < kids.end; n = w.next(n) {
		count++
	}
	return count
}
