package jiralike

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Document returns a document as people write them in Jira, in JSON: it keeps
// to the schema, and has the texts that break converters. Seed and stream name
// it: the same ones give the same bytes. A stress document has texts of signs
// instead of words.
func Document(seed, stream uint64, stress bool) []byte {
	a := author{Rand: rand.New(rand.NewPCG(seed, stream)), stress: stress}
	data, err := json.Marshal(a.document())
	if err != nil {
		panic(err) // of maps, strings and numbers
	}
	return data
}

type author struct {
	*rand.Rand
	stress bool
	media  int
}

type object = map[string]any

func (a *author) oneOf(list ...string) string { return list[a.IntN(len(list))] }

func node(typ string, attrs object, content ...any) object {
	n := object{"type": typ}
	if attrs != nil {
		n["attrs"] = attrs
	}
	if content != nil {
		n["content"] = content
	}
	return n
}

func (a *author) document() object {
	doc := node("doc", nil, a.blocks(1+a.IntN(6), 3)...)
	doc["version"] = 1
	return doc
}

func (a *author) blocks(n, depth int) []any {
	list := []any{}
	for range n {
		list = append(list, a.block(depth))
	}
	return list
}

func (a *author) block(depth int) any {
	kind := a.IntN(16)
	if depth == 0 {
		kind = a.IntN(7)
	}
	switch kind {
	default:
		return node("paragraph", nil, a.inlines()...)
	case 3:
		return node("heading", object{"level": 1 + a.IntN(6)}, a.inlines()...)
	case 4:
		return node("codeBlock", object{"language": a.oneOf("go", "", "c++", "a`b")}, text(a.code()))
	case 5:
		return node("rule", nil)
	case 6:
		return a.mediaBlock()
	case 7, 8:
		return a.list(depth)
	case 9:
		return a.tasks(depth)
	case 10:
		return node("decisionList", object{"localId": "l"}, node("decisionItem",
			object{"localId": "d", "state": "DECIDED"}, a.inlines()...))
	case 11:
		return node("panel", object{"panelType": a.oneOf("info", "note", "tip", "warning", "error", "success")},
			a.blocks(1+a.IntN(3), depth-1)...)
	case 12:
		return node("blockquote", nil, a.blocks(1+a.IntN(3), depth-1)...)
	case 13:
		return node("expand", object{"title": a.oneOf("", "Log", "a < b & *c*")}, a.blocks(1+a.IntN(3), depth-1)...)
	case 14:
		return a.table()
	case 15:
		return node("layoutSection", nil, node("layoutColumn", object{"width": 50}, a.blocks(1, depth-1)...),
			node("layoutColumn", object{"width": 50}, a.blocks(2, depth-1)...))
	}
}

func (a *author) list(depth int) any {
	items := []any{}
	for range 1 + a.IntN(3) {
		item := []any{node("paragraph", nil, a.inlines()...)}
		for range a.IntN(3) {
			switch a.IntN(5) {
			case 0:
				item = append(item, node("codeBlock", nil, text(a.code())))
			case 1:
				item = append(item, node("paragraph", nil, a.inlines()...))
			case 2:
				item = append(item, a.mediaBlock())
			default:
				if depth > 0 {
					item = append(item, a.list(depth-1))
				}
			}
		}
		items = append(items, node("listItem", nil, item...))
	}
	if a.IntN(2) == 0 {
		return node("bulletList", nil, items...)
	}
	return node("orderedList", object{"order": 1 + 8*a.IntN(2)}, items...)
}

func (a *author) tasks(depth int) any {
	items := []any{}
	for range 1 + a.IntN(3) {
		items = append(items, node("taskItem", object{"localId": "t", "state": a.oneOf("TODO", "DONE")}, a.inlines()...))
		if depth > 0 && a.IntN(3) == 0 {
			items = append(items, a.tasks(depth-1))
		}
	}
	return node("taskList", object{"localId": "l"}, items...)
}

func (a *author) table() any {
	rows := []any{}
	width := 1 + a.IntN(3)
	for i := range 1 + a.IntN(3) {
		cells := []any{}
		for range width {
			typ := "tableCell"
			if i == 0 && a.IntN(3) > 0 {
				typ = "tableHeader"
			}
			content := []any{node("paragraph", nil, a.inlines()...)}
			switch a.IntN(8) {
			case 0:
				content = append(content, node("paragraph", nil, a.inlines()...))
			case 1:
				content = append(content, node("codeBlock", nil, text(a.code())))
			case 2:
				content = append(content, a.list(0))
			}
			cells = append(cells, node(typ, object{"colspan": 1}, content...))
		}
		rows = append(rows, node("tableRow", nil, cells...))
	}
	return node("table", object{"layout": "default"}, rows...)
}

