package rtsp

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"rvo-tui/capture"
)

var startCode = []byte{0, 0, 0, 1}

// sets holds the parameter sets of an H.264 or H.265 stream: one of each type, but of
// picture parameter sets, between which an encoder may switch, one of each ID.
type sets struct {
	types   []byte // in the order that decoders expect; the PPS is last
	header  int    // bytes of a NAL unit before its content
	current []set  // in the order of types
	changed bool
}

type set struct {
	place int // of its type in sets.types
	id    uint64
	nal   []byte
}

// maxSets is the maximum number of parameter sets of a stream.
const maxSets = 32

// take stores a NAL unit if it is a new parameter set.
func (s *sets) take(kind byte, nal []byte) {
	place := bytes.IndexByte(s.types, kind)
	if place < 0 || len(nal) <= s.header || len(nal) > maxParameterSet {
		return
	}
	id := uint64(0)
	if place == len(s.types)-1 {
		id = (&bits{data: unescape(nal[s.header:])}).ue()
	}
	i, known := slices.BinarySearchFunc(s.current, set{place: place, id: id}, func(a, b set) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.id, b.id))
	})
	switch {
	case known && bytes.Equal(s.current[i].nal, nal), !known && len(s.current) == maxSets:
		return
	case !known:
		s.current = slices.Insert(s.current, i, set{place: place, id: id})
	}
	s.current[i].nal = bytes.Clone(nal)
	s.changed = true
}

// of returns the first set of a type, or nil.
func (s *sets) of(place int) []byte {
	for _, set := range s.current {
		if set.place == place {
			return set.nal
		}
	}
	return nil
}

// config returns the sets in Annex B, or nil while a type is missing.
func (s *sets) config() []byte {
	var out []byte
	for place := range s.types {
		if s.of(place) == nil {
			return nil
		}
	}
	for _, set := range s.current {
		out = append(append(out, startCode...), set.nal...)
	}
	return out
}

// renew returns the track and the reorder depth as described by changed parameter sets.
// index is that of the SPS. Without a change it returns its arguments.
func (s *sets) renew(known *capture.Track, depth, index int, parse func(nal []byte) (sps, bool)) (*capture.Track, int) {
	if !s.changed {
		return known, depth
	}
	s.changed = false
	config := s.config()
	if config == nil || bytes.Equal(config, known.Config) {
		return known, depth
	}
	t := *known
	t.Config = config
	if p, ok := parse(s.of(index)); ok {
		t.Width, t.Height, t.AspectNum, t.AspectDen = p.width, p.height, p.aspectNum, p.aspectDen
		depth = p.reorder
	}
	return &t, depth
}

// fragment joins the parts of a NAL unit sent in several packets.
type fragment struct{ open bool }

// join appends a part to a unit. Parts after a loss are left out: a decoder copes with
// a truncated NAL unit, but not with a gap in one.
func (f *fragment) join(unit, head, part []byte, first, last, gap bool) (grown []byte, whole bool) {
	whole = true
	if first {
		whole = !f.open // the previous one never ended
		f.open = true
		unit = append(append(unit, startCode...), head...)
	} else if gap || !f.open {
		f.open = false
		return unit, false
	}
	if last {
		f.open = false
	}
	return append(unit, part...), whole
}

// h264 unpacks H.264 (RFC 6184): single NAL units, STAP-A and FU-A.
type h264 struct {
	sets     sets
	fu       fragment
	fuKind   byte
	idr      bool
	recovery bool // a decoder can start here without an IDR
	slice    bool
	known    *capture.Track
	depth    int
}

// H.264 NAL unit types (ITU-T H.264, table 7-1).
const (
	h264Slice   = 1
	h264SliceE  = 5 // highest type that is part of a frame; an IDR
	h264SEI     = 6
	h264SPS     = 7
	h264PPS     = 8
	h264STAPA   = 24
	h264FUA     = 28
	h264FUB     = 29
	h264Largest = 23
)

