package transform

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/jirasync/jirasync/partition"
)

// Names of the tables that tell of the site. Their rows belong to no issue,
// so to no month: partition.Whole.
const (
	TableFields        = "fields"
	TableOrganizations = "organizations"
)

// siteTables returns their schema for a valid field map.
func siteTables(fields FieldMap) []table {
	return []table{
		{name: TableFields, base: "each field of `GET /rest/api/3/field`", rows: groupRows{10000, 40000}, added: fieldColumns(fields)},
		{name: TableOrganizations, base: "each organization of `GET /rest/servicedeskapi/organization`", rows: groupRows{10000, 40000}, added: organizationColumns},
	}
}

func fieldColumns(fields FieldMap) []column {
	return []column{
		{"field_id", text, filled, at("id")},
		{"name", text, 0, at("name")},
		{"untranslated_name", text, 0, at("untranslatedName")},
		{"custom", boolean, 0, boolAt("custom")},
		{"type", text, repeats, at("schema", "type")},
		{"items", text, repeats, at("schema", "items")},
		{"custom_type", text, repeats, at("schema", "custom")},
		{"clause_names", text, filled, source{"`clauseNames`, its names in JQL, as a JSON array; missing → `[]`", func(e *element) partition.Value {
			return textValue(e.optionList(e.get("clauseNames")))
		}}},
		{"project_id", text, repeats, source{"`scope.project.id`: of a team-managed project that has the field alone", at("scope", "project", "id").value}},
		{"issue_columns", text, filled, source{"columns of `issues` that it fills by the field map, as a JSON array; none → `[]`", func(e *element) partition.Value {
			id, _ := e.scalar(e.get("id"))
			return textValue(fields.filledBy(id))
		}}},
		{"_synced_at", text, filled, seenAt},
	}
}

var organizationColumns = []column{
	{"org_id", text, filled, at("id")},
	{"name", text, 0, at("name")},
	{"uuid", text, 0, source{"`uuid`; empty → null", func(e *element) partition.Value {
		s, ok := e.scalar(e.get("uuid"))
		return textOrNull(s, ok && s != "")
	}}},
	{"created_at", timestamp, 0, source{"`created.epochMillis`", func(e *element) partition.Value {
		n, ok := e.integer(e.at("created", "epochMillis"))
		created := time.UnixMilli(n).UTC()
		return timeOrNull(created, ok && 1 <= created.Year() && created.Year() <= 9999)
	}}},
	{"scim_managed", boolean, 0, boolAt("scimManaged")},
	{"_synced_at", text, filled, seenAt},
}

// seenAt is filled in by SiteChange, which knows the row of before.
var seenAt = source{"the refresh that first found the row as it is", func(*element) partition.Value { return partition.Null }}

func boolAt(name string) source {
	return source{"`" + name + "`; anything but true and false → null", func(e *element) partition.Value { return boolOrNull(e.get(name)) }}
}

// filledBy returns the columns that a field fills, as a JSON array.
func (m FieldMap) filledBy(id string) string {
	var quoted []string
	for _, f := range m {
		if f.ID != id {
			continue
		}
		names, _ := f.names() // Validate has accepted them
		switch f.Kind {
		case KindSprint:
			names = []string{"sprint_names"}
		case KindStoryPoints:
			names = []string{"story_points"}
		}
		for _, name := range names {
			quoted = append(quoted, quote(name))
		}
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

// SiteTables returns the tables that tell of the site, fields first. There are
// none with ReferenceOnly, and when the options are not valid.
func SiteTables(o Options) []partition.Table {
	if o.Validate() != nil || o.ReferenceOnly {
		return nil
	}
	var tables []partition.Table
	for _, t := range siteTables(o.fields()) {
		tables = append(tables, t.whole())
	}
	return tables
}

// whole returns a site table as package partition wants it.
func (t *table) whole() partition.Table {
	t.columns = t.added
	p := t.partition()
	p.Whole = true
	return p
}

// SiteChange is the difference between a site table and what Jira says.
type SiteChange struct {
	Content partition.Content // all rows as Jira has them, for [partition.Dir.Replace]

	Before                  int      // rows that the table has
	Added, Changed, Removed []string // ids, sorted
}

// CompareSite compares a site table with the fields or organizations that Jira
// has, each as Jira describes it; one that comes twice counts once. A row that
// has changed, or is new, gets the time at; the others keep theirs, so that a
// table in which nothing has changed is not written. Nothing is written here.
//
// A table without a file has no rows. A file that cannot be read is an error,
// partition.ErrCorrupt or ErrSchema, and never an empty table. A part without
// an id is ErrRecord. To write, hold LockMonth of partition.Whole around this
// and Replace.
func (t *Tables) CompareSite(name string, parts []json.RawMessage, at time.Time) (SiteChange, error) {
	all := siteTables(t.mapper.fields())
	n := slices.IndexFunc(all, func(x table) bool { return x.name == name })
	if n < 0 {
		return SiteChange{}, fmt.Errorf("transform: no site table is named %q", name)
	}
	c := SiteChange{Content: partition.Content{Table: all[n].whole()}}
	stored, err := t.dir.Read(c.Content.Table, partition.Whole)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return SiteChange{}, fmt.Errorf("transform: %w", err)
	}
	if err := c.make(&all[n], parts); err != nil {
		return SiteChange{}, err
	}
	c.compare(stored, at)
	return c, nil
}

// make fills Content with a row for each part, sorted by id.
func (c *SiteChange) make(t *table, parts []json.RawMessage) error {
	for i, part := range parts {
		e := element{object: new(reader).read(part)}
		if id, _ := e.scalar(e.get("id")); id == "" {
			return fmt.Errorf("%w: %s[%d] has no id", ErrRecord, t.name, i)
		}
		row := make(partition.Row, len(t.columns))
		for n, column := range t.columns {
			row[n] = column.value(&e)
		}
		c.Content.Rows = append(c.Content.Rows, row)
	}
	slices.SortStableFunc(c.Content.Rows, func(a, b partition.Row) int { return strings.Compare(a[0].Text(), b[0].Text()) })
	c.Content.Rows = slices.CompactFunc(c.Content.Rows, func(a, b partition.Row) bool { return a[0] == b[0] })
	return nil
}

// compare finds the differences, and gives each row its time.
func (c *SiteChange) compare(stored []partition.Row, at time.Time) {
	synced := len(c.Content.Table.Columns) - 1
	before := make(map[string]partition.Row, len(stored))
	for _, row := range stored {
		before[row[0].Text()] = row
	}
	c.Before = len(before)
	now := textValue(at.UTC().Format("2006-01-02T15:04:05.000000+00:00")) // as in the records
	for _, row := range c.Content.Rows {
		id := row[0].Text()
		old, known := before[id]
		delete(before, id)
		row[synced] = now
		switch {
		case !known:
			c.Added = append(c.Added, id)
		case row[:synced].Equal(old[:synced]) && !old[synced].IsNull():
			row[synced] = old[synced]
		default:
			c.Changed = append(c.Changed, id)
		}
	}
	for id := range before {
		c.Removed = append(c.Removed, id)
	}
	slices.Sort(c.Removed)
}
