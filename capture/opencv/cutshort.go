package opencv

import "time"

// cutShort tells whether a file ended before its header said. frames and fps
// are the header's, either may be 0; grabbed pictures were read, the last one
// at pts. Both the count and the time must fall short, because a header may
// estimate the one from the other, and by two per cent, because it rounds.
func cutShort(grabbed, frames, fps float64, pts time.Duration) bool {
	if frames <= 0 || fps <= 0 || grabbed >= 0.98*frames-1 {
		return false
	}
	return pts.Seconds()+2/fps < 0.98*frames/fps
}
