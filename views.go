package jirasync

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/transform"
)

var viewPrefix = regexp.MustCompile(`\A[A-Za-z_][A-Za-z0-9_]{0,62}\z`)

// slaCurrent is the view of the cycle that reports use: the ongoing one, else the
// last completed one, which sla_cycle_type tells.
const slaCurrent = `CREATE OR REPLACE VIEW "%[1]ssla_current" AS SELECT *, kind AS sla_cycle_type FROM "%[1]ssla_cycles"
QUALIFY row_number() OVER (PARTITION BY issue_key, field_id ORDER BY cycle DESC) = 1;
`

// Views returns the DuckDB statements that make one view a table over the
// files below dir, which is a Parquet or a distribution directory of either
// layout, and the view sla_current of the current cycle of each SLA. Of the
// hive layout the views have one more column, month, by which DuckDB leaves
// files out. Files of both layouts are ErrLayout. A table
// without any file is left out with a comment, because DuckDB refuses a view
// over nothing. The prefix ("jira_" by convention, may be empty) must be an
// identifier.
func Views(dir, prefix string) (string, error) {
	if prefix != "" && !viewPrefix.MatchString(prefix) {
		return "", fmt.Errorf("views: prefix must be letters, digits and underscores")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("views: %w", err)
	}
	if strings.ContainsAny(abs, "*?[]{}\n\r\x00") {
		return "", fmt.Errorf("views: the directory's name holds characters that DuckDB reads as a pattern")
	}
	files, layout, err := openAsItIs(abs)
	if err != nil {
		return "", fmt.Errorf("views: %w", err)
	}
	defer files.Close()
	var b strings.Builder
	b.WriteString("-- DuckDB views over the Jira tables. All timestamps are UTC instants.\nSET TimeZone = 'UTC';\n")
	tables := append(transform.Schema(transform.Options{}), transform.SiteTables(transform.Options{})...)
	for _, table := range tables {
		there, err := hasFiles(files, table)
		if err != nil {
			return "", fmt.Errorf("views: %w", err)
		}
		if !there {
			fmt.Fprintf(&b, "-- %s%s: no files yet\n", prefix, table.Name)
			continue
		}
		pattern, options := "*.parquet", ""
		if layout == partition.Hive && !table.Whole {
			pattern, options = "month=*/data.parquet", ", hive_partitioning = true, hive_types = {'month': VARCHAR}"
		}
		glob := filepath.ToSlash(filepath.Join(abs, table.Name, pattern))
		fmt.Fprintf(&b, "CREATE OR REPLACE VIEW \"%s%s\" AS SELECT * FROM read_parquet('%s', union_by_name = true%s);\n",
			prefix, table.Name, strings.ReplaceAll(glob, "'", "''"), options)
		if table.Name == "sla_cycles" {
			fmt.Fprintf(&b, slaCurrent, prefix)
		}
	}
	return b.String(), nil
}

// openAsItIs opens a directory in the layout that its files have.
func openAsItIs(path string) (dir *partition.Dir, layout partition.Layout, err error) {
	var mixed error
	for _, layout := range []partition.Layout{partition.Flat, partition.Hive} {
		if dir, err = partition.OpenLayout(path, layout); err != nil {
			return nil, layout, err
		}
		if err = inLayout(dir, layout); err == nil {
			return dir, layout, nil
		}
		mixed = errors.Join(err, dir.Close())
	}
	return nil, layout, mixed
}

// hasFiles reports whether a glob over the table finds anything.
func hasFiles(files *partition.Dir, table partition.Table) (bool, error) {
	if table.Whole {
		_, err := files.Stat(table.Name, partition.Whole)
		return err == nil, nil // one that was set aside is not there
	}
	months, err := files.Months(table.Name)
	return len(months) > 0, err
}
