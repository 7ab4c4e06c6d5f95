package rules

import (
	"slices"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/track"
	"rvo-tui/detectors/zone"
)

// Followed is the tracker of a signal's detections.
type Followed struct {
	Tracker *track.Tracker // nil: there is none
	// Marks maps a track ID to a bit set of signals, and Mark is the bit of this
	// signal: the track belongs to the signal when its bit is set. Nil: all tracks
	// belong to it.
	Marks map[uint64]uint64
	Mark  uint64
}

// has reports whether a track belongs to the signal.
func (f *Followed) has(id uint64) bool { return f.Marks == nil || f.Marks[id]&f.Mark != 0 }

// track returns the track with an ID, or nil.
func (f *Followed) track(id uint64) *track.Track {
	if f.Tracker == nil || id == 0 {
		return nil
	}
	for t := range f.Tracker.Tracks() {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// Follows returns the signals whose detections must be tracked, without duplicates.
func (c *Condition) Follows() []detectors.ID {
	var all []detectors.ID
	for _, k := range c.counts {
		if k.follows && !slices.Contains(all, k.signal) {
			all = append(all, k.signal)
		}
	}
	return all
}

// Follow sets the trackers of the condition's signals. Call it again when trackers,
// zones or lines change. Until the first call all zones and lines are unknown.
func (c *Condition) Follow(who func(signal detectors.ID) Followed) {
	for _, k := range c.counts {
		if !k.follows {
			continue
		}
		k.followed, k.zone, k.line, k.last = who(k.signal), -1, -1, reckoning{}
		if k.followed.Tracker == nil {
			continue
		}
		places := k.followed.Tracker.Config()
		k.zone = slices.IndexFunc(places.Zones, func(z track.Zone) bool { return z.Name == k.value.zone })
		k.line = slices.IndexFunc(places.Lines, func(l track.Line) bool {
			return l.Name == k.value.line && slices.Contains(l.Directions[:], k.value.way)
		})
		if k.line >= 0 {
			k.way = slices.Index(places.Lines[k.line].Directions[:], k.value.way)
		}
	}
}

// Track is an object that a condition has counted.
type Track struct {
	ID     uint64        `json:"id"`
	Signal string        `json:"signal"`
	Label  string        `json:"label"`
	Place  string        `json:"place"` // the zone, or the line with its direction
	Box    detectors.Box `json:"box"`   // newest
	Path   []Step        `json:"path"`  // path of its anchor, oldest first
}

// Step is a position on the path of a track.
type Step struct {
	Before time.Duration `json:"before_ns"` // time before the event
	At     zone.Point    `json:"at"`
}

// MaxTracks is the maximum number of tracks in an event.
const MaxTracks = 16

// tracks returns the tracks that the condition counts at time now.
func (c *Condition) tracks(now time.Duration) []Track {
	var all []Track
	add := func(k *counted, t *track.Track, place string) {
		signal := c.table.Name(k.signal)
		if t == nil || len(all) == MaxTracks || slices.ContainsFunc(all, func(o Track) bool { return o.ID == t.ID && o.Signal == signal && o.Place == place }) {
			return
		}
		path := []Step{}
		for _, s := range t.Path(nil) {
			path = append(path, Step{max(0, now-s.At), s.Place})
		}
		all = append(all, Track{t.ID, signal, t.Label, place, t.Box, path})
	}
	for _, k := range c.counts {
		v := k.value
		switch {
		case k.followed.Tracker == nil:
		case k.crosses && k.line >= 0:
			for i := range k.followed.Tracker.Crossings(k.line) {
				x := k.followed.Tracker.Crossing(k.line, i)
				if now-x.At >= v.window {
					break
				}
				if x.Way() == k.way && k.followed.has(x.Track) {
					add(k, k.followed.track(x.Track), v.line+"."+v.way)
				}
			}
		case k.zone >= 0:
			for t := range k.followed.Tracker.Tracks() {
				if k.counts(t) && (!k.arrives || t.New(k.zone)) {
					add(k, t, v.zone)
				}
			}
		}
	}
	return all
}
