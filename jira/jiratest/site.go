package jiratest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// site is everything the simulated Jira holds. Server.mu guards it.
type site struct {
	random   *rand.Rand
	accounts map[string]*account // by lower-case e-mail address

	users    map[string]*user // by account id
	projects []*project
	orgs     []*organization

	types       []*named
	statuses    []*named
	priorities  []*named
	resolutions []*named
	linkTypes   []*linkType
	fields      []*field
	fieldByID   map[string]*field
	policies    map[string]Policy  // of SLA fields, by field id
	options     map[string]*option // by field id and value

	issues      []*issue          // in the order of their ids, deleted ones included
	byID        map[int64]*issue  // not the deleted ones
	byKey       map[string]*issue // current and former keys, not of deleted issues
	attachments map[int64]*attachment
	goneLogs    []goneWorklog
	next        map[string]int64 // last id given out, by kind
	maxLag      time.Duration
	lag         time.Duration
	actor       *user // who carries out verbs
	quiet       bool  // no events: bulk filling
}

// goneWorklog is a deleted worklog as worklog/deleted reports it.
type goneWorklog struct {
	id int64
	at time.Time
}

// named is an issue type, status, priority or resolution.
type named struct {
	id, name, description string
	category              string // key of the status category
	subtask               bool
}

// linkType is a type of issue link.
type linkType struct{ id, name, inward, outward string }

// project is a Jira project.
type project struct {
	id       int64
	key      string
	formerly []string // keys it had before
	name     string
	kind     string // projectTypeKey
	lead     *user
	last     int64 // number of the newest issue
	trashed  bool
}

// user is a person, an app or a customer.
type user struct {
	accountID string
	name      string
	email     string
	kind      string // atlassian, app or customer
	zone      *time.Location
	inactive  bool
	hidden    bool // the e-mail address is private
}

// organization is a customer organization of Jira Service Management.
type organization struct {
	id      int64
	name    string
	created time.Time
}

// firstID is where the ids of each kind begin, so that ids of different kinds
// rarely coincide by accident and lengths look real.
const firstID = 10000

func newSite(s *Server, random *rand.Rand) *site {
	t := &site{
		random:      random,
		accounts:    map[string]*account{},
		users:       map[string]*user{},
		byID:        map[int64]*issue{},
		byKey:       map[string]*issue{},
		attachments: map[int64]*attachment{},
		options:     map[string]*option{},
		fieldByID:   map[string]*field{},
		next:        map[string]int64{},
		lag:         s.opts.IndexLag,
		maxLag:      s.opts.IndexLag,
	}
	t.addDefaults()
	t.addFields()
	// The zones differ from each other and from UTC on purpose: a client that
	// takes either for granted is found out.
	s.Main = t.addAccount(s, "jira-sync@example.com", AccountOptions{Name: "Sync Robot", TimeZone: "Europe/Prague"})
	s.Agent = t.addAccount(s, "sla-agent@example.com", AccountOptions{Name: "Sla Agent", Agent: true, TimeZone: "America/New_York"})
	t.actor = t.addUser("Ada Lovelace", "ada@example.com", "atlassian")
	t.actor.zone = s.location("Australia/Sydney")
	return t
}

// id gives out the next id of a kind.
func (t *site) id(kind string) int64 {
	if t.next[kind] == 0 {
		t.next[kind] = firstID
	} else {
		t.next[kind]++
	}
	return t.next[kind]
}

func (t *site) addDefaults() {
	t.types = []*named{
		{id: "10000", name: "Epic", description: "A big user story that needs to be broken down."},
		{id: "10001", name: "Task", description: "A task that needs to be done."},
		{id: "10002", name: "Bug", description: "A problem which impairs or prevents the functions of the product."},
		{id: "10003", name: "Sub-task", description: "The sub-task of the issue", subtask: true},
		{id: "10004", name: "Story"},
		{id: "10005", name: "[System] Incident", description: "For system outages or incidents."},
		{id: "10006", name: "[System] Service request", description: "A request for help."},
		{id: "10007", name: "Support"},
	}
	for i, status := range [][2]string{
		{"Open", "new"}, {"To Do", "new"}, {"In Progress", "indeterminate"},
		{"Waiting for support", "indeterminate"}, {"Waiting for customer", "indeterminate"},
		{"Escalated", "indeterminate"}, {"Resolved", "done"}, {"Closed", "done"}, {"Done", "done"}, {"Canceled", "done"},
	} {
		t.statuses = append(t.statuses, &named{id: strconv.Itoa(i + 1), name: status[0], category: status[1]})
	}
	for i, name := range []string{"Highest", "High", "Medium", "Low", "Lowest"} {
		t.priorities = append(t.priorities, &named{id: strconv.Itoa(i + 1), name: name})
	}
	for i, name := range []string{"Done", "Won't Do", "Duplicate", "Cannot Reproduce"} {
		t.resolutions = append(t.resolutions, &named{id: strconv.Itoa(10000 + i), name: name, description: "Resolution: " + name})
	}
	t.linkTypes = []*linkType{
		{"10000", "Blocks", "is blocked by", "blocks"},
		{"10001", "Cloners", "is cloned by", "clones"},
		{"10002", "Duplicate", "is duplicated by", "duplicates"},
		{"10003", "Relates", "relates to", "relates to"},
		{"10004", "Problem/Incident", "is caused by", "causes"},
	}
}

