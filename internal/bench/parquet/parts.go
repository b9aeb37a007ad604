package main

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// changelog writes the histories, the newest first, as Jira does. A busy issue
// has 20 changes, another one 8 on the average.
func (i *issue) changelog() {
	histories := 1 + i.IntN(8)
	if i.busy {
		histories = 10 // of two changes each
	}
	total := histories
	if i.version > 0 {
		total++
	}
	i.s(`{"startAt":0,"maxResults":`, strconv.Itoa(total), `,"total":`, strconv.Itoa(total), `,"histories":[`)
	if i.version > 0 {
		i.apart(func() { i.history(i.reporter, 900+i.version, 1, i.updated) })
		i.s(`,`)
	}
	for n := range histories {
		if n > 0 {
			i.s(`,`)
		}
		changes := 2
		if !i.busy {
			changes = 1 + i.IntN(3)
		}
		i.history(i.person(), histories-n, changes, i.updated.Add(-time.Duration(n)*time.Hour))
	}
	i.s(`]}`)
}

// apart writes what only this version has. The random numbers of all else stay
// as they are.
func (i *issue) apart(write func()) {
	all := i.Rand
	defer func() { i.Rand = all }()
	i.Rand = rand.New(rand.NewPCG(uint64(i.n), uint64(i.version)))
	write()
}

func (i *issue) history(author *person, n, changes int, at time.Time) {
	i.s(`{"id":"`, i.id, strconv.Itoa(n), `","author":`, author.json, `,"created":`)
	i.time(at)
	i.s(`,"items":[`)
	for c := range changes {
		if c > 0 {
			i.s(`,`)
		}
		i.change(n)
	}
	i.s(`]}`)
}

func (i *issue) change(n int) {
	switch (n + i.n) % 5 {
	default:
		i.s(`{"field":"status","fieldtype":"jira","fieldId":"status","from":"10001","fromString":"`)
		i.one("Open", "Waiting for support", "In Progress")
		i.s(`","to":"10003","toString":"`)
		i.one("Waiting for customer", "Escalated", "Resolved")
		i.s(`"}`)
	case 0:
		to := i.person()
		i.s(`{"field":"assignee","fieldtype":"jira","fieldId":"assignee","from":null,"fromString":null,"to":"`, to.id, `","toString":"`, to.name, `"}`)
	case 1:
		i.s(`{"field":"description","fieldtype":"jira","fieldId":"description","from":null,"fromString":"`)
		i.words(12 + i.IntN(20))
		i.s(`","to":null,"toString":"`)
		i.words(12 + i.IntN(20))
		i.s(`"}`)
	}
}

// comments writes the comments, 10 of a busy issue and 4 on the average of
// another one.
func (i *issue) comments() {
	comments := i.IntN(9)
	if i.busy {
		comments = 10
	}
	total := comments
	if i.version > 0 {
		total++
	}
	i.s(`,"comment":{"comments":[`)
	for n := range comments {
		if n > 0 {
			i.s(`,`)
		}
		i.comment(n, i.person(), 1+i.IntN(3))
	}
	if i.version > 0 {
		if comments > 0 {
			i.s(`,`)
		}
		i.apart(func() { i.comment(900+i.version, i.reporter, 2) })
	}
	i.s(`],"self":"`, site, `/rest/api/3/issue/`, i.id, `/comment","maxResults":`, strconv.Itoa(total), `,"total":`, strconv.Itoa(total), `,"startAt":0}`)
}

func (i *issue) comment(n int, author *person, blocks int) {
	at := i.created.Add(time.Duration(n) * 3 * time.Hour)
	id := i.id + strconv.Itoa(100+n)
	i.s(`{"self":"`, site, `/rest/api/3/issue/`, i.id, `/comment/`, id, `","id":"`, id, `","author":`, author.json, `,"body":`)
	i.document(blocks)
	i.s(`,"updateAuthor":`, author.json, `,"created":`)
	i.time(at)
	i.s(`,"updated":`)
	i.time(at.Add(time.Duration(i.IntN(3)) * time.Minute))
	i.one(`,"jsdPublic":true}`, `,"jsdPublic":true}`, `,"jsdPublic":false}`)
}

func (i *issue) worklogs() {
	worklogs := max(0, i.IntN(6)-4)
	i.s(`,"worklog":{"startAt":0,"maxResults":20,"total":`, strconv.Itoa(worklogs), `,"worklogs":`)
	i.list([]int{worklogs}, func(n int) {
		id := i.id + strconv.Itoa(n)
		i.s(`{"self":"`, site, `/rest/api/3/issue/`, i.id, `/worklog/`, id, `","author":`)
		i.someone()
		i.s(`,"comment":`)
		i.document(1)
		i.s(`,"created":`)
		i.time(i.updated)
		i.s(`,"updated":`)
		i.time(i.updated)
		i.s(`,"started":`)
		i.time(i.created)
		i.s(`,"timeSpent":"1h","timeSpentSeconds":3600,"id":"`, id, `","issueId":"`, i.id, `"}`)
	})
	i.s(`}`)
}

func (i *issue) link(n int) {
	other := i.key + strconv.Itoa(n)
	i.s(`{"id":"`, i.id, strconv.Itoa(n), `","self":"`, site, `/rest/api/3/issueLink/`, i.id, `","type":{"id":"10003","name":"`)
	i.one("Relates", "Blocks", "Duplicate")
	i.s(`","inward":"is blocked by","outward":"blocks","self":"`, site, `/rest/api/3/issueLinkType/10003"},"`)
	i.one("inwardIssue", "outwardIssue")
	i.s(`":{"id":"900`, i.id, `","key":"`, other, `","self":"`, site, `/rest/api/3/issue/900`, i.id, `","fields":{"summary":"`)
	i.words(3 + i.IntN(8))
	i.s(`","status":`)
	i.status()
	i.s(`,"priority":`)
	i.or(10, i.priority)
	i.s(`,"issuetype":{"self":"`, site, `/rest/api/3/issuetype/10001","id":"10001","name":"Task","subtask":false}}}}`)
}

func (i *issue) attachment(n int) {
	id := i.id + strconv.Itoa(n)
	i.s(`{"self":"`, site, `/rest/api/3/attachment/`, id, `","id":"`, id, `","filename":"image-`)
	i.int(i.IntN(1e6))
	i.s(`.png","author":`)
	i.someone()
	i.s(`,"created":`)
	i.time(i.created.Add(time.Duration(n) * time.Minute))
	i.s(`,"size":`)
	i.int(i.IntN(5e6))
	i.s(`,"mimeType":"`)
	i.one("image/png", "image/png", "text/plain", "application/pdf")
	i.s(`","content":"`, site, `/rest/api/3/attachment/content/`, id, `"`)
	if i.chance(60) {
		i.s(`,"thumbnail":"`, site, `/rest/api/3/attachment/thumbnail/`, id, `"`)
	}
	i.s(`}`)
}

func (i *issue) remoteLink(n int) {
	i.s(`{"id":`, i.id, strconv.Itoa(n), `,"self":"`, site, `/rest/api/3/issue/`, i.key, `/remotelink/`, i.id, `","application":{"type":"com.atlassian.confluence","name":"Confluence"},"relationship":"mentioned in","object":{"url":"https://wiki.example.com/x/`)
	i.int(i.IntN(1e9))
	i.s(`","title":"`)
	i.words(2 + i.IntN(4))
	i.s(`","icon":{},"status":{"icon":{}}}}`)
}
