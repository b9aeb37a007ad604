package jiratest

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

func renderPlain(_ *view, value any) any { return value }

func renderTime(v *view, value any) any { return v.time(value.(time.Time)) }

func renderUser(v *view, value any) any { return v.user(value.(*user)) }

func renderUsers(v *view, value any) any {
	out := []any{}
	for _, u := range value.([]*user) {
		out = append(out, v.user(u))
	}
	return out
}

// renderDocument shows ADF in version 3 and wiki text in version 2.
func renderDocument(v *view, value any) any { return v.document(value.(json.RawMessage)) }

func (v *view) document(body json.RawMessage) any {
	if v.version == "2" {
		return wikiText(body)
	}
	return encoded(body)
}

func renderType(v *view, value any) any {
	n := value.(*named)
	return v.once(n, func() object { return v.issueType(n) })
}

func (v *view) issueType(n *named) object {
	level := 0
	switch {
	case n.subtask:
		level = -1
	case n.name == "Epic":
		level = 1
	}
	return object{
		"self": v.rest("/issuetype/" + n.id), "id": n.id, "name": n.name, "description": n.description,
		"iconUrl":  v.rest("/universal_avatar/view/type/issuetype/avatar/10318?size=medium"),
		"avatarId": 10318, "subtask": n.subtask, "hierarchyLevel": level,
	}
}

func renderStatus(v *view, value any) any {
	n := value.(*named)
	return v.once(n, func() object { return v.status(n) })
}

func (v *view) status(n *named) object {
	return object{
		"self": v.rest("/status/" + n.id), "id": n.id, "name": n.name, "description": n.description,
		"iconUrl": v.base + "/images/icons/statuses/generic.png", "statusCategory": v.category(n),
	}
}

func renderPriority(v *view, value any) any {
	n := value.(*named)
	return v.once(n, func() object {
		return object{
			"self": v.rest("/priority/" + n.id), "id": n.id, "name": n.name,
			"iconUrl": v.base + "/images/icons/priorities/" + n.id + "_new.svg",
		}
	})
}

func renderResolution(v *view, value any) any {
	n := value.(*named)
	return object{"self": v.rest("/resolution/" + n.id), "id": n.id, "name": n.name, "description": n.description}
}

func renderVersions(v *view, value any) any {
	out := []any{}
	for _, name := range value.([]string) {
		id := stableID("version " + name)
		out = append(out, object{"self": v.rest("/version/" + id), "id": id, "name": name, "archived": false, "released": false})
	}
	return out
}

func renderComponents(v *view, value any) any {
	out := []any{}
	for _, name := range value.([]string) {
		id := stableID("component " + name)
		out = append(out, object{"self": v.rest("/component/" + id), "id": id, "name": name})
	}
	return out
}

func renderParent(v *view, value any) any { return v.linkStub(value.(*issue)) }

func renderOption(v *view, value any) any {
	o := value.(*option)
	out := v.option(o)
	if o.child != nil {
		out["child"] = v.option(o.child)
	}
	return out
}

func (v *view) option(o *option) object {
	id := strconv.FormatInt(o.id, 10)
	return object{"self": v.rest("/customFieldOption/" + id), "value": o.value, "id": id}
}

func renderOptions(v *view, value any) any {
	out := []any{}
	for _, o := range value.([]*option) {
		out = append(out, v.option(o))
	}
	return out
}

// renderOrganizations shows the names as they are now.
func renderOrganizations(v *view, value any) any {
	out := []any{}
	for _, o := range value.([]*organization) {
		out = append(out, v.organization(o))
	}
	return out
}

func (v *view) organization(o *organization) object {
	id := strconv.FormatInt(o.id, 10)
	return object{
		"id": id, "uuid": "", "name": o.name, "scimManaged": false,
		"created": v.date(o.created),
		"_links":  object{"self": v.base + "/rest/servicedeskapi/organization/" + id},
	}
}

// requestType renders the request type of an issue with that name, and the
// state the customer sees in the portal.
//
// Source: developer.atlassian.com, Jira Service Management, "Get customer
// request by id or key"; observed values of July 2026.
func (v *view) requestType(i *issue, name string) object {
	id, issueID := stableID("request type "+name), strconv.FormatInt(i.id, 10)
	status, _ := i.values["status"].(*named)
	o := object{
		"_links": object{
			"jiraRest": v.rest("/issue/" + issueID),
			"web":      v.base + "/servicedesk/customer/portal/1/" + i.key,
			"agent":    v.base + "/browse/" + i.key,
			"self":     v.base + "/rest/servicedeskapi/request/" + issueID,
		},
		"requestType": object{
			"id": id, "name": name, "description": "", "helpText": "", "defaultName": name,
			"issueTypeId": "10006", "serviceDeskId": "1", "portalId": "1", "groupIds": []string{"9"},
			"_expands": []string{"field"},
			"_links":   object{"self": v.base + "/rest/servicedeskapi/servicedesk/1/requesttype/" + id},
		},
	}
	if status != nil {
		o["currentStatus"] = object{
			"status": status.name, "statusCategory": strings.ToUpper(status.category), "statusDate": v.date(i.categoryAt),
		}
	}
	return o
}

func renderRating(_ *view, value any) any { return object{"rating": value} }

