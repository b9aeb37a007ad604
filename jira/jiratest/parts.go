package jiratest

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// comment is a comment of an issue.
type comment struct {
	id               int64
	body             json.RawMessage
	author, editor   *user
	created, updated time.Time
	internal         bool   // jsdPublic is false
	role             string // visibility, "" for everyone
}

// worklog is a record of work on an issue.
type worklog struct {
	id               int64
	body             json.RawMessage
	author, editor   *user
	created, updated time.Time
	started          time.Time
	spent            time.Duration
	edited           bool // since its creation, perhaps in the same millisecond
}

// link is an issue link; it hangs on both issues.
type link struct {
	id       int64
	typ      *linkType
	from, to *issue
}

// remoteLink is a link to a page elsewhere.
type remoteLink struct {
	id         int64
	url, title string
	globalID   string
	appName    string
	appType    string
}

// Comment adds a comment that everyone may read and sends comment_created. It
// returns the comment's id, "" if the issue is gone.
func (h *Issue) Comment(text string) string { return h.comment(textDocument(text), false, "") }

// CommentADF adds a comment whose body is the given ADF document.
func (h *Issue) CommentADF(document json.RawMessage) string {
	if !json.Valid(document) {
		h.s.problemf("CommentADF: the document is not JSON")
		return ""
	}
	return h.comment(compact(document), false, "")
}

// Note adds an internal note, a comment customers do not see (jsdPublic false).
func (h *Issue) Note(text string) string { return h.comment(textDocument(text), true, "") }

// CommentForRole adds a comment that only members of a project role may read.
func (h *Issue) CommentForRole(text, role string) string {
	return h.comment(textDocument(text), false, role)
}

func (h *Issue) comment(body json.RawMessage, internal bool, role string) string {
	id := ""
	h.change("Comment", func(i *issue, at time.Time, by *user) {
		c := h.s.addComment(i, body, at, by)
		c.internal, c.role = internal, role
		i.touch(at)
		h.s.sendComment("comment_created", i, c)
		id = strconv.FormatInt(c.id, 10)
	})
	return id
}

func (s *Server) addComment(i *issue, body json.RawMessage, at time.Time, by *user) *comment {
	c := &comment{id: s.site.id("comment"), body: body, author: by, editor: by, created: at, updated: at}
	i.comments = append(i.comments, c)
	return c
}

// EditComment changes the text of a comment and sends comment_updated.
func (h *Issue) EditComment(id, text string) {
	h.change("EditComment", func(i *issue, at time.Time, by *user) {
		c := i.commentByID(id)
		if c == nil {
			h.s.problemf("EditComment: issue %s has no comment %s", i.key, id)
			return
		}
		c.body, c.editor, c.updated = textDocument(text), by, at
		i.touch(at)
		h.s.sendComment("comment_updated", i, c)
	})
}

// DeleteComment removes a comment and sends comment_deleted.
func (h *Issue) DeleteComment(id string) {
	h.change("DeleteComment", func(i *issue, at time.Time, _ *user) {
		c := i.commentByID(id)
		if c == nil {
			h.s.problemf("DeleteComment: issue %s has no comment %s", i.key, id)
			return
		}
		i.comments = slices.DeleteFunc(i.comments, func(x *comment) bool { return x == c })
		i.touch(at)
		h.s.sendComment("comment_deleted", i, c)
	})
}

func (i *issue) commentByID(id string) *comment {
	for _, c := range i.comments {
		if strconv.FormatInt(c.id, 10) == id {
			return c
		}
	}
	return nil
}

// Worklog records work and sends worklog_created, and jira:issue_updated for
// the time it changes. It returns the worklog's id.
func (h *Issue) Worklog(spent time.Duration, text string) string {
	id := ""
	h.change("Worklog", func(i *issue, at time.Time, by *user) {
		w := h.s.addWorklog(i, spent, textDocument(text), at, by)
		h.s.sendWorklog("worklog_created", i, w)
		h.s.logWork(i, w, spent, at, by)
		id = strconv.FormatInt(w.id, 10)
	})
	return id
}

