package track

import (
	"iter"
	"math"
	"slices"
	"time"

	"rvo-tui/detectors"
)

// Tracker tracks the detections of one detector on one camera. All its memory is
// bounded, and after New only Watch allocates. It belongs to one goroutine.
//
// Matching follows ByteTrack (Zhang et al., 2022): detections with high scores first,
// then the others with the remaining tracks. The second attempt at the position where a
// lost track was last seen is from OC-SORT (Cao et al., 2023).
type Tracker struct {
	cfg     Config
	tracks  []Track
	lastID  uint64
	last    time.Duration // of the last result
	elapsed time.Duration // between the last two results; 0 if the detector was not running in between
	since   time.Duration // first result of the current uninterrupted run
	started bool
	looking bool
	looked  []time.Duration // first result with each zone; pending: none yet
	ledgers []ledger
	counts  Counts
	over    bool   // the last result had more than can be tracked
	answers uint64 // results, plus times without one

	order   []int32 // indices of detections, by score
	ids     []uint64
	paired  [MaxTracks]bool // by position in order
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
	Born     uint64 // tracks that got an ID
	Ended    uint64 // of these, the ones that ended
	Overflow uint64 // detections beyond MaxTracks, which were ignored
	Late     uint64 // results older than a previous one, which were ignored
}

// New returns a tracker without tracks. The detector counts as not running until the
// first result. The zones and lines must pass their Check.
func New(cfg Config) *Tracker {
	r := &Tracker{cfg: cfg.withDefaults(), lastID: cfg.After, tracks: make([]Track, 0, MaxTracks)}
	r.cfg.Zones, r.cfg.Lines = nil, nil
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

// Watch replaces the zones and lines. Tracks continue, and so does their state in zones
// and at lines that are the same as before. For others it restarts: nothing is known
// about them until the next result.
func (r *Tracker) Watch(zones []Zone, lines []Line) {
	oldZones := indices(zones, r.cfg.Zones, func(a, b Zone) bool { return a.Name == b.Name && slices.Equal(a.Area, b.Area) })
	oldLines := indices(lines, r.cfg.Lines, func(a, b Line) bool { return a == b })
	r.cfg.Zones, r.cfg.Lines = zones, lines
	r.looked = carried(r.looked, oldZones, pending)
	r.ledgers = carried(r.ledgers, oldLines, ledger{since: pending})
	all := r.tracks[:MaxTracks]
	for i := range all {
		all[i].zones = carried(all[i].zones, oldZones, stay{})
		all[i].lines = carried(all[i].lines, oldLines, side{})
	}
}

// pending is the time of the first result with a zone or line while there is none.
const pending = time.Duration(math.MaxInt64)

// indices returns, for each new place, the index of the same one in old; -1: there is
// none.
func indices[T any](places, old []T, same func(a, b T) bool) []int {
	all := make([]int, len(places))
	for i, p := range places {
		all[i] = slices.IndexFunc(old, func(o T) bool { return same(p, o) })
	}
	return all
}

// carried returns the states of the places with these indices in old, or first.
func carried[T any](old []T, indices []int, first T) []T {
	all := make([]T, len(indices))
	for i, from := range indices {
		if all[i] = first; from >= 0 {
			all[i] = old[from]
		}
	}
	return all
}

// Pace replaces Config.TTL and Config.Period, and sets Coast, Keep and Hold to the
// defaults for them. Tracks continue.
func (r *Tracker) Pace(ttl, period time.Duration) {
	c := r.cfg
	c.TTL, c.Period, c.Coast, c.Keep, c.Hold = ttl, period, 0, 0, 0
	r.cfg = c.withDefaults()
}

// Config returns the configuration, with the defaults filled in.
func (r *Tracker) Config() *Config { return &r.cfg }

// Update adds a result: what was found in the frame captured at time at. A result that
// is not newer than the previous one is ignored, and Update returns false.
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
	for i := range r.looked {
		r.looked[i] = min(r.looked[i], at)
	}
	for i := range r.ledgers {
		r.ledgers[i].since = min(r.ledgers[i].since, at)
	}
	before := r.counts.Overflow
	r.choose(found)
	r.predict(at)
	r.associate(at, found)
	r.lose()
	r.birth(at, found)
	r.over = r.counts.Overflow > before
	return true
}

