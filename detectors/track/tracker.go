package track

import (
	"iter"
	"slices"
	"time"

	"rvo-tui/detectors"
)

// Tracker follows the detections of one detector on one camera. Everything in it is
// bounded, and after New only Watch allocates. It belongs to one goroutine.
//
// Tracks are matched as in ByteTrack (Zhang et al., 2022): detections with high
// scores first, the rest continues tracks that are left. From OC-SORT (Cao et al.,
// 2023) is the second look at the place where a lost track was last seen.
type Tracker struct {
	cfg     Config
	tracks  []Track
	lastID  uint64
	last    time.Duration // of the last answer
	elapsed time.Duration // between the last two answers; 0: it was not looking in between
	since   time.Duration // the first answer from which on it has been looking
	started bool
	looking bool
	ledgers []ledger
	counts  Counts
	answers uint64 // and times at which there was none

	order   []int32 // detections, by score
	ids     []uint64
	paired  [MaxTracks]bool // by the place in order
	boxes   [MaxTracks]detectors.Box
	filters [MaxTracks]filter
	hit     [MaxTracks]bool
	rows    []int32
	columns []int32
	extents [MaxTracks]extent // of the columns
	matcher matcher
}

// Counts are totals since New.
type Counts struct {
	Born     uint64 // tracks that were given an ID
	Ended    uint64 // of these, those that are no more
	Overflow uint64 // detections beyond MaxTracks, which were not looked at
	Late     uint64 // answers that were older than one before, and not looked at
}

// New returns a tracker without tracks, which is not looking until its first answer.
// The zones and lines must pass their Check.
func New(cfg Config) *Tracker {
	r := &Tracker{cfg: cfg.withDefaults(), tracks: make([]Track, 0, MaxTracks)}
	r.rows, r.columns = make([]int32, 0, MaxTracks), make([]int32, 0, MaxTracks)
	r.order, r.ids = make([]int32, 0, MaxTracks), make([]uint64, 0, MaxTracks)
	r.matcher.touched = make([]int32, 0, 2*MaxTracks)
	all := r.tracks[:MaxTracks]
	for i := range all {
		all[i].path = make([]Step, 0, PathSteps)
	}
	r.Watch(cfg.Zones, cfg.Lines)
	return r
}

// Watch replaces the zones and lines. Tracks go on; what was known of zones and lines
// begins anew.
func (r *Tracker) Watch(zones []Zone, lines []Line) {
	r.cfg.Zones, r.cfg.Lines = zones, lines
	r.ledgers = make([]ledger, len(lines))
	stays, sides := make([]stay, MaxTracks*len(zones)), make([]side, MaxTracks*len(lines))
	all := r.tracks[:MaxTracks]
	for i := range all {
		all[i].zones = stays[i*len(zones) : (i+1)*len(zones)]
		all[i].lines = sides[i*len(lines) : (i+1)*len(lines)]
	}
}

// Config returns the configuration, with the defaults filled in.
func (r *Tracker) Config() *Config { return &r.cfg }

// Update takes an answer: what was found in the frame that was captured at the time
// at. An answer that is not newer than the one before is not looked at, and false is
// returned.
func (r *Tracker) Update(at time.Duration, found []detectors.Detection) bool {
	r.ids = slices.Grow(r.ids[:0], len(found))[:len(found)]
	clear(r.ids)
	if r.started && at <= r.last {
		r.counts.Late++
		return false
	}
	r.expire(at)
	r.elapsed = at - r.last
	if gap := !r.started || !r.looking || r.elapsed > r.cfg.TTL; gap {
		r.elapsed, r.since = 0, at
	}
	r.started, r.looking, r.last = true, true, at
	r.answers++
	r.choose(found)
	r.predict(at)
	r.associate(at, found)
	r.lose()
	r.birth(at, found)
	return true
}

// Missed says that the detector was not looking at the time now: it failed, was held
// by a gate, or its answer was dropped. Every track is unknown until the next answer,
// and ends when there is none for Config.Hold. It can be called again as time passes.
func (r *Tracker) Missed(now time.Duration) {
	r.looking = false
	r.answers++
	r.expire(now)
	for i := range r.tracks {
		if t := &r.tracks[i]; t.State != Tentative {
			t.State = Unknown
		}
	}
}

// expire ends all tracks when the last answer is too long ago.
func (r *Tracker) expire(now time.Duration) {
	if now-r.last <= r.cfg.Hold {
		return
	}
	for i := len(r.tracks) - 1; i >= 0; i-- {
		r.end(i)
	}
}

// choose fills order with the detections that are looked at, the best first.
func (r *Tracker) choose(found []detectors.Detection) {
	r.order = r.order[:0]
	for i := range found {
		if usable(found[i].Box) {
			r.order = append(r.order, int32(i))
		}
	}
	byScore(r.order, found)
	if over := len(r.order) - MaxTracks; over > 0 {
		r.counts.Overflow += uint64(over)
		r.order = r.order[:MaxTracks]
	}
	clear(r.paired[:len(r.order)])
}

