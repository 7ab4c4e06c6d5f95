package rules

import "slices"

// Line is one line of a condition written as a tree.
type Line struct {
	Depth int    `json:"depth"`
	Text  string `json:"text"` // "all of", "any of", "not", or a comparison
	// Clause is the index of the comparison in the result of Explain. -1: the line is
	// not a comparison.
	Clause int `json:"clause"`
	// Truth is the truth of the line, as set by Judged.
	Truth Truth `json:"truth"`
}

// Judged returns a copy of a tree with the truth of every line, by its clauses as Explain
// returns them.
func Judged(tree []Line, clauses []Clause) []Line {
	tree = slices.Clone(tree)
	for i, l := range slices.Backward(tree) {
		if l.Clause >= 0 {
			if l.Clause < len(clauses) {
				tree[i].Truth = clauses[l.Clause].Truth
			}
			continue
		}
		var kids []Truth
		for _, kid := range tree[i+1:] {
			if kid.Depth <= l.Depth {
				break
			}
			if kid.Depth == l.Depth+1 {
				kids = append(kids, kid.Truth)
			}
		}
		tree[i].Truth = joined(l.Text, kids)
	}
	return tree
}

// joined returns the truth of a line by those of its kids.
func joined(text string, kids []Truth) Truth {
	decisive := False // of all of them
	switch text {
	case "not":
		if len(kids) == 1 {
			return not(kids[0])
		}
		return Unknown
	case "any of":
		decisive = True
	}
	switch {
	case slices.Contains(kids, decisive):
		return decisive
	case slices.Contains(kids, Unknown):
		return Unknown
	}
	return not(decisive)
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
