package jiratest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Cut-offs of an issue's parts. Sources: developer.atlassian.com, REST v3,
// "Bulk fetch issues" (40 histories); public reports of August 2026 (comments).
const (
	commentsInIssue  = 100
	commentsInSearch = 20
	historiesInIssue = 100 // guessed: the documents give no number
	historiesInBulk  = 40
)

// selection is a choice of fields.
type selection struct {
	none     bool // no fields at all
	idOnly   bool // not even key and self
	all      bool
	navig    bool
	plus     map[string]bool
	minus    map[string]bool
	comments int // how many comments of an issue to show
}

// has reports whether a field is chosen.
func (c selection) has(f *field) bool {
	if c.minus[f.id] {
		return false
	}
	return c.all || c.navig && f.navigable || c.plus[f.id]
}

// choose reads the fields parameter: names, *all, *navigable, and -name to
// subtract. A list of subtractions alone works on the preset. Unknown names are
// ignored.
func choose(list []string, preset string, comments int) selection {
	c := selection{plus: map[string]bool{}, minus: map[string]bool{}, comments: comments}
	additions, idOrKey := 0, 0
	for _, name := range list {
		switch {
		case strings.HasPrefix(name, "-"):
			c.minus[name[1:]] = true
			continue
		case name == "*all":
			c.all = true
		case name == "*navigable":
			c.navig = true
		case name == "id" || name == "key" || name == "issuekey":
			idOrKey++
		default:
			c.plus[name] = true
		}
		additions++
	}
	if additions == 0 {
		switch preset {
		case "*all":
			c.all = true
		case "*navigable":
			c.navig = true
		default:
			c.none, c.idOnly = true, true
		}
	}
	c.none = c.none || additions > 0 && additions == idOrKey
	c.idOnly = c.idOnly || c.none && len(list) == 1 && list[0] == "id"
	return c
}

// issueVar finds the issue of the path, or nil if the caller may not see it.
func (c *call) issueVar() *issue {
	i := c.s.site.find(c.vars["issueIdOrKey"])
	if !c.visible(i) || i.archived && c.s.opts.ArchivedNotFound {
		return nil
	}
	return i
}

// getIssue is "Get issue".
func (c *call) getIssue() *response {
	i := c.issueVar()
	if i == nil {
		return issueNotFound()
	}
	want := choose(c.listParam("fields"), "*all", commentsInIssue)
	return ok(c.expanded(i, want, c.listParam("expand"), historiesInIssue))
}

// expanded renders an issue and what expand asks for.
func (c *call) expanded(i *issue, want selection, expand []string, histories int) object {
	if want.idOnly && len(expand) == 0 {
		return object{"id": strconv.FormatInt(i.id, 10)}
	}
	out := c.issue(i, want)
	for _, name := range expand {
		switch name {
		case "changelog":
			out["changelog"] = c.histories(i, histories)
		case "names":
			out["names"] = c.names(want)
		case "schema":
			out["schema"] = c.schemas(want)
		case "renderedFields":
			out["renderedFields"] = object{}
		case "transitions":
			out["transitions"] = c.transitions()
		case "operations", "editmeta":
			out[name] = object{}
		case "versionedRepresentations":
			delete(out, "fields")
			out["versionedRepresentations"] = object{}
		default:
			c.s.problemf("%s %s: unknown expand %q", c.r.Method, c.path, name)
		}
	}
	return out
}

func (c *call) names(want selection) object {
	out := object{}
	for _, f := range c.s.site.fields {
		if want.has(f) && !want.none {
			out[f.id] = f.name
		}
	}
	return out
}

func (c *call) schemas(want selection) object {
	out := object{}
	for _, f := range c.s.site.fields {
		if want.has(f) && !want.none {
			out[f.id] = f.schema
		}
	}
	return out
}

func (c *call) transitions() []any {
	out := []any{}
	for n, status := range c.s.site.statuses {
		out = append(out, object{
			"id": strconv.Itoa(n + 11), "name": status.name, "to": renderStatus(&c.view, status),
			"hasScreen": false, "isGlobal": true, "isInitial": n == 0, "isAvailable": true, "isConditional": false, "isLooped": false,
		})
	}
	return out
}

// page reads startAt and maxResults, capped.
func (c *call) page(preset, limit int) (start, size int, bad *response) {
	if start, bad = c.intParam("startAt", 0); bad != nil {
		return 0, 0, bad
	}
	size, bad = c.intParam("maxResults", preset)
	return start, min(size, limit), bad
}

// window cuts a page out of a list.
func window[T any](list []T, start, size int) []T {
	start = min(start, len(list))
	return list[start:min(len(list), start+size)]
}

// getComments is "Get comments": 100 at most, oldest first unless asked.
func (c *call) getComments() *response {
	i := c.issueVar()
	if i == nil {
		return issueNotFound()
	}
	start, size, bad := c.page(100, 100)
	if bad != nil {
		return bad
	}
	comments := slices.Clone(i.comments)
	switch c.query.Get("orderBy") {
	case "", "created", "+created":
	case "-created":
		slices.Reverse(comments)
	default:
		return failure(http.StatusBadRequest, "Ordering by '"+c.query.Get("orderBy")+"' is not supported.")
	}
	list := []any{}
	for _, comment := range window(comments, start, size) {
		list = append(list, c.comment(i, comment))
	}
	return ok(object{"startAt": start, "maxResults": size, "total": len(comments), "comments": list})
}

