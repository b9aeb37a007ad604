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
	return render(data, Options{}.Markdown)
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
	m := markdowns.Get().(*markdown)
	m.Options = o
	text := m.document(n)
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
		m.framed(b, frame{label: m.words.join(panelLabel(typ), ":")})
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
			m.note = appendCode(m.note[:0], string(line), false, true)
			m.out.line(m.note)
		}
		return
	}
	size := max(3, longestRun(text, '`')+1)
	m.note = appendRepeated(m.note[:0], '`', size)
	m.note = append(m.note, language(b.attrs())...)
	m.out.line(m.note)
	for line := range bytes.SplitSeq(text, []byte{'\n'}) {
		m.out.line(line)
	}
	m.out.line(m.note[:size])
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
	m.run.buf = append(appendRepeated(m.run.buf, '#', level), ' ')
	m.out.line(escapeClosing(m.render(), level))
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
	m.out.prose = true
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
