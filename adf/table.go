package adf

import "bytes"

// table prints a table, a line a row, with empty cells where a cell spans.
func (p *plain) table(b block) {
	rows := p.open(b)
	defer p.close(b)
	g := p.layout(rows)
	t := plainTable{plain: p, grid: &g}
	for i, n := range rows {
		if n == nil {
			continue
		}
		if line := t.row(n, len(rows)-i); line != nil {
			p.out.line(line)
		}
	}
}

// plainTable holds what the rows of one table share.
type plainTable struct {
	*plain
	grid    *grid
	line    []byte // the row at hand
	columns int    // of the row at hand, so far
	lines   []byte // the cell at hand
}

// row returns the line of one row, nil if all its cells are blank. left is the
// number of rows from this one on.
func (t *plainTable) row(n *Node, left int) []byte {
	t.line, t.columns = t.line[:0], 0
	printed := false
	t.grid.begin(left)
	for _, cell := range t.enterRow(n) {
		if cell == nil {
			continue
		}
		t.fill(t.grid.before())
		t.fill(1)
		t.cell(cell)
		size := len(t.line)
		t.line = appendJoined(t.line, t.lines, " / ")
		printed = printed || len(t.line) > size
		t.fill(t.grid.place(cell))
	}
	t.leaveRow(n)
	t.fill(t.grid.end())
	if !printed {
		return nil
	}
	return bytes.TrimSpace(t.line)
}

// fill begins n cells.
func (t *plainTable) fill(n int) {
	for range n {
		if t.columns > 0 {
			t.line = append(t.line, " | "...)
		}
		t.columns++
	}
}

// cell prints the blocks of a cell to t.lines, as they would print outside.
func (t *plainTable) cell(n *Node) {
	outer := t.out
	t.out = lines{buf: t.lines[:0]}
	if isCell(n.Type) {
		t.body(t.enter(n), 2)
		t.leave()
	} else {
		t.body([]*Node{n}, 2)
	}
	t.lines, t.out = t.out.buf, outer
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
