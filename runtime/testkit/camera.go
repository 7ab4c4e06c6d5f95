package testkit

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
	"rvo-tui/internal/text"
)

// Camera is a scripted camera. Its first frame comes First after opening, the others
// every Gap. After the last frame a live camera is silent, and a file ends. All pixels
// of a frame have the value of its number, which starts at 1. The zero value is a live
// camera of 16x12 pixels with 10 frames a second, without end. It must not change while
// a pipeline runs; Sent may be called at any time.
type Camera struct {
	Name    string
	First   time.Duration // 0: 10 ms
	Gap     time.Duration // 0: 100 ms
	Count   int           // number of frames; 0: unlimited
	File    bool          // frames are read at any speed, with presentation times that have the gaps
	Width   int           // 0: 16
	Height  int           // 0: 12
	Refused error         // error of every attempt to open it; nil: it opens

	sent atomic.Uint64
}

// Sent returns how many frames the camera has delivered, over all connections.
func (c *Camera) Sent() uint64 { return c.sent.Load() }

// Config returns the camera's configuration.
func (c *Camera) Config() capture.Config {
	cfg := capture.DefaultConfig()
	cfg.Name = c.Name
	cfg.Source = "synthetic:empty"
	if c.File {
		cfg.Source = c.Name + ".avi"
	}
	cfg.StallTimeout = text.Duration(5 * time.Minute)
	return cfg
}

// Drivers returns drivers that open the scripted cameras, by name. Other cameras with
// synthetic scenes are opened as usual.
func Drivers(list ...*Camera) capture.Drivers {
	byName := make(map[string]*Camera, len(list))
	for _, c := range list {
		byName[c.Name] = c
	}
	play := func(otherwise capture.Opener) capture.Opener {
		return func(ctx context.Context, cfg capture.Config, addr capture.Address) (capture.Connection, error) {
			if c := byName[cfg.Name]; c != nil {
				return c.open(ctx)
			}
			return otherwise(ctx, cfg, addr)
		}
	}
	return capture.Drivers{
		capture.KindSynthetic: play(capture.Opens(synthetic.Open)),
		capture.KindFile: play(func(context.Context, capture.Config, capture.Address) (capture.Connection, error) {
			return nil, errors.New("open file: no scripted camera has this name")
		}),
	}
}

func (c *Camera) open(ctx context.Context) (capture.Source, error) {
	if c.Refused != nil {
		return nil, c.Refused
	}
	s := &source{camera: c, ctx: ctx, opened: time.Now(), first: c.First, gap: c.Gap, width: c.Width, height: c.Height}
	for _, v := range []struct {
		v    *time.Duration
		unit time.Duration
	}{{&s.first, 10 * time.Millisecond}, {&s.gap, 100 * time.Millisecond}} {
		if *v.v == 0 {
			*v.v = v.unit
		}
	}
	if s.width == 0 {
		s.width = 16
	}
	if s.height == 0 {
		s.height = 12
	}
	return s, nil
}

// source is one connection to a Camera.
type source struct {
	camera        *Camera
	ctx           context.Context
	opened        time.Time
	first, gap    time.Duration
	width, height int
	n             int // frames delivered
}

func (s *source) Grab() (capture.Stamp, error) {
	pts := s.first + time.Duration(s.n)*s.gap
	over := s.camera.Count > 0 && s.n >= s.camera.Count
	switch {
	case over && s.camera.File:
		return capture.Stamp{}, io.EOF
	case over:
		<-s.ctx.Done()
		return capture.Stamp{}, s.ctx.Err()
	case !s.camera.File || s.n == 0:
		if err := s.until(s.opened.Add(pts)); err != nil {
			return capture.Stamp{}, err
		}
	}
	s.n++
	s.camera.sent.Add(1)
	return capture.Stamp{PTS: pts, HasPTS: s.camera.File, Arrived: time.Now()}, nil
}

func (s *source) until(at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

func (s *source) Retrieve(dst []byte) error {
	if len(dst) != s.width*s.height*3 {
		return capture.ErrSizeChanged
	}
	for i := range dst {
		dst[i] = byte(s.n)
	}
	return nil
}

func (s *source) Size() (width, height int) { return s.width, s.height }

func (s *source) Live() bool { return !s.camera.File }

func (s *source) Close() error { return nil }
