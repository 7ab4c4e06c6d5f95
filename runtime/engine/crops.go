package engine

import (
	"slices"
	"time"

	"rvo-tui/detectors"
)

// crops is the state of a detector that looks at the boxes of another one.
type crops struct {
	of   detectors.ID  // the signal that has the boxes
	feed feed          // the frames that it was answered for
	ttl  time.Duration // of its newest answer
}

// set writes an answer into the table. Detectors that look at its boxes have a new
// frame then; until they have answered, boxes keep the attributes of those that they
// take the place of, for as long as these are fresh.
func (e *Engine) set(now time.Duration, id detectors.ID, value float64, found []detectors.Detection, trace *detectors.Trace, ttl time.Duration) {
	watched := false
	for _, c := range e.tasks {
		if c.crops == nil || c.crops.of != id {
			continue
		}
		watched = true
		c.countFrame()
		c.crops.feed.arrive(now, FrameRef{ID: trace.Frame, Captured: trace.Captured, Arrived: trace.Arrived})
		c.crops.ttl = ttl
	}
	if watched {
		found = detectors.Attributed(found, e.table.Signal(id).Detections, now)
	}
	e.table.Set(id, value, found, trace, ttl)
}

// attribute gives the detections that a detector of crops has looked at its findings
// as attributes.
func (e *Engine) attribute(now time.Duration, t *task, r *Report) {
	if t.crops == nil || len(r.Looked) == 0 {
		return
	}
	expires := r.Frame.Captured + min(t.spec.TTL, t.crops.ttl)
	for i := range r.Looked {
		for k := range r.Looked[i].Attributes {
			r.Looked[i].Attributes[k].Expires = expires
		}
	}
	e.table.Mark(t.crops.of, detectors.Attributed(e.table.Signal(t.crops.of).Detections, r.Looked, now))
}

// partly reports whether a detector has answered for one of its boxes at least: it
// works then.
func partly(looked []detectors.Detection) bool {
	return slices.ContainsFunc(looked, func(d detectors.Detection) bool {
		return slices.ContainsFunc(d.Attributes, func(a detectors.Attribute) bool { return a.Unknown == detectors.Known })
	})
}

// unmark makes what a detector of crops has found in boxes unknown.
func (e *Engine) unmark(t *task, why detectors.Why) {
	if t.crops != nil {
		e.table.Mark(t.crops.of, detectors.Unattributed(e.table.Signal(t.crops.of).Detections, t.spec.Provides, why))
	}
}

// Boxes returns the newest boxes for a detector of crops, with the attributes that
// they have; nil for any other.
func (e *Engine) Boxes(id TaskID) []detectors.Detection {
	t := e.task(id)
	if t == nil || t.crops == nil {
		return nil
	}
	return e.table.Signal(t.crops.of).Detections
}
