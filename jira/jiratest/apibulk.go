package jiratest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bulkFetch is "Bulk fetch issues": ascending by id; what does not exist or is
// not visible is silently left out; at most 100 (the text of July 2026). An
// issue that could not be loaded in passing is named among the errors instead.
func (c *call) bulkFetch() *response {
	var in struct {
		IssueIDsOrKeys []string `json:"issueIdsOrKeys"`
		Fields         []string `json:"fields"`
		Expand         []string `json:"expand"`
		Properties     []string `json:"properties"`
		FieldsByKeys   bool     `json:"fieldsByKeys"`
	}
	if bad := c.decode(&in); bad != nil {
		return bad
	}
	if len(in.IssueIDsOrKeys) == 0 || len(in.IssueIDsOrKeys) > 100 {
		return failure(http.StatusBadRequest, "The number of issue IDs or keys must be between 1 and 100.")
	}
	want := choose(in.Fields, "*navigable", commentsInSearch)
	list, errors := []any{}, []any{}
	for _, i := range c.resolve(in.IssueIDsOrKeys) {
		switch i.bulkFault {
		case 0:
			list = append(list, c.expanded(i, want, in.Expand, historiesInBulk))
		case http.StatusOK:
			errors = append(errors, object{"id": strconv.FormatInt(i.id, 10), "errorMessage": "The issue could not be loaded. Try again later."})
		default:
			return failure(i.bulkFault, http.StatusText(i.bulkFault))
		}
	}
	out := ok(object{"issues": list, "issueErrors": errors})
	if limit := c.s.opts.MaxBulkBytes; limit > 0 && len(out.body) > limit {
		return failure(http.StatusRequestEntityTooLarge, "The response is too large. Request fewer issues.")
	}
	return out
}

// BreakInBulk makes issue/bulkfetch fail whenever the issue is among those
// asked for: with the status, or, for 200, with the issue among issueErrors.
// Zero repairs it. Asked for alone the issue is served.
//
// Source for issueErrors: developer.atlassian.com, REST v3, "Bulk fetch
// issues"; that one issue can fail the whole is feared, not documented.
func (h *Issue) BreakInBulk(status int) {
	h.change("BreakInBulk", func(i *issue, _ time.Time, _ *user) { i.bulkFault = status })
}

// resolve finds the visible issues of a list, each once, ascending by id.
func (c *call) resolve(idsOrKeys []string) []*issue {
	var found []*issue
	for _, name := range idsOrKeys {
		i := c.s.site.find(name)
		if c.visible(i) && !(i.archived && c.s.opts.ArchivedNotFound) && !slices.Contains(found, i) {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b *issue) int { return cmp.Compare(a.id, b.id) })
	return found
}

// bulkChangelogs is "Bulk fetch changelogs": histories of many issues by date,
// then issue id, so that those of one issue may be spread over pages.
func (c *call) bulkChangelogs() *response {
	var in struct {
		IssueIDsOrKeys []string `json:"issueIdsOrKeys"`
		FieldIDs       []string `json:"fieldIds"`
		MaxResults     *int     `json:"maxResults"`
		NextPageToken  string   `json:"nextPageToken"`
	}
	if bad := c.decode(&in); bad != nil {
		return bad
	}
	size := 1000
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	if n := len(in.IssueIDsOrKeys); n == 0 || n > 1000 || len(in.FieldIDs) > 10 || size < 1 || size > 10000 {
		return failure(http.StatusBadRequest, "Invalid request payload. Refer to the REST API documentation and try again.")
	}
	entries := c.changeEntries(in.IssueIDsOrKeys, in.FieldIDs)
	query := "changelogs " + strings.Join(in.IssueIDsOrKeys, ",") + " " + strings.Join(in.FieldIDs, ",")
	start, bad := c.s.pages.offset(c, in.NextPageToken, query)
	if bad != nil {
		return bad
	}
	out := object{"issueChangeLogs": c.grouped(window(entries, start, size))}
	if start+size < len(entries) {
		out["nextPageToken"] = c.s.pages.issue(pageToken{query: query, offset: start + size, issued: c.now})
	}
	return ok(out)
}

// changeEntry is a history with its issue.
type changeEntry struct {
	issue *issue
	*history
}

