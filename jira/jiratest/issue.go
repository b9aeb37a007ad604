package jiratest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fields are values by field id, as Create, Edit and SetField take them:
//
//	"summary"                             string
//	"description", "environment"          string, or an ADF document as
//	                                      map[string]any or json.RawMessage
//	"issuetype", "status", "priority",
//	"resolution"                          the name
//	"assignee", "reporter", "creator"     User
//	"labels", "components",
//	"versions", "fixVersions"             []string
//	"duedate"                             "2006-01-02" or time.Time
//	"parent"                              *Issue
//	"created", "updated",
//	"resolutiondate"                      time.Time; Create only
//	custom fields                         by their type: string for select,
//	                                      []string for multiselect, []User,
//	                                      []Organization, SLA, int for rating …
//
// nil unsets a field. A custom field given any other value, json.RawMessage
// for example, shows it verbatim.
type Fields map[string]any

// issue is the server's side of an Issue.
type issue struct {
	id         int64
	key        string
	former     []string
	project    *project
	created    time.Time
	updated    time.Time
	resolved   time.Time // zero: not resolved
	categoryAt time.Time // statuscategorychangedate
	values     map[string]any
	broken     map[string]bool // fields that fail to load
	bulkFault  int             // what issue/bulkfetch answers for it; 0: the issue

	comments    []*comment
	worklogs    []*worklog
	histories   []*history // oldest first
	attachments []*attachment
	links       []*link
	remote      []*remoteLink
	subtasks    []*issue
	estimate    time.Duration // original estimate
	spent       time.Duration

	hidden   map[*account]bool // accounts that may not see it
	secret   bool              // nobody may see it
	archived bool
	deleted  bool
	index    []indexed // what search knows, oldest first
}

// Issue is a handle on an issue of the site, by its id. It stays valid when the
// issue moves or is deleted.
type Issue struct {
	s  *Server
	i  *issue
	by *user // who acts through this handle; nil means the site's default user
}

// Create makes an issue in the project and sends jira:issue_created. Without a
// "summary", "issuetype", "status" or "priority" the site's defaults apply. In
// an unknown project, or with a value its field cannot hold, nothing is made:
// Problems says so and the handle's Key is "".
func (s *Server) Create(project string, fields Fields) *Issue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Issue{s: s, i: s.create(project, fields, s.site.actor)}
}

func (s *Server) create(projectKey string, fields Fields, by *user) *issue {
	t := s.site
	p := t.project(projectKey)
	if p == nil || p.trashed {
		s.problemf("Create: no project %s", projectKey)
		return nil
	}
	now := s.now()
	i := &issue{project: p, created: now, values: map[string]any{
		"summary":   "Untitled",
		"issuetype": t.types[1],
		"status":    t.statuses[0],
		"priority":  t.priorities[2],
		"creator":   by,
		"reporter":  by,
	}}
	if at, isTime := fields["created"].(time.Time); isTime {
		i.created = at.Truncate(time.Millisecond)
	}
	i.updated, i.categoryAt = i.created, i.created
	if !s.assign(i, "Create", fields) {
		return nil
	}
	i.settle(fields, t)
	i.id = t.id("issue")
	p.last++
	i.key = p.key + "-" + strconv.FormatInt(p.last, 10)
	t.issues = append(t.issues, i)
	t.byID[i.id] = i
	t.byKey[i.key] = i
	if parent, hasParent := i.values["parent"].(*issue); hasParent {
		parent.subtasks = append(parent.subtasks, i)
	}
	s.reindex(i)
	s.sendIssueCreated(i, by)
	return i
}

// assign sets fields on an issue that is not yet visible.
func (s *Server) assign(i *issue, verb string, fields Fields) bool {
	for _, id := range sortedKeys(fields) { // in order, as values may get ids
		in := fields[id]
		if id == "created" || id == "updated" || id == "resolutiondate" {
			if _, isTime := in.(time.Time); isTime {
				continue
			}
		}
		f := s.site.fieldByID[id]
		if f == nil {
			s.problemf("%s: no field %s", verb, id)
			return false
		}
		v, valid := s.site.value(f, in)
		if !valid {
			s.problemf("%s: field %s cannot hold a %T of that value", verb, id, in)
			return false
		}
		i.values[id] = v
	}
	return true
}

// settle derives what status and resolution imply for a new issue.
func (i *issue) settle(fields Fields, t *site) {
	status, _ := i.values["status"].(*named)
	if status != nil && status.category == "done" && i.values["resolution"] == nil {
		i.values["resolution"] = t.resolutions[0]
	}
	if i.values["resolution"] != nil {
		i.resolved = i.created
	}
	if at, isTime := fields["resolutiondate"].(time.Time); isTime {
		i.resolved = at.Truncate(time.Millisecond)
		i.updated = i.resolved
	}
	if at, isTime := fields["updated"].(time.Time); isTime {
		i.updated = at.Truncate(time.Millisecond)
	}
}

// Issue returns a handle on the issue with that id, key or former key, or nil.
func (s *Server) Issue(idOrKey string) *Issue {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if i := s.site.find(idOrKey); i != nil {
		return &Issue{s: s, i: i}
	}
	return nil
}

// Issues returns handles on all issues that are not deleted, in the order of
// their ids, whoever may see them.
func (s *Server) Issues() []*Issue {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []*Issue
	for _, i := range s.site.issues {
		if !i.deleted {
			all = append(all, &Issue{s: s, i: i})
		}
	}
	return all
}

