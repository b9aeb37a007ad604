package jiratest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// indexed is what search knows of an issue since a moment. It never changes.
type indexed struct {
	at      time.Time
	id      int64
	gone    bool // deleted or archived
	key     string
	number  int64
	project *project

	created, updated, resolved, categoryAt time.Time

	due, summary                      string
	status, typ, priority, resolution *named
	assignee, reporter, creator       *user
	labels                            []string
	parent                            *issue
	attachments, subtasks, links      bool
}

// reindex brings search up to date, after the index lag.
func (s *Server) reindex(i *issue) {
	if i == nil || i.id == 0 {
		return
	}
	v := i.values
	d := indexed{
		at: s.now(), id: i.id, gone: i.deleted || i.archived, key: i.key, project: i.project,
		created: i.created, updated: i.updated, resolved: i.resolved, categoryAt: i.categoryAt,
		attachments: len(i.attachments) > 0, subtasks: len(i.subtasks) > 0, links: len(i.links) > 0,
	}
	_, number, _ := strings.Cut(i.key, "-")
	d.number, _ = strconv.ParseInt(number, 10, 64)
	d.due, _ = v["duedate"].(string)
	d.summary, _ = v["summary"].(string)
	d.status, _ = v["status"].(*named)
	d.typ, _ = v["issuetype"].(*named)
	d.priority, _ = v["priority"].(*named)
	d.resolution, _ = v["resolution"].(*named)
	d.assignee, _ = v["assignee"].(*user)
	d.reporter, _ = v["reporter"].(*user)
	d.creator, _ = v["creator"].(*user)
	d.labels, _ = v["labels"].([]string)
	d.parent, _ = v["parent"].(*issue)
	old := i.index
	if s.site.maxLag == 0 {
		old = nil
	}
	for len(old) > 1 && !old[1].at.After(d.at.Add(-s.site.maxLag)) {
		old = old[1:]
	}
	i.index = append(slices.Clip(old), d)
}

// known returns what search knows of an issue at a time, or nil.
func (i *issue) known(at time.Time) *indexed {
	for n := len(i.index) - 1; n >= 0; n-- {
		if !i.index[n].at.After(at) {
			return &i.index[n]
		}
	}
	return nil
}

type matcher func(*indexed) bool

// compile turns a parsed query into a function. Unknown fields and values are
// errors.
func (c *call) compile(node jqlNode) (matcher, error) {
	switch n := node.(type) {
	case jqlNot:
		kid, err := c.compile(n.kid)
		return func(d *indexed) bool { return !kid(d) }, err
	case jqlBool:
		kids := make([]matcher, len(n.kids))
		for k := range n.kids {
			var err error
			if kids[k], err = c.compile(n.kids[k]); err != nil {
				return nil, err
			}
		}
		return func(d *indexed) bool {
			for _, kid := range kids {
				if kid(d) == n.or {
					return n.or
				}
			}
			return !n.or
		}, nil
	}
	clause, _ := node.(*jqlClause)
	return c.clause(clause)
}

func (c *call) clause(q *jqlClause) (matcher, error) {
	field := strings.ToLower(q.field)
	if times := timeFields[field]; times != nil {
		return c.timeClause(q, times)
	}
	f := wordFields[field]
	if f == nil {
		return nil, &jqlError{fmt.Sprintf("Field '%s' does not exist or you do not have permission to view it.", q.field)}
	}
	if strings.ContainsAny(q.op, "<>") || strings.Contains(q.op, "~") != (field == "summary" || field == "text") && q.op != "is" && q.op != "is not" {
		return nil, &jqlError{fmt.Sprintf("The operator '%s' is not supported by the '%s' field.", q.op, q.field)}
	}
	words, empty, err := c.words(q, f)
	if err != nil {
		return nil, err
	}
	if strings.Contains(q.op, "~") {
		return contains(words, q.op == "!~"), nil
	}
	negated := q.op == "!=" || q.op == "not in" || q.op == "is not"
	return func(d *indexed) bool {
		have := f.of(d)
		if len(have) == 0 {
			return empty && !negated // != and NOT IN leave unset fields out
		}
		return slices.ContainsFunc(have, func(w string) bool { return words[strings.ToLower(w)] }) != negated
	}, nil
}

// contains is the ~ of text fields: every word occurs.
func contains(words map[string]bool, negated bool) matcher {
	return func(d *indexed) bool {
		for text := range words {
			for w := range strings.FieldsSeq(text) {
				if !strings.Contains(strings.ToLower(d.summary), strings.Trim(w, `*"`)) {
					return negated
				}
			}
		}
		return !negated
	}
}