func (c *call) changeEntries(idsOrKeys, fieldIDs []string) []changeEntry {
	var entries []changeEntry
	for _, i := range c.resolve(idsOrKeys) {
		for _, h := range i.histories {
			wanted := func(x change) bool { return len(fieldIDs) == 0 || slices.Contains(fieldIDs, x.fieldID) }
			if slices.ContainsFunc(h.items, wanted) {
				entries = append(entries, changeEntry{i, h})
			}
		}
	}
	slices.SortStableFunc(entries, func(a, b changeEntry) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.issue.id, b.issue.id))
	})
	return entries
}

// grouped renders entries under their issues, in the order of first mention.
func (c *call) grouped(entries []changeEntry) []any {
	var order []*issue
	lists := map[*issue][]any{}
	for _, e := range entries {
		if lists[e.issue] == nil {
			order = append(order, e.issue)
		}
		h := c.history(e.history)
		if c.s.opts.NumericChangeTimes {
			h["created"] = e.at.UnixMilli()
		}
		lists[e.issue] = append(lists[e.issue], h)
	}
	out := []any{}
	for _, i := range order {
		out = append(out, object{"issueId": strconv.FormatInt(i.id, 10), "changeHistories": lists[i]})
	}
	return out
}

// listComments is "Get comments by ids".
func (c *call) listComments() *response {
	var in struct {
		IDs []int64 `json:"ids"`
	}
	if bad := c.decode(&in); bad != nil {
		return bad
	}
	if len(in.IDs) > 1000 {
		return failure(http.StatusBadRequest, "The number of ids must not exceed 1000.")
	}
	list := []any{}
	for _, i := range c.s.site.issues {
		for _, comment := range i.comments {
			if slices.Contains(in.IDs, comment.id) && c.visible(i) {
				list = append(list, c.comment(i, comment))
			}
		}
	}
	return ok(object{"startAt": 0, "maxResults": 1048576, "total": len(list), "isLast": true, "values": list})
}

// settled is how old changes must be to show in updatedWorklogs and
// deletedWorklogs.
//
// Source: developer.atlassian.com, REST v3, "Get IDs of updated worklogs": not
// the last minute.
const settled = time.Minute

// updatedWorklogs is "Get IDs of updated worklogs".
func (c *call) updatedWorklogs() *response {
	var changed []goneWorklog
	for _, i := range c.s.site.issues {
		if c.visible(i) {
			for _, w := range i.worklogs {
				changed = append(changed, goneWorklog{w.id, w.updated})
			}
		}
	}
	return c.changedWorklogs(changed)
}

// deletedWorklogs is "Get IDs of deleted worklogs".
func (c *call) deletedWorklogs() *response { return c.changedWorklogs(slices.Clone(c.s.site.goneLogs)) }

func (c *call) changedWorklogs(changed []goneWorklog) *response {
	since, bad := c.intParam("since", 0)
	if bad != nil {
		return bad
	}
	changed = slices.DeleteFunc(changed, func(g goneWorklog) bool {
		return g.at.UnixMilli() < int64(since) || g.at.After(c.now.Add(-settled))
	})
	slices.SortFunc(changed, func(a, b goneWorklog) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
	last := len(changed) <= 1000
	changed = window(changed, 0, 1000)
	list, until := []any{}, int64(since)
	for _, g := range changed {
		list = append(list, object{"worklogId": g.id, "updatedTime": g.at.UnixMilli(), "properties": []any{}})
		until = g.at.UnixMilli()
	}
	path := c.base + c.path
	out := object{"values": list, "since": since, "until": until, "lastPage": last, "self": path + "?since=" + strconv.Itoa(since)}
	if !last {
		out["nextPage"] = path + "?since=" + strconv.FormatInt(until, 10)
	}
	return ok(out)
}

// listWorklogs is "Get worklogs".
func (c *call) listWorklogs() *response {
	var in struct {
		IDs []int64 `json:"ids"`
	}
	if bad := c.decode(&in); bad != nil {
		return bad
	}
	list := []any{}
	for _, i := range c.s.site.issues {
		for _, w := range i.worklogs {
			if slices.Contains(in.IDs, w.id) && c.visible(i) {
				list = append(list, c.worklog(i, w))
			}
		}
	}
	return ok(list)
}
