package jiratest

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// wordField is a field compared by equality.
type wordField struct {
	issues  bool // values are issues
	of      func(*indexed) []string
	resolve func(c *call, value string) (word string, known bool)
}

func wordOf[T any](p *T, word func(*T) string) []string {
	if p == nil {
		return nil
	}
	return []string{word(p)}
}

func nameOf(n *named) string { return n.id }

func anyWord(_ *call, value string) (string, bool) { return value, true }

func namedWord(list func(*site) []*named) func(*call, string) (string, bool) {
	return func(c *call, value string) (string, bool) {
		if n := byName(list(c.s.site), value); n != nil {
			return n.id, true
		}
		return "", false
	}
}

// issueWord resolves keys, former ones included, and ids. Invisible issues do
// not exist.
func issueWord(c *call, value string) (string, bool) {
	i := c.s.site.find(value)
	if !c.visible(i) {
		return "", false
	}
	return strconv.FormatInt(i.id, 10), true
}

func userWord(c *call, value string) (string, bool) {
	for _, u := range c.s.site.users {
		if u.accountID == value || strings.EqualFold(u.email, value) || strings.EqualFold(u.name, value) {
			return u.accountID, true
		}
	}
	return "", false
}

func projectWord(c *call, value string) (string, bool) {
	p := c.s.site.project(value)
	for _, other := range c.s.site.projects {
		if p == nil && (strings.EqualFold(other.name, value) || strconv.FormatInt(other.id, 10) == value) {
			p = other
		}
	}
	if p == nil || p.trashed || c.account == nil || c.account.denied[p] {
		return "", false
	}
	return strconv.FormatInt(p.id, 10), true
}

func categoryWord(_ *call, value string) (string, bool) {
	for key, category := range categories {
		if strings.EqualFold(key, value) || strings.EqualFold(category.name, value) || strconv.Itoa(category.id) == value {
			return key, true
		}
	}
	return "", false
}

func accountOf(u *user) string { return u.accountID }

func present(has bool) []string {
	if has {
		return []string{"present"}
	}
	return nil
}

func idWord(i *issue) string { return strconv.FormatInt(i.id, 10) }

// issueField is the field of many names that means the issue itself.
var issueField = &wordField{
	issues: true, resolve: issueWord,
	of: func(d *indexed) []string { return []string{strconv.FormatInt(d.id, 10)} },
}

// summaryField stands for text fields; ~ is evaluated by contains.
var summaryField = &wordField{resolve: anyWord, of: func(d *indexed) []string { return present(d.summary != "") }}

var typeField = &wordField{
	of:      func(d *indexed) []string { return wordOf(d.typ, nameOf) },
	resolve: namedWord(func(t *site) []*named { return t.types }),
}

var wordFields = map[string]*wordField{
	"key": issueField, "issuekey": issueField, "id": issueField, "issue": issueField,
	"summary": summaryField, "text": summaryField,
	"issuetype": typeField, "type": typeField,
	"project": {
		of:      func(d *indexed) []string { return []string{strconv.FormatInt(d.project.id, 10)} },
		resolve: projectWord,
	},
	"parent": {issues: true, of: func(d *indexed) []string { return wordOf(d.parent, idWord) }, resolve: issueWord},
	"status": {
		of:      func(d *indexed) []string { return wordOf(d.status, nameOf) },
		resolve: namedWord(func(t *site) []*named { return t.statuses }),
	},
	"statuscategory": {
		of:      func(d *indexed) []string { return wordOf(d.status, func(n *named) string { return n.category }) },
		resolve: categoryWord,
	},
	"priority": {
		of:      func(d *indexed) []string { return wordOf(d.priority, nameOf) },
		resolve: namedWord(func(t *site) []*named { return t.priorities }),
	},
	"resolution": {
		of:      func(d *indexed) []string { return wordOf(d.resolution, nameOf) },
		resolve: namedWord(func(t *site) []*named { return t.resolutions }),
	},
	"assignee":    {of: func(d *indexed) []string { return wordOf(d.assignee, accountOf) }, resolve: userWord},
	"reporter":    {of: func(d *indexed) []string { return wordOf(d.reporter, accountOf) }, resolve: userWord},
	"creator":     {of: func(d *indexed) []string { return wordOf(d.creator, accountOf) }, resolve: userWord},
	"labels":      {of: func(d *indexed) []string { return d.labels }, resolve: anyWord},
	"attachments": {of: func(d *indexed) []string { return present(d.attachments) }, resolve: anyWord},
	"subtasks":    {of: func(d *indexed) []string { return present(d.subtasks) }, resolve: anyWord},
	"issuelink":   {of: func(d *indexed) []string { return present(d.links) }, resolve: anyWord},
}

