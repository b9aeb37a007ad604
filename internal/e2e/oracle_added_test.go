package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The tables that we add. Oracles of them, as docs/format.md says.
var addedOracles = map[string]tableOracle{
	"comment_media": {
		items: commentMedia,
		columns: map[string]oracle{
			"issue_key":     record("key"),
			"comment_id":    item("comment.id"),
			"attachment_id": item("file.id"),
			"filename":      mediaName,
			"media_id":      filledItem("node.attrs.id"),
			"url":           filledItem("node.attrs.url"),
		},
	},
	"issue_fields": {
		items: issueFields,
		columns: map[string]oracle{
			"issue_key":    record("key"),
			"field_id":     item("id"),
			"value_text":   func(_, i any) any { return fieldText(at(i, "value")) },
			"value_number": func(_, i any) any { return float(at(i, "value")) },
			"value_time":   itemTime("value"),
			"value_json":   item("json"),
		},
	},
	"users": {
		items: users,
		columns: map[string]oracle{
			"issue_key":    record("key"),
			"account_id":   item("accountId"),
			"name":         item("displayName"),
			"email":        item("emailAddress"),
			"active":       itemFlag("active"),
			"account_type": item("accountType"),
		},
	},
	"sla_cycles": {
		items: cycles,
		columns: map[string]oracle{
			"issue_key":             record("key"),
			"field_id":              item("field"),
			"metric_id":             filledItem("metric.id"),
			"metric":                filledItem("metric.name"),
			"kind":                  item("kind"),
			"cycle":                 item("number"),
			"started_at":            epoch("cycle.startTime"),
			"stopped_at":            epoch("cycle.stopTime"),
			"breach_at":             epoch("cycle.breachTime"),
			"breached":              itemFlag("cycle.breached"),
			"paused":                itemFlag("cycle.paused"),
			"within_calendar_hours": itemFlag("cycle.withinCalendarHours"),
			"goal_millis":           item("cycle.goalDuration.millis"),
			"elapsed_millis":        item("cycle.elapsedTime.millis"),
			"remaining_millis":      item("cycle.remainingTime.millis"),
			"observed_at":           recordTime("_sla_observed_at"),
		},
	},
}

func filledItem(path string) oracle {
	return func(_, i any) any {
		if v := at(i, path); v != "" {
			return v
		}
		return nil
	}
}

func itemFlag(path string) oracle {
	return func(_, i any) any {
		if v, isFlag := at(i, path).(bool); isFlag {
			return v
		}
		return nil
	}
}

// epoch is an instant that an SLA gives in milliseconds since 1970.
func epoch(path string) oracle {
	return func(_, i any) any {
		number, _ := at(i, path+".epochMillis").(json.Number)
		millis, err := number.Int64()
		if err != nil {
			return nil
		}
		return time.UnixMilli(millis).UTC().Format(time.RFC3339Nano)
	}
}

func float(v any) any {
	number, isNumber := v.(json.Number)
	f, err := strconv.ParseFloat(string(number), 64)
	if !isNumber || err != nil || math.IsInf(f, 0) {
		return nil
	}
	return f
}

// commentMedia are the files and pictures in each comment, with the attachment
// that each is: the only one of its name, or that which the site serves at its
// address.
func commentMedia(r any) (all []any) {
	for _, comment := range list("fields.comment.comments")(r) {
		for _, n := range nodes(at(comment, "body")) {
			typ := at(n, "type")
			isMedia := typ == "media" || typ == "mediaInline" || typ == "mediaSingle"
			if isMedia && (filledItem("attrs.id")(nil, n) != nil || filledItem("attrs.url")(nil, n) != nil) {
				all = append(all, map[string]any{"comment": comment, "node": n, "file": fileOf(r, n)})
			}
		}
	}
	return all
}

// nodes are all objects of a document in their order, whatever they are.
func nodes(v any) []any {
	all := []any{v}
	for _, child := range list("content")(v) {
		all = append(all, nodes(child)...)
	}
	return all
}

var servedAt = regexp.MustCompile(`^(https://[^/]+)?/(secure/attachment|secure/thumbnail|rest/api/3/attachment/content)/(\d+)`)

func fileOf(r, n any) any {
	var named []any
	served := servedAt.FindStringSubmatch(attr(n, "url"))
	name := cmp.Or(attr(n, "__fileName"), attr(n, "alt"))
	for _, file := range list("fields.attachment")(r) {
		if served != nil && at(file, "id") == served[3] && strings.HasPrefix(at(file, "content").(string), served[1]) {
			return file
		}
		if name != "" && at(file, "filename") == name {
			named = append(named, file)
		}
	}
	if attr(n, "url") != "" || len(named) != 1 {
		return nil
	}
	return named[0]
}

func mediaName(_, i any) any {
	if file := at(i, "file"); file != nil {
		return at(file, "filename")
	}
	n := at(i, "node")
	if name := cmp.Or(attr(n, "alt"), attr(n, "__fileName")); name != "" {
		return name
	}
	return nil
}

// A customField is one that is not null.
type customField struct {
	id    string
	value any
}

