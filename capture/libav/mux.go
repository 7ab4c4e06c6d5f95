//go:build cgo

package libav

/*
#include <stdlib.h>
#include "mux.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
	"unsafe"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

// Muxer writes MP4. A movie grows in fragments, so that a crash keeps everything up to
// the last one. It is finished as a plain file that starts with its index. A Muxer has
// no state and is safe for concurrent use.
type Muxer struct{}

// Ext returns ".mp4".
func (Muxer) Ext() string { return ".mp4" }

// Copies reports whether MP4 can hold the codec unchanged in a form that browsers play.
// Other codecs are encoded.
func (Muxer) Copies(codec capture.Codec) bool {
	switch codec {
	case capture.H264, capture.HEVC, capture.AV1, capture.VP9, capture.AAC, capture.Opus:
		return true
	}
	return false
}

// Create starts a movie in a new file. capture.ErrUnsupported means that FFmpeg lacks a
// decoder or encoder for it.
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

// Finish copies the complete part of a movie from Create to a plain file.
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

// Frames decodes a finished movie and calls yield for each visible frame, as a JPEG at
// most maxWidth pixels wide (0: original size), until yield returns false.
func (Muxer) Frames(path string, maxWidth int, yield func(at time.Duration, jpeg []byte) bool) error {
	if err := eachFrame(path, func(d capture.Decoded) (bool, error) {
		jpeg, err := encodeImage(d.Image, maxWidth)
		return err == nil && yield(d.Packet.PTS, jpeg), err
	}); err != nil {
		return fmt.Errorf("decode movie: %w", err)
	}
	return nil
}

// eachFrame decodes a movie until each returns false. Damaged frames are included.
func eachFrame(path string, each func(d capture.Decoded) (bool, error)) error {
	const limit = 10 * time.Second
	src, err := file(context.Background(), capture.Config{OpenTimeout: text.Duration(limit)}, path, true)
	if err != nil {
		return err
	}
	defer src.Close()
	lib := &Library{log: slog.New(slog.DiscardHandler)}
	var dec capture.Decoder
	for ended := false; !ended; {
		p, err := src.Read()
		ended = errors.Is(err, io.EOF)
		switch {
		case ended && dec == nil:
			return errNoVideo
		case err != nil && !ended:
			return err
		case !ended && !p.Track.Video:
			continue
		case dec == nil:
			if dec, err = lib.OpenDecoder(p.Track, capture.Config{HWAccel: "none"}); err != nil {
				return err
			}
			defer dec.Close()
		}
		for {
			var d capture.Decoded
			if ended {
				d, err = dec.Drain()
			} else {
				d, err = dec.Decode([]*capture.Packet{p}, false)
			}
			if err != nil || d.Image == nil {
				if err != nil && !errors.Is(err, io.EOF) {
					return err
				}
				break
			}
			more, err := each(d)
			d.Image.Free()
			if err != nil || !more {
				return err
			}
			if !ended {
				break
			}
		}
	}
	return nil
}

// encodeImage returns an image as a JPEG file, rotated for display.
func encodeImage(img capture.Image, maxWidth int) ([]byte, error) {
	width, height := img.Size()
	width, height = capture.FitWidth(width, height, maxWidth)
	pix := make([]byte, width*height*3+capture.Slack)
	if err := img.Convert(pix, capture.Target{Order: capture.BGR, Width: width, Height: height, Stride: width * 3}); err != nil {
		return nil, err
	}
	return new(Library).EncodeJPEG(pix, width, height, width, height)
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
		primaries: C.int(track.Color.Primaries), transfer: C.int(track.Color.Transfer), matrix: C.int(track.Color.Matrix), full_range: toC(track.Color.FullRange),
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

// bytesOf returns bytes for C, for the duration of one call.
func bytesOf(data []byte) (*C.uint8_t, C.int) {
	return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(data))), C.int(len(data))
}

func toC(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// averror converts an error code of FFmpeg; nil means success.
func averror(code C.int) error {
	if code >= 0 {
		return nil
	}
	return failure(code)
}
