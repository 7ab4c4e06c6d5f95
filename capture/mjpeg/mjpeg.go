// Package mjpeg receives Motion JPEG over HTTP and HTTPS: it answers Basic and
// Digest challenges, finds the JPEG frames in whatever a camera sends, and keeps the
// newest.
package mjpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/tlsverify"
	"rvo-tui/internal/text"
)

// Open is the capture.Opener of capture.KindHTTP: a stream of JPEG frames over HTTP or
// HTTPS, as multipart/x-mixed-replace. User and password of the address answer
// Basic and Digest challenges. Proxies are not used: cameras are near.
//
// A goroutine reads the network and keeps the newest frame alone, so that
// nothing queues up in the kernel; the older ones count as skipped (Skipper).
// Frames may have an X-Timestamp header, in seconds, which becomes their
// presentation time.
func Open(ctx context.Context, cfg capture.Config, addr capture.Address) (capture.Source, error) {
	fail := func(err error) (capture.Source, error) {
		return nil, fmt.Errorf("open source %s: %w", text.Redact(addr.URL), err)
	}
	target, err := url.Parse(addr.URL)
	if err != nil {
		return fail(errors.New("the address is malformed"))
	}
	user := target.User
	target.User = nil // or it would show up in errors and be sent unasked
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
		MaxIdleConnsPerHost:    1, // the challenge and the answer share a connection
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
	s := &mjpegSource{
		cfg: cfg, cancel: cancel, body: resp.Body, transport: transport,
		fresh: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	go s.receive(what)
	return s, nil
}

// mjpegSource is one open MJPEG stream. Its receiver fills the slot, Grab empties
// it; three buffers go round between them.
type mjpegSource struct {
	cfg       capture.Config
	cancel    context.CancelFunc
	body      io.ReadCloser
	transport *http.Transport

	// The reader of the source owns these.
	cur           part
	width, height int // of the frame in cur
	lastPTS       time.Duration
	timer         *time.Timer

	skipped atomic.Uint64
	fresh   chan struct{} // the slot has been filled
	ended   chan struct{} // the receiver has ended, and wrote err before

	mu   sync.Mutex // guards slot and full
	slot part
	full bool

	err error
}

// part is one frame as it came.
type part struct {
	data    []byte
	stamp   capture.Stamp
	tooLong bool
}

// receive reads frames off the network until the stream ends.
func (s *mjpegSource) receive(what content) {
	defer close(s.ended)
	split := newSplitter(s.body)
	var p part
	for frames := 0; ; frames++ {
		data, err := split.next(p.data)
		p.data, p.tooLong = data, errors.Is(err, errPartTooLong)
		if err != nil && !p.tooLong {
			if s.err = err; what == contentImage && frames <= 1 && ended(err) {
				s.err = errSingleImage
			}
			return
		}
		p.stamp = capture.Stamp{Arrived: time.Now()}
		p.stamp.PTS, p.stamp.HasPTS = split.timestamp()
		p = s.put(p)
		select {
		case s.fresh <- struct{}{}:
		default:
		}
	}
}

// put fills the slot and returns a part whose buffer is free.
func (s *mjpegSource) put(p part) part {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full {
		s.skipped.Add(1)
	}
	p, s.slot, s.full = s.slot, p, true
	return p
}

// take empties the slot into cur.
func (s *mjpegSource) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.full {
		return false
	}
	s.cur, s.slot, s.full = s.slot, s.cur, false
	return true
}

func (s *mjpegSource) Grab() (capture.Stamp, error) {
	if err := s.await(); err != nil {
		return capture.Stamp{}, err
	}
	if s.cur.tooLong {
		return capture.Stamp{}, &capture.CorruptError{Err: errPartTooLong}
	}
	width, height, err := jpegSize(s.cur.data)
	if err != nil {
		return capture.Stamp{}, &capture.CorruptError{Err: err}
	}
	s.width, s.height = width, height
	stamp := s.cur.stamp
	if stamp.HasPTS {
		// A time that stands still is not one: some servers write a constant.
		stamp.HasPTS = stamp.PTS != s.lastPTS
		s.lastPTS = stamp.PTS
	}
	return stamp, nil
}

// await returns when there is a new frame in cur.
func (s *mjpegSource) await() error {
	if s.take() {
		return nil
	}
	timeout := time.Duration(s.cfg.StallTimeout)
	if s.timer == nil {
		s.timer = time.NewTimer(timeout)
	} else {
		s.timer.Reset(timeout)
	}
	defer s.timer.Stop()
	for {
		select {
		case <-s.fresh:
			if s.take() {
				return nil
			}
		case <-s.ended:
			if s.take() {
				return nil
			}
			if ended(s.err) {
				return errors.New("the server ended the stream")
			}
			return fmt.Errorf("read stream: %w", s.err)
		case <-s.timer.C:
			return fmt.Errorf("no frame for %v (stall_timeout): %w", timeout, os.ErrDeadlineExceeded)
		}
	}
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

func (s *mjpegSource) Retrieve(dst []byte) error {
	width, height := s.Size()
	if len(dst) != width*height*3 {
		return capture.ErrSizeChanged
	}
	if err := decodeJPEG(dst, s.cur.data, width, height); err != nil {
		return &capture.CorruptError{Err: err}
	}
	return nil
}

func (s *mjpegSource) Size() (width, height int) { return capture.OutputSize(s.cfg, s.width, s.height) }

func (s *mjpegSource) Live() bool { return true }

func (s *mjpegSource) Skipped() uint64 { return s.skipped.Swap(0) }

func (s *mjpegSource) Close() error {
	s.cancel()
	err := s.body.Close()
	<-s.ended
	s.transport.CloseIdleConnections()
	return err
}
