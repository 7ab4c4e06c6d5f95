package rtsp

import "time"

const (
	// stepAhead and stepBack bound how far RTP times may move from one packet to
	// the next: beyond, the camera restarted its count.
	stepAhead = 10 * time.Second
	stepBack  = time.Second
	// usualStep is what such a jump counts as where nothing better is known.
	usualStep = 40 * time.Millisecond
)

// timeline turns RTP timestamps, which are 32 bits wide and begin anywhere, into
// presentation times that neither wrap nor jump.
type timeline struct {
	rate    int // ticks a second
	begun   bool
	stamp   uint32        // of the last packet
	ticks   int64         // of the last packet, since origin
	origin  time.Duration // presentation time of tick 0
	arrived time.Time     // of the last packet
	highest time.Duration // the latest presentation time
	jumps   uint64
}

// begin sets the presentation time of the next packet.
func (t *timeline) begin(at time.Duration) { t.begun, t.origin, t.ticks = false, at, 0 }

// at returns the presentation time of a packet.
func (t *timeline) at(stamp uint32, arrived time.Time) time.Duration {
	if !t.begun {
		t.begun, t.stamp, t.arrived, t.highest = true, stamp, arrived, t.origin
		return t.origin
	}
	step := int64(int32(stamp - t.stamp))
	moved, waited := t.duration(step), arrived.Sub(t.arrived)
	if moved < -stepBack || moved > max(stepAhead, 2*waited+stepAhead/2) {
		// Time goes on from the latest frame, as far as the clock here says.
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

// near returns the presentation time of a timestamp in a sender report, and
// false where it is not within a minute of the last packet.
func (t *timeline) near(stamp uint32) (time.Duration, bool) {
	if !t.begun {
		return 0, false
	}
	step := int64(int32(stamp - t.stamp))
	return t.origin + t.duration(t.ticks+step), t.duration(step).Abs() < time.Minute
}

// duration returns how long ticks last. It does not overflow within centuries.
func (t *timeline) duration(ticks int64) time.Duration {
	rate := int64(t.rate)
	return time.Duration(ticks/rate)*time.Second + time.Duration(ticks%rate)*time.Second/time.Duration(rate)
}

// maxReorder is how many frames may be sent before one that is shown earlier.
const maxReorder = 16

// decodeTimes makes decoding times of presentation times that come in decoding
// order: the earliest of the last few that was not given out yet.
type decodeTimes struct {
	depth   int // frames that are reordered over, as the stream says
	pending []time.Duration
	last    time.Duration
	begun   bool
}

// at returns the decoding time of the next frame. It grows, and is never later
// than the presentation time, but for the first frames of a stream that does not
// say that it reorders them.
func (d *decodeTimes) at(pts time.Duration) time.Duration {
	i := len(d.pending)
	for i > 0 && d.pending[i-1] > pts {
		i--
	}
	// Shown before a frame that was sent as if nothing were reordered.
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
