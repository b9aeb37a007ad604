package transform

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jirasync/jirasync/internal/issuekey"
	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/sla"
)

// ErrRecord reports a record that is no issue: not one JSON object, without
// a valid key or numeric id, without a readable creation time, or with
// another key than the file it was read from. Nothing is written for it and
// what the tables hold of that key stays.
var ErrRecord = errors.New("transform: not an issue record")

// DefaultSiteURL stands in issue_url when Options name no site.
const DefaultSiteURL = "https://your-domain.atlassian.net"

// Options say how records become rows. The zero Options give the reference
// tables and all that we add to them.
type Options struct {
	// SiteURL is the address of the Jira site, such as
	// https://example.atlassian.net, for issue_url. Empty means DefaultSiteURL.
	SiteURL string

	// Fields are the custom columns of the issues table. Nil means
	// DefaultFields; an empty map that is not nil means none.
	Fields FieldMap

	// Attachment tells where the file of an attachment lies, and false when it
	// is not there. It is called with the issue key and with the id and file
	// name as Jira gives them: do not trust these as parts of a path. Nil
	// means that no file is there: local_path and hierarchical_path are null
	// in everything that is written, so a rebuild needs it too.
	Attachment func(key, id, filename string) (path string, ok bool)

	// ReferenceOnly leaves out the tables and columns that we add to those of
	// the reference.
	ReferenceOnly bool

	// Layout is how the files are named. Months that lie in the other layout
	// are read there, and written in this one.
	Layout partition.Layout

	// Logger receives what was handled but deserves a look. Nil discards.
	Logger *slog.Logger
}

// Validate reports every fault of the options, joined.
func (o Options) Validate() error {
	return errors.Join(o.validateSite(), o.Fields.Validate()) // the default map is valid
}

func (o Options) validateSite() error {
	if o.SiteURL == "" {
		return nil
	}
	u, err := url.Parse(o.SiteURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("site URL is not of the form https://example.atlassian.net")
	}
	return nil
}

func (o Options) fields() FieldMap {
	if o.Fields == nil {
		return DefaultFields()
	}
	return o.Fields
}

// Schema returns the tables in the order in which they are written: children
// first, issues last. It is nil when the options are not valid.
func Schema(o Options) []partition.Table {
	if o.Validate() != nil {
		return nil
	}
	return newShape(o.fields(), o.ReferenceOnly).schema // the caller's own
}

// IssueRows is what one record says about its issue.
type IssueRows struct {
	Key     string
	ID      string
	Month   string    // month key of the UTC instant of creation, such as 2026-01
	Created time.Time // UTC, microseconds
	Updated time.Time // UTC, microseconds; zero when the record does not tell

	// Gone says that the record is a tombstone ("_deleted_at") or points to
	// the issue's new key ("_moved_to"). It has no rows then; ID and Month
	// may be empty and Created zero.
	Gone bool

	// Contents are the rows of each table, in the order of Schema; child
	// rows in the record's order.
	Contents []partition.Content

	// Skipped are the parts of the record that have no row or value because
	// their shape is wrong. They do not cost the others.
	Skipped []Skip
}

// Skip names a part of a record that could not be used.
type Skip struct {
	Part   string // such as fields.comment.comments[3]
	Reason string // such as "not an object"; never content
}

// Rows turns one issue record into the rows of all tables. It touches no
// file but through Options.Attachment, and keeps nothing of record: the rows
// have memory of their own. They share their table's description with those of
// other records, which must not be changed.
//
// The record is the issue as Jira's REST API v3 returns it with all fields
// and its changelog, plus members of our own: "_remote_links", "_synced_at",
// "_deleted_at" and "_moved_to". A value that is missing or null, or has a
// type that its column does not know, is null; docs/format.md has the rule of
// every column. What is not an issue at all is an error that wraps ErrRecord.
func Rows(record []byte, o Options) (IssueRows, error) {
	m, err := newMapper(o)
	if err != nil {
		return IssueRows{}, err
	}
	return m.rows(record)
}

// mapper is Options made ready.
type mapper struct {
	Options
	*shape
}

// shape is what the tables look like.
type shape struct {
	tables []table
	schema []partition.Table // of tables, in the same order
	left   []partition.Table // tables of ours that Options leave out
	stamp  string            // tells files of this schema from those of others
}

