package rules

import (
	"math"
	"slices"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/track"
)

// counted is a compiled comparison of what is derived from the detections of a signal.
type counted struct {
	table      *detectors.Table
	value      *value
	dwells     bool // the value is that of callDwell, and so on
	arrives    bool
	crosses    bool
	follows    bool
	signal     detectors.ID
	attributes []string
	where      pick // nil: all
	holds      func(a, b float64) bool
	exact      bool // the operator is == or !=
	threshold  float64

	followed Followed // where the value follows
	zone     int      // index in the tracker's configuration; -1: it is not there
	line     int      // likewise
	way      int

	last reckoning
}

// reckoning is what was counted last, and what of: it is not counted again in every
// frame. The zero value holds for nothing.
type reckoning struct {
	m           measure
	boxes       []detectors.Detection
	answers     uint64        // that those who follow have had
	from, until time.Duration // in between nothing changes by the passage of time
}

// holds reports whether it is that of these boxes and answers at the time now.
func (r *reckoning) holds(boxes []detectors.Detection, answers uint64, now time.Duration) bool {
	same := len(boxes) == len(r.boxes) && (len(boxes) == 0 || &boxes[0] == &r.boxes[0])
	return same && answers == r.answers && now >= r.from && now < r.until
}

// pick is a compiled condition on the attributes of one detection.
type pick func(d *detectors.Detection, now time.Duration) Truth

func (c *Condition) count(n *node) *counted {
	k := &counted{
		table: c.table, value: &n.value, signal: c.id(n.signal), attributes: n.attributes(),
		dwells: n.call == callDwell, arrives: n.call == callNew, crosses: n.call == callCrossed, follows: n.follows(),
		holds: n.holds(), exact: n.op == "==" || n.op == "!=", threshold: n.threshold, zone: -1, line: -1,
	}
	if n.where != nil {
		k.where = compilePick(n.where)
	}
	return k
}

// measure is what a value is for sure, what it is at most, and why these differ.
type measure struct {
	low, high float64
	why       detectors.Why
	track     uint64 // the one that decides; 0: none does, or nobody follows
}

// unknown is the measure of a value of which nothing is known.
func unknown(why detectors.Why) measure { return measure{high: math.Inf(1), why: why} }

// measure returns the value at the time now.
func (k *counted) measure(now time.Duration) measure {
	s := k.table.Signal(k.signal)
	if k.crosses {
		return k.crossed(s, now)
	}
	switch why := s.At(now); {
	case why != detectors.Known:
		return unknown(why)
	case len(s.Detections) == 0 && s.Value > 0: // there is something, but not what
		return unknown(detectors.Never)
	case k.follows:
		if why := k.blind(k.zone); why != detectors.Known {
			return unknown(why)
		}
	}
	return k.reckon(s, now)
}

// reckon returns what counts, of which something is known.
func (k *counted) reckon(s *detectors.Signal, now time.Duration) measure {
	answers := uint64(0)
	if k.follows {
		answers = k.followed.Tracker.Answers()
	}
	if k.last.holds(s.Detections, answers, now) {
		return k.last.m
	}
	var m measure
	switch {
	case k.crosses:
		m = k.crossings(now)
	case k.follows && k.where == nil:
		m = k.present()
	default:
		m = k.tally(s, now)
	}
	k.last = reckoning{m, s.Detections, answers, now, k.expires(now)}
	return m
}

// present measures by the tracks in the zone.
func (k *counted) present() (m measure) {
	for t := range k.followed.Tracker.Tracks() {
		if t.Present() && k.counts(t) {
			m.add(k, t)
		}
	}
	m.high = m.low
	return m
}

// blind returns why nothing is known of a place, by its index.
func (k *counted) blind(place int) detectors.Why {
	switch {
	case k.followed.Tracker == nil:
		return detectors.Absent
	case place < 0:
		return detectors.Nowhere
	case !k.followed.Tracker.Looking(Never):
		return detectors.Never
	}
	return detectors.Known
}

