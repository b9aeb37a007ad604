package jiratest

import (
	"net/url"
	"strconv"
	"time"
)

// timeLayout is how Jira writes instants: milliseconds and an offset without a
// colon, in the zone of the caller.
const timeLayout = "2006-01-02T15:04:05.000-0700"

// view is how one caller sees the site: through which host and version of the
// API, with which rights and in which time zone.
type view struct {
	s       *Server
	base    string // URL before /rest
	version string // "3" (ADF) or "2" (wiki text)
	account *account
	zone    *time.Location
	webhook bool // webhooks show no e-mail addresses
	now     time.Time
}

func (v *view) rest(path string) string { return v.base + "/rest/api/" + v.version + path }

func (v *view) time(at time.Time) string { return at.In(v.zone).Format(timeLayout) }

// timeOrNil is null for the zero time.
func (v *view) timeOrNil(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return v.time(at)
}

// visible reports whether the caller may see the issue. Anonymous callers see
// nothing: the site has no public projects.
func (v *view) visible(i *issue) bool {
	return v.webhook || i != nil && !i.deleted && !i.secret && v.account != nil &&
		!i.project.trashed && !i.hidden[v.account] && !v.account.denied[i.project]
}

// issue renders an issue with the chosen fields.
func (v *view) issue(i *issue, want selection) object {
	out := object{
		"expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
		"id":     strconv.FormatInt(i.id, 10),
		"self":   v.rest("/issue/" + strconv.FormatInt(i.id, 10)),
		"key":    i.key,
	}
	if want.none {
		return out
	}
	fields := object{}
	for _, f := range v.s.site.fields {
		if !want.has(f) || i.broken[f.id] {
			continue
		}
		if value, shown := v.field(i, f, want); shown {
			fields[f.id] = value
		}
	}
	out["fields"] = fields
	return out
}

// field renders one field of an issue; false leaves it out.
func (v *view) field(i *issue, f *field, want selection) (any, bool) {
	if f.reference {
		return v.derived(i, f.id, want)
	}
	value := v.s.site.slaOf(i, f, v.now)
	switch {
	case value == nil && f.id == "parent":
		return nil, false // top-level issues have no such member
	case value == nil && f.kind.list:
		return []any{}, true
	case value == nil:
		return nil, true
	}
	if raw, isRaw := value.(verbatim); isRaw {
		return raw.json, true
	}
	if name, isText := value.(string); isText && f.kind.custom == desk+"vp-origin" {
		return v.requestType(i, name), true
	}
	return f.kind.render(v, value), true
}

// derived renders the system fields that are not stored as values.
func (v *view) derived(i *issue, id string, want selection) (any, bool) {
	issuePath := "/issue/" + i.key
	switch id {
	case "created":
		return v.time(i.created), true
	case "updated":
		return v.time(i.updated), true
	case "resolutiondate":
		return v.timeOrNil(i.resolved), true
	case "statuscategorychangedate":
		return v.time(i.categoryAt), true
	case "statusCategory":
		status, _ := i.values["status"].(*named)
		return v.category(status), true
	case "project":
		return v.project(i.project), true
	case "workratio":
		return i.workRatio(), true
	case "issuerestriction":
		return object{"issuerestrictions": object{}, "shouldDisplay": false}, true
	case "watches":
		return object{"self": v.rest(issuePath + "/watchers"), "watchCount": 1, "isWatching": false}, true
	case "votes":
		return object{"self": v.rest(issuePath + "/votes"), "votes": 0, "hasVoted": false}, true
	case "attachment":
		return v.attachments(i), true
	case "issuelinks":
		return v.links(i), true
	case "subtasks":
		return v.subtasks(i), true
	case "comment":
		if len(i.comments) == 0 && v.s.opts.OmitEmptyParts {
			return nil, false
		}
		return v.commentField(i, want.comments), true
	case "worklog":
		if len(i.worklogs) == 0 && v.s.opts.OmitEmptyParts {
			return nil, false
		}
		return v.worklogField(i), true
	case "security", "lastViewed":
		return nil, true
	}
	return v.timeField(i, id), true
}

