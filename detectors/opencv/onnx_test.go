//go:build cgo

package opencv

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
)

const perSide = side / cell

// patches are the colours, blue green red, of the cells of an input.
type patches [perSide][perSide][3]byte

// scene paints patches so that they are the input of a model once a frame of 128
// by 64 pixels is fitted into it, and returns what the model then sees.
func scene(fit string, seed uint64) (width, height int, paint func(x, y int) [3]byte, seen patches) {
	r := rand.New(rand.NewPCG(seed, 9))
	var p patches
	for i := range perSide * perSide {
		for c := range 3 {
			p[i/perSide][i%perSide][c] = byte(r.IntN(256))
		}
	}
	const margin = 114
	switch fit {
	case fitLetterbox: // to half its size, with two rows of cells above and below
		for y := range perSide {
			for x := range perSide {
				if y < 2 || y > 5 {
					p[y][x] = [3]byte{margin, margin, margin}
				}
			}
		}
		return 128, 64, func(x, y int) [3]byte { return p[2+y/16][x/16] }, p
	case fitStretch:
		return 128, 64, func(x, y int) [3]byte { return p[y/cell][x/16] }, p
	}
	return 128, 64, func(x, y int) [3]byte { // as it is, but for 32 pixels on both sides
		if x < 32 || x >= 96 {
			return [3]byte{0, 0, 255}
		}
		return p[y/cell][(x-32)/cell]
	}, p
}

// inPicture returns where a box of the input is in the picture of a scene.
func inPicture(fit string, left, top, right, bottom float64) (detectors.Box, bool) {
	x := func(v float64) float64 { return v / 64 }
	y := x
	switch fit {
	case fitLetterbox:
		y = func(v float64) float64 { return (v - 16) / 32 }
	case fitCrop:
		x = func(v float64) float64 { return (v + 32) / 128 }
	}
	in := func(v float64) float64 { return math.Max(0, math.Min(1, v)) }
	b := detectors.Box{X: in(x(left)), Y: in(y(top))}
	b.W, b.H = in(x(right))-b.X, in(y(bottom))-b.Y
	return b, b.W > 0 && b.H > 0
}

// reference is what a model answers, worked out from what it sees by the rules
// of the one who wrote it.
func reference(model, fit, color string, p patches, threshold, nms float64) (want []detectors.Detection) {
	labels := []string{"red", "green light", "blue"}
	var found []candidate
	for i := range perSide * perSide {
		v := p[i/perSide][i%perSide]
		if color == colorRGB {
			v[0], v[2] = v[2], v[0]
		}
		score, class, sum := 0.0, 0, 0.0
		for c, b := range v {
			share := float64(b) / 255
			sum += share
			if share > score {
				score, class = share, c
			}
		}
		size := float32(wide)
		switch model {
		case "yolov5.onnx":
			score *= math.Min(sum, 1)
		case "ssd.onnx":
			score, class, size = float64(v[0])/255, 1, cell
		}
		if score >= threshold {
			x, y := float32(i%perSide*cell+cell/2), float32(i/perSide*cell+cell/2)
			found = append(found, candidate{x - size/2, y - size/2, x + size/2, y + size/2, float32(score), int32(class), int32(i)})
		}
	}
	for _, c := range naive(found, nms) {
		if box, ok := inPicture(fit, float64(c.left), float64(c.top), float64(c.right), float64(c.bottom)); ok {
			want = append(want, detectors.Detection{Label: labels[c.class], Score: float64(c.score), Box: box})
		}
	}
	return want
}

