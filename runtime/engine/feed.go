package engine

import "time"

// feed is what a detector looks at: the frames of the camera, or those that another
// detector has found boxes in.
type feed struct {
	frame    FrameRef
	interval time.Duration // between frames, smoothed; 0 until two have come
	outage   bool          // the newest frame came long after the one before
	horizon  time.Duration // half an interval after the newest frame: what is due by then is due now
}

// arrive notes a frame that is seen now, and returns how long after the previous one
// it was captured; 0: it is the first, or out of order.
func (f *feed) arrive(now time.Duration, frame FrameRef) (gap time.Duration) {
	if f.frame.ID != 0 {
		if gap = frame.Captured - f.frame.Captured; gap > 0 {
			// One long gap is an outage; a second in a row is a new rate.
			long := gap >= 8*f.interval
			switch {
			case f.interval == 0 || long && f.outage:
				f.interval, long = gap, false
			case !long:
				f.interval += (gap - f.interval) / 8
			}
			f.outage = long
		}
	}
	frame.Seen = now
	f.frame = frame
	f.horizon = now + f.interval/2
	return max(gap, 0)
}

// age returns the age of the newest frame; Never: there is none.
func (f *feed) age(now time.Duration) time.Duration {
	if f.frame.ID == 0 {
		return Never
	}
	return now - f.frame.Captured
}
