package jiralike

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Shown returns what one of Document's documents shows. It reads the document
// alone and knows nothing of Markdown's syntax, so it can tell what a converter
// lost. A document that breaks the schema may panic.
func Shown(document []byte) (Page, error) {
	var doc object
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, err
	}
	return showBlocks(children(doc), false), nil
}

func children(n object) []object {
	var list []object
	kids, _ := n["content"].([]any)
	for _, kid := range kids {
		list = append(list, kid.(object))
	}
	return list
}

func attr(n object, name string) string {
	attrs, _ := n["attrs"].(object)
	switch v := attrs[name].(type) {
	case string:
		return v
	case float64:
		return fmt.Sprint(v)
	}
	return ""
}

func showBlocks(nodes []object, cell bool) Page {
	var all Page
	for _, n := range nodes {
		all = concat(all, showBlock(n, cell))
	}
	return all
}

var alerts = map[string]string{"info": "NOTE", "note": "IMPORTANT", "tip": "TIP", "success": "TIP",
	"warning": "WARNING", "error": "CAUTION"}

func showBlock(n object, cell bool) Page {
	kids := children(n)
	switch n["type"] {
	case "paragraph", "caption":
		return showInlines(kids)
	case "heading":
		return wrap("h"+attr(n, "level"), showInlines(kids))
	case "codeBlock":
		if cell {
			return Page{}.add(codeOf(kids), map[string]bool{"code": true})
		}
		return wrap("pre", Page{}.add(codeOf(kids), nil))
	case "rule":
		return Page{"<hr>"}
	case "bulletList", "orderedList", "taskList", "decisionList":
		return showList(n, cell)
	case "panel":
		if inner := showBlocks(kids, cell); len(inner) > 0 {
			return wrap("blockquote", concat(Page{}.add("[!"+alerts[attr(n, "panelType")]+"]", nil), inner))
		}
		return nil
	case "blockquote":
		return wrap("blockquote", showBlocks(kids, cell))
	case "expand":
		inner := concat(Page{}.add(attr(n, "title"), nil), showBlocks(kids, cell))
		return wrap("details", inner)
	case "table":
		return showTable(kids)
	case "mediaSingle":
		image := concat(Page{"<img>"}, Page{}.add(attr(kids[0], "alt"), nil), Page{"</img>"})
		return concat(image, showBlocks(kids[1:], cell))
	case "mediaGroup":
		var all Page
		for _, kid := range kids {
			all = concat(all, showFile(kid))
		}
		return all
	}
	return showBlocks(kids, cell)
}

func codeOf(kids []object) string {
	var s strings.Builder
	for _, kid := range kids {
		s.WriteString(kid["text"].(string))
	}
	return s.String()
}

func showFile(n object) Page {
	name := attr(n, "alt")
	if name == "" {
		name = "media"
	}
	return Page{}.add(name, map[string]bool{"a": true})
}

// showList shows a list; in a cell it is text.
func showList(n object, cell bool) Page {
	tag := "ul"
	if n["type"] == "orderedList" {
		tag = "ol"
	}
	var items []Page
	own, number := false, 1
	if order := attr(n, "order"); order != "" {
		fmt.Sscan(order, &number)
	}
	for _, kid := range children(n) {
		if kid["type"] == "taskList" {
			nested := showList(kid, cell)
			switch {
			case len(nested) == 0:
			case !own: // its items become the list's
				items = append(items, nested[1:len(nested)-1])
			default:
				items[len(items)-1] = concat(items[len(items)-1], nested)
			}
			continue
		}
		var item Page
		switch kid["type"] {
		case "listItem":
			item = showBlocks(children(kid), cell)
		default:
			item = showInlines(children(kid))
		}
		number++
		if len(item) == 0 {
			continue
		}
		switch kid["type"] {
		case "taskItem":
			item = concat(Page{fmt.Sprintf("<checkbox %v>", attr(kid, "state") == "DONE")}, item)
		case "decisionItem":
			item = concat(Page{}.add("Decision:", map[string]bool{"strong": true}), item)
		}
		if cell && tag == "ul" {
			item = concat(Page{}.add("-", nil), item)
		} else if cell {
			item = concat(Page{}.add(fmt.Sprint(number-1)+".", nil), item)
		}
		items, own = append(items, item), true
	}
	if cell {
		return concat(items...)
	}
	var all Page
	for _, item := range items {
		if len(item) > 0 && item[0] == "<li>" {
			all = concat(all, item)
			continue
		}
		all = concat(all, wrap("li", item))
	}
	return wrap(tag, all)
}

func showTable(rows []object) Page {
	var all Page
	header, width, blank := true, 0, true
	for _, cell := range children(rows[0]) {
		width++
		header = header && cell["type"] == "tableHeader"
	}
	if !header {
		var empty Page
		for range width {
			empty = append(empty, "<th>", "</th>")
		}
		all = wrap("tr", empty)
	}
	for i, row := range rows {
		tag := "td"
		if i == 0 && header {
			tag = "th"
		}
		var cells Page
		for _, cell := range children(row) {
			inner := showBlocks(children(cell), true)
			blank = blank && len(inner) == 0
			cells = append(append(append(cells, "<"+tag+">"), inner...), "</"+tag+">")
		}
		all = append(all, wrap("tr", cells)...)
	}
	if blank {
		return nil
	}
	return wrap("table", all)
}

func showInlines(nodes []object) Page {
	var p Page
	for i := 0; i < len(nodes); i++ {
		n := nodes[i]
		none := map[string]bool{}
		switch n["type"] {
		case "text":
			marks, href := marksOf(n)
			if href == "" {
				p = p.add(n["text"].(string), marks)
				continue
			}
			label, j := "", i
			for ; j < len(nodes) && nodes[j]["type"] == "text"; j++ {
				if _, next := marksOf(nodes[j]); next != href {
					break
				}
				label += nodes[j]["text"].(string)
			}
			isURL := strings.TrimSpace(label) == href // and no mark, see ReadHTML
			if strings.TrimSpace(label) == "" {
				p = p.add(href, none)
			} else {
				for _, n := range nodes[i:j] {
					marks, _ := marksOf(n)
					marks["a"] = !isURL
					p = p.add(n["text"].(string), marks)
				}
			}
			i = j - 1
		case "mention":
			p = p.add("@"+strings.TrimPrefix(attr(n, "text"), "@"), none)
		case "emoji":
			if text := attr(n, "text"); text != "" {
				p = p.add(text, none)
			} else {
				p = p.add(attr(n, "shortName"), none)
			}
		case "date":
			p = p.add("2024-06-01", none)
		case "status":
			p = p.add(attr(n, "text"), map[string]bool{"code": true})
		case "mediaInline":
			p = concat(p, showFile(n))
		case "inlineExtension":
			p = p.add(attr(n, "text"), none)
		case "inlineCard":
			p = p.add(attr(n, "url"), none)
		}
	}
	return p
}

func marksOf(n object) (marks map[string]bool, href string) {
	marks = map[string]bool{}
	list, _ := n["marks"].([]any)
	for _, m := range list {
		switch m := m.(object); m["type"] {
		case "strong", "em", "code":
			marks[m["type"].(string)] = true
		case "strike":
			marks["del"] = true
		case "subsup":
			marks[attr(m, "type")] = true
		case "link":
			href = attr(m, "href")
		}
	}
	return marks, href
}
