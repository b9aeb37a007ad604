package main

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// record appends the record of issue n, as the store keeps it: what Jira
// answers for the issue with all fields and its changelog, and our own members
// behind. Versions but 0 have a comment and a change more, of their own.
func (c *corpus) record(b []byte, n, version int) []byte {
	m := &maker{Rand: rand.New(rand.NewPCG(uint64(n), uint64(c.offset))), corpus: c, b: b}
	i := issue{maker: m, n: n, id: strconv.Itoa(1_000_000 + c.offset + n), key: c.key(n), created: c.created(n), version: version}
	i.updated = i.created.Add(time.Duration(m.Int64N(int64(60 * 24 * time.Hour)))).Truncate(time.Millisecond)
	m.involve()
	i.reporter = m.person()
	i.done = m.chance(75)
	return i.write()
}

// issue is a record in the making.
type issue struct {
	*maker
	n, version       int
	id, key          string
	created, updated time.Time
	reporter         *person
	done             bool
}

func (i *issue) write() []byte {
	i.s(`{"expand":"renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations","id":"`, i.id,
		`","self":"`, site, `/rest/api/3/issue/`, i.id, `","key":"`, i.key, `","changelog":`)
	i.changelog()
	i.s(`,"fields":{`)
	i.header()
	i.s(`,"description":`)
	if i.chance(3) {
		i.s(`null`)
	} else {
		i.document(1 + i.IntN(6))
	}
	i.s(`,`, i.nulls)
	i.customFields()
	i.s(`,"issuelinks":`)
	i.list([]int{0, 0, 0, 1, 1, 3}, i.link)
	i.s(`,"attachment":`)
	i.list([]int{0, 0, 0, 1, 2, 3}, i.attachment)
	i.comments()
	i.worklogs()
	i.s(`},"_remote_links":`)
	i.list([]int{0, 0, 0, 0, 1, 2}, i.remoteLink)
	i.s(`,"_sla_observed_at":"`, i.updated.UTC().Format(time.RFC3339Nano), `","_synced_at":"`,
		i.updated.Add(2*time.Second).UTC().Format("2006-01-02T15:04:05.000000-07:00"), `"}`)
	return i.b
}

// time writes an instant as Jira does.
func (m *maker) time(at time.Time) {
	m.s(`"`)
	m.b = at.In(prague).AppendFormat(m.b, "2006-01-02T15:04:05.000-0700")
	m.s(`"`)
}

var prague = time.FixedZone("", 2*60*60)

// list writes an array with one of several lengths.
func (i *issue) list(lengths []int, element func(n int)) {
	i.s(`[`)
	for n := range lengths[i.IntN(len(lengths))] {
		if n > 0 {
			i.s(`,`)
		}
		element(n)
	}
	i.s(`]`)
}

// or writes null in some of a hundred cases, else the value.
func (i *issue) or(percent int, value func()) {
	if i.chance(percent) {
		i.s(`null`)
		return
	}
	value()
}

func (i *issue) someone() { i.s(i.person().json) }

// header writes the fields that every site has.
func (i *issue) header() {
	i.s(`"statuscategorychangedate":`)
	i.time(i.updated)
	i.s(`,"issuetype":{"self":"`, site, `/rest/api/3/issuetype/10001","id":"10001","description":"A request for help.","iconUrl":"`,
		site, `/rest/api/2/universal_avatar/view/type/issuetype/avatar/10557?size=medium","name":"`)
	i.one("[System] Incident", "[System] Service request", "Bug", "Task", "Question")
	i.s(`","subtask":false,"avatarId":10557,"hierarchyLevel":0},"timespent":null,"project":{"self":"`, site, `/rest/api/3/project/10000","id":"10000","key":"`,
		project, `","name":"Support","projectTypeKey":"service_desk","simplified":false,"avatarUrls":{"48x48":"`, site,
		`/rest/api/3/universal_avatar/view/type/project/avatar/10418","24x24":"`, site, `/rest/api/3/universal_avatar/view/type/project/avatar/10418?size=small"}}`)
	i.s(`,"fixVersions":[],"aggregatetimespent":null,"statusCategory":{"self":"`, site, `/rest/api/3/statuscategory/3","id":3,"key":"done","colorName":"green","name":"Done"},"resolution":`)
	if i.done {
		i.s(`{"self":"`, site, `/rest/api/3/resolution/10000","id":"10000","description":"Work has been completed.","name":"`)
		i.one("Done", "Done", "Won't Do", "Duplicate")
		i.s(`"},"resolutiondate":`)
		i.time(i.updated)
	} else {
		i.s(`null,"resolutiondate":null`)
	}
	i.s(`,"workratio":-1,"lastViewed":null,"watches":{"self":"`, site, `/rest/api/3/issue/`, i.key, `/watchers","watchCount":1,"isWatching":false},"created":`)
	i.time(i.created)
	i.s(`,"priority":`)
	i.or(2, i.priority)
	i.s(`,"labels":`)
	i.list([]int{0, 0, 1, 2, 4}, func(int) { i.s(`"`, i.vocabulary.words[i.IntN(200)], `"`) })
	i.s(`,"timeestimate":null,"aggregatetimeoriginalestimate":null,"versions":[],"assignee":`)
	i.or(10, i.someone)
	i.s(`,"updated":`)
	i.time(i.updated.Add(time.Duration(i.version) * time.Minute))
	i.s(`,"status":`)
	i.status()
	i.s(`,"components":`)
	i.list([]int{0, 1}, func(int) {
		i.s(`{"self":"`, site, `/rest/api/3/component/10010","id":"10010","name":"`)
		i.one("Storage", "Queue", "Billing", "UI")
		i.s(`"}`)
	})
	i.s(`,"timeoriginalestimate":null,"timetracking":{},"security":null,"summary":"`)
	i.words(4 + i.IntN(9))
	i.s(`","creator":`, i.reporter.json, `,"subtasks":[],"reporter":`, i.reporter.json, `,"aggregateprogress":{"progress":0,"total":0},"environment":null,"duedate":`)
	i.or(80, func() { i.s(`"`, i.updated.Format(time.DateOnly), `"`) })
	i.s(`,"progress":{"progress":0,"total":0},"votes":{"self":"`, site, `/rest/api/3/issue/`, i.key, `/votes","votes":0,"hasVoted":false}`)
}

func (m *maker) priority() {
	m.s(`{"self":"`, site, `/rest/api/3/priority/3","iconUrl":"`, site, `/images/icons/priorities/medium.svg","name":"`)
	m.one("Highest", "High", "Medium", "Medium", "Medium", "Low")
	m.s(`","id":"3"}`)
}

func (i *issue) status() {
	name, key, category := "Open", "new", "To Do"
	switch {
	case i.done:
		name, key, category = "Resolved", "done", "Done"
	case i.chance(60):
		name, key, category = "Waiting for customer", "indeterminate", "In Progress"
	}
	i.s(`{"self":"`, site, `/rest/api/3/status/10003","description":"","iconUrl":"`, site, `/images/icons/status_generic.gif","name":"`, name,
		`","id":"10003","statusCategory":{"self":"`, site, `/rest/api/3/statuscategory/3","id":3,"key":"`, key, `","colorName":"green","name":"`, category, `"}}`)
}
