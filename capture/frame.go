// Package capture reads video from cameras, files and synthetic scenes. It has packets
// and frames, the frame pool, and the Camera, which keeps a source running. It uses
// only the standard library. Drivers and decoders that need more are in subpackages and
// passed in by the program.
package capture

import (
	"sync"
	"sync/atomic"
	"time"
)

// Frame is one decoded or generated frame of one camera.
//
// A Frame is shared and reference counted. Each holder of a reference may read it and
// must call Release exactly once. Data returned by its methods is read-only. A Frame
// value is never reused, so code that kept only a pointer can check with TryRetain
// whether the pixels still exist.
type Frame struct {
	// ID counts the frames of one camera from 1. It is never reused, and has gaps where
	// frames were dropped. A decoded frame has the ID of its packet, so IDs follow
	// decode order, which differs from display order with B-frames.
	ID uint64
	// Camera is the camera's configured name.
	Camera string
	// Captured is the best estimate of the capture time (see Stamper), with monotonic
	// and wall clock.
	Captured time.Time
	// Arrived is when the frame was complete in memory.
	Arrived time.Time
	// Width and Height are the display size in pixels.
	Width, Height int
	// Damaged means that parts of the frame are missing and were concealed, or that it
	// depends on such a frame.
	Damaged bool

	image Image   // nil for a drawn frame
	buf   *buffer // pixels of a drawn frame
	pool  *Pool
	refs  atomic.Int32
	stuck atomic.Bool

	mu   sync.Mutex // guards made, not the conversions in it
	made []*conversion
}

// Pixels returns the pixels of a drawn frame: top row first, without padding, three
// bytes a pixel in the order blue, green, red. The caller of Pool.Get may write them
// until the frame is shared. It is nil for a decoded frame; use BGR for any frame.
func (f *Frame) Pixels() []byte {
	if f.buf == nil {
		return nil
	}
	n := f.Width * f.Height * 3
	return f.buf.data[:n:n]
}

// look returns the image to convert.
func (f *Frame) look() Image {
	if f.image != nil {
		return f.image
	}
	return packed{f.buf.data, f.Width, f.Height, f.pool.convert}
}

// TryRetain takes a reference. It returns false if the last reference has already been
// released.
func (f *Frame) TryRetain() bool {
	for {
		n := f.refs.Load()
		if n <= 0 {
			return false
		}
		if f.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Release releases a reference. The last one returns the pixels to their owner.
// Releasing more often than retaining panics.
func (f *Frame) Release() {
	switch n := f.refs.Add(-1); {
	case n > 0:
	case n == 0:
		f.free()
	default:
		panic("capture: frame released more often than retained")
	}
}

func (f *Frame) free() {
	stuck := f.stuck.Load()
	for _, c := range f.made {
		if c.buf != nil {
			f.pool.put(c.buf, stuck)
		}
	}
	if f.image != nil {
		f.image.Free()
	} else {
		f.pool.put(f.buf, stuck)
	}
	f.pool.leave(stuck)
}

// Retire tells the pool not to wait for this frame, because its holder is stuck. The
// pool may then hand out another one in its place. It requires no reference. It does
// nothing if the frame has no holder or is already retired.
func (f *Frame) Retire() {
	if !f.TryRetain() {
		return
	}
	defer f.Release()
	if f.stuck.CompareAndSwap(false, true) {
		f.pool.retire()
	}
}
