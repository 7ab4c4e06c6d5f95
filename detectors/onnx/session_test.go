//go:build cgo

package onnx

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	ort "github.com/yalue/onnxruntime_go"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/detectors/onnx/network"
)

// library is where make build puts ONNX Runtime.
const library = "../../bin/" + libraryName

// open returns a runtime with the library that make build fetches.
func open(t testing.TB) *Runtime {
	t.Helper()
	if _, err := os.Stat(library); err != nil {
		t.Skipf("no %s: run make build", library)
	}
	r := NewRuntime()
	r.Tune(library, 1)
	t.Cleanup(func() {
		if len(r.models) > 0 {
			t.Errorf("%d models are left open", len(r.models))
		}
	})
	return r
}

// fill returns a configuration as passed to New.
func fill(t testing.TB, r *Runtime, o Options) detectors.Config {
	t.Helper()
	k := r.Kind()
	cfg := detectors.Config{Name: "things", Kind: "onnx", Options: o}
	k.Check(cfg.Fill(k), func(key, problem string) { t.Fatalf("%s: %s", key, problem) })
	return cfg.Fill(k)
}

func detector(t testing.TB, r *Runtime, o Options) *Detector {
	t.Helper()
	cfg := fill(t, r, o)
	d, err := r.New(cfg.Options.(Options), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// plane makes a frame of one colour.
func plane(t testing.TB, width, height int, b, g, r byte) *capture.Frame {
	t.Helper()
	pool := capture.NewPool(1, nil)
	f, err := pool.Get("yard", 1, width, height, time.Now())
	if err != nil || f == nil {
		t.Fatalf("make a frame: %v", err)
	}
	pix := f.Pixels()
	for i := 0; i < len(pix); i += 3 {
		pix[i], pix[i+1], pix[i+2] = b, g, r
	}
	t.Cleanup(func() { f.Release(); pool.Close() })
	return f
}

// Models that once gave nonsense.
func TestModelsThatWereNonsense(t *testing.T) {
	r := open(t)
	frame := plane(t, 64, 64, 0, 0, 0)
	for _, tt := range []struct {
		file, label string
		points      int
		format      string
	}{
		{"e1", "person", 0, ""},
		{"e2", "car", 0, ""},
		{"e80", "c2", 0, ""},
		{"e0", "class_1", 0, ""},
		{"e38", "person", 0, ""},
		{"e57", "person", 17, ""},
		{"p56", "person", 17, ""},
		{"p56n", "class_0", 17, "yolov8-pose"},
		{"s37", "person", 0, ""},
		{"s37n", "class_0", 0, ""},
		{"o6", "person", 0, ""},
		{"o6n", "class_0", 0, "yolov8-obb"},
		{"o6n", "class_0", 0, "yolov8"},
		{"ok5", "person", 0, ""},
		{"cast-last", "person", 0, ""},
	} {
		t.Run(tt.file+tt.format, func(t *testing.T) {
			d := detector(t, r, Options{Model: "testdata/" + tt.file + ".onnx", Options: network.Options{Format: tt.format}})
			out, err := d.Detect(t.Context(), frame)
			if err != nil {
				t.Fatal(err)
			}
			if f := out[0].Detections; out[0].Value != 1 || f[0].Label != tt.label || len(f[0].Keypoints) != tt.points || math.Abs(f[0].Score-0.9) > 1e-6 ||
				math.Abs(f[0].Box.X+f[0].Box.W/2-0.5) > 1e-6 {
				t.Errorf("%v: found %v, want one %s with %d keypoints in the middle", d.Model(), out[0], tt.label, tt.points)
			}
			if turned := strings.Contains(d.Model(), "oriented"); turned != (math.Abs(out[0].Detections[0].Angle-0.7) < 1e-6) {
				t.Errorf("%v: its angle is %v", d.Model(), out[0].Detections[0].Angle)
			}
		})
	}
}

func TestRefusedModels(t *testing.T) {
	r := open(t)
	for file, says := range map[string][]string{
		"text":     {`"softmax" [1 40 6625]`, "no known format"},
		"o6n":      {"2 classes", "an angle", "set format"},
		"p56n":     {"keypoints", "set format"},
		"in-open":  {"set input"},
		"make.py":  {"load network"},
		"in-minus": {"set input"},
	} {
		path := "testdata/" + file + ".onnx"
		if file == "make.py" {
			path = "testdata/make.py"
		}
		d, err := r.Kind().New(fill(t, r, Options{Model: path}))
		if d != nil {
			t.Errorf("%s: a detector comes with the error", file)
		}
		for _, want := range says {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q in it", file, err, want)
			}
		}
	}
}

// A signal for a label that the model lacks would always be 0.
func TestLabelsThatTheModelDoesNotHave(t *testing.T) {
	r := open(t)
	for _, o := range []network.Options{
		{Signals: []string{"bicycle"}}, {Classes: []string{"bicycle"}},
	} {
		cfg := fill(t, r, Options{Model: "testdata/e2.onnx", Options: o})
		if _, err := r.New(cfg.Options.(Options), cfg); err == nil || !strings.Contains(err.Error(), `"bicycle" is not a label`) {
			t.Errorf("%v: %v", o, err)
		}
	}
}

// The model sees the right pixels, whatever type and order its input has.
func TestInputs(t *testing.T) {
	r := open(t)
	const b, g, red = 10, 100, 200
	frame := plane(t, 64, 64, b, g, red)
	of255 := []float64{1}
	for _, tt := range []struct {
		file string
		o    network.Options
		want []float32
	}{
		{"in-nchw", network.Options{}, []float32{red / 255., g / 255., b / 255.}},
		{"in-nchw", network.Options{Color: "bgr", Mean: []float64{10, 0, 0}, Scale: of255}, []float32{0, g, red}},
		{"in-nhwc-uint8", network.Options{}, []float32{red, g, b}},
		{"in-float16", network.Options{}, []float32{red / 255., g / 255., b / 255.}},
		{"in-int32", network.Options{Mean: []float64{300}, Scale: of255}, []float32{red - 300, g - 300, b - 300}},
		{"in-open", network.Options{Input: "64x64"}, []float32{red / 255., g / 255., b / 255.}},
		{"in-minus", network.Options{Input: "96x32"}, []float32{red / 255., g / 255., b / 255.}},
		{"in-no-batch", network.Options{}, []float32{red / 255., g / 255., b / 255.}},
		{"in-grey", network.Options{Scale: of255}, []float32{0.114*b + 0.587*g + 0.299*red, 0}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			d := detector(t, r, Options{Model: "testdata/" + tt.file + ".onnx", Options: tt.o})
			m := d.shared.model
			m.Pixels.Write(0, frame.Pixels(), d.shared.model.Place(64, 64))
			out, err := m.infer(1, []context.Context{t.Context()})
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range tt.want {
				if got := out[0].Data[i]; math.Abs(float64(got-want)) > 0.001*math.Max(1, float64(want))+0.5*float64(len(tt.o.Scale)) {
					t.Errorf("channel %d has the mean %v, want %v", i, got, want)
				}
			}
		})
	}
}