func openModel(t testing.TB, model string, change func(*onnxConfig)) (detectors.Detector, error) {
	t.Helper()
	k := onnxKind()
	cfg := onnxConfig{detectors.Config{Name: "things", Kind: "onnx"}, onnxOptions{Model: filepath.Join("testdata", "models", model)}}
	if change != nil {
		change(&cfg)
	}
	cfg.Options = cfg.onnxOptions
	d, err := k.New(cfg.Fill(k))
	if err == nil {
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return d, err
}

func mustOpen(t testing.TB, model string, change func(*onnxConfig)) detectors.Detector {
	t.Helper()
	d, err := openModel(t, model, change)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func paintFrame(t testing.TB, width, height int, paint func(x, y int) [3]byte) *capture.Frame {
	t.Helper()
	pool := capture.NewPool(1, nil)
	f, err := pool.Get("test", 1, width, height, time.Now())
	if err != nil || f == nil {
		t.Fatal("no frame:", err)
	}
	pix := f.Pixels()
	for i := range width * height {
		c := paint(i%width, i/width)
		copy(pix[i*3:], c[:])
	}
	t.Cleanup(func() { f.Release(); pool.Close() })
	return f
}

func plain(b, g, r byte) func(x, y int) [3]byte {
	return func(int, int) [3]byte { return [3]byte{b, g, r} }
}

func TestONNXAnswersAsTheReference(t *testing.T) {
	for _, model := range []string{"yolov8.onnx", "yolov5.onnx", "open.onnx", "ssd.onnx"} {
		for _, fit := range []string{fitLetterbox, fitStretch, fitCrop} {
			for _, color := range []string{colorRGB, colorBGR} {
				for _, nms := range []float64{0.125, 0.5} {
					const threshold = 0.601
					d := mustOpen(t, model, func(c *onnxConfig) {
						c.Fit, c.Color, c.NMS, c.Threshold = fit, color, nms, threshold
						if model != "yolov8.onnx" && model != "yolov5.onnx" {
							c.Labels = []string{"red", "green light", "blue"}
						}
						if model == "open.onnx" {
							c.Input = "64x64"
						}
						c.Signals = []string{"green light"}
					})
					for seed := range uint64(3) {
						width, height, paint, seen := scene(fit, seed)
						same := strings.Replace(model, "open", "yolov5", 1)
						want := reference(same, fit, color, seen, threshold, nms)
						got, err := d.Detect(t.Context(), paintFrame(t, width, height, paint))
						if err != nil {
							t.Fatal(err)
						}
						if len(want) < 3 {
							t.Fatalf("the reference finds %d things only", len(want))
						}
						compare(t, model+" "+fit+" "+color, got, want)
					}
				}
			}
		}
	}
}

func compare(t *testing.T, what string, got []detectors.Reading, want []detectors.Detection) {
	t.Helper()
	if len(got) != 2 || got[0].Signal != "things" || got[1].Signal != "green_light" {
		t.Fatalf("%s: readings %+v", what, got)
	}
	list := slices.Clone(got[0].Detections)
	if int(got[0].Value) != len(list) || len(list) != len(want) {
		t.Fatalf("%s: %v things\n%v\nwant\n%v", what, got[0].Value, list, want)
	}
	// Scores that round alike may change places.
	order := func(a, b detectors.Detection) int {
		if c := int(math.Round(b.Score*1e4)) - int(math.Round(a.Score*1e4)); c != 0 {
			return c
		}
		return int(math.Round(a.Box.X*64)) + 100*int(math.Round(a.Box.Y*64)) - int(math.Round(b.Box.X*64)) - 100*int(math.Round(b.Box.Y*64))
	}
	slices.SortStableFunc(list, order)
	slices.SortStableFunc(want, order)
	green := 0
	for i, w := range want {
		g := list[i]
		if g.Label != w.Label || math.Abs(g.Score-w.Score) > 1e-4 || !near(g.Box.X, w.Box.X) || !near(g.Box.Y, w.Box.Y) || !near(g.Box.W, w.Box.W) || !near(g.Box.H, w.Box.H) {
			t.Errorf("%s: %+v, want %+v", what, g, w)
		}
		if w.Label == "green light" {
			green++
		}
	}
	if int(got[1].Value) != green || len(got[1].Detections) != green {
		t.Errorf("%s: %v green lights, want %d", what, got[1].Value, green)
	}
}

func TestONNXClassifies(t *testing.T) {
	soft := func(v [3]float64) (p [3]float64) {
		sum := 0.0
		for _, x := range v {
			sum += math.Exp(10*x - 2)
		}
		for i, x := range v {
			p[i] = math.Exp(10*x-2) / sum
		}
		return p
	}
	labels := []string{"red", "green", "blue"}
	for _, model := range []string{"classifier.onnx", "logits.onnx"} {
		d := mustOpen(t, model, func(c *onnxConfig) { c.Labels, c.Signals, c.Threshold = labels, []string{"blue"}, 0.2 })
		for _, v := range [][3]byte{{200, 100, 50}, {0, 255, 0}, {100, 110, 120}, {250, 250, 0}} {
			got, err := d.Detect(t.Context(), paintFrame(t, 80, 60, plain(v[0], v[1], v[2])))
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]float64{}
			for i, p := range soft([3]float64{float64(v[2]) / 255, float64(v[1]) / 255, float64(v[0]) / 255}) {
				if p >= 0.2 {
					want[labels[i]] = p
				}
			}
			if len(got[0].Detections) != len(want) || int(got[0].Value) != len(want) {
				t.Errorf("%s of %v: %+v, want %v", model, v, got[0], want)
			}
			for _, d := range got[0].Detections {
				if math.Abs(d.Score-want[d.Label]) > 1e-4 || d.Box != (detectors.Box{W: 1, H: 1}) {
					t.Errorf("%s of %v: %+v, want %v over the whole picture", model, v, d, want)
				}
			}
			blue := 0.0
			if want["blue"] > 0 {
				blue = 1
			}
			if got[1].Value != blue {
				t.Errorf("%s of %v: blue is %v, want %v", model, v, got[1].Value, blue)
			}
		}
	}
}

func TestONNXTakesMeanAndScale(t *testing.T) {
	// (value - mean) / 64 in the model's order, red first: red 1, green 0.5, blue 0.
	d := mustOpen(t, "yolov8.onnx", func(c *onnxConfig) {
		c.Mean, c.Scale, c.Threshold, c.Signals = []float64{10, 20, 30}, 1.0/64, 0.9, []string{"red"}
	})
	got, err := d.Detect(t.Context(), paintFrame(t, 64, 64, plain(30, 52, 74)))
	if err != nil || got[1].Value != cells {
		t.Fatalf("%+v, %v: want red in every cell", got, err)
	}
	if s := got[0].Detections[0].Score; math.Abs(s-1) > 1e-4 {
		t.Errorf("score %v, want 1", s)
	}
}

func TestONNXOfGray(t *testing.T) {
	d := mustOpen(t, "gray.onnx", func(c *onnxConfig) { c.Labels, c.Signals = []string{"light", "dark"}, []string{"light", "dark"} })
	for v, want := range map[byte]float64{250: 1, 5: 0} {
		got, err := d.Detect(t.Context(), paintFrame(t, 33, 77, plain(v, v, v)))
		if err != nil || got[1].Value != want || got[2].Value != 1-want {
			t.Errorf("%d: %+v, %v; want light %v", v, got, err, want)
		}
	}
}

func TestONNXCountsWantedClassesAlone(t *testing.T) {
	d := mustOpen(t, "yolov8.onnx", func(c *onnxConfig) { c.Classes = []string{"blue"} })
	for color, want := range map[[3]byte]float64{{255, 0, 0}: cells, {0, 0, 255}: 0} {
		got, err := d.Detect(t.Context(), paintFrame(t, 64, 64, plain(color[0], color[1], color[2])))
		if err != nil || len(got) != 1 || got[0].Value != want {
			t.Errorf("%v: %+v, %v; want %v blue cells", color, got, err, want)
		}
	}
}

func TestONNXAnswersNothingWithAnError(t *testing.T) {
	d := mustOpen(t, "roots.onnx", nil)
	if got, err := d.Detect(t.Context(), paintFrame(t, 64, 64, plain(0, 0, 0))); err == nil || !strings.Contains(err.Error(), "numbers that are none") || got != nil {
		t.Errorf("%+v, %v: want an error, as the model answers with no numbers", got, err)
	}
	loud := mustOpen(t, "yolov8.onnx", func(c *onnxConfig) { c.Scale = 1 })
	if got, err := loud.Detect(t.Context(), paintFrame(t, 64, 64, plain(0, 0, 200))); err == nil || !strings.Contains(err.Error(), "scores are 0 to 1") || got != nil {
		t.Errorf("%+v, %v: want an error, as scores are 0 to 1", got, err)
	}
	// And it goes on.
	if _, err := d.Detect(t.Context(), paintFrame(t, 64, 64, plain(200, 200, 200))); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Detect(ctx, paintFrame(t, 8, 8, plain(0, 0, 0))); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was canceled", err)
	}
}

