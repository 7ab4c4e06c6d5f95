package capture

import (
	"slices"
	"sync"
	"time"
)

const (
	// clockBuckets is how many seconds a Clock looks back.
	clockBuckets = 120
	// clockSettle is how much time observations must span before their slope
	// says anything.
	clockSettle = 10 * time.Second
	// clockDrift is the most by which two real clocks drift apart.
	clockDrift = 500e-6
	// clockJump and clockBack are how far camera times may part from the progress
	// of arrivals, and how far they may go back, before they count as a new clock.
	// Frames in decoding order go back by less.
	clockJump = 5 * time.Second
	clockBack = 500 * time.Millisecond
	// clockOutliers is how many observations may be left out because all others
	// lie above them, by clockOutlier and more.
	clockOutliers = 3
	clockOutlier  = 15 * time.Millisecond
	// clockSolid is how many that differ by less than clockAlike are no outliers.
	clockSolid = 5
	clockAlike = 10 * time.Millisecond
	// Two clocks are in step when in stepSettle they drift apart by no more than
	// stepDrift, and latencies come out between 0 and stepLatency.
	stepSettle  = time.Minute
	stepDrift   = 20e-6
	stepLatency = 500 * time.Millisecond
)

// Clock maps the times of one camera onto ours. Observations of (camera time,
// arrival) lie above the line of those that traveled fastest. Its
// offset is the difference of the clocks, its slope their drift. The line is
// the edge of the lower convex hull in the middle of the last two minutes, of
// which the fastest observation of each second is kept: jitter does not move it.
//
// The zero value is ready. All methods may be called from any goroutine, so that
// two streams of one camera can share a Clock.
type Clock struct {
	mu    sync.Mutex
	base  time.Time // arrivals are counted from here
	ring  [clockBuckets]observation
	first int // of the ring
	n     int
	last  observation
	line  line
}

// observation is one arrival: camera time, and arrival minus camera time; and how
// many of the same second were about as fast.
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

// Observe records the arrival of something with a camera time. Times that jump
// restart the clock.
func (c *Clock) Observe(at time.Duration, arrived time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 0 {
		c.base = arrived
	}
	o := observation{at, arrived.Sub(c.base) - at, 1}
	if c.n > 0 {
		parted := o.delay - c.last.delay
		if parted > clockJump || parted < -clockJump || o.at < c.last.at-clockBack {
			c.n = 0
		}
	}
	c.last = o
	c.keep(o)
}

// keep keeps the fastest observation of each second and fits the line again when
// that changes.
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

// fit puts the line under the observations, but for a few that are much too
// fast: the first frames of a connection often come before their time.
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

// lineUnder returns the line that touches observations from below.
func lineUnder(all []observation) line {
	from := all[0].at
	l := line{from: from}
	if span := all[len(all)-1].at - from; span >= clockSettle {
		l.slope = min(max(hullSlope(all, from+span/2), -clockDrift), clockDrift)
	}
	for i, o := range all {
		offset := o.delay - time.Duration(l.slope*float64(o.at-from))
		if i == 0 || offset < l.offset {
			l.offset = offset
		}
	}
	return l
}

// hullSlope returns the slope of the edge of the lower convex hull over a camera
// time.
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

// between returns the delay at a time on the line through a and b.
func between(a, b observation, at time.Duration) float64 {
	return float64(a.delay) + float64(b.delay-a.delay)*float64(at-a.at)/float64(b.at-a.at)
}

// Time returns when something with a camera time would have arrived had it
// traveled as fast as anything does. It returns the zero time before the first
// observation.
func (c *Clock) Time(at time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 0 {
		return time.Time{}
	}
	return c.base.Add(at + c.line.delay(at))
}

// latency returns the difference between arrival and camera time by the two
// clocks themselves, where those are in step: they have not drifted apart for a
// minute, and the result is plausible. Camera times count from the Unix epoch.
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

// Reset forgets all observations.
func (c *Clock) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n = 0
}

// replay adds the observations of this clock to another one, with camera times moved.
func (c *Clock) replay(to *Clock, move time.Duration) {
	c.mu.Lock()
	base, first, n, ring := c.base, c.first, c.n, c.ring
	c.mu.Unlock()
	for i := range n {
		o := ring[(first+i)%clockBuckets]
		to.Observe(o.at+move, base.Add(o.arrived()))
	}
}
