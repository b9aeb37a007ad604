package main

import (
	"fmt"
	"path/filepath"
)

// monthResults are what was measured on a month of one size.
type monthResults struct {
	issues                                              int
	size                                                float64 // bytes of all tables
	floor, one, newest, scattered, unchanged, rewritten collected
	rsync                                               outcome
}

func (s *suite) monthDir(issues int) string {
	return filepath.Join(s.dir, fmt.Sprint("month-", issues))
}

// month is a job on the month of a size.
func (s *suite) month(task, variant string, issues, times int) job {
	return job{Task: task, Variant: variant, Dir: s.monthDir(issues), Records: filepath.Join(s.dir, fmt.Sprint("edited-", issues)), Issues: issues, Times: times}
}

// upserts measures all months, the contenders in turn.
func (s *suite) upserts() error {
	all := make([]monthResults, len(s.months))
	for i, issues := range s.months {
		r := &all[i]
		r.issues = issues
		if !exists(s.monthDir(issues)) {
			if _, err := s.spawn(s.month("make month", "", issues, 1)); err != nil {
				return err
			}
		}
		for round := range s.rounds {
			if err := s.upsertRound(r, round); err != nil {
				return err
			}
		}
		var err error
		if r.rsync, err = s.spawn(s.month("rsync", "", issues, 1)); err != nil {
			return err
		}
		files, err := states(s.monthDir(issues))
		if err != nil {
			return err
		}
		for _, f := range files {
			r.size += float64(f.info.Size())
		}
	}
	s.printUpserts(all)
	return nil
}

// upsertRound lets each contender have its turn. Rewriting a large month takes
// long and much memory: it gets two.
func (s *suite) upsertRound(r *monthResults, round int) error {
	for _, c := range []struct {
		into *collected
		job  job
		skip bool
	}{
		{&r.floor, s.month("copyfloor", "", r.issues, 5), false},
		{&r.one, s.month("upsert", "one", r.issues, 5), false},
		{&r.newest, s.month("upsert", "newest 50", r.issues, 3), false},
		{&r.scattered, s.month("upsert", "scattered 50", r.issues, 3), false},
		{&r.unchanged, s.month("upsert", "unchanged", r.issues, 5), false},
		{&r.rewritten, s.month("rewrite", "", r.issues, 1), round > 1},
	} {
		if c.skip {
			continue
		}
		if err := s.add(c.into, c.job); err != nil {
			return err
		}
	}
	return nil
}

// printUpserts prints a column for each month.
func (s *suite) printUpserts(all []monthResults) {
	fmt.Fprint(s.w, "\n#### Upsert into a month\n\nAll tables. An issue gets a comment and a change of status, so that three files change.\n\n")
	columns := []string{"issues in the month"}
	for _, r := range all {
		columns = append(columns, fmt.Sprint(r.issues))
	}
	t := newTable(s.w, columns...)
	for _, line := range []struct {
		name string
		cell func(monthResults) string
	}{
		{"MB, all tables", func(r monthResults) string { return digits(r.size / 1e6) }},
		{"copyfloor of the three files, ms", func(r monthResults) string { return r.floor.wall.ms() }},
		{"**upsert of one issue**, ms", func(r monthResults) string { return r.one.wall.ms() }},
		{"its processor time, ms", func(r monthResults) string { return r.one.processor.ms() }},
		{"the first after a start, ms", func(r monthResults) string { return digits(1e3 * r.one.facts["first"]) }},
		{"**÷ copyfloor**", func(r monthResults) string { return r.one.wall.over(r.floor.wall) }},
		{"read all, rewrite: ms", func(r monthResults) string { return r.rewritten.wall.ms() }},
		{"**rewrite ÷ upsert**", func(r monthResults) string { return r.rewritten.wall.over(r.one.wall) }},
		{"50 newest issues in one pass ÷ one", func(r monthResults) string { return r.newest.wall.over(r.one.wall) }},
		{"50 scattered issues in one pass ÷ one", func(r monthResults) string { return r.scattered.wall.over(r.one.wall) }},
		{"50 scattered, ms", func(r monthResults) string { return r.scattered.wall.ms() }},
		{"nothing changes, no file touched: ms", func(r monthResults) string { return r.unchanged.wall.ms() }},
		{"bytes encoded, % of the month", func(r monthResults) string { return digits(100 * r.one.facts["encoded"] / r.size) }},
		{"rsync's new data, % of the month", func(r monthResults) string { return digits(100 * r.rsync.Facts["literal"] / r.size) }},
		{"peak of an upsert, MB", func(r monthResults) string { return digits(r.one.peak) }},
		{"peak of 50 scattered, MB", func(r monthResults) string { return digits(r.scattered.peak) }},
		{"peak of rewriting, MB", func(r monthResults) string { return digits(r.rewritten.peak) }},
	} {
		cells := []string{line.name}
		for _, r := range all {
			cells = append(cells, line.cell(r))
		}
		t.line(cells...)
	}
}
