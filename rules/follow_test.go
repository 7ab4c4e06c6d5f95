package rules

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/track"
	"rvo-tui/detectors/zone"
)

// newTracker returns a tracker of a camera whose door is the right half of the frame and whose
// gate is the line between the halves, crossed "in" to the right.
func newTracker() *track.Tracker {
	return track.New(track.Config{
		TTL: time.Second, Period: 100 * ms, Confirm: 1,
		Zones: []track.Zone{{Name: "door", Area: zone.Rect(0.5, 0, 0.5, 1)}},
		Lines: []track.Line{{Name: "gate", Line: zone.Line{A: zone.Point{0.5, 1}, B: zone.Point{0.5, 0}}, Directions: [2]string{"in", "out"}}},
	})
}

// at returns a person whose box is at a position.
func at(x, y float64) detectors.Detection {
	return detectors.Detection{Label: "person", Score: 0.9, Box: detectors.Box{X: x - 0.05, Y: y - 0.2, W: 0.1, H: 0.2}}
}

// walkers returns a tracker with a number of persons who have been in the door for 900 ms.
func walkers(n int) *track.Tracker {
	r := newTracker()
	for i := range 10 {
		var found []detectors.Detection
		for k := range n {
			found = append(found, at(0.6+0.13*float64(k), 0.5))
		}
		r.Update(time.Duration(i+1)*100*ms-time.Second, found)
	}
	return r
}

// crossers returns a tracker with a number of persons who have gone in through the gate.
func crossers(n int) *track.Tracker {
	r := newTracker()
	for i := range 10 {
		var found []detectors.Detection
		for k := range n {
			found = append(found, at(0.38+0.05*float64(i), 0.3+0.3*float64(k)))
		}
		r.Update(time.Duration(i+1)*100*ms-time.Second, found)
	}
	return r
}

func follow(c *Condition, r *track.Tracker) {
	c.Follow(func(detectors.ID) Followed { return Followed{Tracker: r} })
}

// walk is a scene of one camera: results of the person detector, and the tracks.
type walk struct {
	t    *testing.T
	tab  *detectors.Table
	r    *track.Tracker
	now  time.Duration
	cond *Condition
}

func newWalk(t *testing.T, src string) *walk {
	w := &walk{t: t, tab: detectors.NewTable(), r: newTracker()}
	w.cond = compile(t, src, w.tab)
	follow(w.cond, w.r)
	return w
}

// answer adds a result of the detector at a time after the previous one.
func (w *walk) answer(after time.Duration, found ...detectors.Detection) {
	w.now += after
	w.r.Update(w.now, found)
	for i, id := range w.r.IDs() {
		found[i].Track = id
	}
	id, err := w.tab.Intern("person")
	if err != nil {
		w.t.Fatal(err)
	}
	w.tab.Set(id, float64(len(found)), found, &detectors.Trace{Captured: w.now}, time.Second)
}

// fail records that the detector has failed.
func (w *walk) fail() {
	w.r.Missed(w.now)
	forget(w.t, w.tab, "person", detectors.Errored)
}

func (w *walk) want(want Truth, value float64) {
	w.t.Helper()
	if got := w.cond.Eval(w.now); got != want {
		w.t.Errorf("at %v: got %v, want %v", w.now, got, want)
	}
	c := w.cond.Explain(w.now)[0]
	if c.Truth != want || c.Value != value && !(math.IsNaN(c.Value) && math.IsNaN(value)) {
		w.t.Errorf("at %v: explained as %v of %v, want %v of %v", w.now, c.Truth, c.Value, want, value)
	}
}

func TestInZone(t *testing.T) {
	w := newWalk(t, "person in door >= 1")
	w.want(Unknown, math.NaN())
	w.answer(100*ms, at(0.2, 0.5))
	w.want(False, 0)
	w.answer(100*ms, at(0.2, 0.5), at(0.8, 0.5))
	w.want(True, 1)
	if c := w.cond.Explain(w.now)[0]; c.Track != 2 || c.Zone != "door" {
		t.Errorf("explained as track %d in %q, want 2 in door", c.Track, c.Zone)
	}
	w.answer(100*ms, at(0.2, 0.5)) // a short loss
	w.want(True, 1)
	w.fail()
	w.want(Unknown, math.NaN())
}

func TestDwell(t *testing.T) {
	w := newWalk(t, "dwell(person in door) >= 2s")
	for range 20 {
		w.answer(100*ms, at(0.8, 0.5))
	}
	w.want(False, 1.9)
	w.answer(100*ms, at(0.8, 0.5))
	w.want(True, 2)
	w.fail()
	w.now += 3 * time.Second
	w.want(Unknown, 2) // it pauses while the detector does not run
	if c := w.cond.Explain(w.now)[0]; c.Track != 1 || c.Why != detectors.Errored {
		t.Errorf("explained as track %d, %v; want 1 and that the detector failed", c.Track, c.Why)
	}
	w.answer(100*ms, at(0.8, 0.5))
	w.want(True, 2)
	w.answer(100*ms, at(0.2, 0.5))
	for range 30 {
		w.answer(100*ms, at(0.2, 0.5))
	}
	w.want(False, 0)
}

