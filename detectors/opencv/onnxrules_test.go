//go:build cgo

package opencv

import (
	"fmt"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// opsets are versions of ONNX between which the forms of operators changed.
var opsets = []int64{12, 13, 17, 20}

func zeros(n int) []int { return make([]int, n) }

func TestOperatorsAnswerAsDefined(t *testing.T) {
	soft := func(x array) array {
		e := x.each(math.Exp)
		return pair(e, e.sum(len(x.dims)-1), func(a, b float64) float64 { return a / b })
	}
	clamp := func(low, high float64) func(array) array {
		return func(x array) array {
			return x.each(func(v float64) float64 { return math.Max(low, math.Min(high, v)) })
		}
	}
	part := func(first, count, step []int) func(array) array {
		return func(x array) array { return x.picked(first, count, step) }
	}
	whole := []int{1, 1, 1, 1}
	gemm := ramp(192, 5)
	for _, c := range []struct {
		name  string
		since int64 // there is no such form before
		write func(g *tiny)
		want  func(x array) array
	}{
		{"Split", 0, func(g *tiny) {
			in, attrs := g.since(13, "split", []int64{5, 1, 2}, "x")
			g.split(in, []string{"a", "b", "c"}, append(attrs, attribute("axis", int64(3)))...)
			g.node("Concat", []string{"c", "b", "a", "y"}, attribute("axis", int64(3)))
		}, func(x array) array {
			return join(3, x.picked([]int{0, 0, 0, 6}, []int{1, 3, 8, 2}, whole), x.picked([]int{0, 0, 0, 5}, []int{1, 3, 8, 1}, whole),
				x.picked(zeros(4), []int{1, 3, 8, 5}, whole))
		}},
		{"Split evenly", 0, func(g *tiny) {
			g.split([]string{"x"}, []string{"a", "b"}, attribute("axis", int64(-1)))
			g.node("Concat", []string{"b", "a", "y"}, attribute("axis", int64(2)))
		}, func(x array) array {
			return join(2, x.picked([]int{0, 0, 0, 4}, []int{1, 3, 8, 4}, whole), x.picked(zeros(4), []int{1, 3, 8, 4}, whole))
		}},
		{"Split by num_outputs", 18, func(g *tiny) {
			g.split([]string{"x"}, []string{"a", "b", "c"}, attribute("axis", int64(2)), attribute("num_outputs", int64(3)))
			g.node("Concat", []string{"c", "a", "y"}, attribute("axis", int64(2)))
		}, func(x array) array {
			return join(2, x.picked([]int{0, 0, 6, 0}, []int{1, 3, 2, 8}, whole), x.picked(zeros(4), []int{1, 3, 3, 8}, whole))
		}},
		{"Split into one", 18, func(g *tiny) {
			g.split([]string{"x"}, []string{"y"}, attribute("num_outputs", int64(1)))
		}, func(x array) array { return x }},
		{"Squeeze and Unsqueeze", 0, func(g *tiny) {
			in, attrs := g.since(13, "axes", []int64{-4}, "x")
			g.node("Squeeze", append(in, "s"), attrs...)
			in, attrs = g.since(13, "axes", []int64{0, -1, 2}, "s")
			g.node("Unsqueeze", append(in, "u"), attrs...)
			g.node("Transpose", []string{"u", "y"}, attribute("perm", []int64{0, 2, 5, 4, 3, 1}))
		}, func(x array) array {
			return build([]int{8, 8, 3}, func(at []int) float64 { return x.v[x.index([]int{0, at[2], at[1], at[0]})] })
		}},
		{"Squeeze of all", 0, func(g *tiny) { g.node("Squeeze", []string{"x", "s"}); g.node("Relu", []string{"s", "y"}) }, func(x array) array { return x }},
		{"ReduceSum", 0, func(g *tiny) {
			in, attrs := g.since(13, "axes", []int64{-1, 1}, "x")
			g.node("ReduceSum", append(in, "y"), append(attrs, attribute("keepdims", int64(0)))...)
		}, func(x array) array { return x.sum(1, 3) }},
		{"ReduceMean", 0, func(g *tiny) {
			in, attrs := g.since(18, "axes", []int64{2}, "x")
			g.node("ReduceMean", append(in, "m"), attrs...)
			g.node("Sub", []string{"x", "m", "y"})
		}, func(x array) array { return pair(x, x.sum(2), func(a, b float64) float64 { return a - b/8 }) }},
		{"ReduceSum of nothing", 13, func(g *tiny) {
			g.shape("none")
			g.node("ReduceSum", []string{"x", "none", "y"}, attribute("noop_with_empty_axes", int64(1)))
		}, func(x array) array { return x }},
		{"Softmax", 13, func(g *tiny) { g.node("Softmax", []string{"x", "y"}) }, soft},
		{"Softmax along an axis", 0, func(g *tiny) { g.node("Softmax", []string{"x", "y"}, attribute("axis", int64(3))) }, soft},
		{"Clip", 11, func(g *tiny) {
			g.weight("low", array{nil, []float64{0.25}}, true)
			g.weight("high", array{nil, []float64{0.5}}, false)
			g.node("Clip", []string{"x", "low", "high", "y"})
		}, clamp(0.25, 0.5)},
		{"Clip below", 11, func(g *tiny) {
			g.weight("high", array{nil, []float64{0.5}}, false)
			g.node("Clip", []string{"x", "", "high", "y"})
		}, clamp(0, 0.5)},
		{"Max and Min", 0, func(g *tiny) {
			g.weight("low", array{nil, []float64{0.25}}, false)
			g.weight("high", ramp(3, 1, 1), false)
			g.node("Max", []string{"x", "low", "m"})
			g.node("Min", []string{"high", "m", "y"})
		}, func(x array) array { return pair(clamp(0.25, 9)(x), ramp(3, 1, 1), math.Min) }},
		{"Gemm", 0, func(g *tiny) {
			g.node("Flatten", []string{"x", "f"})
			g.node("Gemm", []string{"f", g.weight("w", gemm, false), g.weight("b", ramp(5), false), "y"})
		}, func(x array) array {
			return build([]int{5}, func(at []int) float64 {
				s := ramp(5).v[at[0]]
				for i, v := range x.v {
					s += v * gemm.v[i*5+at[0]]
				}
				return s
			})
		}},
		{"Gemm of a square", 0, func(g *tiny) {
			g.shape("flat", 24, 8)
			g.node("Reshape", []string{"x", "flat", "f"})
			g.node("Gemm", []string{"f", g.weight("w", ramp(8, 8), false), "y"})
		}, func(x array) array {
			return build([]int{24, 8}, func(at []int) (s float64) {
				for i := range 8 {
					s += x.v[at[0]*8+i] * ramp(8, 8).v[i*8+at[1]]
				}
				return s
			})
		}},
		{"Resize", 13, func(g *tiny) {
			g.weight("scales", array{[]int{4}, []float64{1, 1, 2, 2}}, false)
			g.node("Resize", []string{"x", "", "scales", "y"}, attribute("coordinate_transformation_mode", "asymmetric"), attribute("nearest_mode", "floor"))
		}, func(x array) array {
			return build([]int{1, 3, 16, 16}, func(at []int) float64 { return x.v[x.index([]int{0, at[1], at[2] / 2, at[3] / 2})] })
		}},
		{"Resize of some axes", 18, func(g *tiny) {
			g.shape("sizes", 16, 24)
			g.node("Resize", []string{"x", "", "", "sizes", "y"}, attribute("axes", []int64{2, -1}), attribute("mode", "nearest"),
				attribute("coordinate_transformation_mode", "asymmetric"), attribute("nearest_mode", "floor"))
		}, func(x array) array {
			return build([]int{1, 3, 16, 24}, func(at []int) float64 { return x.v[x.index([]int{0, at[1], at[2] / 2, at[3] / 3})] })
		}},
		{"Slice from the end", 10, func(g *tiny) {
			g.shape("first", -3)
			g.shape("end", math.MaxInt64)
			g.shape("axis", -1)
			g.node("Slice", []string{"x", "first", "end", "axis", "y"})
		}, part([]int{0, 0, 0, 5}, []int{1, 3, 8, 3}, whole)},
		{"Slice of axes apart", 10, func(g *tiny) {
			g.shape("first", 1, 0)
			g.shape("end", 8, 2)
			g.shape("axis", 3, 1)
			g.shape("step", 3, 1)
			g.node("Slice", []string{"x", "first", "end", "axis", "step", "y"})
		}, part([]int{0, 0, 0, 1}, []int{1, 2, 8, 3}, []int{1, 1, 1, 3})},
		{"Gather the last", 0, func(g *tiny) {
			g.nodeOfInts("index", nil, -1)
			g.node("Gather", []string{"x", "index", "y"}, attribute("axis", int64(-2)))
		}, part([]int{0, 0, 7, 0}, []int{1, 3, 1, 8}, whole)},
		{"Gather a range", 0, func(g *tiny) {
			g.shape("index", 1, 2)
			g.node("Gather", []string{"x", "index", "y"}, attribute("axis", int64(1)))
		}, part([]int{0, 1, 0, 0}, []int{1, 2, 8, 8}, whole)},
		{"Pad", 11, func(g *tiny) {
			in := []string{"x", "pads", "", "y"}
			if g.opset >= 18 {
				g.shape("axes", -1)
				g.shape("pads", 2, 1)
				in = []string{"x", "pads", "", "axes", "y"}
			} else {
				g.shape("pads", 0, 0, 0, 2, 0, 0, 0, 1)
			}
			g.node("Pad", in)
		}, func(x array) array {
			return join(3, build([]int{1, 3, 8, 2}, func([]int) float64 { return 0 }), x, build([]int{1, 3, 8, 1}, func([]int) float64 { return 0 }))
		}},
		{"Expand", 0, func(g *tiny) {
			g.node("ReduceMax", []string{"x", "m"}, attribute("axes", []int64{2, 3}))
			g.shape("to", 1, 8, 8)
			g.node("Expand", []string{"m", "to", "y"})
		}, func(x array) array {
			return build(x.dims, func(at []int) float64 {
				most := 0.0
				for i := range 64 {
					most = math.Max(most, x.v[at[1]*64+i])
				}
				return most
			})
		}},
		{"Dropout", 12, func(g *tiny) {
			g.weight("ratio", array{nil, []float64{0.5}}, false)
			g.node("Dropout", []string{"x", "ratio", "y"})
		}, func(x array) array { return x }},
		{"another name", 0, func(g *tiny) {
			g.weight("w", ramp(3, 1, 1), false)
			g.node("Identity", []string{"w", "v"})
			g.node("Mul", []string{"x", "v", "y"})
		}, func(x array) array { return pair(x, ramp(3, 1, 1), func(a, b float64) float64 { return a * b }) }},
		{"doubles", 0, func(g *tiny) {
			var raw []byte
			for _, v := range []float64{1, 2, 3} {
				raw = protowire.AppendFixed64(raw, math.Float64bits(v))
			}
			g.weights = append(g.weights, protowire.AppendBytes(protowire.AppendTag(nil, 5, protowire.BytesType),
				protowire.AppendBytes(protowire.AppendTag(number(number(number(number(text(nil, 8, "w"), 1, 3), 1, 1), 1, 1), 2, 11), 9, protowire.BytesType), raw))...)
			g.node("Mul", []string{"x", "w", "y"})
		}, func(x array) array {
			return pair(x, array{[]int{3, 1, 1}, []float64{1, 2, 3}}, func(a, b float64) float64 { return a * b })
		}},
	} {
		for _, opset := range opsets {
			if opset < c.since {
				continue
			}
			t.Run(fmt.Sprint(c.name, " ", opset), func(t *testing.T) {
				g := new(tiny)
				g.opset = opset
				c.write(g)
				check(t, g, "y", c.want)
			})
		}
	}
}

// split adds an operator with several outputs.
func (g *tiny) split(in, out []string, attributes ...[]byte) {
	var b []byte
	for _, name := range in {
		b = text(b, 1, name)
	}
	for _, name := range out {
		b = text(b, 2, name)
	}
	b = text(text(b, 3, out[0]), 4, "Split")
	for _, a := range attributes {
		b = part(b, 5, a)
	}
	g.nodes = part(g.nodes, 1, b)
}

// nodeOfInts adds a Constant of whole numbers.
func (g *tiny) nodeOfInts(name string, dims []int64, list ...int64) {
	var b, raw []byte
	for _, d := range dims {
		b = number(b, 1, d)
	}
	for _, v := range list {
		raw = protowire.AppendFixed64(raw, uint64(v))
	}
	g.node("Constant", []string{name}, attribute("value", part(number(b, 2, 7), 9, raw)))
}
