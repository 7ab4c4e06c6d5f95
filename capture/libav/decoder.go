//go:build cgo

package libav

/*
#include <stdlib.h>
#include <libavcodec/avcodec.h>
#include "demux.h"
#include "decode.h"
#include "convert.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"rvo-tui/capture"
)

// decoder is a capture.Decoder.
type decoder struct {
	scalers *scalers
	track   *capture.Track
	guessed bool
	c       *C.rvo_decoder
	units   []C.rvo_unit
	pins    runtime.Pinner

	// Ring of the packets that may still yield frames.
	recent [64]*capture.Packet
	next   int
}

// OpenDecoder is a capture.DecoderOpener. If hardware decoding is configured but
// unavailable, it logs that and decodes in software.
func (l *Library) OpenDecoder(t *capture.Track, cfg capture.Config) (capture.Decoder, error) {
	d, accelerated, err := l.newDecoder(t, cfg.HWAccel)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", t.Codec, err)
	}
	if cfg.HWAccel != "none" && !accelerated {
		l.log.Warn("hardware decoding is not available; decoding in software", "camera", cfg.Name, "hwaccel", cfg.HWAccel)
	}
	return d, nil
}

func (l *Library) newDecoder(t *capture.Track, accel string) (d *decoder, accelerated bool, err error) {
	d = &decoder{scalers: &l.scalers, track: t}
	var params *C.AVCodecParameters
	if own, ok := t.Native.(*native); ok {
		params, d.guessed = own.params, own.guessed
		defer runtime.KeepAlive(own)
	} else {
		if params = paramsOf(t); params == nil {
			return nil, false, fmt.Errorf("%w by this build of FFmpeg", capture.ErrUnsupported)
		}
		defer C.rvo_params_free(params)
	}
	name := C.CString(accel)
	defer C.free(unsafe.Pointer(name))
	var got C.int
	if code := C.rvo_decoder_new(params, name, &d.c, &got); code < 0 {
		return nil, false, failure(code)
	}
	return d, got != 0, nil
}

func paramsOf(t *capture.Track) *C.AVCodecParameters {
	codec := C.CString(string(t.Codec))
	defer C.free(unsafe.Pointer(codec))
	var config *C.uint8_t
	if len(t.Config) > 0 {
		config = (*C.uint8_t)(unsafe.Pointer(&t.Config[0]))
	}
	return C.rvo_params_new(codec, config, C.int(len(t.Config)), C.int(t.Width), C.int(t.Height))
}

// Decode decodes packets and returns the newest frame.
func (d *decoder) Decode(packets []*capture.Packet, drain bool) (capture.Decoded, error) {
	d.units = d.units[:0]
	defer func() {
		clear(d.units) // cgo also checks what is beyond the next, shorter slice
		d.pins.Unpin()
	}()
	for _, p := range packets {
		if len(p.Data) == 0 {
			continue
		}
		data := unsafe.SliceData(p.Data)
		d.pins.Pin(data)
		u := C.rvo_unit{data: (*C.uint8_t)(data), size: C.int(len(p.Data)), pts: C.int64_t(p.PTS), dts: C.int64_t(p.DTS)}
		if p.Hidden {
			u.hidden = 1
		}
		if p.Damaged {
			u.damaged = 1
		}
		if d.guessed {
			u.pts = C.RVO_NO_TIME
		}
		d.units = append(d.units, u)
		d.recent[d.next] = p
		d.next = (d.next + 1) % len(d.recent)
	}
	flag := C.int(0)
	if drain {
		flag = 1
	}
	var units *C.rvo_unit
	if len(d.units) > 0 {
		units = &d.units[0]
		d.pins.Pin(units)
	}
	var got C.rvo_decoded
	if code := C.rvo_decode(d.c, units, C.int(len(d.units)), flag, &got); code < 0 {
		return capture.Decoded{}, failure(code)
	}
	return d.decoded(&got)
}

// Drain returns the next frame still held back.
func (d *decoder) Drain() (capture.Decoded, error) {
	var got C.rvo_decoded
	if code := C.rvo_decoder_drain(d.c, &got); code < 0 {
		return capture.Decoded{}, failure(code)
	}
	return d.decoded(&got)
}

func (d *decoder) decoded(got *C.rvo_decoded) (capture.Decoded, error) {
	out := capture.Decoded{Frames: int(got.frames), DamagedFrames: int(got.damaged_frames), Refused: int(got.refused)}
	if got.frame == nil {
		return out, nil
	}
	out.Packet = d.packetAt(int64(got.pts))
	out.Damaged = got.damaged != 0 || out.Packet.Damaged
	img, err := newImage(got.frame, d.track, d.scalers)
	if err != nil {
		return capture.Decoded{}, err
	}
	out.Image = img
	return out, nil
}

// packetAt returns the packet with a presentation time, or the newest packet if there
// is none.
func (d *decoder) packetAt(pts int64) *capture.Packet {
	newest := d.recent[(d.next+len(d.recent)-1)%len(d.recent)]
	for i := range d.recent {
		p := d.recent[(d.next+2*len(d.recent)-1-i)%len(d.recent)]
		if p == nil {
			break
		}
		if int64(p.PTS) == pts {
			return p
		}
	}
	return newest
}

// Flush discards all input.
func (d *decoder) Flush() {
	C.rvo_decoder_flush(d.c)
	clear(d.recent[:])
}

// Close frees the decoder. Its frames stay valid.
func (d *decoder) Close() {
	if d.c != nil {
		C.rvo_decoder_free(d.c)
		d.c = nil
	}
}

var errNoMemory = errors.New("out of memory")
