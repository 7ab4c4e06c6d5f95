package draw

import (
	"image"

	"rvo-tui/runtime"
)

// FitImage returns the size in pixels at which an image fits into w x h cells.
func FitImage(b image.Rectangle, w, h int) (int, int) {
	width, height := w, w*b.Dy()/max(b.Dx(), 1)
	if height > 2*h {
		width, height = 2*h*b.Dx()/max(b.Dy(), 1), 2*h
	}
	return max(width, 1), max(height/2*2, 2)
}

// Shrink scales an image down, averaging the pixels that merge.
func Shrink(img image.Image, w, h int) runtime.Preview {
	b := img.Bounds()
	p := runtime.Preview{Width: w, Height: h, Pixels: make([]byte, w*h*3)}
	for y := range h {
		y0, y1 := y*b.Dy()/h, max((y+1)*b.Dy()/h, y*b.Dy()/h+1)
		for x := range w {
			x0, x1 := x*b.Dx()/w, max((x+1)*b.Dx()/w, x*b.Dx()/w+1)
			var r, g, u, n uint32
			for sy := y0; sy < y1; sy += max((y1-y0)/4, 1) {
				for sx := x0; sx < x1; sx += max((x1-x0)/4, 1) {
					cr, cg, cb, _ := img.At(b.Min.X+sx, b.Min.Y+sy).RGBA()
					r, g, u, n = r+cr>>8, g+cg>>8, u+cb>>8, n+1
				}
			}
			o := (y*w + x) * 3
			p.Pixels[o], p.Pixels[o+1], p.Pixels[o+2] = byte(r/n), byte(g/n), byte(u/n)
		}
	}
	return p
}
