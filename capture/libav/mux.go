//go:build cgo

package libav

/*
#cgo pkg-config: libavformat libavcodec libavutil libswscale
#include <stdlib.h>
#include <libavutil/error.h>
#include "mux.h"

enum { rvo_no_decoder = AVERROR_DECODER_NOT_FOUND, rvo_no_encoder = AVERROR_ENCODER_NOT_FOUND };
*/
import "C"

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"rvo-tui/capture"
)

// Muxer writes MP4. A movie grows in fragments, so that a crash leaves what was
// written up to the last one, and is finished as a plain file that starts with
// its index. It holds nothing and is safe for concurrent use.
type Muxer struct{}

// Ext returns ".mp4".
func (Muxer) Ext() string { return ".mp4" }

// Copies reports whether MP4 holds a codec as a camera sends it, and browsers
// play that. Others are encoded.
func (Muxer) Copies(codec capture.Codec) bool {
	switch codec {
	case capture.H264, capture.HEVC, capture.AV1, capture.VP9, capture.AAC, capture.Opus:
		return true
	}
	return false
}

// Create begins a movie in a new file. errors.ErrUnsupported means that FFmpeg
// lacks a decoder or encoder that it needs.
func (Muxer) Create(path string, tracks []capture.MovieTrack) (capture.MovieWriter, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	w := &movieWriter{}
	if err := averror(C.rvo_mux_new(name, &w.c)); err != nil {
		return nil, fmt.Errorf("create movie: %w", err)
	}
	for _, t := range tracks {
		if err := w.add(t); err != nil {
			w.Close()
			return nil, fmt.Errorf("create movie: %s track: %w", t.First.Track.Codec, err)
		}
	}
	if err := averror(C.rvo_mux_start(w.c)); err != nil {
		w.Close()
		return nil, fmt.Errorf("create movie: %w", err)
	}
	return w, nil
}

// Finish copies what is whole of a movie that Create began to a plain file.
func (Muxer) Finish(from, to string) error {
	in, out := C.CString(from), C.CString(to)
	defer C.free(unsafe.Pointer(in))
	defer C.free(unsafe.Pointer(out))
	if err := averror(C.rvo_movie_finish(in, out)); err != nil {
		return fmt.Errorf("finish movie: %w", err)
	}
	return nil
}

// Read reads a movie to its end and decodes its first frame.
func (Muxer) Read(path string) (capture.Movie, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var c C.rvo_movie
	defer C.rvo_movie_free(&c)
	err := averror(C.rvo_movie_read(name, &c))
	m := capture.Movie{
		Codec: capture.Codec(C.GoString(&c.codec[0])), Sound: capture.Codec(C.GoString(&c.sound[0])),
		Width: int(c.width), Height: int(c.height), Duration: time.Duration(c.duration_ns),
		Hidden: int(c.hidden), KeyFrames: int(c.key_frames), Samples: int(c.samples), Cut: c.cut != 0,
	}
	for _, at := range unsafe.Slice(c.times, int(c.frames)) {
		m.Times = append(m.Times, time.Duration(at))
	}
	slices.Sort(m.Times)
	if err != nil {
		return m, fmt.Errorf("read movie: %w", err)
	}
	return m, nil
}

// Frames decodes a finished movie and calls yield for each frame that is shown,
// as a JPEG file of at most maxWidth pixels (0: as it is), until yield returns
// false.
func (Muxer) Frames(path string, maxWidth int, yield func(at time.Duration, jpeg []byte) bool) error {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var f *C.rvo_frames
	if err := averror(C.rvo_frames_open(name, C.int(maxWidth), &f)); err != nil {
		return fmt.Errorf("decode movie: %w", err)
	}
	defer C.rvo_frames_close(f)
	for {
		var data *C.uint8_t
		var size C.int
		var at C.int64_t
		got := C.rvo_frames_next(f, &data, &size, &at)
		if err := averror(got); err != nil {
			return fmt.Errorf("decode movie: %w", err)
		}
		if got == 0 || !yield(time.Duration(at), C.GoBytes(unsafe.Pointer(data), size)) {
			return nil
		}
	}
}

type movieWriter struct{ c *C.rvo_mux }

func (w *movieWriter) add(t capture.MovieTrack) error {
	p, track := t.First, t.First.Track
	codec := C.CString(string(track.Codec))
	defer C.free(unsafe.Pointer(codec))
	c := C.rvo_track{
		width: C.int(track.Width), height: C.int(track.Height), rotation: C.int(track.Rotation), mirror: toC(track.Mirror),
		aspect_num: C.int(track.AspectNum), aspect_den: C.int(track.AspectDen),
		sample_rate: C.int(track.SampleRate), channels: C.int(track.Channels),
		encode: toC(t.Encode), max_width: C.int(t.MaxWidth), step_ns: C.int64_t(t.Step),
	}
	config, configSize := bytesOf(track.Config)
	first, firstSize := bytesOf(p.Data)
	return averror(C.rvo_mux_add(w.c, codec, config, configSize, first, firstSize, &c))
}

// Write implements capture.MovieWriter.
func (w *movieWriter) Write(track int, p *capture.Packet, pts, dts, duration time.Duration) error {
	data, size := bytesOf(p.Data)
	err := averror(C.rvo_mux_write(w.c, C.int(track), data, size, C.int64_t(pts), C.int64_t(dts), C.int64_t(duration), toC(p.Key)))
	if err != nil {
		return fmt.Errorf("write movie: %w", err)
	}
	return nil
}

// Close implements capture.MovieWriter.
func (w *movieWriter) Close() error {
	if w.c == nil {
		return nil
	}
	err := averror(C.rvo_mux_end(w.c))
	w.c = nil
	if err != nil {
		return fmt.Errorf("close movie: %w", err)
	}
	return nil
}

// bytesOf returns bytes as C takes them, for the time of one call.
func bytesOf(data []byte) (*C.uint8_t, C.int) {
	return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(data))), C.int(len(data))
}

func toC(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// averror makes an error of what FFmpeg returned: a system error as such, a
// missing codec as errors.ErrUnsupported.
func averror(code C.int) error {
	switch {
	case code >= 0:
		return nil
	case code == C.rvo_no_decoder:
		return fmt.Errorf("FFmpeg has no decoder for it: %w", errors.ErrUnsupported)
	case code == C.rvo_no_encoder:
		return fmt.Errorf("FFmpeg has no encoder for it (H.264 needs libx264): %w", errors.ErrUnsupported)
	case code > -4096:
		return syscall.Errno(-code)
	}
	var text [C.AV_ERROR_MAX_STRING_SIZE]C.char
	C.av_strerror(code, &text[0], C.size_t(len(text)))
	return errors.New(C.GoString(&text[0]))
}