// find resolves an id, a key or a former key, in any letter case.
//
// Source: developer.atlassian.com, REST v3, "Get issue": a case-insensitive
// search and a check for moved issues.
func (t *site) find(idOrKey string) *issue {
	if id, err := strconv.ParseInt(idOrKey, 10, 64); err == nil {
		return t.byID[id]
	}
	return t.byKey[strings.ToUpper(idOrKey)]
}

// By returns a handle whose verbs are carried out by u.
func (h *Issue) By(u User) *Issue {
	c := *h
	c.by = u.u
	return &c
}

// Key is the issue's present key, "" if it was never made.
func (h *Issue) Key() string {
	if h == nil || h.i == nil {
		return ""
	}
	h.s.mu.RLock()
	defer h.s.mu.RUnlock()
	return h.i.key
}

// ID is the issue's id, which never changes.
func (h *Issue) ID() string {
	if h == nil || h.i == nil {
		return ""
	}
	return strconv.FormatInt(h.i.id, 10)
}

// change runs one verb under the lock: do gets the time and the acting user.
// Verbs on issues that do not exist are problems.
func (h *Issue) change(verb string, do func(i *issue, at time.Time, by *user)) {
	if h == nil || h.i == nil || h.s == nil {
		return // Create has already reported it
	}
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	if h.i.deleted {
		h.s.problemf("%s: issue %s is deleted", verb, h.i.key)
		return
	}
	by := h.by
	if by == nil {
		by = h.s.site.actor
	}
	do(h.i, h.s.now(), by)
	h.s.reindex(h.i)
}

// touch moves the time of the last update forward, never back.
func (i *issue) touch(at time.Time) {
	if at.After(i.updated) {
		i.updated = at
	}
}

// Edit changes fields: one changelog entry, one jira:issue_updated. Status is
// changed by Transition, not here. Fields that keep their value leave no trace.
func (h *Issue) Edit(fields Fields) {
	h.change("Edit", func(i *issue, at time.Time, by *user) { h.s.edit(i, "Edit", fields, at, by) })
}

// SetField changes one field, as Edit does.
func (h *Issue) SetField(id string, value any) { h.Edit(Fields{id: value}) }

func (s *Server) edit(i *issue, verb string, fields Fields, at time.Time, by *user) {
	var items []change
	staged := map[string]any{}
	for _, id := range sortedKeys(fields) {
		f := s.site.fieldByID[id]
		if f == nil || f.reference || id == "status" || id == "creator" {
			s.problemf("%s: field %s cannot be edited", verb, id)
			return
		}
		v, valid := s.site.value(f, fields[id])
		if !valid {
			s.problemf("%s: field %s cannot hold a %T of that value", verb, id, fields[id])
			return
		}
		item := changeOf(f, i.values[id], v)
		if item.same() && string(encode(telling(i.values[id]))) == string(encode(telling(v))) {
			continue
		}
		staged[id] = v
		items = append(items, item)
	}
	if len(items) == 0 {
		return
	}
	for id, v := range staged {
		i.set(id, v, at)
	}
	name := "issue_updated"
	if len(items) == 1 && items[0].fieldID == "assignee" {
		name = "issue_assigned"
	}
	i.touch(at)
	s.record(i, items, name, at, by)
}

// set stores a value and what follows from it.
func (i *issue) set(id string, v any, at time.Time) {
	if id == "parent" {
		if old, had := i.values["parent"].(*issue); had {
			old.subtasks = slices.DeleteFunc(old.subtasks, func(c *issue) bool { return c == i })
		}
		if parent, has := v.(*issue); has {
			parent.subtasks = append(parent.subtasks, i)
		}
	}
	if id == "resolution" {
		i.resolved = time.Time{}
		if v != nil {
			i.resolved = at
		}
	}
	i.values[id] = v
}

// Transition moves the issue to the named status. Entering a status of category
// done sets the resolution Done if there is none; leaving one clears it.
func (h *Issue) Transition(status string) {
	h.change("Transition", func(i *issue, at time.Time, by *user) {
		to := byName(h.s.site.statuses, status)
		if to == nil {
			h.s.problemf("Transition: no status %q", status)
			return
		}
		h.s.transition(i, to, h.s.site.resolutions[0], at, by)
	})
}

// Resolve moves the issue to Resolved with the resolution Done.
func (h *Issue) Resolve() { h.Transition("Resolved") }

// Reopen moves the issue to Open and clears its resolution.
func (h *Issue) Reopen() { h.Transition("Open") }

func (s *Server) transition(i *issue, to, resolution *named, at time.Time, by *user) {
	from, _ := i.values["status"].(*named)
	if from == to {
		return
	}
	var items []change
	next := i.values["resolution"]
	switch {
	case to.category != "done":
		next = nil
	case next == nil:
		next = resolution
	}
	if next != i.values["resolution"] {
		items = append(items, changeOf(s.site.fieldByID["resolution"], i.values["resolution"], next))
		i.set("resolution", next, at)
	}
	items = append(items, changeOf(s.site.fieldByID["status"], from, to))
	i.set("status", to, at)
	if from == nil || from.category != to.category {
		i.categoryAt = at
	}
	i.touch(at)
	s.record(i, items, "issue_generic", at, by)
}

// BreakField makes a field fail to load: answers with status 200 leave it out,
// which is not the same as null. RepairField ends that.
//
// Source: developer.atlassian.com, REST v3, "Get issue", failFast.
func (h *Issue) BreakField(id string) {
	h.change("BreakField", func(i *issue, _ time.Time, _ *user) {
		if i.broken == nil {
			i.broken = map[string]bool{}
		}
		i.broken[id] = true
	})
}

// RepairField undoes BreakField.
func (h *Issue) RepairField(id string) {
	h.change("RepairField", func(i *issue, _ time.Time, _ *user) { delete(i.broken, id) })
}
