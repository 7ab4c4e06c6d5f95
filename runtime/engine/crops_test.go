package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
)

func at(x float64, attributes ...detectors.Attribute) detectors.Detection {
	return detectors.Detection{Label: "person", Score: 0.9, Box: detectors.Box{X: x, Y: 0.2, W: 0.1, H: 0.5}, Attributes: attributes}
}

func helmet(value float64) detectors.Attribute {
	return detectors.Attribute{Name: "helmet", Value: value}
}

// cropped attaches a detector that finds a moving person on the left and one on the right, and
// one that processes their boxes.
func cropped(s *sim, of, fps float64) (person, helmets *script) {
	person = s.attach(&script{spec: spec("person", of), exec: 5 * ms, boxes: func(frame uint64) []detectors.Detection {
		moved := float64(frame) * 0.002
		return []detectors.Detection{at(0.1 + moved), at(0.6 + moved)}
	}})
	sp := spec("helmet", fps)
	sp.CropsOf, sp.MaxCrops = "person", 8
	helmets = s.attach(&script{spec: sp, exec: 20 * ms, looked: func(int) []detectors.Detection {
		found := s.signal("person").Detections
		return []detectors.Detection{at(found[0].Box.X, helmet(1)), at(found[1].Box.X, helmet(0))}
	}})
	return person, helmets
}

func captions(found []detectors.Detection) string {
	var all []string
	for i := range found {
		all = append(all, found[i].Caption(""))
	}
	return strings.Join(all, ", ")
}

func TestCropsRunOnTheAnswersOfTheirSource(t *testing.T) {
	s := newSim(t)
	person, helmets := cropped(s, 5, 30)
	s.frames(20, ms, 50*ms)
	s.until(1100 * ms)
	if !slices.Equal(helmets.runs, person.runs) {
		t.Errorf("it ran on frames %v, want those with boxes, %v", helmets.runs, person.runs)
	}
	for i, began := range helmets.at {
		if began != person.at[i]+5*ms {
			t.Errorf("run %d began at %v, want with the answer at %v", i, began, person.at[i]+5*ms)
		}
	}
	if d := s.e.Demand(s.now); d.FPS != 5 || d.Detector != "person" {
		t.Errorf("demand %+v: it needs no frames beyond those of its source", d)
	}
	v, seen := s.view("helmet"), uint64(0)
	for _, n := range v.Skips {
		seen += n
	}
	if seen+v.Runs != uint64(len(person.runs)) {
		t.Errorf("of %d answers, %d were run and %d skipped", len(person.runs), v.Runs, seen)
	}
}

func TestCropsGiveAttributes(t *testing.T) {
	s := newSim(t)
	bare := rules.DefaultConfig()
	bare.Event, bare.When, bare.Cooldown = "bare", "person[helmet == 0] >= 1", text.Duration(time.Minute)
	s.rule(bare)
	cropped(s, 10, 2)
	s.frames(8, ms, 100*ms)
	s.until(10 * ms)
	if got := captions(s.signal("person").Detections); got != "person, person" || len(s.fired) != 0 {
		t.Errorf("before it has answered there are %q and %d events", got, len(s.fired))
	}
	s.until(30 * ms)
	if got := captions(s.signal("person").Detections); got != "person helmet 1, person helmet 0" || len(s.fired) != 1 {
		t.Fatalf("then there are %q and %d events", got, len(s.fired))
	}
	if k := s.fired[0].Clauses[0]; k.Value != 1 || k.Where != "helmet == 0" || k.Truth != rules.True {
		t.Errorf("the event says %+v", k)
	}
	// The next frames were not processed: their boxes are the same persons.
	s.until(350 * ms)
	if v := s.signal("person"); captions(v.Detections) != "person helmet 1, person helmet 0" || v.Frame != 4 {
		t.Errorf("frame %d has %q", v.Frame, captions(v.Detections))
	}
}

