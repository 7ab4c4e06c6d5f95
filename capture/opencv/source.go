//go:build cgo

package opencv

/*
#cgo CXXFLAGS: -std=c++17 -O2 -Wall
#cgo LDFLAGS: -Wl,--as-needed -ldl
#cgo pkg-config: opencv4 libavcodec libavformat libavutil libswscale
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"
	"unsafe"

	"rvo-tui/capture"
)

// The most pixels of a side that a picture may have. Above it a stream is held
// for broken, before anybody maps memory for it.
const maxSide = 16384

// errCutShort is how a file ends that its header promised to be longer.
var errCutShort = errors.New("the file is cut short or damaged: copy it again")

// source is one OpenCV capture. Its methods belong to one goroutine.
type source struct {
	cfg     capture.Config
	live    bool
	scaled  bool // to what cfg asks for, instead of the native size
	timeout time.Duration

	ctx           context.Context // its end makes FFmpeg give up
	unwatch       func()          // returns when nobody else uses c any more
	c             *C.rvo_capture
	why           [C.RVO_WHY]C.char
	width, height int // native
	fps           float64
	frames        float64 // of a file, as its header says
	grabbed       float64
	pts           time.Duration
	overdue       bool // the last picture came only when the timeout was over
}

type options struct {
	device        int // below 0: uri
	uri           string
	open, read    time.Duration
	accel         int
	width, height int
	fps           float64
	fourcc        uint32
}

// open opens a capture and returns what decodes it. Its error is what FFmpeg
// logged, and may hold a password.
func (s *source) open(ctx context.Context, o options) (accel int, log string) {
	uri := C.CString(o.uri)
	defer C.free(unsafe.Pointer(uri))
	transport := C.CString(cmp.Or(s.cfg.Transport, "tcp"))
	defer C.free(unsafe.Pointer(transport))
	in := C.rvo_options{
		device: C.int(o.device), uri: uri, transport: transport,
		open_ms: C.int(o.open.Milliseconds()), read_ms: C.int(o.read.Milliseconds()),
		accel: C.int(o.accel),
		width: C.int(o.width), height: C.int(o.height), fps: C.double(o.fps), fourcc: C.int(o.fourcc),
	}
	var info C.rvo_info
	live := C.int(0)
	if s.live {
		live = 1
	}
	if s.c = C.rvo_new(live, &s.why[0]); s.c == nil {
		return 0, C.GoString(&s.why[0])
	}
	s.ctx = ctx
	s.watch()
	if C.rvo_open(s.c, &in, &info, &s.why[0]) != C.RVO_OK {
		log = C.GoString(&s.why[0])
		s.Close()
		return 0, log
	}
	s.width, s.height = int(info.width), int(info.height)
	s.fps, s.frames = float64(info.fps), float64(info.frames)
	return int(info.accel), ""
}

// watch makes FFmpeg give up when the context ends.
func (s *source) watch() {
	c, stopped := s.c, make(chan struct{})
	stop := context.AfterFunc(s.ctx, func() {
		C.rvo_stop(c)
		close(stopped)
	})
	s.unwatch = func() {
		if !stop() {
			<-stopped
		}
	}
}

// Grab reads and decodes the next picture; what Retrieve adds is the conversion
// to BGR. On FFmpeg's side it returns within the stall timeout. A device
// returns within V4L2's own ten seconds.
func (s *source) Grab() (capture.Stamp, error) {
	began := time.Now()
	var ms C.double
	switch C.rvo_grab(s.c, &ms, &s.why[0]) {
	case C.RVO_OK:
		now := time.Now()
		s.overdue = late(now.Sub(began), s.timeout)
		return s.stamp(float64(ms), now), nil
	case C.RVO_NONE:
		return capture.Stamp{}, s.ended(time.Since(began))
	}
	return capture.Stamp{}, fmt.Errorf("read: %s", cleanLine(C.GoString(&s.why[0])))
}

// stamp counts a picture and says when it was taken. A file without times is
// played at its nominal rate.
func (s *source) stamp(ms float64, now time.Time) capture.Stamp {
	has := !math.IsNaN(ms)
	if !has && !s.live {
		ms, has = s.grabbed*1000/cmp.Or(s.fps, 25), true
	}
	s.grabbed++
	if !has {
		return capture.Stamp{Arrived: now}
	}
	s.pts = time.Duration(ms * float64(time.Millisecond))
	return capture.Stamp{PTS: s.pts, HasPTS: true, Arrived: now}
}

// ended says why there is no further picture.
func (s *source) ended(waited time.Duration) error {
	if err := s.ctx.Err(); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	// On running into the timeout OpenCV may first give what its decoder held back.
	if late(waited, s.timeout) || s.overdue {
		return fmt.Errorf("read: no picture within %v: %w", s.timeout, os.ErrDeadlineExceeded)
	}
	log := lastLine(C.GoString(&s.why[0]))
	if s.live {
		if log != "" {
			log = " (" + log + ")"
		}
		return fmt.Errorf("read: the stream ended%s: %w", log, io.ErrUnexpectedEOF)
	}
	if cutShort(s.grabbed, s.frames, s.fps, s.pts) {
		return fmt.Errorf("read picture %.0f of %.0f: %w", s.grabbed+1, s.frames, errCutShort)
	}
	return io.EOF
}

// Retrieve converts the picture of the last Grab.
func (s *source) Retrieve(dst []byte) error {
	outW, outH := s.Size()
	if len(dst) < outW*outH*3 || len(dst) == 0 {
		return fmt.Errorf("retrieve picture: %d bytes are too few for %dx%d", len(dst), outW, outH)
	}
	w, h := C.int(s.width), C.int(s.height)
	switch C.rvo_retrieve(s.c, (*C.uchar)(unsafe.Pointer(&dst[0])), &w, &h, C.int(outW), C.int(outH), &s.why[0]) {
	case C.RVO_OK:
		return nil
	case C.RVO_RESIZED:
		if w > maxSide || h > maxSide {
			return fmt.Errorf("retrieve picture: %w: %dx%d is larger than %dx%d", capture.ErrUnsupported, w, h, maxSide, maxSide)
		}
		s.width, s.height = int(w), int(h)
		return capture.ErrSizeChanged
	}
	return &capture.CorruptError{Err: errors.New(cleanLine(C.GoString(&s.why[0])))}
}

// Size returns what the configuration makes of the stream's size.
func (s *source) Size() (width, height int) {
	if !s.scaled {
		return s.width, s.height
	}
	return capture.OutputSize(s.cfg, s.width, s.height)
}

// Live is false for files.
func (s *source) Live() bool { return s.live }

// Close ends the connection. It is idempotent.
func (s *source) Close() error {
	if s.c != nil {
		s.unwatch()
		C.rvo_close(s.c)
		s.c = nil
	}
	return nil
}
