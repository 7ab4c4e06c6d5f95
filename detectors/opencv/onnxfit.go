package opencv

import (
	"math"

	"rvo-tui/detectors"
)

// How a picture is fitted into the input of a model whose sides are otherwise.
const (
	fitLetterbox = "letterbox" // whole and undistorted, with grey margins
	fitStretch   = "stretch"   // whole, distorted
	fitCrop      = "crop"      // undistorted, its middle alone
)

// span is a rectangle of whole pixels.
type span struct{ x, y, width, height int }

// placement is which part of a picture is shown to a model, and where in the
// model's input it is.
type placement struct {
	width, height int // of the picture
	from          span
	to            span
}

// place fits a picture into an input. All sides are above 0.
func place(fit string, width, height, inWidth, inHeight int) placement {
	p := placement{
		width: width, height: height,
		from: span{0, 0, width, height}, to: span{0, 0, inWidth, inHeight},
	}
	x, y := float64(inWidth)/float64(width), float64(inHeight)/float64(height)
	switch fit {
	case fitLetterbox:
		r := min(x, y)
		p.to.x, p.to.width = middle(float64(width)*r, inWidth)
		p.to.y, p.to.height = middle(float64(height)*r, inHeight)
	case fitCrop:
		r := max(x, y)
		p.from.x, p.from.width = middle(float64(inWidth)/r, width)
		p.from.y, p.from.height = middle(float64(inHeight)/r, height)
	}
	return p
}

// middle puts a stretch of about that length into the middle of a whole.
func middle(length float64, whole int) (at, size int) {
	size = min(max(int(math.Round(length)), 1), whole)
	return (whole - size) / 2, size
}

// box returns where in the picture a box of the input is, and whether any of it
// is there.
func (p *placement) box(left, top, right, bottom float64) (detectors.Box, bool) {
	x, w := back(left, right, p.from.x, p.from.width, p.to.x, p.to.width, p.width)
	y, h := back(top, bottom, p.from.y, p.from.height, p.to.y, p.to.height, p.height)
	return detectors.Box{X: x, Y: y, W: w, H: h}, w > 0 && h > 0
}

func back(low, high float64, from, fromSize, to, toSize, whole int) (at, size float64) {
	scale := float64(fromSize) / float64(toSize)
	low = (float64(from) + (low-float64(to))*scale) / float64(whole)
	high = (float64(from) + (high-float64(to))*scale) / float64(whole)
	low, high = min(max(low, 0), 1), min(max(high, 0), 1)
	return low, high - low
}
