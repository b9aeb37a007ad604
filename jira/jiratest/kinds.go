package jiratest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind is a type of field: its place in Jira's schema, and how its values are
// taken from a test, shown in JSON and named in a changelog.
type kind struct {
	typ, items, custom string
	list               bool // an unset value is [] rather than null

	// parse turns what a test wrote into the stored value; nil input is
	// handled before. It reports false for what the field cannot hold.
	parse func(t *site, in any) (any, bool)

	// render turns the stored value into JSON for a view.
	render func(v *view, value any) any

	// change gives the id and the text of a value in a changelog item.
	change func(value any) (id, text string)
}

// verbatim is a value that a test gave as JSON; it is shown as it is.
type verbatim struct{ json any }

// option is a choice of a select field; child is set in cascading selects.
type option struct {
	id    int64
	value string
	child *option
}

const (
	plugin = "com.atlassian.jira.plugin.system.customfieldtypes:"
	desk   = "com.atlassian.servicedesk:"
)

// kinds are the field types by the names that Field.Type and systemFields use.
//
// Source: developer.atlassian.com, REST v3, "Get fields", and the values
// that public captures of Jira Cloud show for each schema.custom.
var kinds = map[string]*kind{
	"summary":    {typ: "string", parse: parseText, render: renderPlain, change: changeText},
	"issuetype":  {typ: "issuetype", parse: parseNamed(func(t *site) []*named { return t.types }), render: renderType, change: changeNamed},
	"status":     {typ: "status", parse: parseNamed(func(t *site) []*named { return t.statuses }), render: renderStatus, change: changeNamed},
	"priority":   {typ: "priority", parse: parseNamed(func(t *site) []*named { return t.priorities }), render: renderPriority, change: changeNamed},
	"resolution": {typ: "resolution", parse: parseNamed(func(t *site) []*named { return t.resolutions }), render: renderResolution, change: changeNamed},
	"versions":   {typ: "array", items: "version", list: true, parse: parseStrings, render: renderVersions, change: changeStrings},
	"components": {typ: "array", items: "component", list: true, parse: parseStrings, render: renderComponents, change: changeStrings},
	"parent":     {typ: "issuelink", parse: parseParent, render: renderParent, change: changeParent},

	"text":      {typ: "string", custom: plugin + "textfield", parse: parseText, render: renderPlain, change: changeText},
	"url":       {typ: "string", custom: plugin + "url", parse: parseText, render: renderPlain, change: changeText},
	"paragraph": {typ: "string", custom: plugin + "textarea", parse: parseDocument, render: renderDocument, change: changeDocument},
	"number":    {typ: "number", custom: plugin + "float", parse: parseNumber, render: renderPlain, change: changeText},
	"date":      {typ: "date", custom: plugin + "datepicker", parse: parseDate, render: renderPlain, change: changeDate},
	"datetime":  {typ: "datetime", custom: plugin + "datetime", parse: parseTime, render: renderTime, change: changeTime},
	"labels":    {typ: "array", items: "string", custom: plugin + "labels", list: true, parse: parseStrings, render: renderPlain, change: changeLabels},
	"user":      {typ: "user", custom: plugin + "userpicker", parse: parseUser, render: renderUser, change: changeUser},
	"users":     {typ: "array", items: "user", custom: plugin + "multiuserpicker", parse: parseUsers, render: renderUsers, change: changeUsers},

	"select":      {typ: "option", custom: plugin + "select", parse: parseOption, render: renderOption, change: changeOption},
	"multiselect": {typ: "array", items: "option", custom: plugin + "multiselect", parse: parseOptions, render: renderOptions, change: changeOptions},
	"cascading":   {typ: "option-with-child", custom: plugin + "cascadingselect", parse: parseCascade, render: renderOption, change: changeOption},

	"sla":           {typ: "sd-servicelevelagreement", custom: desk + "sd-sla-field", parse: parseSLA, render: renderSLA, change: changeNothing},
	"requesttype":   {typ: "sd-customerrequesttype", custom: desk + "vp-origin", parse: parseText, render: renderPlain, change: changeText},
	"organizations": {typ: "array", items: "sd-customerorganization", custom: desk + "sd-customer-organizations", list: true, parse: parseOrganizations, render: renderOrganizations, change: changeOrganizations},
	"participants":  {typ: "array", items: "user", custom: desk + "sd-request-participants", list: true, parse: parseUsers, render: renderUsers, change: changeUsers},
	"rating":        {typ: "sd-feedback", custom: desk + "sd-request-feedback", parse: parseRating, render: renderRating, change: changeText},

	"rank":   {typ: "any", custom: "com.pyxis.greenhopper.jira:gh-lexo-rank", parse: parseText, render: renderPlain, change: changeNothing},
	"sprint": {typ: "array", items: "json", custom: "com.pyxis.greenhopper.jira:gh-sprint", parse: parseNothing, render: renderPlain, change: changeNothing},
	"any":    {typ: "any", custom: "com.atlassian.plugins.atlassian-connect-plugin:example__field", parse: parseNothing, render: renderPlain, change: changeNothing},
}

