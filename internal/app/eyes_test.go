package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx"
	detectcv "rvo-tui/detectors/opencv"
)

// runtimeFor returns ONNX Runtime with the library that make build brings.
func runtimeFor(t *testing.T) *onnx.Runtime {
	t.Helper()
	r := onnx.NewRuntime()
	library, err := filepath.Abs(onnxLibrary)
	if err != nil {
		t.Fatal(err)
	}
	r.Tune(library, 1)
	if _, err := r.Version(); err != nil {
		t.Skipf("%v", err)
	}
	return r
}

// see returns the detections of a kind in an image file.
func see(t *testing.T, kind detectors.Kind, options any, file string) (detectors.Reading, error) {
	t.Helper()
	cfg := detectors.Config{Name: "eye", Kind: kind.Name, Options: options}.Fill(kind)
	kind.Check(cfg, func(key, problem string) { t.Errorf("%s: %s", key, problem) })
	d, err := kind.New(cfg)
	if err != nil {
		return detectors.Reading{}, err
	}
	defer d.Close()
	img := plainFrame()
	if file != "" {
		if img, err = readImage(file); err != nil {
			t.Skipf("%v: apt install opencv-doc", err)
		}
	}
	pool := capture.NewPool(1, nil)
	defer pool.Close()
	frame, err := pool.Get("yard", 1, img.Rect.Dx(), img.Rect.Dy(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer frame.Release()
	copy(frame.Pixels(), bgrOf(img))
	out, err := d.Detect(t.Context(), frame)
	if err != nil {
		t.Fatal(err)
	}
	return out[0], nil
}

func TestFacesByCenterFace(t *testing.T) {
	r := runtimeFor(t)
	model, err := filepath.Abs("../../bin/models/centerface.onnx")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(model); err != nil {
		t.Skip("no bin/models/centerface.onnx: run make models")
	}
	kind := faces(detectcv.Kinds()["face"], r)
	const players = "/usr/share/doc/opencv-doc/examples/data/basketball1.png"
	for _, tt := range []struct {
		least float64
		want  float64
	}{{0.08, 2}, {0.11, 1}, {0.5, 0}} {
		got, err := see(t, kind, detectcv.FaceOptions{Model: model, MinSize: tt.least}, players)
		if err != nil || got.Value != tt.want || len(got.Detections) != int(tt.want) {
			t.Errorf("with min_size %v: %v, %v; want %v", tt.least, got, err, tt.want)
		}
		for _, d := range got.Detections {
			if d.Label != "face" || len(d.Keypoints) != 5 {
				t.Errorf("found %v, want a face with 5 keypoints", d)
			}
		}
	}
}

func TestPersonsByANetwork(t *testing.T) {
	r := runtimeFor(t)
	kind := persons(detectcv.Kinds()["person"], r)
	got, err := see(t, kind, detectcv.PersonOptions{Model: modelFiles + "ok5.onnx"}, "")
	if err != nil || got.Value != 1 || got.Signal != "eye" {
		t.Errorf("%v, %v; want one person", got, err)
	}
	if _, err := see(t, kind, detectcv.PersonOptions{Model: modelFiles + "e0.onnx"}, ""); err == nil || !strings.Contains(err.Error(), `"person"`) {
		t.Errorf("a network without persons: %v", err)
	}
}