// byName finds an entry by name or id, ignoring case.
func byName(list []*named, name string) *named {
	for _, n := range list {
		if strings.EqualFold(n.name, name) || n.id == name {
			return n
		}
	}
	return nil
}

// AddProject makes a Jira Service Management project and sends project_created.
func (s *Server) AddProject(key, name string) { s.addProject(key, name, "service_desk") }

// AddSoftwareProject makes a project of type software.
func (s *Server) AddSoftwareProject(key, name string) { s.addProject(key, name, "software") }

func (s *Server) addProject(key, name, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.site.project(key) != nil {
		s.problemf("AddProject: project %s exists", key)
		return
	}
	p := &project{id: s.site.id("project"), key: key, name: name, kind: kind, lead: s.site.actor}
	s.site.projects = append(s.site.projects, p)
	s.sendProject("project_created", p)
}

// project finds a project by current or former key.
func (t *site) project(key string) *project {
	for _, p := range t.projects {
		if strings.EqualFold(p.key, key) {
			return p
		}
	}
	for _, p := range t.projects {
		if slices.ContainsFunc(p.formerly, func(k string) bool { return strings.EqualFold(k, key) }) {
			return p
		}
	}
	return nil
}

// AddStatus adds a status to the workflow; category is the key of its status
// category: new, indeterminate, done or undefined.
func (s *Server) AddStatus(name, category string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.site.statuses = append(s.site.statuses, &named{
		id: strconv.FormatInt(s.site.id("status"), 10), name: name, category: category,
	})
}

// User is a handle on a user of the site. The zero User stands for nobody.
type User struct {
	s *Server
	u *user
}

// AddUser makes a user and sends user_created.
func (s *Server) AddUser(name, email string) User { return s.newUser(name, email, "atlassian") }

// AddCustomer makes a portal-only customer of Jira Service Management.
func (s *Server) AddCustomer(name, email string) User { return s.newUser(name, email, "customer") }

func (s *Server) newUser(name, email, kind string) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.site.addUser(name, email, kind)
	s.sendUser("user_created", u)
	return User{s, u}
}

func (t *site) addUser(name, email, kind string) *user {
	u := &user{name: name, email: email, kind: kind, zone: time.UTC}
	n := t.id("user")
	switch kind {
	case "customer":
		u.accountID = fmt.Sprintf("qm:%s:%s", newUUID(t.random), newUUID(t.random))
	default:
		u.accountID = fmt.Sprintf("5b10a2844c20165700ed%04x", n)
	}
	t.users[u.accountID] = u
	return u
}

// AccountID is the user's account id.
func (u User) AccountID() string {
	if u.u == nil {
		return ""
	}
	return u.u.accountID
}

// Rename changes the display name, everywhere at once. Jira sends user_updated
// and nothing for the issues that show the name.
func (u User) Rename(name string) { u.update(func(u *user) { u.name = name }) }

// HideEmail makes the e-mail address private: answers leave it out.
func (u User) HideEmail() { u.update(func(u *user) { u.hidden = true }) }

// Deactivate ends the account; what the user did stays.
func (u User) Deactivate() { u.update(func(u *user) { u.inactive = true }) }

func (u User) update(change func(*user)) {
	if u.u == nil {
		return
	}
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	change(u.u)
	u.s.rendered.clear()
	u.s.sendUser("user_updated", u.u)
}

// Organization is a handle on a customer organization.
type Organization struct {
	s *Server
	o *organization
}

// AddOrganization makes a customer organization. No event announces it.
func (s *Server) AddOrganization(name string) Organization {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &organization{id: s.site.id("organization") - firstID + 1, name: name, created: s.now()}
	s.site.orgs = append(s.site.orgs, o)
	return Organization{s, o}
}

// ID is the organization's id.
func (o Organization) ID() string {
	if o.o == nil {
		return ""
	}
	return strconv.FormatInt(o.o.id, 10)
}

// Rename changes the organization's name. No event announces it.
func (o Organization) Rename(name string) {
	if o.o == nil {
		return
	}
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.o.name = name
}
