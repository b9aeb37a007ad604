package adf

import (
	"math"
	"strconv"
	"strings"
)

// maxNumber is the last number an item may have: CommonMark's nine digits.
const maxNumber = 999_999_999

// list prints a list. A list in a list, as task lists nest, is indented under
// the item before it.
func (p *plain) list(b block) {
	outer := p.begin(1)
	number := 0
	if b.typ == typeOrderedList {
		number = p.firstNumber(b)
	}
	indent := "" // of the last item printed
	for n := b.kids.from; n < b.kids.end; n = p.next(n) {
		if p.nodes[n].typ.isList() {
			p.out.push(frame{rest: indent, used: true})
			p.visit(p.whole(n))
			p.out.pop()
			continue
		}
		first, rest := p.marker(b.typ, number, n)
		if p.item(n, frame{first: first, rest: rest}) {
			indent = rest
		}
		number++
	}
	p.sibs = outer
}

// item prints one item and reports whether it had anything to print.
func (p *plain) item(n int, f frame) bool {
	before := p.out.count
	p.separate()
	p.out.push(f)
	outer := p.begin(1)
	p.itemBody(n)
	p.sibs = outer
	p.out.pop()
	return p.out.count > before
}

// itemBody visits the blocks of a list's child. One that is no item is the
// block of one.
func (w *walker) itemBody(n int) {
	switch w.nodes[n].typ {
	case typeListItem:
		w.blocks(w.kids(n))
	case typeTaskItem, typeBlockTaskItem, typeDecisionItem:
		w.paragraphs(w.kids(n))
	default:
		w.blocks(w.one(n))
	}
}

// itemType returns the type of the list whose marker an item has. Task and
// decision items keep their own marker in a list of another type.
func itemType(list, item typeID) typeID {
	switch item {
	case typeTaskItem, typeBlockTaskItem:
		return typeTaskList
	case typeDecisionItem:
		return typeDecisionList
	}
	return list
}

// marker returns what the first and the other lines of an item begin with.
func (p *plain) marker(list typeID, number, n int) (first, rest string) {
	node := &p.nodes[n]
	switch itemType(list, node.typ) {
	case typeOrderedList:
		first = p.words.join(strconv.Itoa(number), ". ")
		return first, "           "[:len(first)] // maxNumber has nine digits
	case typeTaskList:
		if node.attrs.text(attrState) == "DONE" {
			return "[x] ", "    "
		}
		return "[ ] ", "    "
	case typeDecisionList:
		if node.attrs.text(attrState) == "UNDECIDED" {
			return "Undecided: ", "  "
		}
		return "Decision: ", "  "
	}
	return "- ", "  "
}

// firstNumber returns the number of a list's first item: 1 if the document
// gives none, or one that would not do for every item.
func (w *walker) firstNumber(b block) int {
	attrs := w.attrsOf(b)
	order, ok := attrs.number(attrOrder)
	if digits := attrs.text(attrOrder); isDigits(digits) {
		order, _ = strconv.ParseFloat(digits, 64)
		ok = true
	}
	order = math.Trunc(order)
	if !ok || order < 0 || order > maxNumber {
		return 1
	}
	last := int(order) - 1
	for n := b.kids.from; n < b.kids.end; n = w.next(n) {
		if !w.nodes[n].typ.isList() {
			last++
		}
	}
	if last > maxNumber {
		return 1
	}
	return int(order)
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
