package track

import (
	"time"

	"rvo-tui/detectors/zone"
)

// slack is how far beyond a boundary a track must be, in heights of its box, before
// it has left a zone or changed the side of a line: boxes jitter.
const (
	slack     = 0.1
	mostSlack = 0.03
)

func (t *Track) slack() float64 { return min(slack*t.Box.H, mostSlack) }

// stay is what a track is to a zone.
type stay struct {
	in      bool
	known   bool // it was new earlier
	fresh   bool // it is new with the last answer
	entered time.Duration
	dwell   time.Duration
	pending time.Duration // time in which it was not seen: counts once it is found again
}

// side is what a track is to a line.
type side struct {
	on  int8 // the side that it is on for sure: 1 right, -1 left, 0 not known yet
	now int8 // the side of the last place
	// through says that since it was there for sure it has gone over the line, between
	// its ends, an odd number of times.
	through bool
}

// Crossing is a track going over a line.
type Crossing struct {
	At        time.Duration // the answer with which it had crossed
	Track     uint64
	Label     string
	direction int8
}

// ledger remembers the last crossings of a line.
type ledger struct {
	ring  [crossings]Crossing
	total uint64
}

func (l *ledger) add(c Crossing) {
	l.ring[l.total%crossings] = c
	l.total++
}

// Way returns the direction as an index of Line.Directions.
func (c *Crossing) Way() int {
	if c.direction > 0 {
		return 0
	}
	return 1
}

// move takes a track to a place, where the answer at the time at has it.
func (r *Tracker) move(t *Track, at time.Duration, to zone.Point) {
	sure := t.State != Tentative
	for i := range t.zones {
		t.zones[i].move(r.cfg.Zones[i].Area, to, t.slack(), at, r.elapsed, sure)
	}
	for i := range t.lines {
		direction := t.lines[i].move(r.cfg.Lines[i].Line, t.from, to, t.slack(), sure)
		if direction != 0 {
			r.ledgers[i].add(Crossing{at, t.ID, t.Label, direction})
		}
	}
	t.from = to
	t.tread(at)
}

// move updates a stay. Elapsed is the time since the last answer, 0 where the detector
// was not looking in between; a track that is not sure is not new yet.
func (s *stay) move(area zone.Polygon, to zone.Point, slack float64, at, elapsed time.Duration, sure bool) {
	inside := area.Contains(to)
	switch {
	case s.in && !inside && area.Distance(to) > slack:
		*s = stay{known: s.known}
	case s.in:
		s.dwell += s.pending + elapsed
		s.pending = 0
	case inside:
		*s = stay{in: true, known: s.known, entered: at}
	}
	s.fresh = s.in && sure && !s.known
	s.known = s.known || s.fresh
}

// move updates a side and returns the direction of the crossing: 1 to the right, -1
// to the left, 0 none. A track that is not sure has not crossed yet.
func (s *side) move(line zone.Line, from, to zone.Point, slack float64, sure bool) int8 {
	off := line.Side(to)
	now := int8(1)
	if off < 0 {
		now = -1
	}
	if s.on == 0 {
		s.on, s.now = now, now
		return 0
	}
	if now != s.now && line.Meets(from, to) {
		s.through = !s.through
	}
	s.now = now
	if off*float64(now) <= slack || !sure {
		return 0
	}
	crossed := now != s.on && s.through
	s.on, s.through = now, false
	if !crossed {
		return 0
	}
	return now
}

// tread adds the place of a track to its path. A full path loses every second step,
// and from then on takes steps twice as far apart.
func (t *Track) tread(at time.Duration) {
	if n := len(t.path); n > 0 {
		last := t.path[n-1].Place
		if sq(last[0]-t.from[0])+sq(last[1]-t.from[1]) < sq(t.spacing) {
			return
		}
	}
	if len(t.path) == PathSteps-1 { // one is left for where it is now
		n := 0
		for i := 0; i < len(t.path); i += 2 {
			t.path[n] = t.path[i]
			n++
		}
		t.path = t.path[:n]
		t.spacing *= 2
	}
	t.path = append(t.path, Step{at, t.from})
}