func TestCrossed(t *testing.T) {
	w := newWalk(t, "crossed(person, gate.in, 1s) >= 1")
	x := 0.3
	for ; x < 0.7; x += 0.02 {
		w.answer(50*ms, at(x, 0.5))
	}
	w.want(True, 1)
	if c := w.cond.Explain(w.now)[0]; c.Track != 1 || c.Line != "gate.in" {
		t.Errorf("explained as track %d over %q, want 1 over gate.in", c.Track, c.Line)
	}
	end := w.cond.Expires(w.now)
	if end <= w.now || end > w.now+time.Second {
		t.Errorf("at %v it is true until %v", w.now, end)
	}
	w.fail()
	w.want(True, 1) // it has happened, whatever follows
	for w.now < end {
		w.answer(50*ms, at(0.7, 0.5))
	}
	w.want(Unknown, 0) // the detector did not run for a moment
	for range 20 {
		w.answer(50*ms, at(0.7, 0.5))
	}
	w.want(False, 0)

	other := newWalk(t, "crossed(person, gate.out, 1s) == 0")
	for x := 0.3; x < 0.7; x += 0.01 {
		other.answer(50*ms, at(x, 0.5))
	}
	other.want(True, 0)
}

// Where more objects have crossed than are remembered, a comparison with a larger number
// is unknown, not false.
func TestMoreCrossingsThanAreRemembered(t *testing.T) {
	w := newWalk(t, "crossed(person, gate.in, 300s) >= 100")
	for range 200 {
		for i := range 16 {
			w.answer(100*ms, at(0.3+0.05*float64(min(i, 16-i)), 0.5))
		}
	}
	for src, want := range map[string]Truth{
		"crossed(person, gate.in, 300s) >= 100": True,
		"crossed(person, gate.in, 300s) >= 150": Unknown,
		"crossed(person, gate.in, 300s) < 150":  Unknown,
		"crossed(person, gate.in, 100s) >= 150": False,
	} {
		c := compile(t, src, w.tab)
		follow(c, w.r)
		if got := c.Eval(w.now); got != want {
			t.Errorf("%s: got %v, want %v", src, got, want)
		}
		if k := c.Explain(w.now)[0]; want == Unknown && k.Why != detectors.Uncounted {
			t.Errorf("%s: explained as %v of %v: %v", src, k.Truth, k.Value, k.Why)
		}
	}
}

func TestNew(t *testing.T) {
	w := newWalk(t, "new(person in door) >= 1")
	w.answer(100*ms, at(0.2, 0.5))
	w.want(False, 0)
	w.answer(100*ms, at(0.2, 0.5), at(0.8, 0.5))
	w.want(True, 1)
	w.answer(100*ms, at(0.2, 0.5), at(0.8, 0.5))
	w.want(False, 0)
}

func TestPlacesThatAreNotThere(t *testing.T) {
	for src, why := range map[string]detectors.Why{
		"person in hall >= 0": detectors.Nowhere, "crossed(person, gate.up, 1s) >= 1": detectors.Nowhere, "crossed(person, hall.in, 1s) >= 1": detectors.Nowhere,
	} {
		w := newWalk(t, src)
		w.answer(100 * ms)
		if c := w.cond.Explain(w.now)[0]; w.cond.Eval(w.now) != Unknown || c.Why != why {
			t.Errorf("%s: %v because of %v, want unknown because of %v", src, w.cond.Eval(w.now), c.Why, why)
		}
	}
	w := newWalk(t, "person in door >= 0")
	w.answer(100 * ms)
	w.cond.Follow(func(detectors.ID) Followed { return Followed{} })
	if got := w.cond.Eval(w.now); got != Unknown {
		t.Errorf("without a tracker: %v", got)
	}
}

func TestAttributesInAZone(t *testing.T) {
	zero := 0.0
	w := newWalk(t, "person[helmet == 0] in door >= 1")
	bare := at(0.8, 0.5)
	bare.Attributes = person(&zero, time.Hour, detectors.Known).Attributes
	w.answer(100*ms, at(0.8, 0.5))
	w.want(Unknown, 0)
	w.answer(100*ms, bare)
	w.want(True, 1)
	bare.Box.X = 0.15
	w.answer(100*ms, bare)
	w.answer(3*time.Second, bare)
	w.want(False, 0)
}

