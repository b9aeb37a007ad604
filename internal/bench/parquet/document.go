package main

// document writes a document of some blocks: mostly paragraphs of plain text,
// and now and then what Jira's editor has beside them.
func (m *maker) document(blocks int) {
	m.s(`{"type":"doc","version":1,"content":[`)
	for i := range blocks {
		if i > 0 {
			m.s(`,`)
		}
		m.block()
	}
	m.s(`]}`)
}

func (m *maker) block() {
	switch m.IntN(12) {
	default:
		m.paragraph(8 + m.IntN(30))
	case 0:
		m.s(`{"type":"bulletList","content":[`)
		for i := range 2 + m.IntN(3) {
			if i > 0 {
				m.s(`,`)
			}
			m.s(`{"type":"listItem","content":[`)
			m.paragraph(3 + m.IntN(9))
			m.s(`]}`)
		}
		m.s(`]}`)
	case 1:
		m.s(`{"type":"codeBlock","attrs":{"language":"sql"},"content":[{"type":"text","text":"SELECT *\n  FROM `)
		m.words(6 + m.IntN(20))
		m.s(`;\n\tC:\\tmp\\log"}]}`)
	case 2:
		m.s(`{"type":"heading","attrs":{"level":3},"content":[{"type":"text","text":"`)
		m.words(2 + m.IntN(4))
		m.s(`"}]}`)
	case 3:
		m.table()
	case 4:
		m.s(`{"type":"panel","attrs":{"panelType":"info"},"content":[`)
		m.paragraph(6 + m.IntN(16))
		m.s(`]}`)
	}
}

func (m *maker) paragraph(words int) {
	m.s(`{"type":"paragraph","content":[{"type":"text","text":"`)
	m.words(words)
	m.s(`."}`)
	switch m.IntN(8) {
	case 0:
		p := m.person()
		m.s(`,{"type":"mention","attrs":{"id":"`, p.id, `","text":"@`, p.name, `","accessLevel":""}}`)
	case 1:
		m.s(`,{"type":"text","text":" https://connection.example.com/`)
		m.int(m.IntN(1e6))
		m.s(`","marks":[{"type":"link","attrs":{"href":"https://connection.example.com/`)
		m.int(m.IntN(1e6))
		m.s(`"}}]}`)
	case 2:
		m.s(`,{"type":"hardBreak"},{"type":"text","text":"`)
		m.words(2 + m.IntN(6))
		m.s(`","marks":[{"type":"strong"}]}`)
	case 3:
		m.s(`,{"type":"text","text":" `)
		m.words(2)
		m.s(`","marks":[{"type":"code"}]},{"type":"emoji","attrs":{"shortName":":thumbsup:","id":"1f44d","text":"👍"}}`)
	}
	m.s(`]}`)
}

func (m *maker) table() {
	m.s(`{"type":"table","attrs":{"isNumberColumnEnabled":false,"layout":"default"},"content":[`)
	for row := range 2 {
		if row > 0 {
			m.s(`,`)
		}
		m.s(`{"type":"tableRow","content":[`)
		for cell := range 2 {
			if cell > 0 {
				m.s(`,`)
			}
			m.s(`{"type":"tableCell","attrs":{},"content":[`)
			m.paragraph(1 + m.IntN(3))
			m.s(`]}`)
		}
		m.s(`]}`)
	}
	m.s(`]}`)
}
