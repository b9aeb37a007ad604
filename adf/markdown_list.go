package adf

import "strconv"

// list prints a list, with the other marker if that keeps it apart from the
// list before. A list in a list, as task lists nest, belongs to the item
// before it.
func (m *markdown) list(b block, other bool) {
	outer := m.begin(1)
	// The body of the last item printed. Before the first, lists have the
	// marker of this one, as if they were its items.
	item := m.sibs
	item.last, item.other = b.typ, !other
	indent := ""
	number := 0
	if isOrdered(b.typ) {
		number = m.firstNumber(b)
	}
	for n := b.kids.from; n < b.kids.end; n = m.next(n) {
		if m.nodes[n].typ.isList() {
			list := m.sibs
			m.sibs = item
			m.out.push(frame{rest: indent, used: true})
			m.visit(m.whole(n))
			m.out.pop()
			if indent != "" {
				item = m.sibs
			}
			m.sibs = list
			continue
		}
		f := m.itemFrame(b.typ, number, &m.nodes[n], other)
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
	m.sibs = outer
}

// item prints one item. It returns the state of its body, for lists that
// follow in it, and whether it had anything to print.
func (m *markdown) item(n int, f frame) (body siblings, printed bool) {
	outer := m.begin(2)
	m.sibs.item = true
	m.out.push(f)
	m.itemBody(n)
	m.out.pop()
	body, m.sibs = m.sibs, outer
	return body, m.out.count > body.start
}

// itemFrame returns how the lines of an item begin.
func (m *markdown) itemFrame(list typeID, number int, n *treeNode, other bool) frame {
	bullet := "- "
	if other {
		bullet = "* "
	}
	switch itemType(list, n.typ) {
	case typeOrderedList:
		end := ". "
		if other {
			end = ") "
		}
		first := m.words.join(strconv.Itoa(number), end)
		return frame{first: first, rest: "           "[:len(first)]} // maxNumber has nine digits
	case typeTaskList:
		first := "- [ ] * [ ] "
		if n.attrs.text(attrState) == "DONE" {
			first = "- [x] * [x] "
		}
		return taskFrame(first, other)
	case typeDecisionList:
		first := "- **Decision:** * **Decision:** "
		if n.attrs.text(attrState) == "UNDECIDED" {
			first = "- **Undecided:** * **Undecided:** "
		}
		return taskFrame(first, other)
	}
	return frame{first: bullet, rest: "  "}
}

// taskFrame returns how the lines of a task or decision begin: the first with
// the first or, with the other marker, the second half of starts.
func taskFrame(starts string, other bool) frame {
	half := len(starts) / 2
	if other {
		starts = starts[half:]
	}
	return frame{first: starts[:half], rest: "  ", inline: true}
}
