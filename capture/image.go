package capture

import "math"

// Slack is how many bytes behind the last row a converter may overwrite. Every
// destination of a conversion has that much room.
const Slack = 64

// An Image is one decoded frame, in memory of the decoder. It is immutable. All
// methods but Free may be called from several goroutines at once.
type Image interface {
	// Size returns the size for display: turned, and with square pixels.
	Size() (width, height int)
	// Luma returns the brightness without copying anything. It answers false
	// where no plane of eight bits holds it.
	Luma() (Luma, bool)
	// Convert writes the whole image, turned for display and scaled, to dst.
	Convert(dst []byte, t Target) error
	// Free gives the memory back. It is called once, after everything else.
	Free()
}

// Luma is a view of brightness, already rotated for display. The sample at x, y
// is Pix[Origin+x*DX+y*DY]. Its pixels need not be square: only its sides, not
// its size, are those of the frame.
type Luma struct {
	Pix           []byte
	Width, Height int
	Origin        int
	DX, DY        int
	// Limited says that black is 16 and white 235, instead of 0 and 255.
	Limited bool
}

// Target is what a conversion writes: rows of packed pixels.
type Target struct {
	Order         Order
	Width, Height int
	Stride        int // bytes from row to row
}

// Order is how the bytes of a pixel follow each other.
type Order int

// The orders that there are.
const (
	BGR Order = iota
	RGB
	Gray // one byte
)

// Bytes returns how many bytes a pixel has.
func (o Order) Bytes() int {
	if o == Gray {
		return 1
	}
	return 3
}

// Turn returns the view of luma whose frame is turned clockwise by rotation
// degrees for display, and mirrored left to right before that.
func (l Luma) Turn(rotation int, mirror bool) Luma {
	if mirror {
		l.Origin += (l.Width - 1) * l.DX
		l.DX = -l.DX
	}
	right, bottom := (l.Width-1)*l.DX, (l.Height-1)*l.DY
	switch rotation {
	case 90:
		l.Origin, l.DX, l.DY = l.Origin+bottom, -l.DY, l.DX
	case 180:
		l.Origin, l.DX, l.DY = l.Origin+right+bottom, -l.DX, -l.DY
	case 270:
		l.Origin, l.DX, l.DY = l.Origin+right, l.DY, -l.DX
	}
	if rotation%180 != 0 {
		l.Width, l.Height = l.Height, l.Width
	}
	return l
}

// DisplaySize returns the size at which a coded frame is shown: with square
// pixels, the longer way as it is coded, and turned.
func DisplaySize(width, height, aspectNum, aspectDen, rotation int) (w, h int) {
	w, h = width, height
	// Beyond these an aspect is a mistake.
	if aspectNum > 0 && aspectDen > 0 && aspectNum <= 16*aspectDen && aspectDen <= 16*aspectNum {
		aspect := float64(aspectNum) / float64(aspectDen)
		if aspect > 1 {
			w = int(math.Round(float64(w) * aspect))
		} else {
			h = int(math.Round(float64(h) / aspect))
		}
	}
	if rotation%180 != 0 {
		w, h = h, w
	}
	return min(max(w, 1), maxSide), min(max(h, 1), maxSide)
}
