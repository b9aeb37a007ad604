package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jirasync/jirasync/internal/jiralike"
)

// Odd records are of the shapes that Jira's answers have seldom: fields that
// are absent or null, numbers where others have texts, documents of all that the
// editor offers, files that have one name, people who show nothing.
type odd struct {
	*rand.Rand
	n int
}

type object = map[string]any

// writeOdd writes so many odd records over three months.
func writeOdd(t *testing.T, dir string, n int) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o777))
	for i := range n {
		o := odd{rand.New(rand.NewPCG(uint64(i), 3)), i}
		key := fmt.Sprintf("ODD-%d", i+1)
		data, err := json.Marshal(o.record(key))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, key+".json"), data, 0o666))
	}
}

// some is one of the values, or no member at all, where that is left.
func (o odd) some(fields object, name string, values ...any) {
	if i := o.IntN(len(values) + 2); i < len(values) {
		fields[name] = values[i]
	} else if i == len(values) {
		fields[name] = nil
	}
}

func (o odd) times(element func(i int) any) []any {
	all := []any{}
	for i := range o.IntN(4) {
		all = append(all, element(i))
	}
	return all
}

func (o odd) text() any {
	return []any{"", "plain", " spaces ", "a\nb\tc", "<b>&amp;", `"quoted" \`, "日本 🔥", "a\x00b", "\u2028", "2026", json.Number("4.50"), json.Number("12345678901234567891"), true}[o.IntN(13)]
}

func (o odd) time() any {
	at := time.Date(2026, time.Month(1+o.n%3), 1+o.IntN(28), o.IntN(24), o.IntN(60), o.IntN(60), o.IntN(1e9), time.UTC)
	switch o.IntN(4) {
	case 0:
		return at.Format(time.RFC3339Nano)
	case 1:
		return at.In(time.FixedZone("", -3*60*60-1800)).Format("2006-01-02T15:04:05.000-0700")
	case 2:
		return at.Format("2006-01-02T15:04:05-0700")
	}
	return at.Format("2006-01-02T15:04:05.000-0700")
}

func (o odd) document() any {
	switch o.IntN(8) {
	case 0:
		return nil
	case 1:
		return o.text()
	case 2:
		return object{"type": "doc", "version": 1, "content": []any{}}
	case 3:
		return json.RawMessage(jiralike.Comment(uint64(o.n), o.Uint64()))
	case 4:
		return object{"type": "doc", "version": 1, "content": []any{o.picture(), object{"type": "mediaGroup", "content": []any{o.picture(), o.picture()}}}}
	}
	return json.RawMessage(jiralike.Document(uint64(o.n), o.Uint64(), o.IntN(4) == 0))
}

// picture is a media node, whose name may be that of an attachment.
func (o odd) picture() any {
	attrs := object{"type": "file", "collection": ""}
	o.some(attrs, "id", "u-1", "u-2")
	o.some(attrs, "alt", "a.png", "b.png", "twice.txt", "gone.png")
	o.some(attrs, "__fileName", "a.png", "b.png")
	if o.IntN(4) == 0 {
		attrs["type"], attrs["url"] = "external", []string{
			"https://acme.atlassian.net/rest/api/3/attachment/content/1", "https://elsewhere.example.com/secure/attachment/1/a.png",
			"/secure/attachment/2/b.png", "https://example.com/x.png",
		}[o.IntN(4)]
	}
	return object{"type": "media", "attrs": attrs}
}

func (o odd) person() any {
	p := object{"accountId": fmt.Sprint("5b", o.IntN(9))}
	o.some(p, "displayName", "Ada", "Jiří Ř", "")
	o.some(p, "emailAddress", "ada@example.com", "")
	o.some(p, "active", true, false, "yes")
	o.some(p, "accountType", "atlassian", "customer", "app")
	return p
}

func (o odd) record(key string) any {
	fields := object{"created": o.time()}
	for _, name := range []string{"summary", "duedate", "customfield_10019", "customfield_10325", "customfield_10350", "customfield_77"} {
		o.some(fields, name, o.text(), o.text(), o.text())
	}
	for _, name := range []string{"issuetype", "priority", "resolution", "project", "parent"} {
		o.some(fields, name, object{"id": "1", "key": "K-1", "name": o.text()}, object{"name": nil}, object{})
	}
	for _, name := range []string{"creator", "reporter", "assignee", "customfield_10090"} {
		o.some(fields, name, o.person(), o.person())
	}
	for _, name := range []string{"updated", "resolutiondate", "customfield_10091"} {
		o.some(fields, name, o.time(), "2026-02-03", "soon")
	}
	for _, name := range []string{"description", "customfield_10330", "customfield_10092"} {
		o.some(fields, name, o.document(), o.document(), o.document())
	}
	for _, name := range []string{"components", "fixVersions", "versions", "customfield_10323", "customfield_10511", "customfield_10093"} {
		o.some(fields, name, o.times(func(int) any { return o.option() }))
	}
	o.some(fields, "labels", []any{"a", "é<"}, []any{})
	o.some(fields, "status", object{"name": "Open", "statusCategory": object{"key": "new", "name": "To Do"}}, object{"name": "Open"})
	o.customs(fields)
	o.parts(fields)
	record := object{"id": fmt.Sprint(10_000 + o.n), "key": key, "fields": fields}
	o.some(record, "_sla_observed_at", o.time())
	o.some(record, "_synced_at", o.time())
	o.some(record, "changelog", object{"histories": o.times(o.history)}, object{"histories": o.times(o.history)}, object{})
	o.some(record, "_remote_links", o.times(func(i int) any {
		link := object{"id": i, "object": object{}}
		o.some(link, "object", object{"url": "https://example.com/?a=1&b=2", "title": o.text()})
		o.some(link, "application", object{"name": "Confluence"}, object{"name": nil, "type": ""})
		return link
	}))
	return record
}

func (o odd) option() any {
	return []any{
		object{"value": "One", "id": "1"}, object{"value": "", "name": "Two"}, object{"name": "Three"},
		object{"value": "a,\"b\"<c>", "child": object{"value": "x"}}, "word", json.Number("7"),
	}[o.IntN(6)]
}

// customs are custom fields that the field map does not know, or knows by what
// they seldom have.
func (o odd) customs(fields object) {
	for n := range 12 {
		o.some(fields, fmt.Sprint("customfield_", 100+o.IntN(30), n), o.text(), o.time(), o.option(), o.person(), o.document(),
			o.times(func(int) any { return o.option() }), o.times(func(int) any { return o.person() }), []any{[]any{"nested"}}, []any{object{}},
			object{"z": []any{json.Number("1.0"), nil, "é\n"}, "a": object{}}, object{"errorMessage": "no"}, json.Number("1e400"), json.Number("-0.5"))
	}
	o.some(fields, "customfield_10157", object{"rating": 4}, object{"rating": nil}, object{})
	for _, name := range []string{"customfield_10328", "customfield_10161", "customfield_9", "customfield_20000"} {
		o.some(fields, name, o.sla(), o.sla(), object{"errorMessage": "no licence"})
	}
}

func (o odd) sla() any {
	metric := object{"completedCycles": o.times(func(int) any { return o.cycle() })}
	o.some(metric, "id", "1", "")
	o.some(metric, "name", "Time to résolution", "")
	if o.IntN(2) == 0 {
		ongoing := o.cycle()
		o.some(ongoing, "paused", true, false)
		o.some(ongoing, "withinCalendarHours", true, false)
		metric["ongoingCycle"] = ongoing
	}
	return metric
}

func (o odd) cycle() object {
	c := object{}
	for _, name := range []string{"startTime", "stopTime", "breachTime"} {
		o.some(c, name, object{"epochMillis": 1_760_000_000_000 + o.Int64N(1e9)}, object{}, object{"epochMillis": "then"})
	}
	o.some(c, "breached", true, false)
	for _, name := range []string{"goalDuration", "elapsedTime", "remainingTime"} {
		o.some(c, name, object{"millis": o.Int64N(1e9) - 5e8}, object{"millis": 0}, object{})
	}
	return c
}

// parts are comments, worklogs, attachments and links.
func (o odd) parts(fields object) {
	files := o.times(func(i int) any {
		file := object{"id": fmt.Sprint(i + 1), "filename": []string{"a.png", "b.png", "twice.txt"}[o.IntN(3)],
			"content": fmt.Sprint("https://acme.atlassian.net/rest/api/3/attachment/content/", i+1)}
		o.some(file, "size", 1, json.Number("99999999999"))
		o.some(file, "mimeType", "image/png")
		o.some(file, "author", o.person())
		o.some(file, "created", o.time())
		o.some(file, "thumbnail", "https://acme.atlassian.net/t")
		return file
	})
	o.some(fields, "attachment", files, files, files)
	comments := o.times(func(i int) any {
		c := object{"id": fmt.Sprint(o.n, i), "body": o.document()}
		o.some(c, "author", o.person(), o.person())
		o.some(c, "updateAuthor", o.person())
		o.some(c, "created", o.time())
		o.some(c, "updated", o.time(), "never")
		o.some(c, "jsdPublic", true, false)
		return c
	})
	o.some(fields, "comment", object{"comments": comments, "total": len(comments) + 2}, object{"comments": comments}, object{})
	o.some(fields, "worklog", object{"worklogs": o.times(func(i int) any {
		w := object{"id": fmt.Sprint(i), "comment": o.document()}
		o.some(w, "author", o.person())
		o.some(w, "updateAuthor", o.person())
		o.some(w, "started", o.time())
		o.some(w, "timeSpentSeconds", 60)
		return w
	})})
	o.some(fields, "issuelinks", o.times(func(i int) any {
		link := object{"id": fmt.Sprint(i), "type": object{"name": "Blocks"}}
		side := []string{"inwardIssue", "outwardIssue"}[o.IntN(2)]
		link[side] = []object{{}, {"key": "X-1"}, {"key": "X-2", "fields": object{"summary": o.text(), "status": nil, "priority": object{"name": "High"}}}}[o.IntN(3)]
		return link
	}))
}

func (o odd) history(i int) any {
	h := object{"id": fmt.Sprint(i), "items": o.times(func(int) any {
		change := object{"field": "status"}
		for _, name := range []string{"fieldtype", "fieldId", "from", "fromString", "to", "toString"} {
			o.some(change, name, o.text())
		}
		return change
	})}
	o.some(h, "author", o.person())
	o.some(h, "created", o.time())
	return h
}
