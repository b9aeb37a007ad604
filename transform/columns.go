package transform

import (
	"github.com/jirasync/jirasync/internal/rawjson"
	"github.com/jirasync/jirasync/partition"
	"github.com/jirasync/jirasync/sla"
)

// issueColumns are the columns 1 to 26 of the issues table. The columns of
// the field map follow, then issueTail, and last what we add; see added.go.
var issueColumns = []column{
	{"issue_key", text, filled, issueKey},
	{"issue_id", text, filled, source{"`id` of the record", func(e *element) partition.Value { return textValue(e.issue.ID) }}},
	{"issue_url", text, filled, source{"`SITE/browse/` and the key", issueURL}},
	{"summary", text, 0, at("summary")},
	{"description", text, filled | long, adfText("description")},
	{"issue_type", text, repeats, at("issuetype", "name")},
	{"status", text, repeats, at("status", "name")},
	{"status_category", text, repeats, at("status", "statusCategory", "name")},
	{"priority", text, repeats, at("priority", "name")},
	{"resolution", text, repeats, at("resolution", "name")},
	{"project_key", text, repeats, at("project", "key")},
	{"project_name", text, repeats, at("project", "name")},
	{"creator_email", text, repeats, at("creator", "emailAddress")},
	{"creator_name", text, repeats, at("creator", "displayName")},
	{"reporter_email", text, repeats, at("reporter", "emailAddress")},
	{"reporter_name", text, repeats, at("reporter", "displayName")},
	{"assignee_email", text, repeats, at("assignee", "emailAddress")},
	{"assignee_name", text, repeats, at("assignee", "displayName")},
	{"created_at", timestamp, filled, timeAt("created")},
	{"updated_at", timestamp, 0, timeAt("updated")},
	{"resolved_at", timestamp, 0, timeAt("resolutiondate")},
	{"due_date", text, 0, at("duedate")},
	{"labels", text, repeats | long, source{"`labels` as a JSON array; missing → `[]`", labels}},
	{"attachment_count", number, filled, countOf("attachment")},
	{"comment_count", number, filled, source{"`comment.total`, Jira's own count; missing → the comments stored", commentCount}},
	{"issuelink_count", number, filled, countOf("issuelinks")},
}

var issueTail = []column{
	{"_synced_at", text, 0, source{"`_synced_at` of the record, verbatim", func(e *element) partition.Value {
		return textOrNull(e.scalar(e.issue.whole.get("_synced_at")))
	}}},
	{"_raw_file", text, filled, source{"name of the record's file, `KEY.json`", func(e *element) partition.Value {
		return textValue(e.issue.Key + recordExt)
	}}},
}

var commentColumns = []column{
	{"comment_id", text, 0, at("id")},
	{"issue_key", text, filled, issueKey},
	{"author_email", text, repeats, at("author", "emailAddress")},
	{"author_name", text, repeats, at("author", "displayName")},
	{"body", text, filled | long, adfText("body")},
	{"created_at", timestamp, 0, timeAt("created")},
	{"updated_at", timestamp, 0, timeAt("updated")},
	{"update_author_email", text, repeats, at("updateAuthor", "emailAddress")},
}

var attachmentColumns = []column{
	{"attachment_id", text, 0, at("id")},
	{"issue_key", text, filled, issueKey},
	{"filename", text, 0, at("filename")},
	{"local_path", text, 0, source{"path of the downloaded file; not there → null", func(e *element) partition.Value { return e.local }}},
	{"hierarchical_path", text, 0, source{"`THOUSANDS/LAST THREE DIGITS/ID_FILENAME` of the key, when `local_path` is set", hierarchicalPath}},
	{"size_bytes", number, 0, source{"`size`", func(e *element) partition.Value { return intOrNull(e.integer(e.get("size"))) }}},
	{"mime_type", text, repeats, at("mimeType")},
	{"author_email", text, repeats, at("author", "emailAddress")},
	{"created_at", timestamp, 0, timeAt("created")},
	{"content_url", text, 0, at("content")},
	{"thumbnail_url", text, 0, at("thumbnail")},
}

var changelogColumns = []column{
	{"change_id", text, 0, at("id").of("history")},
	{"issue_key", text, filled, issueKey},
	{"author_email", text, repeats, at("author", "emailAddress").of("history")},
	{"author_name", text, repeats, at("author", "displayName").of("history")},
	{"field_name", text, repeats, at("field")},
	{"field_type", text, repeats, at("fieldtype")},
	{"from_value", text, long, at("fromString")},
	{"to_value", text, long, at("toString")},
	{"changed_at", timestamp, 0, timeAt("created").of("history")},
}

var issueLinkColumns = []column{
	{"issue_key", text, filled, issueKey},
	{"link_id", text, 0, at("id")},
	{"link_type", text, filled | repeats, at("type", "name").orEmpty()},
	{"direction", text, filled | repeats, source{"`inward` if there is an `inwardIssue`, else `outward`", direction}},
	{"linked_issue_key", text, 0, at("key").of("linked issue")},
	{"linked_issue_summary", text, 0, at("fields", "summary").of("linked issue")},
	{"linked_issue_status", text, repeats, at("fields", "status", "name").of("linked issue")},
	{"linked_issue_priority", text, repeats, at("fields", "priority", "name").of("linked issue")},
}

var remoteLinkColumns = []column{
	{"issue_key", text, filled, issueKey},
	{"remote_link_id", text, filled, at("id").orEmpty()},
	{"url", text, 0, at("object", "url")},
	{"title", text, 0, at("object", "title")},
	{"application_name", text, repeats, at("application", "name")},
	{"application_type", text, repeats, at("application", "type")},
}

