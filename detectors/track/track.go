// Package track tracks the detections of one detector on one camera. Tracks have an ID,
// the zones that they are in, how long they have been there, and the lines that they
// cross. It does no I/O; times are passed in by the caller.
package track

import (
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/zone"
)

// Limits of a Tracker.
const (
	MaxTracks = 128 // maximum number of tracks, and of detections used from one result
	PathSteps = 64  // maximum steps of a path
	crossings = 256 // crossings kept for each line
)

// Zone is an area that tracks can be in.
type Zone struct {
	Name string
	Area zone.Polygon
}

// Line is a directed line that tracks can cross.
type Line struct {
	Name string
	zone.Line
	// Directions are the names of the two directions. The first is from the left to the
	// right of the line, looking from A to B.
	Directions [2]string
}

// Config is the configuration of a Tracker. TTL and Period are required. Other zero
// values mean the defaults.
type Config struct {
	Zones  []Zone
	Lines  []Line
	Anchor detectors.Anchor // default: bottom

	// TTL is how long a result is valid, as for the detector's signals. If the next one
	// comes later, the detector was not running in between.
	TTL time.Duration
	// Period is the time between two results at the detector's rate. The other defaults
	// depend on it.
	Period time.Duration
	// High is the minimum score for a detection to start a track by itself and to be
	// matched first. A lower one continues tracks, and starts one only if it repeats.
	High float64
	// Confirm is how many results must contain an object before its track is confirmed.
	Confirm int
	// Coast is how long a track stays present, at its predicted position, without being
	// seen. Keep is how long it can be found again with the same ID.
	Coast, Keep time.Duration
	// After is the ID before the first one that is given.
	After uint64
	// Hold is how long tracks are kept while the detector is not running.
	Hold time.Duration
}

// withDefaults returns c with defaults filled in.
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

// State is the state of a track after the last result.
type State uint8

// The values of State.
const (
	Tentative State = iota // not confirmed yet, and not counted
	Seen                   // in the last result
	Coasting               // not in the last results, but still considered present: Config.Coast
	Missing                // no longer present, but can be found again: Config.Keep
	Unknown                // the detector is not running
)

var states = [...]string{"tentative", "seen", "coasting", "missing", "unknown"}

func (s State) String() string { return states[s] }

// MarshalText returns the result of String.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Step is a position on the path of a track.
type Step struct {
	At    time.Duration // time of the result
	Place zone.Point    // position of the anchor
}

// Track is one object followed over several results. It belongs to its Tracker, and is
// valid until the next call of Update, Missed or Watch.
type Track struct {
	ID    uint64 // from Config.After + 1; never reused by its Tracker
	Label string
	Score float64 // of the last detection
	Box   detectors.Box
	State State
	Born  time.Duration // time of the first result with it
	Last  time.Duration // time of the last result with it

	filter  filter
	from    zone.Point // anchor at Last
	hits    int
	unseen  time.Duration // time in which results did not contain it; time without results does not count
	path    []Step
	spacing float64 // minimum distance between two steps of the path
	zones   []stay
	lines   []side
}

// Present reports whether the track counts as present: it is seen or coasting. False
// while the detector is not running.
func (t *Track) Present() bool { return t.State == Seen || t.State == Coasting }

// Path appends the positions of the anchor to dst, oldest first: at most PathSteps,
// spread over the life of the track.
func (t *Track) Path(dst []Step) []Step {
	dst = append(dst, t.path...)
	if n := len(t.path); t.State != Tentative && (n == 0 || t.path[n-1].At != t.Last) {
		dst = append(dst, Step{t.Last, t.from})
	}
	return dst
}

// In reports whether the track is in a zone, by the zone's index in Config. It enters
// at the boundary, and leaves a tenth of its height, at most 0.03, beyond it. While the detector is
// not running, the result is the last known one.
func (t *Track) In(zone int) bool { return t.zones[zone].in }

// New reports whether the last result was the first one with the track in a zone.
// Coming back does not count.
func (t *Track) New(zone int) bool { return t.zones[zone].fresh }

// Entered returns the time of the result with which the track entered the zone that it
// is in.
func (t *Track) Entered(zone int) time.Duration { return t.zones[zone].entered }

// Dwell returns how long the track has been in the zone, excluding time in which the
// detector was not running; 0 if it is not in it. It does not advance between results,
// or while the track is not seen.
func (t *Track) Dwell(zone int) time.Duration { return t.zones[zone].dwell }
