package opencv

import (
	"bytes"
	"cmp"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// The models in testdata/models are written by this file: networks that are
// small enough to know by heart, in every form that is read. All take a picture
// of 64 by 64 pixels, red first, 0..1, and cut it into cells of 8 by 8.
//
//go:generate go test -run ^TestModelsAreAsWritten$ -update .
var update = flag.Bool("update", false, "write the models of testdata anew")

const (
	side  = 64 // of the input
	cell  = 8
	cells = side / cell * side / cell
	wide  = 12 // of a box around a cell's middle
)

// graph is an ONNX graph that is being written.
type graph struct {
	nodes, weights, inputs, outputs, metadata []byte
	opset                                     int64 // 12 unless set
}

func text(b []byte, n protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, n, protowire.BytesType), s)
}

func part(b []byte, n protowire.Number, p []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), p)
}

func number(b []byte, n protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), uint64(v))
}

// attribute is a value of an operator: a list of whole numbers, one, a fraction,
// text, or a tensor.
func attribute(name string, v any) []byte {
	b := text(nil, 1, name)
	switch v := v.(type) {
	case []int64:
		for _, i := range v {
			b = number(b, 8, i)
		}
		return number(b, 20, 7)
	case int64:
		return number(number(b, 3, v), 20, 2)
	case string:
		return number(text(b, 4, v), 20, 3)
	case []byte: // a tensor
		return number(part(b, 5, v), 20, 4)
	case float32:
		b = protowire.AppendFixed32(protowire.AppendTag(b, 2, protowire.Fixed32Type), math.Float32bits(v))
		return number(b, 20, 1)
	}
	panic("an attribute of another type")
}

// node adds an operator; names are those of its inputs and then of its output.
func (g *graph) node(operator string, names []string, attributes ...[]byte) {
	var b []byte
	for _, in := range names[:len(names)-1] {
		b = text(b, 1, in)
	}
	out := names[len(names)-1]
	b = text(text(text(b, 2, out), 3, out), 4, operator)
	for _, a := range attributes {
		b = part(b, 5, a)
	}
	g.nodes = part(g.nodes, 1, b)
}

func (g *graph) floats(name string, dims []int64, values []float32) {
	var b, raw []byte
	for _, d := range dims {
		b = number(b, 1, d)
	}
	for _, v := range values {
		raw = protowire.AppendFixed32(raw, math.Float32bits(v))
	}
	g.weights = part(g.weights, 5, part(text(number(b, 2, 1), 8, name), 9, raw))
}

func (g *graph) shape(name string, dims ...int64) {
	var raw []byte
	for _, d := range dims {
		raw = protowire.AppendFixed64(raw, uint64(d))
	}
	g.weights = part(g.weights, 5, part(text(number(number(nil, 1, int64(len(dims))), 2, 7), 8, name), 9, raw))
}

// declare describes an input or output; a size of 0 is open.
func declare(name string, elem int64, dims ...int64) []byte {
	var shape []byte
	for _, d := range dims {
		if d == 0 {
			shape = part(shape, 1, text(nil, 2, "n"))
		} else {
			shape = part(shape, 1, number(nil, 1, d))
		}
	}
	return part(text(nil, 1, name), 2, part(nil, 1, part(number(nil, 1, elem), 2, shape)))
}

func (g *graph) input(name string, dims ...int64) {
	g.inputs = part(g.inputs, 11, declare(name, 1, dims...))
}

func (g *graph) output(name string, dims ...int64) {
	g.outputs = part(g.outputs, 12, declare(name, 1, dims...))
}

func (g *graph) meta(key, value string) {
	g.metadata = part(g.metadata, 14, text(text(nil, 1, key), 2, value))
}

func (g *graph) bytes() []byte {
	b := text(g.nodes, 2, "test")
	b = append(append(append(b, g.weights...), g.inputs...), g.outputs...)
	model := part(text(number(nil, 1, 7), 2, "rvo-tui"), 7, b)
	return append(part(model, 8, number(nil, 2, cmp.Or(g.opset, 12))), g.metadata...)
}

// means adds a convolution whose outputs are, for each cell, the means of the
// channels, as [1, 3, 8, 8].
func (g *graph) means(from, to string) {
	w := make([]float32, 3*3*cell*cell)
	for c := range 3 {
		for i := range cell * cell {
			w[(c*3+c)*cell*cell+i] = 1.0 / (cell * cell)
		}
	}
	g.floats(to+"_w", []int64{3, 3, cell, cell}, w)
	g.node("Conv", []string{from, to + "_w", to}, attribute("kernel_shape", []int64{cell, cell}), attribute("strides", []int64{cell, cell}))
}

// grid is the middle and the size of each cell's box, as [4, cells].
func grid() []float32 {
	v := make([]float32, 4*cells)
	for i := range cells {
		v[i], v[cells+i] = float32(i%cell*cell+cell/2), float32(i/cell*cell+cell/2)
		v[2*cells+i], v[3*cells+i] = wide, wide
	}
	return v
}

const names = "{0: 'red', 1: \"green light\", 2: 'blue'}"

func yolov8() []byte {
	g := new(graph)
	g.input("images", 1, 3, side, side)
	g.means("images", "mean")
	g.shape("flat", 1, 3, cells)
	g.node("Reshape", []string{"mean", "flat", "scores"})
	g.floats("grid", []int64{1, 4, cells}, grid())
	g.node("Concat", []string{"grid", "scores", "output0"}, attribute("axis", int64(1)))
	g.output("output0", 1, 7, cells)
	g.meta("names", names)
	return g.bytes()
}

