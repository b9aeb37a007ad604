package jiralike

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
)

// Page is what a reader sees: block tags, and runs of characters that are no
// white space, with their marks.
type Page []string

// marksOrder are the tags of marks; a stands for a link.
var marksOrder = []string{"strong", "em", "del", "code", "sub", "sup", "a"}

// add adds text with marks.
func (p Page) add(text string, marks map[string]bool) Page {
	label := ""
	for _, name := range marksOrder {
		if marks[name] {
			label += " " + name
		}
	}
	text = strings.Join(strings.Fields(text), "")
	if text == "" {
		return p
	}
	if n := len(p); n > 0 && strings.HasPrefix(p[n-1], label+": ") {
		p[n-1] += text
		return p
	}
	return append(p, label+": "+text)
}

// wrap puts tags around what is shown, if anything is.
func wrap(tag string, inner Page) Page {
	if len(inner) == 0 {
		return nil
	}
	return append(append(Page{"<" + tag + ">"}, inner...), "</"+tag+">")
}

// concat joins pages, and the texts at their ends.
func concat(pages ...Page) Page {
	var all Page
	for _, p := range pages {
		for _, s := range p {
			if n := len(all); n > 0 && s[0] != '<' {
				if label, text, _ := strings.Cut(s, ": "); strings.HasPrefix(all[n-1], label+": ") {
					all[n-1] += text
					continue
				}
			}
			all = append(all, s)
		}
	}
	return all
}

var (
	tag         = regexp.MustCompile(`(?s)<!--.*?-->|</?[a-zA-Z][^<>]*>`)
	alt         = regexp.MustCompile(` alt="([^"]*)"`)
	linkTo      = regexp.MustCompile(` href="([^"]*)"`)
	percentCode = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
)

func href(tag string) string {
	if found := linkTo.FindStringSubmatch(tag); found != nil {
		// Some libraries leave a lone percent sign as it is.
		return percentCode.ReplaceAllStringFunc(html.UnescapeString(found[1]), func(code string) string {
			decoded, err := url.PathUnescape(code)
			if err != nil { // cannot be
				return code
			}
			return decoded
		})
	}
	return ""
}

// ReadHTML returns what a page shows that a Markdown library made.
func ReadHTML(source string) Page {
	var p Page
	marks := map[string]bool{}
	pre := false
	text := func(s string) { p = p.add(html.UnescapeString(s), marks) }
	for {
		at := tag.FindStringIndex(source)
		if at == nil {
			text(source)
			return p
		}
		text(source[:at[0]])
		whole := source[at[0]:at[1]]
		source = source[at[1]:]
		end := strings.HasPrefix(whole, "</")
		name := strings.Trim(strings.Fields(whole)[0], "</>")
		switch name {
		case "!--", "p", "br", "thead", "tbody", "summary":
		case "input":
			p = append(p, fmt.Sprintf("<checkbox %v>", strings.Contains(whole, "checked")))
		case "img":
			p = append(p, "<img>")
			if found := alt.FindStringSubmatch(whole); found != nil {
				text(found[1])
			}
			p = append(p, "</img>")
		case "a":
			// A URL that is its own label is no mark: it may be a bare one.
			label, _, _ := strings.Cut(source, "</a>")
			marks["a"] = !end && href(whole) != html.UnescapeString(tag.ReplaceAllString(label, ""))
		case "strong", "em", "del", "code", "sub", "sup":
			if !pre {
				marks[name] = !end
			}
		default:
			pre = name == "pre" && !end
			if end {
				p = append(p, "</"+name+">")
			} else {
				p = append(p, "<"+name+">")
			}
		}
	}
}
