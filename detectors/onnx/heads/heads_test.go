package heads

import (
	"math"
	"slices"
	"strings"
	"testing"

	"rvo-tui/detectors"
)

// full makes an output whose numbers are computed from their position.
func full(name string, shape []int, number func(i int) float32) Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	t := Tensor{Name: name, Shape: shape, Data: make([]float32, n)}
	for i := range t.Data {
		t.Data[i] = number(i)
	}
	return t
}

func zero(int) float32 { return 0 }

// side is the input size of the models in these tests: raw heads have 189 cells.
const (
	side   = 96
	places = 189
)

// columns makes a raw YOLOv8 head with the given first box.
func columns(rows int, box ...float32) Tensor {
	t := full("output0", []int{1, rows, places}, zero)
	for i, v := range box {
		t.Data[i*places] = v
	}
	return t
}

// rowsOf makes an output of n rows with the given first row.
func rowsOf(n, size int, row ...float32) Tensor {
	t := full("output0", []int{1, n, size}, zero)
	copy(t.Data, row)
	return t
}

func proto() Tensor { return full("output1", []int{1, 32, side / 4, side / 4}, zero) }

func join(a []float32, b ...float32) []float32 { return append(slices.Clone(a), b...) }

func ramp(n int) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = -0.9 + 1.8*float32(i)/float32(n-1)
	}
	return list
}

var (
	one     = []string{"person"}
	two     = []string{"person", "car"}
	center  = []float32{48, 48, 48, 48}
	corner  = []float32{24, 24, 72, 72}
	central = detectors.Box{X: 0.25, Y: 0.25, W: 0.5, H: 0.5}
)

func coco() []string {
	list := make([]string, cocoSize)
	for i := range list {
		list[i] = unnamed(i)
	}
	list[0] = "person"
	return list
}

