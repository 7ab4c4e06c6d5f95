package rtsp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/login"
	"rvo-tui/internal/text"
)

// Options are the settings of Open other than the camera's configuration.
type Options struct {
	// Log receives notes about the stream, such as redirects and tracks that are not
	// received.
	Log capture.Logger
	// NoSound leaves sound out: its track is not set up.
	NoSound bool

	dial dialer // nil: TCP
}

// Open opens a stream within cfg.OpenTimeout. The context covers its whole life. Errors
// say what to do. They contain no password and no text from the server.
func Open(ctx context.Context, cfg capture.Config, addr capture.Address, o Options) (capture.PacketSource, error) {
	s, err := open(ctx, cfg, addr, o)
	if err != nil {
		return nil, fmt.Errorf("open stream %s: %w", text.Redact(addr.URL), err)
	}
	return s, nil
}

func open(ctx context.Context, cfg capture.Config, addr capture.Address, o Options) (*source, error) {
	if o.dial == nil {
		o.dial = dialTCP
	}
	limit := time.Duration(cfg.OpenTimeout)
	until := time.Now().Add(limit)
	to, user, err := parse(addr.URL)
	if err != nil {
		return nil, err
	}
	given, withheld := login.New(user), ""
	owner := to.host
	for redirects := 0; ; redirects++ {
		s := newSource(ctx, cfg, o)
		s.addr, s.login, s.withheld = to, given, withheld
		s.udp = s.udp && !to.secure // UDP would not be encrypted
		next, theirs, err := s.open(until, o)
		if err == nil && next == nil {
			return s, nil
		}
		_ = s.Close() // the server may have closed it already
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded):
			return nil, fmt.Errorf("no answer within %v: %w", limit, os.ErrDeadlineExceeded)
		case err != nil:
			return nil, err
		case redirects == maxRedirects:
			return nil, fmt.Errorf("the camera redirects more than %d times, at last to %s: give the address of the stream itself", maxRedirects, next.host)
		}
		o.Log.Info("the camera redirects", "camera", cfg.Name, "to", text.Redact(next.base))
		// The login is only for the host that it was given for.
		to, given, withheld = *next, theirs, ""
		switch {
		case given != nil:
		case to.host == owner:
			given = login.New(user)
		case user != nil:
			withheld = owner
		}
	}
}

func newSource(ctx context.Context, cfg capture.Config, o Options) *source {
	s := &source{
		client: client{cfg: cfg, ctx: ctx, udp: cfg.Transport == "udp", timeout: time.Minute},
		log:    o.Log, noSound: o.NoSound, ssrc: rand.Uint32(), stamper: capture.Stamper{Camera: cfg.Clock},
	}
	s.onData = s.take
	return s
}

// open connects, describes the stream and starts playing, or returns where the camera
// redirects to.
func (s *source) open(until time.Time, o Options) (*address, *login.Login, error) {
	ctx, cancel := context.WithDeadline(s.ctx, until)
	defer cancel()
	if err := s.connect(ctx, o.dial); err != nil {
		return nil, nil, err
	}
	s.watch()
	for _, step := range []func(time.Time) (*message, error){s.options, s.describe, s.setup, s.play} {
		msg, err := step(until)
		if err != nil {
			return nil, nil, err
		}
		if msg != nil {
			if to, theirs, err := s.redirected(msg); to != nil || err != nil {
				return to, theirs, err
			}
			return nil, nil, s.refused(msg.status)
		}
	}
	return nil, nil, nil
}

// options asks which methods the server supports. An error status is ignored, because
// some servers do not implement OPTIONS. Like the other steps, it returns an
// unsuccessful response.
func (s *source) options(until time.Time) (*message, error) {
	msg, err := s.do(until, "OPTIONS", s.addr.String())
	if err != nil {
		return nil, err
	}
	s.takeSession(msg)
	public := strings.ToUpper(strings.Join(msg.header["public"], ","))
	s.getParameter = strings.Contains(public, "GET_PARAMETER")
	switch msg.status {
	case 200, 400, 404, 405, 454, 501, 551:
		return nil, nil
	}
	return msg, nil
}

