package rtsp

import (
	"encoding/binary"

	"rvo-tui/capture"
)

// mjpeg unpacks JPEG frames sent without their headers (RFC 2435).
type mjpeg struct {
	known  *capture.Track
	begun  bool
	tables [256][]byte // quantization tables by Q, for those sent only once
	next   int         // expected offset of the next part
}

func newMJPEG() *mjpeg {
	return &mjpeg{known: &capture.Track{Video: true, Codec: capture.MJPEG}}
}

// unpack reads the headers of RFC 2435, section 3.1.
func (j *mjpeg) unpack(unit, payload []byte, _ bool) ([]byte, bool) {
	if len(payload) < 8 {
		return unit, false
	}
	offset := int(payload[1])<<16 | int(payload[2])<<8 | int(payload[3])
	kind, q := payload[4], payload[5]
	width, height := int(payload[6])*8, int(payload[7])*8
	rest := payload[8:]
	restart := uint16(0)
	if kind >= 64 && kind < 128 {
		if len(rest) < 4 {
			return unit, false
		}
		restart, rest = binary.BigEndian.Uint16(rest), rest[4:]
	}
	if offset == 0 {
		tables, scan, ok := j.quantization(q, rest)
		if !ok || kind&0x3f > 1 || width == 0 || height == 0 {
			return unit, false
		}
		rest, j.begun, j.next = scan, true, 0
		unit = appendJPEGHeader(unit[:0], kind&0x3f, width, height, restart, tables)
		j.known = sized(j.known, width, height)
	}
	if !j.begun || offset != j.next {
		return unit, false // data after a gap is useless
	}
	j.next += len(rest)
	return append(unit, rest...), true
}

// quantization returns the tables of a frame and the data after them.
func (j *mjpeg) quantization(q byte, rest []byte) (tables, scan []byte, ok bool) {
	switch {
	case q == 0:
		return nil, nil, false
	case q < 128:
		return scaledTables(int(q)), rest, true
	case len(rest) < 4:
		return nil, nil, false
	}
	precision, size := rest[1], int(binary.BigEndian.Uint16(rest[2:]))
	rest = rest[4:]
	if size > len(rest) {
		return nil, nil, false
	}
	tables, scan = rest[:size], rest[size:]
	if size == 0 {
		tables = j.tables[q]
	} else if q < 255 {
		j.tables[q] = append([]byte(nil), tables...)
	}
	return tables, scan, (len(tables) == 64 || len(tables) == 128) && precision == 0
}

func (j *mjpeg) complete() bool { return true }

func (j *mjpeg) finish(unit []byte) ([]byte, bool) {
	begun := j.begun
	j.begun = false
	if !begun || len(unit) == 0 {
		return nil, false
	}
	if n := len(unit); unit[n-2] != 0xff || unit[n-1] != 0xd9 {
		unit = append(unit, 0xff, 0xd9)
	}
	return unit, true
}

func (j *mjpeg) track() *capture.Track { return j.known }

// Tables K.1 and K.2 of the JPEG standard, in zigzag order (RFC 2435, appendix A).
var (
	lumaTable = [64]byte{
		16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
		56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
	}
	chromaTable = [64]byte{
		17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
	}
)

// scaledTables returns the tables for a quality from 1 to 127.
func scaledTables(q int) []byte {
	q = min(q, 99)
	scale := 200 - q*2
	if q < 50 {
		scale = 5000 / q
	}
	out := make([]byte, 0, 128)
	for _, table := range [][64]byte{lumaTable, chromaTable} {
		for _, v := range table {
			out = append(out, byte(min(max((int(v)*scale+50)/100, 1), 255)))
		}
	}
	return out
}

// huffman are the tables K.3 to K.6: class and number, count of codes of each length,
// and their symbols.
var huffman = []struct {
	id      byte
	lengths [16]byte
	symbols []byte
}{
	{0x00, [16]byte{0, 1, 5, 1, 1, 1, 1, 1, 1}, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
	{0x10, [16]byte{0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d}, []byte{
		0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08,
		0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28,
		0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
		0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
		0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6,
		0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
		0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
	}},
	{0x01, [16]byte{0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
	{0x11, [16]byte{0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77}, []byte{
		0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91,
		0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26,
		0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
		0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
		0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4,
		0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
		0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
	}},
}

// appendJPEGHeader appends everything before a JPEG's scan data.
func appendJPEGHeader(out []byte, kind byte, width, height int, restart uint16, tables []byte) []byte {
	segment := func(marker byte, parts ...[]byte) {
		size := 2
		for _, p := range parts {
			size += len(p)
		}
		out = append(out, 0xff, marker, byte(size>>8), byte(size))
		for _, p := range parts {
			out = append(out, p...)
		}
	}
	out = append(out, 0xff, 0xd8)
	second := byte(0) // table of the chroma
	segment(0xdb, []byte{0}, tables[:64])
	if len(tables) > 64 {
		second = 1
		segment(0xdb, []byte{1}, tables[64:])
	}
	if restart > 0 {
		segment(0xdd, []byte{byte(restart >> 8), byte(restart)})
	}
	sampling := byte(0x21) // 4:2:2
	if kind == 1 {
		sampling = 0x22 // 4:2:0
	}
	segment(0xc0, []byte{8, byte(height >> 8), byte(height), byte(width >> 8), byte(width), 3, 1, sampling, 0, 2, 0x11, second, 3, 0x11, second})
	for _, h := range huffman {
		segment(0xc4, []byte{h.id}, h.lengths[:], h.symbols)
	}
	segment(0xda, []byte{3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0})
	return out
}
