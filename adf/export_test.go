package adf

// Steps returns how many nodes PlainText visits in a tree.
func Steps(n *Node) int {
	var p plain
	p.visit, p.atom = p.block, p.plainAtom
	p.body([]*Node{n}, 2)
	return p.steps
}

// MarkdownSteps returns how many nodes Markdown visits in a tree.
func MarkdownSteps(n *Node) int {
	var m markdown
	m.visit, m.atom = m.block, m.inlineAtom
	m.body([]*Node{n}, 2)
	return m.steps
}
