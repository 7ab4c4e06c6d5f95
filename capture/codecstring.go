package capture

import (
	"bytes"
	"fmt"
	"math/bits"
	"strings"
)

// CodecString returns the track's codec as in RFC 6381, for browsers ("avc1.640028").
// It is "" if none is defined or the track lacks the information.
func (t *Track) CodecString() string {
	switch t.Codec {
	case H264:
		if sps := parameterSet(t.Config, func(b byte) bool { return b&0x1f == 7 }); len(sps) >= 4 {
			return fmt.Sprintf("avc1.%x", sps[1:4])
		}
	case HEVC:
		return hevcString(parameterSet(t.Config, func(b byte) bool { return b>>1&0x3f == 33 }))
	case AV1:
		return "av01.0.08M.08" // decoders take profile, level and depth from the data, as for VP9
	case VP8:
		return "vp8"
	case VP9:
		return "vp09.00.10.08"
	}
	return ""
}

// parameterSet returns the first NAL unit in Annex B data whose first byte is wanted,
// without emulation prevention bytes.
func parameterSet(config []byte, wanted func(byte) bool) []byte {
	for unit := range bytes.SplitSeq(config, []byte{0, 0, 1}) {
		if len(unit) > 0 && wanted(unit[0]) {
			return bytes.ReplaceAll(bytes.TrimRight(unit, "\x00"), []byte{0, 0, 3}, []byte{0, 0})
		}
	}
	return nil
}

// hevcString reads profile_tier_level of a sequence parameter set (ITU-T H.265, section
// 7.3.3) and formats it as in ISO/IEC 14496-15, annex E.
func hevcString(sps []byte) string {
	if len(sps) < 15 {
		return ""
	}
	general, compatible, constraints, level := sps[3], sps[4:8], sps[8:14], sps[14]
	space := strings.TrimLeft(string("\x00ABC"[general>>6]), "\x00")
	tier := "L"
	if general>>5&1 == 1 {
		tier = "H"
	}
	var flags uint32
	for _, b := range compatible {
		flags = flags<<8 | uint32(b)
	}
	out := fmt.Sprintf("hev1.%s%d.%X.%s%d", space, general&0x1f, bits.Reverse32(flags), tier, level)
	for _, b := range bytes.TrimRight(constraints, "\x00") {
		out += fmt.Sprintf(".%X", b)
	}
	return out
}
