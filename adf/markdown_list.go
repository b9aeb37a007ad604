package adf

import "strconv"

// list prints a list, with the other marker if that keeps it apart from the
// list before. A list in a list, as task lists nest, belongs to the item
// before it.
func (m *markdown) list(b block, other bool) {
	kids := m.open(b)
	defer m.close(b)
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
			f := m.itemFrame(b.typ, number, n, other)
			if m.out.count > m.sibs.start {
				m.out.separate(1)
			} else {
				f.apart = isOrdered(b.typ) && number != 1 && m.cells == 0
			}
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
func (m *markdown) itemFrame(list string, number int, n *Node, other bool) frame {
	bullet := "- "
	if other {
		bullet = "* "
	}
	switch itemType(list, n) {
	case "orderedList":
		end := ". "
		if other {
			end = ") "
		}
		first := m.words.join(strconv.Itoa(number), end)
		return frame{first: first, rest: "           "[:len(first)]} // maxNumber has nine digits
	case "taskList":
		mark := "[ ] "
		if n.Attrs.text("state") == "DONE" {
			mark = "[x] "
		}
		return frame{first: m.words.join(bullet, mark), rest: "  ", inline: true}
	case "decisionList":
		mark := "**Decision:** "
		if n.Attrs.text("state") == "UNDECIDED" {
			mark = "**Undecided:** "
		}
		return frame{first: m.words.join(bullet, mark), rest: "  ", inline: true}
	}
	return frame{first: bullet, rest: "  "}
}
