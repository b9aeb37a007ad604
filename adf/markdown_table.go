package adf

import "bytes"

// table prints a table, or in a cell its rows as lines.
func (m *markdown) table(b block) {
	rows := m.open(b)
	defer m.close(b)
	g := m.layout(rows)
	t := pipeTable{markdown: m, grid: &g}
	for i, n := range rows {
		if n != nil {
			t.row(n, len(rows)-i)
		}
	}
	switch {
	case !t.printed:
	case m.cells > 0:
		t.printLines()
	default:
		t.print()
	}
}

// pipeTable collects the rows of one table: its header is as wide as the
// widest of them.
type pipeTable struct {
	*markdown
	grid    *grid
	rows    []pipeRow
	text    []byte // cells of all rows
	cellEnd []int  // in text, of each cell of all rows
	width   int    // columns of the widest row
	printed bool   // a cell is not blank
	lines   []byte // of the cell at hand
}

// pipeRow is a row of a table. Its cells end where the next row's begin.
type pipeRow struct {
	first  int // of its cells
	header bool
	blank  bool
}

// row adds a row; left is the number of rows from it on.
func (t *pipeTable) row(n *Node, left int) {
	row := pipeRow{first: len(t.cellEnd), header: true, blank: true}
	t.grid.begin(left)
	for _, cell := range t.enterRow(n) {
		if cell == nil {
			continue
		}
		t.fill(t.grid.before())
		size := len(t.text)
		t.cell(cell)
		row.header = row.header && cell.Type == "tableHeader"
		row.blank = row.blank && len(t.text) == size
		t.fill(t.grid.place(cell))
	}
	t.leaveRow(n)
	t.fill(t.grid.end())
	if width := len(t.cellEnd) - row.first; width > 0 {
		t.rows = append(t.rows, row)
		t.width = max(t.width, width)
		t.printed = t.printed || !row.blank
	}
}

// fill adds n empty cells.
func (t *pipeTable) fill(n int) {
	for range n {
		t.cellEnd = append(t.cellEnd, len(t.text))
	}
}

// cell adds a cell: its blocks as they would print outside, on one line.
func (t *pipeTable) cell(n *Node) {
	outer := t.out
	t.out = lines{buf: t.lines[:0]}
	t.cells++
	if isCell(n.Type) {
		t.body(t.enter(n), 1)
		t.leave()
	} else {
		t.body([]*Node{n}, 1)
	}
	t.cells--
	t.lines, t.out = t.out.buf, outer
	for i, c := range t.lines {
		switch {
		case c == '\n':
			t.text = append(t.text, "<br>"...)
		case c == '|' && t.cells == 0:
			t.text = append(t.text, `\|`...)
		default:
			t.text = append(t.text, t.lines[i])
		}
	}
	t.cellEnd = append(t.cellEnd, len(t.text))
}

// cellsOf calls f with the text of each cell of row i.
func (t *pipeTable) cellsOf(i int, f func(text []byte)) {
	last := len(t.cellEnd)
	if i+1 < len(t.rows) {
		last = t.rows[i+1].first
	}
	start := 0
	if first := t.rows[i].first; first > 0 {
		start = t.cellEnd[first-1]
	}
	for _, end := range t.cellEnd[t.rows[i].first:last] {
		f(t.text[start:end])
		start = end
	}
}

// print prints a table of its own. A table without a header gets an empty one.
func (t *pipeTable) print() {
	var line []byte
	add := func(text []byte) {
		line = append(line, ' ')
		line = append(line, text...)
		line = append(line, " |"...)
	}
	header := t.rows[0].header
	if !header {
		t.header([]byte("|"), 0)
	}
	for i := range t.rows {
		line = append(line[:0], '|')
		t.cellsOf(i, add)
		if i > 0 || !header {
			t.out.line(line)
			continue
		}
		width := len(t.cellEnd)
		if len(t.rows) > 1 {
			width = t.rows[1].first
		}
		t.header(line, width)
	}
}

// header prints a header, of which line holds width columns, and the line
// after it.
func (t *pipeTable) header(line []byte, width int) {
	for range t.width - width {
		line = append(line, "  |"...)
	}
	t.out.line(line)
	line = append(line[:0], '|')
	for range t.width {
		line = append(line, " --- |"...)
	}
	t.out.line(line)
}

// printLines prints a table in a cell, a line a row.
func (t *pipeTable) printLines() {
	var line []byte
	for i, row := range t.rows {
		if row.blank {
			continue
		}
		line = line[:0]
		t.cellsOf(i, func(text []byte) {
			line = append(line, " | "...)
			line = append(line, text...)
		})
		t.out.line(bytes.TrimSpace(line[len(" | "):]))
	}
}
