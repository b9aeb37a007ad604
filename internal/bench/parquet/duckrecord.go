package main

import "strings"

// The shapes of what the reference tables need of a record.
var (
	shownPerson = shape{"emailAddress": "VARCHAR", "displayName": "VARCHAR"}
	shownNamed  = shape{"name": "VARCHAR"}
	shownOption = shape{"value": "VARCHAR", "name": "VARCHAR"}
	shownMillis = shape{"millis": "BIGINT"}
	shownCycle  = shape{"breached": "BOOLEAN", "goalDuration": shownMillis, "elapsedTime": shownMillis}
	shownSLA    = shape{"ongoingCycle": shownCycle, "completedCycles": []any{shownCycle}}
	shownLinked = shape{"key": "VARCHAR", "fields": shape{"summary": "VARCHAR", "status": shownNamed, "priority": shownNamed}}
)

var recordShape = shape{
	"id": "VARCHAR", "key": "VARCHAR", "_synced_at": "VARCHAR",
	"changelog": shape{"histories": []any{shape{
		"id": "VARCHAR", "author": shownPerson, "created": "VARCHAR",
		"items": []any{shape{"field": "VARCHAR", "fieldtype": "VARCHAR", "fromString": "VARCHAR", "toString": "VARCHAR"}},
	}}},
	"_remote_links": []any{shape{
		"id": "VARCHAR", "object": shape{"url": "VARCHAR", "title": "VARCHAR"}, "application": shape{"name": "VARCHAR", "type": "VARCHAR"},
	}},
	"fields": shape{
		"summary": "VARCHAR", "description": "JSON", "created": "VARCHAR", "updated": "VARCHAR", "resolutiondate": "VARCHAR", "duedate": "VARCHAR",
		"issuetype": shownNamed, "status": shape{"name": "VARCHAR", "statusCategory": shownNamed}, "priority": shownNamed, "resolution": shownNamed,
		"project": shape{"key": "VARCHAR", "name": "VARCHAR"}, "labels": []any{"VARCHAR"},
		"creator": shownPerson, "reporter": shownPerson, "assignee": shownPerson,
		"customfield_10010": shape{"requestType": shownNamed, "currentStatus": shape{"status": "VARCHAR"}},
		"customfield_10004": shownOption, "customfield_10365": shownOption, "customfield_10676": shownOption, "customfield_11831": shownOption,
		"customfield_10323": []any{shownOption}, "customfield_10511": []any{shownOption}, "customfield_10002": []any{shownOption},
		"customfield_10156": []any{shownPerson}, "customfield_10330": "JSON", "customfield_10325": "VARCHAR",
		"customfield_10350": "VARCHAR", "customfield_10475": "VARCHAR", "customfield_10157": shape{"rating": "BIGINT"},
		"customfield_10328": shownSLA, "customfield_10161": shownSLA,
		"comment": shape{"total": "BIGINT", "comments": []any{shape{
			"id": "VARCHAR", "author": shownPerson, "updateAuthor": shownPerson, "body": "JSON", "created": "VARCHAR", "updated": "VARCHAR",
		}}},
		"attachment": []any{shape{
			"id": "VARCHAR", "filename": "VARCHAR", "size": "BIGINT", "mimeType": "VARCHAR", "author": shownPerson,
			"created": "VARCHAR", "content": "VARCHAR", "thumbnail": "VARCHAR",
		}},
		"issuelinks": []any{shape{"id": "VARCHAR", "type": shownNamed, "inwardIssue": shownLinked, "outwardIssue": shownLinked}},
	},
}

// instants says $(x) for the instant in a text of Jira's.
var instants = strings.NewReplacer("$(", "strptime(", ")$", ", '%Y-%m-%dT%H:%M:%S.%g%z')")

// monthOf is the month of the record's issue.
const monthOf = "strftime($(fields.created)$, '%Y-%m') AS month"

