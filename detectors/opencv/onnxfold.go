package opencv

import (
	"math"
	"slices"
)

// fold returns what an operator makes, if that depends on constants and shapes
// alone; nil: it does not, or is too much.
func (a *adapter) fold(n *onnxNode) *constant {
	if len(n.out) != 1 {
		return nil
	}
	c := a.compute(n)
	if c == nil {
		return nil
	}
	count, ok := total(c.dims)
	if !ok || count != int64(len(c.values)) || count > a.work {
		return nil
	}
	a.work -= count
	if c.dims == nil {
		c.dims = []int64{}
	}
	if c.elem == elemFloat {
		for i, v := range c.values {
			if r := float64(float32(v)); r != v {
				c.values = slices.Clone(c.values)
				c.values[i] = r
			}
		}
	}
	return c
}

func (a *adapter) compute(n *onnxNode) *constant {
	switch n.op {
	case "Constant":
		return constantOf(n)
	case "Shape", "Size":
		return shapeOf(n, a.shapes[n.input(0)])
	}
	if len(n.in) == 0 {
		return nil
	}
	in := make([]*constant, len(n.in))
	for i, name := range n.in {
		if name == "" {
			continue
		}
		if in[i] = a.value(name); in[i] == nil {
			return nil
		}
	}
	if in[0] == nil {
		return nil
	}
	if f := unaryOp(n.op); f != nil {
		return in[0].each(f)
	}
	switch n.op {
	case "Cast":
		return cast(in[0], uint64(n.int("to", 0)))
	case "Range":
		return spread(in)
	case "ConstantOfShape":
		return filled(n, in[0])
	case "Where":
		return pick(in)
	case "Concat":
		return concat(in, n.int("axis", 0))
	case "Transpose":
		return in[0].transposed(n.ints("perm"))
	case "Gather":
		return gather(in, n.int("axis", 0))
	case "Slice":
		return sliced(in)
	case "Expand":
		if len(in) == 2 && in[1] != nil {
			if dims, ok := broadcast(in[0].dims, in[1].ints()); ok && fits(dims) {
				return in[0].stretched(dims)
			}
		}
		return nil
	case "Reshape", "Squeeze", "Unsqueeze", "Flatten":
		if dims := a.reshaped(n, in[0].dims); dims != nil {
			return &constant{elem: in[0].elem, dims: dims, values: in[0].values}
		}
		return nil
	}
	if f := binaryOp(n.op, in[0].elem); f != nil && len(in) == 2 && in[1] != nil {
		return combine(n.op, in[0], in[1], f)
	}
	return nil
}

func fits(dims []int64) bool {
	n, ok := total(dims)
	return ok && n <= maxFold
}

func constantOf(n *onnxNode) *constant {
	if len(n.attrs) != 1 {
		return nil
	}
	switch v := n.attrs[0]; v.name {
	case "value":
		return parseTensor(v.tensor, maxFold)
	case "value_int":
		return scalar(elemInt64, float64(v.i))
	case "value_float":
		return scalar(elemFloat, float64(v.f))
	case "value_ints":
		return integers(v.ints)
	case "value_floats":
		c := &constant{elem: elemFloat, dims: []int64{int64(len(v.floats))}}
		for _, f := range v.floats {
			c.values = append(c.values, float64(f))
		}
		return c
	}
	return nil
}

func shapeOf(n *onnxNode, dims []int64) *constant {
	if dims == nil {
		return nil
	}
	if n.op == "Size" {
		count, _ := total(dims)
		return scalar(elemInt64, float64(count))
	}
	rank := int64(len(dims))
	at := func(name string, unset int64) int64 {
		v := n.int(name, unset)
		if v < 0 {
			v += rank
		}
		return max(0, min(v, rank))
	}
	start, end := at("start", 0), at("end", rank)
	return integers(dims[start:max(start, end)])
}