func newH264(m media) *h264 {
	h := &h264{sets: sets{types: []byte{h264SPS, h264PPS}, header: 1}, known: &capture.Track{Video: true, Codec: capture.H264}}
	for _, set := range parameterSets(m.format["sprop-parameter-sets"]) {
		h.sets.take(set[0]&31, set)
	}
	h.known, h.depth = h.sets.renew(h.known, h.depth, 0, parseH264SPS)
	return h
}

func (h *h264) unpack(unit, payload []byte, gap bool) ([]byte, bool) {
	if len(payload) == 0 {
		return unit, true // keep-alive sent by a few servers
	}
	whole := true
	if gap && h.fu.open {
		h.fu.open, whole = false, false
	}
	switch kind := payload[0] & 31; {
	case kind == h264STAPA:
		for rest := payload[1:]; len(rest) > 0; {
			if len(rest) < 2 || int(binary.BigEndian.Uint16(rest)) > len(rest)-2 {
				return unit, false
			}
			size := int(binary.BigEndian.Uint16(rest))
			unit = h.single(unit, rest[2:2+size])
			rest = rest[2+size:]
		}
	case kind == h264FUA || kind == h264FUB:
		skip := 2
		if kind == h264FUB && payload[0] != 0 {
			skip = 4 // decoding order number
		}
		if len(payload) < skip {
			return unit, false
		}
		first, last := payload[1]&0x80 != 0, payload[1]&0x40 != 0
		if first {
			h.fuKind = payload[1] & 31
		}
		from := len(unit)
		var joined bool
		unit, joined = h.fu.join(unit, []byte{payload[0]&0xe0 | payload[1]&31}, payload[skip:], first, last, gap)
		whole = whole && joined
		if first && len(unit) > from {
			h.see(unit[from+len(startCode):])
		}
	case kind >= 1 && kind <= h264Largest:
		if h.fu.open {
			h.fu.open, whole = false, false
		}
		unit = h.single(unit, payload)
	default:
		return unit, false
	}
	return unit, whole
}

func (h *h264) single(unit, nal []byte) []byte {
	if len(nal) == 0 {
		return unit
	}
	h.see(nal)
	return append(append(unit, startCode...), nal...)
}

// see inspects a NAL unit, or the first part of one.
func (h *h264) see(nal []byte) {
	switch kind := nal[0] & 31; {
	case kind >= h264Slice && kind <= h264SliceE:
		h.slice = true
		h.idr = h.idr || kind == h264SliceE
	case kind == h264SEI:
		h.recovery = h.recovery || recoversAtOnce(nal)
	default:
		h.sets.take(kind, nal)
	}
}

func (h *h264) complete() bool { return h.slice && !h.fu.open }

func (h *h264) finish(unit []byte) ([]byte, bool) {
	data, key := unit, h.idr || h.recovery && h.slice
	if !h.slice {
		data = nil
	}
	h.slice, h.idr, h.recovery, h.fu.open = false, false, false, false
	h.known, h.depth = h.sets.renew(h.known, h.depth, 0, parseH264SPS)
	return data, key
}

func (h *h264) track() *capture.Track { return h.known }
func (h *h264) reorder() int          { return h.depth }

// recoversAtOnce reports whether an SEI contains a recovery point with a frame count of
// 0.
func recoversAtOnce(nal []byte) bool {
	const recoveryPoint = 6
	rest := nal[1:]
	for len(rest) > 2 {
		kind, size := 0, 0
		for len(rest) > 0 && rest[0] == 0xff {
			kind, rest = kind+255, rest[1:]
		}
		if len(rest) == 0 {
			return false
		}
		kind, rest = kind+int(rest[0]), rest[1:]
		for len(rest) > 0 && rest[0] == 0xff {
			size, rest = size+255, rest[1:]
		}
		if len(rest) == 0 {
			return false
		}
		if size, rest = size+int(rest[0]), rest[1:]; size > len(rest) {
			return false
		}
		if kind == recoveryPoint {
			r := bits{data: rest[:size]}
			return r.ue() == 0 && !r.short
		}
		rest = rest[size:]
	}
	return false
}
