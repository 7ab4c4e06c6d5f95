package capture

import (
	"math"
	"slices"
	"sync"
	"time"
)

const (
	// clockBuckets is the history of a Clock, in seconds.
	clockBuckets = 120
	// clockSettle is the time that observations must span before a slope is computed
	// from them.
	clockSettle = 10 * time.Second
	// clockDrift is the maximum drift between two real clocks.
	clockDrift = 500e-6
	// clockRate is a drift that no clock has, and more than the delay grows on a link that is
	// a little too slow. If it lasts for clockLong, the timestamps assume a frame rate that
	// the camera does not keep.
	clockRate = 0.05
	clockLong = time.Minute
	// clockJump is how far camera times may diverge from arrival times before they
	// count as a new clock. clockBack is how far they may go back; frames in decode
	// order go back by less.
	clockJump = 5 * time.Second
	clockBack = 500 * time.Millisecond
	// clockQuiet is how long no stream may be observed before a new one is believed
	// more than the clock.
	clockQuiet = 2 * time.Second
	// clockOutliers is the maximum number of observations ignored because they are at
	// least clockOutlier faster than all others.
	clockOutliers = 3
	clockOutlier  = 15 * time.Millisecond
	// clockSolid observations that differ by less than clockAlike are not outliers.
	clockSolid = 5
	clockAlike = 10 * time.Millisecond
	// Two clocks are synchronized if they drift by at most stepDrift within stepSettle,
	// and the resulting latency is between 0 and stepLatency.
	stepSettle  = time.Minute
	stepDrift   = 20e-6
	stepLatency = 500 * time.Millisecond
)

// Clock maps the clock of one camera to ours. An observation is a camera time and its
// arrival time. The delay between them is a constant offset, plus drift, plus a network
// delay that varies but never falls below a minimum. Clock fits a line below all
// observations: its offset is the difference of the clocks and its slope their drift.
// Only the fastest observation of each second of the last two minutes is kept, and the
// line is the edge of the lower convex hull at the middle of that time, so jitter does
// not move it.
//
// The zero value is ready to use. All methods are safe for concurrent use, so that two
// streams of one camera can share a Clock.
type Clock struct {
	mu    sync.Mutex
	base  time.Time // origin of arrival times
	ring  [clockBuckets]observation
	first int // oldest entry of ring
	n     int
	last  observation
	line  line
	only  observed // by Observe
}

// observed is what a Clock knows of one of the streams that share it. The zero value is for a
// new stream.
type observed struct {
	begun bool
	at    time.Duration // camera time of its last observation
}

// observation is one arrival: the camera time, arrival minus camera time, and how many
// arrivals of the same second were about as fast.
type observation struct {
	at, delay time.Duration
	alike     int
}

func (o observation) arrived() time.Duration { return o.at + o.delay }

// line is delay = offset + slope * (camera time - from).
type line struct {
	from, offset time.Duration
	slope        float64
}

func (l line) delay(at time.Duration) time.Duration {
	return l.offset + time.Duration(l.slope*float64(at-l.from))
}

// Observe records the arrival of data with a camera time. A jump restarts the clock.
func (c *Clock) Observe(at time.Duration, arrived time.Time) { c.observe(&c.only, at, arrived) }

// observe is Observe for a clock with several streams, of which one may arrive much later
// than another.
func (c *Clock) observe(from *observed, at time.Duration, arrived time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 0 {
		c.base = arrived
	}
	o := observation{at, arrived.Sub(c.base) - at, 1}
	if c.n > 0 {
		parted := o.delay - c.last.delay
		if parted > clockJump || parted < -clockJump || from.begun && o.at < from.at-clockBack {
			c.n = 0
		}
	}
	c.last, from.begun, from.at = o, true, o.at
	c.keep(o)
}

// keep keeps the fastest observation of each second and refits the line when it
// changes.
func (c *Clock) keep(o observation) {
	if c.n > 0 {
		newest := &c.ring[(c.first+c.n-1)%clockBuckets]
		if o.arrived()/time.Second <= newest.arrived()/time.Second {
			if o.delay >= newest.delay {
				if o.delay < newest.delay+clockAlike {
					newest.alike++
				}
				return
			}
			if o.delay > newest.delay-clockAlike {
				o.alike += newest.alike
			}
			*newest = o
			c.fit()
			return
		}
	}
	if c.n == clockBuckets {
		c.first = (c.first + 1) % clockBuckets
		c.n--
	}
	c.ring[(c.first+c.n)%clockBuckets] = o
	c.n++
	c.fit()
}

