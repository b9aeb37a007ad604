package adf

import (
	"bytes"
	"strconv"
	"strings"
)

// Markdown returns a document, as Jira sends it, as GitHub-flavoured Markdown,
// which any parser of CommonMark with GitHub's tables, strikethrough and task
// lists reads back as the same text with the same marks. The package comment
// has a table of what each node becomes.
//
// Only what would otherwise change its meaning is escaped, so that the text
// stays fit for search. What Markdown lacks is HTML: <sub>, <sup>, <details>,
// <br> in cells, and <strong>, <em>, <del> where the asterisks of a mark would
// not be read as such. Underlines, colours and alignment are left out.
//
// Input and error are as with PlainText: an absent document gives "", wiki
// text is returned as it is. The text is valid UTF-8. Unless it is wiki text,
// it neither begins nor ends with a newline.
func Markdown(data []byte) (string, error) {
	n, err := Parse(data)
	if err != nil {
		return "", err
	}
	return n.Markdown(), nil
}

// Markdown returns the Markdown of a node and all below it. It cannot fail;
// nil gives "". See the function Markdown.
func (n *Node) Markdown() string { return Options{}.Markdown(n) }

// Markdown is the method of Node, with options.
func (o Options) Markdown(n *Node) string {
	switch {
	case n == nil:
		return ""
	case n.Type == typeWiki:
		return toValid(n.Text)
	}
	m := markdown{printer: printer{Options: o}}
	m.visit, m.atom = m.block, m.inlineAtom
	return m.document(n)
}

// markdown prints one document as Markdown.
type markdown struct {
	printer
	cells int // cells of tables that are open: in them a block is one line
	run   flow
}

// separate sets the gap before a block, unless it is the first.
func (m *markdown) separate(typ string) {
	if m.out.count == m.sibs.start {
		return
	}
	gap := m.sibs.gap
	if m.cells > 0 || isList(typ) && m.afterParagraph() {
		gap = 1
	}
	m.out.separate(gap)
}

// afterParagraph reports whether the block before, in an item, is a paragraph.
func (m *markdown) afterParagraph() bool {
	return m.sibs.item && m.sibs.last == "paragraph"
}

// block prints one block and reports whether it printed anything.
func (m *markdown) block(b block) bool {
	before := m.out.count
	other := isList(b.typ) && isOrdered(b.typ) == isOrdered(m.sibs.last) &&
		isList(m.sibs.last) && !m.sibs.other
	m.separate(b.typ)
	switch b.typ {
	case "paragraph", "caption":
		m.paragraph(b)
	case "heading":
		m.heading(b)
	case "codeBlock":
		m.code(b)
	case "blockquote":
		m.framed(b, frame{first: "> ", rest: "> "})
	case "panel":
		m.panel(b)
	case "expand", "nestedExpand":
		m.expand(b)
	case "rule", "bodiedRule":
		m.rule()
	case "table":
		m.table(b)
	case "bulletList", "orderedList", "taskList", "decisionList":
		m.list(b, other)
	case "mediaSingle", "mediaGroup":
		m.mediaBlock(b)
	case "media", "blockCard", "embedCard":
		m.pieces = m.pieces[:0]
		m.addAtom(m.atom(b.node))
		m.flush(b.typ)
	}
	if m.out.count == before {
		return false
	}
	m.sibs.last, m.sibs.other = b.typ, other
	return true
}

func isOrdered(typ string) bool { return typ == "orderedList" }

// framed prints the blocks of a container.
func (m *markdown) framed(b block, f frame) {
	m.out.push(f)
	m.body(m.open(b), 2)
	m.close(b)
	m.out.pop()
}

// panel prints a panel as one of GitHub's alerts. An empty line after its
// first keeps that from being read as a part of a list, rule or table.
func (m *markdown) panel(b block) {
	typ := b.attrs().text("panelType")
	if m.cells > 0 {
		m.framed(b, frame{label: panelLabel(typ) + ":"})
		return
	}
	m.framed(b, frame{label: "> [!" + alertOf(typ) + "]", rest: "> ", spaced: true, alert: true})
}

func alertOf(panelType string) string {
	switch panelType {
	case "note":
		return "IMPORTANT"
	case "tip", "success":
		return "TIP"
	case "warning":
		return "WARNING"
	case "error":
		return "CAUTION"
	}
	return "NOTE"
}

