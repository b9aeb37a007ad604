package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/jirasync/jirasync"
	"github.com/jirasync/jirasync/internal/rawjson"
	"github.com/jirasync/jirasync/jira"
	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

// tableView reads the published tables as a user would: from the files.
type tableView struct {
	dir    *partition.Dir
	schema []partition.Table
	opts   transform.Options
	seen   map[string]version // by table and month: what a file held when it was last read
}

// version is one version of a file.
type version struct {
	info os.FileInfo
	rows []partition.Row
}

func openView(cfg jirasync.Config) (*tableView, error) {
	dir, err := partition.Open(cfg.DistDir)
	if err != nil {
		return nil, err
	}
	opts := transform.Options{SiteURL: cfg.BaseURL}
	return &tableView{dir: dir, schema: transform.Schema(opts), opts: opts, seen: map[string]version{}}, nil
}

func (v *tableView) Close() error { return v.dir.Close() }

// rows returns the rows of an issue.
func (v *tableView) rows(table, key string) ([]named, error) {
	t := v.schema[slices.IndexFunc(v.schema, func(t partition.Table) bool { return t.Name == table })]
	var found []named
	err := v.each(t, func(row partition.Row) {
		if row[t.Index(partition.KeyColumn)].Text() == key {
			found = append(found, byName(t, row))
		}
	})
	return found, err
}

// each visits every row of a table.
func (v *tableView) each(t partition.Table, visit func(partition.Row)) error {
	months, err := v.dir.Months(t.Name)
	if err != nil {
		return err
	}
	for _, month := range months {
		rows, err := v.read(t, month)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since it was listed
		}
		if err != nil {
			return err
		}
		for _, row := range rows {
			visit(row)
		}
	}
	return nil
}

// read reads a file again only when it was replaced.
func (v *tableView) read(t partition.Table, month string) ([]partition.Row, error) {
	info, err := v.dir.Stat(t.Name, month)
	if err != nil {
		return nil, err
	}
	name := t.Name + " " + month
	if last, ok := v.seen[name]; ok && os.SameFile(last.info, info) && last.info.ModTime().Equal(info.ModTime()) {
		return last.rows, nil
	}
	rows, err := v.dir.Read(t, month)
	if err == nil {
		v.seen[name] = version{info, rows}
	}
	return rows, err
}

func byName(t partition.Table, row partition.Row) named {
	n := make(named, len(row))
	for i, c := range t.Columns {
		n[c.Name] = row[i]
	}
	return n
}

// local says which columns speak of our own files and clock, or of the account
// that reads and its time zone, not of Jira.
func local(column string) bool {
	return column == "local_path" || column == "hierarchical_path" || column == "_synced_at" || column == "value_json" ||
		strings.HasSuffix(column, "elapsed_millis") || strings.HasSuffix(column, "remaining_millis") || strings.HasSuffix(column, "observed_at")
}

// compare reads every issue of the simulated Jira once more, as the account
// that sees everything, and compares its rows with the tables, both ways.
func (d *demo) compare(ctx context.Context) error {
	client, err := jira.New(jira.Config{BaseURL: d.site.URL, Email: d.site.Agent.Email, Token: jira.NewSecret(d.site.Agent.Token), RateLimit: -1})
	if err != nil {
		return err
	}
	want := map[string][]string{}
	for _, issue := range d.site.Issues() {
		d.report.Issues++
		if err := d.expect(ctx, client, issue.Key(), want); err != nil {
			return err
		}
	}
	d.report.Rows = map[string]int{}
	for _, table := range d.view.schema {
		var got []string
		if err := d.view.each(table, func(row partition.Row) { got = append(got, rowText(table, row)) }); err != nil {
			return err
		}
		d.report.Rows[table.Name] = len(got)
		d.report.mismatch(table.Name, want[table.Name], got)
	}
	if n := d.report.Rows["issues"]; n != d.report.Issues {
		d.report.Mismatches = append(d.report.Mismatches, fmt.Sprintf("issues: %d rows for %d issues", n, d.report.Issues))
	}
	d.report.Mismatches = append(d.report.Mismatches, d.site.Problems()...)
	if n := len(d.report.Mismatches); n > 0 {
		return fmt.Errorf("demo: %d mismatches between Jira and Parquet", n)
	}
	return nil
}

// expect adds the rows that the issue should have.
func (d *demo) expect(ctx context.Context, client *jira.Client, key string, want map[string][]string) error {
	issue, err := client.Issue(ctx, key)
	if err != nil {
		return fmt.Errorf("demo: compare %s: %w", key, err)
	}
	if len(issue.Missing) > 0 {
		return fmt.Errorf("demo: compare %s: Jira did not tell %v", key, issue.Missing)
	}
	record, err := rawjson.Parse(issue.JSON)
	if err != nil {
		return err
	}
	record.Set("_remote_links", issue.RemoteLinks)
	rows, err := transform.Rows(record.Bytes(), d.view.opts)
	if err != nil {
		return err
	}
	for _, c := range rows.Contents {
		for _, row := range c.Rows {
			want[c.Table.Name] = append(want[c.Table.Name], rowText(c.Table, row))
		}
	}
	return nil
}

func rowText(t partition.Table, row partition.Row) string {
	var b strings.Builder
	for i, c := range t.Columns {
		if !local(c.Name) {
			fmt.Fprintf(&b, "%s=%s ", c.Name, row[i])
		}
	}
	return b.String()
}

// mismatch notes rows that stand on one side only, the first few of each.
func (r *demoReport) mismatch(table string, want, got []string) {
	const shown = 5
	for _, side := range []struct {
		name      string
		has, lack []string
	}{{"missing in Parquet", want, got}, {"not in Jira", got, want}} {
		lack := map[string]int{}
		for _, row := range side.lack {
			lack[row]++
		}
		n := 0
		for _, row := range side.has {
			if lack[row]--; lack[row] < 0 {
				if n++; n <= shown {
					r.Mismatches = append(r.Mismatches, fmt.Sprintf("%s: %s: %.300s", table, side.name, row))
				}
			}
		}
		if n > shown {
			r.Mismatches = append(r.Mismatches, fmt.Sprintf("%s: %s: %d rows in all", table, side.name, n))
		}
	}
}
