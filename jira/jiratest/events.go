package jiratest

import (
	"encoding/json"
	"strconv"
	"time"
)

// The flows of webhook deliveries. Secondary is the fallout of bulk and
// cascading changes.
const (
	flowPrimary   = "Primary"
	flowSecondary = "Secondary"
)

// hookView is the view of webhooks: version 2 of the API, nobody's e-mail
// addresses, times in the zone of the acting user.
//
// Source: captures of Jira Cloud deliveries of 2020 and September 2026.
// guessed: the zone, and that SLA fields look as to callers without a licence.
func (s *Server) hookView(by *user) *view {
	v := &view{s: s, base: s.URL, version: "2", webhook: true, zone: time.UTC, now: s.now()}
	if by != nil {
		v.zone = by.zone
	}
	return v
}

// hookIssue is the issue of issue events: no comments in created and updated
// bodies, worklogs cut to 20, and a self link without "/issue".
func (v *view) hookIssue(i *issue, withComments bool) object {
	want := selection{all: true, comments: commentsInIssue}
	if !withComments {
		want.minus = map[string]bool{"comment": true}
	}
	o := v.issue(i, want)
	delete(o, "expand")
	o["self"] = v.rest("/" + strconv.FormatInt(i.id, 10))
	return o
}

func (s *Server) sendIssueCreated(i *issue, by *user) {
	if !s.wants("jira:issue_created") {
		return
	}
	v := s.hookView(by)
	var items []change
	for _, f := range s.site.fields {
		if value := i.values[f.id]; value != nil && f.id != "creator" && f.kind != nil {
			c := changeOf(f, nil, value)
			if f.id == "status" {
				c.field = "Status" // capital on creation, as captured
			}
			items = append(items, c)
		}
	}
	s.enqueue("jira:issue_created", flowPrimary, i, object{
		"issue_event_type_name": "issue_created", "user": v.user(by), "issue": v.hookIssue(i, false),
		"changelog": object{"id": strconv.FormatInt(s.site.id("history"), 10), "items": v.changes(items)},
	})
}

func (s *Server) sendIssueUpdated(i *issue, h *history, eventType string, extra object) {
	if !s.wants("jira:issue_updated") {
		return
	}
	v := s.hookView(h.by)
	body := object{
		"issue_event_type_name": eventType, "user": v.user(h.by), "issue": v.hookIssue(i, false),
		"changelog": object{"id": strconv.FormatInt(h.id, 10), "items": v.changes(h.items)},
	}
	for name, value := range extra {
		body[name] = value
	}
	s.enqueue("jira:issue_updated", flowPrimary, i, body)
}

// sendIssueDeleted carries comments and worklogs, but no changelog.
func (s *Server) sendIssueDeleted(i *issue, by *user) {
	if !s.wants("jira:issue_deleted") {
		return
	}
	v := s.hookView(by)
	s.enqueue("jira:issue_deleted", flowPrimary, i, object{"user": v.user(by), "issue": v.hookIssue(i, true)})
}

// sendComment carries a stub of the issue with six fields, and no user. With
// Webhook.CommentUpdates, jira:issue_updated goes with it.
func (s *Server) sendComment(event string, i *issue, c *comment) {
	v := s.hookView(c.editor)
	if s.wants(event) {
		s.enqueue(event, cascade(i), i, object{
			"comment": v.comment(i, c),
			"issue":   v.stub(i, "/", "summary", "issuetype", "project", "assignee", "priority", "status"),
		})
	}
	name := map[string]string{"comment_created": "issue_commented", "comment_updated": "issue_comment_edited"}[event]
	if name != "" && s.wants("jira:issue_updated") && s.hooks.option(func(w *Webhook) bool { return w.CommentUpdates }) {
		s.enqueue("jira:issue_updated", flowPrimary, i, object{
			"issue_event_type_name": name, "user": v.user(c.editor),
			"issue": v.hookIssue(i, false), "comment": v.comment(i, c),
		})
	}
}

// cascade is the flow of events about parts: secondary after a deletion.
func cascade(i *issue) string {
	if i.deleted {
		return flowSecondary
	}
	return flowPrimary
}

// sendWorklog names the issue by the issueId inside the worklog only.
func (s *Server) sendWorklog(event string, i *issue, w *worklog) {
	if !s.wants(event) {
		return
	}
	v := s.hookView(w.editor)
	body := object{"worklog": v.worklog(i, w)}
	if event != "worklog_updated" {
		body["isFromIssueLimitTransformation"] = false
	}
	s.enqueue(event, flowPrimary, i, body)
}

// sendAttachment names no issue unless the webhook asks for it.
func (s *Server) sendAttachment(event string, a *attachment) {
	if !s.wants(event) {
		return
	}
	v := s.hookView(a.author)
	o := v.attachment(a)
	o["id"] = strconv.FormatInt(a.id, 10)
	body := object{"attachment": o}
	if s.hooks.option(func(w *Webhook) bool { return w.AttachmentIssue }) {
		body["issue"] = v.stub(a.issue, "/issue/", "summary")
	}
	s.enqueue(event, cascade(a.issue), a.issue, body)
}

// sendLink carries numeric ids and no keys.
func (s *Server) sendLink(event string, l *link) {
	if !s.wants(event) {
		return
	}
	typeID, _ := strconv.Atoi(l.typ.id)
	flow := cascade(l.from)
	if l.to.deleted {
		flow = flowSecondary
	}
	s.enqueue(event, flow, l.from, object{"issueLink": object{
		"id": l.id, "sourceIssueId": l.from.id, "destinationIssueId": l.to.id, "systemLink": false,
		"issueLinkType": object{
			"id": typeID, "name": l.typ.name, "outwardName": l.typ.outward, "inwardName": l.typ.inward,
			"isSubTaskLinkType": false, "isSystemLinkType": false,
		},
	}})
}

// sendProject carries the id as a number.
func (s *Server) sendProject(event string, p *project) {
	if !s.wants(event) {
		return
	}
	v := s.hookView(s.site.actor)
	s.enqueue(event, flowPrimary, nil, object{"project": object{
		"self": v.rest("/project/" + strconv.FormatInt(p.id, 10)), "id": p.id, "key": p.key, "name": p.name,
		"avatarUrls": v.avatars("/project/avatar/10400"), "projectLead": v.user(p.lead),
		"assigneeType": "admin.assignee.type.unassigned",
	}})
}

func (s *Server) sendUser(event string, u *user) {
	if !s.wants(event) {
		return
	}
	s.enqueue(event, flowPrimary, nil, object{"user": s.hookView(s.site.actor).user(u)})
}

// Emit queues an event of any name with the given JSON object as its body;
// timestamp and webhookEvent are added. It is for the events no verb causes:
// versions, sprints, boards, properties. A nil body stands for a plausible one.
// A body that is no object is a problem.
func (s *Server) Emit(event string, body any) {
	var o object
	s.mu.RLock()
	defer s.mu.RUnlock()
	if body == nil {
		o = s.sample(event)
	} else if err := json.Unmarshal(encode(body), &o); err != nil || o == nil {
		s.problemf("Emit: the body of %s is no JSON object", event)
		return
	}
	if s.wants(event) {
		s.enqueue(event, flowPrimary, nil, o)
	}
}
