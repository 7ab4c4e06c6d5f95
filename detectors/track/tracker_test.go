package track

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/zone"
)

const ms = time.Millisecond

func person(x, y float64) detectors.Detection {
	return detectors.Detection{Label: "person", Score: 0.9, Box: detectors.Box{X: x - 0.05, Y: y - 0.3, W: 0.1, H: 0.3}}
}

// config has a zone on the right half, and a line across the middle that points up.
func config() Config {
	return Config{
		TTL: time.Second, Period: 100 * ms,
		Zones: []Zone{{"right", zone.Rect(0.5, 0, 0.5, 1)}},
		Lines: []Line{{"gate", zone.Line{A: zone.Point{0.5, 1}, B: zone.Point{0.5, 0}}, [2]string{"in", "out"}}},
	}
}

// walk returns a result every 100 ms with one person who goes from one place to another.
func walk(t *testing.T, r *Tracker, from, span time.Duration, x0, x1 float64) {
	t.Helper()
	for at := time.Duration(0); at <= span; at += 100 * ms {
		x := x0 + (x1-x0)*float64(at)/float64(span)
		if !r.Update(from+at, []detectors.Detection{person(x, 0.8)}) {
			t.Fatalf("the answer at %v is not taken", from+at)
		}
	}
}

// one returns the only track.
func one(t *testing.T, r *Tracker) *Track {
	t.Helper()
	list := slices.Collect(r.Tracks())
	if len(list) != 1 {
		t.Fatalf("%d tracks, want 1", len(list))
	}
	return list[0]
}

func TestOnePersonWalksIn(t *testing.T) {
	r := New(config())
	walk(t, r, 0, 4*time.Second, 0.1, 0.9)
	p := one(t, r)
	if p.ID != 1 || p.State != Seen || p.Born != 0 || p.Last != 4*time.Second {
		t.Errorf("track %d, %v, from %v to %v; want 1, seen, from 0s to 4s", p.ID, p.State, p.Born, p.Last)
	}
	if !p.In(0) || p.Entered(0) < 1900*ms || p.Entered(0) > 2200*ms {
		t.Errorf("in the zone: %v, since %v; want since 2s", p.In(0), p.Entered(0))
	}
	if want := p.Last - p.Entered(0); p.Dwell(0) != want {
		t.Errorf("dwell %v, want %v", p.Dwell(0), want)
	}
	if in, out := crossed(r, "person", 0, 0, 0), crossed(r, "person", 0, 1, 0); in != 1 || out != 0 {
		t.Errorf("crossed %d times in, %d times out; want once in", in, out)
	}
	if n := crossed(r, "person", 0, 0, 3*time.Second); n != 0 {
		t.Errorf("crossed %d times after 3s, want 0", n)
	}
	if at, id := lastCrossing(r, "person", 0, 0); id != 1 || at < 2*time.Second || at > 2500*ms {
		t.Errorf("track %d crossed at %v, want track 1 soon after 2s", id, at)
	}
	path := p.Path(nil)
	if first, last := path[0].Place[0], path[len(path)-1].Place[0]; first > 0.15 || last < 0.85 {
		t.Errorf("its path goes from %v to %v, want from 0.1 to 0.9", first, last)
	}
	walk(t, r, 5*time.Second, 4*time.Second, 0.9, 0.1)
	if out := crossed(r, "person", 0, 1, 0); out != 1 || one(t, r).In(0) {
		t.Errorf("crossed %d times out, in the zone: %v; want once and not", out, one(t, r).In(0))
	}
}

func TestOneAnswerMakesNoTrack(t *testing.T) {
	r := New(config())
	r.Update(0, []detectors.Detection{person(0.5, 0.8)})
	r.Update(100*ms, nil)
	r.Update(200*ms, []detectors.Detection{person(0.5, 0.8)})
	if n := len(slices.Collect(r.Tracks())); n != 0 {
		t.Errorf("%d tracks of detections that did not stay, want 0", n)
	}
}

func TestNewOnlyOnce(t *testing.T) {
	r := New(config())
	fresh := 0
	for i := range 80 {
		x := 0.5 + 0.3*math.Cos(2*math.Pi*float64(i)/40)
		r.Update(time.Duration(i)*100*ms, []detectors.Detection{person(x, 0.8)})
		if i > 0 && one(t, r).New(0) {
			fresh++
		}
	}
	if id := one(t, r).ID; fresh != 1 || id != 1 {
		t.Errorf("track %d was new %d times, want track 1 to be new once", id, fresh)
	}
}

