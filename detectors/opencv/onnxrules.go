package opencv

import "slices"

// rule turns an operator into those that OpenCV 4.6 reads in its place, which
// may be the operator itself. What an operator means and since which version is
// in ONNX's list of operators, https://onnx.ai/onnx/operators/. A rule that does
// not know enough leaves the operator as it is: OpenCV then says what it misses.
type rule func(a *adapter, n *onnxNode) []*onnxNode

func ruleFor(op string) rule {
	switch op {
	case "Add", "Sub", "Mul", "Div":
		return arithmetic
	case "Max", "Min":
		return extreme
	case "Expand":
		return expand
	case "Split":
		return split
	case "Squeeze", "Unsqueeze", "Reshape":
		return reshape
	case "ReduceMax", "ReduceMin", "ReduceSum", "ReduceSumSquare", "ReduceProd", "ReduceL1", "ReduceL2",
		"ReduceLogSum", "ReduceLogSumExp", "ReduceMean":
		return reduce
	case "Softmax", "LogSoftmax":
		return softmax
	case "Clip":
		return clip
	case "Gemm":
		return gemm
	case "Resize":
		return resize
	case "Slice":
		return slice
	case "Gather":
		return gatherOne
	case "Pad":
		return pad
	case "Dropout":
		return dropout
	}
	return nil
}

func one(n *onnxNode) []*onnxNode { return []*onnxNode{n} }

// split: since 13 the sizes are an input, and since 18 they may be left out
// together with num_outputs. OpenCV reads the attribute that they were before.
func split(a *adapter, n *onnxNode) []*onnxNode {
	sizes, given := n.ints("split"), n.input(1) != ""
	if given {
		var ok bool
		if sizes, ok = a.list(n.in[1]); !ok {
			return one(n)
		}
	}
	x := a.shapes[n.input(0)]
	axis, ok := axisOf(n.int("axis", 0), len(x))
	if parts := int64(len(n.out)); sizes == nil && ok && x[axis]%parts != 0 {
		whole := (x[axis] + parts - 1) / parts // the last one is smaller
		for rest := x[axis]; rest > 0; rest -= whole {
			sizes = append(sizes, min(whole, rest))
		}
	}
	switch {
	case len(n.out) == 1:
		n.become("Identity", n.in[0])
	case len(n.in) > 1 || sizes != nil && n.attr("split") == nil:
		n.wire(n.in[0])
		n.unset("num_outputs")
		if sizes != nil {
			n.set("split", sizes)
		}
	}
	return one(n)
}

// reshape: since 13 Squeeze and Unsqueeze have their axes as an input. OpenCV
// takes them as an attribute, none that count from the end, and of a variable
// no two. A Reshape says the same.
func reshape(a *adapter, n *onnxNode) []*onnxNode {
	if n.op == "Reshape" && n.int("allowzero", 0) == 0 && (len(n.in) < 2 || a.listed[n.in[1]]) {
		return one(n)
	}
	x := a.shapes[n.input(0)]
	if x == nil {
		if axes, ok := a.axes(n); n.op == "Squeeze" && ok && axes != nil && !slices.ContainsFunc(axes, func(v int64) bool { return v < 0 }) && len(n.in) > 1 {
			n.wire(n.in[0])
			n.set("axes", axes)
		}
		return one(n)
	}
	to := a.reshaped(n, x)
	if to == nil {
		return one(n)
	}
	if len(to) == 0 {
		to = []int64{1} // OpenCV has no scalars
	}
	n.become("Reshape", n.in[0], a.constant(integers(to)))
	return one(n)
}

// reduce: ReduceSum has its axes as an input since 13, the others since 18.
// OpenCV reads the attribute; of the others it takes no notice of the input.
func reduce(a *adapter, n *onnxNode) []*onnxNode {
	axes, ok := a.axes(n)
	switch {
	case !ok:
	case len(axes) == 0 && n.int("noop_with_empty_axes", 0) == 1:
		n.become("Identity", n.in[0])
	case len(n.in) > 1:
		n.wire(n.in[0])
		if len(axes) > 0 {
			n.set("axes", axes)
		}
	}
	n.unsetOld("noop_with_empty_axes")
	return one(n)
}

// unsetOld removes an attribute, if it is there.
func (n *onnxNode) unsetOld(name string) {
	if n.attr(name) != nil {
		n.unset(name)
	}
}

// softmax: the axis is the last one unless given, since 13, and was 1 before,
// which is what OpenCV takes it for.
func softmax(a *adapter, n *onnxNode) []*onnxNode {
	if a.opset >= 13 && n.attr("axis") == nil {
		n.set("axis", int64(-1))
	}
	return one(n)
}

// clip: since 11 the bounds are inputs. OpenCV reads the attributes they were.
func clip(a *adapter, n *onnxNode) []*onnxNode {
	if len(n.in) < 2 {
		return one(n)
	}
	bounds := map[string]float32{}
	for i, name := range []string{"min", "max"} {
		if n.input(1+i) == "" {
			continue
		}
		c := a.value(n.in[1+i])
		if c == nil || len(c.values) != 1 {
			return one(n)
		}
		bounds[name] = float32(c.values[0])
	}
	n.become("Clip", n.in[0])
	for _, name := range []string{"min", "max"} {
		if v, ok := bounds[name]; ok {
			n.set(name, v)
		}
	}
	return one(n)
}