// attachments renders the files of an issue. Their ids are strings here and
// numbers in "Get attachment metadata".
func (v *view) attachments(i *issue) []any {
	out := []any{}
	for _, a := range i.attachments {
		o := v.attachment(a)
		o["id"] = strconv.FormatInt(a.id, 10)
		out = append(out, o)
	}
	return out
}

func (v *view) attachment(a *attachment) object {
	id := strconv.FormatInt(a.id, 10)
	o := object{
		"self": v.rest("/attachment/" + id), "id": a.id, "filename": a.name, "author": v.user(a.author),
		"created": v.time(a.at), "size": a.size, "mimeType": a.mime,
		"content": v.rest("/attachment/content/" + id),
	}
	if isImage(a.mime) {
		o["thumbnail"] = v.rest("/attachment/thumbnail/" + id)
	}
	return o
}

func isImage(mime string) bool { return len(mime) > 6 && mime[:6] == "image/" }

// links renders the issue links, each with exactly one side. Links to issues
// the caller may not see are left out.
func (v *view) links(i *issue) []any {
	out := []any{}
	for _, l := range i.links {
		o := object{
			"id": strconv.FormatInt(l.id, 10), "self": v.rest("/issueLink/" + strconv.FormatInt(l.id, 10)),
			"type": object{"id": l.typ.id, "name": l.typ.name, "inward": l.typ.inward, "outward": l.typ.outward,
				"self": v.rest("/issueLinkType/" + l.typ.id)},
		}
		side, other := "outwardIssue", l.to
		if l.to == i {
			side, other = "inwardIssue", l.from
		}
		if v.visible(other) {
			o[side] = v.linkStub(other)
			out = append(out, o)
		}
	}
	return out
}

func (v *view) subtasks(i *issue) []any {
	out := []any{}
	for _, sub := range i.subtasks {
		if v.visible(sub) {
			out = append(out, v.linkStub(sub))
		}
	}
	return out
}

func (v *view) comment(i *issue, c *comment) object {
	id := strconv.FormatInt(c.id, 10)
	o := object{
		"self": v.rest("/issue/" + strconv.FormatInt(i.id, 10) + "/comment/" + id), "id": id,
		"author": v.user(c.author), "updateAuthor": v.user(c.editor), "body": v.document(c.body),
		"created": v.time(c.created), "updated": v.time(c.updated), "jsdPublic": !c.internal,
	}
	if c.role != "" {
		o["visibility"] = object{"type": "role", "value": c.role, "identifier": c.role}
	}
	return o
}

// commentField is the comment page inside an issue: the newest, limit at most,
// oldest of them first.
//
// Source: public reports of August 2026 (100 in an issue, 20 in search results).
func (v *view) commentField(i *issue, limit int) object {
	total := len(i.comments)
	start := max(0, total-limit)
	list := []any{}
	for _, c := range i.comments[start:] {
		list = append(list, v.comment(i, c))
	}
	return object{
		"comments": list, "self": v.rest("/issue/" + strconv.FormatInt(i.id, 10) + "/comment"),
		"maxResults": len(list), "total": total, "startAt": start,
	}
}

func (v *view) worklog(i *issue, w *worklog) object {
	id := strconv.FormatInt(w.id, 10)
	return object{
		"self": v.rest("/issue/" + strconv.FormatInt(i.id, 10) + "/worklog/" + id), "id": id,
		"issueId": strconv.FormatInt(i.id, 10), "author": v.user(w.author), "updateAuthor": v.user(w.editor),
		"comment": v.document(w.body), "created": v.time(w.created), "updated": v.time(w.updated),
		"started": v.time(w.started), "timeSpent": workTime(w.spent), "timeSpentSeconds": int64(w.spent / time.Second),
	}
}

// worklogsInIssue is how many worklogs an issue shows: the first ones.
const worklogsInIssue = 20

func (v *view) worklogField(i *issue) object {
	list := []any{}
	for _, w := range i.worklogs[:min(len(i.worklogs), worklogsInIssue)] {
		list = append(list, v.worklog(i, w))
	}
	return object{"startAt": 0, "maxResults": worklogsInIssue, "total": len(i.worklogs), "worklogs": list}
}

// histories renders the changelog under expand: newest first, limit at most.
func (v *view) histories(i *issue, limit int) object {
	list := []any{}
	for n := len(i.histories) - 1; n >= 0 && len(list) < limit; n-- {
		list = append(list, v.history(i.histories[n]))
	}
	total := len(i.histories)
	if v.s.opts.PageTotals {
		total = len(list)
	}
	return object{"startAt": 0, "maxResults": len(list), "total": total, "histories": list}
}

func (v *view) remoteLink(i *issue, r *remoteLink) object {
	o := object{
		"id": r.id, "self": v.rest("/issue/" + i.key + "/remotelink/" + strconv.FormatInt(r.id, 10)),
		"object": object{"url": r.url, "title": r.title, "icon": object{}, "status": object{"icon": object{}}},
	}
	if r.globalID != "" {
		o["globalId"] = r.globalID
	}
	if r.appType != "" || r.appName != "" {
		o["application"] = object{"type": r.appType, "name": r.appName}
	}
	return o
}