// value converts what a test wrote for a field. For custom fields, JSON of any
// other shape is kept verbatim; system fields refuse it.
func (t *site) value(f *field, in any) (any, bool) {
	if in == nil {
		return nil, true
	}
	if raw, isRaw := in.(json.RawMessage); isRaw && !json.Valid(raw) {
		return nil, false
	}
	if f.kind == nil {
		return nil, false
	}
	if v, parsed := f.kind.parse(t, in); parsed {
		return t.bind(f, v), true
	}
	if !f.custom {
		return nil, false
	}
	if _, err := json.Marshal(in); err != nil {
		return nil, false
	}
	return verbatim{in}, true
}

// bind gives options the ids they have in their field, and metrics its name.
func (t *site) bind(f *field, v any) any {
	switch v := v.(type) {
	case *SLA:
		if v.Name == "" {
			v.Name = f.name
		}
	case *option:
		return t.bindOption(f, v)
	case []*option:
		for i := range v {
			v[i] = t.bindOption(f, v[i])
		}
	}
	return v
}

func (t *site) bindOption(f *field, o *option) *option {
	name := f.id + "\x00" + o.value
	if o.child != nil {
		name += "\x00" + o.child.value
	}
	known := t.options[name]
	if known == nil {
		known = &option{id: t.id("option") + 10000, value: o.value}
		if o.child != nil {
			known.id = t.bindOption(f, &option{value: o.value}).id
			known.child = &option{id: t.id("option") + 10000, value: o.child.value}
		}
		t.options[name] = known
	}
	return known
}

func parseText(_ *site, in any) (any, bool) {
	s, isText := in.(string)
	return s, isText
}

func parseNothing(*site, any) (any, bool) { return nil, false }

func parseNumber(_ *site, in any) (any, bool) {
	switch in.(type) {
	case int, int32, int64, float32, float64, json.Number:
		return in, true
	}
	return nil, false
}

func parseDate(_ *site, in any) (any, bool) {
	switch in := in.(type) {
	case time.Time:
		return in.Format(time.DateOnly), true
	case string:
		_, err := time.Parse(time.DateOnly, in)
		return in, err == nil
	}
	return nil, false
}

func parseTime(_ *site, in any) (any, bool) {
	switch in := in.(type) {
	case time.Time:
		return in, true
	case string:
		for _, layout := range []string{timeLayout, time.RFC3339} {
			if at, err := time.Parse(layout, in); err == nil {
				return at, true
			}
		}
	}
	return nil, false
}

func parseStrings(_ *site, in any) (any, bool) {
	switch in := in.(type) {
	case []string:
		return slices.Clone(in), true
	case string:
		return []string{in}, true
	}
	return nil, false
}

func parseDocument(_ *site, in any) (any, bool) {
	switch in := in.(type) {
	case string:
		return textDocument(in), true
	case json.RawMessage:
		return compact(in), true
	case map[string]any:
		data, err := json.Marshal(in)
		return json.RawMessage(data), err == nil
	}
	return nil, false
}

func parseNamed(list func(*site) []*named) func(*site, any) (any, bool) {
	return func(t *site, in any) (any, bool) {
		name, isText := in.(string)
		if !isText {
			return nil, false
		}
		n := byName(list(t), name)
		return n, n != nil
	}
}

func parseUser(_ *site, in any) (any, bool) {
	if u, isUser := in.(User); isUser && u.u != nil {
		return u.u, true
	}
	return nil, false
}

