package runtime

import "rvo-tui/capture"

// Frame returns the newest frame that the engine of a camera has seen, or nil. The
// caller must release it soon: the camera's pool is small.
func (r *Runtime) Frame(camera string) *capture.Frame {
	c := r.camera(camera)
	if c == nil {
		return nil
	}
	return c.look()
}

// Preview is a small image of a frame: rows from the top, three bytes a pixel in the
// order red, green, blue. It is immutable.
type Preview struct {
	Frame         uint64 // ID of the frame that it shows
	Width, Height int
	Pixels        []byte
}

// Scale returns a frame, which the caller holds, at another size. A frame that
// cannot be converted gives a black image.
func Scale(f *capture.Frame, width, height int) Preview {
	p := Preview{Frame: f.ID, Width: width, Height: height, Pixels: make([]byte, width*height*3)}
	if pix, err := f.RGB(width, height, capture.Stretch); err == nil {
		copy(p.Pixels, pix)
	}
	return p
}