func (s *Server) addWorklog(i *issue, spent time.Duration, body json.RawMessage, at time.Time, by *user) *worklog {
	w := &worklog{
		id: s.site.id("worklog"), body: body, author: by, editor: by,
		created: at, updated: at, started: at.Add(-spent), spent: spent,
	}
	i.worklogs = append(i.worklogs, w)
	return w
}

// logWork records the change of the time spent.
func (s *Server) logWork(i *issue, w *worklog, spent time.Duration, at time.Time, by *user) {
	before := i.spent
	i.spent += spent
	i.touch(at)
	seconds := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return strconv.Itoa(int(d.Seconds()))
	}
	// guessed: the item that names an edited or deleted worklog.
	from, to, id := "", strconv.FormatInt(w.id, 10), strconv.FormatInt(w.id, 10)
	if i.worklogByID(id) == nil {
		from, to = id, ""
	} else if w.edited {
		from = id
	}
	s.record(i, []change{
		item("timespent", "timespent", seconds(before), seconds(before), seconds(i.spent), seconds(i.spent)),
		item("WorklogId", "", from, from, to, to),
	}, "issue_work_logged", at, by)
}

// EditWorklog changes the time of a worklog and sends worklog_updated.
func (h *Issue) EditWorklog(id string, spent time.Duration) {
	h.change("EditWorklog", func(i *issue, at time.Time, by *user) {
		w := i.worklogByID(id)
		if w == nil {
			h.s.problemf("EditWorklog: issue %s has no worklog %s", i.key, id)
			return
		}
		more := spent - w.spent
		w.spent, w.editor, w.updated, w.edited = spent, by, at, true
		h.s.sendWorklog("worklog_updated", i, w)
		h.s.logWork(i, w, more, at, by)
	})
}

// DeleteWorklog removes a worklog and sends worklog_deleted.
func (h *Issue) DeleteWorklog(id string) {
	h.change("DeleteWorklog", func(i *issue, at time.Time, by *user) {
		w := i.worklogByID(id)
		if w == nil {
			h.s.problemf("DeleteWorklog: issue %s has no worklog %s", i.key, id)
			return
		}
		i.worklogs = slices.DeleteFunc(i.worklogs, func(x *worklog) bool { return x == w })
		h.s.site.goneLogs = append(h.s.site.goneLogs, goneWorklog{w.id, at})
		h.s.sendWorklog("worklog_deleted", i, w)
		h.s.logWork(i, w, -w.spent, at, by)
	})
}

func (i *issue) worklogByID(id string) *worklog {
	for _, w := range i.worklogs {
		if strconv.FormatInt(w.id, 10) == id {
			return w
		}
	}
	return nil
}

// Estimate sets the original estimate.
func (h *Issue) Estimate(d time.Duration) {
	h.change("Estimate", func(i *issue, at time.Time, by *user) {
		before := ""
		if i.estimate > 0 {
			before = strconv.Itoa(int(i.estimate.Seconds()))
		}
		i.estimate = d
		after := strconv.Itoa(int(d.Seconds()))
		i.touch(at)
		h.s.record(i, []change{item("timeoriginalestimate", "timeoriginalestimate", before, before, after, after)}, "issue_updated", at, by)
	})
}

// Link links this issue to another with a link type such as "Blocks", this one
// on the outward side ("blocks"). It sends issuelink_created and returns the
// link's id. Both issues get a changelog entry and a new time of update.
//
// guessed: no jira:issue_updated accompanies it.
func (h *Issue) Link(to *Issue, linkTypeName string) string {
	id := ""
	h.change("Link", func(i *issue, at time.Time, by *user) {
		typ := h.s.site.linkType(linkTypeName)
		if typ == nil || to == nil || to.i == nil || to.i.deleted || to.i == i {
			h.s.problemf("Link: issue %s cannot be linked so", i.key)
			return
		}
		l := h.s.addLink(i, to.i, typ)
		h.s.logLink(l, true, at, by)
		h.s.reindex(to.i)
		h.s.sendLink("issuelink_created", l)
		id = strconv.FormatInt(l.id, 10)
	})
	return id
}

