package capture

import "time"

const (
	// paceGap is the longest plausible interval between two frames of a file. A longer
	// one is treated as a discontinuity of the timestamps.
	paceGap = 10 * time.Second
	// paceLate is how far a file that cannot be read at its own rate may fall behind
	// before its clock is reset.
	paceLate = time.Second
	// paceStep is the frame interval of a file without timestamps.
	paceStep = 40 * time.Millisecond
)

// pacer computes when the frames of a file are due, so that it plays at its own rate.
// It continues without a gap when the file restarts. The zero value is ready to use.
type pacer struct {
	begun  bool
	broken bool          // the next timestamp is unrelated to the last one
	pts    time.Duration // of the last frame
	step   time.Duration // between the last two frames
	due    time.Time     // of the last frame
}

// next returns when the frame grabbed at now is due. The first frame is due at once.
func (p *pacer) next(st Stamp, now time.Time) time.Time {
	if !p.begun {
		p.begun, p.pts, p.due = true, st.PTS, now
		return now
	}
	step := st.PTS - p.pts
	if !st.HasPTS || p.broken || step <= 0 || step > paceGap {
		step = p.interval()
	} else {
		p.step = step
	}
	p.broken = false
	p.pts, p.due = st.PTS, p.due.Add(step)
	return p.due
}

// at returns when another packet on the same clock, such as sound, is due; first, before the first
// frame.
func (p *pacer) at(pts time.Duration, first time.Time) time.Time {
	switch {
	case !p.begun:
		return first
	case p.broken:
		return p.due.Add(p.interval() + pts)
	}
	return p.due.Add(pts - p.pts)
}

// interval returns the interval between the last two frames.
func (p *pacer) interval() time.Duration {
	if p.step <= 0 {
		return paceStep
	}
	return p.step
}

// restart marks the next frame as the first one of the file.
func (p *pacer) restart() { p.broken = true }

// shift resets the clock so that the last frame is due at now.
func (p *pacer) shift(now time.Time) { p.due = now }
