package rtsp

import (
	"encoding/binary"
	"strconv"

	"rvo-tui/capture"
)

// h265 unpacks H.265 (RFC 7798): single NAL units, aggregation packets and
// fragmentation units.
type h265 struct {
	sets  sets
	donl  bool // decoding order numbers are present, which are ignored
	fu    fragment
	key   bool
	slice bool
	known *capture.Track
	depth int
}

// H.265 NAL unit types (ITU-T H.265, table 7-1, and RFC 7798).
const (
	h265LastSlice = 31
	h265FirstKey  = 16 // BLA, IDR and CRA
	h265LastKey   = 21
	h265VPS       = 32
	h265SPS       = 33
	h265PPS       = 34
	h265Largest   = 47
	h265AP        = 48
	h265FU        = 49
)

func newH265(m media) *h265 {
	h := &h265{sets: sets{types: []byte{h265VPS, h265SPS, h265PPS}, header: 2}, known: &capture.Track{Video: true, Codec: capture.HEVC}}
	diff, _ := strconv.Atoi(m.format["sprop-max-don-diff"])
	h.donl = diff > 0
	for _, set := range parameterSets(m.format["sprop-vps"], m.format["sprop-sps"], m.format["sprop-pps"]) {
		h.sets.take(h265Kind(set), set)
	}
	h.known, h.depth = h.sets.renew(h.known, h.depth, 1, parseH265SPS)
	return h
}

func h265Kind(nal []byte) byte { return nal[0] >> 1 & 63 }

func (h *h265) unpack(unit, payload []byte, gap bool) ([]byte, bool) {
	if len(payload) < 2 {
		return unit, len(payload) == 0
	}
	whole := true
	if gap && h.fu.open {
		h.fu.open, whole = false, false
	}
	order := 0
	if h.donl {
		order = 2
	}
	switch kind := h265Kind(payload); {
	case kind == h265AP:
		rest := payload[2:]
		for i := 0; len(rest) > 0; i++ {
			if h.donl {
				n := 1 // size of DOND
				if i == 0 {
					n = 2
				}
				rest = rest[min(n, len(rest)):]
			}
			if len(rest) < 2 || int(binary.BigEndian.Uint16(rest)) > len(rest)-2 {
				return unit, false
			}
			size := int(binary.BigEndian.Uint16(rest))
			unit = h.single(unit, rest[2:2+size])
			rest = rest[2+size:]
		}
	case kind == h265FU:
		if len(payload) < 3+order {
			return unit, false
		}
		first, last := payload[2]&0x80 != 0, payload[2]&0x40 != 0
		from := len(unit)
		var joined bool
		head := []byte{payload[0]&0x81 | payload[2]&63<<1, payload[1]}
		unit, joined = h.fu.join(unit, head, payload[3+order:], first, last, gap)
		whole = whole && joined
		if first && len(unit) > from {
			h.see(unit[from+len(startCode):])
		}
	case kind <= h265Largest:
		if h.fu.open {
			h.fu.open, whole = false, false
		}
		if order > 0 && len(payload) >= 4 {
			unit = h.single(unit, append(payload[:2:2], payload[4:]...))
		} else {
			unit = h.single(unit, payload)
		}
	default:
		return unit, false
	}
	return unit, whole
}

func (h *h265) single(unit, nal []byte) []byte {
	if len(nal) < 2 {
		return unit
	}
	h.see(nal)
	return append(append(unit, startCode...), nal...)
}

func (h *h265) see(nal []byte) {
	kind := h265Kind(nal)
	switch {
	case kind <= h265LastSlice:
		h.slice = true
		h.key = h.key || kind >= h265FirstKey && kind <= h265LastKey
	default:
		h.sets.take(kind, nal)
	}
}

func (h *h265) complete() bool { return h.slice && !h.fu.open }

func (h *h265) finish(unit []byte) ([]byte, bool) {
	data, key := unit, h.key
	if !h.slice {
		data = nil
	}
	h.slice, h.key, h.fu.open = false, false, false
	h.known, h.depth = h.sets.renew(h.known, h.depth, 1, parseH265SPS)
	return data, key
}

func (h *h265) track() *capture.Track { return h.known }
func (h *h265) reorder() int          { return h.depth }