func (a *author) mediaBlock() any {
	a.media++
	media := func() object {
		return node("media", object{"type": "file", "id": fmt.Sprint("m", a.media), "collection": "",
			"alt": a.oneOf("a.png", "", "x [1] *y*.png", "a|b\\", "<b>&amp;")})
	}
	if a.IntN(3) == 0 {
		return node("mediaGroup", nil, media(), media())
	}
	single := node("mediaSingle", object{"layout": "center"}, media())
	if a.IntN(3) == 0 {
		single["content"] = append(single["content"].([]any), node("caption", nil, a.inlines()...))
	}
	return single
}

func (a *author) inlines() []any {
	list := []any{}
	for range a.IntN(7) {
		list = append(list, a.inline())
	}
	return list
}

func (a *author) inline() any {
	switch a.IntN(14) {
	case 0:
		return node("hardBreak", nil)
	case 1:
		return node("mention", object{"id": "1", "text": a.oneOf("@Ada", "Bob_x_", "@C *D*", "@[x]")})
	case 2:
		return node("emoji", object{"shortName": ":a_b:", "text": a.oneOf("😀", "", "⚠️")})
	case 3:
		switch a.IntN(4) {
		case 0:
			return node("date", object{"timestamp": "1717200000000"})
		case 1:
			return node("status", object{"text": a.oneOf("DONE", "a`b", "x | y \\|"), "color": "red"})
		case 2:
			return node("mediaInline", object{"id": "m1", "collection": "", "type": "file", "alt": a.oneOf("f_.txt", "")})
		default:
			return node("inlineExtension", object{"extensionType": "e", "extensionKey": "k", "text": a.oneOf("- m", "*x*", "")})
		}
	case 4:
		return node("inlineCard", object{"url": a.oneOf("https://e.co/a_b_c?d=1&e=2", "/browse/A-1", "https://e.co/a b|c(d",
			"https://e.co/*x*_y_")})
	}
	return a.text()
}

func text(s string) object { return object{"type": "text", "text": s} }

func (a *author) text() any {
	n := text(a.words())
	marks := []any{}
	add := func(typ string, attrs object) {
		m := object{"type": typ}
		if attrs != nil {
			m["attrs"] = attrs
		}
		marks = append(marks, m)
	}
	if a.IntN(7) == 0 {
		add("link", object{"href": a.oneOf("https://e.co/d", "https://e.co/(x)_y?a=1&amp;b", "mailto:a@e.co", "/r(x", "https://e.co/a b")})
		if a.IntN(6) == 0 {
			a.media++
			n["text"] = fmt.Sprint("https://e.co/d", a.media)
			marks[0].(object)["attrs"] = object{"href": n["text"]}
		}
	}
	if a.IntN(10) == 0 {
		add("code", nil)
	} else if a.IntN(2) == 0 {
		for _, typ := range []string{"strong", "em", "strike", "underline"} {
			if a.IntN(3) == 0 {
				add(typ, nil)
			}
		}
		if a.IntN(12) == 0 {
			add("subsup", object{"type": a.oneOf("sub", "sup")})
		}
	}
	a.Shuffle(len(marks), func(i, j int) { marks[i], marks[j] = marks[j], marks[i] })
	if len(marks) > 0 {
		n["marks"] = marks
	}
	return n
}

var phrases = []string{"the login page", "fails", " again ", "my_var", "_private", "snake_case_name_", "2*3*4", "*x*",
	"**bold**", "`tick`", "C:\\temp", "back\\", "\\*", "a < b", "<div>", "<b", "</b>", "<3", "&amp;", "AT&T", "R&D ", "&#1;",
	"1. first", "2) second", "1.", "- dash", "-", "+ plus", "# hash", "#", "###", "> quote", ">", "===", "---", "|:-:|", "| a | b |", "~~x~~", "~",
	"https://x.y/a_b?c=1", "https://x.y/~u", "see https://e.co/*a* ok", "(https://e.co/a_b_).", "www.e.co/_x_", "https://e.co/a\\b",
	"!", "[x](y)", "[", "]", "[ ] todo", "(paren)", "“quote”", "«é»", "日本", "…", "😀", "$5", "^", "{x}", "\u00a0", "  two  ", " ", "a\nb",
	"\n", "\t", ".", ",", "\"q\"", "'", "e.g.", "100 %", "a/b", "x=y", "++", "--", ":)", "__init__", "_", "__", "<https://e.co>", "!\u2028", "€", "ﬁ", "\u0301"}

func (a *author) words() string {
	var s strings.Builder
	if a.stress {
		signs := []rune("*_~`[]()<>&;#\\|!-+=.:/ \t\nahtps1é€“\u00a0")
		for range 1 + a.IntN(8) {
			s.WriteRune(signs[a.IntN(len(signs))])
		}
		return s.String()
	}
	for range 1 + a.IntN(3) {
		s.WriteString(phrases[a.IntN(len(phrases))])
		if a.IntN(2) == 0 {
			s.WriteByte(' ')
		}
	}
	return s.String()
}

func (a *author) code() string {
	return a.oneOf("int a;", "if x {\n\n\treturn `1`\n}\n", "```\nfence\n````", "a | b\\|c", "  indented\n", "<a>&amp;*_", " ", "~~~\n# x", "`", "a  b")
}