// gemm: the second matrix is as it stands unless transB says otherwise. OpenCV
// takes it for transposed where nothing is said. A MatMul it reads as it is.
func gemm(a *adapter, n *onnxNode) []*onnxNode {
	if n.int("transB", 0) != 0 || n.int("transA", 0) != 0 || len(n.in) < 2 || !a.fixed(n.in[1]) {
		return one(n)
	}
	for _, name := range []string{"alpha", "beta"} {
		if f := n.attr(name); f != nil && f.f != 1 {
			return one(n)
		}
	}
	product := &onnxNode{op: "MatMul", in: n.in[:2], out: n.out}
	product.name = a.fresh()
	if n.input(2) == "" {
		return one(product)
	}
	product.out = []string{a.fresh()}
	a.infer(product)
	n.become("Add", product.out[0], n.in[2])
	return append(one(product), arithmetic(a, n)...)
}

// resize: the mode is "nearest" unless given, and since 18 axes says what the
// scales and sizes are of. OpenCV wants all of it written out.
func resize(a *adapter, n *onnxNode) []*onnxNode {
	if n.attr("mode") == nil {
		n.set("mode", "nearest")
	}
	axes, x := n.ints("axes"), a.shapes[n.input(0)]
	if axes == nil || x == nil || n.text("keep_aspect_ratio_policy", "stretch") != "stretch" {
		return one(n)
	}
	in := slices.Clone(n.in)
	for i, unchanged := range map[int][]float64{2: {1, 1, 1, 1, 1, 1, 1, 1}, 3: floats(x)} {
		c := a.value(n.input(i))
		if c == nil {
			continue
		}
		all := &constant{elem: c.elem, dims: []int64{int64(len(x))}, values: slices.Clone(unchanged[:len(x)])}
		for k, axis := range axes {
			at, ok := axisOf(axis, len(x))
			if !ok || len(c.values) != len(axes) {
				return one(n)
			}
			all.values[at] = c.values[k]
		}
		in[i] = a.constant(all)
	}
	n.unset("axes")
	n.wire(in...)
	return one(n)
}

func floats(list []int64) []float64 { return integers(list).values }

// slice: OpenCV takes axes that follow one another and count from the front.
func slice(a *adapter, n *onnxNode) []*onnxNode {
	x := a.shapes[n.input(0)]
	axes, known := n.ints("axes"), true
	if len(n.in) > 3 {
		axes, known = a.list(n.in[3])
	}
	good := known && (len(n.in) != 4 || n.in[3] != "") && (len(n.in) != 5 || n.in[3] != "" && n.in[4] != "")
	for i, axis := range axes {
		good = good && axis >= 0 && (i == 0 || axis == axes[i-1]+1)
	}
	parts := a.parts(n, x)
	if good || parts == nil {
		return one(n)
	}
	var first, end, at, step []int64
	for i, p := range parts {
		if p.step < 0 || p.count == 0 {
			return one(n)
		}
		first, end = append(first, p.first), append(end, min(x[i], p.first+p.count*p.step))
		at, step = append(at, int64(i)), append(step, p.step)
	}
	n.become("Slice", n.in[0], a.constant(integers(first)), a.constant(integers(end)), a.constant(integers(at)), a.constant(integers(step)))
	return one(n)
}

// gatherOne: OpenCV takes one index, not from the end, and leaves its dimension
// out. Several that follow one another are a Slice.
func gatherOne(a *adapter, n *onnxNode) []*onnxNode {
	x, c := a.shapes[n.input(0)], a.value(n.input(1))
	axis, ok := axisOf(n.int("axis", 0), len(x))
	if !ok || c == nil || len(c.values) == 0 || len(c.dims) > 1 {
		return one(n)
	}
	index := c.ints()
	for i := range index {
		if index[i] < 0 {
			index[i] += x[axis]
		}
		if index[i] != index[0]+int64(i) || index[i] < 0 || index[i] >= x[axis] {
			return one(n)
		}
	}
	switch {
	case len(c.dims) == 1:
		end := index[len(index)-1] + 1
		n.become("Slice", n.in[0], a.constant(integers(index[:1])), a.constant(integers([]int64{end})), a.constant(integers([]int64{int64(axis)})))
	case float64(index[0]) != c.values[0] || n.int("axis", 0) < 0:
		n.wire(n.in[0], a.constant(scalar(elemInt64, float64(index[0]))))
		n.set("axis", int64(axis))
	}
	return one(n)
}

// pad: since 18 there may be axes, and what is filled in may be left out by name
// alone. OpenCV wants the pads of all axes.
func pad(a *adapter, n *onnxNode) []*onnxNode {
	x := a.shapes[n.input(0)]
	pads, ok := a.list(n.input(1))
	if len(n.in) < 2 || !ok || x == nil || len(n.in) == 2 || len(n.in) == 3 && n.in[2] != "" {
		return one(n)
	}
	if name := n.input(3); name != "" {
		axes, ok := a.list(name)
		if !ok || len(pads) != 2*len(axes) {
			return one(n)
		}
		all := make([]int64, 2*len(x))
		for i, axis := range axes {
			at, ok := axisOf(axis, len(x))
			if !ok {
				return one(n)
			}
			all[at], all[len(x)+at] = pads[i], pads[len(axes)+i]
		}
		pads = all
	}
	in := []string{n.in[0], a.constant(integers(pads))}
	if n.input(2) != "" {
		in = append(in, n.in[2])
	}
	n.wire(in...)
	return one(n)
}

// dropout does nothing once a model is taught.
func dropout(_ *adapter, n *onnxNode) []*onnxNode {
	if len(n.in) > 1 && len(n.out) == 1 {
		n.become("Identity", n.in[0])
	}
	return one(n)
}
