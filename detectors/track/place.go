package track

import (
	"time"

	"rvo-tui/detectors/zone"
)

// slack is how far beyond a boundary a track must be, in heights of its box but at most
// mostSlack, to leave a zone or change sides of a line. It absorbs jitter of the boxes.
const (
	slack     = 0.1
	mostSlack = 0.03
)

func (t *Track) slack() float64 { return min(slack*t.Box.H, mostSlack) }

// stay is the state of a track in a zone.
type stay struct {
	in      bool
	known   bool // it has been in the zone before
	fresh   bool // the last result is the first one with it in the zone
	entered time.Duration
	dwell   time.Duration
	pending time.Duration // time in which it was not seen; added to dwell when it is found again
}

// side is the state of a track at a line.
type side struct {
	on  int8 // the side that it was last clearly on, at first the one that it was first seen on: 1 right, -1 left, 0 none so far
	now int8 // side of the last position
	// through means that it has crossed the line, between its ends, an odd number of
	// times since it was on side on.
	through bool
}

// Crossing is one crossing of a line by a track.
type Crossing struct {
	At        time.Duration // time of the result that completed it
	Track     uint64
	Label     string
	direction int8
}

// ledger is a ring of the last crossings of a line.
type ledger struct {
	ring  [crossings]Crossing
	total uint64
	since time.Duration // first result with the line; pending: none yet
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

// move moves a track to its position in the result at time at.
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

// move updates a stay. elapsed is the time since the last result, or 0 if the detector
// was not running in between. An unsure track is not counted as new yet.
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

// move updates a side and returns the direction of a crossing: 1 to the right, -1 to
// the left, 0 none. An unsure track does not cross yet.
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

// tread adds the position of a track to its path. A full path drops every second step
// and then doubles the minimum distance between steps.
func (t *Track) tread(at time.Duration) {
	if n := len(t.path); n > 0 {
		last := t.path[n-1].Place
		if sq(last[0]-t.from[0])+sq(last[1]-t.from[1]) < sq(t.spacing) {
			return
		}
	}
	if len(t.path) == PathSteps-1 { // keep one for the current position
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
