//go:build cgo

package opencv

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"rvo-tui/detectors"
)

// array is numbers in a shape. What is done with it here is the reference that
// models are compared with: it is written from the definition of each operator
// and shares nothing with what rewrites them.
type array struct {
	dims []int
	v    []float64
}

func (a array) index(at []int) (j int) {
	for i, k := range at {
		j = j*a.dims[i] + k
	}
	return j
}

// build makes an array of what a function says of each place.
func build(dims []int, f func(at []int) float64) array {
	n := 1
	for _, d := range dims {
		n *= d
	}
	a := array{dims, make([]float64, n)}
	for i := range n {
		at, rest := make([]int, len(dims)), i
		for d := len(dims) - 1; d >= 0; d-- {
			at[d], rest = rest%dims[d], rest/dims[d]
		}
		a.v[i] = f(at)
	}
	return a
}

// pair does what NumPy does with two arrays of different shapes.
func pair(a, b array, f func(x, y float64) float64) array {
	rank := max(len(a.dims), len(b.dims))
	dims := make([]int, rank)
	side := func(x array, i int) int {
		if i += len(x.dims) - rank; i < 0 {
			return 1
		}
		return x.dims[i]
	}
	for i := range dims {
		dims[i] = max(side(a, i), side(b, i))
	}
	get := func(x array, at []int) float64 {
		own := slices.Clone(at[rank-len(x.dims):])
		for i := range own {
			own[i] = min(own[i], x.dims[i]-1)
		}
		return x.v[x.index(own)]
	}
	return build(dims, func(at []int) float64 { return f(get(a, at), get(b, at)) })
}

// sum adds along some axes, which stay as 1.
func (a array) sum(axes ...int) array {
	dims := slices.Clone(a.dims)
	for _, k := range axes {
		dims[k] = 1
	}
	out := build(dims, func([]int) float64 { return 0 })
	build(a.dims, func(at []int) float64 {
		to := slices.Clone(at)
		for _, k := range axes {
			to[k] = 0
		}
		out.v[out.index(to)] += a.v[a.index(at)]
		return 0
	})
	return out
}

func (a array) each(f func(float64) float64) array {
	return build(a.dims, func(at []int) float64 { return f(a.v[a.index(at)]) })
}

func (a array) as(dims ...int) array { return array{dims, a.v} }

// picked is part of an array: along each axis every step-th place from first on.
func (a array) picked(first, count, step []int) array {
	return build(count, func(at []int) float64 {
		from := slices.Clone(at)
		for i := range from {
			from[i] = first[i] + at[i]*step[i]
		}
		return a.v[a.index(from)]
	})
}

func join(axis int, list ...array) array {
	dims := slices.Clone(list[0].dims)
	for _, a := range list[1:] {
		dims[axis] += a.dims[axis]
	}
	return build(dims, func(at []int) float64 {
		at = slices.Clone(at)
		for _, a := range list {
			if at[axis] < a.dims[axis] {
				return a.v[a.index(at)]
			}
			at[axis] -= a.dims[axis]
		}
		panic("outside")
	})
}

// ramp is an array of different numbers around 1.
func ramp(dims ...int) array {
	i := 0.0
	return build(dims, func([]int) float64 { i++; return 0.5 + math.Mod(i*0.37, 1.3) })
}

// tiny is a model of one operator, or a few, whose input is [1, 3, 8, 8] and is
// called x; its answer is laid out in a row.
type tiny struct{ graph }

// weight adds a constant, as one of the two things that a file can hold.
func (g *tiny) weight(name string, a array, node bool) string {
	var dims []int64
	var list []float32
	for _, d := range a.dims {
		dims = append(dims, int64(d))
	}
	for _, v := range a.v {
		list = append(list, float32(v))
	}
	if !node {
		g.floats(name, dims, list)
		return name
	}
	var b, raw []byte
	for _, d := range dims {
		b = number(b, 1, d)
	}
	for _, v := range list {
		raw = protowire.AppendFixed32(raw, math.Float32bits(v))
	}
	g.node("Constant", []string{name}, attribute("value", part(number(b, 2, 1), 9, raw)))
	return name
}

// told shows a model a picture of its size and returns all that it says, and
// what it saw.
func told(t *testing.T, model []byte, width, height int) (said []float32, saw array) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiny.onnx")
	if err := os.WriteFile(path, model, 0o600); err != nil {
		t.Fatal(err)
	}
	k := onnxKind()
	cfg := detectors.Config{
		Name: "things", Kind: "onnx",
		Options: onnxOptions{Model: path, Format: formatClassify, Fit: fitStretch, Input: fmt.Sprintf("%dx%d", width, height)},
	}
	d, err := k.New(cfg.Fill(k))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	pixel := func(x, y int) [3]byte {
		return [3]byte{byte(40 + 3*x + 17*y), byte(250 - 11*x - 5*y), byte(30 + 23*x ^ 7*y)}
	}
	if _, err := d.Detect(t.Context(), paintFrame(t, width, height, pixel)); err != nil {
		t.Fatal(err)
	}
	n := d.(*network)
	saw = build([]int{1, 3, height, width}, func(at []int) float64 { return float64(pixel(at[3], at[2])[2-at[1]]) / 255 })
	return n.tensor(n.output, make([]int, 8)).data, saw
}