// describe requests the list of tracks.
func (s *source) describe(until time.Time) (*message, error) {
	msg, err := s.do(until, "DESCRIBE", s.addr.String(), "Accept: application/sdp")
	if err != nil || msg.status != 200 {
		return msg, err
	}
	s.base = msg.header.get("content-base")
	if s.base == "" {
		s.base = msg.header.get("content-location")
	}
	tracks, control, unknown, err := parseSDP(msg.body)
	if err != nil {
		return nil, err
	}
	video, sound, err := choose(tracks, unknown)
	if err != nil {
		return nil, err
	}
	s.uri = s.addr.resolve(s.base, control)
	for _, m := range []*media{video, sound} {
		if m == nil || m == sound && s.noSound {
			continue
		}
		if r := newReceiver(*m); r != nil {
			s.own(r)
		} else {
			s.log.Info("sound left out: its format is not supported", "camera", s.cfg.Name)
		}
	}
	return nil, nil
}

// setup sets up each track. If sound is refused, the stream continues without it.
func (s *source) setup(until time.Time) (*message, error) {
	if s.udp {
		s.udpIn = newUDPReceiver(s.wire)
	}
	for i, r := range s.receivers {
		transport := fmt.Sprintf("Transport: RTP/AVP/TCP;unicast;interleaved=%d-%d", 2*i, 2*i+1)
		if s.udp {
			port, err := s.udpIn.open()
			if err != nil {
				return nil, err
			}
			transport = fmt.Sprintf("Transport: RTP/AVP;unicast;client_port=%d-%d", port, port+1)
		}
		msg, err := s.do(until, "SETUP", s.trackURI(r), transport)
		if err != nil {
			return nil, err
		}
		if msg.status != 200 {
			if r.video == nil {
				s.log.Info("the camera refuses to send sound", "camera", s.cfg.Name, "status", msg.status)
				s.receivers = s.receivers[:i]
				break
			}
			return msg, nil
		}
		s.takeSession(msg)
		if err := s.placed(r, i, parameters(msg.header.get("transport"))); err != nil {
			return nil, err
		}
	}
	if s.udp {
		s.unwatch() // from here on the UDP receiver does the waiting
		s.unwatch = func() {}
		return nil, s.udpIn.run()
	}
	return nil, nil
}

// trackURI returns the address of a track.
func (s *source) trackURI(r *receiver) string {
	base := s.uri
	if !strings.Contains(r.control, "://") && s.base != "" {
		base = s.base
	}
	return s.addr.resolve(base, r.control)
}

// placed handles the server's transport parameters for a track.
func (s *source) placed(r *receiver, i int, transport map[string]string) error {
	r.seq.hold = s.udp
	r.rtp, r.rtcp = 2*i, 2*i+1
	if s.udp {
		if _, tcp := transport["interleaved"]; tcp {
			return errors.New(`the camera supports only TCP: set transport = "tcp"`)
		}
		first, second := pair(transport["server_port"])
		s.udpIn.meet(transport["source"], first, second)
		return nil
	}
	if ports, ok := transport["interleaved"]; ok {
		if r.rtp, r.rtcp = pair(ports); r.rtp < 0 || r.rtp > 255 || r.rtcp > 255 {
			return errors.New("the camera responded with invalid channel numbers")
		}
	} else if _, udp := transport["client_port"]; udp {
		return errors.New(`the camera supports only UDP: set transport = "udp"`)
	}
	return nil
}

// pair parses "4-5", or "4", which stands for "4-5".
func pair(text string) (first, second int) {
	a, b, both := strings.Cut(text, "-")
	first, err := strconv.Atoi(a)
	if err != nil || first < 0 {
		return -1, -1
	}
	if second, err = strconv.Atoi(b); !both || err != nil || second < 0 {
		second = first + 1
	}
	return first, second
}

// play starts the stream.
func (s *source) play(until time.Time) (*message, error) {
	msg, err := s.do(until, "PLAY", s.uri, "Range: npt=0.000-")
	if err != nil || msg.status != 200 {
		return msg, err
	}
	s.takeSession(msg)
	s.stamper.Transit = min(s.rtt/2, maxTransit)
	now := time.Now()
	s.aliveAt, s.reportAt = now.Add(s.aliveEvery()), now.Add(reportEvery)
	if s.udp {
		s.silentAt = now.Add(silence)
	}
	return nil, nil
}

// maxTransit is the maximum plausible value of half the round-trip time.
const maxTransit = 500 * time.Millisecond
