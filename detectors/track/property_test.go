package track

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/zone"
)

// FuzzTracker plays results in any order, at any time, with any boxes, and checks the invariants
// after each.
func FuzzTracker(f *testing.F) {
	f.Add([]byte{})
	f.Add(script(func(i int) (kind byte, ms uint16, x, y byte) { return 0, 100, byte(4 * i), 200 }))
	f.Add(script(func(i int) (kind byte, ms uint16, x, y byte) {
		return byte(i % 3), uint16(37 * i), byte(i * i), byte(7 * i)
	}))
	f.Add(script(func(i int) (kind byte, ms uint16, x, y byte) { return byte(i / 20), 90, 120 + byte(i%16), 130 }))
	f.Fuzz(func(t *testing.T, data []byte) {
		w := newWatch(t)
		for len(data) >= stepBytes && w.steps < 2000 {
			w.play(data[:stepBytes])
			data = data[stepBytes:]
		}
	})
}

// stepBytes is the size of one step of a script: what happens, when, and the positions of two
// boxes.
const stepBytes = 8

func script(step func(i int) (kind byte, ms uint16, x, y byte)) (data []byte) {
	for i := range 64 {
		kind, ms, x, y := step(i)
		data = append(data, kind)
		data = binary.BigEndian.AppendUint16(data, ms)
		data = append(data, x, y, y, x, 200)
	}
	return data
}

// watch holds a tracker and what was observed.
type watch struct {
	*testing.T
	tracker  *Tracker
	now      time.Duration // of the script
	steps    int
	newest   uint64
	ended    map[uint64]bool
	seen     map[uint64]memory
	crossed  uint64
	looked   time.Duration                   // for how long the detector has been looking
	lookedAt map[time.Duration]time.Duration // the same, by answer
}

// memory is the state of a track after the previous result.
type memory struct {
	dwell time.Duration
	sides map[int8]bool // of the line, since its last crossing
}

func newWatch(t *testing.T) *watch {
	return &watch{
		T: t, tracker: New(config()),
		ended: map[uint64]bool{}, seen: map[uint64]memory{}, lookedAt: map[time.Duration]time.Duration{},
	}
}

func (w *watch) play(b []byte) {
	w.steps++
	step := time.Duration(binary.BigEndian.Uint16(b[1:])) * time.Millisecond
	at := w.now + step
	if b[0]%8 == 7 { // overtaken
		at = w.now - step
	}
	last, looking, started := w.tracker.last, w.tracker.looking, w.tracker.started
	if b[0]%8 == 1 {
		w.now = max(w.now, at)
		w.tracker.Missed(w.now)
		w.check()
		return
	}
	var found []detectors.Detection
	for i := range int(b[0]/8) % 3 {
		x, y := float64(b[3+2*i])/255, float64(b[4+2*i])/255
		found = append(found, detectors.Detection{
			Label: "person", Score: float64(b[7]) / 255,
			Box: detectors.Box{X: x - 0.1, Y: y - 0.2, W: 0.2, H: 0.2},
		})
	}
	if b[0] == 255 {
		found = append(found, detectors.Detection{Label: "person", Box: detectors.Box{X: math.NaN(), Y: math.Inf(1), W: 1, H: 1}})
	}
	taken := w.tracker.Update(at, found)
	if taken != (at > last || !started) {
		w.Errorf("answer at %v after one at %v: taken %v", at, last, taken)
	}
	w.now = max(w.now, at)
	if taken {
		if elapsed := at - last; started && looking && elapsed <= w.tracker.cfg.TTL {
			w.looked += elapsed
		}
		w.lookedAt[at] = w.looked
	}
	w.check()
}

// check compares the tracks with their previous states.
func (w *watch) check() {
	now, newest := map[uint64]bool{}, w.newest
	for p := range w.tracker.Tracks() {
		now[p.ID] = true
		was, old := w.seen[p.ID]
		switch {
		case w.ended[p.ID]:
			w.Errorf("track %d is there again", p.ID)
		case !old && p.ID <= newest:
			w.Errorf("track %d began after track %d", p.ID, newest)
		}
		w.newest = max(w.newest, p.ID)
		w.dwells(p, was, old)
		if p.Present() && !w.tracker.looking {
			w.Errorf("track %d is present while the detector does not look", p.ID)
		}
		if n := len(p.Path(nil)); n > PathSteps {
			w.Errorf("track %d has a path of %d steps", p.ID, n)
		}
		sides := was.sides
		if sides == nil {
			first := int8(1) // its side before it had an ID
			if w.tracker.cfg.Lines[0].Side(p.path[0].Place) < 0 {
				first = -1
			}
			sides = map[int8]bool{first: true}
		}
		sides[p.lines[0].now] = true
		w.seen[p.ID] = memory{p.Dwell(0), sides}
	}
	for id := range w.seen {
		if !now[id] {
			w.ended[id] = true
			delete(w.seen, id)
		}
	}
	w.crossings()
	if n := len(w.tracker.tracks); n > MaxTracks {
		w.Errorf("%d tracks", n)
	}
}

