// Package rules decides from signals whether an event happens: a small condition
// language with three values, and the state machine that turns a lasting condition
// into an event. It is pure: times are passed in, as
// durations since the engine's epoch, and there is no goroutine and no I/O.
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

// node is one node of the tree. Lists have at least two kids, none of their own
// shape; a negation has one.
type node struct {
	shape shape
	kids  []*node

	value
	bare      bool // a comparison written as the value alone: it is "!= 0"
	op        string
	threshold float64 // in seconds, where the value is a time
	other     string  // signal on the right-hand side, instead of threshold
}

// All returns the condition that holds when all of exprs do: nil when there are
// none.
func All(exprs ...*Expr) *Expr { return combine(allOf, exprs) }

// Any returns the condition that holds when at least one of exprs does: nil
// when there are none.
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

// join makes a list of kids, and lists of the same shape among them a part of
// it: both joints are associative in three values too.
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

// Signals returns the names of the signals it reads, each once, in the order of
// their appearance. Attributes are none.
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

// Attribute is the name of an attribute that a condition reads, and the signal whose
// detections have it.
type Attribute struct{ Signal, Name string }

// Attributes returns the attributes that it reads, each once, in the order of their
// appearance.
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

// attributes returns the names in the brackets of a comparison, each once.
func (n *node) attributes() []string {
	if n.where == nil {
		return nil
	}
	return (&Expr{n.where}).Signals()
}

// String returns the canonical source: single spaces, signals on the left of
// numbers, no parentheses that change nothing. Parse reads it back as an equal
// condition, unless it is longer than MaxSource.
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

// write appends n as written inside a node of the shape parent.
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
