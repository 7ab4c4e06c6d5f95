package engine

import (
	"time"

	"rvo-tui/rules"
)

// Demand is what the detectors look at of a camera.
type Demand struct {
	FPS      float64 // the highest rate of those that no condition holds; 0: none
	Detector string  // that has it
	Soon     bool    // some are held, or being loaded, and may want frames at any moment
}

// Demand returns what the detectors look at now.
func (e *Engine) Demand(now time.Duration) Demand {
	var d Demand
	for _, t := range e.tasks {
		switch {
		case t.crops != nil: // it looks at frames that another one has looked at
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
