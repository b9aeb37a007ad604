package jiratest

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fillMonths is over how many months Fill spreads the issues, up to now.
const fillMonths = 18

// Fill adds n realistic issues to the project and returns them, oldest first.
// Equal seeds, clocks and sites give equal issues. They were created over the 18
// months before now and have what real ones have: descriptions with links,
// lists, tables and code, labels beyond ASCII, the custom fields of a new site,
// SLA values, comments, histories, worklogs, attachments, links and remote links.
// Among the first dozen, and then every so often, one has more than 100
// comments, one more than 100 histories and one more than 20 worklogs, so that
// a client that reads the first page only is found out.
//
// Fill sends no events, and search knows the issues at once.
func (s *Server) Fill(project string, n int, seed uint64) []*Issue {
	f := &filler{s: s, random: rand.New(rand.NewPCG(seed, 4)), now: s.now(), project: project}
	s.mu.Lock()
	f.cast()
	s.mu.Unlock()
	step := fillMonths * 30 * 24 * time.Hour / time.Duration(max(n, 1))
	issues := make([]*Issue, 0, n)
	for k := range n {
		at := f.now.Add(-step*time.Duration(n-k) + time.Duration(f.random.Int64N(int64(step)/2+1)))
		i := f.one(k, at.Truncate(time.Millisecond))
		if i == nil {
			break
		}
		issues = append(issues, &Issue{s: s, i: i})
	}
	return issues
}

// filler makes up issues.
type filler struct {
	s       *Server
	random  *rand.Rand
	now     time.Time
	project string
	people  []*user
	clients []*user
	orgs    []*organization
	made    []*issue
}

// cast finds or makes the people and organizations that appear in issues.
func (f *filler) cast() {
	t := f.s.site
	for _, p := range fillPeople {
		f.people = append(f.people, f.person(p[0], p[1], p[2], "atlassian"))
	}
	for _, p := range fillCustomers {
		f.clients = append(f.clients, f.person(p[0], p[1], p[2], "customer"))
	}
	for _, name := range fillOrganizations {
		var org *organization
		for _, o := range t.orgs {
			if o.name == name {
				org = o
			}
		}
		if org == nil {
			org = &organization{id: t.id("organization") - firstID + 1, name: name, created: f.now}
			t.orgs = append(t.orgs, org)
		}
		f.orgs = append(f.orgs, org)
	}
}

func (f *filler) person(name, email, zone, kind string) *user {
	for _, id := range sortedKeys(f.s.site.users) {
		if u := f.s.site.users[id]; u.email == email {
			return u
		}
	}
	u := f.s.site.addUser(name, email, kind)
	u.zone = f.s.location(zone)
	u.hidden = f.chance(15) // some keep their address private
	return u
}

// chance is true in percent of cases.
func (f *filler) chance(percent int) bool { return f.random.IntN(100) < percent }

// pick chooses one of a list.
func pick[T any](f *filler, list []T) T { return list[f.random.IntN(len(list))] }

// later moves a time forward by up to the given duration, never past now.
func (f *filler) later(at time.Time, most time.Duration) time.Time {
	next := at.Add(time.Millisecond + time.Duration(f.random.Int64N(int64(most)))).Truncate(time.Millisecond)
	if next.After(f.now) {
		return f.now
	}
	return next
}

// one makes the k-th issue.
func (f *filler) one(k int, at time.Time) *issue {
	s := f.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.site.quiet = true
	defer func() { s.site.quiet = false }()
	i := s.create(f.project, f.fields(at), pick(f, f.people))
	if i == nil {
		return nil
	}
	f.parts(k, i, at)
	f.life(k, i, at)
	f.clocks(i)
	f.settle(i)
	f.made = append(f.made, i)
	return i
}

// settle puts the histories of an issue into the order of time, with ids that
// ascend, and tells search, which has known the issue for as long as it exists.
func (f *filler) settle(i *issue) {
	var ids []int64
	for _, h := range i.histories {
		ids = append(ids, h.id)
	}
	slices.Sort(ids)
	slices.SortStableFunc(i.histories, func(a, b *history) int { return a.at.Compare(b.at) })
	for n, h := range i.histories {
		h.id = ids[n]
	}
	f.s.reindex(i)
	i.index = i.index[len(i.index)-1:]
	i.index[0].at = time.Time{}
}

