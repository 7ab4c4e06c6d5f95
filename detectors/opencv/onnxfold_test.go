//go:build cgo

package opencv

import (
	"bytes"
	"math"
	"testing"
	"unsafe"
)

// anchors is a model that works out from the size of its input where the middles
// of its cells are, as exports for any size do. To the means of red and green of
// each cell it adds its middle, and multiplies all by 8.
func anchors() []byte {
	g := new(tiny)
	g.opset = 17
	g.input("x", 0, 3, 0, 0)
	g.means("x", "mean")
	g.node("Shape", []string{"mean", "size"})
	g.node("Shape", []string{"mean", "picture"}, attribute("start", int64(2)))
	for _, name := range []string{"zero", "one", "two", "three"} {
		g.node("Constant", []string{name}, attribute("value_int", map[string]int64{"zero": 0, "one": 1, "two": 2, "three": 3}[name]))
	}
	g.node("Constant", []string{"half"}, attribute("value_float", float32(0.5)))
	g.node("Constant", []string{"list"}, attribute("value_ints", []int64{1, 1, -1}))
	g.shape("first", 0)
	g.shape("second", 1)
	for _, side := range [][3]string{{"xs", "three", "first"}, {"ys", "two", "second"}} {
		name := side[0]
		g.node("Gather", []string{"size", side[1], name + "_count"})
		g.node("Range", []string{"zero", name + "_count", "one", name + "_whole"})
		g.node("Cast", []string{name + "_whole", name + "_float"}, attribute("to", int64(1)))
		g.node("Add", []string{name + "_float", "half", name})
		g.node("Unsqueeze", []string{name, side[2], name + "_flat"})
		g.node("Expand", []string{name + "_flat", "picture", name + "_all"})
		g.node("Reshape", []string{name + "_all", "list", name + "_list"})
	}
	g.node("Concat", []string{"xs_list", "ys_list", "middles"}, attribute("axis", int64(1)))
	g.node("Mul", []string{"xs_count", "ys_count", "count"})
	g.node("Unsqueeze", []string{"count", "first", "count_list"})
	g.shape("before", 1, 3)
	g.node("Concat", []string{"before", "count_list", "flat"}, attribute("axis", int64(0)))
	g.node("Reshape", []string{"mean", "flat", "cells"})
	g.node("Slice", []string{"cells", "first", "two_list", "second", "colors"})
	g.shape("two_list", 2)
	g.node("Add", []string{"colors", "middles", "sum"})
	g.node("ConstantOfShape", []string{"count_list", "ones"}, attribute("value", g.ones()))
	g.floats("eight", nil, []float32{8})
	g.node("Mul", []string{"ones", "eight", "strides"})
	g.node("Mul", []string{"sum", "strides", "y"})
	g.shape("in a row", 1, -1)
	g.node("Reshape", []string{"y", "in a row", "output"})
	g.output("output", 1, 0)
	return g.bytes()
}

// ones is a tensor of the number 1.
func (g *tiny) ones() []byte {
	return part(number(number(nil, 1, 1), 2, 1), 9, []byte{0, 0, 0x80, 0x3f})
}

func TestWhatDependsOnTheSizeIsWorkedOut(t *testing.T) {
	for _, size := range [][2]int{{24, 16}, {16, 32}} {
		cols, rows := size[0]/cell, size[1]/cell
		got, x := told(t, anchors(), size[0], size[1])
		want := build([]int{2, rows, cols}, func(at []int) (v float64) {
			for i := range cell * cell {
				v += x.v[x.index([]int{0, at[0], at[1]*cell + i/cell, at[2]*cell + i%cell})] / (cell * cell)
			}
			return 8 * (v + 0.5 + float64(at[2-at[0]]))
		})
		if len(got) != len(want.v) {
			t.Fatalf("%v: %d numbers, want %d", size, len(got), len(want.v))
		}
		for i, w := range want.v {
			if math.Abs(float64(got[i])-w) > 1e-4 {
				t.Fatalf("%v: number %d is %v, want %v", size, i, got[i], w)
			}
		}
	}
}

