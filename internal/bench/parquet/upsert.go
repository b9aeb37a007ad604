package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

// month is the month of the corpora of oneMonth.
const month = "2026-01"

// busyTables are those that change with a comment and a change of status:
// children first, as they are written.
var busyTables = []string{"comments", "changelog", "issues"}

func init() {
	tasks["make month"] = makeMonth
	tasks["upsert"] = upsertTask
	tasks["copyfloor"] = copyFloorTask
	tasks["rewrite"] = rewriteTask
	tasks["rsync"] = rsyncTask
}

// makeMonth writes the tables of a month.
func makeMonth(ctx context.Context, j job) (outcome, error) {
	tables, err := transform.Open(j.Dir, transform.Options{})
	if err != nil {
		return outcome{}, err
	}
	defer tables.Close()
	result, err := transform.Rebuild(ctx, tables, oneMonth(j.Issues), transform.RebuildOptions{})
	var size int64
	for _, f := range result.Files {
		size += f.Bytes
	}
	return outcome{Facts: map[string]float64{"bytes": float64(size)}}, errors.Join(err, tables.Close())
}

// chosen are the issues that a variant of an upsert changes.
func chosen(variant string, issues int) []int {
	list := make([]int, 0, 50)
	switch variant {
	case "one":
		return append(list, issues/2)
	case "unchanged":
		return append(list, issues/3)
	case "newest 50":
		for n := range 50 {
			list = append(list, issues-50+n)
		}
	case "scattered 50":
		for n := range 50 {
			list = append(list, n*issues/50)
		}
	}
	return list
}

// desk is a directory of tables with the records of the issues that change.
type desk struct {
	corpus  *corpus
	tables  *transform.Tables
	records string
	numbers []int
	keys    []string
	version int
}

func openDesk(j job) (*desk, error) {
	d := &desk{corpus: oneMonth(j.Issues), records: j.Records, numbers: chosen(j.Variant, j.Issues)}
	for _, n := range d.numbers {
		d.keys = append(d.keys, d.corpus.key(n))
	}
	err := os.MkdirAll(d.records, 0o777)
	if err == nil {
		d.tables, err = transform.Open(j.Dir, transform.Options{})
	}
	return d, err
}

