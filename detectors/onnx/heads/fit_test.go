package heads

import (
	"math"
	"testing"

	"rvo-tui/detectors"
)

func TestPlace(t *testing.T) {
	tests := []struct {
		fit      string
		from, to Rect
	}{
		{FitLetterbox, Rect{0, 0, 1280, 720}, Rect{0, 140, 640, 360}},
		{FitTopLeft, Rect{0, 0, 1280, 720}, Rect{0, 0, 640, 360}},
		{FitStretch, Rect{0, 0, 1280, 720}, Rect{0, 0, 640, 640}},
		{FitCrop, Rect{280, 0, 720, 720}, Rect{0, 0, 640, 640}},
	}
	for _, tt := range tests {
		p := Place(tt.fit, 1280, 720, 640, 640)
		if p.From != tt.from || p.To != tt.to {
			t.Errorf("%s: %+v, want %v at %v", tt.fit, p, tt.from, tt.to)
		}
		// The middle of the frame maps to the middle of the frame.
		x, y := float64(tt.to.X)+float64(tt.to.W)/2, float64(tt.to.Y)+float64(tt.to.H)/2
		if box, ok := p.box(x-1, y-1, x+1, y+1); !ok || !near(detectors.Box{X: box.X + box.W/2, Y: box.Y + box.H/2}, detectors.Box{X: 0.5, Y: 0.5}) {
			t.Errorf("%s: the middle is at %v", tt.fit, box)
		}
	}
	p := Place(FitLetterbox, 1280, 720, 640, 640)
	if box, ok := p.box(0, 0, 640, 100); ok {
		t.Errorf("a box in the margin is at %v in the frame", box)
	}
}

// A 16:9 frame shown as a square is squeezed, and so are angles in it.
func TestAngles(t *testing.T) {
	for _, tt := range []struct {
		fit      string
		in, want float64
	}{
		{FitLetterbox, 0.7, 0.7},
		{FitLetterbox, -0.7, -0.7},
		{FitLetterbox, 0, 0},
		{FitStretch, math.Pi / 4, math.Atan2(9, 16)},
		{FitStretch, math.Pi / 2, math.Pi / 2},
	} {
		p := Place(tt.fit, 1280, 720, 640, 640)
		if got := p.angle(tt.in); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: %v is %v in the frame, want %v", tt.fit, tt.in, got, tt.want)
		}
	}
}