// timeFields are the fields compared as instants.
var timeFields = map[string]func(*indexed) time.Time{
	"created":                   func(d *indexed) time.Time { return d.created },
	"createddate":               func(d *indexed) time.Time { return d.created },
	"updated":                   func(d *indexed) time.Time { return d.updated },
	"updateddate":               func(d *indexed) time.Time { return d.updated },
	"resolved":                  func(d *indexed) time.Time { return d.resolved },
	"resolutiondate":            func(d *indexed) time.Time { return d.resolved },
	"statuscategorychangeddate": func(d *indexed) time.Time { return d.categoryAt },
	"due":                       dueTime,
	"duedate":                   dueTime,
}

// ordering turns ORDER BY into a comparison, with the id as the last resort.
// Without ORDER BY the newest issue comes first; guessed.
func ordering(orders []jqlOrder) (func(a, b *indexed) int, error) {
	var compare []func(a, b *indexed) int
	for _, o := range orders {
		by, known := orderFields[strings.ToLower(o.field)]
		if !known {
			return nil, &jqlError{fmt.Sprintf("Field '%s' does not exist or you do not have permission to view it.", o.field)}
		}
		if o.desc {
			compare = append(compare, func(a, b *indexed) int { return by(b, a) })
		} else {
			compare = append(compare, by)
		}
	}
	if len(orders) == 0 {
		compare = append(compare, func(a, b *indexed) int { return cmp.Compare(b.id, a.id) })
	}
	return func(a, b *indexed) int {
		for _, by := range compare {
			if order := by(a, b); order != 0 {
				return order
			}
		}
		return cmp.Compare(a.id, b.id)
	}, nil
}

func byKey(a, b *indexed) int {
	return cmp.Or(cmp.Compare(a.project.key, b.project.key), cmp.Compare(a.number, b.number))
}

func byTime(of func(*indexed) time.Time) func(a, b *indexed) int {
	return func(a, b *indexed) int { return of(a).Compare(of(b)) }
}

func byNamed(of func(*indexed) *named) func(a, b *indexed) int {
	id := func(d *indexed) int {
		if of(d) == nil {
			return 0
		}
		n, _ := strconv.Atoi(of(d).id)
		return n
	}
	return func(a, b *indexed) int { return cmp.Compare(id(a), id(b)) }
}

var orderFields = map[string]func(a, b *indexed) int{
	"key": byKey, "issuekey": byKey, "issue": byKey,
	"id":             func(a, b *indexed) int { return cmp.Compare(a.id, b.id) },
	"project":        func(a, b *indexed) int { return cmp.Compare(a.project.key, b.project.key) },
	"created":        byTime(timeFields["created"]),
	"createddate":    byTime(timeFields["created"]),
	"updated":        byTime(timeFields["updated"]),
	"updateddate":    byTime(timeFields["updated"]),
	"resolved":       byTime(timeFields["resolved"]),
	"resolutiondate": byTime(timeFields["resolved"]),
	"due":            byTime(dueTime),
	"duedate":        byTime(dueTime),
	"status":         byNamed(func(d *indexed) *named { return d.status }),
	"priority":       byNamed(func(d *indexed) *named { return d.priority }),
	"issuetype":      byNamed(func(d *indexed) *named { return d.typ }),
	"summary":        func(a, b *indexed) int { return cmp.Compare(a.summary, b.summary) },
}
