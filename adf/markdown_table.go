package adf

import "bytes"

// table prints a table, or in a cell its rows as lines.
func (m *markdown) table(b block) {
	t := pipeTable{markdown: m, grid: m.layout(b.kids), outer: m.tables}
	left := m.count(b.kids)
	for n := b.kids.from; n < b.kids.end; n = m.next(n) {
		t.row(n, left)
		left--
	}
	switch {
	case !t.printed:
	case m.cells > 0:
		t.printLines()
	default:
		t.print()
	}
	outer := &t.outer
	m.tables = tables{m.tables.rows[:len(outer.rows)], m.tables.ends[:len(outer.ends)], m.tables.text[:len(outer.text)]}
}

// tables are stacks of what the tables that are open hold: those of a table in
// a cell come after those of the table around it.
type tables struct {
	rows []pipeRow
	ends []int  // in text, of each cell
	text []byte // of all cells
}

// pipeRow is a row of a table. It ends where the next begins.
type pipeRow struct {
	cell   int // the first, in ends
	text   int // of that cell
	header bool
	blank  bool
}

// pipeTable is a table on its way to Markdown. The header is as wide as the
// widest row, so all rows must be known before the first prints.
type pipeTable struct {
	*markdown
	grid    grid
	outer   tables // the stacks when it was opened
	width   int    // columns of the widest row
	printed bool   // a cell is not blank
}

// row adds a row; left is the number of rows from it on.
func (t *pipeTable) row(n, left int) {
	row := pipeRow{cell: len(t.tables.ends), text: len(t.tables.text), header: true, blank: true}
	t.grid.begin(left)
	kids := t.walker.cells(n)
	for cell := kids.from; cell < kids.end; cell = t.next(cell) {
		t.fill(t.grid.before())
		size := len(t.tables.text)
		t.cell(cell)
		row.header = row.header && t.nodes[cell].typ == typeTableHeader
		row.blank = row.blank && len(t.tables.text) == size
		t.fill(t.grid.place(&t.nodes[cell]))
	}
	t.fill(t.grid.end())
	if width := len(t.tables.ends) - row.cell; width > 0 {
		t.tables.rows = append(t.tables.rows, row)
		t.width = max(t.width, width)
		t.printed = t.printed || !row.blank
	}
}

// fill adds n empty cells.
func (t *pipeTable) fill(n int) {
	for range n {
		t.tables.ends = append(t.tables.ends, len(t.tables.text))
	}
}

// cell adds a cell: its blocks as they would print outside, on one line. They
// print to the end of the output, from where they are taken away.
func (t *pipeTable) cell(n int) {
	outer := t.out
	t.out = lines{buf: outer.buf, frames: outer.frames[len(outer.frames):]}
	t.markdown.cells++
	t.body(t.cellBody(n), 1)
	t.markdown.cells--
	text := t.out.buf[len(outer.buf):]
	outer.buf = t.out.buf[:len(outer.buf)]
	t.out = outer
	start := 0
	for i, c := range text {
		if c != '\n' && (c != '|' || t.markdown.cells > 0) {
			continue // pipes are escaped in the outermost cell
		}
		t.tables.text = append(t.tables.text, text[start:i]...)
		start = i + 1
		if c == '\n' {
			t.tables.text = append(t.tables.text, "<br>"...)
		} else {
			t.tables.text = append(t.tables.text, `\|`...)
		}
	}
	t.tables.text = append(t.tables.text, text[start:]...)
	t.fill(1)
}

// rows returns the rows of the table.
func (t *pipeTable) rows() []pipeRow { return t.tables.rows[len(t.outer.rows):] }

// appendRow appends the cells of row i, each between before and after, and
// returns how many they are.
func (t *pipeTable) appendRow(dst []byte, i int, before, after string) ([]byte, int) {
	rows := t.rows()
	end := len(t.tables.ends)
	if i+1 < len(rows) {
		end = rows[i+1].cell
	}
	start := rows[i].text
	ends := t.tables.ends[rows[i].cell:end]
	for _, end := range ends {
		dst = append(dst, before...)
		dst = append(dst, t.tables.text[start:end]...)
		dst = append(dst, after...)
		start = end
	}
	return dst, len(ends)
}

// print prints a table of its own. One without a header gets an empty one.
func (t *pipeTable) print() {
	header := t.rows()[0].header
	if !header {
		t.header(append(t.note[:0], '|'), 0)
	}
	for i := range t.rows() {
		line, width := t.appendRow(append(t.note[:0], '|'), i, " ", " |")
		t.note = line
		if i == 0 && header {
			t.header(line, width)
		} else {
			t.out.line(line)
		}
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
	t.note = line
}

// printLines prints a table in a cell, a line a row.
func (t *pipeTable) printLines() {
	for i, row := range t.rows() {
		if !row.blank {
			line, _ := t.appendRow(t.note[:0], i, " | ", "")
			t.out.line(bytes.TrimSpace(line[len(" | "):]))
			t.note = line
		}
	}
}