// fit fits the line, ignoring a few observations that are much too fast: the first
// frames of a connection often arrive early.
func (c *Clock) fit() {
	var kept [clockBuckets]observation
	for i := range c.n {
		kept[i] = c.ring[(c.first+i)%clockBuckets]
	}
	c.line = lineUnder(kept[:c.n])
	if c.n < 3 {
		return
	}
	var above [clockBuckets]time.Duration
	for i, o := range kept[:c.n] {
		above[i] = o.delay - c.line.delay(o.at)
	}
	sorted := above
	slices.Sort(sorted[:c.n])
	usual := sorted[c.n/2]
	if usual < clockOutlier {
		return
	}
	for k := 1; k <= min(clockOutliers, (c.n-1)/2); k++ {
		if sorted[k] < usual*4/5 {
			continue
		}
		n := 0
		for i, o := range kept[:c.n] {
			if above[i] >= sorted[k] || o.alike >= clockSolid {
				kept[n] = o
				n++
			}
		}
		c.line = lineUnder(kept[:n])
		return
	}
}

// lineUnder returns the line that touches the observations from below.
func lineUnder(all []observation) line {
	from := all[0].at
	l := line{from: from}
	if span := all[len(all)-1].at - from; span >= clockSettle {
		l.slope = hullSlope(all, from+span/2)
		if math.Abs(l.slope) < clockRate || all[len(all)-1].arrived()-all[0].arrived() < clockLong {
			l.slope = min(max(l.slope, -clockDrift), clockDrift)
		}
	}
	for i, o := range all {
		offset := o.delay - time.Duration(l.slope*float64(o.at-from))
		if i == 0 || offset < l.offset {
			l.offset = offset
		}
	}
	return l
}

// hullSlope returns the slope of the lower convex hull at a camera time.
func hullSlope(all []observation, over time.Duration) float64 {
	var hull [clockBuckets]observation
	n := 0
	for _, o := range all {
		if n > 0 && o.at <= hull[n-1].at {
			continue
		}
		for n >= 2 && between(hull[n-2], o, hull[n-1].at) <= float64(hull[n-1].delay) {
			n--
		}
		hull[n] = o
		n++
	}
	for i := 1; i < n; i++ {
		if hull[i].at >= over {
			return float64(hull[i].delay-hull[i-1].delay) / float64(hull[i].at-hull[i-1].at)
		}
	}
	return 0
}

// between returns the delay at a camera time, on the line through a and b.
func between(a, b observation, at time.Duration) float64 {
	return float64(a.delay) + float64(b.delay-a.delay)*float64(at-a.at)/float64(b.at-a.at)
}

// Time returns when data with a camera time would have arrived with the minimum delay.
// It is zero before the first observation.
func (c *Clock) Time(at time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 0 {
		return time.Time{}
	}
	return c.base.Add(at + c.line.delay(at))
}

// latency returns arrival minus camera time according to the two clocks. It is only
// valid if they are synchronized: they have not drifted apart for a minute, and the
// result is plausible. Camera times count from the Unix epoch.
func (c *Clock) latency(at time.Duration) (latency time.Duration, inStep bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 0 || c.last.at-c.ring[c.first].at < stepSettle || c.line.slope > stepDrift || c.line.slope < -stepDrift {
		return 0, false
	}
	arrives := c.base.Add(at + c.line.delay(at))
	latency = arrives.Sub(time.Unix(0, int64(at)))
	return latency, latency >= 0 && latency <= stepLatency
}

// outdated reports whether the camera's clock was set since the last observation: data with
// a camera time arrives at another time than it should, by more than clockBack. While
// another stream is observed, this one is only late.
func (c *Clock) outdated(at time.Duration, arrives time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 0 || arrives.Sub(c.base.Add(c.last.arrived())) < clockQuiet {
		return false
	}
	return arrives.Sub(c.base.Add(at+c.line.delay(at))).Abs() > clockBack
}

// Reset discards all observations.
func (c *Clock) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n = 0
}

// replay adds this clock's observations to another one, with camera times shifted by
// move, unless that has observations already.
func (c *Clock) replay(to *Clock, move time.Duration) {
	to.mu.Lock()
	known := to.n > 0
	to.mu.Unlock()
	if known {
		return
	}
	c.mu.Lock()
	base, first, n, ring := c.base, c.first, c.n, c.ring
	c.mu.Unlock()
	for i := range n {
		o := ring[(first+i)%clockBuckets]
		to.Observe(o.at+move, base.Add(o.arrived()))
	}
}
