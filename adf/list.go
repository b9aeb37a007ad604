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
	kids := p.open(b)
	defer p.close(b)
	defer p.siblings(1)()
	number := firstNumber(b, kids)
	indent := "" // of the last item printed
	for _, n := range kids {
		switch {
		case n == nil:
		case isList(n.Type):
			p.out.push(frame{rest: indent, used: true})
			p.visit(block{typ: n.Type, node: n})
			p.out.pop()
		default:
			first, rest := p.marker(b.typ, number, n)
			if p.item(n, frame{first: first, rest: rest}) {
				indent = rest
			}
			number++
		}
	}
}

// item prints one item and reports whether it had anything to print.
func (p *plain) item(n *Node, f frame) bool {
	before := p.out.count
	p.separate()
	p.out.push(f)
	defer p.out.pop()
	defer p.siblings(1)()
	switch n.Type {
	case "listItem":
		p.blocks(p.enter(n))
		p.leave()
	case "taskItem", "blockTaskItem", "decisionItem":
		p.paragraphs(p.enter(n))
		p.leave()
	default:
		p.blocks([]*Node{n})
	}
	return p.out.count > before
}

// itemType returns the type of the list whose marker an item has. Task and
// decision items keep their own marker in a list of another type.
func itemType(list string, n *Node) string {
	switch n.Type {
	case "taskItem", "blockTaskItem":
		return "taskList"
	case "decisionItem":
		return "decisionList"
	}
	return list
}

// marker returns what the first and the other lines of an item begin with.
func (p *plain) marker(list string, number int, n *Node) (first, rest string) {
	switch itemType(list, n) {
	case "orderedList":
		first = p.words.join(strconv.Itoa(number), ". ")
		return first, "           "[:len(first)] // maxNumber has nine digits
	case "taskList":
		if n.Attrs.text("state") == "DONE" {
			return "[x] ", "    "
		}
		return "[ ] ", "    "
	case "decisionList":
		if n.Attrs.text("state") == "UNDECIDED" {
			return "Undecided: ", "  "
		}
		return "Decision: ", "  "
	}
	return "- ", "  "
}

// firstNumber returns the number of a list's first item: 1 if the document
// gives none, or one that would not do for every item.
func firstNumber(b block, kids []*Node) int {
	order, ok := b.attrs().Number("order")
	if digits := b.attrs().text("order"); !ok && isDigits(digits) {
		order, _ = strconv.ParseFloat(digits, 64)
		ok = true
	}
	order = math.Trunc(order)
	if !ok || order < 0 || order > maxNumber {
		return 1
	}
	last := int(order) - 1
	for _, n := range kids {
		if n != nil && !isList(n.Type) {
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
