package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An oracle says what a cell must hold, from the record and the child in hand.
// It returns nil for NULL. It is written against reference.md section 1 in the
// plainest way, over decoded JSON, so that it shares no code with transform.
type oracle func(record, item any) any

// tableOracle is a table: its children within a record, and its columns. A
// column without an oracle is looked at elsewhere. Of rich text the oracle
// returns the document.
type tableOracle struct {
	items   func(record any) []any
	columns map[string]oracle
	rich    map[string]oracle
}

// unsure is what an oracle says that does not know better.
type unsure struct{}

var oracles = map[string]tableOracle{
	"issues": {
		items: func(any) []any { return []any{nil} },
		columns: map[string]oracle{
			"issue_key":       record("key"),
			"issue_id":        record("id"),
			"summary":         record("fields.summary"),
			"issue_type":      record("fields.issuetype.name"),
			"status":          record("fields.status.name"),
			"status_category": record("fields.status.statusCategory.name"),
			"priority":        record("fields.priority.name"),
			"resolution":      record("fields.resolution.name"),
			"project_key":     record("fields.project.key"),
			"project_name":    record("fields.project.name"),
			"creator_email":   record("fields.creator.emailAddress"),
			"creator_name":    record("fields.creator.displayName"),
			"reporter_email":  record("fields.reporter.emailAddress"),
			"reporter_name":   record("fields.reporter.displayName"),
			"assignee_email":  record("fields.assignee.emailAddress"),
			"assignee_name":   record("fields.assignee.displayName"),
			"created_at":      recordTime("fields.created"),
			"updated_at":      recordTime("fields.updated"),
			"resolved_at":     recordTime("fields.resolutiondate"),
			"due_date":        record("fields.duedate"),
			"labels":          recordLabels,

			"attachment_count": recordLength("fields.attachment"),
			"comment_count":    recordTotal,
			"issuelink_count":  recordLength("fields.issuelinks"),

			"request_type":             record("fields.customfield_10010.requestType.name"),
			"request_status":           record("fields.customfield_10010.currentStatus.status"),
			"severity":                 recordOption("fields.customfield_10004"),
			"triage":                   recordOptions("fields.customfield_10323"),
			"configuration_item":       recordOptions("fields.customfield_10511"),
			"participants":             recordEmails("fields.customfield_10156"),
			"organizations":            recordOptions("fields.customfield_10002"),
			"spam":                     recordOption("fields.customfield_10365"),
			"keboola_platform_url":     record("fields.customfield_10325"),
			"slack_link":               recordOption("fields.customfield_10350"),
			"technical_issue_category": recordOption("fields.customfield_10676"),
			"email_address":            recordOption("fields.customfield_10475"),
			"satisfaction":             record("fields.customfield_10157.rating"),
			"l3_team":                  recordOption("fields.customfield_11831"),

			"first_response_breached":           cycle("fields.customfield_10328", "breached"),
			"first_response_goal_millis":        cycle("fields.customfield_10328", "goalDuration.millis"),
			"first_response_elapsed_millis":     cycle("fields.customfield_10328", "elapsedTime.millis"),
			"time_to_resolution_breached":       cycle("fields.customfield_10161", "breached"),
			"time_to_resolution_goal_millis":    cycle("fields.customfield_10161", "goalDuration.millis"),
			"time_to_resolution_elapsed_millis": cycle("fields.customfield_10161", "elapsedTime.millis"),

			"project_id":          record("fields.project.id"),
			"parent_key":          record("fields.parent.key"),
			"status_category_key": record("fields.status.statusCategory.key"),
			"creator_account_id":  record("fields.creator.accountId"),
			"reporter_account_id": record("fields.reporter.accountId"),
			"assignee_account_id": record("fields.assignee.accountId"),
			"components":          recordNames("components"),
			"fix_versions":        recordNames("fixVersions"),
			"affected_versions":   recordNames("versions"),

			"_synced_at": record("_synced_at"),
			"_raw_file":  func(r, _ any) any { return fmt.Sprint(at(r, "key"), ".json") },

			"sprint_names":    func(_, _ any) any { return nil }, // no such field in the map
			"story_points":    func(_, _ any) any { return nil },
			"sla_observed_at": recordTime("_sla_observed_at"),
		},
		rich: map[string]oracle{
			"description":    record("fields.description"),
			"description_md": record("fields.description"),
			"context":        record("fields.customfield_10330"),
		},
	},
	"comments": {
		items: list("fields.comment.comments"),
		columns: map[string]oracle{
			"comment_id":          item("id"),
			"issue_key":           record("key"),
			"author_email":        item("author.emailAddress"),
			"author_name":         item("author.displayName"),
			"created_at":          itemTime("created"),
			"updated_at":          itemTime("updated"),
			"update_author_email": item("updateAuthor.emailAddress"),

			"public_visibility":        item("jsdPublic"),
			"author_account_id":        item("author.accountId"),
			"update_author_account_id": item("updateAuthor.accountId"),
		},
		rich: map[string]oracle{"body": item("body"), "body_md": item("body")},
	},
	"worklogs": {
		items: list("fields.worklog.worklogs"),
		columns: map[string]oracle{
			"worklog_id":         item("id"),
			"issue_key":          record("key"),
			"author_account_id":  item("author.accountId"),
			"author_email":       item("author.emailAddress"),
			"author_name":        item("author.displayName"),
			"started_at":         itemTime("started"),
			"created_at":         itemTime("created"),
			"updated_at":         itemTime("updated"),
			"time_spent_seconds": item("timeSpentSeconds"),

			"update_author_account_id": item("updateAuthor.accountId"),
		},
		rich: map[string]oracle{"comment": item("comment"), "comment_md": item("comment")},
	},
	"attachments": {
		items: list("fields.attachment"),
		columns: map[string]oracle{
			"attachment_id": item("id"),
			"issue_key":     record("key"),
			"filename":      item("filename"),
			"size_bytes":    item("size"),
			"mime_type":     item("mimeType"),
			"author_email":  item("author.emailAddress"),
			"created_at":    itemTime("created"),
			"content_url":   item("content"),
			"thumbnail_url": item("thumbnail"),

			"author_account_id": item("author.accountId"),
		},
	},
	"changelog": {
		items: changes,
		columns: map[string]oracle{
			"change_id":    item("history.id"),
			"issue_key":    record("key"),
			"author_email": item("history.author.emailAddress"),
			"author_name":  item("history.author.displayName"),
			"field_name":   item("change.field"),
			"field_type":   item("change.fieldtype"),
			"from_value":   item("change.fromString"),
			"to_value":     item("change.toString"),
			"changed_at":   itemTime("history.created"),
			"field_id":     item("change.fieldId"),
			"from_id":      item("change.from"),
			"to_id":        item("change.to"),

			"author_account_id": item("history.author.accountId"),
		},
	},
	"issuelinks": {
		items: list("fields.issuelinks"),
		columns: map[string]oracle{
			"issue_key":             record("key"),
			"link_id":               item("id"),
			"link_type":             item("type.name"),
			"direction":             func(_, i any) any { return direction(i) },
			"linked_issue_key":      linked("key"),
			"linked_issue_summary":  linked("fields.summary"),
			"linked_issue_status":   linked("fields.status.name"),
			"linked_issue_priority": linked("fields.priority.name"),
		},
	},
	"remote_links": {
		items: list("_remote_links"),
		columns: map[string]oracle{
			"issue_key":        record("key"),
			"remote_link_id":   item("id"),
			"url":              item("object.url"),
			"title":            item("object.title"),
			"application_name": item("application.name"),
			"application_type": item("application.type"),
		},
	},
}