func (s *Server) addLink(from, to *issue, typ *linkType) *link {
	l := &link{id: s.site.id("link"), typ: typ, from: from, to: to}
	from.links = append(from.links, l)
	to.links = append(to.links, l)
	return l
}

// logLink records a link made or removed on both of its issues.
func (s *Server) logLink(l *link, made bool, at time.Time, by *user) {
	record := func(i, other *issue, phrase string) {
		text := "This issue " + phrase + " " + other.key
		c := item("Link", "", "", "", other.key, text)
		if !made {
			c = item("Link", "", other.key, text, "", "")
		}
		i.touch(at)
		s.note(i, []change{c}, at, by)
	}
	record(l.from, l.to, l.typ.outward)
	record(l.to, l.from, l.typ.inward)
}

// Unlink removes an issue link of this issue and sends issuelink_deleted.
func (h *Issue) Unlink(id string) {
	h.change("Unlink", func(i *issue, at time.Time, by *user) {
		for _, l := range i.links {
			if strconv.FormatInt(l.id, 10) == id {
				l.remove()
				h.s.logLink(l, false, at, by)
				h.s.reindex(l.from)
				h.s.reindex(l.to)
				h.s.sendLink("issuelink_deleted", l)
				return
			}
		}
		h.s.problemf("Unlink: issue %s has no link %s", i.key, id)
	})
}

func (l *link) remove() {
	is := func(x *link) bool { return x == l }
	l.from.links = slices.DeleteFunc(l.from.links, is)
	l.to.links = slices.DeleteFunc(l.to.links, is)
}

func (t *site) linkType(name string) *linkType {
	for _, typ := range t.linkTypes {
		if typ.name == name {
			return typ
		}
	}
	return nil
}

// RemoteLink adds a link to a page elsewhere and returns its id. There is no
// event for remote links; the changelog gets an entry.
//
// guessed: the issue's time of update does not change.
func (h *Issue) RemoteLink(url, title string) string {
	id := ""
	h.change("RemoteLink", func(i *issue, at time.Time, by *user) {
		r := h.s.addRemote(i, url, title)
		id = strconv.FormatInt(r.id, 10)
		h.s.noteRemote(i, r, true, at, by)
	})
	return id
}

// RemoteLinkByApp adds a remote link as an app does, without a history.
//
// guessed: no document says that each remote link leaves one.
func (h *Issue) RemoteLinkByApp(url, title string) string {
	id := ""
	h.change("RemoteLinkByApp", func(i *issue, _ time.Time, _ *user) {
		id = strconv.FormatInt(h.s.addRemote(i, url, title).id, 10)
	})
	return id
}

// noteRemote records a remote link made or removed.
func (s *Server) noteRemote(i *issue, r *remoteLink, made bool, at time.Time, by *user) {
	id, text := strconv.FormatInt(r.id, 10), `This issue links to "`+r.title+` (Web Link)"`
	c := item("RemoteIssueLink", "", "", "", id, text)
	if !made {
		c = item("RemoteIssueLink", "", id, text, "", "")
	}
	s.note(i, []change{c}, at, by)
}

func (s *Server) addRemote(i *issue, url, title string) *remoteLink {
	r := &remoteLink{id: s.site.id("remotelink"), url: url, title: title}
	i.remote = append(i.remote, r)
	return r
}

// RemoveRemoteLink removes a remote link.
func (h *Issue) RemoveRemoteLink(id string) {
	h.change("RemoveRemoteLink", func(i *issue, at time.Time, by *user) {
		for n, r := range i.remote {
			if strconv.FormatInt(r.id, 10) == id {
				i.remote = slices.Delete(i.remote, n, n+1)
				h.s.noteRemote(i, r, false, at, by)
				return
			}
		}
		h.s.problemf("RemoveRemoteLink: issue %s has no remote link %s", i.key, id)
	})
}
