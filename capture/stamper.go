package capture

import "time"

// ptsJump is how far presentation times may part from the progress of arrivals
// between two pictures before they count as a new clock.
const ptsJump = 5 * time.Second

// driftShare is the share of elapsed time by which the best transit time seen
// is forgotten: 1 ms a second.
const driftShare = 1000

// Stamper tells when the pictures of one connection were taken. Its zero value
// is ready; a new connection takes a new one. It belongs to one goroutine.
//
// Presentation times run on the source's own clock. The smallest difference
// between arrival and presentation time seen so far belongs to the picture that
// travelled fastest; presentation time plus that difference is when a picture
// was captured, and what remains until its arrival is its lag. Without a
// presentation time a picture counts as captured when it arrived.
//
// The two clocks drift apart. So that this does not read as a growing lag, the
// smallest difference is let up by a thousandth of the time that passes, well
// above the drift of real clocks. A lag that grows faster, because the stream is
// read too slowly, stays visible; one that is constant is forgotten by 1 ms a
// second. Presentation times that go backwards, or part from arrivals by more
// than five seconds at once, start over.
type Stamper struct {
	begun   bool
	hadPTS  bool
	pts     time.Duration // of the last picture
	arrived time.Time     // of the last picture
	last    time.Time     // capture time of the last picture
	lag     time.Duration // of the last picture, over the fastest one
}

// Stamp returns when a picture was captured, and how long it took from there to
// its arrival. The pictures of one connection must be given in the order of
// their arrival. The capture time is never after the arrival and never before
// that of the picture before.
func (s *Stamper) Stamp(st Stamp) (captured time.Time, lag time.Duration) {
	if s.begun && st.Arrived.Before(s.arrived) {
		st.Arrived = s.arrived
	}
	captured = st.Arrived
	if st.HasPTS {
		if s.begun && s.hadPTS {
			s.advance(st.Arrived.Sub(s.arrived), st.PTS-s.pts)
		} else {
			s.lag = 0
		}
		lag = s.lag
		captured = st.Arrived.Add(-lag)
	}
	if s.begun && captured.Before(s.last) {
		captured = s.last
	}
	s.begun, s.hadPTS, s.pts, s.arrived, s.last = true, st.HasPTS, st.PTS, st.Arrived, captured
	return captured, st.Arrived.Sub(captured)
}

// advance moves the lag on by one picture. The fastest picture is its zero, so
// the difference itself need not be kept.
func (s *Stamper) advance(arrival, pts time.Duration) {
	step := arrival - pts
	if pts < 0 || step > ptsJump || step < -ptsJump {
		s.lag = 0
		return
	}
	s.lag = max(0, s.lag+step-arrival/driftShare)
}