// check compares what a model answers with a reference.
func check(t *testing.T, g *tiny, out string, reference func(x array) array) {
	t.Helper()
	g.input("x", 1, 3, 8, 8)
	g.shape("in a row", 1, -1)
	g.node("Reshape", []string{out, "in a row", "output"})
	g.output("output", 1, 0)
	got, x := told(t, g.bytes(), 8, 8)
	want := reference(x)
	if len(got) != len(want.v) {
		t.Fatalf("%d numbers, want %d", len(got), len(want.v))
	}
	for i, w := range want.v {
		if math.Abs(float64(got[i])-w) > 1e-4*math.Max(1, math.Abs(w)) {
			t.Fatalf("number %d is %v, want %v", i, got[i], w)
		}
	}
}

// since adds what was an attribute before a version and is an input from then
// on, and returns the operator's inputs and attributes.
func (g *tiny) since(version int64, name string, list []int64, in ...string) ([]string, [][]byte) {
	if g.opset < version {
		return in, [][]byte{attribute(name, list)}
	}
	constant := fmt.Sprintf("%s_of_%s", name, in[0])
	g.shape(constant, list...)
	return append(in, constant), nil
}

func TestArithmeticStretchesAsNumPyDoes(t *testing.T) {
	ops := map[string]func(x, y float64) float64{
		"Add": func(x, y float64) float64 { return x + y }, "Sub": func(x, y float64) float64 { return x - y },
		"Mul": func(x, y float64) float64 { return x * y }, "Div": func(x, y float64) float64 { return x / y },
	}
	shapes := [][]int{
		{},
		{1},
		{8},
		{1, 8},
		{8, 1},
		{8, 8},
		{3, 1, 1},
		{3, 1, 8},
		{3, 8, 1},
		{3, 8, 8},
		{1, 3, 1, 1},
		{1, 1, 8, 1},
		{1, 1, 1, 8},
		{1, 1, 8, 8},
		{1, 3, 8, 8},
		{1, 1, 1, 1},
	}
	for op, f := range ops {
		for _, dims := range shapes {
			for _, swapped := range []bool{false, true} {
				for _, node := range []bool{false, true} {
					t.Run(fmt.Sprint(op, dims, swapped, node), func(t *testing.T) {
						g, c := new(tiny), ramp(dims...)
						names := []string{"x", g.weight("c", c, node), "y"}
						// Used twice, as OpenCV changes some constants when it reads them.
						again := []string{"y", "c", "z"}
						if swapped {
							names[0], names[1], again[0], again[1] = "c", "x", "c", "y"
						}
						g.node(op, names)
						g.node(op, again)
						check(t, g, "z", func(x array) array {
							for range 2 {
								if swapped {
									x = pair(c, x, f)
								} else {
									x = pair(x, c, f)
								}
							}
							return x
						})
					})
				}
			}
		}
		// As many channels as rows and columns: numbers alone do not tell them apart.
		for _, dims := range [][]int{{8}, {8, 1}, {1, 8}, {1, 8, 1}, {1, 1, 8}} {
			t.Run(fmt.Sprint(op, "square", dims), func(t *testing.T) {
				g, c := new(tiny), ramp(dims...)
				g.shape("first", 0, 0, 0)
				g.shape("last", 1, 8, 8)
				g.shape("axis", 1, 2, 3)
				g.node("Slice", []string{"x", "first", "last", "axis", "one"})
				g.shape("square", 1, 8, 8)
				g.node("Reshape", []string{"one", "square", "r"})
				g.node(op, []string{"r", g.weight("c", c, false), "y"})
				check(t, g, "y", func(x array) array {
					return pair(x.picked([]int{0, 0, 0, 0}, []int{1, 1, 8, 8}, []int{1, 1, 1, 1}).as(1, 8, 8), c, f)
				})
			})
		}
	}
}

func TestArithmeticOfTwoInputsStretches(t *testing.T) {
	for op, f := range map[string]func(x, y float64) float64{
		"Add": func(x, y float64) float64 { return x + y }, "Sub": func(x, y float64) float64 { return x - y },
		"Mul": func(x, y float64) float64 { return x * y }, "Div": func(x, y float64) float64 { return x / y },
		"Max": math.Max, "Min": math.Min,
	} {
		for _, axes := range [][]int{{3}, {2}, {1}, {2, 3}, {1, 2}} {
			for _, swapped := range []bool{false, true} {
				t.Run(fmt.Sprint(op, axes, swapped), func(t *testing.T) {
					g := new(tiny)
					var list []int64
					for _, k := range axes {
						list = append(list, int64(k))
					}
					g.node("ReduceSum", []string{"x", "s"}, attribute("axes", list))
					names := []string{"x", "s", "y"}
					if swapped {
						names = []string{"s", "x", "y"}
					}
					g.node(op, names)
					check(t, g, "y", func(x array) array {
						if swapped {
							return pair(x.sum(axes...), x, f)
						}
						return pair(x, x.sum(axes...), f)
					})
				})
			}
		}
	}
	t.Run("neither has the shape of both", func(t *testing.T) {
		g := new(tiny)
		g.node("ReduceSum", []string{"x", "row"}, attribute("axes", []int64{2}))
		g.node("ReduceSum", []string{"x", "column"}, attribute("axes", []int64{3}))
		g.node("Mul", []string{"row", "column", "y"})
		g.node("Sub", []string{"row", "column", "z"})
		g.node("Add", []string{"y", "z", "w"})
		check(t, g, "w", func(x array) array {
			return pair(x.sum(2), x.sum(3), func(x, y float64) float64 { return x*y + x - y })
		})
	})
}
