package engine

import (
	"slices"
	"time"

	"rvo-tui/detectors"
)

// crops is the state of a detector that processes the boxes of another one.
type crops struct {
	of   detectors.ID  // signal with the boxes
	feed feed          // frames of its results
	ttl  time.Duration // TTL of its newest result
}

// set stores a result in the table. Detectors that process its boxes then have a new
// frame. Until they have run, new boxes keep the fresh attributes of the boxes that
// they replace.
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

// attribute adds the results of a detector of crops to the detections as attributes.
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

// partly reports whether a detector has succeeded for at least one box, so that it
// counts as working.
func partly(looked []detectors.Detection) bool {
	return slices.ContainsFunc(looked, func(d detectors.Detection) bool {
		return slices.ContainsFunc(d.Attributes, func(a detectors.Attribute) bool { return a.Unknown == detectors.Known })
	})
}

// unmark makes a detector's attributes unknown.
func (e *Engine) unmark(t *task, why detectors.Why) {
	if t.crops != nil {
		e.table.Mark(t.crops.of, detectors.Unattributed(e.table.Signal(t.crops.of).Detections, t.spec.Provides, why))
	}
}

// Boxes returns the newest boxes for a detector of crops, with their attributes; nil
// for any other detector.
func (e *Engine) Boxes(id TaskID) []detectors.Detection {
	t := e.task(id)
	if t == nil || t.crops == nil {
		return nil
	}
	return e.table.Signal(t.crops.of).Detections
}
