package runtime

import "rvo-tui/capture"

// Frame returns the newest frame that the engine of a camera has seen, or nil. The
// caller must release it soon: the camera's pool is small.
func (r *Runtime) Frame(camera string) *capture.Frame {
	c := r.camera(camera)
	if c == nil {
		return nil
	}
	f, _ := c.seen.share()
	return f
}

// Preview is a small image of a frame: rows from the top, three bytes a pixel in the
// order red, green, blue. It is immutable.
type Preview struct {
	Frame         uint64 // ID of the frame that it shows
	Width, Height int
	Pixels        []byte
}

// Scale returns a frame, which the caller holds, in a smaller size. Each pixel is the
// mean of up to 4x4 samples.
func Scale(f *capture.Frame, width, height int) Preview {
	p := Preview{Frame: f.ID, Width: width, Height: height, Pixels: make([]byte, width*height*3)}
	src := f.Pixels()
	for y := range height {
		y0, y1 := y*f.Height/height, max((y+1)*f.Height/height, y*f.Height/height+1)
		dy := max((y1-y0)/4, 1)
		for x := range width {
			x0, x1 := x*f.Width/width, max((x+1)*f.Width/width, x*f.Width/width+1)
			dx := max((x1-x0)/4, 1)
			var b, g, r, n int
			for sy := y0; sy < y1; sy += dy {
				row := src[sy*f.Width*3:]
				for sx := x0; sx < x1; sx += dx {
					b += int(row[sx*3])
					g += int(row[sx*3+1])
					r += int(row[sx*3+2])
					n++
				}
			}
			o := (y*width + x) * 3
			p.Pixels[o], p.Pixels[o+1], p.Pixels[o+2] = byte(r/n), byte(g/n), byte(b/n)
		}
	}
	return p
}
