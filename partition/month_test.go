package partition_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jirasync/jirasync/partition"
)

// The tables that a webhook changes, as wide as the real ones: 49, 9 and 11
// columns. An issue has ten comments and twenty changes.
var (
	wideIssues    = partition.Table{Name: "issues", GroupRows: 2000, Columns: wideIssueColumns()}
	wideComments  = partition.Table{Name: "comments", GroupRows: 1000, MaxGroupRows: 4000, Columns: columns("comment_id issue_key author/r author_id/r body/l rendered/l created_at/t updated_at/t public/b")}
	wideChangelog = partition.Table{Name: "changelog", GroupRows: 4000, MaxGroupRows: 16000, Columns: columns("history_id issue_key author/r author_id/r created_at/t field/r field_id/r from_value from_text to_value to_text")}
)

// columns makes a schema of names: /r repeats, /l is long, /t a timestamp, /i
// an integer, /b a boolean.
func columns(names string) []partition.Column {
	var list []partition.Column
	for field := range strings.FieldsSeq(names) {
		name, kind, _ := strings.Cut(field, "/")
		c := partition.Column{Name: name, Repeats: kind == "r", LongText: kind == "l"}
		switch kind {
		case "t":
			c.Kind = partition.Timestamp
		case "i":
			c.Kind = partition.Int64
		case "b":
			c.Kind = partition.Bool
		}
		list = append(list, c)
	}
	return list
}

func wideIssueColumns() []partition.Column {
	names := "issue_key issue_id summary description/l status/r"
	for i := range 12 {
		names += fmt.Sprintf(" choice_%d/r", i)
	}
	for i := range 10 {
		names += fmt.Sprintf(" instant_%d/t", i)
	}
	for i := range 10 {
		names += fmt.Sprintf(" number_%d/i", i)
	}
	for i := range 6 {
		names += fmt.Sprintf(" flag_%d/b", i)
	}
	for i := range 6 {
		names += fmt.Sprintf(" text_%d", i)
	}
	return columns(names)
}

// dictionary is words enough that text compresses about as prose does.
var dictionary = func() []string {
	r := rand.New(rand.NewPCG(11, 12))
	list := make([]string, 6000)
	for i := range list {
		for range 2 + r.IntN(4) {
			list[i] += string("bcdfglmnprstvz"[r.IntN(14)]) + string("aeiou"[r.IntN(5)])
		}
		list[i] += " "
	}
	return list
}()

func prose(r *rand.Rand, size int) partition.Value {
	var b strings.Builder
	for b.Len() < size {
		n := r.IntN(len(dictionary))
		b.WriteString(dictionary[n*n/len(dictionary)]) // some words more often
	}
	return partition.String(b.String())
}

// An issueRows is everything of one issue.
type issueRows struct {
	key                        string
	issue, comments, changelog []partition.Row
}

// wideIssue makes the n-th issue of a month, the same for every caller but
// for its version, which changes the issue and adds a comment and a change.
func wideIssue(n, version int) issueRows {
	r := rand.New(rand.NewPCG(uint64(n), 13))
	key := partition.String(fmt.Sprintf("DEMO-%07d", n))
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * 26 * time.Second)
	at := func() partition.Value {
		return partition.Time(start.Add(time.Duration(r.Int64N(int64(30 * 24 * time.Hour)))))
	}
	pick := func(name string, n int) partition.Value {
		return partition.String(fmt.Sprintf("%s %d", name, r.IntN(n)))
	}
	fill := func(t partition.Table, name string) partition.Row {
		row := make(partition.Row, len(t.Columns))
		for i, c := range t.Columns {
			switch {
			case c.Name == partition.KeyColumn:
				row[i] = key
			case c.LongText:
				row[i] = prose(r, 200+r.IntN(300))
			case r.IntN(3) == 0 && i > 3: // many fields are not set
			case c.Repeats:
				row[i] = pick(c.Name, 40)
			case c.Kind == partition.Timestamp:
				row[i] = at()
			case c.Kind == partition.Int64:
				row[i] = partition.Int(r.Int64N(1e6))
			case c.Kind == partition.Bool:
				row[i] = partition.Flag(r.IntN(2) == 0)
			default:
				row[i] = partition.String(fmt.Sprint(name, " ", r.IntN(1e8)))
			}
		}
		return row
	}
	rows := issueRows{key: key.Text(), issue: []partition.Row{fill(wideIssues, "text")}}
	rows.issue[0][3] = prose(r, 1000+r.IntN(3000))
	for i := range 10 + version {
		rows.comments = append(rows.comments, fill(wideComments, fmt.Sprint("comment", i)))
	}
	for i := range 20 + version {
		rows.changelog = append(rows.changelog, fill(wideChangelog, fmt.Sprint("change", i)))
	}
	if version > 0 {
		rows.issue[0][2] = partition.String(fmt.Sprint("version ", version))
	}
	return rows
}

// contents returns the tables with the rows of some issues, sorted by key,
// children first.
func contents(list ...issueRows) []partition.Content {
	c := []partition.Content{{Table: wideComments}, {Table: wideChangelog}, {Table: wideIssues}}
	for _, rows := range list {
		c[0].Rows = append(c[0].Rows, rows.comments...)
		c[1].Rows = append(c[1].Rows, rows.changelog...)
		c[2].Rows = append(c[2].Rows, rows.issue...)
	}
	return c
}