// liveRecords reads the records that have rows: no tombstones, no pointers left
// by a move. They come sorted by key, as the rows do.
func liveRecords(t *testing.T, dir string) []any {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var live []any
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		dec := json.NewDecoder(strings.NewReader(string(data)))
		dec.UseNumber()
		var r any
		require.NoError(t, dec.Decode(&r), file)
		if at(r, "_deleted_at") == nil && at(r, "_moved_to") == nil {
			r.(map[string]any)[compactMember], err = compactFields(data)
			require.NoError(t, err, file)
			live = append(live, r)
		}
	}
	slices.SortFunc(live, func(a, b any) int {
		return strings.Compare(at(a, "key").(string), at(b, "key").(string))
	})
	return live
}

// at follows a dotted path through objects; nil when it ends early.
func at(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}

func record(path string) oracle { return func(r, _ any) any { return at(r, path) } }
func item(path string) oracle   { return func(_, i any) any { return at(i, path) } }

func recordTime(path string) oracle { return func(r, _ any) any { return instant(at(r, path)) } }
func itemTime(path string) oracle   { return func(_, i any) any { return instant(at(i, path)) } }

func recordOption(path string) oracle { return func(r, _ any) any { return option(at(r, path)) } }

func list(path string) func(any) []any {
	return func(r any) []any {
		items, _ := at(r, path).([]any)
		return items
	}
}

