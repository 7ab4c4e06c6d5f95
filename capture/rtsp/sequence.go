package rtsp

import (
	"time"

	"github.com/pion/rtp"
)

const (
	// maxHeld and maxHold limit the packets, and the time, that wait for an earlier
	// packet.
	maxHeld = 64
	maxHold = 100 * time.Millisecond
	// seqJump is a step of sequence numbers that means a new stream rather than loss.
	seqJump = 3000
	// restart is how many successive packets must be late, and for how long, to be a new
	// stream. A burst of duplicates is shorter.
	restart     = 16
	restartTime = 2 * maxHold
)

// sequencer reorders the packets of one RTP stream, drops duplicates, and reports gaps.
type sequencer struct {
	hold bool // wait for packets that may arrive out of order (UDP)
	// emit is called with each packet in order. gap means that packets before it are
	// missing.
	emit func(p *rtp.Packet, arrived time.Time, gap bool)

	begun    bool
	ssrc     uint32
	next     uint16 // next expected sequence number
	held     [maxHeld]*rtp.Packet
	arrivals [maxHeld]time.Time
	count    int
	since    time.Time // when holding started
	behind   uint16    // last late packet
	run      int       // successive late packets up to it, with none in order between them
	ran      time.Time // when the first of them arrived

	// Statistics for receiver reports (RFC 3550, section 6.4.1).
	cycles   uint32
	base     uint32
	received uint64
	lost     uint64 // never arrived
	late     uint64 // duplicate, or too late
}

// push adds a packet and emits the packets that are now in order.
func (s *sequencer) push(p *rtp.Packet, arrived time.Time) {
	s.received++
	step := int16(p.SequenceNumber - s.next)
	if step >= 0 {
		s.run = 0
	} else if s.run++; p.SequenceNumber != s.behind+1 {
		s.run = 1
	}
	if s.run == 1 {
		s.ran = arrived
	}
	s.behind = p.SequenceNumber
	if !s.begun || p.SSRC != s.ssrc || step > seqJump || step < -seqJump || s.run >= restart && arrived.Sub(s.ran) >= restartTime {
		again := s.begun
		s.flush()
		s.run = 0
		s.begun, s.ssrc, s.next = true, p.SSRC, p.SequenceNumber+1
		s.cycles, s.base, s.received, s.lost = 0, uint32(p.SequenceNumber), 1, 0
		s.emit(p, arrived, again)
		return
	}
	switch {
	case step < 0:
		s.late++
		return
	case step == 0:
		s.advance()
		s.emit(p, arrived, false)
		s.drain()
		return
	case !s.hold:
		s.skip(step)
		s.advance()
		s.emit(p, arrived, true)
		return
	}
	if int(step) >= maxHeld {
		s.flush()
		s.pass(p, arrived)
		return
	}
	slot := p.SequenceNumber % maxHeld
	if s.held[slot] != nil {
		s.late++
		return
	}
	if s.count == 0 {
		s.since = arrived
	}
	s.held[slot], s.arrivals[slot] = p, arrived
	s.count++
}

// pass emits a packet that is too far ahead to be held.
func (s *sequencer) pass(p *rtp.Packet, arrived time.Time) {
	step := int16(p.SequenceNumber - s.next)
	if step < 0 {
		s.late++
		return
	}
	s.skip(step)
	s.advance()
	s.emit(p, arrived, step > 0)
}

// advance advances by one packet.
func (s *sequencer) advance() {
	if s.next++; s.next == 0 {
		s.cycles++
	}
}

// skip gives up on n packets.
func (s *sequencer) skip(n int16) {
	s.lost += uint64(n)
	for range n {
		s.advance()
	}
}

// drain emits held packets up to the next gap.
func (s *sequencer) drain() {
	for s.count > 0 {
		slot := s.next % maxHeld
		p := s.held[slot]
		if p == nil {
			s.since = time.Now()
			return
		}
		s.held[slot] = nil
		s.count--
		s.advance()
		s.emit(p, s.arrivals[slot], false)
	}
}

// due returns when flush must be called.
func (s *sequencer) due() (time.Time, bool) { return s.since.Add(maxHold), s.count > 0 }

// flush gives up on missing packets and emits everything held.
func (s *sequencer) flush() {
	for s.count > 0 {
		missing := int16(0)
		for s.held[s.next%maxHeld] == nil {
			s.skip(1)
			missing++
		}
		slot := s.next % maxHeld
		p := s.held[slot]
		s.held[slot] = nil
		s.count--
		s.advance()
		s.emit(p, s.arrivals[slot], missing > 0)
	}
}

// highest returns the extended highest sequence number received.
func (s *sequencer) highest() uint32 {
	last := s.next - 1
	cycles := s.cycles
	if s.next == 0 {
		cycles-- // counted along with the next expected number
	}
	return cycles<<16 | uint32(last)
}

// expected returns how many packets should have arrived so far.
func (s *sequencer) expected() uint64 { return uint64(s.highest() - s.base + 1) }
