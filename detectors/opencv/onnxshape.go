package opencv

import "slices"

// infer works out the shapes of what a node makes. What it cannot work out has
// no shape, and rules that need one do not apply.
func (a *adapter) infer(n *onnxNode) {
	if n.op == "Split" && standard(n.domain) {
		a.inferSplit(n)
		return
	}
	if len(n.out) == 0 || !standard(n.domain) || n.op == "Const" {
		return
	}
	dims := a.shapeAfter(n)
	if _, ok := total(dims); dims != nil && ok && n.out[0] != "" {
		a.shapes[n.out[0]] = dims
	}
}

func (a *adapter) inferSplit(n *onnxNode) {
	dims, sizes := a.shapes[n.input(0)], n.ints("split")
	axis, ok := axisOf(n.int("axis", 0), len(dims))
	if !ok || sizes != nil && len(sizes) != len(n.out) {
		return
	}
	for i, name := range n.out {
		part := slices.Clone(dims)
		part[axis] /= int64(len(n.out))
		if sizes != nil {
			part[axis] = sizes[i]
		}
		if _, ok := total(part); ok {
			a.shapes[name] = part
		}
	}
}

func (a *adapter) shapeAfter(n *onnxNode) []int64 {
	in := make([][]int64, len(n.in))
	for i, name := range n.in {
		in[i] = a.shapes[name]
	}
	if len(in) == 0 || in[0] == nil {
		return nil
	}
	x := in[0]
	switch n.op {
	case "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Equal", "Greater", "Less":
		for _, y := range in[1:] {
			var ok bool
			if y == nil {
				return nil
			}
			if x, ok = broadcast(x, y); !ok {
				return nil
			}
		}
		return x
	case "Conv":
		return convolved(n, in)
	case "MaxPool", "AveragePool":
		return pooled(n, x)
	case "GlobalAveragePool", "GlobalMaxPool":
		if len(x) < 2 {
			return nil
		}
		out := slices.Clone(x)
		for i := range out[2:] {
			out[2+i] = 1
		}
		return out
	case "ConvTranspose":
		return deconvolved(n, in)
	case "Concat":
		axis, ok := axisOf(n.int("axis", 0), len(x))
		if !ok {
			return nil
		}
		out := slices.Clone(x)
		for _, y := range in[1:] {
			if len(y) != len(x) {
				return nil
			}
			out[axis] += y[axis]
		}
		return out
	case "Transpose":
		return permuted(x, n.ints("perm"))
	case "Reshape", "Squeeze", "Unsqueeze", "Flatten":
		return a.reshaped(n, x)
	case "Expand":
		if to, ok := a.list(n.input(1)); ok {
			if out, ok := broadcast(x, to); ok {
				return out
			}
		}
	case "MatMul":
		return multiplied(in)
	case "Gemm":
		if len(in) < 2 || len(x) != 2 || len(in[1]) != 2 {
			return nil
		}
		return []int64{x[n.int("transA", 0)&1], in[1][1-n.int("transB", 0)&1]}
	case "Slice":
		return a.cutOut(n, x)
	case "Gather":
		if axis, ok := axisOf(n.int("axis", 0), len(x)); ok && len(in) == 2 && in[1] != nil {
			return append(append(append([]int64{}, x[:axis]...), in[1]...), x[axis+1:]...)
		}
	case "Resize":
		return a.resized(n, x)
	case "Pad":
		if pads := n.ints("pads"); len(pads) == 2*len(x) {
			return padded(x, pads)
		}
		if pads, ok := a.list(n.input(1)); ok && len(pads) == 2*len(x) {
			return padded(x, pads)
		}
	case "ReduceMax", "ReduceMin", "ReduceSum", "ReduceSumSquare", "ReduceProd", "ReduceL1", "ReduceL2",
		"ReduceLogSum", "ReduceLogSumExp", "ReduceMean":
		return reduced(n, x)
	case "ArgMax", "ArgMin":
		return without(x, []int64{n.int("axis", 0)}, n.int("keepdims", 1) == 1)
	}
	if unaryOp(n.op) != nil || sameShape(n.op) {
		return x
	}
	return nil
}

// sameShape reports whether an operator changes no shape.
func sameShape(op string) bool {
	switch op {
	case "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Softplus", "Softsign",
		"Erf", "Clip", "Cast", "Dropout", "Softmax", "LogSoftmax", "BatchNormalization", "InstanceNormalization", "LRN", "Mish",
		"ThresholdedRelu", "Sin", "Cos", "Tan", "Sign", "CumSum":
		return true
	}
	return false
}

// reshaped returns the shape that an operator gives what has another.
func (a *adapter) reshaped(n *onnxNode, x []int64) []int64 {
	switch n.op {
	case "Flatten":
		axis := n.int("axis", 1)
		if axis < 0 {
			axis += int64(len(x))
		}
		if axis < 0 || axis > int64(len(x)) {
			return nil
		}
		before, _ := total(x[:axis])
		after, _ := total(x[axis:])
		return []int64{before, after}
	case "Squeeze", "Unsqueeze":
		axes, ok := a.axes(n)
		if !ok {
			return nil
		}
		if n.op == "Unsqueeze" {
			return widened(x, axes)
		}
		if axes == nil {
			return slices.DeleteFunc(append([]int64{}, x...), func(d int64) bool { return d == 1 })
		}
		return without(x, axes, false)
	}
	to := slices.Clone(n.ints("shape"))
	if len(n.in) > 1 {
		var ok bool
		if to, ok = a.list(n.in[1]); !ok {
			return nil
		}
	}
	open, known := -1, int64(1)
	for i, d := range to {
		if d == 0 && i < len(x) && n.int("allowzero", 0) == 0 {
			to[i] = x[i]
		}
		if d == -1 {
			open = i
			continue
		}
		if to[i] < 0 || to[i] > maxTotal/max(1, known) {
			return nil
		}
		known *= to[i]
	}
	count, _ := total(x)
	if open >= 0 && known > 0 {
		to[open] = count / known
		known *= to[open]
	}
	if known != count || to == nil {
		return nil
	}
	return to
}

// axes returns the axes of an operator, which are an attribute or, since ONNX 13
// or 18, an input. Not ok: they are not known. Nil: there are none.
func (a *adapter) axes(n *onnxNode) ([]int64, bool) {
	if name := n.input(1); name != "" {
		return a.list(name)
	}
	return n.ints("axes"), true
}

// widened returns a shape with dimensions of 1 that have these axes in it.
func widened(x, axes []int64) []int64 {
	rank := len(x) + len(axes)
	if rank > maxRank {
		return nil
	}
	out := make([]int64, rank)
	for _, axis := range axes {
		i, ok := axisOf(axis, rank)
		if !ok || out[i] != 0 {
			return nil
		}
		out[i] = 1
	}
	rest := x
	for i := range out {
		if out[i] == 0 {
			out[i], rest = rest[0], rest[1:]
		}
	}
	return out
}

// without returns a shape without some axes, or with 1 in their place.
func without(x, axes []int64, keep bool) []int64 {
	drop := make([]bool, len(x))
	for _, axis := range axes {
		i, ok := axisOf(axis, len(x))
		if !ok {
			return nil
		}
		drop[i] = true
	}
	out := []int64{}
	for i, d := range x {
		if !drop[i] {
			out = append(out, d)
		} else if keep {
			out = append(out, 1)
		}
	}
	return out
}

func reduced(n *onnxNode, x []int64) []int64 {
	axes := n.ints("axes")
	if axes == nil {
		for i := range x {
			axes = append(axes, int64(i))
		}
	}
	return without(x, axes, n.int("keepdims", 1) == 1)
}
