package jiralike

import (
	"encoding/json"
	"strings"
)

// Kept reports whether a page of HTML still has the text that the author of one
// of Document's documents typed: that of text nodes, in order, each run of
// characters whole and with its marks. White space, and all that a converter
// adds between the runs, do not count; nor do the marks that Markdown lacks
// (underline, subscript, superscript), nor the marks around code blocks.
//
// It asks less than Shown and ReadHTML being equal: it is for converters that
// put other words, or other blocks, where this one's authors chose theirs.
func Kept(document []byte, html string) (bool, error) {
	var doc object
	if err := json.Unmarshal(document, &doc); err != nil {
		return false, err
	}
	page := runsOf(ReadHTML(html))
	for _, want := range typed(doc) {
		var found bool
		if page, found = page.after(want); !found {
			return false, nil
		}
	}
	return true, nil
}

// run is text without white space, and the label of its marks.
type run struct {
	label, text string
	code        bool // of a block of code: marks do not count
}

type runs []run

// runsOf returns the texts of a page, joined where their marks are the same.
func runsOf(page Page) runs {
	var list runs
	for _, s := range page {
		label, text, ok := strings.Cut(s, ": ")
		if !ok || s[0] == '<' {
			continue
		}
		label = strings.NewReplacer(" sub", "", " sup", "").Replace(label)
		if n := len(list); n > 0 && list[n-1].label == label {
			list[n-1].text += text
			continue
		}
		list = append(list, run{label: label, text: text})
	}
	return list
}

// after returns what follows the first place of a run.
func (r runs) after(want run) (rest runs, found bool) {
	if want.code {
		return r.afterCode(want.text)
	}
	for i := range r {
		if r[i].label != want.label {
			continue
		}
		if _, text, ok := strings.Cut(r[i].text, want.text); ok {
			return append(runs{{label: want.label, text: text}}, r[i+1:]...), true
		}
	}
	return nil, false
}

func (r runs) afterCode(text string) (rest runs, found bool) {
	var all strings.Builder
	for i := range r {
		all.WriteString(r[i].text)
	}
	at := strings.Index(all.String(), text)
	if at < 0 {
		return nil, false
	}
	skip := at + len(text)
	for i := range r {
		if skip <= len(r[i].text) {
			return append(runs{{label: r[i].label, text: r[i].text[skip:]}}, r[i+1:]...), true
		}
		skip -= len(r[i].text)
	}
	return nil, true
}

// typed returns the texts of a node's text nodes, in order.
func typed(n object) runs {
	kids := children(n)
	if n["type"] == "codeBlock" {
		if text := strings.Join(strings.Fields(codeOf(kids)), ""); text != "" {
			return runs{{text: text, code: true}}
		}
		return nil
	}
	var list runs
	for i := 0; i < len(kids); i++ {
		if kids[i]["type"] != "text" {
			list = append(list, typed(kids[i])...)
			continue
		}
		j := i
		for j < len(kids) && kids[j]["type"] == "text" {
			j++
		}
		list = append(list, runsOf(showInlines(kids[i:j]))...)
		i = j - 1
	}
	return list
}
