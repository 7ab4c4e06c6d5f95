package rtsp

import "bytes"

// sps is the useful part of a sequence parameter set. The size is that of the cropped
// frame.
type sps struct {
	width, height        int
	aspectNum, aspectDen int
	reorder              int // number of frames that may be sent before one that is shown earlier
}

// bits reads a bit stream, most significant bit first.
type bits struct {
	data  []byte
	at    int
	short bool // more bits were read than there are
}

func (b *bits) u(n int) uint64 {
	var v uint64
	for range n {
		v <<= 1
		if b.at>>3 >= len(b.data) {
			b.short = true
			continue
		}
		v |= uint64(b.data[b.at>>3] >> (7 - b.at&7) & 1)
		b.at++
	}
	return v
}

func (b *bits) flag() bool { return b.u(1) == 1 }

// ue reads an unsigned Exp-Golomb code.
func (b *bits) ue() uint64 {
	zeros := 0
	for !b.flag() {
		if zeros++; zeros > 32 || b.short {
			b.short = true
			return 0
		}
	}
	return 1<<zeros - 1 + b.u(zeros)
}

func (b *bits) se() int64 {
	v := b.ue()
	if v&1 == 1 {
		return int64(v+1) / 2
	}
	return -int64(v / 2)
}

// unescape removes emulation prevention bytes.
func unescape(nal []byte) []byte {
	return bytes.ReplaceAll(nal, []byte{0, 0, 3}, []byte{0, 0})
}

// aspects are the sample aspect ratios by aspect_ratio_idc (table E-1 of both H.264 and
// H.265).
var aspects = [...][2]int{
	{0, 0}, {1, 1}, {12, 11}, {10, 11}, {16, 11}, {40, 33}, {24, 11}, {20, 11}, {32, 11}, {80, 33}, {18, 11}, {15, 11}, {64, 33}, {160, 99}, {4, 3}, {3, 2}, {2, 1},
}

// aspect reads aspect_ratio_info.
func (b *bits) aspect() (num, den int) {
	if !b.flag() {
		return 0, 0
	}
	switch idc := b.u(8); {
	case idc == 255:
		return int(b.u(16)), int(b.u(16))
	case idc < uint64(len(aspects)):
		return aspects[idc][0], aspects[idc][1]
	}
	return 0, 0
}

// plausible reports whether the values make sense.
func (s sps) plausible(b *bits) bool {
	return !b.short && s.width > 0 && s.height > 0 && s.width <= 1<<14 && s.height <= 1<<14
}

// parseH264SPS parses an SPS (ITU-T H.264, section 7.3.2.1.1).
func parseH264SPS(nal []byte) (s sps, ok bool) {
	if len(nal) < 4 {
		return s, false
	}
	b := &bits{data: unescape(nal[1:])}
	profile := b.u(8)
	b.u(16) // constraints, level
	b.ue()
	chroma, separate := uint64(1), false
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		if chroma = b.ue(); chroma == 3 {
			separate = b.flag()
		}
		b.ue()
		b.ue()
		b.u(1)
		if b.flag() {
			lists := 8
			if chroma == 3 {
				lists = 12
			}
			for i := range lists {
				if b.flag() {
					b.scalingList(i < 6)
				}
			}
		}
	}
	b.ue()
	switch b.ue() {
	case 0:
		b.ue()
	case 1:
		b.u(1)
		b.se()
		b.se()
		for range min(b.ue(), 256) {
			b.se()
		}
	}
	b.ue()
	b.u(1)
	width, height := b.ue()+1, b.ue()+1
	frames := uint64(2)
	if b.flag() {
		frames = 1
	} else {
		b.u(1)
	}
	b.u(1)
	s.width, s.height = int(min(width, 1<<12)*16), int(min(height*frames, 1<<12)*16)
	if b.flag() {
		unitX, unitY := 1, int(frames)
		if !separate && chroma == 1 {
			unitX, unitY = 2, 2*int(frames)
		} else if !separate && chroma == 2 {
			unitX = 2
		}
		left, right, top, bottom := b.ue(), b.ue(), b.ue(), b.ue()
		s.width -= int(min(left+right, 1<<14)) * unitX
		s.height -= int(min(top+bottom, 1<<14)) * unitY
	}
	if ok = s.plausible(b); ok && b.flag() {
		b.vui264(&s)
	}
	return s, ok
}

func (b *bits) scalingList(small bool) {
	size := 64
	if small {
		size = 16
	}
	last, next := int64(8), int64(8)
	for range size {
		if next != 0 {
			next = (last + b.se() + 256) & 255
		}
		if next != 0 {
			last = next
		}
	}
}

// vui264 parses the video usability information (H.264, section E.1.1) as far as it is
// complete.
func (b *bits) vui264(s *sps) {
	num, den := b.aspect()
	if b.flag() {
		b.u(1) // overscan
	}
	if b.flag() {
		b.u(4) // format, range
		if b.flag() {
			b.u(24)
		}
	}
	if b.flag() {
		b.ue()
		b.ue()
	}
	if b.flag() {
		b.u(32)
		b.u(32)
		b.u(1)
	}
	nal := b.flag()
	if nal {
		b.hrd264()
	}
	vcl := b.flag()
	if vcl {
		b.hrd264()
	}
	if nal || vcl {
		b.u(1)
	}
	b.u(1)
	if b.flag() {
		b.u(1)
		b.ue()
		b.ue()
		b.ue()
		b.ue()
		if n := b.ue(); !b.short && n <= maxReorder {
			s.reorder = int(n)
		}
	}
	s.aspectNum, s.aspectDen = num, den
}

func (b *bits) hrd264() {
	n := min(b.ue(), 31) + 1
	b.u(8)
	for range n {
		b.ue()
		b.ue()
		b.u(1)
	}
	b.u(20)
}

// parseH265SPS parses an SPS (ITU-T H.265, section 7.3.2.2.1) up to the scaling lists
// and reference picture sets, which are hard to skip. The aspect ratio after them is
// left to decoders.
func parseH265SPS(nal []byte) (s sps, ok bool) {
	if len(nal) < 4 {
		return s, false
	}
	b := &bits{data: unescape(nal[2:])}
	b.u(4)
	layers := int(b.u(3))
	b.u(1)
	b.u(88) // general profile and level, as one
	b.u(8)
	var profile, level [8]bool
	for i := range layers {
		profile[i], level[i] = b.flag(), b.flag()
	}
	if layers > 0 {
		b.u(2 * (8 - layers))
	}
	for i := range layers {
		if profile[i] {
			b.u(88)
		}
		if level[i] {
			b.u(8)
		}
	}
	b.ue()
	chroma := b.ue()
	if chroma == 3 {
		b.u(1)
	}
	s.width, s.height = int(min(b.ue(), 1<<15)), int(min(b.ue(), 1<<15))
	if b.flag() {
		unitX, unitY := 1, 1
		if chroma == 1 {
			unitX, unitY = 2, 2
		} else if chroma == 2 {
			unitX = 2
		}
		left, right, top, bottom := b.ue(), b.ue(), b.ue(), b.ue()
		s.width -= int(min(left+right, 1<<14)) * unitX
		s.height -= int(min(top+bottom, 1<<14)) * unitY
	}
	b.ue()
	b.ue()
	b.ue()
	from := layers
	if b.flag() {
		from = 0
	}
	for i := from; i <= layers; i++ {
		b.ue()
		if n := b.ue(); n <= maxReorder {
			s.reorder = int(n)
		}
		b.ue()
	}
	return s, s.plausible(b)
}