// fields makes the values an issue is created with.
func (f *filler) fields(at time.Time) Fields {
	request := pick(f, fillRequestTypes)
	fields := Fields{
		"created":           at,
		"summary":           pick(f, fillSubjects) + " " + pick(f, fillProblems),
		"description":       f.document(1 + f.random.IntN(6)),
		"issuetype":         pick(f, []string{"Task", "Bug", "[System] Incident", "[System] Service request", "Support"}),
		"priority":          pick(f, []string{"Highest", "High", "Medium", "Medium", "Medium", "Low", "Lowest"}),
		"reporter":          User{f.s, pick(f, f.clients)},
		"customfield_10004": pick(f, []string{"1-Highest", "2-High", "3-Medium", "3-Medium", "4-Low", "5-Lowest"}),
		"customfield_10010": request,
		"customfield_10019": "0|i0" + strconv.FormatInt(int64(1000+len(f.made)), 36) + ":",
		"customfield_10325": "https://connection.north-europe.example.com/admin/projects/" + strconv.Itoa(1000+f.random.IntN(9000)),
		"customfield_10676": pick(f, fillCategories),
	}
	f.optional(fields)
	if len(f.made) > 0 && f.chance(5) {
		fields["issuetype"] = "Sub-task"
		fields["parent"] = &Issue{s: f.s, i: pick(f, f.made)}
	}
	return fields
}

// optional adds what only some issues have.
func (f *filler) optional(fields Fields) {
	add := func(percent int, id string, value func() any) {
		if f.chance(percent) {
			fields[id] = value()
		}
	}
	add(70, "assignee", func() any { return User{f.s, pick(f, f.people)} })
	add(60, "labels", func() any { return f.some(fillLabels, 3) })
	add(20, "components", func() any { return f.some(fillComponents, 2) })
	add(15, "fixVersions", func() any { return f.some([]string{"2026.9", "2026.10", "2026.11"}, 1) })
	add(10, "duedate", func() any { return fields["created"].(time.Time).AddDate(0, 0, 14) })
	add(50, "customfield_10323", func() any { return f.some([]string{"L1", "L2", "Escalate", "Duplicate?"}, 2) })
	add(50, "customfield_10511", func() any { return f.some(fillComponents, 3) })
	add(60, "customfield_10002", func() any { return Organization{f.s, pick(f, f.orgs)} })
	add(30, "customfield_10156", func() any { return []User{{f.s, pick(f, f.clients)}, {f.s, pick(f, f.people)}} })
	add(5, "customfield_10365", func() any { return "True" })
	add(30, "customfield_10330", func() any { return f.document(1 + f.random.IntN(2)) })
	add(20, "customfield_10350", func() any { return "https://example.slack.com/archives/C012AB3CD/p" + strconv.Itoa(f.random.Int()) })
	add(25, "customfield_10475", func() any { return "someone" + strconv.Itoa(f.random.IntN(100)) + "@example.org" })
	add(10, "customfield_11831", func() any { return pick(f, []string{"Storage", "Orchestrator", "Platform"}) })
	add(10, "customfield_11901", func() any { return pick(f, []string{"Connectors", "Connectors / Database", "Billing / Invoices"}) })
	add(5, "customfield_11902", func() any { return fields["created"] })
	add(10, "customfield_10016", func() any { return float64(f.random.IntN(20)) / 2 })
}

// some chooses between one and most different entries.
func (f *filler) some(list []string, most int) []string {
	out := []string{}
	for _, n := range f.random.Perm(len(list))[:1+f.random.IntN(most)] {
		out = append(out, list[n])
	}
	return out
}

// special reports whether the k-th issue is extreme in the way numbered which.
func special(k, which int) bool { return k == 3*which+2 || k > 20 && k%150 == 40*which }