func task(name string, more ...string) map[string]string {
	m := map[string]string{"task": name}
	for i := 0; i+1 < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

func TestHeads(t *testing.T) {
	keys := slices.Repeat([]float32{20, 30, 0.9}, 17)
	logit := func(p float64) float32 { return float32(math.Log(p / (1 - p))) }
	ints := func(t Tensor) Tensor { t.Integer = true; return t }
	named := func(name string, t Tensor) Tensor { t.Name = name; return t }
	list := func(name string, v ...float32) Tensor { return Tensor{Name: name, Shape: []int{len(v)}, Data: v} }
	v5 := func() Tensor { return rowsOf(3*places, 5+80, join(center, 0.9, 1)...) }

	tests := []struct {
		name   string
		model  Model
		format string
		label  string
		box    detectors.Box
		points int
	}{
		{"v8", Model{Outputs: []Tensor{columns(84, join(center, 0.9)...)}}, "yolov8", "class_0", central, 0},
		{"v8 with a task", Model{Meta: task("detect"), Labels: one, Outputs: []Tensor{columns(5, join(center, 0.9)...)}}, "yolov8", "person", central, 0},
		{"v8 with labels", Model{Labels: two, Outputs: []Tensor{columns(6, join(center, 0, 0.9)...)}}, "yolov8", "car", central, 0},
		{"v8 by format", Model{Format: "yolov8", Outputs: []Tensor{columns(6, join(center, 0, 0.9)...)}}, "yolov8", "class_1", central, 0},
		{"pose", Model{Meta: task("pose"), Labels: one, Outputs: []Tensor{columns(56, join(join(center, 0.9), keys...)...)}}, "yolov8-pose", "person", central, 17},
		{"pose with two numbers", Model{Meta: task("pose", "kpt_shape", "[4, 2]"), Labels: one, Outputs: []Tensor{columns(13, join(center, 0.9)...)}}, "yolov8-pose", "person", central, 4},
		{"pose by labels", Model{Labels: one, Outputs: []Tensor{columns(56, join(join(center, 0.9), keys...)...)}}, "yolov8-pose", "person", central, 17},
		{"segmentation", Model{Meta: task("segment"), Labels: one, Outputs: []Tensor{columns(37, join(join(center, 0.9), ramp(32)...)...), proto()}}, "yolov8-seg", "person", central, 0},
		{"segmentation without names", Model{Outputs: []Tensor{columns(37, join(join(center, 0.9), ramp(32)...)...), proto()}}, "yolov8-seg", "class_0", central, 0},
		{"oriented, upright", Model{Meta: task("obb"), Labels: one, Outputs: []Tensor{columns(6, join(center, 0.9, 0)...)}}, "yolov8-obb", "person", central, 0},
		{"oriented, on its side", Model{Labels: one, Outputs: []Tensor{columns(6, 48, 48, 48, 24, 0.9, math.Pi/2)}}, "yolov8-obb", "person", detectors.Box{X: 0.375, Y: 0.25, W: 0.25, H: 0.5}, 0},
		{"v5", Model{Outputs: []Tensor{v5()}}, "yolov5", "class_0", central, 0},
		{"v5 with its maps", Model{Labels: coco(), Outputs: []Tensor{v5(), full("p3", []int{1, 3, 8, 8, 85}, zero)}}, "yolov5", "person", central, 0},
		{"end-to-end", Model{Meta: task("detect", "end2end", "True"), Labels: one, Outputs: []Tensor{rowsOf(300, 6, join(corner, 0.9, 0)...)}}, "yolo-end2end", "person", central, 0},
		{"end-to-end, another class", Model{Meta: task("detect", "end2end", "True"), Labels: two, Outputs: []Tensor{rowsOf(300, 6, join(corner, 0.9, 1)...)}}, "yolo-end2end", "car", central, 0},
		{"end-to-end without names", Model{Outputs: []Tensor{rowsOf(300, 6, join(corner, 0.9, 1)...)}}, "yolo-end2end", "class_1", central, 0},
		{"end-to-end with as many rows as a raw head", Model{Meta: task("detect", "end2end", "True"), Labels: coco(), Outputs: []Tensor{rowsOf(places, 6, join(corner, 0.9, 0)...)}}, "yolo-end2end", "person", central, 0},
		{"end-to-end pose", Model{Meta: task("pose", "end2end", "True"), Labels: one, Outputs: []Tensor{rowsOf(300, 57, join(join(corner, 0.9, 0), keys...)...)}}, "yolo-end2end-pose", "person", central, 17},
		{"end-to-end segmentation", Model{Meta: task("segment", "end2end", "True"), Labels: one, Outputs: []Tensor{rowsOf(300, 38, join(join(corner, 0.9, 0), ramp(32)...)...), proto()}}, "yolo-end2end-seg", "person", central, 0},
		{"end-to-end oriented", Model{Meta: task("obb", "end2end", "True"), Labels: one, Outputs: []Tensor{rowsOf(300, 7, join(center, 0.9, 0, math.Pi/2)...)}}, "yolo-end2end-obb", "person", central, 0},
		{"yolox, decoded", Model{Labels: coco(), Outputs: []Tensor{decodedYOLOX(85)}}, "yolox", "person", central, 0},
		{"yolox, grid and stride", Model{Outputs: []Tensor{gridYOLOX()}}, "yolox", "class_0", central, 0},
		{"rt-detr of ultralytics", Model{Meta: task("detect"), Labels: two, Outputs: []Tensor{full("output0", []int{1, 300, 6}, func(i int) float32 {
			return []float32{0.5, 0.5, 0.5, 0.5, 0.1, 0.001}[i%6] + map[int]float32{5: 0.9}[i]
		})}}, "rt-detr", "car", central, 0},
		{"rt-detr, end-to-end", Model{Meta: task("detect", "end2end", "False"), Labels: two, Outputs: []Tensor{rowsOf(300, 6, 0.5, 0.5, 0.5, 0.5, 0.9, 1)}}, "rt-detr", "car", central, 0},
		{"rt-detr with logits", Model{Outputs: []Tensor{named("logits", rowsOf(300, 80, logit(0.9))), named("pred_boxes", rowsOf(300, 4, 0.5, 0.5, 0.5, 0.5))}, Labels: coco()}, "rt-detr", "person", central, 0},
		{"detr", Model{Outputs: []Tensor{named("pred_boxes", rowsOf(100, 4, 0.5, 0.5, 0.5, 0.5)), named("logits", rowsOf(100, 92, 9))}}, "detr", "class_0", central, 0},
		{"torchvision", Model{Outputs: []Tensor{named("boxes", Tensor{Shape: []int{1, 4}, Data: corner}), ints(list("labels", 1)), list("scores", 0.9)}}, "torchvision", "class_1", central, 0},
		{"torchvision in another order", Model{Outputs: []Tensor{list("a", 0.9), ints(list("b", 1)), {Name: "c", Shape: []int{1, 4}, Data: corner}}}, "torchvision", "class_1", central, 0},
		{"lists with a batch, in parts", Model{Outputs: []Tensor{ints(rowsFlat("labels", 1)), {Name: "boxes", Shape: []int{1, 1, 4}, Data: []float32{0.25, 0.25, 0.75, 0.75}}, rowsFlat("scores", 0.9)}}, "torchvision", "class_1", central, 0},
		{"ssd", Model{Outputs: []Tensor{{Name: "out", Shape: []int{1, 1, 2, 7}, Data: []float32{0, 1, 0.9, 0.25, 0.25, 0.75, 0.75, -1, 0, 0, 0, 0, 0, 0}}}}, "ssd", "class_1", central, 0},
		{"centerface", Model{Outputs: centerFace()}, "centerface", "face", central, 5},
		{"yunet", Model{Outputs: yuNet()}, "yunet", "face", central, 5},
		{"classifier with softmax", Model{Labels: two, Outputs: []Tensor{{Name: "p", Shape: []int{1, 2}, Data: []float32{0.1, 0.9}}}}, "classification", "car", detectors.Box{W: 1, H: 1}, 0},
		{"classifier without", Model{Labels: two, Outputs: []Tensor{{Name: "p", Shape: []int{1, 2, 1, 1}, Data: []float32{-2, 5}}}}, "classification", "car", detectors.Box{W: 1, H: 1}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.model.Width, tt.model.Height = side, side
			h, err := Choose(tt.model)
			if err != nil {
				t.Fatal(err)
			}
			if h.Format != tt.format {
				t.Errorf("read as %q (%s), want %q", h.Format, h.Title, tt.format)
			}
			d, err := h.Decoder(Options{Threshold: 0.4, NMS: 0.45})
			if err != nil {
				t.Fatal(err)
			}
			found, err := d.Decode(tt.model.Outputs, Place(FitStretch, 640, 480, side, side))
			if err != nil {
				t.Fatal(err)
			}
			if len(found) != 1 || found[0].Label != tt.label || !near(found[0].Box, tt.box) || len(found[0].Keypoints) != tt.points {
				t.Errorf("found %v, want one %q at %v with %d keypoints", found, tt.label, tt.box, tt.points)
			}
			if asked := tt.model; asked.Format == "" {
				asked.Format = tt.format
				if h, err := Choose(asked); err != nil || h.Format != tt.format {
					t.Errorf("asked for %q: %v", tt.format, err)
				}
			}
		})
	}
}

