package capture

import "math"

// Slack is how many bytes after the last row a converter may overwrite. Every
// conversion buffer has this much extra room.
const Slack = 64

// An Image is one decoded frame in the decoder's memory. It is immutable. All methods
// except Free are safe for concurrent use.
type Image interface {
	// Size returns the display size: rotated, and with square pixels.
	Size() (width, height int)
	// Luma returns the brightness without copying. It returns false if there is no
	// 8-bit luma plane.
	Luma() (Luma, bool)
	// Convert writes the whole image to dst, rotated for display and scaled.
	Convert(dst []byte, t Target) error
	// Free frees the memory. It must be called once, as the last call.
	Free()
}

// Luma is a view of brightness, rotated for display. The sample at x, y is
// Pix[Origin+x*DX+y*DY]. Its pixels need not be square, so its size in samples may
// differ from that of the frame.
type Luma struct {
	Pix           []byte
	Width, Height int
	Origin        int
	DX, DY        int
	// Limited means that black is 16 and white 235, instead of 0 and 255.
	Limited bool
}

// Target describes the output of a conversion: rows of packed pixels.
type Target struct {
	Order         Order
	Width, Height int
	Stride        int // bytes per row
}

// Order is the order of the bytes of a pixel.
type Order int

// The values of Order.
const (
	BGR Order = iota
	RGB
	Gray // one byte
)

// Bytes returns the number of bytes of a pixel.
func (o Order) Bytes() int {
	if o == Gray {
		return 1
	}
	return 3
}

// Turn returns the view for a frame that is mirrored left to right and then rotated
// clockwise by rotation degrees.
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

// DisplaySize returns the display size of a coded frame: rotated, and with square
// pixels. The longer side keeps its coded length.
func DisplaySize(width, height, aspectNum, aspectDen, rotation int) (w, h int) {
	w, h = width, height
	// More extreme aspect ratios are mistakes.
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
