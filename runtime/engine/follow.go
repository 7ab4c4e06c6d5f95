package engine

import (
	"slices"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/track"
	"rvo-tui/detectors/zone"
	"rvo-tui/rules"
)

// follower tracks the detections of one detector.
type follower struct {
	tracker *track.Tracker
	// For a detector with several signals: a bit set for each track ID, with a bit for
	// each signal whose boxes the track has. Nil: the detector has one signal.
	marks map[uint64]uint64
	sweep int                   // number of marks at which those of old tracks are dropped
	found []detectors.Detection // boxes of the newest result, without duplicates
	at    [][]int               // index in found of each box of each signal
	stays map[stay]time.Duration
}

// stay is a track in a zone with a histogram.
type stay struct {
	track uint64
	zone  int
}

// keptMarks is how many marks are kept before those of old tracks are dropped the first
// time, and twice the number of tracks that count as recent then.
const keptMarks = 2048

// maxMarks is the maximum number of signals of one detector that are distinguished.
const maxMarks = 64

// Watch sets whether a viewer watches the camera. If so, or if a zone has a histogram,
// the boxes of all detectors are tracked. Otherwise only those used by conditions are.
func (e *Engine) Watch(on bool) {
	if e.watched != on {
		e.watched = on
		e.refollow(false)
	}
}

// refollow creates the trackers that are needed and passes them to the conditions. Call
// it when detectors, conditions, zones or lines have changed. The next step drops
// trackers that are no longer needed: a rule that replaces another one within a step
// keeps its tracks.
func (e *Engine) refollow(moved bool) {
	needed := e.trackers()
	zones, lines := e.places()
	for _, t := range e.tasks {
		switch {
		case t.follower == nil && needed(t):
			t.follower = newFollower(track.Config{
				Zones: zones, Lines: lines, Anchor: t.spec.Anchor, TTL: t.spec.TTL, Period: t.interval, After: t.lastTrack,
			}, len(t.provides))
		case t.follower != nil && moved:
			t.follower.tracker.Watch(zones, lines)
			clear(t.follower.stays)
		}
	}
	e.conditions(func(c *rules.Condition) { c.Follow(e.followed) })
	e.refollowed = true
}

// unfollow drops the trackers that are not needed. No condition has them.
func (e *Engine) unfollow() {
	e.refollowed = false
	needed := e.trackers()
	for _, t := range e.tasks {
		if t.follower != nil && !needed(t) {
			t.lastTrack, t.follower = t.follower.tracker.LastID(), nil
		}
	}
}

// trackers returns which detectors need a tracker.
func (e *Engine) trackers() (needed func(*task) bool) {
	wanted := make([]bool, e.table.Len())
	e.conditions(func(c *rules.Condition) {
		for _, id := range c.Follows() {
			wanted[id] = true
		}
	})
	all := e.watched || slices.ContainsFunc(e.zones, func(z ZoneView) bool { return z.Dwell != nil })
	return func(t *task) bool {
		if t.crops != nil {
			return false // it finds nothing in the frame itself
		}
		return all || slices.ContainsFunc(t.provides, func(id detectors.ID) bool { return wanted[id] })
	}
}

func newFollower(cfg track.Config, signals int) *follower {
	f := &follower{tracker: track.New(cfg), at: make([][]int, signals), stays: make(map[stay]time.Duration)}
	if signals > 1 {
		f.marks, f.sweep = make(map[uint64]uint64), keptMarks
	}
	return f
}

// conditions calls do for every condition of a rule or detector.
func (e *Engine) conditions(do func(*rules.Condition)) {
	for _, r := range e.rules {
		do(r.Condition())
	}
	for _, t := range e.tasks {
		for _, c := range t.needs {
			do(c)
		}
	}
}

// places returns the zones and lines for a tracker.
func (e *Engine) places() (zones []track.Zone, lines []track.Line) {
	for _, z := range e.zones {
		zones = append(zones, track.Zone{Name: z.Name, Area: z.Points})
	}
	for _, l := range e.lines {
		lines = append(lines, track.Line{Name: l.Name, Line: zone.Line{A: l.Points[0], B: l.Points[1]}, Directions: l.Directions})
	}
	return zones, lines
}

// followed returns the tracker of a signal.
func (e *Engine) followed(id detectors.ID) rules.Followed {
	t := e.provider(id)
	if t == nil || t.follower == nil {
		return rules.Followed{}
	}
	return rules.Followed{Tracker: t.follower.tracker, Marks: t.follower.marks, Mark: mark(slices.Index(t.provides, id))}
}

// mark returns the bit of a signal, given its index.
func mark(signal int) uint64 { return 1 << min(signal, maxMarks-1) }

