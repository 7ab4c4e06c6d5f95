package pane

import (
	"fmt"
	"time"

	"rvo-tui/capture"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
)

// Trouble is something that is not as it should be, for a person.
type Trouble struct {
	Severe bool
	Text   string
}

// Troubles says what is wrong, the worst first: why evidence, events or
// detections are missing or late. Nothing: all is well.
func Troubles(s *Scene) []Trouble {
	var severe, mild []Trouble
	say := func(isSevere bool, format string, args ...any) {
		t := Trouble{isSevere, fmt.Sprintf(format, args...)}
		if isSevere {
			severe = append(severe, t)
		} else {
			mild = append(mild, t)
		}
	}
	th := s.Theme
	if len(s.Snap.Cameras) == 0 {
		say(false, "no camera: %s adds one", s.Hints.AddCamera)
	}
	for i := range s.Snap.Cameras {
		c := &s.Snap.Cameras[i]
		name := "camera " + th.Text(c.Name)
		switch c.State {
		case capture.Live:
			if c.Lagging {
				say(false, "%s lags by %s", name, draw.Coarse(c.Lag))
			}
		case capture.Paused, capture.Ended:
			say(false, "%s %s", name, c.State)
		default:
			say(true, "%s %s%s", name, c.State, because(th, c.Reason))
		}
		for k := range c.Detectors {
			d := &c.Detectors[k]
			name := "detector " + th.Text(d.Name)
			switch d.State {
			case engine.DetectorFailed, engine.DetectorStuck:
				say(true, "%s %s%s", name, d.State, because(th, d.Reason))
			case engine.DetectorBackoff:
				say(false, "%s too slow for %s/s: backoff", name, draw.Limit(d.MaxFPS))
			default:
				if late(s, d) {
					say(false, "%s too slow: %s of %s/s", name, draw.Rate(d.FPS), draw.Limit(d.MaxFPS))
				}
			}
		}
	}
	for _, k := range s.Snap.Sinks {
		if k.State != runtime.SinkOK {
			say(true, "events are not delivered to %s%s", th.Text(k.Name), because(th, k.Reason))
		}
	}
	if k := s.Snap.Clips; k != nil && k.State != "ok" {
		say(true, "clips are being lost%s", because(th, k.Reason))
	}
	return append(severe, mild...)
}

// late reports whether a detector cannot keep the rate that it is allowed: it
// was still busy, parked or without a slot on a tenth of the frames of the last
// seconds that it would have taken.
func late(s *Scene, d *engine.DetectorView) bool {
	was := s.earlier(d.Name)
	if was == nil || d.Runs <= was.Runs {
		return false
	}
	missed := d.Skips[engine.GateBusy] - min(was.Skips[engine.GateBusy], d.Skips[engine.GateBusy]) +
		d.Skips[engine.GateSlot] - min(was.Skips[engine.GateSlot], d.Skips[engine.GateSlot]) +
		d.Skips[engine.GateBackoff] - min(was.Skips[engine.GateBackoff], d.Skips[engine.GateBackoff])
	return missed*10 > d.Runs-was.Runs && d.FPS < 0.8*d.MaxFPS
}

// earlier returns how a detector of the camera shown stood five seconds ago.
func (s *Scene) earlier(name string) *engine.DetectorView {
	old, c := s.Hist.before(5*time.Second), s.Camera()
	if old == nil || c == nil {
		return nil
	}
	for i := range old.Cameras {
		if old.Cameras[i].Name != c.Name {
			continue
		}
		for k := range old.Cameras[i].Detectors {
			if old.Cameras[i].Detectors[k].Name == name {
				return &old.Cameras[i].Detectors[k]
			}
		}
	}
	return nil
}
