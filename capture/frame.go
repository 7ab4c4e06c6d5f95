// Package capture takes video in: packets and frames, the pool that bounds them,
// the sources they come from and the supervised loop that keeps a camera alive.
//
// Everything here builds with the standard library alone. Sources and decoders
// that need more live in packages below and are handed in.
package capture

import (
	"sync"
	"sync/atomic"
	"time"
)

// Frame is one decoded or drawn frame of one camera.
//
// A Frame is shared and reference counted. A holder of a reference may read it and
// must call Release exactly once; what its methods return must not be written to. A
// Frame value is never reused, so a late holder of a pointer can always ask it
// (TryRetain) whether its pixels still exist.
type Frame struct {
	// ID counts the frames of one camera from 1, is never reused, and has gaps
	// where frames were dropped. A decoded frame has the ID of its packet, so IDs
	// follow the order of decoding, which is not that of display where there are
	// B-frames.
	ID uint64
	// Camera is the configured name of the camera.
	Camera string
	// Captured is when the camera took the frame, as well as it can be known
	// (see Stamper), with monotonic and wall clock.
	Captured time.Time
	// Arrived is when the frame was complete in memory, ready for the engine.
	Arrived time.Time
	// Width and Height are in pixels, as the frame is displayed.
	Width, Height int
	// Damaged says that parts were lost on the way and are guessed, or that it was
	// decoded from such a frame.
	Damaged bool

	image Image   // nil: the frame is drawn
	buf   *buffer // of a drawn frame
	pool  *Pool
	refs  atomic.Int32
	stuck atomic.Bool

	mu   sync.Mutex // guards made, not what it points to
	made []*conversion
}

// Pixels returns the pixels of a frame that is drawn: rows from the top, without
// padding, three bytes a pixel in the order blue, green, red. Whoever got the
// frame from Pool.Get may write them until it is shared. It is nil for a decoded
// frame; BGR is for all.
func (f *Frame) Pixels() []byte {
	if f.buf == nil {
		return nil
	}
	n := f.Width * f.Height * 3
	return f.buf.data[:n:n]
}

// look returns the image to convert from.
func (f *Frame) look() Image {
	if f.image != nil {
		return f.image
	}
	return packed{f.buf.data, f.Width, f.Height, f.pool.convert}
}

// TryRetain takes a reference and reports whether it did. It never succeeds on a
// frame whose last reference is gone.
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

// Release gives a reference back. The last one returns the pixels to their owner.
// Releasing more often than retained is a bug of the caller and panics.
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

// Retire tells the pool not to wait for this frame: its holder is stuck. The
// pool may hand out another one in its place at once. It needs no reference, and does
// nothing when the frame has no holder left or is already retired.
func (f *Frame) Retire() {
	if !f.TryRetain() {
		return
	}
	defer f.Release()
	if f.stuck.CompareAndSwap(false, true) {
		f.pool.retire()
	}
}
