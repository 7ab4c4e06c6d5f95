package rtsp

import (
	"slices"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"rvo-tui/capture"
)

// receiver turns the RTP packets of one track into coded frames or sound.
type receiver struct {
	media
	rtp, rtcp int // channels

	seq    sequencer
	line   timeline
	video  *assembler // one of the two is nil
	sound  sounder
	decode decodeTimes
	first  *capture.Track // as known at opening
	last   time.Duration  // presentation time of the last piece of sound
	begun  bool

	jitter   float64 // ticks (RFC 3550, section 6.4.1)
	transit  int64
	report   *rtcp.SenderReport // the last report
	reported time.Time          // arrival of the report
	early    bool               // it arrived before the first frame or piece of sound
	expected uint64             // packets expected at the last receiver report
	received uint64
}

// newReceiver returns nil if the track lacks required parameters.
func newReceiver(m media) *receiver {
	r := &receiver{media: m, line: timeline{rate: m.rate}}
	if !m.video {
		if r.sound = newSounder(m); r.sound == nil {
			return nil
		}
		r.first = r.sound.track()
		return r
	}
	var u unpacker
	switch m.codec {
	case capture.H264:
		u = newH264(m)
	case capture.HEVC:
		u = newH265(m)
	case capture.AV1:
		u = newAV1()
	case capture.VP8:
		u = newVP8()
	case capture.VP9:
		u = newVP9()
	case capture.MJPEG:
		u = newMJPEG()
	default:
		return nil
	}
	r.video = &assembler{unpacker: u}
	r.first = u.track()
	return r
}

// data handles an RTP packet.
func (s *source) data(r *receiver, data []byte, arrived time.Time) {
	p := &s.scratch
	if s.udp {
		p = new(rtp.Packet)
	}
	if err := p.Unmarshal(data); err != nil || p.PayloadType != r.payload {
		s.stats.Foreign++
		return
	}
	r.measure(p, arrived)
	r.seq.push(p, arrived)
}

// own adds a receiver and queues its output.
func (s *source) own(r *receiver) {
	r.seq.emit = func(p *rtp.Packet, arrived time.Time, gap bool) { s.ordered(r, p, arrived, gap) }
	if r.video != nil {
		r.video.emit = func(stamp uint32, arrived time.Time, data []byte, key, damaged bool) {
			s.frame(r, stamp, arrived, data, key, damaged)
		}
	}
	s.receivers = append(s.receivers, r)
}

// measure updates the arrival jitter.
func (r *receiver) measure(p *rtp.Packet, arrived time.Time) {
	transit := arrived.UnixNano()/1000*int64(r.rate)/1e6 - int64(p.Timestamp)
	if d := transit - r.transit; r.transit != 0 && d > -int64(r.rate)*10 && d < int64(r.rate)*10 {
		r.jitter += (float64(max(d, -d)) - r.jitter) / 16
	}
	r.transit = transit
}

// ordered handles an RTP packet in sequence order.
func (s *source) ordered(r *receiver, p *rtp.Packet, arrived time.Time, gap bool) {
	if !r.begun {
		if s.zero.IsZero() {
			s.zero = arrived
		}
		r.begun = true
		r.line.begin(arrived.Sub(s.zero))
	}
	defer func() {
		if r.early && r.line.begun {
			r.early = false
			s.relate(r)
		}
	}()
	if r.video != nil {
		r.video.push(p.Timestamp, p.Payload, p.Marker, gap, arrived)
		return
	}
	begin := r.line.at(p.Timestamp, arrived)
	whole := r.sound.unpack(p.Payload, p.Marker, gap, func(data []byte, after, ticks int) {
		s.piece(r, begin+r.line.duration(int64(after)), r.line.duration(int64(ticks)), arrived, data, gap)
	})
	if !whole {
		s.stats.Broken++
	}
}

// frame queues a coded frame.
func (s *source) frame(r *receiver, stamp uint32, arrived time.Time, data []byte, key, damaged bool) {
	pts := r.line.at(stamp, arrived)
	if u, ok := r.video.unpacker.(reorderer); ok {
		r.decode.depth = max(r.decode.depth, u.reorder())
	}
	dts := r.decode.at(pts)
	captured, lag := s.stamper.Packet(pts, dts, arrived)
	s.put(&capture.Packet{
		Track: r.video.unpacker.track(), Data: data, PTS: pts, DTS: dts,
		Captured: captured, Arrived: arrived, Lag: lag, Key: key, Damaged: damaged,
	})
}

// piece queues a piece of sound. If sound was moved back to match the video, parts that
// overlap with earlier ones are dropped.
func (s *source) piece(r *receiver, pts, duration time.Duration, arrived time.Time, data []byte, gap bool) {
	if r.last != 0 && pts <= r.last {
		return
	}
	r.last = pts
	captured := s.stamper.Time(pts)
	if captured.IsZero() || captured.After(arrived) {
		captured = arrived
	}
	s.put(&capture.Packet{
		Track: r.sound.track(), Data: slices.Clone(data), PTS: pts, DTS: pts, Duration: duration,
		Captured: captured, Arrived: arrived, Key: true, Damaged: gap,
	})
}

// maxQueue is the maximum number of packets queued while the source is being opened;
// beyond it, the oldest is dropped.
const maxQueue = 1024

func (s *source) put(p *capture.Packet) {
	if len(s.queue) >= maxQueue {
		s.queue = slices.Delete(s.queue, 0, 1)
		s.stats.Overflow++
	}
	s.queue = append(s.queue, p)
}
