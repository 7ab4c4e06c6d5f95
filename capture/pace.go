package capture

import "time"

const (
	// paceGap is the longest interval between two frames of a file. A longer one
	// is taken for a break in its presentation times.
	paceGap = 10 * time.Second
	// paceLate is how late a file may run before its clock is set back: it
	// cannot be read at its own rate.
	paceLate = time.Second
	// paceStep is the interval of a file that has no presentation times.
	paceStep = 40 * time.Millisecond
)

// pacer computes when the frames of a file are due, so that it plays at its own
// rate. It continues smoothly when the file starts again. Its zero value is ready.
type pacer struct {
	begun  bool
	broken bool          // the next presentation time has no relation to the last
	pts    time.Duration // of the last frame
	step   time.Duration // between the last two frames
	due    time.Time     // of the last frame
}

// next returns when the frame grabbed at now is due. The first one is due at
// once.
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

// at returns when a packet on the same clock that is not waited for, such as sound,
// is due.
func (p *pacer) at(pts time.Duration, now time.Time) time.Time {
	if !p.begun {
		return now
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

// restart notes that the next frame is the first of the file again.
func (p *pacer) restart() { p.broken = true }

// shift sets the clock so that the last frame is due at now.
func (p *pacer) shift(now time.Time) { p.due = now }