// words resolves the values of a clause to what wordField.of returns.
func (c *call) words(q *jqlClause, f *wordField) (words map[string]bool, empty bool, err error) {
	words = map[string]bool{}
	for _, value := range q.values {
		switch {
		case value.empty:
			empty = true
		case q.op == "is" || q.op == "is not":
			return nil, false, syntaxError("The operator '%s' only supports the values EMPTY and NULL.", q.op)
		case value.function && value.text == "currentuser":
			if c.account != nil {
				words[strings.ToLower(c.account.user.accountID)] = true
			}
		case value.function:
			return nil, false, &jqlError{fmt.Sprintf("Unable to find JQL function '%s()'.", value.text)}
		default:
			word, known := f.resolve(c, value.text)
			if !known {
				if f.issues {
					return nil, false, &jqlError{fmt.Sprintf("An issue with key '%s' does not exist for field '%s'.", value.text, q.field)}
				}
				return nil, false, &jqlError{fmt.Sprintf("The value '%s' does not exist for the field '%s'.", value.text, q.field)}
			}
			words[strings.ToLower(word)] = true
		}
	}
	return words, empty, nil
}

func dueTime(d *indexed) time.Time {
	at, _ := time.Parse(time.DateOnly, d.due)
	return at
}

func (c *call) timeClause(q *jqlClause, of func(*indexed) time.Time) (matcher, error) {
	if q.op == "is" || q.op == "is not" {
		if !q.values[0].empty {
			return nil, syntaxError("The operator '%s' only supports the values EMPTY and NULL.", q.op)
		}
		return func(d *indexed) bool { return of(d).IsZero() == (q.op == "is") }, nil
	}
	if strings.Contains(q.op, "~") || strings.Contains(q.op, "in") {
		return nil, &jqlError{fmt.Sprintf("The operator '%s' is not supported by the '%s' field.", q.op, q.field)}
	}
	zone := c.zone
	if strings.HasPrefix(strings.ToLower(q.field), "due") {
		zone = time.UTC // a date without a time belongs to no zone
	}
	limit, valid := c.instant(q.values[0], zone)
	if !valid {
		return nil, &jqlError{fmt.Sprintf("Date value '%s' for field '%s' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "+
			"'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.", q.values[0].text, q.field)}
	}
	return func(d *indexed) bool {
		at := of(d)
		if at.IsZero() {
			return false
		}
		order := at.Compare(limit)
		switch q.op {
		case "<":
			return order < 0
		case "<=":
			return order <= 0
		case ">":
			return order > 0
		case ">=":
			return order >= 0
		}
		return (order == 0) == (q.op == "=")
	}, nil
}

var jqlPeriod = regexp.MustCompile(`^([+-]?)((?:\d{1,6}[wdhm]\s*)+)$`)

// instant reads a date: to the minute, in a time zone (that of the caller's
// profile), or relative to now.
//
// Source: support.atlassian.com, "JQL fields"; the zone as reported by
// connectors in public.
func (c *call) instant(v jqlValue, zone *time.Location) (time.Time, bool) {
	if v.function {
		local := c.now.In(zone)
		midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
		switch v.text {
		case "now":
			return c.now, true
		case "startofday":
			return midnight, true
		case "endofday":
			return midnight.AddDate(0, 0, 1).Add(-time.Millisecond), true
		}
		return time.Time{}, false
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006/01/02 15:04", "2006-01-02", "2006/01/02"} {
		if at, err := time.ParseInLocation(layout, v.text, zone); err == nil {
			return at, true
		}
	}
	if match := jqlPeriod.FindStringSubmatch(v.text); match != nil {
		d := period(match[2])
		if match[1] == "-" {
			d = -d
		}
		return c.now.Add(d), true
	}
	// Epoch milliseconds are legal too.
	ms, err := strconv.ParseInt(v.text, 10, 64)
	return time.UnixMilli(ms), err == nil && len(v.text) > 8 && len(v.text) < 16
}

func period(s string) time.Duration {
	var total time.Duration
	number := time.Duration(0)
	for _, r := range s {
		switch r {
		case 'w':
			total, number = total+number*7*24*time.Hour, 0
		case 'd':
			total, number = total+number*24*time.Hour, 0
		case 'h':
			total, number = total+number*time.Hour, 0
		case 'm':
			total, number = total+number*time.Minute, 0
		case ' ':
		default:
			number = number*10 + time.Duration(r-'0')
		}
	}
	return total
}