// usable reports whether a box is one: NaN is not.
func usable(b detectors.Box) bool {
	return b.W > leastSize && b.H > leastSize && b.W <= 2 && b.H <= 2 &&
		b.X >= -1 && b.X <= 1 && b.Y >= -1 && b.Y <= 1
}

// predict fills in where each track should be now.
func (r *Tracker) predict(at time.Duration) {
	for i := range r.tracks {
		t := &r.tracks[i]
		r.filters[i] = t.filter.predicted(at - t.Last)
		r.boxes[i] = r.filters[i].box()
		r.hit[i] = false
	}
}

// lose ages the tracks that the answer does not have.
func (r *Tracker) lose() {
	for i := len(r.tracks) - 1; i >= 0; i-- {
		t := &r.tracks[i]
		if r.hit[i] {
			continue
		}
		t.unseen += r.elapsed
		for k := range t.zones {
			t.zones[k].fresh = false
			if t.zones[k].in {
				t.zones[k].pending += r.elapsed
			}
		}
		box := r.boxes[i]
		gone := !usable(box) || outside(box)
		switch {
		case t.State == Tentative || t.unseen > r.cfg.Keep:
			r.end(i)
		case t.unseen > r.cfg.Coast || r.elapsed == 0 || gone || t.State == Missing:
			t.State = Missing
		default:
			t.State, t.Box = Coasting, box
		}
	}
}

// outside reports whether the centre of a box is outside the frame.
func outside(b detectors.Box) bool {
	x, y := b.X+b.W/2, b.Y+b.H/2
	return x < 0 || x > 1 || y < 0 || y > 1
}

// birth begins a track for each detection that has none.
func (r *Tracker) birth(at time.Duration, found []detectors.Detection) {
	for k, d := range r.order {
		if r.paired[k] {
			continue
		}
		n := len(r.tracks)
		if n == MaxTracks {
			r.counts.Overflow++
			continue
		}
		r.tracks = r.tracks[:n+1]
		t := &r.tracks[n]
		*t = Track{path: t.path[:0], zones: t.zones, lines: t.lines, spacing: leastSpacing}
		clear(t.zones)
		clear(t.lines)
		t.Born = at
		t.filter = startFilter(found[d].Box)
		r.see(t, at, &found[d])
		r.ids[d] = t.ID
	}
}

// see takes a detection into a track whose filter has it already.
func (r *Tracker) see(t *Track, at time.Duration, d *detectors.Detection) {
	t.Label, t.Score, t.Box = d.Label, d.Score, t.filter.box()
	t.Last, t.unseen = at, 0
	t.hits++
	need := r.cfg.Confirm
	if d.Score < r.cfg.High {
		need++
	}
	switch {
	case t.State != Tentative:
		t.State = Seen
	case t.hits >= need:
		t.State = Seen
		r.lastID++
		t.ID = r.lastID
		r.counts.Born++
	}
	r.move(t, at, r.cfg.Anchor.Of(t.Box))
}

// end removes a track.
func (r *Tracker) end(i int) {
	if r.tracks[i].State != Tentative {
		r.counts.Ended++
	}
	n := len(r.tracks) - 1
	r.tracks[i], r.tracks[n] = r.tracks[n], r.tracks[i]
	r.tracks = r.tracks[:n]
}

// Tracks ranges over the tracks, tentative ones left out, in no order that means
// anything.
func (r *Tracker) Tracks() iter.Seq[*Track] {
	return func(yield func(*Track) bool) {
		for i := range r.tracks {
			if r.tracks[i].State != Tentative && !yield(&r.tracks[i]) {
				return
			}
		}
	}
}

// IDs returns the ID of the track of each detection of the last Update; 0: it has
// none yet. The slice is overwritten by the next Update.
func (r *Tracker) IDs() []uint64 { return r.ids }

// Answers returns a number that is another one after each Update and Missed: what
// tracks and crossings say is the same as long as it is.
func (r *Tracker) Answers() uint64 { return r.answers }

// Counts returns totals since New.
func (r *Tracker) Counts() Counts { return r.counts }

// Looking reports whether the detector has been looking all the time from an instant
// to its last answer. What is counted over a time in which it was not is a lower bound.
func (r *Tracker) Looking(from time.Duration) bool { return r.looking && r.since <= from }

// Crossings returns how many of the crossings of a line are remembered: 256 at most.
func (r *Tracker) Crossings(line int) int { return int(min(r.ledgers[line].total, crossings)) }

// Crossing returns a crossing of a line, counted back from 0, the newest one.
func (r *Tracker) Crossing(line, n int) *Crossing {
	l := &r.ledgers[line]
	return &l.ring[(l.total-1-uint64(n))%crossings]
}

// leastSpacing is the distance of two steps of a path, until it is full.
const leastSpacing = 0.004