// dwells checks that no dwell exceeds the time in which the detector has run since, and that it
// pauses for tracks that are not seen.
func (w *watch) dwells(p *Track, was memory, old bool) {
	if p.In(0) && p.Dwell(0) > w.looked-w.lookedAt[p.Entered(0)] {
		w.Errorf("track %d has been in the zone for %v since %v; the detector was looking for %v of it",
			p.ID, p.Dwell(0), p.Entered(0), w.looked-w.lookedAt[p.Entered(0)])
	}
	if old && p.State != Seen && p.Dwell(0) != was.dwell {
		w.Errorf("track %d is %v, and its dwell went from %v to %v", p.ID, p.State, was.dwell, p.Dwell(0))
	}
}

// crossings checks that a track that has crossed a line was on both sides of it.
func (w *watch) crossings() {
	book := &w.tracker.ledgers[0]
	n := book.total - w.crossed
	w.crossed = book.total
	for i := range min(int(n), w.tracker.Crossings(0)) {
		c := w.tracker.Crossing(0, i)
		was, ok := w.seen[c.Track]
		if !ok {
			continue
		}
		if !was.sides[1] || !was.sides[-1] {
			w.Errorf("track %d crossed the line, and was only on the sides %v", c.Track, was.sides)
		}
		was.sides = map[int8]bool{c.direction: true}
		w.seen[c.Track] = was
	}
}

// TestDwellIsTheTimeLookedAt: whatever the times of the results, the dwell of an object that
// stays is the time in which the detector ran.
func TestDwellIsTheTimeLookedAt(t *testing.T) {
	gaps := []time.Duration{3 * ms, 100 * ms, 1001 * ms, 400 * ms, 5 * time.Second, 50 * ms, time.Second, 9 * time.Second, 20 * ms}
	for skip := range 7 {
		r := New(config())
		at, looked := time.Duration(0), time.Duration(0)
		r.Update(at, []detectors.Detection{person(0.8, 0.8)})
		for i := range 100 {
			gap := gaps[(i*(skip+1))%len(gaps)]
			at += gap
			missed := i%7 == skip
			if missed {
				r.Missed(at - gap/2)
			}
			r.Update(at, []detectors.Detection{person(0.8, 0.8)})
			if !missed && gap <= time.Second {
				looked += gap
			}
		}
		if p := one(t, r); p.ID != 1 || p.Dwell(0) != looked {
			t.Errorf("track %d with dwell %v, want 1 with %v", p.ID, p.Dwell(0), looked)
		}
	}
}

// TestNoCrossingWithoutChangeOfSide: a walk on one side, along, around and up to the line, is no
// crossing; a walk over it is one.
func TestNoCrossingWithoutChangeOfSide(t *testing.T) {
	line := []Line{{"slope", zone.Line{A: zone.Point{0.2, 0.3}, B: zone.Point{0.8, 0.7}}, [2]string{"in", "out"}}}
	for _, c := range []struct {
		name string
		way  []zone.Point
		want int
	}{
		{"along it", []zone.Point{{0.1, 0.4}, {0.7, 0.8}}, 0},
		{"up to it and back", []zone.Point{{0.3, 0.8}, {0.49, 0.5}, {0.3, 0.8}}, 0},
		{"around its end", []zone.Point{{0.3, 0.7}, {0.08, 0.3}, {0.2, 0.1}, {0.6, 0.4}}, 0},
		{"over it", []zone.Point{{0.4, 0.8}, {0.6, 0.4}}, 1},
		{"over it and around its end", []zone.Point{{0.4, 0.8}, {0.6, 0.4}, {0.2, 0.1}, {0.08, 0.3}, {0.3, 0.7}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := config()
			cfg.Lines = line
			r, at := New(cfg), time.Duration(0)
			for i, to := range c.way[1:] {
				from := c.way[i]
				for k := range 30 {
					at += 100 * ms
					part := float64(k) / 29
					r.Update(at, []detectors.Detection{person(from[0]+part*(to[0]-from[0]), from[1]+part*(to[1]-from[1]))})
				}
			}
			if len(slices.Collect(r.Tracks())) != 1 {
				t.Fatal("more than one track")
			}
			if n := crossed(r, "person", 0, 0, 0) + crossed(r, "person", 0, 1, 0); n != c.want {
				t.Errorf("crossed %d times, want %d", n, c.want)
			}
		})
	}
}
