package capture

import (
	"slices"
	"time"
)

// Stamper determines when the frames or packets of one connection were captured. The
// zero value is ready to use. Each connection needs its own. It belongs to one
// goroutine.
//
// Presentation times are on the source's own clock. A Clock maps them to ours: the
// capture time is the presentation time plus the minimum delay until arrival, corrected
// for drift. The rest of the delay is the lag. Without a presentation time, the capture
// time is the arrival time.
//
// If the camera reports its wall clock (RTCP sender reports), capture times are derived
// from that clock, which all streams of the camera share. If it is synchronized with
// ours, its times are used unchanged and are true capture times.
type Stamper struct {
	// Camera is the camera's clock, shared by its streams, used from the first Report
	// on. Nil: one for this connection only.
	Camera *Clock
	// Transit is the known minimum transit time of packets. It is subtracted from
	// capture times and is not part of the lag.
	Transit time.Duration

	own     Clock           // presentation times
	order   Clock           // decode times
	reports []time.Duration // camera time - presentation time, of the last few reports
	offset  time.Duration   // median of reports
	latency time.Duration   // since exposure; 0 unless the clocks are synchronized
	stream  observed        // by Camera

	begun    bool
	arrived  time.Time // of the last packet
	captured time.Time // of the last frame given to Stamp
}

// reportsKept is the number of sender reports for the median. Many cameras round their
// times to a frame.
const reportsKept = 5

// Packet returns the capture time of a packet, which is never after its arrival, and
// its lag: how much longer it took than the fastest packet, judged by decode time.
// Packets must be given in order of arrival.
func (s *Stamper) Packet(pts, dts time.Duration, arrived time.Time) (captured time.Time, lag time.Duration) {
	if s.begun && arrived.Before(s.arrived) {
		arrived = s.arrived
	}
	s.begun, s.arrived = true, arrived
	s.own.Observe(pts, arrived)
	s.order.Observe(dts, arrived)
	if len(s.reports) > 0 {
		s.Camera.observe(&s.stream, pts+s.offset, arrived)
		s.follow(pts + s.offset)
	}
	if captured = s.Time(pts); captured.After(arrived) {
		captured = arrived
	}
	return captured, max(0, arrived.Sub(s.order.Time(dts)))
}

// follow moves the latency gradually towards that of the clocks.
func (s *Stamper) follow(wall time.Duration) {
	latency, inStep := s.Camera.latency(wall)
	if inStep {
		latency = max(0, latency-s.Transit)
	} else {
		latency = 0
	}
	s.latency += min(max(latency-s.latency, -latencyStep), latencyStep)
}

// latencyStep is the maximum change of the latency per packet.
const latencyStep = time.Millisecond

// Time returns the capture time for a presentation time, based on the packets so far.
// It is zero before the first one.
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

// Report records that the camera's wall clock, counted from the Unix epoch, showed wall
// at a presentation time.
func (s *Stamper) Report(pts, wall time.Duration) {
	offset := wall - pts
	if len(s.reports) > 0 {
		if stepped := offset - s.offset; stepped > clockBack || stepped < -clockBack {
			s.reports = s.reports[:0] // the camera's clock was set
			s.Camera.Reset()
			s.stream = observed{}
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
		if arrives := s.own.Time(pts); !arrives.IsZero() && s.Camera.outdated(wall, arrives) {
			s.Camera.Reset() // the camera restarted
		}
		s.own.replay(s.Camera, s.offset)
	}
}

// Stamp returns when a frame was captured, and its lag. The frames of one connection
// must be given in order of arrival, which is display order. The capture time is never
// after the arrival and never before that of the previous frame.
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
