package adf

import (
	"bytes"
	"strings"
	"sync"
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
	return render(data, printMarkdown)
}

// Markdown returns the Markdown of a node and all below it. It cannot fail;
// nil gives "". See the function Markdown.
func (n *Node) Markdown() string { return Options{}.Markdown(n) }

// Markdown is the method of Node, with options.
func (o Options) Markdown(n *Node) string { return o.render(n, printMarkdown) }

// printMarkdown prints a tree as Markdown.
func printMarkdown(t *tree, o Options) string {
	m := markdowns.Get().(*markdown)
	m.tree, m.Options = t, o
	text := m.document()
	m.reset()
	markdowns.Put(m)
	return text
}

// markdowns holds printers to use again.
var markdowns = sync.Pool{New: func() any {
	m := new(markdown)
	m.words.chunk = maxChunk
	m.visit, m.atom = m.block, m.inlineAtom
	return m
}}

// markdown prints one document as Markdown.
type markdown struct {
	printer
	run    flow // the paragraph at hand
	tables tables
	cells  int    // cells that are open: in them a block is one line
	note   []byte // a text that is put together
}

// reset makes a printer ready for the next document. It keeps nothing of the
// last but memory.
func (m *markdown) reset() {
	m.printer.reset()
	m.run = flow{items: emptied(m.run.items), links: emptied(m.run.links), buf: emptiedBuffer(m.run.buf)}
	m.tables = tables{emptied(m.tables.rows), emptied(m.tables.ends), emptiedBuffer(m.tables.text)}
	m.note = emptiedBuffer(m.note)
}

// separate sets the gap before a block, unless it is the first.
func (m *markdown) separate(typ typeID) {
	if m.out.count == m.sibs.start {
		return
	}
	gap := m.sibs.gap
	if m.cells > 0 || typ.isList() && m.afterParagraph() {
		gap = 1
	}
	m.out.separate(gap)
}

// afterParagraph reports whether the block before, in an item, is a paragraph.
func (m *markdown) afterParagraph() bool {
	return m.sibs.item && m.sibs.last == typeParagraph
}

