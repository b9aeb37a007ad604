package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// samples are the seconds that some work took, each time.
type samples []float64

func (s samples) best() float64 {
	if len(s) == 0 {
		return 0
	}
	return slices.Min(s)
}

func (s samples) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

// ms is the best and the median in milliseconds.
func (s samples) ms() string { return digits(1e3*s.best()) + " / " + digits(1e3*s.median()) }

// seconds is the best and the median.
func (s samples) seconds() string { return digits(s.best()) + " / " + digits(s.median()) }

// over is how many times as long as the others these took: by the best, and by
// the median.
func (s samples) over(others samples) string {
	return quotient(s.best(), others.best()) + " / " + quotient(s.median(), others.median())
}

func quotient(a, b float64) string {
	if a == 0 || b == 0 {
		return "–"
	}
	return digits(a / b)
}

// digits writes a number with three digits, or all those before the point.
func digits(v float64) string {
	switch {
	case v >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// table prints Markdown.
type table struct {
	w       io.Writer
	columns int
}

// newTable prints the head. All columns but the first are aligned right.
func newTable(w io.Writer, columns ...string) table {
	t := table{w, len(columns)}
	t.line(columns...)
	fmt.Fprintln(w, "| --- |"+strings.Repeat(" ---: |", len(columns)-1))
	return t
}

// line prints a row; cells that are missing are empty.
func (t table) line(cells ...string) {
	for len(cells) < t.columns {
		cells = append(cells, "")
	}
	fmt.Fprintln(t.w, "| "+strings.Join(cells, " | ")+" |")
}
