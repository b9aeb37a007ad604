package jiratest

import (
	"strconv"
	"strings"
)

// Events returns the names of all events that the documentation lists.
//
// Source: developer.atlassian.com, Jira platform, "Webhooks", events, checked
// 2026-11.
func Events() []string {
	return strings.Fields(`
jira:issue_created jira:issue_updated jira:issue_deleted
comment_created comment_updated comment_deleted
issue_property_set issue_property_deleted
worklog_created worklog_updated worklog_deleted
attachment_created attachment_deleted
issuelink_created issuelink_deleted
issuetype_created issuetype_updated issuetype_deleted
project_created project_updated project_deleted project_soft_deleted
project_restored_deleted project_archived project_restored_archived
jira:version_released jira:version_unreleased jira:version_created jira:version_moved
jira:version_updated jira:version_deleted jira:version_merged
sprint_created sprint_deleted sprint_updated sprint_started sprint_closed
board_created board_updated board_deleted board_configuration_changed
filter_created filter_updated filter_deleted
user_created user_updated user_deleted
option_voting_changed option_watching_changed option_unassigned_issues_changed
option_subtasks_changed option_issuelinks_changed option_timetracking_changed
option_timetracking_provider_changed
jira_expression_evaluation_failed
app_access_to_objects_blocked app_access_to_objects_in_container_blocked`)
}

// sample is a plausible body of an event, about the newest issue if it is about
// one. guessed: families without a public capture have the entity under its own
// name.
func (s *Server) sample(event string) object {
	name := strings.TrimPrefix(event, "jira:")
	family, _, _ := strings.Cut(name, "_")
	if o := s.issueSample(family, name); o != nil {
		return o
	}
	switch {
	case family == "version":
		o := object{"version": sampleVersion(s.URL, 65456, "v1-rc.0")}
		if name == "version_deleted" || name == "version_merged" {
			o["mergedTo"] = sampleVersion(s.URL, 99991, "v1")
		}
		return o
	case family == "sprint":
		o := object{"sprint": object{
			"id": 196, "self": s.URL + "/rest/agile/1.0/sprint/196", "state": "future", "name": "Sprint 2", "originBoardId": 9,
		}}
		if name == "sprint_updated" {
			o["oldValue"] = o["sprint"]
		}
		return o
	case name == "board_configuration_changed":
		return object{"configuration": object{"id": 9, "name": "Board", "self": s.URL + "/rest/agile/1.0/board/9/configuration"}}
	case family == "board":
		return object{"board": object{"id": 9, "self": s.URL + "/rest/agile/1.0/board/9", "name": "Board", "type": "scrum"}}
	case name == "user_deleted":
		return object{"accountId": "5b10a2844c20165700ed9999"}
	case family == "option":
		return object{"property": object{"key": "jira." + name, "value": "true"}}
	case family == "issuetype":
		return object{"issuetype": object{"id": "10001", "name": "Task", "self": s.URL + "/rest/api/2/issuetype/10001"}}
	case family == "filter":
		return object{"filter": object{"id": "10000", "name": "All", "self": s.URL + "/rest/api/2/filter/10000"}}
	case family == "project":
		return object{"project": object{"id": 10999, "key": "GONE", "name": "Gone", "self": s.URL + "/rest/api/2/project/10999"}}
	}
	return object{}
}

// issueSample is the body of an event about an issue or one of its parts, nil
// for other families.
func (s *Server) issueSample(family, name string) object {
	id, v := int64(firstID), s.hookView(s.site.actor)
	issue := object{"id": strconv.FormatInt(id, 10), "self": v.rest("/10000"), "key": "GONE-1", "fields": object{}}
	if n := len(s.site.issues); n > 0 {
		id = s.site.issues[n-1].id
		issue = v.stub(s.site.issues[n-1], "/", "summary", "issuetype", "project", "assignee", "priority", "status")
	}
	switch {
	case strings.HasPrefix(name, "issue_property"):
		return object{"issue": issue, "property": object{"key": "com.example.state", "value": object{"done": true}}}
	case family == "issue":
		return object{"issue": issue, "user": v.user(s.site.actor)}
	case family == "comment":
		return object{"issue": issue, "comment": object{"id": "10000", "body": "", "self": v.rest("/issue/10000/comment/10000")}}
	case family == "worklog":
		return object{"worklog": object{"id": "10000", "issueId": strconv.FormatInt(id, 10), "timeSpentSeconds": 60}}
	case family == "attachment":
		return object{"attachment": object{"id": "10000", "filename": "a.txt", "size": 1, "mimeType": "text/plain"}}
	case family == "issuelink":
		return object{"issueLink": object{"id": 10000, "sourceIssueId": id, "destinationIssueId": id + 1, "systemLink": false}}
	}
	return nil
}

func sampleVersion(base string, id int, name string) object {
	return object{
		"self": base + "/rest/api/2/version/" + stableID(name), "id": stableID(name), "description": "", "name": name,
		"archived": false, "released": id%2 == 0, "overdue": false, "startDate": "2026-11-01", "releaseDate": "2026-11-30",
		"userStartDate": "01/Nov/26", "userReleaseDate": "30/Nov/26", "projectId": 10000,
	}
}
