package pane

import (
	"time"

	"rvo-tui/runtime"
)

// firing is how many events a camera had had by a time.
type firing struct {
	at time.Time
	n  uint64
}

const (
	firingEvery = time.Minute
	firings     = 61 // an hour and its beginning
)

func firedBy(c *runtime.CameraView) (n uint64) {
	for i := range c.Rules {
		n += c.Rules[i].Status.Fired
	}
	return n
}

// count remembers how many events there were, once a minute, and forgets cameras that are
// gone.
func (h *History) count(s *runtime.Snapshot) {
	there := make(map[string]bool, len(s.Cameras))
	for i := range s.Cameras {
		c := &s.Cameras[i]
		there[c.Name] = true
		past, n := h.fired[c.Name], firedBy(c)
		if k := len(past); k > 0 && n < past[k-1].n { // a rule was replaced
			past = nil
		}
		if k := len(past); k == 0 || s.At.Sub(past[k-1].at) >= firingEvery {
			past = append(past, firing{s.At, n})
			h.fired[c.Name] = past[max(len(past)-firings, 0):]
		}
	}
	for name := range h.fired {
		if !there[name] {
			delete(h.fired, name)
		}
	}
}

// eventRate returns the events of a camera within the last hour, or what they are by the
// minutes that have been seen; below 0: too few of them.
func (h *History) eventRate(s *runtime.Snapshot, c *runtime.CameraView) float64 {
	if s.Uptime > 0 && s.Uptime <= time.Hour {
		return float64(firedBy(c))
	}
	past := h.fired[c.Name]
	if len(past) == 0 || s.At.Sub(past[0].at) < firingEvery {
		return -1
	}
	return float64(firedBy(c)-min(past[0].n, firedBy(c))) / s.At.Sub(past[0].at).Hours()
}
