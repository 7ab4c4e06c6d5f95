package rules

// Line is one line of a condition written as a tree.
type Line struct {
	Depth int    `json:"depth"`
	Text  string `json:"text"` // "all of", "any of", "not", or a comparison
	// Clause is the index of the comparison in the result of Explain. -1: the line is
	// not a comparison.
	Clause int `json:"clause"`
}

// Outline returns the condition as a tree, top first.
func (e *Expr) Outline() []Line {
	var lines []Line
	clauses := 0
	var walk func(n *node, depth int)
	walk = func(n *node, depth int) {
		l := Line{Depth: depth, Clause: -1}
		switch n.shape {
		case comparison:
			l.Text, l.Clause = n.String(), clauses
			clauses++
		case negation:
			l.Text = "not"
		case allOf:
			l.Text = "all of"
		case anyOf:
			l.Text = "any of"
		}
		lines = append(lines, l)
		for _, kid := range n.kids {
			walk(kid, depth+1)
		}
	}
	walk(e.root, 0)
	return lines
}
