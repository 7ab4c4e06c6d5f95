package bench

import (
	"math"
	"time"
)

// schedule says when the frames of a camera are due, numbered from 1 as the
// frames' IDs are, whether or not the camera keeps up. It is an open loop: what
// is late is sent at once and the next one is due when it always was, so that a
// stall shows in every frame that it held up. Times are since the epoch of the
// Runtime.
type schedule struct {
	begin      time.Duration // of frame 1
	fps        float64
	first, end time.Duration // frames due from first on and before end are measured
}

// due returns when a frame is due.
func (s schedule) due(id uint64) time.Duration {
	return s.begin + time.Duration(math.Round(float64(id-1)/s.fps*float64(time.Second)))
}

// measured reports whether a frame belongs to what is measured.
func (s schedule) measured(id uint64) bool {
	due := s.due(id)
	return due >= s.first && due < s.end
}

// over reports whether a frame is not sent any more: its time is past the end,
// or the camera is so late that now is.
func (s schedule) over(id uint64, now time.Duration) bool {
	return s.due(id) >= s.end || now >= s.end
}
