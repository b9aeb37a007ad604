package e2e

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A plainText prints a document by the rules of docs/format.md and of package
// adf's page, over decoded JSON and in the plainest way: it shares no code with
// adf. Of what is rare it only says that it is not sure.
type plainText struct{ unsure bool }

// textOf returns the plain text of a value of rich text, and whether that is
// certain.
func textOf(v any) (text string, sure bool) {
	var p plainText
	switch v := v.(type) {
	case string:
		text = v
	case []any:
		text = strings.Join(p.blocks(v), "\n\n")
	case map[string]any:
		text = strings.Join(p.block(v), "\n\n")
	}
	return strings.ReplaceAll(text, "\x00", "\uFFFD"), !p.unsure
}

func content(n any) []any {
	list, _ := at(n, "content").([]any)
	return list
}

func attr(n any, name string) string {
	s, _ := at(n, "attrs."+name).(string)
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
}

// blocks returns the text of each block that shows anything.
func (p *plainText) blocks(nodes []any) (all []string) {
	for _, n := range nodes {
		all = append(all, p.block(n)...)
	}
	return all
}

// visible is text as a list: without what shows nothing.
func visible(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return []string{text}
}

func (p *plainText) block(n any) []string {
	inner := func() string { return strings.Join(p.blocks(content(n)), "\n\n") }
	switch typ := at(n, "type"); typ {
	case "doc", "layoutSection", "layoutColumn":
		return p.blocks(content(n))
	case "paragraph", "heading", "caption":
		return visible(p.inline(content(n)))
	case "codeBlock":
		return visible(code(n))
	case "rule":
		return []string{"---"}
	case "blockquote":
		return visible(quoted(inner()))
	case "panel":
		return visible(labelled(panelLabel(attr(n, "panelType")), "\n", inner()))
	case "expand", "nestedExpand":
		return append(visible(oneLine(attr(n, "title"))), visible(inner())...)
	case "bulletList", "orderedList", "taskList", "decisionList":
		return visible(p.list(n))
	case "table":
		return visible(p.table(n))
	case "mediaSingle", "mediaGroup":
		var lines []string
		for _, child := range content(n) {
			lines = append(lines, p.block(child)...)
		}
		p.unsure = p.unsure || at(n, "marks") != nil
		return visible(strings.Join(lines, "\n"))
	case "media":
		return visible(p.media(n))
	}
	p.unsure = true
	return nil
}

func code(n any) string {
	var b strings.Builder
	for _, child := range content(n) {
		s, _ := at(child, "text").(string)
		b.WriteString(s)
	}
	lines := strings.Split(b.String(), "\n")
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return strings.Join(lines, "\n")
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix("> "+line, " ")
		if line != "" {
			lines[i] = "> " + line
		}
	}
	return strings.Join(lines, "\n")
}

func panelLabel(kind string) string {
	switch kind {
	case "info", "note", "tip", "warning", "error", "success":
		return strings.ToUpper(kind[:1]) + kind[1:] + ":"
	}
	return "Panel:"
}

func labelled(label, between, text string) string {
	if text == "" {
		return ""
	}
	return label + between + text
}

// list prints the items of a list, each behind its marker.
func (p *plainText) list(n any) string {
	order := 1
	if number, err := strconv.Atoi(fmt.Sprint(at(n, "attrs.order"))); err == nil {
		order = number
	}
	var items []string
	under := 0 // the width of the marker of the item before
	for i, item := range content(n) {
		marker, width, text := "", 0, ""
		switch at(item, "type") {
		case "listItem":
			marker = "- "
			if at(n, "type") == "orderedList" {
				marker = fmt.Sprintf("%d. ", order+i)
			}
			width, text = len(marker), strings.Join(p.blocks(content(item)), "\n")
		case "taskItem":
			marker = map[bool]string{true: "[x] ", false: "[ ] "}[at(item, "attrs.state") == "DONE"]
			width, text = len(marker), p.inline(content(item))
		case "decisionItem":
			marker, width, text = "Decision: ", 2, p.inline(content(item))
			p.unsure = p.unsure || at(item, "attrs.state") == "UNDECIDED"
		case "taskList":
			text = strings.Repeat(" ", under) + indented(p.list(item), under)
		default:
			p.unsure = true
		}
		if strings.TrimSpace(text) != "" {
			items = append(items, marker+indented(text, width))
			under = cmp.Or(width, under)
		}
	}
	return strings.Join(items, "\n")
}