// edit gives the chosen issues another version: a comment and a change more.
func (d *desk) edit() error {
	d.version++
	for i, n := range d.numbers {
		record := d.corpus.record(nil, n, d.version)
		if err := os.WriteFile(filepath.Join(d.records, d.keys[i]+".json"), record, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// upsert brings the tables to the records, and wants so many files to change.
func (d *desk) upsert(ctx context.Context, files int) (transform.Result, error) {
	result, err := transform.Upsert(ctx, d.tables, transform.RecordsFS(os.DirFS(d.records)), d.keys...)
	if err == nil && len(result.Files) != files {
		err = fmt.Errorf("%d files changed, not %d", len(result.Files), files)
	}
	for _, f := range result.Files {
		if f.Rewritten != "" {
			err = errors.Join(err, fmt.Errorf("%s was written whole: %s", f.Path, f.Rewritten))
		}
	}
	return result, err
}

// upsertTask changes the issues of the variant, after a first time that does
// not count: it reads which issues the month has. The variant "unchanged"
// applies the same records again, and no file may be touched.
func upsertTask(ctx context.Context, j job) (outcome, error) {
	d, err := openDesk(j)
	if err != nil {
		return outcome{}, err
	}
	defer d.tables.Close()
	out := outcome{Facts: map[string]float64{}}
	if err := d.edit(); err != nil {
		return out, err
	}
	start := time.Now()
	first, err := transform.Upsert(ctx, d.tables, transform.RecordsFS(os.DirFS(d.records)), d.keys...)
	if err != nil {
		return out, err
	}
	out.Facts["first"] = time.Since(start).Seconds()
	out.Facts["files of the first"] = float64(len(first.Files))
	files := len(busyTables)
	if j.Variant == "unchanged" {
		files = 0
	}
	before, err := states(j.Dir)
	if err != nil {
		return out, err
	}
	for range j.Times {
		if j.Variant != "unchanged" {
			if err := d.edit(); err != nil {
				return out, err
			}
		}
		var result transform.Result
		if err := out.time(func() (err error) { result, err = d.upsert(ctx, files); return err }); err != nil {
			return out, err
		}
		var size, copied int64
		for _, f := range result.Files {
			size, copied = size+f.Bytes, copied+f.Copied
		}
		out.Facts["encoded"], out.Facts["written"] = float64(size-copied), float64(size)
	}
	after, err := states(j.Dir)
	if err == nil && j.Variant == "unchanged" && !slices.EqualFunc(before, after, sameState) {
		err = errors.New("an upsert without a change touched a file")
	}
	return out, err
}

// state is a file as stat shows it.
type state struct {
	path string
	info os.FileInfo
}

func states(dir string) ([]state, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.parquet"))
	if err != nil {
		return nil, err
	}
	list := make([]state, len(paths))
	for i, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		list[i] = state{path, info}
	}
	return list, nil
}

func sameState(a, b state) bool {
	return a.path == b.path && os.SameFile(a.info, b.info) && a.info.ModTime().Equal(b.info.ModTime()) && a.info.Size() == b.info.Size()
}

func busyFile(dir, table string) string { return filepath.Join(dir, table, month+".parquet") }

// copyFloorTask is the least that it takes to replace the busy files: copies by
// the kernel, side by side, each fsynced, then renamed, and their directories
// fsynced.
func copyFloorTask(_ context.Context, j job) (outcome, error) {
	return timed(j.Times, func(int) error {
		errs := make([]error, len(busyTables))
		var group sync.WaitGroup
		for i, table := range busyTables {
			group.Go(func() {
				path := busyFile(j.Dir, table)
				errs[i] = copyFile(path+".copy", path, true)
			})
		}
		group.Wait()
		for _, table := range busyTables {
			path := busyFile(j.Dir, table)
			errs = append(errs, os.Rename(path+".copy", path), syncDir(filepath.Dir(path)))
		}
		return errors.Join(errs...)
	})
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// rewriteTask is the plain way: it reads the busy tables of the month, puts the
// rows of one issue in the place of the old ones, and writes all.
func rewriteTask(ctx context.Context, j job) (outcome, error) {
	c := oneMonth(j.Issues)
	d, err := partition.Open(j.Dir)
	if err != nil {
		return outcome{}, err
	}
	defer d.Close()
	n := j.Issues / 2
	return timed(j.Times, func(time int) error {
		rows, err := transform.Rows(c.record(nil, n, 1000+time), transform.Options{})
		if err != nil {
			return err
		}
		release, err := d.LockMonth(ctx, month)
		if err != nil {
			return err
		}
		defer release()
		var contents []partition.Content
		for _, content := range rows.Contents {
			if slices.Contains(busyTables, content.Table.Name) {
				if content.Rows, err = exchanged(d, content, c.key(n)); err != nil {
					return err
				}
				contents = append(contents, content)
			}
		}
		files, err := d.Replace(month, contents...)
		if err == nil && len(files) != len(busyTables) {
			err = fmt.Errorf("%d files changed", len(files))
		}
		return err
	})
}

// exchanged returns the rows of a table with those of one issue exchanged.
func exchanged(d *partition.Dir, content partition.Content, key string) ([]partition.Row, error) {
	rows, err := d.Read(content.Table, month)
	if err != nil {
		return nil, err
	}
	column := content.Table.Index(partition.KeyColumn)
	at := slices.IndexFunc(rows, func(r partition.Row) bool { return r[column].Text() == key })
	if at < 0 {
		return nil, fmt.Errorf("%s is not in %s", key, content.Table.Name)
	}
	end := at
	for end < len(rows) && rows[end][column].Text() == key {
		end++
	}
	return slices.Replace(rows, at, end, content.Rows...), nil
}

// rsyncTask upserts one issue and counts what rsync would send of the files.
func rsyncTask(ctx context.Context, j job) (outcome, error) {
	j.Variant = "one"
	d, err := openDesk(j)
	if err != nil {
		return outcome{}, err
	}
	defer d.tables.Close()
	for _, table := range busyTables {
		if err := copyFile(filepath.Join(j.Records, table), busyFile(j.Dir, table), false); err != nil {
			return outcome{}, err
		}
	}
	d.version = 2000
	if err := d.edit(); err != nil {
		return outcome{}, err
	}
	if _, err := d.upsert(ctx, len(busyTables)); err != nil {
		return outcome{}, err
	}
	out := outcome{Facts: map[string]float64{}}
	for _, table := range busyTables {
		old := filepath.Join(j.Records, table)
		literal, err := literalBytes(old, busyFile(j.Dir, table))
		if err != nil {
			return out, err
		}
		out.Facts["literal"] += float64(literal)
		out.Facts[table] = float64(literal)
		if err := os.Remove(old); err != nil {
			return out, err
		}
	}
	return out, nil
}
