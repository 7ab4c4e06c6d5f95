// Package mjpeg receives Motion JPEG over HTTP and HTTPS. It answers Basic and Digest
// challenges and finds the JPEG frames in the response.
package mjpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/tlsverify"
	"rvo-tui/internal/text"
)

// Open is the capture.Opener of capture.KindHTTP: a stream of JPEG frames over HTTP or
// HTTPS, as multipart/x-mixed-replace or common variants of it. It answers Basic and
// Digest challenges with the address's user and password. It uses no proxy, because
// cameras are on the local network.
//
// Frames may have an X-Timestamp header in seconds, which becomes their presentation
// time.
func Open(ctx context.Context, cfg capture.Config, addr capture.Address) (capture.PacketSource, error) {
	fail := func(err error) (capture.PacketSource, error) {
		return nil, fmt.Errorf("open source %s: %w", text.Redact(addr.URL), err)
	}
	target, err := url.Parse(addr.URL)
	if err != nil {
		return fail(errors.New("the address is malformed"))
	}
	user := target.User
	target.User = nil // otherwise it would show up in errors and be sent without a challenge
	tlsConfig, err := tlsverify.Config(target.Hostname(), cfg.TLS)
	if err != nil {
		return fail(err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	cancel := func() { stop(nil) }
	limit := time.AfterFunc(time.Duration(cfg.OpenTimeout), func() { stop(os.ErrDeadlineExceeded) })
	plain, encrypted := dialers(tlsConfig)
	transport := &http.Transport{
		DialContext:            plain,
		DialTLSContext:         encrypted,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    1, // so that the answer to a challenge reuses the connection
		MaxResponseHeaderBytes: maxResponseHead,
	}
	client := &http.Client{Transport: transport, CheckRedirect: sameHost}
	resp, err := request(ctx, client, target, user)
	var what content
	if err == nil {
		if what, err = judge(resp, user); err != nil {
			resp.Body.Close()
		}
	}
	if !limit.Stop() && err == nil {
		resp.Body.Close()
		err = os.ErrDeadlineExceeded
	}
	if err != nil {
		if errors.Is(context.Cause(ctx), os.ErrDeadlineExceeded) {
			err = fmt.Errorf("no answer within %v (open_timeout): %w", cfg.OpenTimeout, os.ErrDeadlineExceeded)
		}
		cancel()
		transport.CloseIdleConnections()
		return fail(tlsverify.Explain(err))
	}
	split := newSplitter(resp.Body)
	return &source{ctx: ctx, cancel: cancel, body: resp.Body, transport: transport, split: split, what: what, track: videoTrack(0, 0)}, nil
}

func videoTrack(width, height int) *capture.Track {
	return &capture.Track{Video: true, Codec: capture.MJPEG, Width: width, Height: height}
}

// source is one open stream.
type source struct {
	ctx       context.Context
	cancel    context.CancelFunc
	body      io.ReadCloser
	transport *http.Transport
	split     *splitter
	what      content

	track  *capture.Track
	frames int
	size   int // size of the last frame in bytes
	clock  clock
}

// Tracks returns the only track. Its size is known after the first packet.
func (s *source) Tracks() []*capture.Track { return []*capture.Track{s.track} }

// Read returns the next frame.
func (s *source) Read() (*capture.Packet, error) {
	data, err := s.split.next(make([]byte, 0, s.size+s.size/8+512))
	arrived := time.Now()
	switch {
	case errors.Is(err, errPartTooLong):
		return nil, &capture.CorruptError{Err: err}
	case err != nil && s.ctx.Err() != nil:
		return nil, s.ctx.Err()
	case err != nil && ended(err) && s.what == contentImage && s.frames <= 1:
		return nil, errSingleImage
	case err != nil && ended(err):
		return nil, errors.New("the server ended the stream")
	case err != nil:
		return nil, fmt.Errorf("read stream: %w", err)
	}
	s.frames++
	s.size = len(data)
	stamp, stamped := s.split.timestamp()
	pts := s.clock.next(arrived, stamp, stamped)
	width, height, err := jpegSize(data)
	if err != nil {
		return nil, &capture.CorruptError{Err: err}
	}
	if width != s.track.Width || height != s.track.Height {
		s.track = videoTrack(width, height)
	}
	return &capture.Packet{Track: s.track, Data: data, PTS: pts, DTS: pts, Arrived: arrived, Key: true}, nil
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// Live returns true.
func (s *source) Live() bool { return true }

// Close ends the connection.
func (s *source) Close() error {
	s.cancel()
	err := s.body.Close()
	s.transport.CloseIdleConnections()
	return err
}

// clock computes presentation times: from the server's timestamps while they advance,
// otherwise from arrival times.
type clock struct {
	pts     time.Duration
	stamp   time.Duration
	arrived time.Time
	begun   bool
	stamped bool // all frames so far had a timestamp
}

// maxStep is the longest plausible time between two frames.
const maxStep = time.Minute

func (c *clock) next(arrived time.Time, stamp time.Duration, stamped bool) time.Duration {
	if !c.begun {
		*c = clock{stamp: stamp, arrived: arrived, begun: true, stamped: stamped}
		return 0
	}
	step := arrived.Sub(c.arrived)
	c.stamped = c.stamped && stamped && stamp > c.stamp && stamp-c.stamp < maxStep
	if c.stamped {
		step = stamp - c.stamp
	}
	c.pts, c.stamp, c.arrived = c.pts+step, stamp, arrived
	return c.pts
}