// getComment is "Get comment".
func (c *call) getComment() *response {
	i := c.issueVar()
	if i == nil {
		return issueNotFound()
	}
	comment := i.commentByID(c.vars["id"])
	if comment == nil {
		return failure(http.StatusNotFound, "Can not find a comment for the id: "+c.vars["id"]+".")
	}
	return ok(c.comment(i, comment))
}

// getChangelog is "Get changelogs": 100 at most, oldest first.
func (c *call) getChangelog() *response {
	i := c.issueVar()
	if i == nil {
		return issueNotFound()
	}
	start, size, bad := c.page(100, 100)
	if bad != nil {
		return bad
	}
	list := []any{}
	for _, h := range window(i.histories, start, size) {
		list = append(list, c.history(h))
	}
	return ok(c.pageBean(c.rest("/issue/"+c.vars["issueIdOrKey"]+"/changelog"), start, size, len(i.histories), list))
}

// pageBean is the envelope of offset paging.
func (c *call) pageBean(self string, start, size, total int, values []any) object {
	link := func(at int) string {
		return self + "?maxResults=" + strconv.Itoa(size) + "&startAt=" + strconv.Itoa(at)
	}
	out := object{
		"self": link(start), "startAt": start, "maxResults": size, "total": total,
		"isLast": start+len(values) >= total, "values": values,
	}
	if start+len(values) < total {
		out["nextPage"] = link(start + len(values))
	}
	return out
}

// getWorklogs is "Get issue worklogs": 5,000 at most, oldest first.
func (c *call) getWorklogs() *response {
	i := c.issueVar()
	if i == nil {
		return issueNotFound()
	}
	start, size, bad := c.page(5000, 5000)
	if bad != nil {
		return bad
	}
	after, bad := c.intParam("startedAfter", 0)
	if bad != nil {
		return bad
	}
	before, bad := c.intParam("startedBefore", 0)
	if bad != nil {
		return bad
	}
	logs := slices.DeleteFunc(slices.Clone(i.worklogs), func(w *worklog) bool {
		ms := w.started.UnixMilli()
		return after > 0 && ms < int64(after) || before > 0 && ms >= int64(before)
	})
	slices.SortStableFunc(logs, func(a, b *worklog) int { return a.created.Compare(b.created) })
	list := []any{}
	for _, w := range window(logs, start, size) {
		list = append(list, c.worklog(i, w))
	}
	return ok(object{"startAt": start, "maxResults": size, "total": len(logs), "worklogs": list})
}

// getRemoteLinks is "Get remote issue links": a plain array, not paged.
func (c *call) getRemoteLinks() *response {
	i := c.issueVar()
	if i == nil {
		return issueNotFound()
	}
	global := c.query.Get("globalId")
	list := []any{}
	for _, r := range i.remote {
		if global != "" && r.globalID == global {
			return ok(c.remoteLink(i, r))
		}
		list = append(list, c.remoteLink(i, r))
	}
	if global != "" {
		return failure(http.StatusNotFound, "No remote issue link with that global id.")
	}
	return ok(list)
}

// getWatchers is "Get issue watchers".
func (c *call) getWatchers() *response {
	i := c.issueVar()
	if i == nil {
		return issueNotFound()
	}
	creator, _ := i.values["creator"].(*user)
	return ok(object{
		"self": c.rest("/issue/" + i.key + "/watchers"), "isWatching": false, "watchCount": 1, "watchers": []any{c.user(creator)},
	})
}

// getVotes is "Get votes".
func (c *call) getVotes() *response {
	i := c.issueVar()
	if i == nil {
		return issueNotFound()
	}
	return ok(object{"self": c.rest("/issue/" + i.key + "/votes"), "votes": 0, "hasVoted": false, "voters": []any{}})
}

// getIssueLink is "Get issue link".
func (c *call) getIssueLink() *response {
	for _, i := range c.s.site.issues {
		for _, l := range i.links {
			if strconv.FormatInt(l.id, 10) != c.vars["linkId"] || !c.visible(l.from) || !c.visible(l.to) {
				continue
			}
			return ok(object{
				"id": c.vars["linkId"], "self": c.rest("/issueLink/" + c.vars["linkId"]),
				"type": object{"id": l.typ.id, "name": l.typ.name, "inward": l.typ.inward, "outward": l.typ.outward,
					"self": c.rest("/issueLinkType/" + l.typ.id)},
				"inwardIssue": c.linkStub(l.from), "outwardIssue": c.linkStub(l.to),
			})
		}
	}
	return failure(http.StatusNotFound, "No issue link with id '"+c.vars["linkId"]+"' exists.")
}

// decode reads a JSON body into v. Unknown members and wrong types are a 400
// without "errors", as observed, and a problem.
func (c *call) decode(v any) *response {
	d := json.NewDecoder(strings.NewReader(string(c.body)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		c.s.problemf("%s %s: body: %v", c.r.Method, c.path, err)
		resp := jsonResponse(http.StatusBadRequest, object{
			"errorMessages": []string{"Invalid request payload. Refer to the REST API documentation and try again."},
		})
		return resp.set("Cache-Control", "no-store, no-cache")
	}
	return nil
}
