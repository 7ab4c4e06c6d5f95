package rtsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/pion/rtp"

	"rvo-tui/capture"
)

// teardownTimeout is how long Close waits for the response to TEARDOWN. Closing
// earlier, while data is still arriving, would reset the connection before the camera
// has read the request.
const teardownTimeout = 500 * time.Millisecond

// silence is how long no datagram may arrive before a warning is logged.
const silence = 2 * time.Second

// Stats counts the faults of one connection.
type Stats struct {
	Lost     uint64 // RTP packets that never arrived
	Late     uint64 // RTP packets that were duplicate or too late
	Foreign  uint64 // datagrams that belong to no track
	Broken   uint64 // sound packets that cannot be parsed
	TooLarge uint64 // frames larger than 16 MiB
	Overflow uint64 // packets and datagrams dropped because a queue was full
	Jumps    uint64 // jumps of RTP timestamps
}

// source is an open stream. It belongs to one goroutine.
type source struct {
	client
	log       capture.Logger
	noSound   bool
	base, uri string
	receivers []*receiver // video, and sound if there is any
	queue     []*capture.Packet
	scratch   rtp.Packet
	unwatch   func()

	zero    time.Time // presentation time 0
	stamper capture.Stamper
	offset  time.Duration // for video: camera time - presentation time
	related bool          // offset is known
	ssrc    uint32
	goodbye bool
	closed  bool

	silentAt time.Time // when to warn that no datagrams arrive; zero: never
	aliveAt  time.Time // when to send the next keep-alive
	reportAt time.Time // when to send the next receiver reports
	stats    Stats
}

// watch interrupts a pending read when the context ends.
func (s *source) watch() {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(s.ctx, func() {
		_ = s.wire.SetReadDeadline(time.Unix(1, 0))
		close(interrupted)
	})
	s.unwatch = func() {
		if !stop() {
			<-interrupted
		}
	}
}

// Tracks returns the tracks as described at opening.
func (s *source) Tracks() []*capture.Track {
	var out []*capture.Track
	for _, r := range s.receivers {
		out = append(out, r.first)
	}
	return out
}

// Live returns true.
func (s *source) Live() bool { return true }

// Read waits for the next packet, without a time limit of its own.
func (s *source) Read() (*capture.Packet, error) {
	for {
		if len(s.queue) > 0 {
			p := s.queue[0]
			s.queue = slices.Delete(s.queue, 0, 1)
			return p, nil
		}
		if err := s.step(); err != nil {
			return nil, fmt.Errorf("read: %w", err)
		}
	}
}

// step handles one message or packet, or performs a due task.
func (s *source) step() error {
	now := time.Now()
	if err := s.chores(now); err != nil || len(s.queue) > 0 {
		return err
	}
	e := s.next(s.wake())
	switch {
	case errors.Is(e.err, os.ErrDeadlineExceeded):
		return nil
	case e.err != nil:
		return e.err
	case e.msg != nil:
		return s.heed(e.msg)
	}
	s.take(e)
	if s.goodbye {
		return fmt.Errorf("the camera ended the stream: %w", io.ErrUnexpectedEOF)
	}
	return nil
}

// take handles data of a channel.
func (s *source) take(e event) {
	now := time.Now()
	for _, r := range s.receivers {
		switch e.channel {
		case r.rtp:
			s.data(r, e.data, now)
			return
		case r.rtcp:
			s.control(r, e.data, now)
			return
		}
	}
	s.stats.Foreign++
}

// heed handles a message that no request is waiting for.
func (s *source) heed(msg *message) error {
	switch {
	case msg.method == "REDIRECT" || msg.method == "TEARDOWN":
		return fmt.Errorf("the camera ended the session: %w", io.ErrUnexpectedEOF)
	case msg.method != "":
		return s.answer(msg)
	case msg.status == 454:
		return s.refused(msg.status)
	case msg.status == 401:
		if s.login.Challenge(msg.header["www-authenticate"]) {
			s.aliveAt = time.Now()
		}
	case msg.status >= 400 && s.getParameter:
		s.getParameter = false // announced, but not supported
		s.aliveAt = time.Now()
	case msg.status == 200:
		s.login.Accept()
	}
	return nil
}

// wake returns when the next task is due.
func (s *source) wake() time.Time {
	at := s.aliveAt
	if s.reportAt.Before(at) {
		at = s.reportAt
	}
	if !s.silentAt.IsZero() && s.silentAt.Before(at) {
		at = s.silentAt
	}
	for _, r := range s.receivers {
		if due, held := r.seq.due(); held && due.Before(at) {
			at = due
		}
	}
	return at
}

// chores performs the tasks that are due.
func (s *source) chores(now time.Time) error {
	if !now.Before(s.aliveAt) {
		s.aliveAt = now.Add(s.aliveEvery())
		if err := s.keepAlive(s.uri); err != nil {
			return err
		}
	}
	if !now.Before(s.reportAt) {
		s.reportAt = now.Add(reportEvery)
		if err := s.sendReports(now); err != nil {
			return err
		}
	}
	if !s.silentAt.IsZero() && !now.Before(s.silentAt) {
		s.silentAt = time.Time{}
		if s.zero.IsZero() {
			s.log.Warn("no data arrives over UDP: allow it in the firewall, or set transport = \"tcp\"", "camera", s.cfg.Name)
		}
	}
	for _, r := range s.receivers {
		if due, held := r.seq.due(); held && !now.Before(due) {
			r.seq.flush()
		}
	}
	return nil
}

// aliveEvery is the keep-alive interval, well below the session timeout.
func (s *source) aliveEvery() time.Duration {
	return min(max(s.timeout/2, time.Second/2), 30*time.Second)
}

// Stats returns the faults counted so far.
func (s *source) Stats() Stats {
	out := s.stats
	for _, r := range s.receivers {
		out.Lost += r.seq.lost
		out.Late += r.seq.late
		out.Jumps += r.line.jumps
		if r.video != nil {
			out.TooLarge += r.video.tooLarge
		}
	}
	if s.udpIn != nil {
		out.Overflow += s.udpIn.overflow()
	}
	return out
}

// Close ends the session with TEARDOWN, even after an error, and waits at most half a
// second for the response. It is idempotent.
func (s *source) Close() error {
	if s.wire == nil || s.closed {
		return nil
	}
	s.closed = true
	s.unwatch()
	if s.session != "" && !s.broken {
		// The context may be done, and further data is not needed.
		s.ctx = context.Background()
		s.onData = func(event) {}
		_, _ = s.do(time.Now().Add(teardownTimeout), "TEARDOWN", s.uri)
	}
	err := s.wire.Close()
	if s.udpIn != nil {
		s.udpIn.close()
	}
	if stats := s.Stats(); stats != (Stats{}) {
		s.log.Debug("stream had faults", "camera", s.cfg.Name, "counts", fmt.Sprintf("%+v", stats))
	}
	return err
}