// timeField renders the fields of time tracking.
func (v *view) timeField(i *issue, id string) any {
	secondsOrNil := func(d time.Duration) any {
		if d == 0 {
			return nil
		}
		return int64(d / time.Second)
	}
	remaining := max(0, i.estimate-i.spent)
	switch id {
	case "timespent", "aggregatetimespent":
		return secondsOrNil(i.spent)
	case "timeoriginalestimate", "aggregatetimeoriginalestimate":
		return secondsOrNil(i.estimate)
	case "timeestimate", "aggregatetimeestimate":
		return secondsOrNil(remaining)
	case "progress", "aggregateprogress":
		spent, total := int64(i.spent/time.Second), int64((i.spent+remaining)/time.Second)
		p := object{"progress": spent, "total": total}
		if total > 0 {
			p["percent"] = 100 * spent / total
		}
		return p
	case "timetracking":
		p := object{}
		add := func(name string, d time.Duration) {
			if d > 0 {
				p[name], p[name+"Seconds"] = workTime(d), int64(d/time.Second)
			}
		}
		add("originalEstimate", i.estimate)
		add("remainingEstimate", remaining)
		add("timeSpent", i.spent)
		return p
	}
	return nil
}

func (i *issue) workRatio() int64 {
	if i.estimate == 0 {
		return -1
	}
	return int64(100 * i.spent / i.estimate)
}

// workTime writes a duration in Jira's weeks of 5 days of 8 hours.
func workTime(d time.Duration) string {
	minutes := int64(d / time.Minute)
	text := ""
	for _, unit := range []struct {
		minutes int64
		name    string
	}{{2400, "w"}, {480, "d"}, {60, "h"}, {1, "m"}} {
		if n := minutes / unit.minutes; n > 0 {
			if text != "" {
				text += " "
			}
			text += strconv.FormatInt(n, 10) + unit.name
			minutes %= unit.minutes
		}
	}
	if text == "" {
		return "0m"
	}
	return text
}

// user renders a user as it appears inside other things.
func (v *view) user(u *user) any {
	if u == nil {
		return nil
	}
	return v.once(u, func() object { return v.person(u) })
}

func (v *view) person(u *user) object {
	avatar := "https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/initials/" + initials(u.name) + "-3.png"
	o := object{
		"self":        v.rest("/user?accountId=" + url.QueryEscape(u.accountID)),
		"accountId":   u.accountID,
		"accountType": u.kind,
		"displayName": u.name,
		"active":      !u.inactive,
		"timeZone":    u.zone.String(),
		"avatarUrls":  object{"48x48": avatar, "32x32": avatar, "24x24": avatar, "16x16": avatar},
	}
	if u.email != "" && !u.hidden && !v.webhook {
		o["emailAddress"] = u.email
	}
	return o
}

func initials(name string) string {
	out := []rune{}
	start := true
	for _, r := range name {
		if start && r != ' ' {
			out = append(out, r)
		}
		start = r == ' '
	}
	if len(out) > 2 {
		out = out[:2]
	}
	return url.PathEscape(string(out))
}

func (v *view) avatars(path string) object {
	u := v.rest("/universal_avatar/view/type" + path)
	return object{"48x48": u, "32x32": u + "?size=medium", "24x24": u + "?size=small", "16x16": u + "?size=xsmall"}
}

func (v *view) project(p *project) any {
	return v.once(p, func() object { return v.projectObject(p) })
}

func (v *view) projectObject(p *project) object {
	id := strconv.FormatInt(p.id, 10)
	return object{
		"self": v.rest("/project/" + id), "id": id, "key": p.key, "name": p.name,
		"projectTypeKey": p.kind, "simplified": false, "avatarUrls": v.avatars("/project/avatar/10400"),
	}
}

// categories are Jira's fixed status categories.
var categories = map[string]struct {
	id          int
	color, name string
}{
	"undefined":     {1, "medium-gray", "No Category"},
	"new":           {2, "blue-gray", "To Do"},
	"done":          {3, "green", "Done"},
	"indeterminate": {4, "yellow", "In Progress"},
}

func (v *view) category(status *named) any {
	if status == nil {
		return nil
	}
	key := status.category
	c, known := categories[key]
	if !known {
		key, c = "undefined", categories["undefined"]
	}
	return object{
		"self": v.rest("/statuscategory/" + strconv.Itoa(c.id)), "id": c.id,
		"key": key, "colorName": c.color, "name": c.name,
	}
}

// stub renders an issue as other issues and comment events mention it.
func (v *view) stub(i *issue, path string, fields ...string) object {
	out := object{"id": strconv.FormatInt(i.id, 10), "key": i.key, "self": v.rest(path + strconv.FormatInt(i.id, 10))}
	shown := object{}
	for _, id := range fields {
		shown[id], _ = v.field(i, v.s.site.fieldByID[id], selection{})
	}
	out["fields"] = shown
	return out
}

// linkStub renders the other end of a link, a parent or a subtask.
func (v *view) linkStub(i *issue) object {
	return v.stub(i, "/issue/", "summary", "status", "priority", "issuetype")
}
