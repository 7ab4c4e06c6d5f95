// Package track follows detections from answer to answer of one detector on one
// camera: tracks with identities, the zones that they are in, how long they have
// been there, and the lines that they cross. It is pure: time is what it is told.
package track

import (
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/zone"
)

// Bounds of a Tracker.
const (
	MaxTracks = 128 // tracks at a time, and detections of one answer that are looked at
	PathSteps = 64  // steps of a path
	crossings = 256 // of one line that are remembered
)

// Zone is an area that tracks are in or not.
type Zone struct {
	Name string
	Area zone.Polygon
}

// Line is a directed line that tracks cross.
type Line struct {
	Name string
	zone.Line
	// Directions are the names of the two: the first leads from the left of the line
	// to its right, seen from A towards B.
	Directions [2]string
}

// Config is what a Tracker is told. TTL and Period must be given; other zero values
// mean the defaults.
type Config struct {
	Zones  []Zone
	Lines  []Line
	Anchor detectors.Anchor // bottom, by default

	// TTL is how long an answer counts, as that of the detector's signals: where the
	// next one comes later, the detector was not looking in between.
	TTL time.Duration
	// Period is the time between two answers at the rate of the detector. The defaults
	// of a slow one are longer.
	Period time.Duration
	// High is the score from which a detection begins a track by itself and is matched
	// first. One below it continues tracks, and begins one where it comes again and
	// again.
	High float64
	// Confirm is how many answers must have a thing before it has a track.
	Confirm int
	// Coast is how long a track is still present, at its predicted place, after the
	// last answer that had it, and Keep how long it can be found again under its ID.
	Coast, Keep time.Duration
	// Hold is how long tracks are kept while the detector is not looking.
	Hold time.Duration
}

// withDefaults returns c with what was not set.
func (c Config) withDefaults() Config {
	set(&c.Anchor, detectors.AnchorBottom)
	set(&c.High, 0.3)
	set(&c.Confirm, 2)
	set(&c.Coast, max(400*time.Millisecond, c.Period*3/2))
	set(&c.Keep, max(2*time.Second, c.Period*4))
	set(&c.Hold, max(10*time.Second, c.TTL*2))
	return c
}

func set[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// State is what the last answer said of a track.
type State uint8

// The values of State.
const (
	Tentative State = iota // seen too rarely so far: nothing counts it
	Seen                   // the last answer had it
	Coasting               // the last answers did not, but it is taken for present: Config.Coast
	Missing                // not present any more, but can be found again: Config.Keep
	Unknown                // the detector is not looking
)

var states = [...]string{"tentative", "seen", "coasting", "missing", "unknown"}

func (s State) String() string { return states[s] }

// MarshalText writes what String returns.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Step is a place on the path of a track.
type Step struct {
	At    time.Duration // of the answer
	Place zone.Point    // of the anchor
}

// Track is one thing that was followed over several answers. It belongs to its
// Tracker, and is valid until the next call of Update, Missed or Watch.
type Track struct {
	ID    uint64 // from 1, never used again by its Tracker
	Label string
	Score float64 // of the last detection
	Box   detectors.Box
	State State
	Born  time.Duration // the first answer that had it
	Last  time.Duration // the last answer that had it

	filter  filter
	from    zone.Point // the anchor at Last
	hits    int
	unseen  time.Duration // how long answers have not had it; what is not looked at does not count
	path    []Step
	spacing float64 // least distance of two steps of the path
	zones   []stay
	lines   []side
}

// Present reports whether the track counts: the last answer had it, or it is
// coasting. False while the detector is not looking.
func (t *Track) Present() bool { return t.State == Seen || t.State == Coasting }

// Path appends where the anchor has been to dst, oldest first: at most PathSteps,
// evenly over the whole life of the track.
func (t *Track) Path(dst []Step) []Step {
	dst = append(dst, t.path...)
	if n := len(t.path); t.State != Tentative && (n == 0 || t.path[n-1].At != t.Last) {
		dst = append(dst, Step{t.Last, t.from})
	}
	return dst
}

// In reports whether the track is in a zone of Config, by its index. It enters with
// the boundary and leaves a tenth of its height beyond. While the detector is not
// looking, this is where it was.
func (t *Track) In(zone int) bool { return t.zones[zone].in }

// New reports whether the last answer was the first one that had the track in a zone.
// Coming back is not new.
func (t *Track) New(zone int) bool { return t.zones[zone].fresh }

// Entered returns the answer with which the track came into the zone that it is in.
func (t *Track) Entered(zone int) time.Duration { return t.zones[zone].entered }

// Dwell returns how long the track has been in the zone that it is in, without the
// time in which the detector was not looking; 0: it is not in it. It stands still
// between answers, and while the track is not seen.
func (t *Track) Dwell(zone int) time.Duration { return t.zones[zone].dwell }