// rule prints a rule. In an item "- ---" would be a rule instead of an item.
func (m *markdown) rule() {
	if m.sibs.item && m.out.count == m.sibs.start {
		m.out.line([]byte("___"))
		return
	}
	m.out.line([]byte("---"))
}

var htmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func (m *markdown) expand(b block) {
	title := oneLine(b.attrs().text("title"))
	kids := m.open(b)
	defer m.close(b)
	outer := m.sibs
	defer func() { m.sibs = outer }()
	m.sibs = siblings{start: m.out.count, gap: 2}
	switch {
	case m.cells > 0:
		m.paragraph(block{kids: []*Node{{Type: "text", Text: title}}})
		m.blocks(kids)
		return
	case title == "":
		m.out.push(frame{label: "<details>", spaced: true})
		printed := m.blocks(kids)
		m.out.pop()
		if !printed {
			return
		}
	default:
		m.out.line([]byte("<details>"))
		m.out.line([]byte("<summary>" + htmlText.Replace(title) + "</summary>"))
		m.blocks(kids)
	}
	m.out.separate(2)
	m.out.line([]byte("</details>"))
}

// code prints a code block in a fence, or in a cell each line in a code span.
func (m *markdown) code(b block) {
	text := m.codeText(m.open(b))
	m.close(b)
	if len(bytes.TrimSpace(text)) == 0 {
		return
	}
	if m.cells > 0 {
		for line := range bytes.SplitSeq(visibleLines(text), []byte{'\n'}) {
			m.out.line(appendCode(nil, string(line), false, true))
		}
		return
	}
	fence := strings.Repeat("`", max(3, longestRun(text, '`')+1))
	m.out.line([]byte(fence + language(b.attrs())))
	for line := range bytes.SplitSeq(text, []byte{'\n'}) {
		m.out.line(line)
	}
	m.out.line([]byte(fence))
}

// language returns the language of a code block, "" if it has none that can
// stand after a fence.
func language(a Attrs) string {
	name := strings.TrimSpace(a.text("language"))
	for _, r := range name {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
			strings.ContainsRune("_+#./ -", r)) {
			return ""
		}
	}
	return name
}

// longestRun returns the length of the longest run of c in text.
func longestRun[T string | []byte](text T, c byte) int {
	longest, n := 0, 0
	for i := range len(text) {
		if n++; text[i] != c {
			n = 0
		}
		longest = max(longest, n)
	}
	return longest
}

// heading prints a heading: one line, without number signs in a cell.
func (m *markdown) heading(b block) {
	m.collect(b)
	m.run.set(" ", false)
	if !m.layOut() {
		return
	}
	if m.cells > 0 {
		m.out.line(m.render())
		return
	}
	level := 1
	if n, ok := b.attrs().Number("level"); ok {
		level = int(min(max(n, 1), 6))
	}
	line := append([]byte(strings.Repeat("#", level)), ' ')
	m.out.line(escapeClosing(append(line, m.render()...), level))
}

// escapeClosing escapes the number signs that end a heading after a space, as
// they would be read as a part of its syntax.
func escapeClosing(line []byte, level int) []byte {
	end := len(bytes.TrimRight(line, "#"))
	if end <= level || end == len(line) || line[end-1] != ' ' && line[end-1] != '\t' {
		return line
	}
	tail := len(line) - end
	line = append(line, '\\')
	copy(line[end+1:], line[end:end+tail])
	line[end] = '\\'
	return line
}

// paragraph prints inline nodes.
func (m *markdown) paragraph(b block) {
	m.collect(b)
	m.flush(b.typ)
}

// collect fills pieces with the inline nodes of a block.
func (m *markdown) collect(b block) {
	m.pieces = m.pieces[:0]
	m.inline(m.open(b))
	m.close(b)
}