// follow adds a result to the tracker, and sets the track IDs of its boxes.
func (f *follower) follow(captured time.Duration, a *Answer) {
	f.found = f.found[:0]
	for i, boxes := range a.Detections {
		f.at[i] = f.at[i][:0]
		for k := range boxes {
			f.at[i] = append(f.at[i], f.index(i, &boxes[k]))
		}
	}
	f.tracker.Update(captured, f.found)
	ids := f.tracker.IDs()
	for i, boxes := range a.Detections {
		if len(boxes) == 0 {
			continue
		}
		boxes = slices.Clone(boxes) // the detector may share them with other readers
		for k := range boxes {
			boxes[k].Track = ids[f.at[i][k]]
			if f.marks != nil && boxes[k].Track != 0 {
				f.marks[boxes[k].Track] |= mark(i)
			}
		}
		a.Detections[i] = boxes
	}
	if len(f.marks) > f.sweep {
		f.forgetMarks()
		f.sweep = max(keptMarks, len(f.marks)+keptMarks/2)
	}
}

// record records how long objects have stayed in a zone with a histogram when they
// leave it. While the detector is not running, no object counts as having left.
func (f *follower) record(zones []ZoneView) {
	for i := range zones {
		if zones[i].Dwell == nil {
			continue
		}
		for t := range f.tracker.Tracks() {
			if t.In(i) {
				f.stays[stay{t.ID, i}] = t.Dwell(i)
			}
		}
	}
	for s, stayed := range f.stays {
		if t := f.find(s.track); t != nil && t.In(s.zone) {
			continue
		}
		zones[s.zone].Dwell.Record(stayed)
		delete(f.stays, s)
	}
}

// find returns the track with an ID, or nil.
func (f *follower) find(id uint64) *track.Track {
	for t := range f.tracker.Tracks() {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// index returns the index of a box in found, and adds the box if it is new. Signals of
// one detector share boxes.
func (f *follower) index(signal int, d *detectors.Detection) int {
	if signal > 0 {
		for k := range f.found {
			if f.found[k].Box == d.Box && f.found[k].Label == d.Label {
				return k
			}
		}
	}
	f.found = append(f.found, *d)
	return len(f.found) - 1
}

// forgetMarks drops the marks of old tracks, except those that have crossed a line: a
// condition may count their crossings for a day.
func (f *follower) forgetMarks() {
	newest := uint64(0)
	for id := range f.marks {
		newest = max(newest, id)
	}
	alive := map[uint64]bool{}
	for t := range f.tracker.Tracks() {
		alive[t.ID] = true
	}
	for line := range f.tracker.Config().Lines {
		for i := range f.tracker.Crossings(line) {
			alive[f.tracker.Crossing(line, i).Track] = true
		}
	}
	for id := range f.marks {
		if id+keptMarks/2 < newest && !alive[id] {
			delete(f.marks, id)
		}
	}
}

// TrackView is an object tracked over the frames of a camera.
type TrackView struct {
	ID       uint64        `json:"id"` // unique for the detector until it is attached again
	Detector string        `json:"detector"`
	Label    string        `json:"label"`
	State    string        `json:"state"` // "seen", "coasting", "missing" or "unknown": see track.State
	Box      detectors.Box `json:"box"`   // newest or predicted
	Age      time.Duration `json:"age_ns"`
	Zones    []StayView    `json:"zones"` // zones that it is in
	Path     []zone.Point  `json:"path"`  // path of its anchor, oldest first
}

// StayView is the stay of a track in a zone.
type StayView struct {
	Zone  string        `json:"zone"`
	Dwell time.Duration `json:"dwell_ns"` // excluding time in which the detector did not run
}

// TrackCounts are the numbers of tracks of one detector.
type TrackCounts struct {
	Present int    `json:"present"` // at present
	Born    uint64 `json:"born"`    // total since tracking started
	Lost    uint64 `json:"lost"`    // of these, the ones that ended
}

// tracks appends the tracks of a detector.
func (t *task) tracks(all []TrackView, now time.Duration) []TrackView {
	if t.follower == nil {
		return all
	}
	zones := t.follower.tracker.Config().Zones
	for p := range t.follower.tracker.Tracks() {
		v := TrackView{ID: p.ID, Detector: t.spec.Name, Label: p.Label, State: p.State.String(), Box: p.Box, Age: now - p.Born}
		for i := range zones {
			if p.In(i) {
				v.Zones = append(v.Zones, StayView{zones[i].Name, p.Dwell(i)})
			}
		}
		steps := p.Path(nil)
		v.Path = make([]zone.Point, len(steps))
		for i, s := range steps {
			v.Path[i] = s.Place
		}
		all = append(all, v)
	}
	return all
}

// counts returns the numbers of tracks of a detector; nil: it is not tracked.
func (t *task) counts() *TrackCounts {
	if t.follower == nil {
		return nil
	}
	c := t.follower.tracker.Counts()
	n := &TrackCounts{Born: c.Born, Lost: c.Ended}
	for p := range t.follower.tracker.Tracks() {
		if p.Present() {
			n.Present++
		}
	}
	return n
}

// missed tells the tracker that the detector did not run.
func (t *task) missed(now time.Duration) {
	if t.follower != nil {
		t.follower.tracker.Missed(now)
	}
}

// blink tells the tracker that the detector did not run, if its results are no longer
// valid.
func (e *Engine) blink(now time.Duration, t *task) {
	if t.follower != nil && !slices.ContainsFunc(t.provides, func(id detectors.ID) bool { return e.table.Signal(id).At(now) == detectors.Known }) {
		t.follower.tracker.Missed(now)
	}
}
