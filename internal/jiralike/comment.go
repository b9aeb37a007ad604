package jiralike

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Comment returns a document as most comments and descriptions are, in JSON as
// Jira writes it: paragraphs of prose, some lists and code, now and then a
// table, panel or picture; few marks, few signs. How often what occurs is a
// guess; they have 2.2 kB on average. Document is denser in all that
// is hard. Seed and stream name it, as with Document.
func Comment(seed, stream uint64) []byte {
	w := writer{author{Rand: rand.New(rand.NewPCG(seed, stream))}}
	doc := part{Type: "doc", Version: 1}
	for range 2 + w.IntN(8) {
		doc.Content = append(doc.Content, w.section())
	}
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(doc); err != nil {
		panic(err) // of structs, strings and numbers
	}
	return bytes.TrimSpace(data.Bytes())
}

// part is a node or mark, with its members in Jira's order.
type part struct {
	Type    string `json:"type"`
	Version int    `json:"version,omitempty"`
	Attrs   object `json:"attrs,omitempty"`
	Content []part `json:"content,omitempty"`
	Text    string `json:"text,omitempty"`
	Marks   []part `json:"marks,omitempty"`
}

// writer writes comments.
type writer struct{ author }

// chance is true n times in a hundred.
func (w writer) chance(n int) bool { return w.IntN(100) < n }

func (w writer) section() part {
	switch n := w.IntN(100); {
	case n < 62:
		return w.paragraph(1 + w.IntN(4))
	case n < 78:
		list := part{Type: "bulletList"}
		if w.chance(40) {
			list = part{Type: "orderedList", Attrs: object{"order": 1}}
		}
		for range 2 + w.IntN(4) {
			list.Content = append(list.Content, part{Type: "listItem", Content: []part{w.paragraph(1)}})
		}
		return list
	case n < 86:
		return part{Type: "codeBlock", Attrs: object{"language": w.oneOf("java", "json", "bash", "")},
			Content: []part{{Type: "text", Text: w.oneOf(listings...)}}}
	case n < 91:
		return part{Type: "heading", Attrs: object{"level": 2 + w.IntN(2)}, Content: []part{{Type: "text", Text: w.clause(3)}}}
	case n < 94:
		return w.grid()
	case n < 96:
		return part{Type: "panel", Attrs: object{"panelType": w.oneOf("info", "note", "warning")}, Content: []part{w.paragraph(2)}}
	case n < 98:
		return part{Type: "mediaSingle", Attrs: object{"layout": "align-start"}, Content: []part{{Type: "media", Attrs: object{
			"type": "file", "id": w.uuid(), "collection": "", "alt": fmt.Sprintf("image-2026%04d-%06d.png", w.IntN(1200), w.IntN(240000)),
			"width": 400 + w.IntN(1200), "height": 200 + w.IntN(800)}}}}
	}
	return part{Type: "blockquote", Content: []part{w.paragraph(1)}}
}

func (w writer) grid() part {
	table := part{Type: "table", Attrs: object{"isNumberColumnEnabled": false, "layout": "align-start", "localId": w.uuid()}}
	for row := range 2 + w.IntN(3) {
		typ := "tableCell"
		if row == 0 {
			typ = "tableHeader"
		}
		var cells []part
		for range 3 {
			cells = append(cells, part{Type: typ, Content: []part{{Type: "paragraph",
				Content: []part{{Type: "text", Text: w.clause(1 + w.IntN(2))}}}}})
		}
		table.Content = append(table.Content, part{Type: "tableRow", Content: cells})
	}
	return table
}

// paragraph returns some sentences, with a mention, link or mark among them.
func (w writer) paragraph(sentences int) part {
	p := part{Type: "paragraph"}
	if w.chance(15) {
		p.Content = append(p.Content, part{Type: "mention", Attrs: object{"id": "557058:" + w.uuid(), "text": "@" + w.oneOf(names...), "accessLevel": ""}})
	}
	words := ""
	if len(p.Content) > 0 {
		words = " "
	}
	put := func(more ...part) {
		if words != "" {
			p.Content = append(p.Content, part{Type: "text", Text: words})
		}
		words = ""
		p.Content = append(p.Content, more...)
	}
	for i := range sentences {
		if i > 0 {
			words += " "
		}
		words += w.clause(4+w.IntN(8)) + " "
		switch n := w.IntN(100); {
		case n < 12:
			put(part{Type: "text", Text: w.oneOf(codes...), Marks: []part{{Type: "code"}}})
		case n < 22:
			put(part{Type: "text", Text: w.clause(2), Marks: []part{{Type: "strong"}}})
		case n < 27:
			put(part{Type: "text", Text: w.clause(1), Marks: []part{{Type: "em"}}})
		case n < 34:
			put(part{Type: "text", Text: w.clause(2), Marks: []part{{Type: "link", Attrs: object{"href": w.url()}}}})
		case n < 40:
			put(part{Type: "inlineCard", Attrs: object{"url": w.url()}})
		case n < 44:
			words += w.url()
		default:
			words += w.oneOf(codes...)
		}
		if words += "."; w.chance(8) {
			put(part{Type: "hardBreak"})
		}
	}
	put()
	return p
}

// clause returns some words in a row.
func (w writer) clause(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = w.oneOf(plainWords...)
	}
	return strings.Join(list, " ")
}

func (w writer) url() string {
	return fmt.Sprintf(w.oneOf("https://example.atlassian.net/browse/OPS-%d", "https://wiki.example.com/display/OPS/Runbook+%d",
		"https://example.com/releases/%d?tab=notes&page=2"), 100+w.IntN(9000))
}

func (w writer) uuid() string {
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", w.Uint32(), w.IntN(1<<16), w.IntN(1<<12), w.IntN(1<<12), w.Uint64()>>16)
}

var (
	plainWords = strings.Fields(`the the the a of to to and in is was that for it on with as be this from we have not but by
		are they after before login page server fails request user customer release team please check attached file since
		yesterday deployment which returns an error when opening settings “Save” button doesn't work anymore can you confirm
		whether problem still exists? version, tested again, works for me now: same result; steps expected actual behaviour
		should would could because cache (see below) update database table column missing value default für über größe schön
		timeout, pipeline job queue retry twice three 10 100 % about 5 minutes then it's OK e.g. i.e. however, export import`)
	names    = []string{"Ada Lovelace", "Grace Hopper", "Mary O'Neil", "José García", "Linus T.", "Support Team"}
	codes    = []string{"user_id", "config.yaml", "/var/log/app.log", "v2.14.3", "HTTP 500", "NullPointerException", "OrderService.submit()", "--dry-run", "max_connections=200", "OPS-1042", "a -> b", "feature/login-fix"}
	listings = []string{
		"java.lang.NullPointerException: Cannot invoke \"Order.getId()\"\n\tat com.example.order.OrderService.submit(OrderService.java:118)\n\tat com.example.order.OrderController.post(OrderController.java:54)\n\tat java.base/java.lang.Thread.run(Thread.java:1583)",
		"{\n  \"status\": 500,\n  \"message\": \"Internal Server Error\",\n  \"path\": \"/api/v2/orders\"\n}",
		"kubectl -n prod get pods | grep order\nkubectl -n prod logs order-7d9f -f --since=10m",
		"SELECT id, status, updated_at\n  FROM orders\n WHERE status = 'FAILED'\n ORDER BY updated_at DESC;",
	}
)
