//go:build cgo

package libav

/*
#include <stdlib.h>
#include <libavcodec/avcodec.h>
#include "decode.h"
#include "demux.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/cgo"
	"time"
	"unsafe"

	"rvo-tui/capture"
)

// errCutShort ends a file that is shorter than its header says.
var errCutShort = errors.New("the file is truncated or damaged: copy it again")

// demuxer is a capture.PacketSource. Its methods belong to one goroutine.
type demuxer struct {
	live bool
	ctx  context.Context // cancels libav
	done func()          // returns once nothing else uses c
	c    *C.rvo_demux

	fetcher cgo.Handle // 0: none

	tracks []*capture.Track // by libav's index; nil: not used
	timing []timing
	video  int
	frames int64 // number of video frames according to the header; 0: unknown
	length time.Duration
}

// timing fills in timestamps that a track lacks.
type timing struct {
	interval time.Duration
	delay    int           // number of reordered frames
	count    int64         // packets so far
	next     time.Duration // expected decode time of the next packet
	guessed  bool          // the track has no timestamps at all
	end      time.Duration
}

// native is the track data passed to the decoder of this package.
type native struct {
	params  *C.AVCodecParameters // owned here
	guessed bool                 // there are no presentation times
}

// A URL may contain a password, so the caller words the errors.
func newDemuxer(ctx context.Context, url string, options map[string]string, o opening) (d *demuxer, log string, err error) {
	d = &demuxer{ctx: ctx}
	if o.fetcher != nil {
		d.fetcher = cgo.NewHandle(o.fetcher)
	}
	if d.c = C.rvo_demux_new(C.uintptr_t(d.fetcher)); d.c == nil {
		d.Close()
		return nil, "", errors.New("out of memory")
	}
	c, stopped := d.c, make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		C.rvo_demux_stop(c)
		close(stopped)
	})
	d.done = func() {
		if !stop() {
			<-stopped
		}
	}
	curl := C.CString(url)
	defer C.free(unsafe.Pointer(curl))
	list, free := cStrings(options)
	defer free()
	code := C.rvo_demux_open(d.c, curl, list)
	log = C.GoString(C.rvo_demux_log(d.c))
	if code < 0 {
		err = failure(code)
	} else {
		// A stream with a duration is read on demand and paced.
		d.live = o.live && C.rvo_demux_endless(d.c) != 0
		err = d.describe(o.noSound)
	}
	if bad := ctx.Err(); bad != nil {
		err = bad // libav reports an interruption as a different error
	}
	if err != nil {
		d.Close()
		return nil, log, err
	}
	return d, log, nil
}

// cStrings returns keys and values alternately, terminated by NULL.
func cStrings(options map[string]string) (list **C.char, free func()) {
	n := 2*len(options) + 1
	list = (**C.char)(C.calloc(C.size_t(n), C.size_t(unsafe.Sizeof(list))))
	all := unsafe.Slice(list, n)
	i := 0
	for key, value := range options {
		all[i], all[i+1] = C.CString(key), C.CString(value)
		i += 2
	}
	return list, func() {
		for _, s := range all {
			C.free(unsafe.Pointer(s))
		}
		C.free(unsafe.Pointer(list))
	}
}

// describe sets up the tracks: the best video track and, unless noSound is set, the first
// sound track.
func (d *demuxer) describe(noSound bool) error {
	var infos [C.RVO_MAX_TRACKS]C.rvo_track_info
	n := int(C.rvo_demux_tracks(d.c, &infos[0], C.RVO_MAX_TRACKS))
	d.tracks, d.timing = make([]*capture.Track, n), make([]timing, n)
	d.video = -1
	sound := noSound // there is to be no further one
	for i := range n {
		info := &infos[i]
		if info.params == nil {
			continue
		}
		isVideo := info.params.codec_type == C.AVMEDIA_TYPE_VIDEO
		if isVideo && info.default_track == 0 || !isVideo && sound {
			C.rvo_demux_mute(d.c, C.int(i))
			continue
		}
		d.timing[i] = timing{interval: time.Duration(info.interval_ns), delay: int(info.params.video_delay)}
		if isVideo {
			d.video, d.frames, d.length = i, int64(info.frames), time.Duration(info.length_ns)
		} else {
			sound = true
		}
		d.tracks[i] = newTrack(info, false)
	}
	if d.video < 0 {
		return fmt.Errorf("%w: it contains no video", capture.ErrUnsupported)
	}
	t := d.tracks[d.video]
	if t.Width > maxSide || t.Height > maxSide {
		return fmt.Errorf("%w: frames of %dx%d", capture.ErrUnsupported, t.Width, t.Height)
	}
	return nil
}

// maxSide is the maximum length of a side in pixels. Larger frames are taken for
// corrupt data.
const maxSide = 16384

func newTrack(info *C.rvo_track_info, guessed bool) *capture.Track {
	p := info.params
	t := &capture.Track{
		Video: p.codec_type == C.AVMEDIA_TYPE_VIDEO,
		Codec: capture.Codec(C.GoString(C.avcodec_get_name(p.codec_id))),
		Width: int(p.width), Height: int(p.height),
		Rotation: int(info.rotation), Mirror: info.mirror != 0,
		AspectNum: int(p.sample_aspect_ratio.num), AspectDen: int(p.sample_aspect_ratio.den),
		Color: capture.Color{
			Known:     p.color_space != C.AVCOL_SPC_UNSPECIFIED || p.color_range != C.AVCOL_RANGE_UNSPECIFIED,
			Primaries: uint8(p.color_primaries), Transfer: uint8(p.color_trc), Matrix: uint8(p.color_space),
			FullRange: p.color_range == C.AVCOL_RANGE_JPEG,
		},
		SampleRate: int(p.sample_rate), Channels: int(info.channels),
	}
	if p.extradata_size > 0 {
		t.Config = C.GoBytes(unsafe.Pointer(p.extradata), p.extradata_size)
	}
	// In av1C of MP4, the sequence header starts after four bytes.
	if t.Codec == capture.AV1 && len(t.Config) > 4 && t.Config[0] == 0x81 {
		t.Config = t.Config[4:]
	}
	own := &native{params: C.rvo_params_copy(p), guessed: guessed}
	runtime.AddCleanup(own, func(p *C.AVCodecParameters) { C.rvo_params_free(p) }, own.params)
	t.Native = own
	return t
}

// Tracks returns the tracks of the packets.
func (d *demuxer) Tracks() []*capture.Track {
	var list []*capture.Track
	for _, t := range d.tracks {
		if t != nil {
			list = append(list, t)
		}
	}
	return list
}

// Live is false for files.
func (d *demuxer) Live() bool { return d.live }

// Read returns the next packet.
func (d *demuxer) Read() (*capture.Packet, error) {
	for {
		var p C.rvo_packet
		code := C.rvo_demux_read(d.c, &p)
		switch {
		case d.ctx.Err() != nil:
			return nil, d.ctx.Err()
		case code < 0:
			return nil, d.ended(code)
		}
		i := int(p.track)
		if i >= len(d.tracks) || d.tracks[i] == nil || p.size <= 0 {
			continue
		}
		if p.changed != 0 {
			d.redescribe(i)
		}
		return d.packet(i, &p), nil
	}
}

// redescribe makes a new track if the parameters have changed.
func (d *demuxer) redescribe(i int) {
	var infos [C.RVO_MAX_TRACKS]C.rvo_track_info
	if n := int(C.rvo_demux_tracks(d.c, &infos[0], C.RVO_MAX_TRACKS)); i < n && infos[i].params != nil {
		d.tracks[i] = newTrack(&infos[i], d.timing[i].guessed)
	}
}

func (d *demuxer) packet(i int, p *C.rvo_packet) *capture.Packet {
	t := &d.timing[i]
	if t.count == 0 && p.pts == C.RVO_NO_TIME && p.dts == C.RVO_NO_TIME {
		t.guessed = true
		d.redescribe(i)
	}
	out := &capture.Packet{
		Track: d.tracks[i],
		Data:  C.GoBytes(unsafe.Pointer(p.data), p.size),
		Key:   p.key != 0, Hidden: p.hidden != 0, Damaged: p.damaged != 0,
		Duration: time.Duration(p.duration),
		Arrived:  time.Now(),
	}
	out.PTS, out.DTS = t.complete(int64(p.pts), int64(p.dts), out.Duration)
	t.end = max(t.end, out.PTS+out.Duration)
	return out
}

const noTime = int64(C.RVO_NO_TIME)

// complete returns the timestamps of a packet and fills in missing ones. With reordered
// frames, many containers lack the first few decode times, and raw streams have no
// timestamps.
func (t *timing) complete(pts, dts int64, duration time.Duration) (time.Duration, time.Duration) {
	step := duration
	if step <= 0 {
		step = t.interval
	}
	if step <= 0 {
		step = 40 * time.Millisecond
	}
	if dts == noTime {
		switch {
		case t.count > 0:
			dts = int64(t.next)
		case pts != noTime:
			dts = pts - int64(t.delay)*int64(step)
		default:
			dts = 0
		}
		if pts != noTime {
			dts = min(dts, pts)
		}
	}
	if pts == noTime {
		pts = dts
	}
	t.count++
	t.next = time.Duration(dts) + step
	return time.Duration(pts), time.Duration(dts)
}

// ended returns why there are no more packets.
func (d *demuxer) ended(code C.int) error {
	err := failure(code)
	log := lastLine(C.GoString(C.rvo_demux_log(d.c)))
	switch {
	case errors.Is(err, io.EOF) && d.live:
		return fmt.Errorf("read: the stream ended: %w", io.ErrUnexpectedEOF)
	case !errors.Is(err, io.EOF) && log != "":
		return fmt.Errorf("read: %w (%s)", err, log)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("read: %w", err)
	}
	t := &d.timing[d.video]
	if cutShort(t.count, d.frames, t.end+2*t.interval, d.length) {
		return fmt.Errorf("read packet %d of %d: %w", t.count+1, d.frames, errCutShort)
	}
	return io.EOF
}

// cutShort reports whether a file ended early: packets were read out of frames, up to
// time end of length. Both must fall short, because a header may estimate one from the
// other, and by 2 %, because it rounds.
func cutShort(packets, frames int64, end, length time.Duration) bool {
	if frames <= 0 || length <= 0 || float64(packets) >= 0.98*float64(frames)-1 {
		return false
	}
	return end.Seconds() < 0.98*length.Seconds()
}

// Close closes the connection. It is idempotent.
func (d *demuxer) Close() error {
	if d.c != nil {
		d.done()
		C.rvo_demux_free(d.c)
		d.c = nil
	}
	if d.fetcher != 0 {
		if f, ok := d.fetcher.Value().(*fetcher); ok {
			f.close()
		}
		d.fetcher.Delete()
		d.fetcher = 0
	}
	return nil
}
