package engine

import (
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/track"
	"rvo-tui/detectors/zone"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
)

// hall is a camera whose zone "door" is the right half of the frame, and whose line "gate" is
// crossed "in" from the left half to the right one.
func hall(s *sim) {
	s.command(func(e *Engine, _ time.Duration) {
		e.SetPlaces(
			[]detectors.Zone{{Name: "door", Rect: []float64{0.5, 0, 0.5, 1}}},
			[]detectors.Line{{Name: "gate", Points: [][]float64{{0.5, 1}, {0.5, 0}}, Directions: []string{"in", "out"}}},
		)
	})
}

// walking attaches a detector of a person who walks from left to right within two seconds, at 20
// frames per second, and stays there.
func walking(s *sim) *script {
	return s.attach(&script{spec: spec("person", 20), exec: 5 * ms, boxes: func(frame uint64) []detectors.Detection {
		return []detectors.Detection{at(min(0.1+0.0175*float64(frame), 0.8))}
	}})
}

func watching(event, when string) rules.Config {
	cfg := rules.DefaultConfig()
	cfg.Event, cfg.When, cfg.Cooldown = event, when, text.Duration(time.Hour)
	return cfg
}

func TestRulesFollow(t *testing.T) {
	s := newSim(t)
	walking(s)
	s.rule(watching("stays", "dwell(person in door) >= 3s"))
	s.rule(watching("came", "crossed(person, gate.in, 10s) >= 1"))
	s.rule(watching("left", "crossed(person, gate.out, 10s) >= 1"))
	hall(s) // after the rules, which must be updated
	s.frames(140, ms, 50*ms)
	s.until(7 * time.Second)
	var events []string
	for _, ev := range s.fired {
		events = append(events, ev.Type)
		if len(ev.Tracks) != 1 || ev.Tracks[0].ID != 1 || len(ev.Tracks[0].Path) < 5 {
			t.Errorf("%s carries the tracks %+v", ev.Type, ev.Tracks)
		}
	}
	if len(events) != 2 || events[0] != "came" || events[1] != "stays" {
		t.Fatalf("got the events %v, want came and stays", events)
	}
	if d := s.fired[1].At - s.fired[0].At; d < 2800*ms || d > 3200*ms {
		t.Errorf("stays came %v after came, want some 3s", d)
	}
	v := s.e.View(s.now, time.Now())
	if len(v.Tracks) != 1 || v.Tracks[0].State != "seen" || len(v.Tracks[0].Zones) != 1 || v.Tracks[0].Zones[0].Zone != "door" {
		t.Errorf("the view has the tracks %+v", v.Tracks)
	}
	if found := s.signal("person").Detections; found[0].Track != 1 {
		t.Errorf("the box is of track %d, want 1", found[0].Track)
	}
	if n := s.view("person").Tracks; n == nil || n.Present != 1 || n.Born != 1 || n.Lost != 0 {
		t.Errorf("counted %+v", n)
	}
}

func TestNobodyFollowsUnasked(t *testing.T) {
	s := newSim(t)
	hall(s)
	walking(s)
	s.frames(100, ms, 50*ms)
	s.until(time.Second)
	if s.view("person").Tracks != nil || s.signal("person").Detections[0].Track != 0 {
		t.Error("boxes are tracked that nothing needs")
	}
	s.command(func(e *Engine, _ time.Duration) { e.Watch(true) })
	s.until(2 * time.Second)
	if n := s.view("person").Tracks; n == nil || n.Born != 1 {
		t.Errorf("with a viewer, the counts are %+v", n)
	}
	s.command(func(e *Engine, _ time.Duration) { e.Watch(false) })
	s.until(3 * time.Second)
	if s.view("person").Tracks != nil {
		t.Error("boxes are still tracked without a viewer")
	}
	s.command(func(e *Engine, _ time.Duration) { e.Watch(true) })
	s.until(4 * time.Second)
	if n, id := s.view("person").Tracks, s.signal("person").Detections[0].Track; n == nil || n.Born != 1 || id != 2 {
		t.Errorf("with another viewer, the counts are %+v, and the track is %d; IDs are not reused", n, id)
	}
}