// counts reports whether a track is one of the objects in their zone.
func (k *counted) counts(t *track.Track) bool {
	return k.followed.has(t.ID) && t.In(k.zone) && (k.value.labels == nil || k.labelled(t.Label))
}

func (k *counted) labelled(label string) bool {
	return slices.ContainsFunc(k.value.labels, func(l string) bool { return l == label || l == detectors.SignalOf(label) })
}

// add takes a track that counts for sure into the measure.
func (m *measure) add(k *counted, t *track.Track) {
	switch {
	case k.dwells:
		if d := t.Dwell(k.zone).Seconds(); m.track == 0 || d > m.low {
			m.low, m.track = d, t.ID
		}
	case k.arrives:
		if t.New(k.zone) {
			m.low++
			m.track = t.ID
		}
	default:
		m.low++
		if m.track == 0 || t.ID < m.track {
			m.track = t.ID
		}
	}
}

// tally measures by the boxes of the signal: how many count for sure, and how many may.
func (k *counted) tally(s *detectors.Signal, now time.Duration) measure {
	var sure, most measure
	for i := range s.Detections {
		d := &s.Detections[i]
		held := True
		if k.where != nil {
			held = k.where(d, now)
		}
		if held == False || k.value.labels != nil && !k.labelled(d.Label) {
			continue
		}
		if !k.follows {
			most.low++
			if held == True {
				sure.low++
			}
			continue
		}
		t := k.followed.track(d.Track)
		if t == nil || !t.In(k.zone) {
			continue
		}
		if most.add(k, t); held == True {
			sure.add(k, t)
		}
	}
	sure.high = most.low
	return sure
}

// crossed counts crossings. What was not looked at all the time may have crossed
// more often.
func (k *counted) crossed(s *detectors.Signal, now time.Duration) measure {
	if k.line < 0 || k.followed.Tracker == nil {
		return unknown(k.blind(k.line))
	}
	m := k.reckon(s, now)
	if why := s.At(now); why != detectors.Known {
		m.high, m.why = math.Inf(1), why
	} else if !k.followed.Tracker.Looking(now - k.value.window) {
		m.high, m.why = math.Inf(1), detectors.Blind
	}
	return m
}

// crossings measures by the crossings in the window before now.
func (k *counted) crossings(now time.Duration) (m measure) {
	for i := range k.followed.Tracker.Crossings(k.line) {
		c := k.followed.Tracker.Crossing(k.line, i)
		if now-c.At >= k.value.window {
			break
		}
		if c.Way() == k.way && k.followed.has(c.Track) {
			if m.low++; m.track == 0 {
				m.track = c.Track
			}
		}
	}
	m.high = m.low
	return m
}

// eval is true where the comparison holds however the unsure detections turn out,
// and false where it never does.
func (k *counted) eval(now time.Duration) Truth {
	m := k.measure(now)
	if m.why != detectors.Known && !k.crosses {
		return Unknown
	}
	holds := k.holds(m.low, k.threshold)
	if m.low != m.high && (holds != k.holds(m.high, k.threshold) || k.exact && k.between(m)) {
		return Unknown
	}
	return truth(holds)
}

// between reports whether the value may turn out to be the threshold.
func (k *counted) between(m measure) bool {
	return k.threshold > m.low && k.threshold < m.high && (k.threshold == math.Trunc(k.threshold) || k.dwells)
}

