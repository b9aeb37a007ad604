package partition

import (
	"fmt"
	"slices"
	"strings"
)

// A Kind is what a column holds besides nulls.
type Kind uint8

// The kinds of columns.
const (
	Text      Kind = iota // UTF-8 text
	Int64                 // signed integer
	Timestamp             // instant, microseconds, adjusted to UTC
	Bool
	Float64 // IEEE 754 double
)

var kindNames = [...]string{Text: "text", Int64: "int64", Timestamp: "timestamp", Bool: "bool", Float64: "float64"}

// String returns the kind's name: text, int64, timestamp, bool or float64.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// A Column is one column of a table. Every column may hold nulls.
type Column struct {
	Name string
	Kind Kind

	// LongText keeps the least and greatest value out of the footer. Set it
	// for texts without a useful order, such as descriptions, which would
	// make the footer as large as the data.
	LongText bool

	// Repeats says that the column has few different values, such as a
	// status or an author. They are stored once in each row group.
	Repeats bool
}

// KeyColumn is the text column that every table has that is divided by month: the key of the issue
// that a row belongs to, by which rows are sorted. It is never null.
const KeyColumn = "issue_key"

// IDColumn is the text column that [Dir.Keys] reads beside [KeyColumn].
const IDColumn = "issue_id"

// defaultGroupRows suits a table with one row for each issue.
const defaultGroupRows = 2000

// A Table is the schema of one table.
type Table struct {
	// Name is the directory of the table's files.
	Name string

	// Columns are in the order they have in the file. One is KeyColumn, unless
	// the table is Whole.
	Columns []Column

	// Whole says that the table is not divided by month, because its rows
	// belong to no issue. They are sorted by its first column, a text that is
	// never null; see the constant [Whole].
	Whole bool

	// GroupRows is how many rows a row group holds, if no issue has more. Zero
	// means 2,000. Small groups let a reader skip more and Splice rewrite
	// less; below some hundred rows the footer grows.
	GroupRows int

	// MaxGroupRows is how many it may hold in a large month: there a row group
	// has a 250th of the month's rows, within these two bounds. Zero means
	// GroupRows, whatever the month.
	MaxGroupRows int

	// Stamp is a text that is written into each file, for [Dir.Stamp] to find
	// again. It says by which rules the rows were made, where the columns do
	// not tell. Up to 64 letters, digits and hyphens; empty writes none.
	Stamp string
}

// Index returns the place of the named column in a row, or -1.
func (t Table) Index(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// Validate reports the first fault of a schema: a name that is not a
// lower-case ASCII letter or underscore followed by up to 62 letters, digits
// or underscores, a name used twice, an unknown kind, no issue_key, LongText
// or Repeats on a column that is not text or on issue_key LongText, a stamp
// that is not of its form.
func (t Table) Validate() error {
	if !validName(t.Name) {
		return fmt.Errorf("table name %q is not valid", t.Name)
	}
	seen := make(map[string]bool, len(t.Columns))
	for _, c := range t.Columns {
		switch {
		case !validName(c.Name):
			return fmt.Errorf("table %s: column name %q is not valid", t.Name, c.Name)
		case seen[c.Name]:
			return fmt.Errorf("table %s: two columns are named %s", t.Name, c.Name)
		case int(c.Kind) >= len(kindNames):
			return fmt.Errorf("table %s: column %s has unknown kind %d", t.Name, c.Name, c.Kind)
		case c.Kind != Text && (c.LongText || c.Repeats):
			return fmt.Errorf("table %s: column %s is no text, so neither LongText nor Repeats", t.Name, c.Name)
		}
		seen[c.Name] = true
	}
	if i := t.key(); i < 0 || t.Columns[i].Kind != Text || t.Columns[i].LongText {
		return fmt.Errorf("table %s: no text column %s with bounds", t.Name, t.keyName())
	}
	if t.GroupRows < 0 || t.MaxGroupRows < 0 {
		return fmt.Errorf("table %s: negative GroupRows or MaxGroupRows", t.Name)
	}
	if len(t.Stamp) > 64 || strings.ContainsFunc(t.Stamp, notInStamp) {
		return fmt.Errorf("table %s: stamp is not of letters, digits and hyphens", t.Name)
	}
	return nil
}

func notInStamp(r rune) bool {
	return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

func validName(s string) bool {
	if s == "" || len(s) > 63 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return true
}