// A zone or line that is added or moved is unknown until a result has it, and then for as long as
// its window reaches back. Others go on.
func TestPlacesThatChange(t *testing.T) {
	s := newSim(t)
	hall(s)
	walking(s)
	s.rule(watching("appeared", "new(person in door) >= 1"))
	s.rule(watching("empty", "person in step == 0"))
	s.rule(watching("quiet", "crossed(person, kerb.in, 2s) == 0"))
	s.frames(200, ms, 50*ms)
	s.until(3 * time.Second)
	s.command(func(e *Engine, now time.Duration) {
		e.RemoveRule(now, "appeared")
		e.SetPlaces(
			[]detectors.Zone{{Name: "step", Rect: []float64{0.6, 0, 0.4, 1}}, {Name: "door", Rect: []float64{0.5, 0, 0.5, 1}}},
			[]detectors.Line{{Name: "kerb", Points: [][]float64{{0.9, 1}, {0.9, 0}}, Directions: []string{"in", "out"}}},
		)
		if err := e.AddRule(watching("again", "new(person in door) >= 1")); err != nil {
			t.Error(err)
		}
	})
	s.until(4900 * ms)
	if len(s.fired) != 1 || s.fired[0].Type != "appeared" {
		t.Fatalf("got the events %+v, want only that he appeared", s.fired)
	}
	s.until(6 * time.Second)
	if len(s.fired) != 2 || s.fired[1].Type != "quiet" {
		t.Errorf("got the events %+v, want quiet 2s after the line was drawn", s.fired)
	}
}

// A reload replaces a rule that has changed. Objects that are there already are not new to it.
func TestTracksOutliveAChangedRule(t *testing.T) {
	s := newSim(t)
	hall(s)
	walking(s)
	s.rule(watching("appeared", "new(person in door) >= 1"))
	s.frames(200, ms, 50*ms)
	s.until(3 * time.Second)
	s.command(func(e *Engine, now time.Duration) {
		e.RemoveRule(now, "appeared")
		if err := e.AddRule(watching("appeared", "new(person in door) >= 1 && person < 9")); err != nil {
			t.Error(err)
		}
	})
	s.until(6 * time.Second)
	if n := s.view("person").Tracks; n == nil || n.Born != 1 || len(s.fired) != 1 {
		t.Errorf("counted %+v, events %+v; want the same track and no second event", n, s.fired)
	}
}

// The first result confirms no track, so an object in it may be there or not. What it does not have
// at all is not there.
func TestFirstResultIsNotNobody(t *testing.T) {
	s := newSim(t)
	hall(s)
	boxes := []detectors.Detection{at(0.8)}
	works := func(int, uint64) (float64, error) { return float64(len(boxes)), nil }
	d := s.attach(&script{spec: spec("person", 20), answer: works, boxes: func(uint64) []detectors.Detection { return boxes }})
	s.rule(watching("empty", "person in door == 0"))
	s.rule(watching("left", "person in left == 0"))
	s.rule(watching("some", "person in door < 5"))
	s.command(func(e *Engine, _ time.Duration) {
		e.SetPlaces([]detectors.Zone{{Name: "door", Rect: []float64{0.5, 0, 0.5, 1}}, {Name: "left", Rect: []float64{0, 0, 0.5, 1}}}, nil)
	})
	s.frames(100, ms, 50*ms)
	s.until(2 * ms)
	if k := s.e.View(s.now, time.Now()).Rules[0].Clause[0]; k.Truth != rules.Unknown || k.Why != detectors.Never {
		t.Errorf("the clause says %+v", k)
	}
	s.until(time.Second)
	d.answer = func(int, uint64) (float64, error) { return 0, errScripted }
	s.until(1100 * ms)
	boxes = []detectors.Detection{at(0.55)} // somebody else
	d.answer = works
	s.until(3 * time.Second)
	if len(s.fired) != 2 || s.fired[0].Type != "left" || s.fired[1].Type != "some" {
		t.Errorf("got the events %+v, want left and some", s.fired)
	}
	boxes = nil
	s.until(4 * time.Second)
	if len(s.fired) != 3 || s.fired[2].Type != "empty" {
		t.Errorf("got the events %+v, want empty once nobody is there", s.fired)
	}
}

