package adf

// Steps returns how many nodes PlainText visits in a tree.
func Steps(n *Node) int {
	var b treeBuilder
	b.build(n, false)
	var p plain
	p.tree = &b.tree
	p.visit, p.atom = p.block, p.plainAtom
	p.document()
	return p.steps
}

// MarkdownSteps returns how many nodes Markdown visits in a tree.
func MarkdownSteps(n *Node) int {
	var b treeBuilder
	b.build(n, false)
	var m markdown
	m.tree = &b.tree
	m.visit, m.atom = m.block, m.inlineAtom
	m.document()
	return m.steps
}
