package adf

// The bounds of spans. A table that would need more empty cells than
// fillersFree, and fillersPerCell for each cell, has none of its spans.
const (
	maxColspan     = 100
	fillersFree    = 1000
	fillersPerCell = 10
)

// grid places the cells of a table, row by row, in columns, and counts the
// empty cells that stand where a cell spans. For each row: begin, then before
// and place for each cell, then end.
type grid struct {
	flat    bool  // all spans count as 1
	left    int   // rows from this one on
	column  int   // of the next cell
	covered []int // by column: rows, from this one on, that a cell covers; the last is > 0
	fillers int   // empty cells so far
	cells   int
}

// begin starts a row; left is the number of rows from it on.
func (g *grid) begin(left int) { g.left, g.column = left, 0 }

// before returns how many empty cells stand before the next cell, because
// cells of rows above cover their columns.
func (g *grid) before() int {
	start := g.column
	for g.column < len(g.covered) && g.covered[g.column] > 0 {
		g.column++
	}
	g.fillers += g.column - start
	return g.column - start
}

// place puts a cell in the next column and returns how many empty cells its
// colspan puts after it.
func (g *grid) place(cell *treeNode) int {
	g.cells++
	columns, rows := 1, 1
	if !g.flat && cell.typ.isCell() {
		columns = spanOf(cell.attrs, attrColspan, maxColspan)
		rows = spanOf(cell.attrs, attrRowspan, g.left)
	}
	if rows > 1 {
		for len(g.covered) < g.column+columns {
			g.covered = append(g.covered, 0)
		}
		for i := g.column; i < g.column+columns; i++ {
			g.covered[i] = max(g.covered[i], rows)
		}
	}
	g.column += columns
	g.fillers += columns - 1
	return columns - 1
}

// end ends a row and returns how many empty cells stand after its last cell.
func (g *grid) end() int {
	after := max(len(g.covered)-g.column, 0)
	g.fillers += after
	size := 0
	for i := range g.covered {
		if g.covered[i] > 0 {
			g.covered[i]--
		}
		if g.covered[i] > 0 {
			size = i + 1
		}
	}
	g.covered = g.covered[:size]
	return after
}

// tooMany reports whether the spans need too many empty cells.
func (g *grid) tooMany(cells int) bool {
	return g.fillers > fillersFree+fillersPerCell*cells
}

// spanOf returns a span: a number from 1 to limit, truncated, else 1.
func spanOf(a attrs, name attrName, limit int) int {
	n, ok := a.number(name)
	if !ok || n < 1 {
		return 1
	}
	return int(min(n, float64(limit)))
}

// layout returns the grid for a table with these rows, before its first row.
func (w *walker) layout(rows span) grid {
	cells, spans := 0, false
	for row := rows.from; row < rows.end; row = w.next(row) {
		kids := w.cells(row)
		for n := kids.from; n < kids.end; n = w.next(n) {
			cells++
			spans = spans || w.isSpanning(n)
		}
	}
	if !spans {
		return grid{flat: true}
	}
	var trial grid
	left := w.count(rows)
	for row := rows.from; row < rows.end && !trial.tooMany(cells); row = w.next(row) {
		trial.begin(left)
		kids := w.cells(row)
		for n := kids.from; n < kids.end && !trial.tooMany(cells); n = w.next(n) {
			trial.before()
			trial.place(&w.nodes[n])
		}
		trial.end()
		left--
	}
	return grid{flat: trial.tooMany(cells)}
}

// isSpanning reports whether a cell has a span that is not 1.
func (w *walker) isSpanning(n int) bool {
	cell := &w.nodes[n]
	return cell.typ.isCell() && len(cell.attrs) > 0 &&
		(spanOf(cell.attrs, attrColspan, 2) > 1 || spanOf(cell.attrs, attrRowspan, 2) > 1)
}