// duckQueries are the columns of the reference tables, from the table records.
var duckQueries = map[string]string{
	"issues": instants.Replace(`SELECT ` + monthOf + `, key AS issue_key, id AS issue_id, 'https://acme.atlassian.net/browse/' || key AS issue_url,
		fields.summary, fields.description::VARCHAR AS description, fields.issuetype.name AS issue_type, fields.status.name AS status,
		fields.status.statusCategory.name AS status_category, fields.priority.name AS priority, fields.resolution.name AS resolution,
		fields.project.key AS project_key, fields.project.name AS project_name, fields.creator.emailAddress AS creator_email,
		fields.creator.displayName AS creator_name, fields.reporter.emailAddress AS reporter_email, fields.reporter.displayName AS reporter_name,
		fields.assignee.emailAddress AS assignee_email, fields.assignee.displayName AS assignee_name, $(fields.created)$ AS created_at,
		$(fields.updated)$ AS updated_at, $(fields.resolutiondate)$ AS resolved_at, fields.duedate AS due_date, to_json(fields.labels)::VARCHAR AS labels,
		len(fields.attachment) AS attachment_count, fields.comment.total AS comment_count, len(fields.issuelinks) AS issuelink_count,
		fields.customfield_10010.requestType.name AS request_type, fields.customfield_10010.currentStatus.status AS request_status,
		fields.customfield_10004.value AS severity, to_json(list_transform(fields.customfield_10323, lambda o: o.value))::VARCHAR AS triage,
		to_json(list_transform(fields.customfield_10511, lambda o: o.value))::VARCHAR AS configuration_item,
		to_json(list_transform(fields.customfield_10156, lambda p: p.emailAddress))::VARCHAR AS participants,
		to_json(list_transform(fields.customfield_10002, lambda o: o.name))::VARCHAR AS organizations, fields.customfield_10365.value AS spam,
		fields.customfield_10330::VARCHAR AS context, fields.customfield_10325 AS keboola_platform_url, fields.customfield_10350 AS slack_link,
		fields.customfield_10676.value AS technical_issue_category, fields.customfield_10475 AS email_address, fields.customfield_10157.rating AS satisfaction,
		` + slaColumns("customfield_10328", "first_response") + slaColumns("customfield_10161", "time_to_resolution") + `
		fields.customfield_11831.value AS l3_team, _synced_at, key || '.json' AS _raw_file FROM records`),
	"comments": instants.Replace(`SELECT month, c.id AS comment_id, issue_key, c.author.emailAddress AS author_email, c.author.displayName AS author_name,
		c.body::VARCHAR AS body, $(c.created)$ AS created_at, $(c.updated)$ AS updated_at, c.updateAuthor.emailAddress AS update_author_email
		FROM (SELECT ` + monthOf + `, key AS issue_key, unnest(fields.comment.comments) AS c FROM records)`),
	"attachments": instants.Replace(`SELECT month, a.id AS attachment_id, issue_key, a.filename, a.size AS size_bytes, a.mimeType AS mime_type,
		a.author.emailAddress AS author_email, $(a.created)$ AS created_at, a.content AS content_url, a.thumbnail AS thumbnail_url
		FROM (SELECT ` + monthOf + `, key AS issue_key, unnest(fields.attachment) AS a FROM records)`),
	"changelog": instants.Replace(`SELECT month, h.id AS change_id, issue_key, h.author.emailAddress AS author_email, h.author.displayName AS author_name,
		i.field AS field_name, i.fieldtype AS field_type, i.fromString AS from_value, i.toString AS to_value, $(h.created)$ AS changed_at
		FROM (SELECT month, issue_key, h, unnest(h.items) AS i FROM
			(SELECT ` + monthOf + `, key AS issue_key, unnest(changelog.histories) AS h FROM records))`),
	"issuelinks": instants.Replace(`SELECT month, issue_key, l.id AS link_id, l.type.name AS link_type, CASE WHEN l.inwardIssue IS NULL THEN 'outward' ELSE 'inward' END AS direction,
		o.key AS linked_issue_key, o.fields.summary AS linked_issue_summary, o.fields.status.name AS linked_issue_status, o.fields.priority.name AS linked_issue_priority
		FROM (SELECT month, issue_key, l, coalesce(l.inwardIssue, l.outwardIssue) AS o FROM
			(SELECT ` + monthOf + `, key AS issue_key, unnest(fields.issuelinks) AS l FROM records))`),
	"remote_links": instants.Replace(`SELECT month, issue_key, l.id AS remote_link_id, l.object.url AS url, l.object.title AS title,
		l.application.name AS application_name, l.application.type AS application_type
		FROM (SELECT ` + monthOf + `, key AS issue_key, unnest(_remote_links) AS l FROM records)`),
}

// slaColumns are the columns of an SLA: of the ongoing cycle, else of the last
// completed one.
func slaColumns(field, name string) string {
	cycle := "coalesce(fields." + field + ".ongoingCycle, fields." + field + ".completedCycles[-1])"
	return cycle + ".breached AS " + name + "_breached, " + cycle + ".goalDuration.millis AS " + name + "_goal_millis, " +
		cycle + ".elapsedTime.millis AS " + name + "_elapsed_millis, "
}