func TestSignalsOfOneDetector(t *testing.T) {
	w := newWalk(t, "person in door >= 1")
	w.answer(100*ms, at(0.8, 0.5))
	marks := map[uint64]uint64{1: 2}
	for mark, want := range map[uint64]Truth{1: False, 2: True, 3: True} {
		w.cond.Follow(func(detectors.ID) Followed { return Followed{w.r, marks, mark} })
		if got := w.cond.Eval(w.now); got != want {
			t.Errorf("mark %d: got %v, want %v", mark, got, want)
		}
	}
}

func TestLabels(t *testing.T) {
	tab := table(t, map[string]float64{"things": 3})
	cond := compile(t, "count(things, car, fire_hydrant) >= 2", tab)
	id, _ := tab.Lookup("things")
	tab.Mark(id, []detectors.Detection{{Label: "car"}, {Label: "person"}})
	if got := cond.Eval(0); got != False {
		t.Errorf("a car and a person: %v", got)
	}
	tab.Mark(id, []detectors.Detection{{Label: "car"}, {Label: "fire hydrant"}})
	if got := cond.Eval(0); got != True {
		t.Errorf("a car and a fire hydrant: %v", got)
	}
}

func TestEventsCarryTheirTracks(t *testing.T) {
	w := newWalk(t, "a")
	r, err := New(config(func(c *Config) { c.When, c.For = "person in door >= 1 && crossed(person, gate.in, 1m) >= 1", 0 }), w.tab)
	if err != nil {
		t.Fatal(err)
	}
	follow(r.Condition(), w.r)
	for x := 0.3; x < 0.7; x += 0.02 {
		w.answer(50*ms, at(x, 0.5), at(0.1, 0.5))
	}
	if phase := r.Step(w.now); phase != PhaseConfirmed {
		t.Fatalf("got %q, want an event", phase)
	}
	ev := r.Event(w.now, PhaseConfirmed)
	if len(ev.Tracks) != 2 || ev.Tracks[0].Place != "door" || ev.Tracks[1].Place != "gate.in" || ev.Tracks[0].ID != ev.Tracks[1].ID {
		t.Fatalf("got the tracks %+v", ev.Tracks)
	}
	path := ev.Tracks[0].Path
	if len(path) < 5 || path[0].At[0] > 0.35 || path[len(path)-1].At[0] < 0.65 || path[0].Before <= path[len(path)-1].Before {
		t.Errorf("got the path %v", path)
	}
	text, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	var back Event
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if len(back.Tracks) != 2 || len(back.Tracks[0].Path) != len(path) || !strings.Contains(string(text), `"zone":"door"`) {
		t.Errorf("%s comes back as %+v", text, back.Tracks)
	}
}

func TestFollowedConditionsAllocateNothing(t *testing.T) {
	tab := table(t, map[string]float64{"a": 3})
	c := compile(t, "a in door >= 1 && dwell(a in door) < 1h && crossed(a, gate.in, 1m) >= 0 && !(new(a in door) > 5)", tab)
	follow(c, walkers(3))
	clauses := make([]Clause, 0, c.Len())
	if n := testing.AllocsPerRun(100, func() { c.Eval(1); c.Expires(1); clauses = c.AppendExplain(clauses[:0], 1) }); n != 0 {
		t.Errorf("%v allocations an evaluation", n)
	}
}

// A cached count is recomputed if anything has changed: a condition gives the same as a newly
// compiled one.
func TestCountedAgain(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, src := range []string{
		"person in door >= 1", "dwell(person in door) >= 500ms", "new(person in door) >= 1", "crossed(person, gate.in, 700ms) == 1",
		"count(person, person) >= 2", "count(person in door, person) >= 1", "person[x == 1] >= 1", "person[x == 1] in door >= 1",
	} {
		w := newWalk(t, src)
		for range 500 {
			switch random.IntN(6) {
			case 0:
				w.fail()
			case 1, 2:
				w.now += time.Duration(random.IntN(400)) * ms
			default:
				var found []detectors.Detection
				for range random.IntN(3) {
					d := at(0.3+0.4*random.Float64(), 0.5)
					d.Attributes = []detectors.Attribute{{Name: "x", Value: float64(random.IntN(2)), Expires: w.now + time.Duration(random.IntN(500))*ms}}
					found = append(found, d)
				}
				w.answer(time.Duration(1+random.IntN(300))*ms, found...)
			}
			anew := compile(t, src, w.tab)
			follow(anew, w.r)
			got, want := fmt.Sprint(w.cond.Explain(w.now), w.cond.Expires(w.now)), fmt.Sprint(anew.Explain(w.now), anew.Expires(w.now))
			if got != want {
				t.Fatalf("%s at %v: %s, want %s", src, w.now, got, want)
			}
		}
	}
}
