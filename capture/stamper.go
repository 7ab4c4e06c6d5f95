package capture

import (
	"slices"
	"time"
)

// Stamper says when the frames or packets of one connection were captured. Its
// zero value is ready; a new connection takes a new one. It belongs to one
// goroutine.
//
// Presentation times run on the source's own clock. A Clock maps them onto ours:
// the capture time is the presentation time plus the smallest difference from
// arrival, corrected for drift. The rest until arrival is the lag. Without a
// presentation time the capture time is the arrival.
//
// Where the camera reports its wall clock (RTCP sender reports), capture times
// come from that clock instead, which all streams of a camera share. If that
// clock is in step with ours, its times are used unchanged: true times at the lens.
type Stamper struct {
	// Camera is the clock of the camera, shared by its streams, which Report
	// begins to use. Nil: one of this connection alone.
	Camera *Clock
	// Transit is how long even the fastest packets are on their way, as far as
	// that is known. It is taken off capture times, and is no part of the lag.
	Transit time.Duration

	own     Clock           // on presentation times
	order   Clock           // on decoding times
	reports []time.Duration // camera time - presentation time, the latest few
	offset  time.Duration   // median of reports
	latency time.Duration   // from the lens, where the clocks are in step

	begun    bool
	arrived  time.Time // of the last one
	captured time.Time // of the last one that Stamp saw
}

// reportsKept is how many sender reports the offset is the median of. Many
// cameras round the times in them to a frame.
const reportsKept = 5

// Packet returns when something with a presentation time was captured, which is
// never after its arrival, and how much longer than the fastest it took, going by
// its decoding time. The packets of one connection are given in the order of
// their arrival.
func (s *Stamper) Packet(pts, dts time.Duration, arrived time.Time) (captured time.Time, lag time.Duration) {
	if s.begun && arrived.Before(s.arrived) {
		arrived = s.arrived
	}
	s.begun, s.arrived = true, arrived
	s.own.Observe(pts, arrived)
	s.order.Observe(dts, arrived)
	if len(s.reports) > 0 {
		s.Camera.Observe(pts+s.offset, arrived)
		s.follow(pts + s.offset)
	}
	if captured = s.Time(pts); captured.After(arrived) {
		captured = arrived
	}
	return captured, max(0, arrived.Sub(s.order.Time(dts)))
}

// follow has the latency follow what the clocks say of it, without a jump.
func (s *Stamper) follow(wall time.Duration) {
	latency, inStep := s.Camera.latency(wall)
	if inStep {
		latency = max(0, latency-s.Transit)
	} else {
		latency = 0
	}
	s.latency += min(max(latency-s.latency, -latencyStep), latencyStep)
}

// latencyStep is by how much the latency may change from one packet to the next.
const latencyStep = time.Millisecond

// Time returns when something with a presentation time was captured, going by
// what Packet has seen. It returns the zero time before that.
func (s *Stamper) Time(pts time.Duration) time.Time {
	at := s.own.Time(pts)
	if len(s.reports) > 0 {
		at = s.Camera.Time(pts + s.offset)
	}
	if at.IsZero() {
		return at
	}
	return at.Add(-s.Transit - s.latency)
}

// Report records that the camera's wall clock, counted from the Unix epoch, showed
// wall at a presentation time.
func (s *Stamper) Report(pts, wall time.Duration) {
	offset := wall - pts
	if len(s.reports) > 0 {
		if stepped := offset - s.offset; stepped > clockBack || stepped < -clockBack {
			s.reports = s.reports[:0] // the camera's clock was set
			s.Camera.Reset()
		}
	}
	first := len(s.reports) == 0
	if s.reports = append(s.reports, offset); len(s.reports) > reportsKept {
		s.reports = slices.Delete(s.reports, 0, 1)
	}
	sorted := slices.Sorted(slices.Values(s.reports))
	s.offset = sorted[len(sorted)/2]
	if first {
		if s.Camera == nil {
			s.Camera = new(Clock)
		}
		s.own.replay(s.Camera, s.offset)
	}
}

// Stamp returns when a frame was captured, and its lag. The frames of one
// connection are given in the order of their arrival, which is the order they
// are shown in. The capture time is never after the arrival and never before
// that of the frame before.
func (s *Stamper) Stamp(st Stamp) (captured time.Time, lag time.Duration) {
	last, begun := s.captured, s.begun
	if begun && st.Arrived.Before(s.arrived) {
		st.Arrived = s.arrived
	}
	captured = st.Arrived
	if st.HasPTS {
		captured, lag = s.Packet(st.PTS, st.PTS, st.Arrived)
	}
	if begun && captured.Before(last) {
		captured, lag = last, st.Arrived.Sub(last)
	}
	s.begun, s.arrived, s.captured = true, st.Arrived, captured
	return captured, lag
}
