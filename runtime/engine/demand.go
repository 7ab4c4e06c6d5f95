package engine

import (
	"time"

	"rvo-tui/rules"
)

// Demand is how many frames of a camera its detectors need.
type Demand struct {
	FPS      float64 // highest rate of the detectors not held by a condition; 0: none
	Detector string  // the detector with that rate
	Soon     bool    // others are held or loading, and may need frames at any moment
}

// Demand returns the current demand.
func (e *Engine) Demand(now time.Duration) Demand {
	var d Demand
	for _, t := range e.tasks {
		switch {
		case t.crops != nil: // it uses frames that another detector has processed
		case !t.enabled || t.phase == stuck || t.phase == closed && t.retry == Never:
		case t.phase <= opening || e.held(now, t):
			d.Soon = true
		case t.spec.MaxFPS > d.FPS:
			d.FPS, d.Detector = t.spec.MaxFPS, t.spec.Name
		}
	}
	return d
}

// held reports whether a condition of its needs keeps a detector from running.
func (e *Engine) held(now time.Duration, t *task) bool {
	for _, c := range t.needs {
		if c.Eval(now) != rules.True {
			return true
		}
	}
	return false
}