// With more objects than can be tracked, a count is a lower bound.
func TestMoreThanCanBeTracked(t *testing.T) {
	s := newSim(t)
	hall(s)
	var crowd []detectors.Detection
	for i := range track.MaxTracks + 22 {
		crowd = append(crowd, detectors.Detection{Label: "person", Score: 0.9, Box: detectors.Box{X: 0.5 + 0.03*float64(i%15), Y: 0.09 * float64(i/15), W: 0.02, H: 0.08}})
	}
	s.attach(&script{spec: spec("person", 20), boxes: func(uint64) []detectors.Detection { return crowd }})
	s.rule(watching("many", "person in door >= 100"))
	s.rule(watching("few", "person in door < 140"))
	s.frames(40, ms, 50*ms)
	s.until(time.Second)
	clause := s.e.View(s.now, time.Now()).Rules[1].Clause[0]
	if clause.Truth != rules.Unknown || clause.Why != detectors.Uncounted || clause.Value != track.MaxTracks {
		t.Errorf("the clause says %+v", clause)
	}
	if len(s.fired) != 1 || s.fired[0].Type != "many" {
		t.Errorf("got the events %+v, want only that there are many", s.fired)
	}
	crowd = crowd[:20]
	s.until(1900 * ms)
	if len(s.fired) != 2 || s.fired[1].Type != "few" {
		t.Errorf("got the events %+v, want few once all are tracked", s.fired)
	}
}

// A failed detector sees nothing: nobody leaves, and dwell pauses.
func TestDwellStandsStillWhileNobodyLooks(t *testing.T) {
	s := newSim(t)
	hall(s)
	d := walking(s)
	s.rule(watching("stays", "dwell(person in door) >= 3s"))
	s.frames(400, ms, 50*ms)
	s.until(3 * time.Second)
	before := s.e.View(s.now, time.Now()).Tracks[0]
	d.answer = func(int, uint64) (float64, error) { return 0, errScripted }
	s.until(8 * time.Second)
	v := s.e.View(s.now, time.Now())
	if len(v.Tracks) != 1 || v.Tracks[0].State != "unknown" || v.Tracks[0].Zones[0].Dwell != before.Zones[0].Dwell {
		t.Fatalf("after the failure the tracks are %+v, before it %+v", v.Tracks, before)
	}
	clause := v.Rules[0].Clause[0]
	if clause.Truth != rules.Unknown || clause.Why != detectors.Errored || clause.Track != 1 || clause.Value != before.Zones[0].Dwell.Seconds() {
		t.Errorf("the clause says %+v", clause)
	}
	if len(s.fired) != 0 {
		t.Errorf("got the events %+v", s.fired)
	}
}

// A gate that holds a detector longer than its results are valid has the same effect.
func TestGatedDetectorIsBlind(t *testing.T) {
	s := newSim(t)
	hall(s)
	moves := true
	s.attach(&script{spec: spec("motion", 20), answer: func(int, uint64) (float64, error) { return map[bool]float64{true: 1}[moves], nil }})
	sp := spec("person", 20)
	sp.Needs = []string{"motion > 0.5"}
	s.attach(&script{spec: sp, boxes: func(uint64) []detectors.Detection { return []detectors.Detection{at(0.8)} }})
	s.rule(watching("stays", "dwell(person in door) >= 1h"))
	s.frames(400, ms, 50*ms)
	s.until(2 * time.Second)
	dwell := s.e.View(s.now, time.Now()).Tracks[0].Zones[0].Dwell
	moves = false
	s.until(6 * time.Second)
	if tr := s.e.View(s.now, time.Now()).Tracks[0]; tr.State != "unknown" || tr.Zones[0].Dwell > dwell+100*ms {
		t.Errorf("while it is held: %+v, before it had stayed for %v", tr, dwell)
	}
	moves = true
	s.until(7 * time.Second)
	tr := s.e.View(s.now, time.Now()).Tracks[0]
	if got := tr.Zones[0].Dwell; tr.ID != 1 || got < dwell+500*ms || got > dwell+1200*ms {
		t.Errorf("then track %d has stayed for %v, want track 1 and %v and a second", tr.ID, got, dwell)
	}
}

