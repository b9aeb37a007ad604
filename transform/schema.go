package transform

import (
	"slices"
	"strings"

	"github.com/jirasync/jirasync/partition"
)

// column is one column: what it is called, what it holds, where its value
// comes from. The schema, the rows and docs/format.md are made of the same
// list, so that they cannot disagree.
type column struct {
	name  string
	kind  partition.Kind
	flags flags
	source
}

type flags uint8

const (
	filled  flags = 1 << iota // never null
	repeats                   // few distinct values: worth a dictionary
	long                      // long text: no bounds in the footer
)

// source is where a value comes from, for the reader and for the program.
type source struct {
	doc   string
	value func(*element) partition.Value
}

// element is what one row is made from.
type element struct {
	object        // the fields of the issue; the comment, attachment, changelog item, link
	outer  object // of a changelog item its history, of a link the linked issue
	issue  *issue
	index  int             // its place in the record's list
	local  partition.Value // of an attachment the path of its file
	media  *media          // that a comment embeds
	field  *field          // the custom field of issue_fields
	cycle  *cycle          // the row of sla_cycles
}

// table is one table of the schema.
type table struct {
	name     string
	base     string // where the paths in the sources begin, for docs/format.md
	rows     groupRows
	columns  []column // those of the reference; none in a table that we add
	added    []column // those that we add, behind them
	elements func(*issue) []element
}

// groupRows is how many rows a row group has in small months, and in the largest.
type groupRows struct{ least, most int }

// names of the tables; children first and issues last, the order in which
// they are written, so that an issue is there only when its parts are.
const (
	tableComments     = "comments"
	tableAttachments  = "attachments"
	tableChangelog    = "changelog"
	tableIssueLinks   = "issuelinks"
	tableRemoteLinks  = "remote_links"
	tableCommentMedia = "comment_media"
	tableWorklogs     = "worklogs"
	tableIssueFields  = "issue_fields"
	tableUsers        = "users"
	tableSLACycles    = "sla_cycles"
	tableIssues       = "issues"
)

// newTables returns the schema for a valid field map.
func newTables(fields FieldMap) []table {
	issues := slices.Concat(issueColumns, fields.columns(), issueTail)
	return []table{
		{tableComments, "`fields.comment.comments[]`", groupRows{3000, 4000}, commentColumns, commentAdded, (*issue).comments},
		{tableAttachments, "`fields.attachment[]`", groupRows{4000, 16000}, attachmentColumns, attachmentAdded, (*issue).attachments},
		{tableChangelog, "`changelog.histories[].items[]`", groupRows{12000, 16000}, changelogColumns, changelogAdded, (*issue).changes},
		{tableIssueLinks, "`fields.issuelinks[]`", groupRows{4000, 16000}, issueLinkColumns, nil, (*issue).links},
		{tableRemoteLinks, "`_remote_links[]`", groupRows{4000, 16000}, remoteLinkColumns, nil, (*issue).remoteLinks},
		{tableCommentMedia, "`fields.comment.comments[].body`", groupRows{4000, 16000}, nil, commentMediaColumns, (*issue).commentMedia},
		{tableWorklogs, "`fields.worklog.worklogs[]`", groupRows{4000, 16000}, nil, worklogColumns, (*issue).worklogs},
		{tableIssueFields, "`fields`", groupRows{10000, 40000}, nil, issueFieldColumns, (*issue).customFields},
		{tableUsers, "each person that the record names", groupRows{10000, 40000}, nil, userColumns, (*issue).users},
		{tableSLACycles, "`fields.customfield_…`, each cycle of each SLA", groupRows{10000, 40000}, nil, slaCycleColumns, (*issue).slaCycles},
		{tableIssues, "`fields`", groupRows{2000, 8000}, issues, without(issueAdded(fields), issues), (*issue).self},
	}
}

// without returns the columns whose names are not taken. A column of the field
// map stands in for one of ours with its name, so that adding ours breaks no
// site's map.
func without(columns, taken []column) []column {
	return slices.DeleteFunc(slices.Clone(columns), func(c column) bool {
		return slices.ContainsFunc(taken, func(t column) bool { return t.name == c.name })
	})
}

// choose returns the tables with the columns to write, and those of the tables
// that are not to be written at all.
func choose(all []table, referenceOnly bool) (chosen, left []table) {
	for _, t := range all {
		if !referenceOnly {
			t.columns = append(slices.Clone(t.columns), t.added...)
		}
		if len(t.columns) == 0 {
			t.columns = t.added
			left = append(left, t)
			continue
		}
		chosen = append(chosen, t)
	}
	return chosen, left
}

// fill makes the rows of the elements, each as long as the columns are many.
func (t *table) fill(rows []partition.Row, elements []element) {
	for n := range elements {
		for c := range t.columns {
			rows[n][c] = t.columns[c].value(&elements[n])
		}
	}
}

// partition returns the table as package partition wants it.
func (t *table) partition() partition.Table {
	p := partition.Table{Name: t.name, GroupRows: t.rows.least, MaxGroupRows: t.rows.most, Columns: make([]partition.Column, len(t.columns))}
	for i, c := range t.columns {
		p.Columns[i] = partition.Column{
			Name: c.name, Kind: c.kind, LongText: c.flags&long != 0, Repeats: c.flags&repeats != 0,
		}
	}
	return p
}

// at is the text of the member at path.
func at(path ...string) source {
	return source{"`" + strings.Join(path, ".") + "`", func(e *element) partition.Value {
		return textOrNull(e.scalar(e.at(path...)))
	}}
}

// timeAt is the instant of the member at path.
func timeAt(path ...string) source {
	return source{"`" + strings.Join(path, ".") + "`", func(e *element) partition.Value {
		return timeOrNull(e.instant(e.at(path...)))
	}}
}

// orEmpty makes "" of null.
func (s source) orEmpty() source {
	return source{s.doc + "; missing → `''`", func(e *element) partition.Value {
		if v := s.value(e); !v.IsNull() {
			return v
		}
		return textValue("")
	}}
}

// of takes the value from the element around e: the history of a changelog
// item, the linked issue of a link.
func (s source) of(outer string) source {
	return source{outer + " " + s.doc, func(e *element) partition.Value {
		defer func(inner object) { e.object = inner }(e.object)
		e.object = e.outer
		return s.value(e)
	}}
}
