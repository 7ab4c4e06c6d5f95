package runtime

import (
	"slices"
	"time"

	"rvo-tui/rules"
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
		c.age(by)
		if c.FPS > 0 && by.Seconds() > 2/c.FPS {
			c.FPS = 1 / by.Seconds()
		}
		for k := range c.Rules { // age has made them ours
			r := &c.Rules[k]
			r.Clause = slices.Clone(r.Clause)
			for n := range r.Clause {
				if r.Clause[n].Age != rules.Never {
					r.Clause[n].Age += by
				}
			}
		}
	}
	return &old
}
