package opencv

import "slices"

// maxWindow is how far anything of a window can reach, in pixels.
const maxWindow = 1 << 16

// window is how far an operator sees along one dimension, and how it moves.
type window struct{ size, stride, dilation, before, after int64 }

// windows returns the windows of a convolution or pool over a picture with the
// sizes x, whose kernel has the sizes given; nil: the file says nonsense.
func windows(n *onnxNode, x, kernel []int64) []window {
	list := make([]window, len(x))
	at := func(name string, i int, unset int64) int64 {
		if v := n.ints(name); i < len(v) {
			return v[i]
		}
		return unset
	}
	for i := range list {
		if i >= len(kernel) {
			return nil
		}
		w := window{kernel[i], at("strides", i, 1), at("dilations", i, 1), at("pads", i, 0), at("pads", len(x)+i, 0)}
		for _, v := range []int64{w.size, w.stride, w.dilation} {
			if v < 1 || v > maxWindow {
				return nil
			}
		}
		if max(w.before, w.after) > maxWindow || min(w.before, w.after) < 0 {
			return nil
		}
		list[i] = w
	}
	return list
}

// slid returns how many places windows have on a picture.
func slid(n *onnxNode, x, kernel []int64) []int64 {
	var out []int64
	for i, w := range windows(n, x, kernel) {
		d := x[i]
		switch n.text("auto_pad", "NOTSET") {
		case "SAME_UPPER", "SAME_LOWER":
			out = append(out, (d+w.stride-1)/w.stride)
			continue
		case "VALID":
			w.before, w.after = 0, 0
		}
		room := d + w.before + w.after - w.dilation*(w.size-1) - 1
		if room < 0 {
			return nil
		}
		places := room/w.stride + 1
		if n.int("ceil_mode", 0) == 1 && room%w.stride != 0 && places*w.stride < d+w.before {
			places++
		}
		out = append(out, places)
	}
	return out
}

func convolved(n *onnxNode, in [][]int64) []int64 {
	if len(in) < 2 || len(in[0]) < 3 || len(in[1]) != len(in[0]) {
		return nil
	}
	sides := slid(n, in[0][2:], in[1][2:])
	if sides == nil {
		return nil
	}
	return slices.Concat([]int64{in[0][0], in[1][0]}, sides)
}

func pooled(n *onnxNode, x []int64) []int64 {
	if len(x) < 3 {
		return nil
	}
	sides := slid(n, x[2:], n.ints("kernel_shape"))
	if sides == nil {
		return nil
	}
	return slices.Concat(x[:2], sides)
}

func deconvolved(n *onnxNode, in [][]int64) []int64 {
	if len(in) < 2 || len(in[0]) < 3 || len(in[1]) != len(in[0]) || n.attr("output_shape") != nil || n.attr("auto_pad") != nil {
		return nil
	}
	list := windows(n, in[0][2:], in[1][2:])
	if list == nil {
		return nil
	}
	out := []int64{in[0][0], in[1][1] * max(1, n.int("group", 1))}
	extra := n.ints("output_padding")
	for i, w := range list {
		side := w.stride*(in[0][2+i]-1) + w.dilation*(w.size-1) + 1 - w.before - w.after
		if i < len(extra) {
			side += extra[i]
		}
		out = append(out, side)
	}
	return out
}

// multiplied returns the shape of a product of matrices.
func multiplied(in [][]int64) []int64 {
	if len(in) != 2 || len(in[0]) < 2 || len(in[1]) < 2 {
		return nil
	}
	x, y := in[0], in[1]
	rows, cols := x[len(x)-2], y[len(y)-1]
	out, ok := broadcast(x[:len(x)-2], y[:len(y)-2])
	if !ok {
		return nil
	}
	return append(slices.Clone(out), rows, cols)
}

func padded(x, pads []int64) []int64 {
	out := slices.Clone(x)
	for i := range out {
		out[i] += pads[i] + pads[len(x)+i]
	}
	return out
}

// cutOut returns the shape after a Slice.
func (a *adapter) cutOut(n *onnxNode, x []int64) []int64 {
	parts := a.parts(n, x)
	if parts == nil {
		return nil
	}
	out := make([]int64, len(parts))
	for i, p := range parts {
		out[i] = p.count
	}
	return out
}

// parts returns what a Slice wants; nil: it is not known.
func (a *adapter) parts(n *onnxNode, x []int64) []cut {
	if x == nil {
		return nil
	}
	if len(n.in) == 1 {
		return cuts(x, n.ints("starts"), n.ints("ends"), n.ints("axes"), nil)
	}
	var lists [4][]int64
	for i := range lists {
		if name := n.input(1 + i); name != "" {
			var ok bool
			if lists[i], ok = a.list(name); !ok {
				return nil
			}
		}
	}
	return cuts(x, lists[0], lists[1], lists[2], lists[3])
}

func (a *adapter) resized(n *onnxNode, x []int64) []int64 {
	if name := n.input(3); name != "" {
		sizes, ok := a.list(name)
		if !ok || len(sizes) != len(x) {
			return nil
		}
		return sizes
	}
	name := n.input(2)
	if len(n.in) == 2 {
		name = n.in[1]
	}
	scales := a.value(name)
	if scales == nil || len(scales.values) != len(x) {
		return nil
	}
	out := slices.Clone(x)
	for i, s := range scales.values {
		if !(s > 0 && s < maxInput) {
			return nil
		}
		out[i] = int64(float64(out[i]) * s)
	}
	return out
}
