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

// teardownTimeout is how long Close waits for the answer to TEARDOWN. Without it,
// data still arriving would reset the connection before the camera has read the
// request.
const teardownTimeout = 500 * time.Millisecond

// silence is how long no datagram may come before a warning is logged.
const silence = 2 * time.Second

// Stats counts what went wrong on one connection.
type Stats struct {
	Lost     uint64 // RTP packets that never came
	Late     uint64 // RTP packets that came twice or too late
	Foreign  uint64 // datagrams that belong to no track
	Broken   uint64 // sound that cannot be read
	TooLarge uint64 // frames of more than 16 MiB
	Overflow uint64 // packets and datagrams dropped because a queue was full
	Jumps    uint64 // of RTP times
}

// source is an open stream. One goroutine uses it.
type source struct {
	client
	log       capture.Logger
	noSound   bool
	base, uri string
	receivers []*receiver // of the video, and of the sound where there is one
	queue     []*capture.Packet
	scratch   rtp.Packet
	unwatch   func()

	zero    time.Time // presentation time 0
	stamper capture.Stamper
	offset  time.Duration // of the video: camera time - presentation time
	related bool          // offset is known
	ssrc    uint32
	goodbye bool
	closed  bool

	silentAt time.Time // when to warn that no datagrams come; zero: never
	aliveAt  time.Time // when the session is to be kept alive
	reportAt time.Time // when receiver reports are due
	stats    Stats
}

// watch has the end of the context interrupt a read that waits.
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

// Tracks returns what the description said of the tracks.
func (s *source) Tracks() []*capture.Track {
	var out []*capture.Track
	for _, r := range s.receivers {
		out = append(out, r.first)
	}
	return out
}

// Live is true.
func (s *source) Live() bool { return true }

// Read waits for the next packet. It does not limit how long.
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

// step handles one message or packet, or does what is due.
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

// take takes data of a channel in.
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

// heed handles a message that no request waits for.
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
		s.getParameter = false // it was promised, and is not kept
		s.aliveAt = time.Now()
	case msg.status == 200:
		s.login.Accept()
	}
	return nil
}

// wake returns when something is due.
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

// chores does what is due.
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
			s.log.Warn("nothing comes by UDP: allow it in the firewall, or set transport = \"tcp\"", "camera", s.cfg.Name)
		}
	}
	for _, r := range s.receivers {
		if due, held := r.seq.due(); held && !now.Before(due) {
			r.seq.flush()
		}
	}
	return nil
}

// aliveEvery is how often the session is kept alive: well before it expires.
func (s *source) aliveEvery() time.Duration {
	return min(max(s.timeout/2, time.Second/2), 30*time.Second)
}

// Stats returns what was not as it should be so far.
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

// Close ends the session with TEARDOWN, whatever ended before, and waits at most
// half a second for the answer. It is idempotent.
func (s *source) Close() error {
	if s.wire == nil || s.closed {
		return nil
	}
	s.closed = true
	s.unwatch()
	if s.session != "" && !s.broken {
		// The context may be done, and what comes is of no more interest.
		s.ctx = context.Background()
		s.onData = func(event) {}
		_, _ = s.do(time.Now().Add(teardownTimeout), "TEARDOWN", s.uri)
	}
	err := s.wire.Close()
	if s.udpIn != nil {
		s.udpIn.close()
	}
	if stats := s.Stats(); stats != (Stats{}) {
		s.log.Debug("stream was received with faults", "camera", s.cfg.Name, "counts", fmt.Sprintf("%+v", stats))
	}
	return err
}