func TestCoastsThenEnds(t *testing.T) {
	r := New(config())
	walk(t, r, 0, time.Second, 0.3, 0.5)
	at := time.Second
	var seen []State
	for range 40 {
		at += 100 * ms
		r.Update(at, nil)
		for p := range r.Tracks() {
			if len(seen) == 0 || seen[len(seen)-1] != p.State {
				seen = append(seen, p.State)
			}
		}
	}
	if want := []State{Coasting, Missing}; !slices.Equal(seen, want) {
		t.Errorf("states %v, want %v", seen, want)
	}
	if c := r.Counts(); c.Born != 1 || c.Ended != 1 {
		t.Errorf("born %d, ended %d; want 1 and 1", c.Born, c.Ended)
	}
}

// TestNotLooking: while the detector does not run, its tracks are unknown and dwell pauses; then
// the track is found again, unless too much time has passed.
func TestNotLooking(t *testing.T) {
	for _, c := range []struct {
		name string
		miss func(r *Tracker, from, to time.Duration)
	}{
		{"it says so", func(r *Tracker, from, to time.Duration) {
			for at := from; at < to; at += 100 * ms {
				r.Missed(at)
				if p := slices.Collect(r.Tracks()); len(p) > 0 && (p[0].State != Unknown || p[0].Present()) {
					t.Errorf("state %v while it does not look", p[0].State)
				}
			}
		}},
		{"no answer comes", func(*Tracker, time.Duration, time.Duration) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := New(config())
			walk(t, r, 0, time.Second, 0.8, 0.8)
			before := one(t, r).Dwell(0)
			c.miss(r, 1100*ms, 4*time.Second)
			walk(t, r, 4*time.Second, time.Second, 0.8, 0.8)
			p := one(t, r)
			if want := before + time.Second; p.ID != 1 || p.Dwell(0) != want {
				t.Errorf("track %d with dwell %v, want 1 with %v", p.ID, p.Dwell(0), want)
			}
			if r.Counting(0, 3*time.Second) || !r.Counting(0, 4*time.Second) {
				t.Error("it was looking from 4s on, and not from 3s")
			}
			c.miss(r, 5100*ms, 16*time.Second)
			walk(t, r, 16*time.Second, time.Second, 0.8, 0.8)
			if p := one(t, r); p.ID != 2 || r.Counts().Ended != 1 {
				t.Errorf("track %d and %d ended, want a second track after 11s", p.ID, r.Counts().Ended)
			}
		})
	}
}

// TestWhoLeftWhileNotLooking: a track that is not in the first result after a gap is not present.
func TestWhoLeftWhileNotLooking(t *testing.T) {
	r := New(config())
	walk(t, r, 0, time.Second, 0.8, 0.8)
	r.Missed(1100 * ms)
	r.Update(3*time.Second, nil)
	if p := one(t, r); p.Present() || p.State != Missing {
		t.Errorf("state %v, want missing", p.State)
	}
}

// TestOtherPlaces: what is known about zones and lines survives a change of others. Nothing is
// known about a changed one until the next result.
func TestOtherPlaces(t *testing.T) {
	cfg := config()
	r := New(cfg)
	walk(t, r, 0, 4*time.Second, 0.1, 0.9)
	dwell := one(t, r).Dwell(0)
	left := Zone{"left", zone.Rect(0, 0, 0.5, 1)}
	far := Line{"far", zone.Line{A: zone.Point{0.95, 1}, B: zone.Point{0.95, 0}}, [2]string{"in", "out"}}
	r.Watch([]Zone{left, cfg.Zones[0]}, []Line{far, cfg.Lines[0]})
	if p := one(t, r); p.Dwell(1) != dwell || !p.In(1) || p.In(0) {
		t.Errorf("in the zones %v and %v, dwell %v; want only the second one, with %v", p.In(0), p.In(1), p.Dwell(1), dwell)
	}
	if n := crossed(r, "person", 1, 0, 0); n != 1 {
		t.Errorf("crossed the same line %d times, want once as before", n)
	}
	if r.Looking(0) || !r.Looking(1) || r.Counting(0, 4*time.Second) || !r.Counting(1, 0) {
		t.Error("the old zone and line are known, and the new ones are not until the next answer")
	}
	walk(t, r, 4100*ms, time.Second, 0.9, 0.9)
	if !r.Looking(0) || r.Counting(0, 4*time.Second) || !r.Counting(0, 4100*ms) {
		t.Error("the new zone and line are known from 4.1s on")
	}
	if p := one(t, r); p.New(1) || p.Dwell(1) != dwell+1100*ms {
		t.Errorf("new in the same zone: %v, dwell %v; want %v", p.New(1), p.Dwell(1), dwell+1100*ms)
	}
	moved := Zone{"right", zone.Rect(0.6, 0, 0.4, 1)}
	if r.Watch([]Zone{moved}, nil); r.Looking(0) || one(t, r).In(0) {
		t.Error("a zone that was moved is not known before the next answer")
	}
}

