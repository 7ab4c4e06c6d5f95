//go:build cgo

package onnx

import (
	"encoding/json"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/network"
)

// reference is the result of testdata/reference.py for an image.
type reference struct {
	Image, Model, Input, Format string
	Threshold, NMS              float64
	Found                       []struct {
		Label string
		Score float64
		Box   [4]float64 // corners
	}
}

// The program finds in images what Python's onnxruntime finds with independent code: boxes
// overlap by 0.98, scores are within 0.01. The networks are those of make models; RVO_REFERENCE
// names another list, such as that of make parity.
func TestParity(t *testing.T) {
	r := open(t)
	file := os.Getenv("RVO_REFERENCE")
	if file == "" {
		file = "testdata/reference.json"
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []reference
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	for _, ref := range list {
		t.Run(filepath.Base(ref.Model), func(t *testing.T) {
			for _, path := range []string{ref.Model, ref.Image} {
				if _, err := os.Stat(path); err != nil {
					t.Skipf("no %s: run make models, and apt install opencv-doc", path)
				}
			}
			d := detector(t, r, Options{Model: ref.Model, Options: network.Options{Input: ref.Input, Format: ref.Format, Threshold: ref.Threshold, NMS: ref.NMS}})
			pix, width, height := readBGR(t, ref.Image)
			found, err := d.find(t.Context(), pix, width, height)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, d, ref, found)
		})
	}
}

func compare(t *testing.T, d *Detector, ref reference, found []detectors.Detection) {
	t.Helper()
	if len(found) != len(ref.Found) {
		t.Errorf("%s: found %d, want %d", d.Model(), len(found), len(ref.Found))
	}
	worst := 1.0
	for _, want := range ref.Found {
		best, score := 0.0, 0.0
		for _, got := range found {
			if got.Label != want.Label {
				continue
			}
			box := detectors.Box{X: want.Box[0], Y: want.Box[1], W: want.Box[2] - want.Box[0], H: want.Box[3] - want.Box[1]}
			if over := overlapOf(got.Box, box); over > best {
				best, score = over, got.Score
			}
		}
		worst = min(worst, best)
		if best < 0.98 || math.Abs(score-want.Score) > 0.01 {
			t.Errorf("%s: %s %.4f at %.4f: nearest overlaps by %.4f and has %.4f", d.Model(), want.Label, want.Score, want.Box, best, score)
		}
	}
	t.Logf("%s: %d found, the worst overlaps by %.4f", d.Model(), len(found), worst)
}

// overlapOf returns the intersection of two boxes over their union.
func overlapOf(a, b detectors.Box) float64 {
	w := min(a.X+a.W, b.X+b.W) - max(a.X, b.X)
	h := min(a.Y+a.H, b.Y+b.H) - max(a.Y, b.Y)
	both := max(w, 0) * max(h, 0)
	return both / (a.W*a.H + b.W*b.H - both)
}

// readBGR returns the pixels of an image as BGR.
func readBGR(t *testing.T, path string) (pix []byte, width, height int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	pix = slices.Grow(pix, 3*b.Dx()*b.Dy())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, blue, _ := img.At(x, y).RGBA()
			pix = append(pix, byte(blue>>8), byte(g>>8), byte(r>>8))
		}
	}
	return pix, b.Dx(), b.Dy()
}