// An attribute is fresh as long as the box it was found in, not as long as newer boxes.
func TestCropsTurnStaleWithTheirBox(t *testing.T) {
	s := newSim(t)
	cropped(s, 10, 0.1)
	s.frames(30, ms, 100*ms)
	s.until(990 * ms)
	if v := s.signal("helmet"); v.Unknown != detectors.Known {
		t.Errorf("after 990ms the signal is unknown: %v", v.Unknown)
	}
	s.until(1002 * ms)
	if got := captions(s.signal("person").Detections); got != "person helmet ?, person helmet ?" {
		t.Errorf("after 1s there are %q", got)
	}
	if v := s.signal("helmet"); v.Unknown != detectors.Stale {
		t.Errorf("after 1s the signal is %v, want stale: its box was fresh for a second", v.Unknown)
	}
}

func TestCropsThatFail(t *testing.T) {
	for _, c := range []struct {
		name    string
		looked  func(int) []detectors.Detection
		caption string
		state   DetectorState // after MaxErrors in a row
	}{
		{"altogether", nil, "person helmet ?, person helmet ?", DetectorFailed},
		{"in one box", func(int) []detectors.Detection {
			return []detectors.Detection{at(0.1, detectors.Attribute{Name: "helmet", Unknown: detectors.Errored}), at(0.6, helmet(1))}
		}, "person helmet ?, person helmet 1", DetectorWaiting},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSim(t)
			_, helmets := cropped(s, 10, 10)
			s.frames(5, ms, 100*ms)
			s.until(50 * ms)
			helmets.looked = c.looked
			helmets.answer = func(int, uint64) (float64, error) { return 0, errScripted }
			s.until(150 * ms)
			if got := captions(s.signal("person").Detections); got != c.caption {
				t.Errorf("there are %q, want %q", got, c.caption)
			}
			if v := s.signal("helmet"); v.Unknown != detectors.Errored {
				t.Errorf("the signal is %v, want that the detector failed", v.Unknown)
			}
			s.until(350 * ms)
			if v := s.view("helmet"); v.State != c.state || v.Errors[0].N != 3 {
				t.Errorf("after %v errors it is %s, want %s: one box that fails is no reason to load it again", v.Errors, v.State, c.state)
			}
		})
	}
}

func TestCropsAreUnknownWithTheirSource(t *testing.T) {
	s := newSim(t)
	person, helmets := cropped(s, 10, 10)
	s.frames(4, ms, 100*ms)
	s.until(50 * ms)
	person.answer = func(int, uint64) (float64, error) { return 0, errScripted }
	s.until(150 * ms)
	if v := s.signal("helmet"); v.Unknown != detectors.Errored {
		t.Errorf("its source failed, and the signal is %v", v.Unknown)
	}
	if n := len(helmets.runs); n != 1 {
		t.Errorf("it ran %d times, want not on boxes that do not count", n)
	}
	person.answer = nil
	s.until(350 * ms)
	if v := s.signal("helmet"); v.Unknown != detectors.Known {
		t.Errorf("its source answers again, and the signal is %v", v.Unknown)
	}
	s.command(func(e *Engine, _ time.Duration) {
		if _, err := e.Detach("person"); err != nil {
			t.Error(err)
		}
	})
	if v := s.signal("helmet"); v.Unknown != detectors.Absent {
		t.Errorf("its source is gone, and the signal is %v", v.Unknown)
	}
}

func TestCropsInACycleAreRefused(t *testing.T) {
	e := New(Options{MaxErrors: 3})
	for i, c := range []struct {
		name, of string
		ok       bool
	}{{"a", "b", true}, {"b", "c", true}, {"c", "a", false}, {"d", "a", true}, {"c", "x", true}} {
		sp := spec(c.name, 10)
		sp.CropsOf, sp.MaxCrops = c.of, 1
		if err := e.Attach(TaskID(i+1), sp); (err == nil) != c.ok {
			t.Errorf("%s of %s: %v", c.name, c.of, err)
		}
	}
}