// indented moves all lines but the first and empty ones to the right.
func indented(text string, width int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if i > 0 && line != "" {
			lines[i] = strings.Repeat(" ", width) + line
		}
	}
	return strings.Join(lines, "\n")
}

var lineBreak = regexp.MustCompile(`[\s\p{Z}]*\n[\s\p{Z}]*`)

func oneLine(s string) string { return strings.TrimSpace(lineBreak.ReplaceAllString(s, " ")) }

func (p *plainText) table(n any) string {
	var rows []string
	for _, row := range content(n) {
		var cells []string
		for _, cell := range content(row) {
			for _, span := range []string{"attrs.colspan", "attrs.rowspan"} {
				p.unsure = p.unsure || at(cell, span) != nil && fmt.Sprint(at(cell, span)) != "1"
			}
			text := strings.TrimSpace(strings.Join(p.blocks(content(cell)), "\n"))
			cells = append(cells, lineBreak.ReplaceAllString(text, " / "))
		}
		if strings.Join(cells, "") != "" {
			rows = append(rows, strings.TrimSpace(strings.Join(cells, " | ")))
		}
	}
	return strings.Join(rows, "\n")
}

func (p *plainText) media(n any) string {
	name := oneLine(cmp.Or(attr(n, "alt"), attr(n, "__fileName")))
	p.unsure = p.unsure || at(n, "marks") != nil || secret.MatchString(attr(n, "url"))
	switch address := attr(n, "url"); {
	case address != "" && name != "":
		return fmt.Sprintf("[media: %s (%s)]", name, address)
	case cmp.Or(address, name) != "":
		return fmt.Sprintf("[media: %s]", cmp.Or(address, name))
	}
	return ""
}

// secret finds addresses that may have something to hide.
var secret = regexp.MustCompile(`(?i)(token|jwt|secret|pass|sign|cred|key|tok|sig|pin|auth|code|sdata)[^=&;#]*=|//[^/]*:[^/]*@`)

// A piece is what stands in a line.
type piece struct {
	text  string
	atom  bool // keeps apart from its neighbours
	emoji bool
	link  bool // ends with an address in brackets
}

// inline prints the line or lines of a paragraph.
func (p *plainText) inline(nodes []any) string {
	var b strings.Builder
	var before piece
	for _, next := range p.pieces(nodes) {
		if apart(before, next) {
			b.WriteByte(' ')
		}
		b.WriteString(next.text)
		before = next
	}
	lines := strings.Split(b.String(), "\n")
	kept := lines[:0]
	for _, line := range lines {
		if line = strings.Trim(line, " \t"); line != "" || len(kept) > 0 && kept[len(kept)-1] != "" {
			kept = append(kept, line)
		}
	}
	for len(kept) > 0 && strings.TrimSpace(kept[0]) == "" {
		kept = kept[1:]
	}
	for len(kept) > 0 && strings.TrimSpace(kept[len(kept)-1]) == "" {
		kept = kept[:len(kept)-1]
	}
	return strings.Join(kept, "\n")
}