func parseUsers(_ *site, in any) (any, bool) {
	switch in := in.(type) {
	case User:
		return []*user{in.u}, in.u != nil
	case []User:
		users := make([]*user, 0, len(in))
		for _, u := range in {
			if u.u != nil {
				users = append(users, u.u)
			}
		}
		return users, true
	}
	return nil, false
}

func parseOrganizations(_ *site, in any) (any, bool) {
	switch in := in.(type) {
	case Organization:
		return []*organization{in.o}, in.o != nil
	case []Organization:
		orgs := make([]*organization, 0, len(in))
		for _, o := range in {
			if o.o != nil {
				orgs = append(orgs, o.o)
			}
		}
		return orgs, true
	}
	return nil, false
}

func parseOption(_ *site, in any) (any, bool) {
	s, isText := in.(string)
	return &option{value: s}, isText
}

func parseOptions(_ *site, in any) (any, bool) {
	names, isList := parseStrings(nil, in)
	if !isList {
		return nil, false
	}
	options := []*option{}
	for _, name := range names.([]string) {
		options = append(options, &option{value: name})
	}
	return options, true
}

// parseCascade reads "parent" or "parent / child".
func parseCascade(_ *site, in any) (any, bool) {
	s, isText := in.(string)
	parent, child, two := strings.Cut(s, " / ")
	o := &option{value: parent}
	if two {
		o.child = &option{value: child}
	}
	return o, isText
}

func parseParent(_ *site, in any) (any, bool) {
	if i, isIssue := in.(*Issue); isIssue && i != nil && i.i != nil {
		return i.i, true
	}
	return nil, false
}

func parseRating(_ *site, in any) (any, bool) {
	n, isInt := in.(int)
	return n, isInt
}

func parseSLA(_ *site, in any) (any, bool) {
	switch in := in.(type) {
	case SLA:
		return &in, true
	case *SLA:
		c := *in
		return &c, true
	}
	return nil, false
}

func changeNothing(any) (string, string) { return "", "" }

func changeText(v any) (string, string) { return "", fmt.Sprint(v) }

func changeDate(v any) (string, string) {
	s, _ := v.(string)
	return s, s + " 00:00:00.0"
}

func changeTime(v any) (string, string) {
	at, _ := v.(time.Time)
	return at.Format(timeLayout), at.Format("02/Jan/06 3:04 PM")
}

func changeNamed(v any) (string, string) { n := v.(*named); return n.id, n.name }

func changeDocument(v any) (string, string) { return "", wikiText(v) }

func changeStrings(v any) (string, string) {
	s, _ := v.([]string)
	return "", strings.Join(s, ", ")
}

func changeLabels(v any) (string, string) {
	s, _ := v.([]string)
	return "", strings.Join(s, " ")
}

func changeUser(v any) (string, string) { u := v.(*user); return u.accountID, u.name }

func changeUsers(v any) (string, string) {
	var ids, names []string
	for _, u := range v.([]*user) {
		ids, names = append(ids, u.accountID), append(names, u.name)
	}
	return "[" + strings.Join(ids, ", ") + "]", strings.Join(names, ", ")
}

func changeOrganizations(v any) (string, string) {
	var ids, names []string
	for _, o := range v.([]*organization) {
		ids, names = append(ids, strconv.FormatInt(o.id, 10)), append(names, o.name)
	}
	return strings.Join(ids, ", "), strings.Join(names, ", ")
}

func changeOption(v any) (string, string) {
	o := v.(*option)
	return strconv.FormatInt(o.id, 10), o.value
}

func changeOptions(v any) (string, string) {
	var ids, names []string
	for _, o := range v.([]*option) {
		ids, names = append(ids, strconv.FormatInt(o.id, 10)), append(names, o.value)
	}
	return "[" + strings.Join(ids, ", ") + "]", strings.Join(names, ", ")
}

func changeParent(v any) (string, string) {
	i := v.(*issue)
	return strconv.FormatInt(i.id, 10), i.key
}

// stableID is a number that belongs to a name, for entities that only exist as
// names here (versions, components, request types).
func stableID(name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return strconv.Itoa(10000 + int(h.Sum32()%90000))
}
