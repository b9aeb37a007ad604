package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"
)

// shape makes documents that are hard to do in linear time.
type shape struct {
	name string
	full int
	make func(n int) string
}

const (
	word      = `{"type":"text","text":"a"}`
	paragraph = `{"type":"paragraph","content":[` + word + `]}`
)

var shapes = []shape{
	{"nested panels", 4500, func(n int) string {
		const open, end = `{"type":"panel","attrs":{"panelType":"info"},"content":[`, `]}`
		return document(strings.Repeat(open, n) + paragraph + strings.Repeat(end, n))
	}},
	{"runs in a paragraph", 200_000, func(n int) string {
		const run = `{"type":"text","text":"a","marks":[{"type":"strong"}]},`
		return document(`{"type":"paragraph","content":[` + strings.Repeat(run+word+`,`, n/2) + word + `]}`)
	}},
	{"rows of 1,000 cells", 1000, func(n int) string {
		const cell = `{"type":"tableCell","content":[` + paragraph + `]}`
		row := `{"type":"tableRow","content":[` + strings.Repeat(cell+`,`, 999) + cell + `]}`
		return document(`{"type":"table","content":[` + strings.Repeat(row+`,`, n-1) + row + `]}`)
	}},
}

func document(blocks string) string {
	return `{"type":"doc","version":1,"content":[` + blocks + `]}`
}

// growth is the time of the largest size that was reached, and by how much the
// last doubling multiplied it.
type growth struct {
	size   int
	took   time.Duration
	factor float64
	err    error
}

// grow doubles a shape up to its full size, or until a run takes the limit: a
// converter that is quadratic would take four times that for the next.
func grow(one contender, s shape, full int, limit time.Duration) growth {
	var g growth
	for shift := 3; shift >= 0 && g.took < limit; shift-- {
		n := full >> shift
		data := []byte(s.make(n))
		took, err := bestOf(3, one, data, limit)
		if err != nil {
			g.err = err
			return g
		}
		if g.took > 0 {
			g.factor = float64(took) / float64(g.took)
		}
		g.size, g.took = n, took
	}
	return g
}

// bestOf times a contender; what takes long is not repeated.
func bestOf(times int, one contender, data []byte, limit time.Duration) (time.Duration, error) {
	var best time.Duration
	for range times {
		runtime.GC()
		start := processorTime()
		if _, err := one.run(data); err != nil {
			return 0, err
		}
		took := processorTime() - start
		if best == 0 || took < best {
			best = took
		}
		if took > limit/10 {
			break
		}
	}
	return best, nil
}

func (g growth) String() string {
	if g.err != nil {
		return "refused"
	}
	return fmt.Sprintf("%s ms (× %.1f)", digits(float64(g.took.Microseconds())/1e3), g.factor)
}

// printGrowth prints the table of times; each shape's size is divided by less.
func printGrowth(w io.Writer, list []contender, less int, limit time.Duration) {
	fmt.Fprint(w, "| task | by |")
	for _, s := range shapes {
		fmt.Fprintf(w, " %d %s |", s.full/less, s.name)
	}
	fmt.Fprintf(w, "\n| --- | --- |%s\n", strings.Repeat(" ---: |", len(shapes)))
	for _, one := range list {
		if one.slow {
			continue
		}
		fmt.Fprintf(w, "| %s | %s |", one.task, one.name)
		for _, s := range shapes {
			g := grow(one, s, s.full/less, limit)
			if g.err == nil && g.size < s.full/less {
				fmt.Fprintf(w, " %d: %s |", g.size, g)
				continue
			}
			fmt.Fprintf(w, " %s |", g)
		}
		fmt.Fprintln(w)
	}
}