func TestONNXNewErrors(t *testing.T) {
	write := func(name string, data []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	unknown := new(graph)
	unknown.input("in", 1, 3, side, side)
	unknown.node("Sorcery", []string{"in", "out"})
	unknown.output("out", 1, 3)
	missing := new(graph)
	missing.input("in", 1, 3, side, side)
	missing.node("Conv", []string{"in", "nowhere", "out"})
	missing.output("out", 1, 3)
	for name, c := range map[string]struct {
		model  string
		change func(*onnxConfig)
		want   string
	}{
		"missing file":     {"none.onnx", nil, "check the path"},
		"garbage":          {"", func(c *onnxConfig) { c.Model = write("m", []byte("garbage")) }, "export or copy it again"},
		"cut":              {"", func(c *onnxConfig) { c.Model = write("m", yolov8()[:2000]) }, "export or copy it again"},
		"unknown operator": {"", func(c *onnxConfig) { c.Model = write("m", unknown.bytes()) }, "OpenCV cannot read it: export it with a fixed size"},
		"missing weights":  {"", func(c *onnxConfig) { c.Model = write("m", missing.bytes()) }, "nothing makes its \"nowhere\""},
		"no format":        {"features.onnx", nil, "no known format"},
		"wrong format":     {"yolov8.onnx", func(c *onnxConfig) { c.Format = formatSSD }, "which is not [1, 1, boxes, 7]"},
		"open input":       {"open.onnx", nil, "set input"},
		"wrong input":      {"yolov8.onnx", func(c *onnxConfig) { c.Input = "320x320" }, "wants pictures of 64x64, not 320x320"},
		"unfit input":      {"open.onnx", func(c *onnxConfig) { c.Input = "72x48" }, "with a fixed size"},
		"too few labels":   {"ssd.onnx", func(c *onnxConfig) { c.Signals = []string{"cat"} }, "set labels"},
		"other labels":     {"yolov8.onnx", func(c *onnxConfig) { c.Labels = []string{"a", "b"}; c.Format = formatYOLOv8 }, "tells 3 classes apart, and there are 2 labels"},
		"unknown label":    {"yolov8.onnx", func(c *onnxConfig) { c.Signals = []string{"gren light"} }, "did you mean \"green light\"?"},
		"no labels file":   {"yolov8.onnx", func(c *onnxConfig) { c.LabelsFile = "/none" }, "labels_file: there is no file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openModel(t, c.model, c.change)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "load network") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestONNXSideBySide(t *testing.T) {
	Threads(2)
	width, height, paint, seen := scene(fitLetterbox, 7)
	f := paintFrame(t, width, height, paint)
	want := reference("yolov8.onnx", fitLetterbox, colorRGB, seen, 0.5, 0.5)
	var wg sync.WaitGroup
	for range 4 {
		d := mustOpen(t, "yolov8.onnx", func(c *onnxConfig) { c.Threshold, c.NMS = 0.5, 0.5 })
		wg.Go(func() {
			for range 20 {
				if got, err := d.Detect(context.Background(), f); err != nil || int(got[0].Value) != len(want) {
					t.Errorf("%+v, %v; want %d things", got, err, len(want))
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkONNX(b *testing.B) {
	Threads(1)
	d := mustOpen(b, "yolov8.onnx", nil)
	f := paintFrame(b, 1280, 720, plain(10, 20, 30))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Detect(context.Background(), f); err != nil {
			b.Fatal(err)
		}
	}
}
