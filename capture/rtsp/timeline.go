package rtsp

import "time"

const (
	// stepAhead and stepBack are how far RTP timestamps may move between two packets.
	// Beyond that, the camera restarted its count.
	stepAhead = 10 * time.Second
	stepBack  = time.Second
	// usualStep is the assumed duration of such a jump if nothing better is known.
	usualStep = 40 * time.Millisecond
	// standstill is how long a timestamp may repeat. After that the camera does not
	// advance it, and arrival counts.
	standstill = time.Second
)

// timeline converts RTP timestamps, which have 32 bits and a random start, to
// presentation times that neither wrap nor jump.
type timeline struct {
	rate    int // RTP clock rate in Hz
	begun   bool
	stamp   uint32        // of the last packet
	ticks   int64         // of the last packet, since origin
	origin  time.Duration // presentation time of tick 0
	arrived time.Time     // of the last packet
	since   time.Time     // arrival of the first packet with stamp
	highest time.Duration // highest presentation time so far
	jumps   uint64
}

// begin sets the presentation time of the next packet.
func (t *timeline) begin(at time.Duration) { t.begun, t.origin, t.ticks = false, at, 0 }

// at returns the presentation time of a packet.
func (t *timeline) at(stamp uint32, arrived time.Time) time.Duration {
	if !t.begun {
		t.begun, t.stamp, t.arrived, t.since, t.highest = true, stamp, arrived, arrived, t.origin
		return t.origin
	}
	step := int64(int32(stamp - t.stamp))
	moved, waited := t.duration(step), arrived.Sub(t.arrived)
	if step != 0 {
		t.since = arrived
	}
	if arrived.Sub(t.since) > standstill || moved < -stepBack || moved > max(stepAhead, 2*waited+stepAhead/2) {
		// Continue from the last frame, by the time that passed here.
		if waited <= 0 || waited > stepAhead {
			waited = usualStep
		}
		t.origin, t.ticks = t.highest+waited, 0
		t.jumps++
	} else {
		t.ticks += step
	}
	t.stamp, t.arrived = stamp, arrived
	pts := t.origin + t.duration(t.ticks)
	t.highest = max(t.highest, pts)
	return pts
}

// near returns the presentation time of a timestamp in a sender report. It returns
// false if that is not within a minute of the last packet.
func (t *timeline) near(stamp uint32) (time.Duration, bool) {
	if !t.begun {
		return 0, false
	}
	step := int64(int32(stamp - t.stamp))
	return t.origin + t.duration(t.ticks+step), t.duration(step).Abs() < time.Minute
}

// duration converts ticks to time. It does not overflow for centuries.
func (t *timeline) duration(ticks int64) time.Duration {
	rate := int64(t.rate)
	return time.Duration(ticks/rate)*time.Second + time.Duration(ticks%rate)*time.Second/time.Duration(rate)
}

// maxReorder is the maximum reorder depth, in frames.
const maxReorder = 16

// decodeTimes derives decode times from presentation times in decode order. The decode
// time is the earliest of the last few presentation times not yet used.
type decodeTimes struct {
	depth   int // reorder depth declared by the stream
	pending []time.Duration
	last    time.Duration
	begun   bool
}

// at returns the decode time of the next frame. It increases, and does not exceed the
// presentation time, except for the first frames of a stream that does not declare its
// reordering.
func (d *decodeTimes) at(pts time.Duration) time.Duration {
	i := len(d.pending)
	for i > 0 && d.pending[i-1] > pts {
		i--
	}
	// Shown before an earlier frame: the stream reorders more than assumed.
	if d.begun && pts < d.last && len(d.pending)-i >= d.depth && d.depth < maxReorder && pts > d.last-stepBack {
		d.depth++
	}
	d.pending = append(d.pending, 0)
	copy(d.pending[i+1:], d.pending[i:])
	d.pending[i] = pts
	dts := pts
	if d.depth > 0 {
		dts = d.pending[0] - usualStep*time.Duration(max(0, d.depth+1-len(d.pending)))
	}
	for len(d.pending) > d.depth {
		d.pending = d.pending[1:]
	}
	if d.begun && dts <= d.last {
		dts = d.last + time.Microsecond
	}
	d.last, d.begun = dts, true
	return dts
}