func near(a, b detectors.Box) bool {
	off := math.Abs(a.X-b.X) + math.Abs(a.Y-b.Y) + math.Abs(a.W-b.W) + math.Abs(a.H-b.H)
	return off < 1e-4
}

func rowsFlat(name string, v ...float32) Tensor {
	return Tensor{Name: name, Shape: []int{1, len(v)}, Data: v}
}

// decodedYOLOX is a YOLOX whose boxes are already in pixels.
func decodedYOLOX(size int) Tensor {
	t := rowsOf(places, size, join(center, 0.9, 1)...)
	t.Data[(places-1)*size] = 90 // a box at the far side with a low score
	return t
}

// gridYOLOX is a YOLOX with one class whose boxes are in grid units: the cell at column and row 5
// of stride 8.
func gridYOLOX() Tensor {
	t := full("output", []int{1, places, 6}, zero)
	size := float32(math.Log(6))
	copy(t.Data[(5*12+5)*6:], []float32{1, 1, size, size, 0.9, 1})
	return t
}

func centerFace() []Tensor {
	const w = side / 4
	size := float32(math.Log(side / 2 / 4))
	at := 11*w + 11
	set := func(channels int, v func(c int) float32) Tensor {
		t := full("m", []int{1, channels, w, w}, zero)
		for c := range channels {
			t.Data[c*w*w+at] = v(c)
		}
		return t
	}
	return []Tensor{
		set(1, func(int) float32 { return 0.9 }), set(2, func(int) float32 { return size }),
		set(2, func(int) float32 { return 0.5 }), set(10, func(int) float32 { return 0.5 }),
	}
}

