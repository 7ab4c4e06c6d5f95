package bench

import (
	"math"
	"time"
)

// schedule has the due times of a camera's frames, which are numbered from 1. It is an open loop: a
// late frame is sent at once and does not shift later ones, so a stall shows in every frame that it
// delays. Times are since the epoch of the Runtime.
type schedule struct {
	begin      time.Duration // due time of frame 1
	fps        float64
	first, end time.Duration // frames due from first on and before end are measured
}

// due returns when a frame is due.
func (s schedule) due(id uint64) time.Duration {
	return s.begin + time.Duration(math.Round(float64(id-1)/s.fps*float64(time.Second)))
}

// measured reports whether a frame is within the measured time.
func (s schedule) measured(id uint64) bool {
	due := s.due(id)
	return due >= s.first && due < s.end
}

// over reports whether the schedule has ended before a frame: the frame is due after the end, or now
// is after the end.
func (s schedule) over(id uint64, now time.Duration) bool {
	return s.due(id) >= s.end || now >= s.end
}
