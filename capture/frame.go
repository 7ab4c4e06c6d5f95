// Package capture takes video in: frames, the pool their pixels live in, the
// sources they come from and the supervised loop that keeps a camera alive.
//
// Everything here builds with the standard library alone. Sources that need
// OpenCV live in capture/opencv and are handed in through a Registry.
package capture

import (
	"sync"
	"sync/atomic"
	"time"
)

// Frame is one picture of one camera.
//
// A Frame is shared by reference and counted. Whoever holds a count may read
// Pixels and must call Release exactly once; nobody may write to Pixels. A
// Frame value is never reused, so a late holder of a pointer can always ask it
// (TryRetain) whether its pixels still exist.
type Frame struct {
	// ID counts the frames of one camera from 1, is never reused, and has gaps
	// where frames were dropped before they got pixels.
	ID uint64
	// Camera is the configured name of the camera.
	Camera string
	// Captured is when the camera took the picture, as well as it can be known
	// (see Stamper), with monotonic and wall clock.
	Captured time.Time
	// Arrived is when the frame was complete in memory, ready for the engine.
	Arrived time.Time
	// Width and Height are in pixels.
	Width, Height int

	buf   *buffer
	pool  *Pool
	refs  atomic.Int32
	stuck atomic.Bool

	jpegMu sync.Mutex     // guards jpegs, not what they point to
	jpegs  []*encodedJPEG // one for each width asked for so far
}

// Pixels returns the picture: rows from the top, without padding, three bytes a
// pixel in the order blue, green, red. It is valid, and read-only, while the
// caller holds a count.
func (f *Frame) Pixels() []byte {
	n := f.Width * f.Height * 3
	return f.buf.data[:n:n]
}

// TryRetain takes a count and reports whether it did. It never succeeds on a
// frame whose last count has gone.
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

// Release gives a count back. The last one returns the pixels to the pool.
// Releasing more often than retained is a bug of the caller and panics.
func (f *Frame) Release() {
	switch n := f.refs.Add(-1); {
	case n > 0:
	case n == 0:
		f.pool.put(f.buf, f.stuck.Load())
	default:
		panic("capture: frame released more often than retained")
	}
}

// Retire tells the pool not to wait for this frame: its holder is stuck. The
// pool may map a fresh buffer in its place at once, and the old one is unmapped,
// not reused, when the holder lets go at last. It needs no count, and does
// nothing when the frame has no holder left or is retired already.
func (f *Frame) Retire() {
	if !f.TryRetain() {
		return
	}
	defer f.Release()
	if f.stuck.CompareAndSwap(false, true) {
		f.pool.retire()
	}
}
