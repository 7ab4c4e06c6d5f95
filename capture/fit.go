package capture

import (
	"image"
	"math"
)

// Fit is how a frame is fitted into a rectangle with another aspect ratio.
type Fit string

// The ways to fit a frame.
const (
	Letterbox Fit = "letterbox" // whole frame, undistorted, with grey margins
	Stretch   Fit = "stretch"   // whole frame, distorted
	Crop      Fit = "crop"      // middle of the frame, undistorted
)

// letterboxGray is the margin color that networks are trained with.
const letterboxGray = 114

// Placement is the part of a frame that is shown in a rectangle, and its position
// there.
type Placement struct {
	From, To image.Rectangle
}

// Place fits a frame of width x height into a rectangle. All sides must be above 0.
func (f Fit) Place(width, height, inWidth, inHeight int) Placement {
	p := Placement{From: image.Rect(0, 0, width, height), To: image.Rect(0, 0, inWidth, inHeight)}
	x, y := float64(inWidth)/float64(width), float64(inHeight)/float64(height)
	switch f {
	case Letterbox:
		r := min(x, y)
		p.To.Min.X, p.To.Max.X = middle(float64(width)*r, inWidth)
		p.To.Min.Y, p.To.Max.Y = middle(float64(height)*r, inHeight)
	case Crop:
		r := max(x, y)
		p.From.Min.X, p.From.Max.X = middle(float64(inWidth)/r, width)
		p.From.Min.Y, p.From.Max.Y = middle(float64(inHeight)/r, height)
	}
	return p
}

// middle centers a range of about that length.
func middle(length float64, whole int) (from, to int) {
	size := min(max(int(math.Round(length)), 1), whole)
	from = (whole - size) / 2
	return from, from + size
}
