package jiratest

import (
	"encoding/json"
	"strconv"
)

// The words that Fill makes issues of. None of it is anybody's.
var (
	fillPeople = [][3]string{
		{"Grace Hopper", "grace@example.com", "America/New_York"},
		{"Jiří Novák", "jiri@example.com", "Europe/Prague"},
		{"山田 花子", "hanako@example.com", "Asia/Tokyo"},
		{"Zoë Müller-Łukasiewicz", "zoe@example.com", "Europe/Berlin"},
		{"Radia Perlman", "radia@example.com", "America/Los_Angeles"},
		{"Annie Easley", "annie@example.com", "Asia/Kolkata"},
	}
	fillCustomers = [][3]string{
		{"Customer One", "one@customer.example", "Australia/Adelaide"},
		{"José Ñandú", "jose@customer.example", "America/Sao_Paulo"},
		{"Фёдор Иванов", "fedor@client.example", "Asia/Yekaterinburg"},
		{"Nobody Special", "nobody@client.example", "UTC"},
	}
	fillOrganizations = []string{"Acme, s.r.o.", "Globex & Sons", "Łódź Retail", "東京物流", `Quotes "R" Us`}
	fillSubjects      = []string{"Extractor", "Writer", "Orchestration", "Workspace", "Storage bucket", "Transformation", "Login", "Größenberechnung", "データ連携"}
	fillProblems      = []string{
		"fails with a timeout", "is slow since Monday", "returns duplicate rows", "cannot be deleted",
		"shows 100 % CPU", "loses the time zone", "ignores <null> & empty values", "needs a new token",
	}
	fillRequestTypes = []string{"Get help", "Report an incident", "Ask for access", "Improvement"}
	fillCategories   = []string{"Connectors", "Performance", "Billing", "Permissions", "Other"}
	fillLabels       = []string{"billing", "größe", "日本語", "emoji-🚀", "naïve", "sla-risk", "vip", "back-end", "O'Reilly"}
	fillComponents   = []string{"api", "ui", "storage", "queue", "docs, misc"}
	fillFiles        = []string{"log.txt", "screenshot.png", "Übersicht 2026.csv", "a/b/../c.txt", "report (final) [2].txt", "データ.txt", "log.txt"}
	fillSentences    = []string{
		"The job has failed every night since the last release.",
		"We have restarted it twice without any effect.",
		"Could somebody have a look, please?",
		"Großes „Dankeschön“ im Voraus — naïve façade, 100 % sure.",
		"ログを添付しました。",
		"Row count before: 1,234,567; after: 1,234,566.",
		"See also the attached files & the <config> section.",
	}
)

// document makes an ADF document of so many blocks.
func (f *filler) document(blocks int) json.RawMessage {
	content := []any{f.paragraph()}
	for range blocks - 1 {
		content = append(content, f.block())
	}
	return encode(object{"type": "doc", "version": 1, "content": content})
}

func text(s string, marks ...any) object {
	o := object{"type": "text", "text": s}
	if len(marks) > 0 {
		o["marks"] = marks
	}
	return o
}

func node(typ string, content ...any) object { return object{"type": typ, "content": content} }

func (f *filler) paragraph() object {
	inline := []any{text(pick(f, fillSentences))}
	switch f.random.IntN(8) {
	case 0:
		inline = append(inline, text(" "), text("documentation", object{"type": "link", "attrs": object{"href": "https://docs.example.com/a?b=1&c=2"}}))
	case 1:
		u := pick(f, f.people)
		inline = append(inline, text(" "), object{"type": "mention", "attrs": object{"id": u.accountID, "text": "@" + u.name}})
	case 2:
		inline = append(inline, object{"type": "hardBreak"}, text("important", object{"type": "strong"}, object{"type": "em"}))
	case 3:
		inline = append(inline, text(" "), object{"type": "inlineCard", "attrs": object{"url": "https://example.com/issue/" + strconv.Itoa(f.random.IntN(1000))}})
	case 4:
		inline = append(inline, text(" "), object{"type": "emoji", "attrs": object{"shortName": ":rocket:", "id": "1f680", "text": "🚀"}})
	case 5:
		inline = append(inline, text(" "), object{"type": "status", "attrs": object{"text": "BLOCKED", "color": "red"}},
			text(" "), object{"type": "date", "attrs": object{"timestamp": "1795392000000"}})
	}
	return node("paragraph", inline...)
}

func (f *filler) block() object {
	item := func() any { return node("listItem", f.paragraph()) }
	cell := func(typ string) any {
		return object{"type": typ, "attrs": object{}, "content": []any{node("paragraph", text(strconv.Itoa(f.random.IntN(1000))))}}
	}
	switch f.random.IntN(8) {
	case 0:
		return node("bulletList", item(), item(), node("listItem", f.paragraph(), node("orderedList", item())))
	case 1:
		return node("orderedList", item(), item())
	case 2:
		return node("table", node("tableRow", cell("tableHeader"), cell("tableHeader")), node("tableRow", cell("tableCell"), cell("tableCell")))
	case 3:
		return object{"type": "codeBlock", "attrs": object{"language": "sql"}, "content": []any{text("SELECT *\nFROM \"t\"\nWHERE a < 1 && b > 2;")}}
	case 4:
		return object{"type": "heading", "attrs": object{"level": 2}, "content": []any{text("Steps to reproduce")}}
	case 5:
		return object{"type": "panel", "attrs": object{"panelType": "info"}, "content": []any{f.paragraph()}}
	case 6:
		return node("blockquote", f.paragraph())
	}
	return f.paragraph()
}
