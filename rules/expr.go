// Package rules evaluates conditions over signals and reports events. It has a small
// condition language with three truth values and a state machine per rule. It does no
// I/O and starts no goroutines. Times are durations since the engine's epoch, passed in
// by the caller.
package rules

import (
	"slices"
	"strconv"
	"strings"
)

// Expr is a parsed condition. It is immutable.
type Expr struct{ root *node }

type shape uint8

const (
	comparison shape = iota
	negation
	allOf
	anyOf
)

// node is a node of the syntax tree. A list has at least two kids, none of its own
// shape; a negation has one.
type node struct {
	shape shape
	kids  []*node

	value
	bare      bool // a value without an operator, which means "!= 0"
	op        string
	threshold float64 // in seconds where the value is a duration
	other     string  // signal on the right-hand side, instead of threshold
}

// All returns the condition that holds when all of exprs hold, or nil when there are
// none.
func All(exprs ...*Expr) *Expr { return combine(allOf, exprs) }

// Any returns the condition that holds when at least one of exprs holds, or nil when
// there are none.
func Any(exprs ...*Expr) *Expr { return combine(anyOf, exprs) }

func combine(shape shape, exprs []*Expr) *Expr {
	if len(exprs) == 0 {
		return nil
	}
	kids := make([]*node, len(exprs))
	for i, e := range exprs {
		kids[i] = e.root
	}
	return &Expr{join(shape, kids)}
}

// join makes a list of kids and flattens nested lists of the same shape. "&&" and "||"
// stay associative with three truth values.
func join(shape shape, kids []*node) *node {
	if len(kids) == 1 {
		return kids[0]
	}
	var flat []*node
	for _, kid := range kids {
		if kid.shape == shape {
			flat = append(flat, kid.kids...)
		} else {
			flat = append(flat, kid)
		}
	}
	return &node{shape: shape, kids: flat}
}

// Signals returns the names of the signals that the condition reads, without
// duplicates, in order of appearance. Attributes are not included.
func (e *Expr) Signals() []string {
	var names []string
	e.root.each(func(n *node) {
		for _, name := range [...]string{n.signal, n.other} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	})
	return names
}

// Attribute is an attribute that a condition reads, with the signal whose detections
// carry it.
type Attribute struct{ Signal, Name string }

// Attributes returns the attributes that the condition reads, without duplicates, in
// order of appearance.
func (e *Expr) Attributes() []Attribute {
	var all []Attribute
	e.root.each(func(n *node) {
		for _, name := range n.attributes() {
			if a := (Attribute{n.signal, name}); !slices.Contains(all, a) {
				all = append(all, a)
			}
		}
	})
	return all
}

// attributes returns the attribute names in a comparison's brackets, without
// duplicates.
func (n *node) attributes() []string {
	if n.where == nil {
		return nil
	}
	return (&Expr{n.where}).Signals()
}

// String returns the canonical source: single spaces, signals on the left of numbers,
// no redundant parentheses. Parse turns it back into an equal condition, unless it
// exceeds MaxSource.
func (e *Expr) String() string { return e.root.String() }

// each calls f for every comparison, in source order.
func (n *node) each(f func(*node)) {
	if n.shape == comparison {
		f(n)
	}
	for _, kid := range n.kids {
		kid.each(f)
	}
}

func (n *node) String() string {
	var b strings.Builder
	n.write(&b, anyOf)
	return b.String()
}

// write appends n as written inside a node of the given parent shape.
func (n *node) write(b *strings.Builder, parent shape) {
	enclose := parent == allOf && n.shape == anyOf || parent == negation && n.shape != negation && !n.bare
	if enclose {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	switch n.shape {
	case negation:
		b.WriteByte('!')
		n.kids[0].write(b, negation)
	case comparison:
		n.value.write(b)
		if n.bare {
			return
		}
		b.WriteString(" " + n.op + " ")
		switch {
		case n.other != "":
			b.WriteString(n.other)
		case n.call == callDwell:
			b.WriteString(short(seconds(n.threshold)))
		default:
			b.WriteString(strconv.FormatFloat(n.threshold, 'g', -1, 64))
		}
	case allOf, anyOf:
		for i, kid := range n.kids {
			if i > 0 && n.shape == allOf {
				b.WriteString(" && ")
			} else if i > 0 {
				b.WriteString(" || ")
			}
			kid.write(b, n.shape)
		}
	}
}
