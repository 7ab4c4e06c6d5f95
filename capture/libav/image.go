//go:build cgo

package libav

/*
#include <stdlib.h>
#include "convert.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"rvo-tui/capture"
)

// image is a capture.Image: a reference to a frame in the decoder's own memory.
type image struct {
	scalers          *scalers
	f                *C.AVFrame
	info             C.rvo_frame_info
	rotation         int
	mirror           bool
	aspectN, aspectD int

	// Copy in memory of a hardware frame.
	download   sync.Once
	downloaded *C.AVFrame
	bad        error
}

// newImage takes ownership of f.
func newImage(f *C.AVFrame, t *capture.Track, s *scalers) (*image, error) {
	m := &image{scalers: s, f: f, rotation: t.Rotation, mirror: t.Mirror, aspectN: t.AspectNum, aspectD: t.AspectDen}
	C.rvo_frame_look(f, &m.info)
	if m.info.width > maxSide || m.info.height > maxSide {
		m.Free()
		return nil, fmt.Errorf("%w: frames of %dx%d", capture.ErrUnsupported, m.info.width, m.info.height)
	}
	if m.aspectN <= 0 || m.aspectD <= 0 {
		m.aspectN, m.aspectD = int(m.info.aspect_num), int(m.info.aspect_den)
	}
	return m, nil
}

// Size returns the display size.
func (m *image) Size() (width, height int) {
	return capture.DisplaySize(int(m.info.width), int(m.info.height), m.aspectN, m.aspectD, m.rotation)
}

// Format returns FFmpeg's name of the pixel format.
func (m *image) Format() string { return C.GoString(&m.info.format[0]) }

// Luma returns the luma plane.
func (m *image) Luma() (capture.Luma, bool) {
	info := m.info
	if info.surface != 0 {
		f, err := m.memory()
		if err != nil {
			return capture.Luma{}, false
		}
		C.rvo_frame_look(f, &info)
	}
	if info.luma == nil {
		return capture.Luma{}, false
	}
	l := capture.Luma{
		Pix:   unsafe.Slice((*byte)(info.luma), int(info.luma_size)),
		Width: int(info.width), Height: int(info.height),
		DX: int(info.step), DY: int(info.stride), Limited: info.limited != 0,
	}
	return l.Turn(m.rotation, m.mirror), true
}

// memory returns the frame in main memory.
func (m *image) memory() (*C.AVFrame, error) {
	if m.info.surface == 0 {
		return m.f, nil
	}
	m.download.Do(func() {
		m.bad = errors.New("copy a frame from the graphics card: the copy did not return")
		if code := C.rvo_frame_download(m.f, &m.downloaded); code < 0 {
			m.bad = fmt.Errorf("copy a frame from the graphics card: %w", failure(code))
			return
		}
		m.bad = nil
	})
	return m.downloaded, m.bad
}

// Convert writes the frame as packed pixels.
func (m *image) Convert(dst []byte, t capture.Target) error {
	f, err := m.memory()
	if err != nil {
		return err
	}
	return m.scalers.scale(dst, f, t, m.rotation, m.mirror)
}

// Free releases the reference.
func (m *image) Free() {
	C.rvo_frame_free(m.f)
	C.rvo_frame_free(m.downloaded)
	m.f, m.downloaded = nil, nil
}

// scalers is a pool of swscale contexts. Creating one takes longer than many
// conversions.
type scalers struct {
	mu   sync.Mutex
	free []*scaler
}

type scaler struct {
	c   *C.rvo_scaler
	key scalerKey // its last use
}

type scalerKey struct {
	width, height, format int
	t                     capture.Target
}

// maxScalers is the maximum number of contexts in the pool.
const maxScalers = 16

// take returns a scaler last used for the same conversion, or a new one.
func (s *scalers) take(key scalerKey) *scaler {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.free) - 1; i >= 0; i-- {
		if sc := s.free[i]; sc.key == key {
			s.free = append(s.free[:i], s.free[i+1:]...)
			return sc
		}
	}
	if len(s.free) == maxScalers {
		sc := s.free[0]
		s.free = append(s.free[:0], s.free[1:]...)
		sc.key = key
		return sc
	}
	return &scaler{C.rvo_scaler_new(), key}
}

func (s *scalers) put(sc *scaler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) == maxScalers {
		C.rvo_scaler_free(s.free[0].c)
		s.free = append(s.free[:0], s.free[1:]...)
	}
	s.free = append(s.free, sc)
}

func (s *scalers) scale(dst []byte, f *C.AVFrame, t capture.Target, rotation int, mirror bool) error {
	if t.Width <= 0 || t.Height <= 0 || len(dst) < (t.Height-1)*t.Stride+t.Width*t.Order.Bytes() {
		return errors.New("the destination is too small")
	}
	sc := s.take(scalerKey{int(f.width), int(f.height), int(f.format), t})
	defer s.put(sc)
	if sc.c == nil {
		return errNoMemory
	}
	to := C.rvo_target{
		dst: (*C.uint8_t)(unsafe.Pointer(&dst[0])), stride: C.int(t.Stride), format: C.int(t.Order),
		width: C.int(t.Width), height: C.int(t.Height), rotation: C.int(rotation),
	}
	if mirror {
		to.mirror = 1
	}
	var pins runtime.Pinner
	pins.Pin(&dst[0])
	defer pins.Unpin()
	if code := C.rvo_frame_scale(sc.c, f, &to); code < 0 {
		return failure(code)
	}
	return nil
}

// Convert is a capture.Converter.
func (l *Library) Convert(dst, pix []byte, width, height int, t capture.Target) error {
	if width <= 0 || height <= 0 || len(pix) < width*height*3 {
		return errors.New("the frame has fewer pixels than its size requires")
	}
	var pins runtime.Pinner
	pins.Pin(&pix[0])
	defer pins.Unpin()
	f := C.rvo_wrap((*C.uint8_t)(unsafe.Pointer(&pix[0])), C.int(width), C.int(height), C.int(3*width), C.RVO_BGR)
	if f == nil {
		return errNoMemory
	}
	defer C.rvo_frame_free(f)
	return l.scalers.scale(dst, f, t, 0, false)
}

// EncodeJPEG is a capture.Encoder.
func (l *Library) EncodeJPEG(pix []byte, width, height, outWidth, outHeight int) ([]byte, error) {
	if width <= 0 || height <= 0 || outWidth <= 0 || outHeight <= 0 || len(pix) < width*height*3 {
		return nil, errors.New("the frame has fewer pixels than its size requires")
	}
	if width != outWidth || height != outHeight {
		small := make([]byte, outWidth*outHeight*3+capture.Slack)
		t := capture.Target{Order: capture.BGR, Width: outWidth, Height: outHeight, Stride: outWidth * 3}
		if err := l.Convert(small, pix, width, height, t); err != nil {
			return nil, err
		}
		pix = small
	}
	var (
		why  [200]C.char
		out  *C.uint8_t
		size C.ulong
	)
	if C.rvo_jpeg_encode((*C.uint8_t)(unsafe.Pointer(&pix[0])), C.int(outWidth), C.int(outHeight), capture.JPEGQuality, &out, &size, &why[0], C.int(len(why))) != 0 {
		return nil, errors.New(cleanLine(C.GoString(&why[0])))
	}
	defer C.rvo_jpeg_free(out)
	return C.GoBytes(unsafe.Pointer(out), C.int(size)), nil
}