// An empty list means that nothing was found, and is no error.
func TestEmptyLists(t *testing.T) {
	d := detector(t, open(t), Options{Model: "testdata/lists.onnx"})
	out, err := d.Detect(t.Context(), plane(t, 640, 480, 1, 2, 3))
	if err != nil || out[0].Value != 0 {
		t.Errorf("%v, %v; want 0", out, err)
	}
}

// Frames that wait while the model runs go in one batch, and each camera gets its own result.
func TestBatch(t *testing.T) {
	r := open(t)
	o := Options{Model: "testdata/batch.onnx", MaxBatch: 4, Options: network.Options{Threshold: 0.01}}
	first := detector(t, r, o)
	first.shared.sem <- struct{}{} // the model is busy
	var wg sync.WaitGroup
	scores := make([]float64, 6)
	for i := range scores {
		d, frame := detector(t, r, o), plane(t, 64, 64, byte(40*i+10), byte(40*i+10), byte(40*i+10))
		if d.shared != first.shared {
			t.Fatal("two cameras do not share their model")
		}
		wg.Go(func() {
			out, err := d.Detect(t.Context(), frame)
			if err != nil || out[0].Value != 1 {
				t.Errorf("camera %d: %v, %v", i, out, err)
				return
			}
			scores[i] = out[0].Detections[0].Score
		})
	}
	for waiting := 0; waiting < len(scores); {
		first.shared.mu.Lock()
		waiting = len(first.shared.waiting)
		first.shared.mu.Unlock()
	}
	<-first.shared.sem
	wg.Wait()
	for i, score := range scores {
		if want := float64(40*i+10) / 255; math.Abs(score-want) > 0.001 {
			t.Errorf("camera %d got %v, want %v", i, score, want)
		}
	}
	if bound := first.shared.model.bound; bound != 2 {
		t.Errorf("the last batch had %d images, want 2 after one of 4", bound)
	}
}

// Outputs are kept for each batch size, but their memory is that of the largest batch.
func TestBatchSizesShareMemory(t *testing.T) {
	r := open(t)
	const most = 8
	s := detector(t, r, Options{Model: "testdata/batch.onnx", MaxBatch: most}).shared
	m := s.model
	for n := 1; n <= most; n++ {
		if _, err := m.infer(n, []context.Context{t.Context()}); err != nil {
			t.Fatal(err)
		}
	}
	starts := map[*float32]bool{}
	for n := 1; n <= most; n++ {
		v, ok := m.session.kept[n][0].(*ort.Tensor[float32])
		if !ok {
			t.Fatalf("the output of %d images is not kept, but made in each run", n)
		}
		starts[&v.GetData()[0]] = true
	}
	if len(starts) != 1 {
		t.Errorf("%d batch sizes have %d outputs in memory", most, len(starts))
	}
}

