package runtime

import (
	"slices"
	"time"
)

// Aged returns how a snapshot looks when nothing newer has come for a while:
// everything in it is older by that, what has outlived its time to live is
// unknown, and rates fall. The snapshot itself does not change.
func (s *Snapshot) Aged(by time.Duration) *Snapshot {
	old := *s
	old.At = s.At.Add(by)
	old.Cameras = slices.Clone(s.Cameras)
	for i := range old.Cameras {
		c := &old.Cameras[i]
		c.Advance(by)
		if c.FPS > 0 && by.Seconds() > 2/c.FPS {
			c.FPS = 1 / by.Seconds()
		}
	}
	return &old
}
