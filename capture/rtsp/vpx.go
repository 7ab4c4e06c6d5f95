package rtsp

import (
	"bytes"

	"github.com/pion/rtp/codecs"
	"github.com/pion/rtp/codecs/av1/obu"
	vp9header "github.com/pion/rtp/codecs/vp9"

	"rvo-tui/capture"
)

// sized returns the track with a frame size; the same track if it is unchanged.
func sized(t *capture.Track, width, height int) *capture.Track {
	if width <= 0 || height <= 0 || t.Width == width && t.Height == height {
		return t
	}
	resized := *t
	resized.Width, resized.Height = width, height
	return &resized
}

// vp8 unpacks VP8 (RFC 7741).
type vp8 struct {
	known *capture.Track
	begun bool // the start of the frame was received
}

func newVP8() *vp8 { return &vp8{known: &capture.Track{Video: true, Codec: capture.VP8}} }

func (v *vp8) unpack(unit, payload []byte, gap bool) ([]byte, bool) {
	var p codecs.VP8Packet
	part, err := p.Unmarshal(payload)
	if err != nil {
		return unit, false
	}
	if p.S == 1 && p.PID == 0 && len(unit) == 0 {
		v.begun = true
	}
	if !v.begun {
		return unit, false
	}
	return append(unit, part...), !gap
}

func (v *vp8) complete() bool { return true }

func (v *vp8) finish(unit []byte) ([]byte, bool) {
	begun := v.begun
	v.begun = false
	if !begun || len(unit) < 3 {
		return nil, false
	}
	key := unit[0]&1 == 0
	if key && len(unit) >= 10 {
		v.known = sized(v.known, int(unit[6])|int(unit[7]&0x3f)<<8, int(unit[8])|int(unit[9]&0x3f)<<8)
	}
	return unit, key
}

func (v *vp8) track() *capture.Track { return v.known }

// vp9 unpacks VP9 (RFC 9628).
type vp9 struct {
	known *capture.Track
	begun bool
}

func newVP9() *vp9 { return &vp9{known: &capture.Track{Video: true, Codec: capture.VP9}} }

func (v *vp9) unpack(unit, payload []byte, gap bool) ([]byte, bool) {
	var p codecs.VP9Packet // a new one each time, because it accumulates data
	part, err := p.Unmarshal(payload)
	if err != nil {
		return unit, false
	}
	v.begun = v.begun || p.B && len(unit) == 0
	if !v.begun {
		return unit, false
	}
	return append(unit, part...), !gap
}

func (v *vp9) complete() bool { return true }

func (v *vp9) finish(unit []byte) ([]byte, bool) {
	begun := v.begun
	v.begun = false
	var h vp9header.Header
	if !begun || h.Unmarshal(unit) != nil {
		return nil, false
	}
	key := !h.NonKeyFrame && !h.ShowExistingFrame
	if key {
		v.known = sized(v.known, int(h.Width()), int(h.Height()))
	}
	return unit, key
}

func (v *vp9) track() *capture.Track { return v.known }

// av1 unpacks AV1 (the RTP payload format of AOMedia).
type av1 struct {
	d     codecs.AV1Depacketizer
	bytes int // of the frame, including what waits for its end
	known *capture.Track
}

func newAV1() *av1 { return &av1{known: &capture.Track{Video: true, Codec: capture.AV1}} }

func (a *av1) unpack(unit, payload []byte, gap bool) ([]byte, bool) {
	if a.bytes += len(payload); gap || a.bytes > maxUnit {
		a.d = codecs.AV1Depacketizer{}
		a.bytes = 0
	}
	orphan := len(payload) > 0 && payload[0]&0x80 != 0 && gap
	obus, err := a.d.Unmarshal(payload)
	return append(unit, obus...), err == nil && !orphan
}

func (a *av1) complete() bool { return true }

func (a *av1) finish(unit []byte) ([]byte, bool) {
	a.bytes = 0
	a.d = codecs.AV1Depacketizer{}
	sequence := findOBU(unit, obu.OBUSequenceHeader)
	if sequence == nil {
		return unit, false
	}
	// A sequence header starts each coded video sequence, which starts with a key
	// frame.
	if !bytes.Equal(sequence, a.known.Config) {
		t := *a.known
		t.Config = bytes.Clone(sequence)
		if width, height, ok := parseAV1Sequence(sequence); ok {
			t.Width, t.Height = width, height
		}
		a.known = &t
	}
	return unit, true
}

func (a *av1) track() *capture.Track { return a.known }

// findOBU returns the first OBU of a type in a stream of OBUs with sizes.
func findOBU(unit []byte, kind obu.Type) []byte {
	for rest := unit; len(rest) > 0; {
		head, err := obu.ParseOBUHeader(rest)
		if err != nil || !head.HasSizeField {
			return nil
		}
		size, n, err := obu.ReadLeb128(rest[head.Size():])
		if err != nil || size > uint(len(rest)) {
			return nil
		}
		end := head.Size() + int(n) + int(size)
		if end > len(rest) {
			return nil
		}
		if head.Type == kind {
			return rest[:end]
		}
		rest = rest[end:]
	}
	return nil
}

// parseAV1Sequence returns the maximum frame size in a sequence header OBU (AV1
// specification, section 5.5.1).
func parseAV1Sequence(unit []byte) (width, height int, ok bool) {
	head, err := obu.ParseOBUHeader(unit)
	if err != nil {
		return 0, 0, false
	}
	_, n, err := obu.ReadLeb128(unit[head.Size():])
	if err != nil {
		return 0, 0, false
	}
	b := &bits{data: unit[head.Size()+int(n):]}
	b.u(3 + 1) // profile, still picture
	if b.flag() {
		b.u(5)
	} else {
		model, delays := false, uint64(0)
		if b.flag() { // timing_info
			b.u(32)
			b.u(32)
			if b.flag() {
				b.ue()
			}
			if model = b.flag(); model {
				delays = b.u(5) + 1
				b.u(32 + 10)
			}
		}
		delay := b.flag()
		for range b.u(5) + 1 {
			b.u(12)
			if b.u(5) > 7 {
				b.u(1)
			}
			if model && b.flag() {
				b.u(int(2*delays) + 1)
			}
			if delay && b.flag() {
				b.u(4)
			}
		}
	}
	bitsW, bitsH := int(b.u(4))+1, int(b.u(4))+1
	width, height = int(b.u(bitsW))+1, int(b.u(bitsH))+1
	return width, height, !b.short
}
