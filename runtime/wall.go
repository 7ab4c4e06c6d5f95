package runtime

import "time"

// wallStep is from how far on the wall clock counts as set. One that is corrected slowly
// changes nothing in a snapshot.
const wallStep = time.Second

// onWall returns a time as the wall clock tells it now. A time that was taken before the
// clock was set has the time of day of then.
func onWall(now, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	told := now.Add(t.Sub(now)) // the difference is of the clock that is never set
	if off := told.Round(0).Sub(t.Round(0)); off.Abs() < wallStep {
		return t
	}
	return told
}

// followWall has the times of a snapshot told by the wall clock of now, so that they can
// be compared with it wherever the snapshot is read. Started stays: it tells which
// instance this is.
func (s *Snapshot) followWall() {
	follow := func(times ...*time.Time) {
		for _, t := range times {
			*t = onWall(s.At, *t)
		}
	}
	for i := range s.Cameras {
		c := &s.Cameras[i]
		follow(&c.Since, &c.LastFrame)
		if c.Recording != nil {
			follow(&c.Recording.Since)
		}
		for k := range c.Detectors {
			follow(&c.Detectors[k].LastRun)
		}
	}
	if s.Outbox != nil {
		for i := range s.Outbox.Outputs {
			out := &s.Outbox.Outputs[i]
			follow(&out.NextTry, &out.LastOK)
		}
	}
	if s.Clips != nil {
		follow(&s.Clips.Since)
	}
	follow(&s.Reload.OK)
}
