package adf

// Steps returns how many nodes PlainText visits in a tree.
func Steps(n *Node) int {
	var p plain
	p.walker.visit, p.walker.atom = p.block, p.atom
	p.body([]*Node{n}, 2)
	return p.steps
}