// kindColumn is one column of a field kind; the map gives it a name and a field.
type kindColumn struct {
	kind  partition.Kind
	flags flags
	doc   string // what stands behind the field id
	value func(e *element, field string) partition.Value
}

func (k kindColumn) column(name, field string) column {
	return column{name, k.kind, k.flags, source{"`" + field + "`" + k.doc, func(e *element) partition.Value {
		return k.value(e, field)
	}}}
}

var fieldKinds = map[FieldKind][]kindColumn{
	KindOption: {{text, repeats, ", option text", func(e *element, field string) partition.Value {
		return textOrNull(e.option(e.get(field)))
	}}},
	KindOptionList: {{text, filled | repeats | long, ", option texts as a JSON array", func(e *element, field string) partition.Value {
		return textValue(e.optionList(e.get(field)))
	}}},
	KindUserEmailList: {{text, filled | long, ", users' email addresses as a JSON array", func(e *element, field string) partition.Value {
		return textValue(e.emailList(e.get(field)))
	}}},
	KindADF: {{text, long, ", ADF text; empty → null", func(e *element, field string) partition.Value {
		s := e.plainText(field)
		return textOrNull(s, s != "")
	}}},
	KindRaw: {{text, long, ", text or compact JSON", func(e *element, field string) partition.Value {
		return textOrNull(e.scalar(e.get(field)))
	}}},
	KindText: {{text, 0, ", string or number", func(e *element, field string) partition.Value {
		if v := e.get(field); isString(v) || isNumber(v) {
			return textOrNull(e.scalar(v))
		}
		return partition.Value{}
	}}},
	KindNumber: {{text, 0, ", number with its digits verbatim", func(e *element, field string) partition.Value {
		if v := e.get(field); isNumber(v) {
			return textOrNull(e.scalar(v))
		}
		return partition.Value{}
	}}},
	KindRating: {{number, 0, ", `rating`, a whole number", func(e *element, field string) partition.Value {
		return intOrNull(e.integer(e.object.object(field).get("rating")))
	}}},
	KindJSMRequest: {
		{text, repeats, ", `requestType.name`", func(e *element, field string) partition.Value {
			return textOrNull(e.scalar(e.at(field, "requestType", "name")))
		}},
		{text, repeats, ", `currentStatus.status`", func(e *element, field string) partition.Value {
			return textOrNull(e.scalar(e.at(field, "currentStatus", "status")))
		}},
	},
	KindSprint:      nil, // sprint_names and story_points have no names in the map
	KindStoryPoints: nil,
	KindSLA: {
		{text, repeats, ", `breached` of the current cycle, `True` or `False`", func(e *element, field string) partition.Value {
			breached := e.issue.cycle(field).Breached
			if breached.Value {
				return textOrNull("True", breached.Known)
			}
			return textOrNull("False", breached.Known)
		}},
		{number, 0, ", `goalDuration.millis` of the current cycle", func(e *element, field string) partition.Value {
			return millis(e.issue.cycle(field).Goal)
		}},
		{number, 0, ", `elapsedTime.millis` of the current cycle", func(e *element, field string) partition.Value {
			return millis(e.issue.cycle(field).Elapsed)
		}},
	},
}

var issueKey = source{"`key` of the issue", func(e *element) partition.Value { return textValue(e.issue.Key) }}

func issueURL(e *element) partition.Value {
	return textValue(e.issue.site + "/browse/" + e.issue.Key)
}

// adfText is the text of a rich text member, never null.
func adfText(name string) source {
	return source{"`" + name + "`, ADF text; missing → `''`", func(e *element) partition.Value {
		return textValue(e.plainText(name))
	}}
}

// adfMarkdown is the Markdown of a rich text member, never null.
func adfMarkdown(name string) source {
	return source{"`" + name + "`, ADF as Markdown; missing → `''`", func(e *element) partition.Value {
		return textValue(e.markdown(name))
	}}
}

// labels tells null, which Jira sends for a field that it could not load,
// from missing, which means none.
func labels(e *element) partition.Value {
	switch v := e.value.Get("labels"); v.Kind() {
	case 0:
		return textValue("[]")
	case '[':
		return textValue(e.compact(v.Raw()))
	}
	return partition.Value{}
}

// names is the rule of labels for a list of objects that have a name.
func names(name string) source {
	return source{"names of `" + name + "` as a JSON array; missing → `[]`", func(e *element) partition.Value {
		v := e.value.Get(name)
		if v.Kind() == 0 {
			return textValue("[]")
		}
		return e.namesOf(v)
	}}
}

func (r *reader) namesOf(v rawjson.Value) partition.Value {
	if !isList(v) {
		return partition.Value{}
	}
	return textValue(r.optionList(v))
}

func countOf(name string) source {
	return source{"number of elements of `" + name + "`; missing or null → 0", func(e *element) partition.Value {
		return intValue(length(e.get(name)))
	}}
}

func commentCount(e *element) partition.Value {
	comment := e.object.object("comment")
	if total, ok := e.integer(comment.get("total")); ok && total >= 0 {
		return intValue(total)
	}
	return intValue(length(comment.get("comments")))
}

// length is the number of elements of a list; anything else has none.
func length(v rawjson.Value) int64 {
	if !isList(v) {
		return 0
	}
	return int64(v.Len())
}

func direction(e *element) partition.Value {
	if e.object.object("inwardIssue").ok() {
		return textValue("inward")
	}
	return textValue("outward")
}

func millis(d sla.Duration) partition.Value { return intOrNull(d.Millis(), d.Known) }