func TestLateAnswersAndNonsense(t *testing.T) {
	r := New(config())
	walk(t, r, 0, time.Second, 0.8, 0.8)
	if r.Update(500*ms, nil) || r.Update(time.Second, nil) {
		t.Error("an answer that is not newer is taken")
	}
	if c := r.Counts(); c.Late != 2 {
		t.Errorf("%d late answers, want 2", c.Late)
	}
	crowd := make([]detectors.Detection, 3*MaxTracks)
	for i := range crowd {
		crowd[i] = person(rand.Float64(), rand.Float64())
	}
	r.Update(1100*ms, crowd)
	r.Update(1200*ms, crowd)
	if c := r.Counts(); c.Overflow < 2*MaxTracks {
		t.Errorf("%d counted as too many, want at least %d", c.Overflow, 2*MaxTracks)
	}
}

func TestJitterOnTheLine(t *testing.T) {
	r := New(config())
	for i := range 200 {
		r.Update(time.Duration(i)*100*ms, []detectors.Detection{person(0.5+0.01*float64(i%2*2-1), 0.8)})
	}
	if n := crossed(r, "person", 0, 0, 0) + crossed(r, "person", 0, 1, 0); n != 0 {
		t.Errorf("crossed %d times by jitter, want 0", n)
	}
}

func TestAroundTheLine(t *testing.T) {
	cfg := config()
	cfg.Lines[0].Line = zone.Line{A: zone.Point{0.5, 0.4}, B: zone.Point{0.5, 0}}
	r := New(cfg)
	walk(t, r, 0, 4*time.Second, 0.1, 0.9)
	if n := crossed(r, "person", 0, 0, 0); n != 0 {
		t.Errorf("crossed %d times beyond the end of the line, want 0", n)
	}
}

func TestPathIsBounded(t *testing.T) {
	r := New(config())
	for i := range 50 {
		walk(t, r, time.Duration(2*i)*5*time.Second, 4900*ms, 0.1, 0.9)
		walk(t, r, time.Duration(2*i+1)*5*time.Second, 4900*ms, 0.9, 0.1)
	}
	path := one(t, r).Path(nil)
	if len(path) > PathSteps || path[0].At > time.Second || path[len(path)-1].At < 499*time.Second {
		t.Errorf("%d points from %v to %v, want at most %d over the whole time", len(path), path[0].At, path[len(path)-1].At, PathSteps)
	}
}

// crossed returns how often tracks with a label have crossed a line in a direction since an
// instant.
func crossed(r *Tracker, label string, line, direction int, after time.Duration) (n int) {
	for i := range r.Crossings(line) {
		c := r.Crossing(line, i)
		if c.At > after && c.Label == label && c.Way() == direction {
			n++
		}
	}
	return n
}

// lastCrossing returns the time and the track of the last crossing; 0: none.
func lastCrossing(r *Tracker, label string, line, direction int) (at time.Duration, track uint64) {
	for i := range r.Crossings(line) {
		c := r.Crossing(line, i)
		if c.Label == label && c.Way() == direction {
			return c.At, c.Track
		}
	}
	return 0, 0
}

func TestUpdateAllocatesNothing(t *testing.T) {
	r, crowd := New(config()), newCrowd(100)
	at := time.Duration(0)
	step := func() {
		at += 33 * ms
		r.Update(at, crowd.next())
		crossed(r, "person", 0, 0, at-time.Minute)
	}
	for range 100 {
		step()
	}
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("%v allocations in an update, want 0", n)
	}
}

// crowd is a group of walking people, most of whom a detector sees.
type crowd struct {
	rng    *rand.Rand
	at, by []zone.Point
	found  []detectors.Detection
}

func newCrowd(n int) *crowd {
	c := &crowd{rng: rand.New(rand.NewPCG(1, 2)), at: make([]zone.Point, n), by: make([]zone.Point, n)}
	for i := range c.at {
		c.at[i] = zone.Point{c.rng.Float64(), c.rng.Float64()}
		c.by[i] = zone.Point{0.004 * c.rng.NormFloat64(), 0.004 * c.rng.NormFloat64()}
	}
	return c
}

func (c *crowd) next() []detectors.Detection {
	c.found = c.found[:0]
	for i := range c.at {
		for k := range 2 {
			if c.at[i][k] += c.by[i][k]; c.at[i][k] < 0 || c.at[i][k] > 1 {
				c.by[i][k] = -c.by[i][k]
			}
		}
		if c.rng.Float64() > 0.1 {
			d := person(c.at[i][0]+0.002*c.rng.NormFloat64(), c.at[i][1])
			d.Score = c.rng.Float64()
			c.found = append(c.found, d)
		}
	}
	return c.found
}

func BenchmarkUpdate100(b *testing.B) {
	r, crowd := New(config()), newCrowd(100)
	answers := make([][]detectors.Detection, 300)
	for i := range answers {
		answers[i] = slices.Clone(crowd.next())
	}
	b.ReportAllocs()
	at := time.Duration(0)
	for i := 0; b.Loop(); i++ {
		at += 33 * ms
		r.Update(at, answers[i%len(answers)])
	}
}
