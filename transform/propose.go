package transform

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// SiteField is a field of a site, as Jira's metadata describe it.
type SiteField struct {
	ID      string // such as customfield_10004
	Name    string // as its maker wrote it, in no translation; not unique
	Type    string // schema.type
	Items   string // schema.items, of an array
	Custom  string // schema.custom; "" for a system field
	Project string // id of the team-managed project that has it alone; "" for the whole site
}

// Proposal is a field map for a site.
type Proposal struct {
	// Fields is the map: first what was there, entry for entry, then Added.
	Fields FieldMap
	Added  FieldMap

	// Gone are the ids of entries that the site does not show. They stay in
	// the map, for their columns hold what was.
	Gone []string

	// Left are the custom fields that are of no use in a table, such as ranks.
	Left []SiteField
}

// ProposeFields makes a field map for a site. What the existing map says
// stays as it is: a column belongs to a field's id, so it keeps its name when
// the field is renamed. Custom fields that the map lacks are added, the kind by
// the schema, the column by the name in snake case; of fields that share a name
// the first gets it, those of the whole site before those of one project, and
// the others add the number of their id. No name is one of a fixed column.
//
// A nil map stands for DefaultFields, of which only those entries are kept
// whose field has both the id and the name.
func ProposeFields(existing FieldMap, fields []SiteField) Proposal {
	byID := map[string]SiteField{}
	for _, f := range fields {
		byID[f.ID] = f
	}
	if existing == nil {
		existing = slices.DeleteFunc(DefaultFields(), func(f Field) bool { return !fits(f, byID[f.ID]) })
	}
	p := Proposal{Fields: slices.Clone(existing)}
	taken := fixedColumns()
	mapped := map[string]bool{}
	for _, f := range existing {
		mapped[f.ID] = true
		if _, there := byID[f.ID]; !there {
			p.Gone = append(p.Gone, f.ID)
		}
		names, _ := f.names() // a wrong entry is Validate's to report
		for _, name := range names {
			taken[name] = true
		}
	}
	fields = slices.SortedFunc(slices.Values(fields), inOrder)
	for _, f := range fields {
		if mapped[f.ID] || f.Custom == "" {
			continue
		}
		mapped[f.ID] = true
		kind := kindOf(f)
		if kind == "" {
			p.Left = append(p.Left, f)
			continue
		}
		p.Added = append(p.Added, newField(f, kind, taken))
	}
	p.Fields = append(p.Fields, p.Added...)
	return p
}

// fixedColumns are the names that no field of a map should have.
func fixedColumns() map[string]bool {
	taken := map[string]bool{}
	for _, t := range Schema(Options{Fields: FieldMap{}}) {
		if t.Name == tableIssues {
			for _, c := range t.Columns {
				taken[c.Name] = true
			}
		}
	}
	return taken
}

// fits reports whether an entry of the default map means this field of the
// site, whose ids are the site's own.
func fits(f Field, field SiteField) bool {
	if len(f.Columns) == 0 || field.ID != f.ID {
		return false
	}
	name, column := snake(field.Name), strings.TrimSuffix(f.Columns[0], "_*")
	return (f.Kind == KindSLA) == (kindOf(field) == KindSLA) &&
		(name == column || strings.HasSuffix(name, "_"+column) || strings.HasSuffix(column, "_"+name))
}

// inOrder puts the fields of the whole site first, and older ones before newer.
func inOrder(a, b SiteField) int {
	if c := cmp.Compare(min(len(a.Project), 1), min(len(b.Project), 1)); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(fieldNumber(a.ID), fieldNumber(b.ID)), strings.Compare(a.ID, b.ID))
}

func fieldNumber(id string) uint64 {
	n, _ := strconv.ParseUint(strings.TrimPrefix(id, customField), 10, 64)
	return n
}

