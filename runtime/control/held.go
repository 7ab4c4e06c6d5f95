package control

import (
	"time"

	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

// counters keeps one Histogram for each place of a snapshot, so that who compares
// what one counts now with what it counted before finds the same one.
type counters struct {
	started time.Time // of the instance that they are of
	kept    map[place]*engine.Histogram
}

// place is where in a snapshot a histogram is.
type place struct {
	camera, detector, what string
	stage                  engine.Stage
}

// settle puts the kept histograms in the place of the snapshot's, with what those
// count. One that counts less than before is another one, as of a detector that
// was attached anew.
func (k *counters) settle(s *runtime.Snapshot) {
	if !s.Started.Equal(k.started) {
		k.started, k.kept = s.Started, nil
	}
	next := make(map[place]*engine.Histogram, len(k.kept))
	swap := func(at place, h **engine.Histogram) {
		if *h == nil {
			return
		}
		if old := k.kept[at]; old != nil && old.Count() <= (*h).Count() {
			old.Load(*h)
			*h = old
		}
		next[at] = *h
	}
	for i := range s.Cameras {
		c := &s.Cameras[i]
		swap(place{camera: c.Name, what: "tick"}, &c.Tick)
		swap(place{camera: c.Name, what: "interval"}, &c.Interval)
		swap(place{camera: c.Name, what: "age"}, &c.Age)
		for stage := range c.Stages {
			swap(place{camera: c.Name, what: "stage", stage: engine.Stage(stage)}, &c.Stages[stage])
		}
		for j := range c.Detectors {
			d := &c.Detectors[j]
			swap(place{camera: c.Name, detector: d.Name, what: "exec"}, &d.Exec)
			swap(place{camera: c.Name, detector: d.Name, what: "age"}, &d.AgeHist)
		}
	}
	k.kept = next
}