func yuNet() []Tensor {
	var out []Tensor
	for _, stride := range []string{"8", "16", "32"} {
		n := map[string]int{"8": 144, "16": 36, "32": 9}[stride]
		for what, size := range map[string]int{"cls": 1, "obj": 1, "bbox": 4, "kps": 10} {
			t := full(what+"_"+stride, []int{1, n, size}, zero)
			if stride == "16" {
				row := map[string][]float32{"cls": {0.9}, "obj": {0.9}, "bbox": {1, 1, float32(math.Log(3)), float32(math.Log(3))}, "kps": make([]float32, 10)}[what]
				copy(t.Data[(2*6+2)*size:], row)
			}
			out = append(out, t)
		}
	}
	return out
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name  string
		model Model
		says  []string
	}{
		{"text recogniser", Model{Outputs: []Tensor{full("softmax_2.tmp_0", []int{1, 40, 6625}, func(int) float32 { return 0.1 })}}, []string{`"softmax_2.tmp_0" [1 40 6625]`, "no known format"}},
		{"its labels given", Model{Labels: coco(), Outputs: []Tensor{full("o", []int{1, 40, 6625}, func(int) float32 { return 0.1 })}}, []string{"labels"}},
		{"two classes or an angle", Model{Outputs: []Tensor{columns(6, join(center, 0.9, 0.7)...)}}, []string{`"yolov8" (2 classes)`, `"yolov8-obb" (1 class with an angle)`, "set format"}},
		{"52 classes or keypoints", Model{Outputs: []Tensor{columns(56, join(center, 0.9)...)}}, []string{`"yolov8"`, `"yolov8-pose" (1 class with keypoints)`}},
		{"labels that do not fit", Model{Labels: make([]string, 7), Outputs: []Tensor{columns(84, center...)}}, []string{"80 classes", "7 labels"}},
		{"labels and format that do not fit", Model{Format: "yolov8", Labels: two, Outputs: []Tensor{columns(84, center...)}}, []string{"80 classes", "2 labels"}},
		{"format that does not fit", Model{Format: "ssd", Outputs: []Tensor{columns(84, center...)}}, []string{`do not match "ssd"`, "[1, 1, boxes, 7]"}},
		{"no output", Model{}, []string{"no outputs"}},
		{"masks alone", Model{Outputs: []Tensor{proto()}}, []string{`"output1" [1 32 24 24]`}},
		{"task of another kind", Model{Meta: task("pose"), Labels: two, Outputs: []Tensor{columns(6, center...)}}, []string{"no known format"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.model.Width, tt.model.Height = side, side
			h, err := Choose(tt.model)
			if err == nil {
				t.Fatalf("read as %q (%s), want a refusal", h.Format, h.Title)
			}
			for _, says := range tt.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("it says %q, want %q in it", err, says)
				}
			}
		})
	}
}

