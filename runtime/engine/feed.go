package engine

import "time"

// feed is the input of a detector: the camera's frames, or the frames in which another
// detector has found boxes.
type feed struct {
	frame    FrameRef
	interval time.Duration // smoothed interval between frames; 0 before the second one
	outage   bool          // the newest frame arrived after a long gap
	horizon  time.Duration // half an interval after the newest frame; runs due before this run now
}

// arrive records a frame that is seen now. It returns the time between its capture and
// that of the previous one; 0 for the first frame, or one out of order.
func (f *feed) arrive(now time.Duration, frame FrameRef) (gap time.Duration) {
	if f.frame.ID != 0 {
		if gap = frame.Captured - f.frame.Captured; gap > 0 {
			// One long gap is an outage; a second consecutive one is a new rate.
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
