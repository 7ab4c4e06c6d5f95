package opencv

import "slices"

const (
	maxStretch = 1 << 22 // elements of a constant that is written out in full
	maxCopies  = 1 << 10 // that OpenCV makes of something to stretch it
)

// arithmetic: the two sides of Add, Sub, Mul and Div are stretched to one shape
// by the rules of NumPy. OpenCV knows some of the cases, refuses others, and
// takes a few for something else without a word. Two inputs of one shape it
// always knows.
func arithmetic(a *adapter, n *onnxNode) []*onnxNode {
	if len(n.in) != 2 {
		return one(n)
	}
	x, y := a.shapes[n.in[0]], a.shapes[n.in[1]]
	dims, ok := broadcast(x, y)
	if x == nil || y == nil || !ok || len(dims) == 0 {
		return one(n)
	}
	switch {
	case a.fixed(n.in[0]) && a.fixed(n.in[1]): // OpenCV works it out
	case a.fixed(n.in[0]) && !a.knows(n, y, x, 0), a.fixed(n.in[1]) && !a.knows(n, x, y, 1):
		return a.level(n, dims)
	case a.fixed(n.in[0]) || a.fixed(n.in[1]) || slices.Equal(x, y):
	case n.op == "Mul" && (slices.Equal(x, dims) || slices.Equal(y, dims)):
	case n.op == "Div" && slices.Equal(x, dims):
	case n.op == "Add" && slices.Equal(y, dims) && alongAxis(y, x, 1):
		n.wire(n.in[1], n.in[0])
	case n.op != "Mul" && n.op != "Div" && slices.Equal(x, dims) && alongAxis(x, y, 1):
	default:
		return a.level(n, dims)
	}
	return one(n)
}

// knows reports whether OpenCV does right by an input of shape x and a constant
// of shape c, which is input number at.
func (a *adapter) knows(n *onnxNode, x, c []int64, at int) bool {
	if count, _ := total(c); count == 1 && len(c) <= len(x) {
		return true
	}
	switch n.op {
	case "Div": // it turns the constant itself upside down, for all who use it
		return false
	case "Mul":
		return alongAxis(x, c, 1)
	}
	if slices.Equal(x, c) && len(x) > 1 {
		return true
	}
	axis := 1
	if a.listed[n.in[at]] {
		axis = len(x) - len(c)
	}
	return alongAxis(x, c, axis)
}

// alongAxis reports whether what has shape c stretches to x as OpenCV does it:
// all its numbers in a row, along the dimensions from axis on.
func alongAxis(x, c []int64, axis int) bool {
	if axis < 0 || len(c) > len(x) {
		return false
	}
	whole := slices.Concat(slices.Repeat([]int64{1}, len(x)-len(c)), c)
	count, _ := total(c)
	for end := axis + 1; end <= len(x); end++ {
		if n, _ := total(x[axis:end]); n == count {
			rest := append(slices.Clone(whole[:axis]), whole[end:]...)
			return slices.Equal(whole[axis:end], x[axis:end]) && !slices.ContainsFunc(rest, func(d int64) bool { return d != 1 })
		}
	}
	return false
}

// level gives all inputs of an operator the same shape.
func (a *adapter) level(n *onnxNode, dims []int64) []*onnxNode {
	var list []*onnxNode
	in := slices.Clone(n.in)
	for i, name := range in {
		switch c := a.decode(name, maxStretch); {
		case a.fixed(name):
			if c == nil || !a.affords(dims) {
				return one(n)
			}
			v := a.variable(c.stretched(dims))
			list, in[i] = append(list, v), v.out[0]
		case slices.Equal(a.shapes[name], dims):
		case !a.spreads(name, dims):
			return one(n)
		default:
			more := a.spread(name, dims)
			list = append(list, more...)
			in[i] = more[len(more)-1].out[0]
		}
	}
	n.wire(in...)
	return append(list, n)
}

// affords reports whether a constant of a shape may be made, and counts it.
func (a *adapter) affords(dims []int64) bool {
	count, ok := total(dims)
	if !ok || count > maxStretch || count > a.work {
		return false
	}
	a.work -= count
	return true
}

// spreads reports whether OpenCV can stretch something to a shape by multiplying
// it with ones: but at its ends, it may lack one dimension.
func (a *adapter) spreads(name string, dims []int64) bool {
	x := a.shapes[name]
	first, last, missing := len(x), -1, 0
	for i, d := range x {
		if d != 1 {
			first, last = min(first, i), i
		}
	}
	for i := first; i <= last; i++ {
		if d := dims[len(dims)-len(x)+i]; x[i] != d {
			if missing++; d > maxCopies {
				return false
			}
		}
	}
	return last >= 0 && missing <= 1 && a.affords(dims)
}

// spread returns what multiplies something with ones of a shape, which it
// stretches to.
func (a *adapter) spread(name string, dims []int64) []*onnxNode {
	ones := a.variable(scalar(elemFloat, 1).stretched(dims))
	mul := &onnxNode{op: "Mul", in: []string{ones.out[0], name}, out: []string{a.fresh()}}
	mul.name = mul.out[0]
	a.shapes[mul.out[0]] = dims
	return []*onnxNode{ones, mul}
}

// extreme: OpenCV compares inputs of one shape and leaves constants out. What is
// compared with one number is clipped.
func extreme(a *adapter, n *onnxNode) []*onnxNode {
	if len(n.in) != 2 {
		return one(n)
	}
	bound := "min"
	if n.op == "Min" {
		bound = "max"
	}
	for i, name := range n.in {
		x := a.shapes[n.in[1-i]]
		if c := a.value(name); c != nil && len(c.values) == 1 && len(c.dims) <= len(x) && !a.fixed(n.in[1-i]) {
			n.become("Clip", n.in[1-i])
			n.set(bound, float32(c.values[0]))
			return one(n)
		}
	}
	x, y := a.shapes[n.in[0]], a.shapes[n.in[1]]
	if dims, ok := broadcast(x, y); x != nil && y != nil && ok && (a.fixed(n.in[0]) || a.fixed(n.in[1]) || !slices.Equal(x, y)) {
		return a.level(n, dims)
	}
	return one(n)
}

// expand: OpenCV stretches along one of the first two dimensions, or along the
// last two.
func expand(a *adapter, n *onnxNode) []*onnxNode {
	x := a.shapes[n.input(0)]
	to, ok := a.list(n.input(1))
	dims, fit := broadcast(x, to)
	switch {
	case !ok || !fit || x == nil || a.fixed(n.in[0]):
	case slices.Equal(dims, x):
		n.become("Identity", n.in[0])
	case a.spreads(n.in[0], dims):
		list := a.spread(n.in[0], dims)
		mul := list[len(list)-1]
		mul.name, mul.out = n.name, n.out
		return list
	}
	return one(n)
}
