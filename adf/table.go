package adf

import "bytes"

// table prints a table, a line a row, with empty cells where a cell spans.
func (p *plain) table(b block) {
	rows := p.open(b)
	defer p.close(b)
	t := plainTable{plain: p, grid: p.layout(rows)}
	for i, n := range rows {
		if n == nil {
			continue
		}
		start := len(p.rows)
		if t.row(n, len(rows)-i) {
			p.out.line(bytes.TrimSpace(p.rows[start:]))
		}
		p.rows = p.rows[:start]
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
func (t *plainTable) row(n *Node, left int) (printed bool) {
	t.columns = 0
	t.grid.begin(left)
	for _, cell := range t.enterRow(n) {
		if cell == nil {
			continue
		}
		t.fill(t.grid.before())
		t.fill(1)
		text := t.cell(cell)
		size := len(t.rows)
		t.rows = appendJoined(t.rows, text, " / ")
		printed = printed || len(t.rows) > size
		t.fill(t.grid.place(cell))
	}
	t.leaveRow(n)
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
func (t *plainTable) cell(n *Node) []byte {
	outer := t.out
	start := len(outer.buf)
	t.out = lines{buf: outer.buf, frames: outer.frames[len(outer.frames):]}
	if isCell(n.Type) {
		t.body(t.enter(n), 2)
		t.leave()
	} else {
		t.body([]*Node{n}, 2)
	}
	text := t.out.buf[start:]
	outer.buf = t.out.buf[:start]
	t.out = outer
	return text
}

// enterRow returns the cells of a table's child; leaveRow must follow. A child
// that is no row is a row of it, a row's child that is no cell a cell of it.
func (w *walker) enterRow(n *Node) []*Node {
	if n.Type == "tableRow" {
		return w.enter(n)
	}
	return []*Node{n}
}

func (w *walker) leaveRow(n *Node) {
	if n.Type == "tableRow" {
		w.leave()
	}
}

func isCell(typ string) bool { return typ == "tableCell" || typ == "tableHeader" }
