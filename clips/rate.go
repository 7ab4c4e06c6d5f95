package clips

import "time"

// rate decides which frames to keep, by capture time.
type rate struct {
	step, due, last time.Duration
	started         bool
}

// take reports whether the frame of time ts is to be kept. Times that jump, in
// either direction, start the grid anew.
func (r *rate) take(ts time.Duration) bool {
	// Half of a source's own interval either way is as near as a frame can be.
	tolerance := min((ts-r.last)/2, r.step/2)
	r.last = ts
	if !r.started || ts < r.due-2*r.step || ts > r.due+r.step {
		r.started = true
		r.due = ts + r.step
		return true
	}
	if ts < r.due-tolerance {
		return false
	}
	r.due += r.step
	return true
}