// expires returns the earliest instant after now at which what is known now changes by
// the passage of time: an attribute turns stale, or a crossing was too long ago.
func (k *counted) expires(now time.Duration) time.Duration {
	at := Never
	if k.crosses && k.line >= 0 && k.followed.Tracker != nil {
		for i := range k.followed.Tracker.Crossings(k.line) {
			c := k.followed.Tracker.Crossing(k.line, i)
			if now-c.At >= k.value.window {
				break
			}
			at = c.At + k.value.window // the oldest comes last
		}
		return at
	}
	s := k.table.Signal(k.signal)
	if s.At(now) != detectors.Known {
		return at
	}
	for i := range s.Detections {
		for _, name := range k.attributes {
			if a := s.Detections[i].Attribute(name); a != nil && a.At(now) == detectors.Known {
				at = min(at, a.Expires)
			}
		}
	}
	return at
}

// explainCount fills in what is known of a derived value, and why that is not sure.
func (c *Condition) explainCount(clause *Clause, k *counted, now time.Duration) {
	s, m := k.table.Signal(k.signal), k.measure(now)
	switch {
	case m.why == detectors.Known || k.crosses:
	case k.follows:
		m.low, m.track = k.longest()
	default:
		m.low = k.tally(s, now).low
	}
	if clause.Track = m.track; answered(s) {
		clause.Value = m.low
	}
	switch {
	case clause.Truth != Unknown:
		clause.Why = detectors.Known // of crossings enough are known
	case m.why != detectors.Known:
		clause.Why = m.why
	default:
		clause.Why = k.unsure(s, now)
	}
}

// longest returns what was known last, while nothing is known: how long a track had been
// in the zone that may be there still.
func (k *counted) longest() (longest float64, id uint64) {
	longest = math.NaN()
	if !k.dwells || k.followed.Tracker == nil || k.zone < 0 {
		return longest, 0
	}
	for t := range k.followed.Tracker.Tracks() {
		if d := t.Dwell(k.zone).Seconds(); k.counts(t) && !(d <= longest) {
			longest, id = d, t.ID
		}
	}
	return longest, id
}

// unsure returns why it is not sure of some box whether it counts; Known: it is.
func (k *counted) unsure(s *detectors.Signal, now time.Duration) detectors.Why {
	why := detectors.Known
	if k.where == nil {
		return why
	}
	for i := range s.Detections {
		d := &s.Detections[i]
		if k.where(d, now) != Unknown {
			continue
		}
		why = detectors.Never // no box was looked at yet
		for _, name := range k.attributes {
			if a := d.Attribute(name); a != nil && a.At(now) != detectors.Known {
				return a.At(now)
			}
		}
	}
	return why
}

// compilePick compiles a condition on attributes. An attribute that a detection does
// not have is unknown: no detector has looked.
func compilePick(n *node) pick {
	kids := make([]pick, len(n.kids))
	for i, kid := range n.kids {
		kids[i] = compilePick(kid)
	}
	switch n.shape {
	case negation:
		return func(d *detectors.Detection, now time.Duration) Truth { return not(kids[0](d, now)) }
	case allOf:
		return func(d *detectors.Detection, now time.Duration) Truth { return most(kids, d, now, False, True) }
	case anyOf:
		return func(d *detectors.Detection, now time.Duration) Truth { return most(kids, d, now, True, False) }
	}
	holds := n.holds()
	return func(d *detectors.Detection, now time.Duration) Truth {
		a, ok := valueOf(d, n.signal, now)
		b := n.threshold
		if ok && n.other != "" {
			b, ok = valueOf(d, n.other, now)
		}
		if !ok {
			return Unknown
		}
		return truth(holds(a, b))
	}
}

// most returns decides where one of the conditions has it, else unknown where one is,
// else otherwise.
func most(kids []pick, d *detectors.Detection, now time.Duration, decides, otherwise Truth) Truth {
	for _, kid := range kids {
		switch kid(d, now) {
		case decides:
			return decides
		case Unknown:
			otherwise = Unknown
		}
	}
	return otherwise
}

func valueOf(d *detectors.Detection, name string, now time.Duration) (float64, bool) {
	a := d.Attribute(name)
	if a == nil || a.At(now) != detectors.Known {
		return 0, false
	}
	return a.Value, true
}
