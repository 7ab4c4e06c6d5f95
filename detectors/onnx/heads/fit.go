package heads

import (
	"math"

	"rvo-tui/detectors"
)

// How a frame is fitted into a model input with another aspect ratio.
const (
	FitLetterbox = "letterbox"          // whole frame, undistorted, centred between margins
	FitTopLeft   = "letterbox-top-left" // the same, with margins on the right and below
	FitStretch   = "stretch"            // whole frame, distorted
	FitCrop      = "crop"               // middle of the frame, undistorted
)

// Fits returns the names of all fits, for the configuration.
func Fits() []string { return []string{FitLetterbox, FitTopLeft, FitStretch, FitCrop} }

// Rect is a rectangle in whole pixels.
type Rect struct{ X, Y, W, H int }

// Placement is the part of a frame that a model sees, and its position in the model's
// input.
type Placement struct {
	Width, Height int // of the frame
	From          Rect
	To            Rect
}

// Place fits a frame into an input. All sides must be above 0.
func Place(fit string, width, height, inWidth, inHeight int) Placement {
	p := Placement{
		Width: width, Height: height,
		From: Rect{0, 0, width, height}, To: Rect{0, 0, inWidth, inHeight},
	}
	x, y := float64(inWidth)/float64(width), float64(inHeight)/float64(height)
	switch fit {
	case FitLetterbox, FitTopLeft:
		r := min(x, y)
		p.To.X, p.To.W = middle(float64(width)*r, inWidth)
		p.To.Y, p.To.H = middle(float64(height)*r, inHeight)
		if fit == FitTopLeft {
			p.To.X, p.To.Y = 0, 0
		}
	case FitCrop:
		r := max(x, y)
		p.From.X, p.From.W = middle(float64(inWidth)/r, width)
		p.From.Y, p.From.H = middle(float64(inHeight)/r, height)
	}
	return p
}

// middle centers a range of about that length.
func middle(length float64, whole int) (at, size int) {
	size = min(max(int(math.Round(length)), 1), whole)
	return (whole - size) / 2, size
}

// box converts a box of the input to the frame. It returns false if no part of it is in
// the frame.
func (p *Placement) box(left, top, right, bottom float64) (detectors.Box, bool) {
	left, top = p.point(left, top)
	right, bottom = p.point(right, bottom)
	left, top, right, bottom = unit(left), unit(top), unit(right), unit(bottom)
	return detectors.Box{X: left, Y: top, W: right - left, H: bottom - top}, right > left && bottom > top
}

// point converts a point of the input to the frame; outside the frame it is beyond
// 0..1.
func (p *Placement) point(x, y float64) (float64, float64) {
	x = (float64(p.From.X) + (x-float64(p.To.X))*float64(p.From.W)/float64(p.To.W)) / float64(p.Width)
	y = (float64(p.From.Y) + (y-float64(p.To.Y))*float64(p.From.H)/float64(p.To.H)) / float64(p.Height)
	return x, y
}

// angle converts an angle in the input to the frame.
func (p *Placement) angle(a float64) float64 {
	if a == 0 {
		return 0
	}
	sin, cos := math.Sincos(a)
	return math.Atan2(sin*float64(p.From.H)/float64(p.To.H), cos*float64(p.From.W)/float64(p.To.W))
}

func unit(v float64) float64 { return min(max(v, 0), 1) }