// An impossible output is an error, which makes signals unknown, and never reads as nothing
// found.
func TestAnswersThatCannotBeRight(t *testing.T) {
	nan := float32(math.NaN())
	grey := map[string]Model{
		"v8":         {Labels: two, Outputs: []Tensor{columns(6, center...)}},
		"end-to-end": {Labels: two, Outputs: []Tensor{rowsOf(300, 6)}},
		"classifier": {Labels: two, Outputs: []Tensor{rowsFlat("p", 0.5, 0.5)}},
		"rt-detr":    {Meta: task("detect", "end2end", "False"), Labels: two, Outputs: []Tensor{rowsOf(300, 6, 0.5, 0.5, 0.5, 0.5, 0.1, 1)}},
		"detr":       {Outputs: []Tensor{rowsOf(100, 4, 0.5, 0.5, 0.5, 0.5), rowsOf(100, 92)}},
		"lists":      {Outputs: []Tensor{{Name: "boxes", Shape: []int{0, 4}}, {Name: "labels", Shape: []int{0}, Integer: true}, {Name: "scores", Shape: []int{0}}}},
	}
	tests := []struct {
		name, model string
		out         []Tensor
		says        string
	}{
		{"score above 1", "v8", []Tensor{columns(6, join(center, 320, 0)...)}, "a score of 320"},
		{"score that is not a number", "v8", []Tensor{columns(6, join(center, nan, 0)...)}, "not finite"},
		{"other score that is not a number", "v8", []Tensor{columns(6, join(center, 0, nan)...)}, "not finite"},
		{"box that is not a number", "v8", []Tensor{columns(6, nan, 48, 48, 48, 0.9, 0)}, "not finite"},
		{"another shape", "v8", []Tensor{columns(7, center...)}, "changed its shape"},
		{"another number of outputs", "v8", []Tensor{columns(6, center...), proto()}, "2 outputs"},
		{"fewer numbers than the shape says", "v8", []Tensor{{Shape: []int{1, 6, places}, Data: make([]float32, 5)}}, "5 numbers"},
		{"class without a label", "end-to-end", []Tensor{rowsOf(300, 6, join(corner, 0.9, 2)...)}, "class 2, but there are 2 labels"},
		{"class that is none", "end-to-end", []Tensor{rowsOf(300, 6, join(corner, 0.9, 0.5)...)}, "class 0.5"},
		{"score that is not a number", "end-to-end", []Tensor{rowsOf(300, 6, join(corner, nan, 0)...)}, "not finite"},
		{"score that is not a number", "rt-detr", []Tensor{rowsOf(300, 6, 0.5, 0.5, 0.5, 0.5, nan, 0)}, "not finite"},
		{"no object that is not a number", "detr", []Tensor{rowsOf(100, 4, 0.5, 0.5, 0.5, 0.5), rowsOf(100, 92, append(make([]float32, 91), nan)...)}, "not finite"},
		{"number that is none", "classifier", []Tensor{rowsFlat("p", nan, 0)}, "not finite"},
		{"lists of other lengths", "lists", []Tensor{{Name: "boxes", Shape: []int{1, 4}, Data: corner}, {Shape: []int{1}, Data: []float32{0}}, {Shape: []int{2}, Data: []float32{0.9, 0.9}}}, "changed its shape"},
	}
	for _, tt := range tests {
		t.Run(tt.model+": "+tt.name, func(t *testing.T) {
			m := grey[tt.model]
			m.Width, m.Height = side, side
			h, err := Choose(m)
			if err != nil {
				t.Fatal(err)
			}
			d, err := h.Decoder(Options{Threshold: 0.4, NMS: 0.45})
			if err != nil {
				t.Fatal(err)
			}
			found, err := d.Decode(tt.out, Place(FitStretch, side, side, side, side))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("found %v, %v; want an error with %q", found, err, tt.says)
			}
			if found, err := d.Decode(m.Outputs, Place(FitStretch, side, side, side, side)); tt.model != "classifier" && (err != nil || found != nil) {
				t.Errorf("after it: found %v, %v; want nothing", found, err)
			}
		})
	}
}

func TestClassesThatCount(t *testing.T) {
	m := Model{Width: side, Height: side, Labels: two, Outputs: []Tensor{columns(6, join(center, 0.9, 0)...)}}
	h, err := Choose(m)
	if err != nil {
		t.Fatal(err)
	}
	at := Place(FitStretch, side, side, side, side)
	for label, want := range map[string]int{"person": 1, "car": 0} {
		d, err := h.Decoder(Options{Threshold: 0.4, NMS: 0.45, Classes: []string{label}})
		if err != nil {
			t.Fatal(err)
		}
		if found, err := d.Decode(m.Outputs, at); err != nil || len(found) != want {
			t.Errorf("with %q: found %v, %v; want %d", label, found, err, want)
		}
	}
	if _, err := h.Decoder(Options{Classes: []string{"peron"}}); err == nil || !strings.Contains(err.Error(), `did you mean "person"?`) {
		t.Errorf("an unknown label: %v", err)
	}
}

