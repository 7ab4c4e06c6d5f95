package capture

import "fmt"

// Cut returns a rectangle of a frame as a new frame from the same pool, with the same
// ID and times. The rectangle must lie within f. The caller must hold a reference to f
// and owns one to the result. Nil: the pool is exhausted.
func (f *Frame) Cut(x, y, width, height int) (*Frame, error) {
	if x < 0 || y < 0 || width < 1 || height < 1 || x+width > f.Width || y+height > f.Height {
		return nil, fmt.Errorf("cut %dx%d pixels at %d,%d out of a frame of %dx%d", width, height, x, y, f.Width, f.Height)
	}
	pix, err := f.BGR()
	if err != nil {
		return nil, err
	}
	part, err := f.pool.Get(f.Camera, f.ID, width, height, f.Captured)
	if part == nil {
		return nil, err
	}
	part.Arrived, part.Damaged = f.Arrived, f.Damaged
	to := part.Pixels()
	for row := range height {
		from := ((y+row)*f.Width + x) * 3
		copy(to[row*width*3:(row+1)*width*3], pix[from:])
	}
	return part, nil
}