func TestDwellIsMeasuredWhereAsked(t *testing.T) {
	s := newSim(t)
	s.command(func(e *Engine, _ time.Duration) {
		e.SetPlaces([]detectors.Zone{{Name: "hall", Rect: []float64{0, 0, 1, 1}}, {Name: "left", Rect: []float64{0, 0, 0.5, 1}, Histogram: true}}, nil)
	})
	walking(s)
	s.frames(100, ms, 50*ms)
	s.until(5 * time.Second)
	v := s.e.View(s.now, time.Now())
	if v.Zones[0].Dwell != nil || v.Zones[1].Dwell.Count() != 1 {
		t.Fatalf("got %+v", v.Zones)
	}
	if sum := v.Zones[1].Dwell.Sum(); sum < 800*ms || sum > 1200*ms {
		t.Errorf("he stayed for %v, want some second", sum)
	}
}

// Signals of one detector share boxes: one object has one track.
func TestSignalsShareTracks(t *testing.T) {
	s := newSim(t)
	hall(s)
	sp := spec("things", 20)
	sp.Provides = []string{"things", "car"}
	s.attach(&script{spec: sp, boxes: func(uint64) []detectors.Detection { return []detectors.Detection{at(0.8)} }})
	s.rule(watching("any", "things in door >= 1"))
	s.frames(20, ms, 50*ms)
	s.until(time.Second)
	if n := s.view("things").Tracks; n == nil || n.Born != 1 {
		t.Errorf("counted %+v, want one", n)
	}
	if a, b := s.signal("things").Detections[0].Track, s.signal("car").Detections[0].Track; a != 1 || b != 1 {
		t.Errorf("the boxes are of tracks %d and %d, want 1", a, b)
	}
}

// Marks of old tracks are dropped, but not while their crossings are kept.
func TestMarksAreBounded(t *testing.T) {
	gate := track.Line{Name: "gate", Line: zone.Line{A: zone.Point{0.5, 1}, B: zone.Point{0.5, 0}}, Directions: [2]string{"in", "out"}}
	f := newFollower(track.Config{TTL: time.Second, Period: 50 * ms, Lines: []track.Line{gate}}, 2)
	now := time.Duration(0)
	find := func(boxes ...detectors.Detection) {
		now += 50 * ms
		f.follow(now, &Answer{Detections: [][]detectors.Detection{nil, boxes}})
	}
	for x := 0.3; x < 0.7; x += 0.02 {
		find(at(x))
	}
	var crowd []detectors.Detection
	for i := range 100 {
		crowd = append(crowd, detectors.Detection{Label: "person", Score: 0.9, Box: detectors.Box{X: 0.1 * float64(i%10), Y: 0.1 * float64(i/10), W: 0.08, H: 0.08}})
	}
	most := 0
	for range 50 {
		now += time.Minute // everybody has gone
		find(crowd...)
		find(crowd...)
		most = max(most, len(f.marks))
	}
	if f.marks[1] != mark(1) || f.marks[2] != 0 || most > keptMarks+100 {
		t.Errorf("marks of the first tracks %b and %b, at most %d marks; want only the one that crossed, and %d", f.marks[1], f.marks[2], most, keptMarks)
	}
}