func newMapper(o Options) (*mapper, error) {
	valid := o.validateSite
	if o.Fields != nil {
		valid = o.Validate // the default map is valid, and this is done for each call of Rows
	}
	if err := valid(); err != nil {
		return nil, fmt.Errorf("transform: %w", err)
	}
	if o.SiteURL == "" {
		o.SiteURL = DefaultSiteURL
	}
	o.SiteURL = strings.TrimRight(o.SiteURL, "/")
	if o.Attachment == nil {
		o.Attachment = func(string, string, string) (string, bool) { return "", false }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &mapper{o, o.shape()}, nil
}

// shape returns the tables of valid options. That of the default field map is
// made once, for callers of Rows.
func (o Options) shape() *shape {
	switch {
	case o.Fields != nil:
		return newShape(o.Fields, o.ReferenceOnly)
	case o.ReferenceOnly:
		return referenceShape()
	}
	return defaultShape()
}

var (
	defaultShape   = sync.OnceValue(func() *shape { return newShape(DefaultFields(), false) })
	referenceShape = sync.OnceValue(func() *shape { return newShape(DefaultFields(), true) })
)

func newShape(fields FieldMap, referenceOnly bool) *shape {
	tables, left := choose(newTables(fields), referenceOnly)
	s := &shape{tables: tables, stamp: stamp(tables, fields)}
	for i := range tables {
		s.schema = append(s.schema, tables[i].partition())
	}
	for i := range left {
		s.left = append(s.left, left[i].partition())
	}
	s.schema[len(s.schema)-1].Stamp = s.stamp // issues is written last: when it has the stamp, all have
	return s
}

func (m *mapper) rows(record []byte) (IssueRows, error) {
	i, err := m.issue(record)
	if err != nil || i.Gone {
		return i.IssueRows, err
	}
	return m.finish(i), nil
}

// finish makes the rows of an issue, and lets go of its record. It can be
// called once.
func (m *mapper) finish(i *issue) IssueRows {
	elements := make([][]element, len(m.tables))
	rows, cells := 0, 0
	for n := range m.tables {
		elements[n] = m.tables[n].elements(i)
		rows += len(elements[n])
		cells += len(elements[n]) * len(m.tables[n].columns)
	}
	// All rows are cut from one piece, and all cells.
	allRows, allCells := make([]partition.Row, rows), make(partition.Row, cells)
	i.Contents = make([]partition.Content, len(m.tables))
	for n := range m.tables {
		i.Contents[n].Table = m.schema[n]
		if len(elements[n]) == 0 {
			continue
		}
		width := len(m.tables[n].columns)
		own := allRows[:len(elements[n]):len(elements[n])]
		allRows = allRows[len(own):]
		for r := range own {
			own[r], allCells = allCells[:width:width], allCells[width:]
		}
		m.tables[n].fill(own, elements[n])
		i.Contents[n].Rows = own
	}
	i.end()
	return i.IssueRows
}

// issue is a record that is being turned into rows.
type issue struct {
	IssueRows
	*reader
	site       string
	attachment func(key, id, filename string) (string, bool)
	whole      object // the record
	fields     object
	metrics    map[string]metric // by field id, decoded once
	parts      []part            // decoded once
	customs    []field           // nil until asked for
	files      *files            // the attachments as rich text names them; nil until asked for
}

type metric struct {
	sla.Metric
	err error
}

// part is what one table and others are made of.
type part struct {
	table    string
	elements []element
}

// issue reads what a record says about the issue as a whole.
func (m *mapper) issue(data []byte) (*issue, error) {
	r := spareReaders.Get().(*reader)
	i := &issue{reader: r, site: m.SiteURL, attachment: m.Attachment, whole: r.read(data)}
	err := i.begin()
	if err != nil || i.Gone {
		i.end()
	}
	return i, err
}

// survey reads what a record says about the issue as a whole, and no more.
func (m *mapper) survey(data []byte) (IssueRows, error) {
	r := spareReaders.Get().(*reader)
	i := &issue{reader: r, whole: r.readTop(data)}
	defer i.end()
	err := i.begin()
	return i.IssueRows, err
}

// end lets go of the record, after which there are no more rows to be made.
func (i *issue) end() {
	i.release()
	*i = issue{IssueRows: i.IssueRows}
}

// begin reads what the record says about the issue as a whole.
func (i *issue) begin() error {
	if i.tooMany {
		return fmt.Errorf("%w: more than eight million JSON values", ErrRecord)
	}
	if !i.whole.ok() {
		return fmt.Errorf("%w: not one JSON object", ErrRecord)
	}
	i.fields = i.whole.object("fields")
	i.Key, _ = i.scalar(i.whole.get("key"))
	i.ID, _ = i.scalar(i.whole.get("id"))
	i.Updated, _ = i.instant(i.fields.get("updated"))
	i.Gone = i.whole.get("_deleted_at").Kind() != 0 || i.whole.get("_moved_to").Kind() != 0
	created, dated := i.instant(i.fields.get("created"))
	if dated {
		i.Created, i.Month = created, partition.Monthly(created)
	}
	switch {
	case !issuekey.Valid(i.Key):
		return fmt.Errorf("%w: key is missing or malformed", ErrRecord)
	case i.Gone:
		return nil
	case !issuekey.ValidID(i.ID):
		return fmt.Errorf("%w: id is missing or not numeric", ErrRecord)
	case !dated:
		return fmt.Errorf("%w: fields.created is missing or not a time", ErrRecord)
	}
	return nil
}

func (i *issue) skip(reason, part string, index ...any) {
	i.Skipped = append(i.Skipped, Skip{Part: fmt.Sprintf(part, index...), Reason: reason})
}

// cycle returns the current cycle of an SLA field. A value that is null,
// unreadable for the account or no SLA has the zero Cycle, where nothing is
// known.
func (i *issue) cycle(field string) sla.Cycle {
	metric, err := i.metric(field)
	if err != nil {
		return sla.Cycle{}
	}
	cycle, _ := metric.Current()
	return cycle
}

// metric decodes an SLA field, once for all that is made of it.
func (i *issue) metric(field string) (sla.Metric, error) {
	m, known := i.metrics[field]
	if !known {
		if i.metrics == nil {
			i.metrics = map[string]metric{}
		}
		m.Metric, m.err = sla.ParseValue(i.fields.get(field))
		i.metrics[field] = m
	}
	return m.Metric, m.err
}

func (i *issue) self() []element { return []element{{object: i.fields, issue: i}} }

// once returns the elements of a part that several tables are made of. What is
// malformed in it is counted once.
func (i *issue) once(table string, elements func() []element) []element {
	for _, p := range i.parts {
		if p.table == table {
			return p.elements
		}
	}
	all := elements()
	i.parts = append(i.parts, part{table, all})
	return all
}

func (i *issue) comments() []element {
	return i.once(tableComments, func() []element {
		return i.elements(i.part(i.fields, "comment", "fields.comment"), "comments", "fields.comment.comments")
	})
}

func (i *issue) attachments() []element {
	return i.once(tableAttachments, func() []element {
		files := i.elements(i.fields, "attachment", "fields.attachment")
		for n, file := range files {
			id, _ := i.scalar(file.get("id"))
			filename, _ := i.scalar(file.get("filename"))
			files[n].local = textOrNull(i.attachment(i.Key, id, filename))
		}
		return files
	})
}

func (i *issue) remoteLinks() []element {
	return i.elements(i.whole, "_remote_links", "_remote_links")
}

func (i *issue) worklogs() []element {
	return i.once(tableWorklogs, func() []element {
		return i.elements(i.part(i.fields, "worklog", "fields.worklog"), "worklogs", "fields.worklog.worklogs")
	})
}

func (i *issue) histories() []element {
	return i.once(tableChangelog, func() []element {
		return i.elements(i.part(i.whole, "changelog", "changelog"), "histories", "changelog.histories")
	})
}

func (i *issue) changes() []element {
	histories := i.histories()
	changes := i.room(2 * len(histories))
	for _, h := range histories {
		items := i.elements(h.object, "items", "changelog.histories["+strconv.Itoa(h.index)+"].items")
		for _, item := range items {
			item.outer = h.object
			changes = append(changes, item)
		}
	}
	return changes
}

func (i *issue) links() []element {
	const part = "fields.issuelinks"
	var links []element
	for _, link := range i.elements(i.fields, "issuelinks", part) {
		for _, side := range []string{"inwardIssue", "outwardIssue"} {
			if linked := link.object.object(side); linked.ok() && !link.outer.ok() {
				link.outer = linked
			}
		}
		if !link.outer.ok() {
			i.skip("neither inwardIssue nor outwardIssue", part+"[%d]", link.index)
			continue
		}
		links = append(links, link)
	}
	return links
}

// part returns a member that holds a list. Another shape is counted.
func (i *issue) part(parent object, name, part string) object {
	o := parent.object(name)
	if !o.ok() && parent.get(name).Kind() != 0 {
		i.skip("not an object", "%s", part)
	}
	return o
}

// elements returns the objects of a list. Elements that are no objects are
// counted and left out.
func (i *issue) elements(parent object, name, part string) []element {
	list := parent.get(name)
	if list.Kind() != 0 && !isList(list) {
		i.skip("not a list", "%s", part)
	}
	elements := i.room(int(length(list)))
	n := -1
	for value := range list.Elements() {
		n++
		o := object{i.reader, value}
		if !o.ok() {
			i.skip("not an object", part+"[%d]", n)
			continue
		}
		elements = append(elements, element{object: o, issue: i, index: n})
	}
	return elements
}

// hierarchicalPath is the path that the reference made up for attachments. It
// is a label, not where the file lies; separators cannot break out of it.
func hierarchicalPath(e *element) partition.Value {
	if e.local.IsNull() {
		return partition.Value{}
	}
	id, _ := e.scalar(e.get("id"))
	filename, _ := e.scalar(e.get("filename"))
	name := strings.NewReplacer("/", "_", `\`, "_").Replace(id + "_" + filename)
	return textValue(hierarchy(e.issue.Key) + "/" + name)
}

// hierarchy spreads issue keys over directories: thousands, then the last
// three digits.
func hierarchy(key string) string {
	digits := key[strings.LastIndexByte(key, '-')+1:]
	if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
		last := digits[max(0, len(digits)-3):]
		return strconv.FormatUint(n/1000, 10) + "/" + last
	}
	return "other/" + key
}
