package adf_test

import (
	"fmt"
	"strings"
)

// shown returns what a document shows, if it keeps to the schema.
func shown(doc object) page { return showBlocks(children(doc), false) }

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

func showBlocks(nodes []object, cell bool) page {
	var all page
	for _, n := range nodes {
		all = concat(all, showBlock(n, cell))
	}
	return all
}

var alerts = map[string]string{"info": "NOTE", "note": "IMPORTANT", "tip": "TIP", "success": "TIP",
	"warning": "WARNING", "error": "CAUTION"}

func showBlock(n object, cell bool) page {
	kids := children(n)
	switch n["type"] {
	case "paragraph", "caption":
		return showInlines(kids)
	case "heading":
		return wrap("h"+attr(n, "level"), showInlines(kids))
	case "codeBlock":
		if cell {
			return page{}.add(codeOf(kids), map[string]bool{"code": true})
		}
		return wrap("pre", page{}.add(codeOf(kids), nil))
	case "rule":
		return page{"<hr>"}
	case "bulletList", "orderedList", "taskList", "decisionList":
		return showList(n, cell)
	case "panel":
		if inner := showBlocks(kids, cell); len(inner) > 0 {
			return wrap("blockquote", concat(page{}.add("[!"+alerts[attr(n, "panelType")]+"]", nil), inner))
		}
		return nil
	case "blockquote":
		return wrap("blockquote", showBlocks(kids, cell))
	case "expand":
		inner := concat(page{}.add(attr(n, "title"), nil), showBlocks(kids, cell))
		return wrap("details", inner)
	case "table":
		return showTable(kids)
	case "mediaSingle":
		image := concat(page{"<img>"}, page{}.add(attr(kids[0], "alt"), nil), page{"</img>"})
		return concat(image, showBlocks(kids[1:], cell))
	case "mediaGroup":
		var all page
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

func showFile(n object) page {
	name := attr(n, "alt")
	if name == "" {
		name = "media"
	}
	return page{}.add(name, map[string]bool{"a": true})
}

// showList shows a list; in a cell it is text.
func showList(n object, cell bool) page {
	tag := "ul"
	if n["type"] == "orderedList" {
		tag = "ol"
	}
	var items []page
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
		var item page
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
			item = concat(page{fmt.Sprintf("<checkbox %v>", attr(kid, "state") == "DONE")}, item)
		case "decisionItem":
			item = concat(page{}.add("Decision:", map[string]bool{"strong": true}), item)
		}
		if cell && tag == "ul" {
			item = concat(page{}.add("-", nil), item)
		} else if cell {
			item = concat(page{}.add(fmt.Sprint(number-1)+".", nil), item)
		}
		items, own = append(items, item), true
	}
	if cell {
		return concat(items...)
	}
	var all page
	for _, item := range items {
		if len(item) > 0 && item[0] == "<li>" {
			all = concat(all, item)
			continue
		}
		all = concat(all, wrap("li", item))
	}
	return wrap(tag, all)
}

func showTable(rows []object) page {
	var all page
	header, width, blank := true, 0, true
	for _, cell := range children(rows[0]) {
		width++
		header = header && cell["type"] == "tableHeader"
	}
	if !header {
		var empty page
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
		var cells page
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

func showInlines(nodes []object) page {
	var p page
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
			isURL := strings.TrimSpace(label) == href // and no mark, see read
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