func TestModelsThatNeedNothingAreLeftAlone(t *testing.T) {
	for name, data := range models() {
		f, err := parseONNX(data)
		if err != nil {
			t.Fatal(err)
		}
		in := f.input
		in.width, in.height = side, side
		got := f.adapted(in)
		if f.open {
			if !bytes.Equal(got, f.sized(in)) {
				t.Errorf("%s: more than its size was changed", name)
			}
		} else if unsafe.SliceData(got) != unsafe.SliceData(data) {
			t.Errorf("%s: was rewritten without need", name)
		}
	}
}

func TestConstantsAreBounded(t *testing.T) {
	huge := int64(1 << 30)
	for name, write := range map[string]func(g *tiny){
		"ConstantOfShape": func(g *tiny) {
			g.shape("big", huge)
			g.node("ConstantOfShape", []string{"big", "c"})
		},
		"Range": func(g *tiny) {
			for n, v := range map[string]int64{"zero": 0, "big": huge, "one": 1} {
				g.node("Constant", []string{n}, attribute("value_int", v))
			}
			g.node("Range", []string{"zero", "big", "one", "c"})
		},
		"Expand": func(g *tiny) {
			g.weight("w", ramp(1), false)
			g.shape("big", huge, huge)
			g.node("Expand", []string{"w", "big", "c"})
		},
		"many": func(g *tiny) {
			g.shape("big", maxFold)
			from := "big"
			for i := range 100 {
				to := "c" + string(rune('A'+i))
				g.node("ConstantOfShape", []string{"big", to})
				from = to
			}
			g.node("Identity", []string{from, "c"})
		},
		"Add": func(g *tiny) {
			g.weight("w", ramp(8), false)
			g.shape("to", 1, huge, 1, 8)
			g.node("Expand", []string{"x", "to", "e"})
			g.node("Add", []string{"e", "w", "c"})
		},
	} {
		g := new(tiny)
		g.input("x", 1, 3, 8, 8)
		write(g)
		g.node("Add", []string{"x", "c", "y"})
		g.output("y", 1, 3, 8, 8)
		f, err := parseONNX(g.bytes())
		if err != nil {
			t.Fatal(name, err)
		}
		if n := testing.AllocsPerRun(1, func() { f.adapted(f.input) }); n > 1e5 {
			t.Errorf("%s: %v allocations", name, n)
		}
		if got := len(f.adapted(f.input)); got > 64<<20 {
			t.Errorf("%s: %d bytes were made of %d", name, got, len(f.data))
		}
	}
}

func FuzzAdapt(f *testing.F) {
	for _, data := range models() {
		f.Add(data)
	}
	f.Add(anchors())
	for _, op := range []string{
		"Add", "Max", "Expand", "Split", "Squeeze", "Unsqueeze", "Reshape", "ReduceSum", "Softmax", "Clip", "Gemm", "Resize", "Slice",
		"Gather", "Pad", "Dropout", "Conv", "ConvTranspose", "MaxPool", "Concat", "Transpose", "Flatten", "MatMul", "Where", "Range",
	} {
		g := new(tiny)
		g.opset = 20
		g.input("x", 1, 3, 8, 8)
		g.shape("a", 2, -1)
		g.shape("b", 1)
		g.weight("c", ramp(3, 8), true)
		g.node(op, []string{"x", "a", "b", "y"}, attribute("axis", int64(-1)), attribute("kernel_shape", []int64{2, 2}))
		g.node(op, []string{"c", "a", "z"}, attribute("axes", []int64{0, -1}))
		g.node(op, []string{"y", "z", "o"})
		g.output("o", 1, 3)
		f.Add(g.bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := parseONNX(data)
		if err != nil {
			return
		}
		in := file.input
		in.width, in.height = 64, 32
		got := file.adapted(in)
		if _, err := parseONNX(got); err != nil {
			t.Fatalf("what was rewritten is no model any more: %v", err)
		}
		if len(got) > 4*len(data)+128<<20 {
			t.Fatalf("%d bytes were made of %d", len(got), len(data))
		}
	})
}
