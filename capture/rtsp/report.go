package rtsp

import (
	"time"

	"github.com/pion/rtcp"
)

const (
	// reportEvery is how often receiver reports are sent (RFC 3550, section 6.2).
	reportEvery = 5 * time.Second
	// Sound is realigned with video if the camera's reports show it to be off by more
	// than alignBeyond. An offset above alignWithin is not believed.
	alignBeyond = 20 * time.Millisecond
	alignWithin = 10 * time.Second
)

// control handles an RTCP datagram.
func (s *source) control(r *receiver, data []byte, arrived time.Time) {
	packets, err := rtcp.Unmarshal(data)
	if err != nil {
		s.stats.Foreign++
		return
	}
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			if p.NTPTime != 0 && (!r.seq.begun || p.SSRC == r.seq.ssrc) {
				r.report, r.reported = p, arrived
				if r.early = !r.line.begun; !r.early {
					s.relate(r)
				}
			}
		case *rtcp.Goodbye:
			for _, source := range p.Sources {
				s.goodbye = s.goodbye || r.video != nil && r.seq.begun && source == r.seq.ssrc
			}
		}
	}
}

// relate uses a sender report. The report for video maps the camera's clock; the report
// for sound aligns sound with video.
func (s *source) relate(r *receiver) {
	pts, ok := r.line.near(r.report.RTPTime)
	if !ok {
		return // from before a jump, or wrong
	}
	wall := ntp(r.report.NTPTime)
	offset := wall - pts
	if r.video != nil {
		s.stamper.Report(pts, wall)
		s.offset, s.related = offset, true
		return
	}
	if !s.related {
		return
	}
	if apart := offset - s.offset; apart.Abs() > alignBeyond && apart.Abs() < alignWithin {
		r.line.origin += apart
		r.line.highest += apart
	}
}

// ntp converts an NTP timestamp to time since the Unix epoch.
func ntp(stamp uint64) time.Duration {
	const epoch = 2208988800 // seconds between 1900 and 1970
	seconds, fraction := int64(stamp>>32)-epoch, stamp&0xffffffff
	return time.Duration(seconds)*time.Second + time.Duration(fraction*1e9>>32)
}

// sendReports sends a receiver report for each track.
func (s *source) sendReports(now time.Time) error {
	for _, r := range s.receivers {
		if !r.seq.begun {
			continue
		}
		packets := []rtcp.Packet{
			&rtcp.ReceiverReport{SSRC: s.ssrc, Reports: []rtcp.ReceptionReport{r.reception(now)}},
			rtcp.NewCNAMESourceDescription(s.ssrc, "rvo-tui"),
		}
		data, err := rtcp.Marshal(packets)
		if err != nil {
			return err
		}
		if s.udpIn != nil {
			s.udpIn.send(r.rtcp, data)
			continue
		}
		if r.rtcp < 0 {
			continue
		}
		head := []byte{'$', byte(r.rtcp), byte(len(data) >> 8), byte(len(data))}
		if err := s.write(append(head, data...)); err != nil {
			return err
		}
	}
	return nil
}

// reception returns the statistics since the last report.
func (r *receiver) reception(now time.Time) rtcp.ReceptionReport {
	expected, received := r.seq.expected(), r.seq.received
	due, came := int64(expected-r.expected), int64(received-r.received)
	r.expected, r.received = expected, received
	out := rtcp.ReceptionReport{
		SSRC: r.seq.ssrc, LastSequenceNumber: r.seq.highest(), Jitter: uint32(r.jitter),
		TotalLost: uint32(min(max(int64(expected)-int64(received), 0), 1<<23-1)),
	}
	if due > 0 && came < due {
		out.FractionLost = uint8(min((due-came)*256/due, 255))
	}
	if r.report != nil {
		out.LastSenderReport = uint32(r.report.NTPTime >> 16)
		out.Delay = uint32(min(now.Sub(r.reported), time.Hour).Seconds() * 65536)
	}
	return out
}
