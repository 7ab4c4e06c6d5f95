package network

import (
	"math"

	"rvo-tui/detectors/onnx/heads"
)

// number is an element type of tensors; float16 values are kept as bits.
type number interface {
	float32 | uint16 | uint8 | int32
}

// filler writes frames into a model's input in one pass: it scales each row, places it,
// and converts each byte with a table. It belongs to one goroutine.
type filler[T number] struct {
	layout Layout
	bgr    bool
	table  [3][256]T // by channel of the model
	fill   [3]T      // value of the margins
	scale  resampler
}

// shown is the preprocessing of frames: that of the model's family, with the configured
// changes.
type shown struct {
	heads.Input
	fill [3]uint8
}

func newFiller[T number](l Layout, s shown, convert func(float64) T) *filler[T] {
	f := &filler[T]{layout: l, bgr: s.BGR}
	for c := range 3 {
		for v := range 256 {
			f.table[c][v] = convert((float64(v) - s.Mean[c]) * s.Scale[c])
		}
		f.fill[c] = f.table[c][s.fill[c]]
	}
	return f
}

// write writes a frame given as rows of blue, green and red without padding.
func (f *filler[T]) write(dst []T, pix []byte, at heads.Placement) {
	l := &f.layout
	stride := 3 * at.Width
	pix = pix[at.From.Y*stride+3*at.From.X:]
	f.scale.prepare(at.From.W, at.From.H, at.To.W, at.To.H)
	for y := range l.Height {
		if y < at.To.Y || y >= at.To.Y+at.To.H {
			f.margin(dst, y, 0, l.Width)
			continue
		}
		f.margin(dst, y, 0, at.To.X)
		f.margin(dst, y, at.To.X+at.To.W, l.Width)
		f.row(dst, y, at.To.X, f.scale.row(y-at.To.Y, pix, stride))
	}
}

// channel returns the start of a channel in row y, and the distance between its values.
func (f *filler[T]) channel(c, y int) (start, step int) {
	l := &f.layout
	if l.Last {
		return y*l.Width*l.Channels + c, l.Channels
	}
	return (c*l.Height + y) * l.Width, 1
}

func (f *filler[T]) margin(dst []T, y, from, to int) {
	for c := range f.layout.Channels {
		start, step := f.channel(c, y)
		for x := from; x < to; x++ {
			dst[start+x*step] = f.fill[c]
		}
	}
}

// row writes pixels of row y, starting at column x.
func (f *filler[T]) row(dst []T, y, x int, line []byte) {
	if f.layout.Channels == 1 {
		start, step := f.channel(0, y)
		for i := 0; i+2 < len(line); i += 3 {
			// The weights of BT.601, as in OpenCV.
			grey := (uint32(line[i])*1868 + uint32(line[i+1])*9617 + uint32(line[i+2])*4899 + 1<<13) >> 14
			dst[start+x*step] = f.table[0][grey]
			x++
		}
		return
	}
	for c := range 3 {
		from := c
		if !f.bgr {
			from = 2 - c
		}
		start, step := f.channel(c, y)
		table := &f.table[c]
		to := start + x*step
		for i := from; i < len(line); i += 3 {
			dst[to] = table[line[i]]
			to += step
		}
	}
}

// float16 converts to half precision (IEEE 754 binary16), rounding to nearest.
func float16(v float64) uint16 {
	bits := math.Float32bits(float32(v))
	sign := uint16(bits >> 16 & 0x8000)
	exponent, fraction := int(bits>>23&0xff)-127+15, bits&0x7fffff
	switch {
	case exponent >= 31:
		return sign | 0x7c00
	case exponent <= 0:
		if exponent < -10 {
			return sign
		}
		fraction |= 1 << 23
		shift := uint(14 - exponent)
		return sign | uint16((fraction+1<<(shift-1))>>shift)
	}
	return sign | uint16((uint32(exponent)<<10|fraction>>13)+fraction>>12&1)
}

// FromFloat16 converts from half precision.
func FromFloat16(bits uint16) float32 {
	sign, exponent, fraction := uint32(bits&0x8000)<<16, uint32(bits>>10&0x1f), uint32(bits&0x3ff)
	switch exponent {
	case 0:
		v := float32(fraction) / (1 << 24)
		if sign != 0 {
			v = -v
		}
		return v
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// whole returns a function that rounds to the nearest integer that the type can hold.
func whole(low, high float64) func(v float64) float64 {
	return func(v float64) float64 { return math.Round(min(max(v, low), high)) }
}
