package transform

import "github.com/jirasync/jirasync/partition"

// What we add to the tables of the reference: columns behind its own, and
// tables. A column is only ever added at the end of its list.

func issueAdded(fields FieldMap) []column {
	return []column{
		{"description_md", text, filled | long, adfMarkdown("description")},
		{"project_id", text, repeats, at("project", "id")},
		{"parent_key", text, 0, at("parent", "key")},
		{"status_category_key", text, repeats, at("status", "statusCategory", "key")},
		{"creator_account_id", text, repeats, at("creator", "accountId")},
		{"reporter_account_id", text, repeats, at("reporter", "accountId")},
		{"assignee_account_id", text, repeats, at("assignee", "accountId")},
		{"components", text, repeats | long, names("components")},
		{"fix_versions", text, repeats | long, names("fixVersions")},
		{"affected_versions", text, repeats | long, names("versions")},
		{"sprint_names", text, repeats | long, source{"names of the field of kind `sprint` as a JSON array; none in the map → null", func(e *element) partition.Value {
			return e.namesOf(e.first(fields.IDs(KindSprint)))
		}}},
		{"story_points", float, 0, source{"number in the field of kind `story_points`; none in the map → null", func(e *element) partition.Value {
			return floatOrNull(e.first(fields.IDs(KindStoryPoints)))
		}}},
		{"sla_observed_at", timestamp, 0, slaObservedAt},
	}
}

var commentAdded = []column{
	{"body_md", text, filled | long, adfMarkdown("body")},
	{"public_visibility", boolean, 0, source{"`jsdPublic`; anything but true and false → null", func(e *element) partition.Value {
		return boolOrNull(e.get("jsdPublic"))
	}}},
	{"author_account_id", text, repeats, at("author", "accountId")},
	{"update_author_account_id", text, repeats, at("updateAuthor", "accountId")},
}

var attachmentAdded = []column{
	{"author_account_id", text, repeats, at("author", "accountId")},
}

var changelogAdded = []column{
	{"field_id", text, repeats, at("fieldId")},
	{"from_id", text, repeats | long, at("from")},
	{"to_id", text, repeats | long, at("to")},
	{"author_account_id", text, repeats, at("author", "accountId").of("history")},
}

var commentMediaColumns = []column{
	{"issue_key", text, filled, issueKey},
	{"comment_id", text, 0, source{"comment `id`", at("id").value}},
	{"attachment_id", text, 0, source{"`id` of the attachment that it is; not certain → null", (*element).mediaAttachment}},
	{"filename", text, 0, source{"`filename` of that attachment, else `attrs.alt`, else `attrs.__fileName`", (*element).mediaName}},
	{"media_id", text, 0, source{"`attrs.id`, in Atlassian's media service", func(e *element) partition.Value {
		return textOrNull(e.media.ID, e.media.ID != "")
	}}},
	{"url", text, long, source{"`attrs.url` of a picture outside Jira, secrets in it redacted", func(e *element) partition.Value {
		return textOrNull(e.media.URL, e.media.URL != "")
	}}},
}

var worklogColumns = []column{
	{"worklog_id", text, 0, at("id")},
	{"issue_key", text, filled, issueKey},
	{"author_account_id", text, repeats, at("author", "accountId")},
	{"author_email", text, repeats, at("author", "emailAddress")},
	{"author_name", text, repeats, at("author", "displayName")},
	{"update_author_account_id", text, repeats, at("updateAuthor", "accountId")},
	{"started_at", timestamp, 0, timeAt("started")},
	{"created_at", timestamp, 0, timeAt("created")},
	{"updated_at", timestamp, 0, timeAt("updated")},
	{"time_spent_seconds", number, 0, source{"`timeSpentSeconds`", func(e *element) partition.Value { return intOrNull(e.integer(e.get("timeSpentSeconds"))) }}},
	{"comment", text, filled | long, adfText("comment")},
	{"comment_md", text, filled | long, adfMarkdown("comment")},
}

var issueFieldColumns = []column{
	{"issue_key", text, filled, issueKey},
	{"field_id", text, filled | repeats, source{"name of the member, `customfield_…`", func(e *element) partition.Value { return textValue(e.field.id) }}},
	{"value_text", text, long, source{"text, by the rules below", func(e *element) partition.Value { return textOrNull(e.field.text(e)) }}},
	{"value_number", float, 0, source{"of a number; anything else → null", func(e *element) partition.Value { return floatOrNull(e.field.value) }}},
	{"value_time", timestamp, 0, source{"of a string that is a time or date; anything else → null", func(e *element) partition.Value {
		return timeOrNull(e.instant(e.field.value))
	}}},
	{"value_json", text, repeats | long, source{"of an object or list, but not of rich text; anything else → null", func(e *element) partition.Value {
		return e.field.json(e)
	}}},
}

var userColumns = []column{
	{"issue_key", text, filled, issueKey},
	{"account_id", text, filled | repeats, at("accountId")},
	{"name", text, repeats, at("displayName")},
	{"email", text, repeats, at("emailAddress")},
	{"active", boolean, 0, source{"`active`; anything but true and false → null", func(e *element) partition.Value {
		return boolOrNull(e.get("active"))
	}}},
	{"account_type", text, repeats, at("accountType")},
}