// yolov5 is certain of a cell as far as all its channels together are bright.
func yolov5(metadata bool, batch, height, width int64) []byte {
	g := new(graph)
	g.input("images", batch, 3, height, width)
	g.means("images", "mean")
	g.floats("sum_w", []int64{1, 3, 1, 1}, []float32{1, 1, 1})
	g.node("Conv", []string{"mean", "sum_w", "sum"}, attribute("kernel_shape", []int64{1, 1}))
	g.node("Clip", []string{"sum", "sure"}, attribute("min", float32(0)), attribute("max", float32(1)))
	g.node("Concat", []string{"sure", "mean", "both"}, attribute("axis", int64(1)))
	g.shape("flat", 1, 4, cells)
	g.node("Reshape", []string{"both", "flat", "scores"})
	g.floats("grid", []int64{1, 4, cells}, grid())
	g.node("Concat", []string{"grid", "scores", "columns"}, attribute("axis", int64(1)))
	g.node("Transpose", []string{"columns", "output0"}, attribute("perm", []int64{0, 2, 1}))
	g.output("output0", 1, cells, 8)
	if metadata {
		g.meta("names", names)
	}
	return g.bytes()
}

// ssd says class 1 of every cell, as far as its brightest pixel is red.
func ssd() []byte {
	g := new(graph)
	g.input("image", 1, 3, side, side)
	g.floats("red_w", []int64{1, 3, 1, 1}, []float32{1, 0, 0})
	g.node("Conv", []string{"image", "red_w", "red"}, attribute("kernel_shape", []int64{1, 1}))
	g.node("MaxPool", []string{"red", "most"}, attribute("kernel_shape", []int64{cell, cell}), attribute("strides", []int64{cell, cell}))
	g.shape("flat", 1, 1, cells, 1)
	g.node("Reshape", []string{"most", "flat", "score"})
	var what, corners []float32
	for i := range cells {
		x, y := float32(i%cell)/cell, float32(i/cell)/cell
		what = append(what, 0, 1)
		corners = append(corners, x, y, x+1.0/cell, y+1.0/cell)
	}
	g.floats("what", []int64{1, 1, cells, 2}, what)
	g.floats("corners", []int64{1, 1, cells, 4}, corners)
	g.node("Concat", []string{"what", "score", "corners", "detections"}, attribute("axis", int64(3)))
	g.output("detections", 1, 1, cells, 7)
	return g.bytes()
}

// classifier says which colour there is most of: ten times the mean of each
// channel, less 2, before softmax.
func classifier(last string) []byte {
	g := new(graph)
	g.input("image", 1, 3, side, side)
	g.node("GlobalAveragePool", []string{"image", "mean"})
	g.node("Flatten", []string{"mean", "flat"}, attribute("axis", int64(1)))
	g.floats("w", []int64{3, 3}, []float32{10, 0, 0, 0, 10, 0, 0, 0, 10})
	g.floats("b", []int64{3}, []float32{-2, -2, -2})
	g.node("Gemm", []string{"flat", "w", "b", "raw"}, attribute("transB", int64(1)))
	switch last {
	case "":
		g.node("Identity", []string{"raw", "output"})
	case "Softmax":
		g.node(last, []string{"raw", "output"}, attribute("axis", int64(1)))
	default:
		g.node(last, []string{"raw", "output"})
	}
	g.output("output", 1, 3)
	return g.bytes()
}

// features has an output that no format fits.
func features() []byte {
	g := new(graph)
	g.input("image", 1, 3, side, side)
	g.means("image", "mean")
	g.output("mean", 1, 3, cell, cell)
	return g.bytes()
}

// gray takes pictures of one channel.
func gray() []byte {
	g := new(graph)
	g.input("image", 1, 1, side, side)
	g.node("GlobalAveragePool", []string{"image", "mean"})
	g.node("Flatten", []string{"mean", "flat"}, attribute("axis", int64(1)))
	g.floats("w", []int64{2, 1}, []float32{10, -10})
	g.floats("b", []int64{2}, []float32{-5, 5})
	g.node("Gemm", []string{"flat", "w", "b", "output"}, attribute("transB", int64(1)))
	g.output("output", 1, 2)
	return g.bytes()
}

// crash looks like a model and makes OpenCV write where it must not.
func crash() []byte {
	g := new(graph)
	g.input("image", 1, 3, side, side)
	g.shape("first", 0)
	g.node("Gather", []string{"image", "first", "output"}, attribute("axis", int64(1<<28)))
	g.output("output", 1, 3)
	return g.bytes()
}

func models() map[string][]byte {
	return map[string][]byte{
		"yolov8.onnx":     yolov8(),
		"yolov5.onnx":     yolov5(true, 1, side, side),
		"open.onnx":       yolov5(false, 0, 0, 0),
		"ssd.onnx":        ssd(),
		"classifier.onnx": classifier("Softmax"),
		"logits.onnx":     classifier(""),
		"roots.onnx":      classifier("Sqrt"), // of numbers below 0, where it is dark
		"gray.onnx":       gray(),
		"features.onnx":   features(),
		"crash.onnx":      crash(),
	}
}

func TestModelsAreAsWritten(t *testing.T) {
	for name, want := range models() {
		path := filepath.Join("testdata", "models", name)
		if *update {
			if err := os.WriteFile(path, want, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what is written here (%v): go generate ./detectors/opencv", path, err)
		}
	}
}