// Missed records that the detector did not run at time now: it failed, was held back by
// a gate, or its result was dropped. Every track is unknown until the next result, and
// ends if there is none for Config.Hold. Call it repeatedly as time passes.
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

// expire ends all tracks if the last result is too old.
func (r *Tracker) expire(now time.Duration) {
	if now-r.last <= r.cfg.Hold {
		return
	}
	for i := len(r.tracks) - 1; i >= 0; i-- {
		r.end(i)
	}
}

// choose fills order with the detections to use, best first.
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

// usable reports whether a box is valid. NaN is not.
func usable(b detectors.Box) bool {
	return b.W > leastSize && b.H > leastSize && b.W <= 2 && b.H <= 2 &&
		b.X >= -1 && b.X <= 1 && b.Y >= -1 && b.Y <= 1
}

// predict computes the predicted position of each track.
func (r *Tracker) predict(at time.Duration) {
	for i := range r.tracks {
		t := &r.tracks[i]
		r.filters[i] = t.filter.predicted(at - t.Last)
		r.boxes[i] = r.filters[i].box()
		r.hit[i] = false
	}
}

// lose ages the tracks that are not in the result.
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

// birth starts a track for each unmatched detection.
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

// see adds a detection to a track whose filter already has it.
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

// Tracks iterates over the tracks, except tentative ones, in no particular order.
func (r *Tracker) Tracks() iter.Seq[*Track] {
	return func(yield func(*Track) bool) {
		for i := range r.tracks {
			if r.tracks[i].State != Tentative && !yield(&r.tracks[i]) {
				return
			}
		}
	}
}

// IDs returns the track ID of each detection of the last Update; 0: none yet. The slice
// is overwritten by the next Update.
func (r *Tracker) IDs() []uint64 { return r.ids }

// Answers returns a number that changes with each Update and Missed. While it is the
// same, tracks and crossings are unchanged.
func (r *Tracker) Answers() uint64 { return r.answers }

// LastID returns the highest ID given so far; Config.After: none yet.
func (r *Tracker) LastID() uint64 { return r.lastID }

// Counts returns totals since New.
func (r *Tracker) Counts() Counts { return r.counts }

// Looking reports whether the last result is valid for a zone: the detector has run
// since, and the zone was there.
func (r *Tracker) Looking(zone int) bool { return r.looking && r.looked[zone] <= r.last }

// Unconfirmed returns how many objects in a zone may have been there all along, although no
// result has confirmed them: those of the first result since New, or since the detector
// was not running. It is 0 after any other result.
func (r *Tracker) Unconfirmed(zone int) (n int) {
	if r.since != r.last {
		return 0
	}
	for i := range r.tracks {
		if t := &r.tracks[i]; t.State == Tentative && t.In(zone) {
			n++
		}
	}
	return n
}

// Overflowed reports whether the last result had detections that were ignored because of
// MaxTracks. If so, counts of tracks are a lower bound.
func (r *Tracker) Overflowed() bool { return r.over }

// Counting reports whether a line was there and the detector has run without
// interruption from a time to its last result. If not, counts of crossings over that
// period are a lower bound.
func (r *Tracker) Counting(line int, from time.Duration) bool {
	return r.looking && max(r.since, r.ledgers[line].since) <= from
}

// Crossings returns how many crossings of a line are kept, at most 256.
func (r *Tracker) Crossings(line int) int { return int(min(r.ledgers[line].total, crossings)) }

// Crossing returns the n-th newest crossing of a line; 0 is the newest.
func (r *Tracker) Crossing(line, n int) *Crossing {
	l := &r.ledgers[line]
	return &l.ring[(l.total-1-uint64(n))%crossings]
}

// Kept reports whether every crossing of a line after a time is kept.
func (r *Tracker) Kept(line int, after time.Duration) bool {
	return r.ledgers[line].total <= crossings || r.Crossing(line, crossings-1).At <= after
}

// leastSpacing is the initial minimum distance between two steps of a path.
const leastSpacing = 0.004