// instant is a Jira time as UTC, with what precision it has.
func instant(v any) any {
	s, ok := v.(string)
	if !ok {
		return nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999-0700", time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
		}
	}
	return nil
}

// option is a select's value, or its name. Booleans are spelt as the reference
// spells them.
func option(v any) any {
	switch v.(type) {
	case map[string]any:
	case bool:
		return map[any]string{true: "True", false: "False"}[v]
	default:
		return v
	}
	for _, name := range []string{"value", "name"} {
		if s := at(v, name); s != nil && s != "" {
			return s
		}
	}
	return nil
}

func recordOptions(path string) oracle {
	return func(r, _ any) any {
		all := []any{}
		for _, v := range list(path)(r) {
			if o := option(v); o != nil && o != "" {
				all = append(all, fmt.Sprint(o))
			}
		}
		return all
	}
}

// recordNames: an absent field has none, of an explicit null nothing is known.
func recordNames(name string) oracle {
	return func(r, _ any) any {
		if v, present := at(r, "fields").(map[string]any)[name]; present && v == nil {
			return nil
		}
		return recordOptions("fields."+name)(r, nil)
	}
}

func recordEmails(path string) oracle {
	return func(r, _ any) any {
		all := []any{}
		for _, v := range list(path)(r) {
			all = append(all, at(v, "emailAddress"))
		}
		return all
	}
}

// recordLabels: an absent field is no labels, an explicit null is unknown.
func recordLabels(r, _ any) any {
	labels, present := at(r, "fields").(map[string]any)["labels"]
	if !present {
		return []any{}
	}
	return labels
}

// recordLength is how many elements an array has; what is none has none.
func recordLength(path string) oracle {
	return func(r, _ any) any { return len(list(path)(r)) }
}

// recordTotal is the number of comments that Jira reports, else of those that
// are stored.
func recordTotal(r, _ any) any {
	if total := at(r, "fields.comment.total"); total != nil {
		return total
	}
	return len(list("fields.comment.comments")(r))
}

// cycle is a value of an SLA's current cycle: the ongoing one, else the last
// completed one.
func cycle(field, path string) oracle {
	return func(r, _ any) any {
		value := at(r, field)
		if at(value, "errorMessage") != nil {
			return nil
		}
		current := at(value, "ongoingCycle")
		if completed := list("completedCycles")(value); current == nil && len(completed) > 0 {
			current = completed[len(completed)-1]
		}
		switch v := at(current, path).(type) {
		case bool:
			return map[bool]string{true: "True", false: "False"}[v]
		default:
			return v
		}
	}
}

// changes flattens histories to their items, each with its history.
func changes(r any) []any {
	var all []any
	for _, history := range list("changelog.histories")(r) {
		for _, change := range list("items")(history) {
			all = append(all, map[string]any{"history": history, "change": change})
		}
	}
	return all
}

func direction(link any) any {
	switch {
	case at(link, "inwardIssue") != nil:
		return "inward"
	case at(link, "outwardIssue") != nil:
		return "outward"
	}
	return nil
}

func linked(path string) oracle {
	return func(_, link any) any {
		return at(link, fmt.Sprint(direction(link), "Issue.", path))
	}
}

// cell is how a value of JSON compares with a value of DuckDB's.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "∅"
	case unsure:
		return "?"
	case []any:
		return withoutNUL(encoded(v))
	case string:
		return withoutNUL(v)
	default:
		return fmt.Sprint(v)
	}
}

// withoutNUL drops what readers choke on.
func withoutNUL(s string) string { return strings.ReplaceAll(s, "\x00", "") }
