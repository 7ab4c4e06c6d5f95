package synthetic

import (
	"encoding/binary"
	"math"
)

// cloth is a dark cloth in front of the lens.
type cloth struct {
	folds  []byte // one row, wider than the frame
	spread int    // range of the offset, in pixels
}

func newCloth(w, h int) cloth {
	k := cloth{spread: max(1, h/10)}
	base := rgb(50, 44, 42)
	for x := range w + k.spread {
		u := float64(x) / float64(h)
		fold := 1 + 0.16*math.Sin(7*u+1.5*math.Sin(2.3*u)) + 0.07*math.Sin(23*u)
		s := base.shade(fold)
		k.folds = append(k.folds, s.b, s.g, s.r)
	}
	return k
}

// draw covers the frame from the right; by is the fraction covered, 0 to 1.
func (k cloth) draw(c canvas, by, t float64) {
	for y := range c.h {
		v := float64(y) / float64(c.h)
		edge := 1.12*(1-by) - 0.05*math.Sin(5*v+t) - 0.02*math.Sin(13*v)
		from := min(max(int(edge*float64(c.w)), 0), c.w)
		if by >= 1 {
			from = 0
		}
		slip := int(float64(k.spread-1) * (0.5 + 0.5*math.Sin(3*v+0.2*t)))
		c.mark(y, from, c.w)
		copy(c.pix[(y*c.w+from)*3:(y+1)*c.w*3], k.folds[(slip+from)*3:])
		c.tint(y, float64(from), float64(from)+0.012*float64(c.h), rgb(10, 10, 12), 0.5)
	}
}

// shrink returns the frame scaled down by averaging squares of pixels.
func (c canvas) shrink(by int) canvas {
	s := newCanvas((c.w+by-1)/by, (c.h+by-1)/by)
	for y := range s.h {
		for x := range s.w {
			var sum [3]int
			n := 0
			for sy := y * by; sy < min((y+1)*by, c.h); sy++ {
				for sx := x * by; sx < min((x+1)*by, c.w); sx++ {
					for j := range 3 {
						sum[j] += int(c.pix[(sy*c.w+sx)*3+j])
					}
					n++
				}
			}
			for j := range 3 {
				s.pix[(y*s.w+x)*3+j] = uint8(sum[j] / n)
			}
		}
	}
	return s
}

// blur simulates a lens out of focus: a small frame is scaled up smoothly.
type blur struct {
	by          int
	street      *backdrop // small version
	small       canvas    // canvas for drawing the small frame
	above, next []byte    // two rows of small, scaled to the width of the large frame
	columns     []share
}

// share describes how to interpolate a pixel of a wider row: the byte offsets of two
// source pixels, and the weight of the second in 1/256.
type share struct{ left, right, part int }

func newBlur(street *backdrop, by int) *blur {
	b := &blur{by: by, street: street.shrink(by), above: make([]byte, street.w*3), next: make([]byte, street.w*3)}
	b.small = newCanvas(b.street.w, b.street.h)
	for x := range street.w {
		at, part := b.place(x)
		b.columns = append(b.columns, share{max(at, 0) * 3, min(at+1, b.small.w-1) * 3, part})
	}
	return b
}

// soften smooths the small frame with a weighted mean of neighbours, so that the
// enlarged pixels have no visible edges.
func (b *blur) soften() {
	w, h, pix := b.small.w, b.small.h, b.small.pix
	for y := range h {
		row := pix[y*w*3 : (y+1)*w*3]
		left := [3]byte(row)
		for i := 0; i < len(row); i += 3 {
			r := min(i+3, len(row)-3)
			for j := range 3 {
				v := row[i+j]
				row[i+j] = uint8((int(left[j]) + 2*int(v) + int(row[r+j]) + 2) / 4)
				left[j] = v
			}
		}
	}
	above := b.above[:w*3]
	copy(above, pix)
	for y := range h {
		row := pix[y*w*3 : (y+1)*w*3]
		below := pix[min(y+1, h-1)*w*3:][:w*3]
		for i, v := range row {
			row[i] = uint8((int(above[i]) + 2*int(v) + int(below[i]) + 2) / 4)
			above[i] = v
		}
	}
}

// fill scales the small frame up into c.
func (b *blur) fill(c canvas) {
	row := math.MinInt / 2 // row of small in above; none yet
	for y := range c.h {
		at, part := b.place(y)
		if at != row {
			if at == row+1 {
				b.above, b.next = b.next, b.above
			} else {
				b.widen(b.above, at)
			}
			b.widen(b.next, at+1)
			row = at
		}
		mixRows(c.pix[y*c.w*3:(y+1)*c.w*3], b.above, b.next, uint64(part))
	}
}

// place returns the pixel of the small frame before pixel i of the large one, and the
// distance beyond it in 1/256.
func (b *blur) place(i int) (at, part int) {
	p := ((2*i+1)*256/b.by - 256 + 512) / 2 // shifted by one small pixel, to stay positive
	return p>>8 - 1, p & 255
}

func (b *blur) widen(dst []byte, row int) {
	row = min(max(row, 0), b.small.h-1)
	src := b.small.pix[row*b.small.w*3 : (row+1)*b.small.w*3]
	for i, k := range b.columns {
		l, r, d := src[k.left:k.left+3:k.left+3], src[k.right:k.right+3:k.right+3], dst[i*3:i*3+3:i*3+3]
		d[0] = uint8((int(l[0])*(256-k.part) + int(r[0])*k.part) >> 8)
		d[1] = uint8((int(l[1])*(256-k.part) + int(r[1])*k.part) >> 8)
		d[2] = uint8((int(l[2])*(256-k.part) + int(r[2])*k.part) >> 8)
	}
}

// mixRows blends from a (0) to b (256).
func mixRows(dst, a, b []byte, part uint64) {
	for len(dst) >= 8 && len(a) >= 8 && len(b) >= 8 {
		p, q := binary.LittleEndian.Uint64(a), binary.LittleEndian.Uint64(b)
		even := (p&evens*(256-part) + q&evens*part) >> 8 & evens
		odd := (p>>8&evens*(256-part) + q>>8&evens*part) &^ evens
		binary.LittleEndian.PutUint64(dst, even|odd)
		dst, a, b = dst[8:], a[8:], b[8:]
	}
	for i := range dst {
		dst[i] = uint8((uint64(a[i])*(256-part) + uint64(b[i])*part) >> 8)
	}
}
