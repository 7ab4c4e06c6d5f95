package network

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"rvo-tui/detectors/onnx/heads"
)

// plain is a layout with a batch and channels first.
func plain(width, height int) Layout {
	return Layout{Port: Port{Elem: Float32}, Width: width, Height: height, Channels: 3, Batched: true}
}

var as255 = heads.Input{Fit: heads.FitStretch, Scale: [3]float64{1, 1, 1}}

func identity(v float64) float32 { return float32(v) }

func TestFill(t *testing.T) {
	// Two pixels with blue, green and red 1, 2, 3 and 4, 5, 6.
	pix := []byte{1, 2, 3, 4, 5, 6}
	l := plain(2, 1)
	last := l
	last.Last = true
	grey := l
	grey.Channels = 1
	bgr := as255
	bgr.BGR = true
	scaled := as255
	scaled.Mean, scaled.Scale = [3]float64{1, 2, 3}, [3]float64{2, 10, 100}
	for _, tt := range []struct {
		name  string
		l     Layout
		input heads.Input
		want  []float32
	}{
		{"rgb", l, as255, []float32{3, 6, 2, 5, 1, 4}},
		{"bgr", l, bgr, []float32{1, 4, 2, 5, 3, 6}},
		{"channels last", last, as255, []float32{3, 2, 1, 6, 5, 4}},
		{"grey", grey, as255, []float32{2, 5}},
		{"mean and scale by channel", l, scaled, []float32{4, 10, 0, 30, -200, 100}},
	} {
		dst := make([]float32, tt.l.Numbers())
		newFiller(tt.l, shown{Input: tt.input}, identity).write(dst, pix, heads.Place(heads.FitStretch, 2, 1, 2, 1))
		if !slices.Equal(dst, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, dst, tt.want)
		}
	}
}

func TestMargins(t *testing.T) {
	pix := slices.Repeat([]byte{200}, 3*4*2)
	for fit, want := range map[string][]float32{
		heads.FitLetterbox: {9, 9, 9, 9, 200, 200, 200, 200, 200, 200, 200, 200, 9, 9, 9, 9},
		heads.FitTopLeft:   {200, 200, 200, 200, 200, 200, 200, 200, 9, 9, 9, 9, 9, 9, 9, 9},
		heads.FitStretch:   slices.Repeat([]float32{200}, 16),
		heads.FitCrop:      slices.Repeat([]float32{200}, 16),
	} {
		dst := make([]float32, 48)
		f := newFiller(plain(4, 4), shown{Input: as255, fill: [3]uint8{9, 9, 9}}, identity)
		f.write(dst, pix, heads.Place(fit, 4, 2, 4, 4))
		if !slices.Equal(dst[:16], want) {
			t.Errorf("%s: %v, want %v", fit, dst[:16], want)
		}
	}
}

// Every pixel is an average of its sources with weights that sum to one: a plain frame stays the
// same at any size.
func TestResample(t *testing.T) {
	for range 200 {
		fromW, fromH, toW, toH := 1+rand.IntN(40), 1+rand.IntN(40), 1+rand.IntN(40), 1+rand.IntN(40)
		value := byte(rand.IntN(256))
		pix := slices.Repeat([]byte{value}, 3*fromW*fromH)
		var r resampler
		r.prepare(fromW, fromH, toW, toH)
		for y := range toH {
			if row := r.row(y, pix, 3*fromW); slices.ContainsFunc(row, func(v byte) bool { return v != value }) {
				t.Fatalf("%dx%d to %dx%d: row %d of %d is %v", fromW, fromH, toW, toH, y, value, row)
			}
		}
	}
	var r resampler
	r.prepare(4, 2, 2, 1)
	if row := r.row(0, []byte{0, 0, 0, 10, 10, 10, 20, 20, 20, 30, 30, 30, 2, 2, 2, 12, 12, 12, 22, 22, 22, 32, 32, 32}, 12); !slices.Equal(row, []byte{6, 6, 6, 26, 26, 26}) {
		t.Errorf("areas: %v", row)
	}
	r.prepare(2, 1, 4, 1)
	if row := r.row(0, []byte{0, 0, 0, 100, 100, 100}, 6); !slices.Equal(row, []byte{0, 0, 0, 25, 25, 25, 75, 75, 75, 100, 100, 100}) {
		t.Errorf("between pixels: %v", row)
	}
}

func TestFloat16(t *testing.T) {
	for _, v := range []float32{0, 1, -1, 0.5, 65504, 1.0 / 3, 6e-8, 1e-5, 255, float32(math.Inf(1))} {
		back := FromFloat16(float16(float64(v)))
		if off := math.Abs(float64(back - v)); back != v && !(off <= math.Abs(float64(v))/1024 || off < 6e-8) {
			t.Errorf("%v comes back as %v", v, back)
		}
	}
	if v := FromFloat16(float16(1e6)); !math.IsInf(float64(v), 1) {
		t.Errorf("1e6 becomes %v, which half precision does not have", v)
	}
	for bits := range uint16(0x7c00) {
		if back := float16(float64(FromFloat16(bits))); back != bits {
			t.Fatalf("the bits %#x come back as %#x", bits, back)
		}
	}
}

func BenchmarkFill(b *testing.B) {
	for _, size := range []struct {
		name          string
		width, height int
	}{{"640x360", 640, 360}, {"1280x720", 1280, 720}, {"1920x1080", 1920, 1080}} {
		b.Run(size.name, func(b *testing.B) {
			pix := make([]byte, 3*size.width*size.height)
			f := newFiller(plain(640, 640), shown{Input: as255}, identity)
			dst, at := make([]float32, f.layout.Numbers()), heads.Place(heads.FitLetterbox, size.width, size.height, 640, 640)
			for b.Loop() {
				f.write(dst, pix, at)
			}
		})
	}
}