// apart reports whether there is to be a space between two pieces.
func apart(before, next piece) bool {
	if before.text == "" || strings.HasSuffix(before.text, "\n") || strings.HasPrefix(next.text, "\n") {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(before.text)
	first, _ := utf8.DecodeRuneInString(next.text)
	open := unicode.IsSpace(last) || strings.ContainsRune("([{\"'“‘«", last)
	shut := unicode.IsSpace(first) || strings.ContainsRune(".,;:!?)]}\"'”’»…", first)
	switch {
	case before.atom && next.atom, (before.atom || before.link) && next.emoji, before.emoji && next.atom, before.link && next.atom:
		return true
	case before.atom, before.link:
		return !shut
	case next.atom:
		return !open
	}
	return false
}

// pieces are what shows of the inline nodes.
func (p *plainText) pieces(nodes []any) (all []piece) {
	nodes = slices.DeleteFunc(slices.Clone(nodes), p.invisible)
	for i := 0; i < len(nodes); i++ {
		if at(nodes[i], "type") != "text" {
			all = append(all, p.piece(nodes[i]))
			continue
		}
		label, href := spelled(nodes[i]), target(nodes[i])
		for href != "" && i+1 < len(nodes) && at(nodes[i+1], "type") == "text" && target(nodes[i+1]) == href {
			i++
			label += spelled(nodes[i])
		}
		p.unsure = p.unsure || secret.MatchString(href)
		all = append(all, linkPieces(label, href)...)
	}
	return all
}

func (p *plainText) invisible(n any) bool {
	if at(n, "type") == "text" {
		return spelled(n) == ""
	}
	return strings.Trim(p.piece(n).text, " \t") == ""
}

// spelled is the text of a text node.
func spelled(n any) string {
	s, _ := at(n, "text").(string)
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	for _, mark := range list("marks")(n) {
		if at(mark, "type") == "code" {
			return strings.ReplaceAll(s, "\n", " ")
		}
	}
	return s
}

// target is the address of the first link mark that has one.
func target(n any) string {
	for _, mark := range list("marks")(n) {
		if href := strings.TrimSpace(attr(mark, "href")); at(mark, "type") == "link" && href != "" {
			return href
		}
	}
	return ""
}

// linkPieces prints text that links to href, or to nothing.
func linkPieces(label, href string) []piece {
	inner := strings.TrimSpace(label)
	if href == "" {
		return []piece{{text: label}}
	}
	if inner == "" {
		return []piece{{text: href, atom: true}}
	}
	start := strings.Index(label, inner)
	shown := piece{text: inner + " (" + href + ")", link: true}
	bare := strings.TrimRight(href, "/")
	switch short := strings.TrimRight(inner, "/"); short {
	case bare:
		shown = piece{text: href}
	default:
		for _, scheme := range []string{"https://", "http://", "mailto:", "tel:"} {
			if rest, has := strings.CutPrefix(bare, scheme); has && rest == short {
				shown = piece{text: inner}
			}
		}
	}
	pieces := []piece{shown}
	if start > 0 {
		pieces = []piece{{text: label[:start]}, shown}
	}
	if end := label[start+len(inner):]; end != "" {
		pieces = append(pieces, piece{text: end})
	}
	return pieces
}

// piece prints an inline node that is no text.
func (p *plainText) piece(n any) piece {
	switch at(n, "type") {
	case "hardBreak":
		return piece{text: "\n"}
	case "mention":
		name := oneLine(attr(n, "text"))
		p.unsure = p.unsure || name == ""
		return piece{text: "@" + strings.TrimPrefix(name, "@"), atom: true}
	case "emoji":
		shown := attr(n, "text")
		if strings.TrimSpace(shown) == "" {
			shown = attr(n, "shortName")
		}
		return piece{text: shown, emoji: true}
	case "date":
		millis, err := strconv.ParseInt(attr(n, "timestamp"), 10, 64)
		p.unsure = p.unsure || err != nil
		return piece{text: time.UnixMilli(millis).UTC().Format(time.DateOnly), atom: true}
	case "status":
		return piece{text: "[" + oneLine(attr(n, "text")) + "]", atom: true}
	case "inlineCard":
		p.unsure = p.unsure || at(n, "attrs.data") != nil || secret.MatchString(attr(n, "url"))
		return piece{text: strings.TrimSpace(attr(n, "url")), atom: true}
	case "inlineExtension":
		return piece{text: strings.TrimSpace(attr(n, "text")), atom: true}
	case "mediaInline":
		return piece{text: p.media(n), atom: true}
	case "placeholder":
		return piece{}
	}
	p.unsure = true
	return piece{}
}

// wordsOf are all words that somebody typed into a document.
func wordsOf(v any) (words []string) {
	switch v := v.(type) {
	case string:
		return typed(v)
	case []any:
		for _, e := range v {
			words = append(words, wordsOf(e)...)
		}
	case map[string]any:
		if s, isText := v["text"].(string); isText {
			words = typed(s)
		}
		if list, isList := v["content"].([]any); isList {
			words = append(words, wordsOf(list)...)
		}
	}
	return words
}

// typed are the words in a text. Markdown puts addresses apart.
func typed(s string) []string {
	apart := strings.NewReplacer("http", " http", "www", " www")
	return strings.FieldsFunc(apart.Replace(s), notInWord)
}

func notInWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// missing returns the first word that a text lacks, in their order; "" if it
// has them all.
func missing(words []string, text string) string {
	for _, word := range words {
		i := strings.Index(text, word)
		if i < 0 {
			return word
		}
		text = text[i+len(word):]
	}
	return ""
}
