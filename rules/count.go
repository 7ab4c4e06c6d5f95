package rules

import (
	"math"
	"slices"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/track"
)

// counted is a compiled comparison of a value derived from the detections of a signal.
type counted struct {
	table      *detectors.Table
	value      *value
	dwells     bool // the call is callDwell, and so on for the next two
	arrives    bool
	crosses    bool
	follows    bool
	signal     detectors.ID
	attributes []string
	where      pick // nil: all
	holds      func(a, b float64) bool
	exact      bool // the operator is == or !=
	threshold  float64

	followed Followed // set when the value needs tracking
	zone     int      // index in the tracker's configuration; -1: not configured
	line     int      // as zone
	way      int

	last reckoning
}

// reckoning caches the last measure, so that unchanged inputs are not counted again in
// every frame. The zero value is never valid.
type reckoning struct {
	m           measure
	boxes       []detectors.Detection
	answers     uint64        // answer count of the tracker
	from, until time.Duration // validity of the cache, as far as it depends on time
}

// holds reports whether the cache is valid for these boxes and answers at time now.
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

// measure is the range in which a value lies, and why the bounds differ.
type measure struct {
	low, high float64
	why       detectors.Why
	track     uint64 // the one that decides; 0: none, or there is no tracker
}

// unknown is the measure of a value that is entirely unknown.
func unknown(why detectors.Why) measure { return measure{high: math.Inf(1), why: why} }

// measure returns the range of the value at time now.
func (k *counted) measure(now time.Duration) measure {
	s := k.table.Signal(k.signal)
	if k.crosses {
		return k.crossed(s, now)
	}
	switch why := s.At(now); {
	case why != detectors.Known:
		return unknown(why)
	case len(s.Detections) == 0 && s.Value > 0: // a count without boxes
		return unknown(detectors.Never)
	case k.follows:
		if why := k.blind(k.zone); why != detectors.Known {
			return unknown(why)
		}
	}
	return k.reckon(s, now)
}

// reckon returns the measure of a value that is at least partly known.
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
	switch {
	case !k.follows || k.crosses:
	case k.followed.Tracker.Overflowed():
		m.high, m.why = math.Inf(1), detectors.Uncounted
	case !k.dwells && !k.arrives:
		m.high += float64(k.followed.Tracker.Unconfirmed(k.zone))
	}
	k.last = reckoning{m, s.Detections, answers, now, k.expires(now)}
	return m
}

// present measures the tracks in the zone.
func (k *counted) present() (m measure) {
	for t := range k.followed.Tracker.Tracks() {
		if t.Present() && k.counts(t) {
			m.add(k, t)
		}
	}
	m.high = m.low
	return m
}

// blind returns why nothing is known about a zone or line, given its index.
func (k *counted) blind(place int) detectors.Why {
	switch {
	case k.followed.Tracker == nil:
		return detectors.Absent
	case place < 0:
		return detectors.Nowhere
	case !k.followed.Tracker.Looking(place):
		return detectors.Never
	}
	return detectors.Known
}

// counts reports whether a track is one of the objects to count in the zone.
func (k *counted) counts(t *track.Track) bool {
	return k.followed.has(t.ID) && t.In(k.zone) && (k.value.labels == nil || k.labelled(t.Label))
}

func (k *counted) labelled(label string) bool {
	return slices.ContainsFunc(k.value.labels, func(l string) bool { return l == label || l == detectors.SignalOf(label) })
}

// add adds a track that certainly counts to the measure.
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

// tally measures the boxes of the signal: the low bound counts those that match, the
// high bound also those that may.
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

// crossed counts crossings. The high bound is infinite where the signal was not
// observed throughout the window, or there were more crossings than are kept.
func (k *counted) crossed(s *detectors.Signal, now time.Duration) measure {
	if k.line < 0 || k.followed.Tracker == nil {
		return unknown(k.blind(k.line))
	}
	m := k.reckon(s, now)
	if why := s.At(now); why != detectors.Known {
		m.high, m.why = math.Inf(1), why
	} else if !k.followed.Tracker.Counting(k.line, now-k.value.window) {
		m.high, m.why = math.Inf(1), detectors.Blind
	}
	return m
}

// crossings counts the crossings in the window before now.
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
	if !k.followed.Tracker.Kept(k.line, now-k.value.window) {
		m.high, m.why = math.Inf(1), detectors.Uncounted
	}
	return m
}

// eval is true if the comparison holds for every value in the range, false if it holds
// for none, and otherwise unknown.
func (k *counted) eval(now time.Duration) Truth {
	m := k.measure(now)
	if m.why != detectors.Known && !k.bounds(m) {
		return Unknown
	}
	holds := k.holds(m.low, k.threshold)
	if m.low != m.high && (holds != k.holds(m.high, k.threshold) || k.exact && k.between(m)) {
		return Unknown
	}
	return truth(holds)
}

// bounds reports whether the low bound of a measure that is not entirely known counts.
func (k *counted) bounds(m measure) bool { return k.crosses || m.why == detectors.Uncounted }

// between reports whether the value may equal the threshold.
func (k *counted) between(m measure) bool {
	return k.threshold > m.low && k.threshold < m.high && (k.threshold == math.Trunc(k.threshold) || k.dwells)
}

// expires returns the earliest time after now at which the measure changes without new
// results: an attribute becomes stale or a crossing leaves its window.
func (k *counted) expires(now time.Duration) time.Duration {
	at := Never
	if k.crosses && k.line >= 0 && k.followed.Tracker != nil {
		for i := range k.followed.Tracker.Crossings(k.line) {
			c := k.followed.Tracker.Crossing(k.line, i)
			if now-c.At >= k.value.window {
				break
			}
			at = c.At + k.value.window // ordered newest first
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

// explainCount fills in what is known of a derived value, and why the rest is not.
func (c *Condition) explainCount(clause *Clause, k *counted, now time.Duration) {
	s, m := k.table.Signal(k.signal), k.measure(now)
	switch {
	case m.why == detectors.Known || k.bounds(m):
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
		clause.Why = detectors.Known // the known crossings suffice
	case m.why != detectors.Known:
		clause.Why = m.why
	default:
		clause.Why = k.unsure(s, now)
	}
}

// longest returns the longest dwell last known in the zone, for the time in which the
// current one is unknown.
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

// unsure returns why it is unknown whether some box counts. Known: all are decided.
func (k *counted) unsure(s *detectors.Signal, now time.Duration) detectors.Why {
	if k.where == nil {
		return detectors.Never // the next result tells
	}
	why := detectors.Known
	for i := range s.Detections {
		d := &s.Detections[i]
		if k.where(d, now) != Unknown {
			continue
		}
		why = detectors.Never // no detector has looked at the box yet
		for _, name := range k.attributes {
			if a := d.Attribute(name); a != nil && a.At(now) != detectors.Known {
				return a.At(now)
			}
		}
	}
	return why
}

// compilePick compiles a condition on attributes. An attribute that a detection lacks
// is unknown, because no detector has looked for it.
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

// most returns decides if any condition has that value, unknown if any is unknown, and
// otherwise the value of otherwise.
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