// customFields come in the order of their numbers.
func customFields(r any) (all []customField) {
	fields, _ := at(r, "fields").(map[string]any)
	for id, value := range fields {
		if strings.HasPrefix(id, "customfield_") && value != nil {
			all = append(all, customField{id, value})
		}
	}
	slices.SortFunc(all, func(a, b customField) int { return cmp.Or(len(a.id)-len(b.id), strings.Compare(a.id, b.id)) })
	return all
}

func isSLA(v any) bool { return at(v, "completedCycles") != nil || at(v, "ongoingCycle") != nil }

func issueFields(r any) (all []any) {
	for _, f := range customFields(r) {
		if !isSLA(f.value) && at(f.value, "errorMessage") == nil {
			all = append(all, map[string]any{"id": f.id, "value": f.value, "json": at(r, compactMember+"."+f.id)})
		}
	}
	return all
}

func fieldText(v any) any {
	if at(v, "type") == "doc" {
		text, sure := textOf(v)
		if !sure {
			return unsure{}
		}
		return text
	}
	switch v := v.(type) {
	case string:
		if len(v) > len(time.DateOnly) {
			return cmp.Or(instant(v), any(v))
		}
	case map[string]any:
		return fieldLabel(v)
	case []any:
		labels := []any{}
		for _, e := range v {
			label := fieldLabel(e)
			if label == nil {
				return nil
			}
			labels = append(labels, fmt.Sprint(label))
		}
		return labels
	}
	return v
}

// fieldLabel is the text of an element of a list, nil if it has none.
func fieldLabel(v any) any {
	switch v := v.(type) {
	case []any:
		return nil
	case map[string]any:
		for _, name := range []string{"value", "name", "displayName"} {
			if s, isText := v[name].(string); isText && s != "" {
				return s
			}
		}
		return nil
	}
	return v
}

// users are the people of a record by account id: as the issue's own fields show
// them, else its parts, else its custom fields.
func users(r any) (all []any) {
	known := map[string]any{}
	meet := func(v any) {
		if id, _ := at(v, "accountId").(string); id != "" && known[id] == nil {
			known[id] = v
		}
	}
	for _, path := range []string{"fields.assignee", "fields.reporter", "fields.creator"} {
		meet(at(r, path))
	}
	for _, path := range []string{"fields.comment.comments", "fields.worklog.worklogs", "fields.attachment", "changelog.histories"} {
		for _, part := range list(path)(r) {
			meet(at(part, "author"))
			meet(at(part, "updateAuthor"))
		}
	}
	for _, f := range customFields(r) {
		meet(f.value)
		values, _ := f.value.([]any)
		for _, v := range values {
			meet(v)
		}
	}
	for _, v := range known {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b any) int { return strings.Compare(at(a, "accountId").(string), at(b, "accountId").(string)) })
	return all
}

// cycles are those of each SLA that can be read.
func cycles(r any) (all []any) {
	for _, f := range customFields(r) {
		if !isSLA(f.value) {
			continue
		}
		if whole := f.value.(map[string]any); hasMember(whole, "errorMessage") {
			continue
		}
		completed := list("completedCycles")(f.value)
		for n, c := range completed {
			all = append(all, map[string]any{"field": f.id, "metric": f.value, "kind": "completed", "number": n + 1, "cycle": c})
		}
		if ongoing := at(f.value, "ongoingCycle"); ongoing != nil {
			all = append(all, map[string]any{"field": f.id, "metric": f.value, "kind": "ongoing", "number": len(completed) + 1, "cycle": ongoing})
		}
	}
	return all
}

func hasMember(o map[string]any, name string) bool {
	_, has := o[name]
	return has
}

// compactMember is what we add to a decoded record: its custom fields that are
// objects or lists, as compact JSON in the order in which they were written.
const compactMember = "(compact)"

func compactFields(record []byte) (map[string]any, error) {
	var raw struct{ Fields map[string]json.RawMessage }
	if err := json.Unmarshal(record, &raw); err != nil {
		return nil, err
	}
	texts := map[string]any{}
	for id, value := range raw.Fields {
		if strings.HasPrefix(id, "customfield_") && (value[0] == '[' || value[0] == '{' && !isDocument(value)) {
			texts[id] = rewritten(value)
		}
	}
	return texts, nil
}

func isDocument(value json.RawMessage) bool {
	var of struct{ Type any }
	return json.Unmarshal(value, &of) == nil && of.Type == "doc"
}

// rewritten is JSON written again, token by token.
func rewritten(value []byte) string {
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber()
	var b strings.Builder
	var write func()
	write = func() {
		token, _ := dec.Token()
		open, isDelim := token.(json.Delim)
		if !isDelim {
			b.WriteString(encoded(token))
			return
		}
		b.WriteString(open.String())
		for n := 0; dec.More(); n++ {
			if n > 0 {
				b.WriteByte(',')
			}
			if open == '{' {
				name, _ := dec.Token()
				b.WriteString(encoded(name) + ":")
			}
			write()
		}
		end, _ := dec.Token()
		b.WriteString(fmt.Sprint(end))
	}
	write()
	return b.String()
}

// encoded is a value as JSON in plain UTF-8.
func encoded(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(b.String(), "\n")
}