// kindOf chooses a kind by the schema; "" if there is no use for the values.
//
// Source: GET /rest/api/3/field; developer.atlassian.com, REST v3, "Get
// fields", and the schemas of public sites, seen 2026-10.
func kindOf(f SiteField) FieldKind {
	_, custom, _ := strings.Cut(f.Custom, ":")
	switch custom {
	case "sd-sla-field":
		return KindSLA
	case "vp-origin":
		return KindJSMRequest
	case "sd-request-feedback":
		return KindRating
	case "textarea":
		return KindADF
	case "gh-sprint":
		return KindSprint
	case "jsw-story-points":
		return KindStoryPoints
	case "gh-lexo-rank", "devsummarycf", "vulnerabilitycf":
		return ""
	}
	switch f.Type {
	case "sd-servicelevelagreement":
		return KindSLA
	case "option", "option-with-child", "group", "project", "version", "team":
		return KindOption
	case "array":
		return kindOfList(f.Items)
	case "string", "date", "datetime":
		return KindText
	case "number":
		// Jira Software makes it as an ordinary number; only its name tells.
		if name := snake(f.Name); name == "story_points" || name == "story_point_estimate" {
			return KindStoryPoints
		}
		return KindNumber
	}
	return KindRaw
}

func kindOfList(items string) FieldKind {
	switch items {
	case "user":
		return KindUserEmailList
	case "option", "string", "version", "component", "group", "sd-customerorganization":
		return KindOptionList
	}
	return KindRaw
}

// newField names the columns of a field, and takes the names.
func newField(f SiteField, kind FieldKind, taken map[string]bool) Field {
	// Of the 63 bytes of a name this leaves room for a number and for what the
	// kind adds.
	limit := 40
	if kind == KindSLA {
		limit = 34
	}
	base := shorten(cmp.Or(snake(f.Name), snake(f.ID), "field"), limit)
	suffix := "_" + shorten(strings.TrimPrefix(snake(f.ID), customField), 10)
	field := Field{ID: f.ID, Kind: kind, Columns: columnsFor(kind, base)}
	for n := 1; ; n++ {
		names, _ := field.names()
		if !slices.ContainsFunc(names, func(name string) bool { return taken[name] }) {
			for _, name := range names {
				taken[name] = true
			}
			return field
		}
		if n > 1 { // ids that are no numbers
			suffix = "_" + strconv.Itoa(n)
		}
		field.Columns = columnsFor(kind, base+suffix)
	}
}

func columnsFor(kind FieldKind, base string) []string {
	switch kind {
	case KindSprint, KindStoryPoints:
		return nil
	case KindSLA:
		return []string{base + "_*"}
	case KindJSMRequest:
		return []string{base, strings.TrimSuffix(base, "_type") + "_status"}
	}
	return []string{base}
}

func shorten(name string, limit int) string {
	return strings.TrimRight(name[:min(len(name), limit)], "_")
}

// plainLetters are the Latin letters with marks, as they are typed without.
var plainLetters = strings.NewReplacer(strings.Fields(`
	á a à a â a ä a ã a å a ā a ă a ą a æ ae ç c ć c č c ď d đ d ð d é e è e ê e ë e ē e ė e ę e ě e
	ģ g ğ g í i ì i î i ï i ī i į i ı i ķ k ĺ l ľ l ļ l ł l ñ n ń n ň n ņ n ó o ò o ô o ö o õ o ø o ő o ō o œ oe
	ŕ r ř r ś s š s ş s ș s ß ss ť t ţ t ț t þ th ú u ù u û u ü u ů u ű u ū u ų u ý y ÿ y ź z ž z ż z`)...)

// snake writes a name in the letters of a column name; "" if none of them is in it.
func snake(name string) string {
	var b strings.Builder
	for _, r := range plainLetters.Replace(strings.ToLower(name)) {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // a mark on the letter before
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	text := strings.TrimRight(b.String(), "_")
	if text != "" && text[0] <= '9' {
		return "field_" + text
	}
	return text
}
