package capture

import "time"

// limiter limits frames to a rate. The due time advances by the interval, so that the
// average rate is met at any source rate.
type limiter struct {
	interval time.Duration // 0: no limit
	due      time.Time
}

func newLimiter(fps float64) limiter {
	if fps <= 0 {
		return limiter{}
	}
	return limiter{interval: time.Duration(float64(time.Second) / fps)}
}

// allows reports whether a frame captured at t is due. It may be early by half the
// source's interval, because the next frame would be further off.
func (l *limiter) allows(t time.Time, source time.Duration) bool {
	return l.interval == 0 || !t.Before(l.due.Add(-min(source, l.interval)/2))
}

// took records that a frame captured at t was used.
func (l *limiter) took(t time.Time) {
	if l.interval == 0 {
		return
	}
	// Do not make up for frames missed in a gap.
	if t.Sub(l.due) > l.interval {
		l.due = t
	}
	l.due = l.due.Add(l.interval)
}

// cadence estimates the interval between frames.
type cadence struct {
	last     time.Time
	interval time.Duration // 0: unknown
}

// see adds the capture time of a frame.
func (c *cadence) see(t time.Time) {
	if step := t.Sub(c.last); !c.last.IsZero() && step > 0 && step < paceGap {
		if c.interval == 0 {
			c.interval = step
		}
		c.interval += (step - c.interval) / 8
	}
	c.last = t
}

// meterSpan is the time over which a meter measures.
const meterSpan = 2 * time.Second

// meter measures an event rate over the last two seconds, or over its last events if
// there are too many to store.
type meter struct {
	times [128]time.Time
	next  int
	n     int
}

func (m *meter) reset() { m.n = 0 }

func (m *meter) add(t time.Time) {
	m.times[m.next] = t
	m.next = (m.next + 1) % len(m.times)
	m.n = min(m.n+1, len(m.times))
}

// back returns the i-th newest time; 0 is the newest.
func (m *meter) back(i int) time.Time {
	return m.times[(m.next-1-i+2*len(m.times))%len(m.times)]
}

// rate returns events per second. It falls when no events arrive.
func (m *meter) rate(now time.Time) float64 {
	if m.n < 2 {
		return 0
	}
	i := 1
	for i+1 < m.n && now.Sub(m.back(i+1)) <= meterSpan {
		i++
	}
	span := m.back(0).Sub(m.back(i))
	if interval := span / time.Duration(i); now.Sub(m.back(0)) > 2*interval {
		span = now.Sub(m.back(i))
	}
	if span <= 0 {
		return 0
	}
	return float64(i) / span.Seconds()
}

// throughput measures bytes per second over at least throughputSpan.
type throughput struct {
	since time.Time
	bytes int
	last  float64
}

const throughputSpan = time.Second

func (m *throughput) add(now time.Time, bytes int) {
	span := now.Sub(m.since)
	switch {
	case m.since.IsZero() || span > 3*throughputSpan:
		m.since, m.bytes, m.last = now, 0, 0
	case span >= throughputSpan:
		m.last = float64(m.bytes) / span.Seconds()
		m.since, m.bytes = now, 0
	}
	m.bytes += bytes
}

// rate returns bytes per second; 0: nothing has arrived lately.
func (m *throughput) rate(now time.Time) float64 {
	if now.Sub(m.since) > 3*throughputSpan {
		return 0
	}
	return m.last
}
