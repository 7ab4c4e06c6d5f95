package clips

import "time"

// rate decides by capture time which frames to keep.
type rate struct {
	step, due, last time.Duration
	started         bool
}

// take reports whether to keep the frame captured at ts. A jump in time, in either
// direction, restarts the grid.
func (r *rate) take(ts time.Duration) bool {
	// A frame can be off the grid by half of the source's own interval.
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
