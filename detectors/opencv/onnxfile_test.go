package opencv

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rvo-tui/detectors"
)

func TestParseONNX(t *testing.T) {
	for name, want := range map[string]onnxInput{
		"yolov8.onnx": {"images", 3, 64, 64}, "open.onnx": {"images", 3, 0, 0}, "gray.onnx": {"image", 1, 64, 64}, "ssd.onnx": {"image", 3, 64, 64},
	} {
		f, err := parseONNX(models()[name])
		if err != nil || f.input != want {
			t.Errorf("%s: %+v, %v; want %+v", name, f, err, want)
		}
		named := []string{"red", "green light", "blue"}
		if name != "yolov8.onnx" {
			named = nil
		}
		if err == nil && !slices.Equal(f.labels, named) {
			t.Errorf("%s: labels %q, want %q", name, f.labels, named)
		}
	}
}

func TestParseONNXErrors(t *testing.T) {
	with := func(change func(g *graph)) []byte {
		g := new(graph)
		g.node("Identity", []string{"in", "out"})
		g.output("out", 1, 3)
		change(g)
		return g.bytes()
	}
	elsewhere := func(g *graph) {
		g.input("in", 1, 3, 64, 64)
		g.weights = part(g.weights, 5, number(text(nil, 8, "w"), 14, 1))
	}
	short := func(g *graph) {
		g.input("in", 1, 3, 64, 64)
		g.floats("w", []int64{1000, 1000}, []float32{1})
	}
	inside := func(g *graph) {
		g.input("in", 1, 3, 64, 64)
		g.node("Constant", []string{"c"}, attribute("value", number(number(number(nil, 1, 1<<20), 2, 7), 7, 1)))
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":             {nil, "whole ONNX file"},
		"text":              {[]byte("hello, I am a model"), "whole ONNX file"},
		"a page":            {[]byte("<!DOCTYPE html><html>404</html>"), "whole ONNX file"},
		"zeros":             {make([]byte, 100), "whole ONNX file"},
		"no graph":          {text(nil, 2, "producer"), "whole ONNX file"},
		"no nodes":          {part(nil, 7, text(nil, 2, "name")), "whole ONNX file"},
		"no input":          {with(func(*graph) {}), "has 0 inputs"},
		"two inputs":        {with(func(g *graph) { g.input("in", 1, 3, 64, 64); g.input("mask", 1, 3, 64, 64) }), "has 2 inputs"},
		"half precision":    {with(func(g *graph) { g.inputs = part(nil, 11, declare("in", 10, 1, 3, 64, 64)) }), "half=False"},
		"a flat input":      {with(func(g *graph) { g.input("in", 1, 300) }), "with 2 dimensions"},
		"channels last":     {with(func(g *graph) { g.input("in", 1, 64, 64, 3) }), "channels first"},
		"several pictures":  {with(func(g *graph) { g.input("in", 4, 3, 64, 64) }), "wants 4 pictures"},
		"huge":              {with(func(g *graph) { g.input("in", 1, 3, 1<<30, 64) }), "8 to 4096 pixels"},
		"weights cut":       {with(short), "its constant \"w\" is not whole"},
		"a constant cut":    {with(inside), "is not whole"},
		"weights elsewhere": {with(elsewhere), "save it as one file"},
	} {
		if _, err := parseONNX(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for name, data := range models() {
		for n := range data {
			// Without its last part, the metadata, a model may still be one.
			if f, err := parseONNX(data[:n]); err == nil && len(f.labels) > 0 {
				t.Errorf("%s: taken for whole after %d of %d bytes", name, n, len(data))
			}
		}
	}
}

func TestWeightsAreNoInputs(t *testing.T) {
	g := new(graph)
	g.node("Add", []string{"in", "w", "out"})
	g.floats("w", []int64{1}, []float32{1})
	g.input("in", 1, 3, 64, 64)
	g.input("w", 1)
	g.output("out", 1, 3)
	if f, err := parseONNX(g.bytes()); err != nil || f.input != (onnxInput{"in", 3, 64, 64}) {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestSizedSaysTheSize(t *testing.T) {
	for name, open := range map[string]bool{"open.onnx": true, "yolov8.onnx": false} {
		f, err := parseONNX(models()[name])
		if err != nil || f.open != open {
			t.Fatalf("%s: %+v, %v; want open %v", name, f, err, open)
		}
		in := f.input
		in.width, in.height = 64, 64
		sized, err := parseONNX(f.sized(in))
		if err != nil || sized.open || sized.input != in {
			t.Errorf("%s: %+v, %v; want a fixed size", name, sized, err)
		}
	}
	// All else is as it was: written for that size at once it is the same.
	f, err := parseONNX(yolov5(false, 0, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(f.sized(onnxInput{"images", 3, 72, 48}), yolov5(false, 1, 48, 72)) {
		t.Error("the sized model differs from one that was written with that size")
	}
}

func FuzzParseONNX(f *testing.F) {
	for _, data := range models() {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := parseONNX(data)
		if err != nil {
			return
		}
		in := file.input
		side := func(n int) bool { return n == 0 || n >= minInput && n <= maxInput }
		if in.channels != 1 && in.channels != 3 || !side(in.width) || !side(in.height) {
			t.Fatalf("input %+v", in)
		}
		in.width, in.height = 320, 160
		if sized, err := parseONNX(file.sized(in)); file.open && (err != nil || sized.open || sized.input != in) {
			t.Fatalf("sized it is %+v, %v", sized, err)
		}
	})
}

func TestParseNames(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{names, []string{"red", "green light", "blue"}},
		{`{0: 'it\'s'}`, []string{"it's"}},
		{`{"0": "a", "1": "b"}`, []string{"a", "b"}},
		{`['a', 'b, c',]`, []string{"a", "b, c"}},
		{"{0: 'a\x1b[31m b'}", []string{"a[31m b"}},
		{`{}`, nil},
		{``, nil},
		{`person`, nil},
		{`{0: 'a', 2: 'b'}`, nil},
		{`{0: 'a' 1: 'b'}`, nil},
		{`{0: 'a`, nil},
		{`{0: a}`, nil},
		{`{0 'a'}`, nil},
	} {
		if got := parseNames(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}

func FuzzParseNames(f *testing.F) {
	for _, seed := range []string{names, "['a', \"b\"]", "{0: 'a\\'b'}", "{0:''}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, label := range slices.Concat(parseNames(s), linesOf(s)) {
			if label != detectors.Clean(label) {
				t.Fatalf("label %q is not clean", label)
			}
			if name := signalOf(label); name != label && !detectors.ValidName(name) {
				t.Fatalf("label %q makes the signal %q", label, name)
			}
		}
	})
}

func TestReadLabels(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	got, err := readLabels(write("a", "\ufeffperson\r\n\r\ntraffic light\t\ncat\n\n"))
	if want := []string{"person", "", "traffic light", "cat"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("labels %q, %v; want %q", got, err, want)
	}
	for name, c := range map[string]struct{ path, want string }{
		"missing":   {dir + "/none", "check the path"},
		"empty":     {write("b", "\n\n"), "has 0 labels"},
		"directory": {dir, "a label a line"},
		"large":     {write("c", strings.Repeat("x", maxLabelFile+1)), "at most 4 MiB"},
	} {
		if _, err := readLabels(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestSignalOf(t *testing.T) {
	for label, want := range map[string]string{
		"person": "person", "traffic light": "traffic_light", "T-Shirt/top": "T_Shirt_top", "9": "9", "": "", "é": "é",
		"caf\u00e9": "caf__",
	} {
		if got := signalOf(label); got != want {
			t.Errorf("%q: %q, want %q", label, got, want)
		}
	}
}

func TestCheckONNX(t *testing.T) {
	model := filepath.Join("testdata", "models", "yolov8.onnx")
	cfg := func(change func(*onnxConfig)) detectors.Config {
		c := onnxConfig{detectors.Config{Name: "things", Kind: "onnx"}, onnxOptions{Model: model}}
		change(&c)
		c.Options = c.onnxOptions
		return c.Config
	}
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "labels")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name string
		cfg  detectors.Config
		want string // key: part of the problem
	}{
		{"least", cfg(func(*onnxConfig) {}), ""},
		{"all", cfg(func(c *onnxConfig) {
			c.Input, c.Fit, c.Color, c.Format = "64x64", fitCrop, colorBGR, formatYOLOv8
			c.Scale, c.Mean, c.Threshold, c.NMS = 1, []float64{1, 2, 3}, 1, 1
			c.Labels, c.Classes, c.Signals = []string{"a b", "c"}, []string{"a b"}, []string{"a b"}
		}), ""},
		{"no model", cfg(func(c *onnxConfig) { c.Model = "" }), "model: is missing"},
		{"another model", cfg(func(c *onnxConfig) { c.Model = "/none" }), "model: there is no file \"/none\""},
		{"a directory", cfg(func(c *onnxConfig) { c.Model = "testdata" }), "model: model \"testdata\" is not a file"},
		{"no such model", cfg(func(c *onnxConfig) { c.Model = "kinds.go" }), "model: model \"kinds.go\": is not a whole ONNX file"},
		{"open input", cfg(func(c *onnxConfig) { c.Model = "testdata/models/open.onnx" }), "input: the model leaves the size"},
		{"other input", cfg(func(c *onnxConfig) { c.Input = "32x32" }), "input: the model wants pictures of 64x64"},
		{"input", cfg(func(c *onnxConfig) { c.Input = "640" }), "input: \"640\" is no size"},
		{"huge input", cfg(func(c *onnxConfig) { c.Input = "640x9999" }), "input: "},
		{"fit", cfg(func(c *onnxConfig) { c.Fit = "pad" }), "fit: \"pad\" is not one of"},
		{"color", cfg(func(c *onnxConfig) { c.Color = "gray" }), "color: "},
		{"format", cfg(func(c *onnxConfig) { c.Format = "jpeg" }), "format: "},
		{"scale", cfg(func(c *onnxConfig) { c.Scale = -1 }), "scale: "},
		{"mean", cfg(func(c *onnxConfig) { c.Mean = []float64{1, 2} }), "mean: "},
		{"threshold", cfg(func(c *onnxConfig) { c.Threshold = 25 }), "threshold: "},
		{"nms", cfg(func(c *onnxConfig) { c.NMS = 45 }), "nms: "},
		{"labels twice", cfg(func(c *onnxConfig) { c.Labels, c.LabelsFile = []string{"a"}, model }), "labels_file: does not go"},
		{"labels file", cfg(func(c *onnxConfig) { c.LabelsFile = "/none" }), "labels_file: there is no file"},
		{"labels file without labels", cfg(func(c *onnxConfig) { c.LabelsFile = file("\n\n") }), "labels_file: "},
		{"class that the file lacks", cfg(func(c *onnxConfig) { c.LabelsFile, c.Classes = file("cat\ndog\nbird\n"), []string{"brd"} }), "classes: \"brd\" is not a label of the model; did you mean \"bird\"?"},
		{"signal that the model lacks", cfg(func(c *onnxConfig) { c.Signals = []string{"bleu"} }), "signals: \"bleu\" is not a label of the model; did you mean \"blue\"?"},
		{"class", cfg(func(c *onnxConfig) { c.Labels, c.Classes = []string{"person"}, []string{"persn"} }), "classes: \"persn\" is not a label of the model; did you mean \"person\"?"},
		{"class twice", cfg(func(c *onnxConfig) { c.Classes = []string{"red", "red"} }), "classes: \"red\" is there twice"},
		{"signal", cfg(func(c *onnxConfig) { c.Labels, c.Signals = []string{"person"}, []string{"tree"} }), "signals: \"tree\" is not a label"},
		{"signal twice", cfg(func(c *onnxConfig) { c.Labels, c.Signals = []string{"a b", "a-b"}, []string{"a b", "a-b"} }), "signals: \"a_b\" is there twice"},
		{"signal of all", cfg(func(c *onnxConfig) { c.Labels, c.Signals = []string{"things"}, []string{"things"} }), "signals: \"things\" is what the detector's own"},
		{"no name", cfg(func(c *onnxConfig) { c.Labels, c.Signals = []string{"9"}, []string{"9"} }), "signals: \"9\" makes no name"},
		{"uncounted", cfg(func(c *onnxConfig) { c.Classes, c.Signals = []string{"red"}, []string{"blue"} }), "signals: \"blue\" does not count"},
		{"many signals", cfg(func(c *onnxConfig) { c.Signals = make([]string, 65) }), "signals: has 65"},
	} {
		var got []string
		c.cfg.Validate(Kinds(), func(key, problem string) { got = append(got, key+": "+problem) })
		if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], c.want)) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	spec := cfg(func(c *onnxConfig) { c.Signals = []string{"traffic light", "car"} }).Spec(Kinds()["onnx"])
	if want := []string{"things", "traffic_light", "car"}; !slices.Equal(spec.Provides, want) {
		t.Errorf("provides %q, want %q", spec.Provides, want)
	}
}