func TestBatchNeedsAnOpenOne(t *testing.T) {
	r := open(t)
	cfg := fill(t, r, Options{Model: "testdata/ok5.onnx", MaxBatch: 2})
	if _, err := r.New(cfg.Options.(Options), cfg); err == nil || !strings.Contains(err.Error(), "max_batch") {
		t.Errorf("error %v, want one about max_batch", err)
	}
}

// A run past its timeout is ended, and the model is free for the next frame.
func TestRunIsEnded(t *testing.T) {
	d := detector(t, open(t), Options{Model: "testdata/slow.onnx"})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := d.Detect(ctx, plane(t, 64, 64, 255, 255, 255))
	if detectors.ReasonOf(err) != detectors.ReasonTimeout || time.Since(began) > 10*time.Second {
		t.Fatalf("after %v: %v; want a timeout", time.Since(began), err)
	}
	if out, err := d.Detect(t.Context(), plane(t, 64, 64, 0, 0, 0)); err != nil || out[0].Value != 1 {
		t.Errorf("after it: %v, %v; want one", out, err)
	}
}

// Waiting for a busy model ends with the context.
func TestWaitingEndsWithTheContext(t *testing.T) {
	d := detector(t, open(t), Options{Model: "testdata/ok5.onnx"})
	d.shared.sem <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j := &job{ctx: ctx, decode: func([]heads.Tensor) error { return nil }}
	if err := d.shared.look(j); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that it was canceled", err)
	}
	<-d.shared.sem
	if len(d.shared.waiting) != 0 {
		t.Error("its frame still waits")
	}
}

func TestVersion(t *testing.T) {
	if v, err := open(t).Version(); err != nil || v == "" {
		t.Errorf("version %q, %v", v, err)
	}
}

func TestProviderThatIsNotThere(t *testing.T) {
	r := open(t)
	o := Options{Model: "testdata/ok5.onnx", Provider: providerCUDA}
	cfg := fill(t, r, o)
	if _, err := r.New(cfg.Options.(Options), cfg); err == nil || !strings.Contains(err.Error(), "fallback") {
		t.Errorf("error %v, want one that names fallback", err)
	}
	o.Fallback = true
	if d := detector(t, r, o); !strings.Contains(d.Model(), "on the CPU") {
		t.Errorf("it says %q, want that it is on the CPU", d.Model())
	}
}

// planes is a decoded frame of one colour that records its conversions.
type planes struct {
	width, height int
	asked         []capture.Target
}

func (p *planes) Size() (width, height int)  { return p.width, p.height }
func (p *planes) Luma() (capture.Luma, bool) { return capture.Luma{}, false }
func (p *planes) Free()                      {}

func (p *planes) Convert(dst []byte, t capture.Target) error {
	p.asked = append(p.asked, t)
	for y := range t.Height {
		for x := range t.Width {
			copy(dst[y*t.Stride+3*x:], []byte{51, 102, 204})
		}
	}
	return nil
}

// A decoded frame is converted once, at the input size of the model.
func TestDecodedFramesAreConvertedAtTheSizeOfTheInput(t *testing.T) {
	r := open(t)
	pool := capture.NewPool(1, nil)
	defer pool.Close()
	for _, tt := range []struct {
		fit           string
		width, height int
	}{{heads.FitLetterbox, 64, 36}, {heads.FitStretch, 64, 64}, {heads.FitCrop, 114, 64}} {
		d := detector(t, r, Options{Model: "testdata/batch.onnx", Options: network.Options{Fit: tt.fit, Fill: []float64{114}, Threshold: 0.01}})
		img := &planes{width: 1280, height: 720}
		frame := pool.Wrap("yard", 1, img, 1280, 720, time.Now())
		out, err := d.Detect(t.Context(), frame)
		frame.Release()
		if err != nil || out[0].Value != 1 {
			t.Fatalf("%s: %v, %v", tt.fit, out, err)
		}
		if len(img.asked) != 1 || img.asked[0].Width != tt.width || img.asked[0].Height != tt.height {
			t.Errorf("%s: converted as %+v, want once to %dx%d", tt.fit, img.asked, tt.width, tt.height)
		}
		// The model's score is the brightness of the image.
		part := float64(min(tt.height, 64)) / 64
		if want := (119*part + 114*(1-part)) / 255; math.Abs(out[0].Detections[0].Score-want) > 0.005 {
			t.Errorf("%s: the image has the mean %.3f, want %.3f", tt.fit, out[0].Detections[0].Score, want)
		}
	}
}