// flush prints the pieces as a paragraph.
func (m *markdown) flush(typ string) {
	inline := false // not at the start of a line
	var top *frame
	if n := len(m.out.frames); n > 0 {
		top = &m.out.frames[n-1]
		inline = top.inline && !top.used
	}
	if m.cells > 0 {
		m.run.set("<br>", false)
	} else {
		m.run.set("\\\n", true)
		m.run.lineStart = !inline
	}
	if !m.layOut() {
		return
	}
	if top != nil && top.alert && typ == "paragraph" {
		top.spaced = false
	}
	for line := range bytes.SplitSeq(m.render(), []byte{'\n'}) {
		m.out.line(line)
	}
}

// mediaBlock prints media and captions as one paragraph, a line each.
func (m *markdown) mediaBlock(b block) {
	kids := m.open(b)
	defer m.close(b)
	outer := m.sibs
	m.sibs = siblings{start: m.out.count, gap: outer.gap}
	isMedia := func(n *Node) bool { return n.Type == "media" || n.Type == "caption" || isInline(n) }
	for i := 0; i < len(kids); {
		if n := kids[i]; n == nil || !isMedia(n) {
			m.blocks(kids[i : i+1])
			i++
			continue
		}
		j := runEnd(kids, i, isMedia)
		m.separate(b.typ)
		m.pieces = m.pieces[:0]
		for ; i < j; i++ {
			if n := kids[i]; n != nil && !isInline(n) {
				m.add(piece{kind: pieceEdge})
			}
			m.inline(kids[i : i+1])
		}
		m.flush(b.typ)
	}
	m.sibs = outer
}

// list prints a list, with the other marker if that keeps it apart from the
// list before. A list in a list, as task lists nest, belongs to the item
// before it.
func (m *markdown) list(b block, other bool) {
	kids := m.open(b)
	defer m.close(b)
	tight := m.afterParagraph() && m.cells == 0
	outer := m.sibs
	m.sibs = siblings{start: m.out.count, gap: 1}
	// The body of the last item printed. Before the first, lists have the
	// marker of this one, as if they were its items.
	item := m.sibs
	item.last, item.other = b.typ, !other
	indent := ""
	number := firstNumber(b, kids)
	for _, n := range kids {
		switch {
		case n == nil:
		case isList(n.Type):
			list := m.sibs
			m.sibs = item
			m.out.push(frame{rest: indent, used: true})
			m.visit(block{typ: n.Type, node: n})
			m.out.pop()
			if indent != "" {
				item = m.sibs
			}
			m.sibs = list
		default:
			if m.out.count > m.sibs.start {
				m.out.separate(1)
			} else if tight && isOrdered(b.typ) && number != 1 {
				m.out.separate(2) // else it would be read as part of the paragraph
			}
			f := itemFrame(b.typ, number, n, other)
			if body, ok := m.item(n, f); ok {
				indent, item = f.rest, body
			}
			number++
		}
	}
	m.sibs = outer
}

// item prints one item. It returns the state of its body, for lists that
// follow in it, and whether it had anything to print.
func (m *markdown) item(n *Node, f frame) (body siblings, printed bool) {
	outer := m.sibs
	m.sibs = siblings{start: m.out.count, gap: 2, item: true}
	m.out.push(f)
	switch n.Type {
	case "listItem":
		m.blocks(m.enter(n))
		m.leave()
	case "taskItem", "blockTaskItem", "decisionItem":
		m.paragraphs(m.enter(n))
		m.leave()
	default:
		m.blocks([]*Node{n})
	}
	m.out.pop()
	body, m.sibs = m.sibs, outer
	return body, m.out.count > body.start
}

// itemFrame returns how the lines of an item begin.
func itemFrame(list string, number int, n *Node, other bool) frame {
	bullet := "- "
	if other {
		bullet = "* "
	}
	switch itemType(list, n) {
	case "orderedList":
		first := strconv.Itoa(number) + ". "
		if other {
			first = first[:len(first)-2] + ") "
		}
		return frame{first: first, rest: strings.Repeat(" ", len(first))}
	case "taskList":
		first := bullet + "[ ] "
		if n.Attrs.text("state") == "DONE" {
			first = bullet + "[x] "
		}
		return frame{first: first, rest: "  ", inline: true}
	case "decisionList":
		first := bullet + "**Decision:** "
		if n.Attrs.text("state") == "UNDECIDED" {
			first = bullet + "**Undecided:** "
		}
		return frame{first: first, rest: "  ", inline: true}
	}
	return frame{first: bullet, rest: "  "}
}
