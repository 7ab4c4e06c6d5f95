package synthetic

import (
	"image"

	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// text writes printable ASCII with dots of scale pixels, a dark edge round them,
// the top left of the first character at x, y in pixels.
func (c canvas) text(x, y, scale int, s []byte) {
	face := basicfont.Face7x13
	for _, pass := range [2]struct {
		grow int
		k    ink
	}{{1, rgb(20, 20, 20)}, {0, rgb(240, 240, 235)}} {
		for i, ch := range s {
			_, mask, at, _, _ := face.Glyph(fixed.Point26_6{}, rune(ch))
			dots := mask.(*image.Alpha)
			left := x + i*face.Advance*scale
			for dy := range face.Height {
				for dx := range face.Width {
					if dots.AlphaAt(at.X+dx, at.Y+dy).A == 0 {
						continue
					}
					x0, y0 := left+dx*scale-pass.grow, y+dy*scale-pass.grow
					for py := y0; py < y0+scale+2*pass.grow; py++ {
						c.span(py, float64(x0), float64(x0+scale+2*pass.grow), pass.k)
					}
				}
			}
		}
	}
}