func TestDoubleBoxesAreOne(t *testing.T) {
	out := columns(84)
	for i, c := range []candidate{{left: 32, score: 0.8}, {left: 33, score: 0.9}, {left: 34, score: 0.7, class: 2}} {
		out.Data[i], out.Data[places+i], out.Data[2*places+i], out.Data[3*places+i] = c.left, 32, 32, 32
		out.Data[(4+int(c.class))*places+i] = c.score
	}
	h, err := Choose(Model{Width: side, Height: side, Outputs: []Tensor{out}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := h.Decoder(Options{Threshold: 0.4, NMS: 0.45})
	if err != nil {
		t.Fatal(err)
	}
	found, err := d.Decode([]Tensor{out}, Place(FitStretch, side, side, side, side))
	if err != nil || len(found) != 2 || found[0].Score != float64(float32(0.9)) || found[1].Label != "class_2" {
		t.Errorf("found %v, %v; want the best of two and the one of another class", found, err)
	}
}

// Whole numbers are class numbers or quantized scores. As logits, the highest would always seem
// certain.
func TestClassifierWithWholeNumbersIsRefused(t *testing.T) {
	for _, format := range []string{"", "classification"} {
		scores := Tensor{Name: "p", Shape: []int{1, 3}, Integer: true, Data: []float32{100, 90, 66}}
		if h, err := Choose(Model{Width: side, Height: side, Format: format, Outputs: []Tensor{scores}}); err == nil {
			t.Errorf("format %q: it is read as %q", format, h.Title)
		}
	}
}

// An output can be declared with a dimension of 0.
func TestScoresWithoutClassesAreRefused(t *testing.T) {
	for _, format := range []string{"", "rt-detr", "detr"} {
		m := Model{Width: side, Height: side, Format: format, Labels: one, Outputs: []Tensor{{Name: "scores", Shape: []int{1, 1, 0}}, rowsOf(1, 4, 0.5, 0.5, 0.5, 0.5)}}
		if h, err := Choose(m); err == nil {
			t.Errorf("format %q: it is read as %q", format, h.Title)
		}
	}
}

// If a classifier's scores are no probabilities once, softmax is always applied.
func TestClassifierRemembersThatScoresAreNone(t *testing.T) {
	h, err := Choose(Model{Width: side, Height: side, Outputs: []Tensor{rowsFlat("p", 0.2, 0.3)}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := h.Decoder(Options{Threshold: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	at := Place(FitCrop, side, side, side, side)
	for _, raw := range [][]float32{{-3, 4}, {0.2, 0.3}} {
		found, err := d.Decode([]Tensor{rowsFlat("p", raw...)}, at)
		sum := 0.0
		for _, f := range found {
			sum += f.Score
		}
		if err != nil || sum < 0.98 || sum > 1.001 {
			t.Errorf("%v gives %v, %v: want scores that are 1 together", raw, found, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(uint8(3), uint16(6), uint16(84), uint8(2), []byte{1, 2, 3})
	f.Add(uint8(2), uint16(300), uint16(6), uint8(0), []byte{0x7f, 0xc0, 0, 0})
	f.Add(uint8(4), uint16(10), uint16(7), uint8(1), []byte{})
	f.Fuzz(func(t *testing.T, dims uint8, a, b uint16, labels uint8, noise []byte) {
		a, b = a%400+1, b%400+1
		shape := map[uint8][]int{0: {int(a)}, 1: {int(a), 4}, 2: {1, int(a), int(b)}, 3: {1, 1, int(a), 7}, 4: {1, int(a)}}[dims%5]
		number := func(i int) float32 {
			if len(noise) < 4 {
				return 0.5
			}
			at := i * 4 % (len(noise) - 3)
			return math.Float32frombits(uint32(noise[at])<<24 | uint32(noise[at+1])<<16 | uint32(noise[at+2])<<8 | uint32(noise[at+3]))
		}
		outputs := []Tensor{full("a", shape, number), full("b", []int{1, int(a), 4}, number), full("c", []int{1, int(a)}, number)}
		for n := 1; n <= len(outputs); n++ {
			for _, format := range append(Formats(), "") {
				m := Model{Width: side, Height: side, Outputs: outputs[:n], Labels: coco()[:labels%80], Format: format}
				h, err := Choose(m)
				if err != nil {
					continue
				}
				d, err := h.Decoder(Options{Threshold: 0.4, NMS: 0.45})
				if err != nil {
					t.Fatal(err)
				}
				found, err := d.Decode(m.Outputs, Place(FitLetterbox, 640, 480, side, side))
				for _, f := range found {
					sum := f.Score + f.Box.X + f.Box.Y + f.Box.W + f.Box.H
					if err != nil || sum-sum != 0 || f.Score < 0 || f.Score > 1 || f.Box.X < 0 || f.Box.X+f.Box.W > 1.001 {
						t.Fatalf("as %s: %v, %v", h.Title, f, err)
					}
				}
			}
		}
	})
}