func unaryOp(op string) func(float64) float64 {
	switch op {
	case "Neg":
		return func(v float64) float64 { return -v }
	case "Abs":
		return math.Abs
	case "Floor":
		return math.Floor
	case "Ceil":
		return math.Ceil
	case "Round":
		return math.RoundToEven
	case "Sqrt":
		return math.Sqrt
	case "Exp":
		return math.Exp
	case "Log":
		return math.Log
	case "Reciprocal":
		return func(v float64) float64 { return 1 / v }
	case "Not":
		return func(v float64) float64 { return truth(v == 0) }
	case "Identity":
		return func(v float64) float64 { return v }
	}
	return nil
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (c *constant) each(f func(float64) float64) *constant {
	out := &constant{elem: c.elem, dims: c.dims, values: make([]float64, len(c.values))}
	for i, v := range c.values {
		out.values[i] = f(v)
	}
	return out
}

func cast(c *constant, to uint64) *constant {
	out := c
	switch to {
	case elemFloat, elemDouble:
	case elemInt32, elemInt64:
		out = c.each(math.Trunc)
	case elemBool:
		out = c.each(func(v float64) float64 { return truth(v != 0) })
	default:
		return nil
	}
	return &constant{elem: to, dims: out.dims, values: out.values}
}

func binaryOp(op string, elem uint64) func(x, y float64) float64 {
	whole := elem != elemFloat && elem != elemDouble
	switch op {
	case "Add":
		return func(x, y float64) float64 { return x + y }
	case "Sub":
		return func(x, y float64) float64 { return x - y }
	case "Mul":
		return func(x, y float64) float64 { return x * y }
	case "Div":
		return func(x, y float64) float64 {
			if whole {
				return math.Trunc(x / y)
			}
			return x / y
		}
	case "Mod":
		return func(x, y float64) float64 {
			m := math.Mod(x, y)
			if m != 0 && (m < 0) != (y < 0) {
				m += y
			}
			return m
		}
	case "Pow":
		return math.Pow
	case "Min":
		return math.Min
	case "Max":
		return math.Max
	case "Equal":
		return func(x, y float64) float64 { return truth(x == y) }
	case "Greater":
		return func(x, y float64) float64 { return truth(x > y) }
	case "GreaterOrEqual":
		return func(x, y float64) float64 { return truth(x >= y) }
	case "Less":
		return func(x, y float64) float64 { return truth(x < y) }
	case "LessOrEqual":
		return func(x, y float64) float64 { return truth(x <= y) }
	case "And":
		return func(x, y float64) float64 { return truth(x != 0 && y != 0) }
	case "Or":
		return func(x, y float64) float64 { return truth(x != 0 || y != 0) }
	}
	return nil
}

func combine(op string, x, y *constant, f func(x, y float64) float64) *constant {
	dims, ok := broadcast(x.dims, y.dims)
	if !ok || !fits(dims) {
		return nil
	}
	out := x.stretched(dims)
	for i, v := range y.stretched(dims).values {
		out.values[i] = f(out.values[i], v)
		if math.IsNaN(out.values[i]) {
			return nil
		}
	}
	switch op {
	case "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or":
		out.elem = elemBool
	}
	return out
}

func spread(in []*constant) *constant {
	if len(in) != 3 || slices.ContainsFunc(in, func(c *constant) bool { return c == nil || len(c.values) != 1 }) {
		return nil
	}
	start, limit, step := in[0].values[0], in[1].values[0], in[2].values[0]
	count := math.Ceil((limit - start) / step)
	if !(count <= maxFold) {
		return nil
	}
	out := &constant{elem: in[0].elem}
	for i := 0.0; i < count; i++ {
		out.values = append(out.values, start+i*step)
	}
	out.dims = []int64{int64(len(out.values))}
	return out
}

func filled(n *onnxNode, shape *constant) *constant {
	dims := shape.ints()
	if !fits(dims) {
		return nil
	}
	with := scalar(elemFloat, 0)
	if v := n.attr("value"); v != nil {
		if with = parseTensor(v.tensor, 1); with == nil || len(with.values) != 1 {
			return nil
		}
	}
	return scalar(with.elem, with.values[0]).stretched(dims)
}

func pick(in []*constant) *constant {
	if len(in) != 3 || in[1] == nil || in[2] == nil {
		return nil
	}
	dims, ok := broadcast(in[1].dims, in[2].dims)
	if ok {
		dims, ok = broadcast(dims, in[0].dims)
	}
	if !ok || !fits(dims) {
		return nil
	}
	which, out, other := in[0].stretched(dims), in[1].stretched(dims), in[2].stretched(dims)
	for i, v := range which.values {
		if v == 0 {
			out.values[i] = other.values[i]
		}
	}
	return out
}
