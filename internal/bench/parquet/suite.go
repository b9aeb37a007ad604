package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// suite runs the jobs, each in a process of its own, and prints their tables.
type suite struct {
	options
	ctx     context.Context
	w       io.Writer // the tables
	log     io.Writer // what is being done
	records string    // directory of the records
}

// spawn does a job.
func (s *suite) spawn(j job) (outcome, error) {
	fmt.Fprintf(s.log, "%s %s %s\n", j.Task, j.Variant, filepath.Base(j.Dir))
	return spawn(s.ctx, j)
}

// collected are the outcomes of one contender over all rounds.
type collected struct {
	wall, processor samples
	peak            float64
	facts           map[string]float64 // of the last round
	named           map[string]samples
}

// add does a job and takes in what came of it.
func (s *suite) add(c *collected, j job) error {
	out, err := s.spawn(j)
	if err != nil {
		return err
	}
	c.wall = append(c.wall, out.Seconds...)
	c.processor = append(c.processor, out.Processor...)
	c.peak = max(c.peak, out.PeakMB)
	c.facts = out.Facts
	if c.named == nil {
		c.named = map[string]samples{}
	}
	for name, seconds := range out.Named {
		c.named[name] = append(c.named[name], seconds...)
	}
	return nil
}

// report measures and prints everything.
func (s *suite) report() error {
	fmt.Fprintf(s.w, "%s %s/%s, %d processors. %s\nTimes and ratios: best / median.\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), versions())
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Fprintf(s.w, "Load before: %s.\n", strings.Join(strings.Fields(string(load))[:3], " "))
	}
	s.records = filepath.Join(s.dir, fmt.Sprint("records-", s.issues))
	if !exists(s.records) {
		fmt.Fprintf(s.log, "write %d records\n", s.issues)
		if _, err := twoYears(s.issues).write(s.records); err != nil {
			return err
		}
	}
	for _, section := range []struct {
		name  string
		print func() error
	}{
		{"rows", s.rows}, {"upsert", s.upserts}, {"rebuild", s.rebuilds}, {"read", s.readers},
	} {
		if s.only != "" && !strings.Contains(s.only, section.name) {
			continue
		}
		if err := section.print(); err != nil {
			return err
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// versions names the other packages.
func versions() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var list []string
	for _, m := range info.Deps {
		for _, name := range []string{"duckdb-go/v2", "parquet-go/parquet-go", "simdjson-go", "fastjson"} {
			if strings.HasSuffix(m.Path, name) {
				list = append(list, strings.TrimPrefix(m.Path, "github.com/")+" "+m.Version)
			}
		}
	}
	return strings.Join(list, ", ")
}
