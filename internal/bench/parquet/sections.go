package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// rows compares JSON to rows on one core.
func (s *suite) rows() error {
	variants := []string{"encoding/json", "reference tables", "all tables"}
	all := make([]collected, len(variants))
	for range s.rounds {
		for i, v := range variants {
			if err := s.add(&all[i], job{Task: "rows", Variant: v, Records: s.records, Issues: min(s.issues, 2000), Times: 2}); err != nil {
				return err
			}
		}
	}
	fmt.Fprint(s.w, "\n#### JSON to rows\n\nOne core, records in memory; by processor time.\n\n")
	t := newTable(s.w, "by", "MB/s", "× encoding/json")
	for i, v := range variants {
		name := "transform.Rows, " + v
		if i == 0 {
			name = "encoding/json into structs, reference tables"
		}
		t.line(name, digits(all[i].facts["bytes"]/1e6/all[i].processor.best()), all[0].processor.over(all[i].processor))
	}
	return nil
}

// rebuilds compares the tables of all records made anew.
func (s *suite) rebuilds() error {
	// Each writes where nothing was. What was written is deleted in the end: a
	// file system that has just deleted files is slow to make new ones.
	out := filepath.Join(s.dir, "rebuilt")
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	defer os.RemoveAll(out)
	contenders := []struct {
		name string
		job  job
	}{
		{"**ours**, all tables", job{Task: "rebuild", Variant: "all tables"}},
		{"**ours**, reference tables", job{Task: "rebuild", Variant: "reference tables"}},
		{"DuckDB read_text, from_json, sorted COPY", job{Task: "duckdb", Variant: "read_text"}},
		{"DuckDB read_json, sorted COPY", job{Task: "duckdb", Variant: "read_json"}},
		{"floor: read", job{Task: "read"}},
		{"floor: read, simdjson-go", job{Task: "read", Variant: "simdjson-go"}},
		{"floor: read, fastjson", job{Task: "read", Variant: "fastjson"}},
	}
	all := make([]collected, len(contenders))
	for round := range s.rounds {
		for i, c := range contenders {
			c.job.Records, c.job.Issues, c.job.Times = s.records, s.issues, 1
			c.job.Dir = filepath.Join(out, fmt.Sprintf("%d-%d", round, i))
			if err := s.add(&all[i], c.job); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(s.w, "\n#### Rebuild of %d files\n\n", s.issues)
	t := newTable(s.w, "by", "s", "issues/s", "× ours, all tables", "× ours, reference tables", "processor, s", "peak, MB")
	for i, c := range contenders {
		t.line(c.name, all[i].wall.seconds(), digits(float64(s.issues)/all[i].wall.best()), all[i].wall.over(all[0].wall),
			all[i].wall.over(all[1].wall), all[i].processor.seconds(), digits(all[i].peak))
	}
	for _, n := range s.generated {
		if err := s.generatedRebuild(t, "generated", n); err != nil {
			return err
		}
	}
	if len(s.generated) == 0 {
		return nil
	}
	return s.generatedRebuild(t, "generated month", s.months[len(s.months)-1])
}

// generatedRebuild adds a line of records that are made while they are read.
func (s *suite) generatedRebuild(t table, variant string, issues int) error {
	var c collected
	if err := s.add(&c, job{Task: "rebuild", Variant: variant, Dir: filepath.Join(s.dir, "rebuilt", variant), Issues: issues, Times: 1}); err != nil {
		return err
	}
	name := fmt.Sprintf("ours, %d records made as they are read", issues)
	if variant == "generated month" {
		name = fmt.Sprintf("ours, one month of %d such records", issues)
	}
	t.line(name, c.wall.seconds(), digits(float64(issues)/c.wall.best()), "", "", c.processor.seconds(), digits(c.peak))
	return nil
}

// readers compares our files with those that DuckDB makes of the same rows.
func (s *suite) readers() error {
	large := s.months[len(s.months)-1]
	sets := []struct {
		title, dir, make string
		issues, months   int
		queries          []query
	}{
		{fmt.Sprintf("One month of %d issues", large), s.monthDir(large), "make month", large, 0, lookups},
		{fmt.Sprintf("%d months of %d issues", s.many, s.aMonth), filepath.Join(s.dir, fmt.Sprintf("months-%d-%d", s.many, s.aMonth)), "make months", s.aMonth, s.many,
			slices.Concat(lookups, scans)},
	}
	for _, set := range sets {
		if !exists(set.dir) {
			if _, err := s.spawn(job{Task: set.make, Dir: set.dir, Issues: set.issues, Months: set.months}); err != nil {
				return err
			}
		}
		j := job{Dir: set.dir, Peer: set.dir + "-duckdb", Issues: set.issues, Months: set.months, Times: 7}
		j.Task = "copy by DuckDB"
		copied, err := s.spawn(j)
		if err != nil {
			return err
		}
		var asked collected
		j.Task = "query"
		if err := s.add(&asked, j); err != nil {
			return err
		}
		fmt.Fprintf(s.w, "\n#### %s, read by DuckDB\n\n", set.title)
		t := newTable(s.w, "", "ours", "DuckDB's own", "ours ÷ DuckDB's")
		t.line("MB, all tables", digits(copied.Facts[ours]/1e6), digits(copied.Facts[duck]/1e6), digits(copied.Facts[ours]/copied.Facts[duck]))
		for _, q := range set.queries {
			a, b := asked.named[ours+" "+q.name], asked.named[duck+" "+q.name]
			t.line(q.name+", ms", a.ms(), b.ms(), a.over(b))
		}
	}
	return nil
}
