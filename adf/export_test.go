package adf

// Steps returns how many nodes PlainText visits in a tree.
func Steps(n *Node) int {
	var p plain
	p.visit, p.atom = p.block, p.plainAtom
	p.body([]*Node{n}, 2)
	return p.steps
}
