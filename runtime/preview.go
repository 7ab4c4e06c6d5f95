package runtime

import "rvo-tui/capture"

// Frame returns the newest frame of a camera that its engine has seen, with a
// count that is the caller's to release soon: the camera's pool is small. It is
// nil when there is no such camera, or no frame of it yet.
func (r *Runtime) Frame(camera string) *capture.Frame {
	c := r.camera(camera)
	if c == nil {
		return nil
	}
	f, _ := c.seen.share()
	return f
}