// block prints one block and reports whether it printed anything.
func (m *markdown) block(b block) bool {
	if m.cells == 0 && m.out.behindLabel() {
		b = m.asProse(b)
	}
	before := m.out.count
	other := b.typ.isList() && isOrdered(b.typ) == isOrdered(m.sibs.last) &&
		m.sibs.last.isList() && !m.sibs.other
	m.separate(b.typ)
	switch b.typ {
	case typeParagraph, typeCaption:
		m.paragraph(b)
	case typeHeading:
		m.heading(b)
	case typeCodeBlock:
		m.code(b)
	case typeBlockquote:
		m.framed(b, frame{first: "> ", rest: "> "})
	case typePanel:
		m.panel(b)
	case typeExpand, typeNestedExpand:
		m.expand(b)
	case typeRule, typeBodiedRule:
		m.rule()
	case typeTable:
		m.table(b)
	case typeBulletList, typeOrderedList, typeTaskList, typeDecisionList:
		m.list(b, other)
	case typeMediaSingle, typeMediaGroup:
		m.mediaBlock(b)
	case typeMedia, typeBlockCard, typeEmbedCard:
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

func isOrdered(typ typeID) bool { return typ == typeOrderedList }

// asProse returns what stands for a block behind the label of a task or
// decision, where no parser sees one: a paragraph of its text.
func (m *markdown) asProse(b block) block {
	switch b.typ {
	case typeParagraph, typeCaption, typeMediaSingle, typeMediaGroup, typeMedia, typeBlockCard, typeEmbedCard:
		return b // prints as a paragraph
	case typeRule, typeBodiedRule:
		return block{typ: typeParagraph} // its children come next
	}
	return block{typ: typeParagraph, kids: m.all(b)}
}

// framed prints the blocks of a container.
func (m *markdown) framed(b block, f frame) {
	m.out.push(f)
	m.body(b.kids, 2)
	m.out.pop()
}

// panel prints a panel as one of GitHub's alerts. An empty line after its
// first keeps that from being read as a part of a list, rule or table.
func (m *markdown) panel(b block) {
	typ := m.attrsOf(b).text(attrPanelType)
	if m.cells > 0 {
		m.framed(b, frame{label: panelLabel(typ)})
		return
	}
	m.framed(b, frame{label: alertOf(typ), rest: "> ", spaced: true, alert: true})
}

func alertOf(panelType string) string {
	switch panelType {
	case "note":
		return "> [!IMPORTANT]"
	case "tip", "success":
		return "> [!TIP]"
	case "warning":
		return "> [!WARNING]"
	case "error":
		return "> [!CAUTION]"
	}
	return "> [!NOTE]"
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
	outer := m.begin(2)
	title := oneLine(m.attrsOf(b).text(attrTitle))
	if m.cells > 0 {
		m.paragraph(block{text: title})
		m.blocks(b.kids)
	} else if m.details(title, b.kids) {
		m.out.separate(2)
		m.out.line([]byte("</details>"))
	}
	m.sibs = outer
}

// details prints what comes before the end of an expand, and reports whether
// that prints anything.
func (m *markdown) details(title string, kids span) bool {
	if title == "" {
		m.out.push(frame{label: "<details>", spaced: true})
		printed := m.blocks(kids)
		m.out.pop()
		return printed
	}
	m.out.line([]byte("<details>"))
	m.note = append(m.note[:0], "<summary>"...)
	m.note = append(m.note, htmlText.Replace(title)...)
	m.note = append(m.note, "</summary>"...)
	m.out.line(m.note)
	m.blocks(kids)
	return true
}

// code prints a code block in a fence, or in a cell each line in a code span.
func (m *markdown) code(b block) {
	text := m.codeText(b.kids)
	if len(bytes.TrimSpace(text)) == 0 {
		return
	}
	if m.cells > 0 {
		for line := range bytes.SplitSeq(visibleLines(text), []byte{'\n'}) {
			m.note = appendCode(m.note[:0], string(line), false, true)
			m.out.line(m.note)
		}
		return
	}
	size := max(3, longestRun(text, '`')+1)
	m.note = appendRepeated(m.note[:0], '`', size)
	m.note = append(m.note, language(m.attrsOf(b))...)
	m.out.line(m.note)
	for line := range bytes.SplitSeq(text, []byte{'\n'}) {
		m.out.line(line)
	}
	m.out.line(m.note[:size])
}

// language returns the language of a code block, "" if it has none that can
// stand after a fence.
func language(a attrs) string {
	name := strings.TrimSpace(a.text(attrLanguage))
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
		m.render()
		m.out.line(m.run.buf)
		return
	}
	level := 1
	if n, ok := m.attrsOf(b).number(attrLevel); ok {
		level = int(min(max(n, 1), 6))
	}
	m.run.buf = append(appendRepeated(m.run.buf, '#', level), ' ')
	m.render()
	m.out.line(escapeClosing(m.run.buf, level))
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

// flush prints the pieces as a paragraph.
func (m *markdown) flush(typ typeID) {
	if m.cells > 0 {
		m.run.set("<br>", false)
	} else {
		m.run.set("\\\n", true)
		m.run.lineStart = !m.out.behindLabel()
	}
	if !m.plainLine() {
		if !m.layOut() {
			return
		}
		m.render()
	}
	if n := len(m.out.frames); n > 0 && m.out.frames[n-1].alert && typ == typeParagraph {
		m.out.frames[n-1].spaced = false
	}
	m.out.lines(m.run.buf)
	m.out.prose = true
}

// plainLine renders the pieces if they are one text that prints as it is, on
// one line. Most paragraphs of issues are; for these it takes half the time.
func (m *markdown) plainLine() bool {
	if len(m.pieces) != 1 || m.pieces[0].kind != pieceText || m.pieces[0].marks != 0 || m.pieces[0].link != nil {
		return false
	}
	text := trimRight(trimLeft(m.pieces[0].text))
	if isBlank(text) || signsOf(text)&^signStart != 0 || m.run.lineStart && mayStartBlock(text) {
		return false
	}
	m.run.buf = append(m.run.buf, text...)
	return true
}

// mediaBlock prints media and captions as one paragraph, a line each.
func (m *markdown) mediaBlock(b block) {
	outer := m.begin(m.sibs.gap)
	for n := b.kids.from; n < b.kids.end; {
		if !isMediaLine(m.nodes[n].typ) {
			m.blocks(m.one(n))
			n = m.next(n)
			continue
		}
		m.separate(b.typ)
		m.pieces = m.pieces[:0]
		for ; n < b.kids.end && isMediaLine(m.nodes[n].typ); n = m.next(n) {
			if !m.nodes[n].typ.isInline() {
				m.add(piece{kind: pieceEdge})
			}
			m.inline(m.one(n))
		}
		m.flush(b.typ)
	}
	m.sibs = outer
}

func isMediaLine(typ typeID) bool {
	return typ == typeMedia || typ == typeCaption || typ.isInline()
}
