package device

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"rvo-tui/capture"
)

// camera is an open device. It belongs to one goroutine.
type camera interface {
	// Start sets the mode and the rate (0: the device's default) and starts streaming.
	Start(m Mode, fps float64) error
	// Wait waits for a frame for at most one second, and reports whether there is one.
	Wait() (bool, error)
	// Frame returns the frame, which is valid until Release. EAGAIN means that there is
	// none after all.
	Frame() (data []byte, buffer uint32, err error)
	Release(buffer uint32) error
	Close() error
}

// stream reads the frames of an open device.
type stream struct {
	ctx    context.Context
	cam    camera
	mode   Mode
	stall  time.Duration
	misses int // consecutive frames that were announced but missing
}

// maxMisses is the maximum of misses: an unplugged device may announce frames forever
// without delivering any.
const maxMisses = 100

// next waits for a frame and passes it to use, which must not keep it.
func (s *stream) next(use func(data []byte, arrived time.Time) error) error {
	began := time.Now()
	for {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		there, err := s.cam.Wait()
		switch {
		case err != nil:
			return fmt.Errorf("wait for a frame: %w", err)
		case !there && time.Since(began) >= s.stall:
			return fmt.Errorf("no frame for %v (stall_timeout): %w", s.stall, os.ErrDeadlineExceeded)
		case !there:
			continue
		}
		data, buffer, err := s.cam.Frame()
		switch {
		case errors.Is(err, syscall.EAGAIN) && s.misses < maxMisses:
			s.misses++
			continue
		case errors.Is(err, syscall.ENODEV):
			return errors.New("the device was unplugged")
		case err != nil:
			return fmt.Errorf("read a frame: %w", err)
		}
		s.misses = 0
		err = use(data, time.Now())
		if bad := s.cam.Release(buffer); bad != nil {
			return fmt.Errorf("return a buffer: %w", bad)
		}
		return err
	}
}

func (s *stream) Live() bool { return true }

func (s *stream) Close() error { return s.cam.Close() }

// packets is the capture.PacketSource of a device that sends coded frames.
type packets struct {
	stream
	track *capture.Track
	began time.Time
}

func (p *packets) Tracks() []*capture.Track { return []*capture.Track{p.track} }

// Read returns the next frame. It is timed by arrival, because devices provide no
// usable timestamps.
func (p *packets) Read() (*capture.Packet, error) {
	var out *capture.Packet
	err := p.next(func(data []byte, arrived time.Time) error {
		if len(data) == 0 {
			return &capture.CorruptError{Err: errors.New("the frame is empty")}
		}
		at := arrived.Sub(p.began)
		out = &capture.Packet{Track: p.track, Data: append([]byte(nil), data...), PTS: at, DTS: at, Arrived: arrived}
		out.Key = p.track.Codec == capture.MJPEG || hasIDR(data)
		return nil
	})
	return out, err
}

// hasIDR reports whether an access unit (Annex B) contains an IDR frame.
func hasIDR(data []byte) bool {
	for i := 0; i+3 < len(data); i++ {
		if data[i] == 0 && data[i+1] == 0 && data[i+2] == 1 && data[i+3]&0x1f == 5 {
			return true
		}
	}
	return false
}

// pixels is the capture.Source of a device that sends raw frames.
type pixels struct {
	stream
	frame []byte
}

func (p *pixels) Grab() (capture.Stamp, error) {
	var stamp capture.Stamp
	err := p.next(func(data []byte, arrived time.Time) error {
		if want := rawBytes(p.mode); len(data) != want {
			return &capture.CorruptError{Err: fmt.Errorf("%d bytes are not a %s frame of %dx%d", len(data), p.mode.Format, p.mode.Width, p.mode.Height)}
		}
		p.frame = append(p.frame[:0], data...)
		stamp.Arrived = arrived
		return nil
	})
	return stamp, err
}

func (p *pixels) Retrieve(dst []byte) error {
	if len(dst) != p.mode.area()*3 {
		return capture.ErrSizeChanged
	}
	toBGR(dst, p.frame, p.mode)
	return nil
}

func (p *pixels) Size() (width, height int) { return p.mode.Width, p.mode.Height }

// start starts streaming. It returns a capture.PacketSource if the device sends coded
// frames, and otherwise a capture.Source of pixels. On an error it closes the device.
func start(ctx context.Context, cam camera, modes []Mode, cfg capture.Config) (capture.Connection, error) {
	m, ok := pick(modes, cfg.Width, cfg.Height, cfg.FPS)
	if !ok {
		cam.Close()
		return nil, fmt.Errorf("%w: the device sends only %s", capture.ErrUnsupported, formatsOf(modes))
	}
	if err := cam.Start(m, cfg.FPS); err != nil {
		cam.Close()
		if errors.Is(err, syscall.EBUSY) {
			return nil, fmt.Errorf("another program uses it: %w", err)
		}
		return nil, err
	}
	s := stream{ctx: ctx, cam: cam, mode: m, stall: time.Duration(cfg.StallTimeout)}
	if !coded(m.Format) {
		return &pixels{stream: s}, nil
	}
	track := &capture.Track{Video: true, Codec: capture.MJPEG, Width: m.Width, Height: m.Height}
	if m.Format == "H264" {
		track.Codec = capture.H264
	}
	return &packets{stream: s, track: track, began: time.Now()}, nil
}

func formatsOf(modes []Mode) string {
	var names []string
	for _, m := range modes {
		if !slices.Contains(names, m.Format) {
			names = append(names, m.Format)
		}
	}
	return strings.Join(names, ", ")
}