// parts adds comments, worklogs, attachments and links.
func (f *filler) parts(k int, i *issue, at time.Time) {
	comments, worklogs := f.random.IntN(6), 0
	if special(k, 0) {
		comments = 101 + f.random.IntN(40)
	}
	if f.chance(15) {
		worklogs = 1 + f.random.IntN(3)
	}
	if special(k, 1) {
		worklogs = 21 + f.random.IntN(10)
	}
	s, t := f.s, at
	for range comments {
		t = f.later(t, 20*time.Hour)
		author := pick(f, f.people)
		if f.chance(40) {
			author = pick(f, f.clients)
		}
		c := s.addComment(i, f.document(1+f.random.IntN(2)), t, author)
		c.internal = author.kind == "atlassian" && f.chance(30)
		i.touch(t)
	}
	for t = at; worklogs > 0; worklogs-- {
		t = f.later(t, 9*time.Hour)
		w := s.addWorklog(i, time.Duration(1+f.random.IntN(16))*15*time.Minute, f.document(1), t, pick(f, f.people))
		s.logWork(i, w, w.spent, t, w.author)
	}
	if f.chance(30) {
		for n := range 1 + f.random.IntN(3) {
			t = f.later(at, 48*time.Hour)
			name := pick(f, fillFiles)
			kind := "text/plain"
			if strings.HasSuffix(name, ".png") {
				kind = "image/png"
			}
			s.addAttachment(i, name, kind, f.bytes(n), t, pick(f, f.clients))
			i.touch(t)
		}
	}
	f.relations(i, at)
}

func (f *filler) relations(i *issue, at time.Time) {
	s := f.s
	if len(f.made) > 0 && f.chance(20) {
		other := pick(f, f.made)
		l := s.addLink(i, other, pick(f, s.site.linkTypes))
		s.logLink(l, true, f.later(at, 100*time.Hour), pick(f, f.people))
		f.settle(other)
	}
	if f.chance(20) {
		n := strconv.Itoa(f.random.IntN(5000))
		title := "Fix #" + n + ": größere Puffer"
		r := s.addRemote(i, "https://github.com/example/product/pull/"+n, title)
		if !f.chance(50) {
			s.noteRemote(i, r, true, at, pick(f, f.people))
		} else { // guessed: what apps link leaves no history
			r.appName, r.appType, r.globalID = "Confluence", "com.atlassian.confluence", "appId=1&pageId="+n
		}
	}
}

// life takes the issue through statuses and edits.
func (f *filler) life(k int, i *issue, at time.Time) {
	s := f.s
	t := f.later(at, 4*time.Hour)
	for _, name := range []string{"Waiting for support", "In Progress", "Waiting for customer", "Resolved", "Closed"} {
		if f.chance(15) {
			break
		}
		s.transition(i, byName(s.site.statuses, name), s.site.resolutions[0], t, pick(f, f.people))
		t = f.later(t, 72*time.Hour)
	}
	edits := f.random.IntN(3)
	if special(k, 2) {
		edits = 101 + f.random.IntN(30)
	}
	for range edits {
		s.edit(i, "Fill", Fields{
			"priority": pick(f, []string{"High", "Medium", "Low"}),
			"summary":  pick(f, fillSubjects) + " " + pick(f, fillProblems) + " (" + strconv.Itoa(f.random.IntN(1000)) + ")",
		}, t, pick(f, f.people))
		t = f.later(t, 5*time.Hour)
	}
	if !i.resolved.IsZero() && f.chance(40) {
		i.values["customfield_10157"] = 1 + f.random.IntN(5)
	}
}

// clocks sets the SLA fields by what happened.
func (f *filler) clocks(i *issue) {
	set := func(id string, m SLA) {
		i.values[id] = f.s.site.bind(f.s.site.fieldByID[id], &m)
	}
	first := SLA{Goal: 4 * time.Hour, Ongoing: &Cycle{Start: i.created}}
	if len(i.comments) > 0 {
		first.Completed, first.Ongoing = []Cycle{{Start: i.created, Stop: i.comments[0].created}}, nil
	}
	set("customfield_10328", first)
	whole := SLA{Goal: 5 * 24 * time.Hour, Ongoing: &Cycle{Start: i.created}}
	status, _ := i.values["status"].(*named)
	switch {
	case !i.resolved.IsZero():
		whole.Completed, whole.Ongoing = []Cycle{{Start: i.created, Stop: i.resolved}}, nil
	case status != nil && status.name == "Waiting for customer":
		whole.Ongoing.Paused, whole.Ongoing.Elapsed = true, i.categoryAt.Sub(i.created)+time.Minute
	}
	if f.chance(90) {
		set("customfield_10161", whole)
	}
}

// bytes makes the content of a file.
func (f *filler) bytes(n int) []byte {
	if n == 2 {
		return onePixel
	}
	return []byte(strings.Repeat("2026-11-23T10:00:00Z worker["+strconv.Itoa(f.random.IntN(100))+"]: connection reset by peer\n", 1+f.random.IntN(40)))
}
