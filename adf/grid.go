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
func (g *grid) place(cell *Node) int {
	g.cells++
	columns, rows := 1, 1
	if !g.flat && isCell(cell.Type) && cell.Attrs != "" {
		columns = span(cell.Attrs, "colspan", maxColspan)
		rows = span(cell.Attrs, "rowspan", g.left)
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

// span returns a span: a number from 1 to limit, truncated, else 1.
func span(a Attrs, name string, limit int) int {
	n, ok := a.Number(name)
	if !ok || n < 1 {
		return 1
	}
	return int(min(n, float64(limit)))
}

// layout returns the grid for a table with these rows, before its first row.
func (w *walker) layout(rows []*Node) grid {
	cells, spans := 0, false
	w.eachRow(rows, func(row []*Node, _ int) bool {
		for _, cell := range row {
			if cell != nil {
				cells++
				spans = spans || isCell(cell.Type) && cell.Attrs != ""
			}
		}
		return true
	})
	if !spans {
		return grid{flat: true}
	}
	var trial grid
	w.eachRow(rows, func(row []*Node, left int) bool {
		trial.begin(left)
		for _, cell := range row {
			if cell != nil && !trial.tooMany(cells) {
				trial.before()
				trial.place(cell)
			}
		}
		trial.end()
		return !trial.tooMany(cells)
	})
	return grid{flat: trial.tooMany(cells)}
}

// eachRow calls f with the cells of each row, and the number of rows from it
// on, until it returns false.
func (w *walker) eachRow(rows []*Node, f func(row []*Node, left int) bool) {
	for i, n := range rows {
		if n == nil {
			continue
		}
		more := f(w.enterRow(n), len(rows)-i)
		w.leaveRow(n)
		if !more {
			return
		}
	}
}
