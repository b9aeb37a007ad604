package jiratest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Move moves the issue to another project: same id, new key, the old key keeps
// resolving. It sends jira:issue_updated with issue_moved.
//
// Source: captures of Jira Cloud of 2020 for the changelog items.
func (h *Issue) Move(projectKey string) {
	h.change("Move", func(i *issue, at time.Time, by *user) {
		p := h.s.site.project(projectKey)
		if p == nil || p.trashed || p == i.project {
			h.s.problemf("Move: issue %s cannot be moved to %s", i.key, projectKey)
			return
		}
		from, oldKey := i.project, i.key
		p.last++
		i.project, i.key = p, p.key+"-"+strconv.FormatInt(p.last, 10)
		i.former = append(i.former, oldKey)
		h.s.site.byKey[i.key] = i
		i.touch(at)
		workflow := func(p *project) (string, string) { return stableID(p.key), "Workflow of " + p.name }
		fromFlow, fromName := workflow(from)
		toFlow, toName := workflow(p)
		h.s.record(i, []change{
			item("project", "project", strconv.FormatInt(from.id, 10), from.name, strconv.FormatInt(p.id, 10), p.name),
			item("Workflow", "", fromFlow, fromName, toFlow, toName),
			item("Key", "", "", oldKey, "", i.key),
		}, "issue_moved", at, by)
	})
}

// Delete deletes the issue and its subtasks for good. It sends jira:issue_deleted
// and then, as secondary deliveries, the deletion of every comment, attachment
// and link.
//
// Source: developer.atlassian.com, Jira platform, "Webhooks", primary and
// secondary flows. guessed: worklogs send nothing of their own.
func (h *Issue) Delete() {
	h.change("Delete", func(i *issue, at time.Time, by *user) { h.s.remove(i, at, by) })
}

func (s *Server) remove(i *issue, at time.Time, by *user) {
	for _, sub := range slices.Clone(i.subtasks) {
		s.remove(sub, at, by)
		s.reindex(sub)
	}
	t := s.site
	i.deleted = true
	delete(t.byID, i.id)
	for _, key := range append([]string{i.key}, i.former...) {
		if t.byKey[key] == i {
			delete(t.byKey, key)
		}
	}
	s.sendIssueDeleted(i, by)
	for _, c := range i.comments {
		s.sendComment("comment_deleted", i, c)
	}
	for _, a := range i.attachments {
		delete(t.attachments, a.id)
		s.sendAttachment("attachment_deleted", a)
	}
	for _, l := range slices.Clone(i.links) {
		l.remove()
		s.reindex(l.from)
		s.reindex(l.to)
		s.sendLink("issuelink_deleted", l)
	}
	if parent, has := i.values["parent"].(*issue); has {
		parent.subtasks = slices.DeleteFunc(parent.subtasks, func(c *issue) bool { return c == i })
	}
}

// Deleted reports whether the issue is deleted.
func (h *Issue) Deleted() bool {
	if h == nil || h.i == nil {
		return true
	}
	h.s.mu.RLock()
	defer h.s.mu.RUnlock()
	return h.i.deleted
}

// Restore brings a deleted issue back under its id and key, without its links.
//
// guessed: Jira has a trash for projects only; should one for issues come, this
// is the quietest form: no event, a new time of update.
func (h *Issue) Restore() {
	if h == nil || h.i == nil {
		return
	}
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	i, t := h.i, h.s.site
	if !i.deleted {
		h.s.problemf("Restore: issue %s is not deleted", i.key)
		return
	}
	i.deleted = false
	t.byID[i.id] = i
	for _, key := range append([]string{i.key}, i.former...) {
		t.byKey[key] = i
	}
	for _, a := range i.attachments {
		t.attachments[a.id] = a
	}
	if parent, has := i.values["parent"].(*issue); has {
		parent.subtasks = append(parent.subtasks, i)
	}
	i.touch(h.s.now())
	h.s.reindex(i)
}

// Archive takes the issue out of search results. No event announces it, and
// its time of update does not change.
//
// Source: developer.atlassian.com, REST v3, "Archive issue(s)".
func (h *Issue) Archive() {
	h.change("Archive", func(i *issue, _ time.Time, _ *user) { i.archived = true })
}

// Unarchive undoes Archive.
func (h *Issue) Unarchive() {
	h.change("Unarchive", func(i *issue, _ time.Time, _ *user) { i.archived = false })
}

// Hide gives the issue a security level that the named accounts do not have,
// or nobody has if none is named: to them it looks deleted. No event tells.
func (h *Issue) Hide(from ...Account) {
	h.change("Hide", func(i *issue, _ time.Time, _ *user) {
		i.secret = len(from) == 0
		i.hidden = map[*account]bool{}
		for _, a := range from {
			if acct := h.s.site.accounts[strings.ToLower(a.Email)]; acct != nil {
				i.hidden[acct] = true
			}
		}
	})
}

// Show undoes Hide.
func (h *Issue) Show() {
	h.change("Show", func(i *issue, _ time.Time, _ *user) { i.secret, i.hidden = false, nil })
}

// TrashProject moves a project to the trash: its issues vanish from search and
// answer 404. It sends project_soft_deleted.
//
// guessed: no events for its issues.
func (s *Server) TrashProject(key string) {
	s.withProject("TrashProject", key, func(p *project) {
		p.trashed = true
		s.sendProject("project_soft_deleted", p)
	})
}

// RestoreProject takes a project out of the trash and sends
// project_restored_deleted.
func (s *Server) RestoreProject(key string) {
	s.withProject("RestoreProject", key, func(p *project) {
		p.trashed = false
		s.sendProject("project_restored_deleted", p)
	})
}

// DeleteProject deletes a project and all its issues and sends project_deleted.
//
// guessed: no events for its issues.
func (s *Server) DeleteProject(key string) {
	s.withProject("DeleteProject", key, func(p *project) {
		t := s.site
		for _, i := range t.issues {
			if i.project == p && !i.deleted {
				i.deleted = true
				delete(t.byID, i.id)
				for _, k := range append([]string{i.key}, i.former...) {
					delete(t.byKey, k)
				}
				for _, a := range i.attachments {
					delete(t.attachments, a.id)
				}
			}
		}
		t.projects = slices.DeleteFunc(t.projects, func(x *project) bool { return x == p })
		s.sendProject("project_deleted", p)
	})
}

// RenameProject changes the key and the name of a project. Every issue gets a
// new key, the old ones keep resolving. It sends project_updated.
//
// guessed: no events for its issues, and their times of update stay.
func (s *Server) RenameProject(key, newKey, newName string) {
	s.withProject("RenameProject", key, func(p *project) {
		t := s.site
		if p.name = newName; newKey != p.key {
			p.formerly, p.key = append(p.formerly, p.key), newKey
			for _, i := range t.issues {
				if i.project == p && !i.deleted {
					i.former = append(i.former, i.key)
					_, number, _ := strings.Cut(i.key, "-")
					i.key = newKey + "-" + number
					t.byKey[i.key] = i
				}
			}
		}
		s.sendProject("project_updated", p)
	})
}

func (s *Server) withProject(verb, key string, do func(*project)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.site.project(key)
	if p == nil {
		s.problemf("%s: no project %s", verb, key)
		return
	}
	do(p)
	s.rendered.clear()
	for _, i := range s.site.issues {
		if i.project == p {
			s.reindex(i)
		}
	}
}
