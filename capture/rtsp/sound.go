package rtsp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"rvo-tui/capture"
)

// sounder unpacks the payloads of one sound track. Each piece of sound is emitted with
// its offset from the packet's timestamp and its duration, in ticks of the RTP clock.
type sounder interface {
	unpack(payload []byte, marker, gap bool, emit func(data []byte, after, ticks int)) (whole bool)
	track() *capture.Track
}

// newSounder returns nil if the track lacks required parameters.
func newSounder(m media) sounder {
	t := &capture.Track{Codec: m.codec, SampleRate: m.rate, Channels: m.channels}
	switch m.codec {
	case capture.PCMU, capture.PCMA:
		return &g711{t}
	case capture.Opus:
		t.Channels, t.Config = 2, opusHead(2)
		return &opus{t}
	}
	if m.format["latm"] != "" {
		return newLATM(m, t)
	}
	return newAAC(m, t)
}

// g711 unpacks G.711, which has one byte per sample and channel.
type g711 struct{ known *capture.Track }

func (g *g711) unpack(payload []byte, _, _ bool, emit func([]byte, int, int)) bool {
	if len(payload) > 0 {
		emit(payload, 0, len(payload)/g.known.Channels)
	}
	return true
}

func (g *g711) track() *capture.Track { return g.known }

// opus unpacks Opus, with one packet per payload (RFC 7587).
type opus struct{ known *capture.Track }

func (o *opus) unpack(payload []byte, _, _ bool, emit func([]byte, int, int)) bool {
	if len(payload) > 0 {
		emit(payload, 0, opusTicks(payload))
	}
	return true
}

func (o *opus) track() *capture.Track { return o.known }

// opusHead returns the identification header (RFC 7845, section 5.1).
func opusHead(channels byte) []byte {
	head := append([]byte("OpusHead"), 1, channels)
	head = binary.LittleEndian.AppendUint16(head, 312) // pre-skip in samples, as in libopus
	head = binary.LittleEndian.AppendUint32(head, 48000)
	return append(head, 0, 0, 0)
}

// opusTicks returns the duration of an Opus packet at 48 kHz (RFC 6716, section 3.1).
func opusTicks(packet []byte) int {
	config, count := packet[0]>>3, 1
	switch packet[0] & 3 {
	case 1, 2:
		count = 2
	case 3:
		if len(packet) < 2 {
			return 0
		}
		count = int(packet[1] & 63)
	}
	frame := 0
	switch {
	case config < 12:
		frame = [...]int{480, 960, 1920, 2880}[config&3]
	case config < 16:
		frame = [...]int{480, 960}[config&1]
	default:
		frame = [...]int{120, 240, 480, 960}[config&3]
	}
	return min(count*frame, 5760)
}

// aac unpacks AAC (RFC 3640, mode AAC-hbr and similar).
type aac struct {
	known                         *capture.Track
	sizeBits, indexBits, diffBits int
	ticks                         int    // per frame
	part                          []byte // of a frame sent in several packets
}

func newAAC(m media, t *capture.Track) sounder {
	number := func(name string) int {
		n, _ := strconv.Atoi(m.format[name])
		return n
	}
	a := &aac{known: t, sizeBits: number("sizelength"), indexBits: number("indexlength"), diffBits: number("indexdeltalength")}
	t.Config = hexParameter(m.format["config"])
	rate, channels, samples, err := parseAudioConfig(t.Config)
	if err != nil || a.sizeBits < 1 || a.sizeBits > 16 || a.indexBits < 0 || a.indexBits > 8 || a.diffBits < 0 || a.diffBits > 8 {
		return nil
	}
	describeAAC(t, rate, channels)
	a.ticks = samples * m.rate / rate
	return a
}

func describeAAC(t *capture.Track, rate, channels int) {
	t.SampleRate = rate
	if channels > 0 {
		t.Channels = channels
	}
}

func (a *aac) unpack(payload []byte, marker, gap bool, emit func([]byte, int, int)) bool {
	if len(payload) < 2 {
		return false
	}
	headers := int(binary.BigEndian.Uint16(payload))
	size := (headers + 7) / 8
	if headers == 0 || 2+size > len(payload) {
		return false
	}
	b := &bits{data: payload[2 : 2+size]}
	data := payload[2+size:]
	if gap {
		a.part = nil
	}
	for i := 0; b.at < headers; i++ {
		n := int(b.u(a.sizeBits))
		if i == 0 {
			b.u(a.indexBits)
		} else {
			b.u(a.diffBits)
		}
		switch {
		case b.short || n > len(data) && i > 0:
			return false
		case n > len(data): // one frame in several packets
			if a.part = append(a.part, data...); len(a.part) < n && !marker {
				return true
			}
			whole := len(a.part) == n
			if whole {
				emit(a.part, 0, a.ticks)
			}
			a.part = nil
			return whole
		case n > 0:
			emit(data[:n], i*a.ticks, a.ticks)
		}
		data = data[n:]
	}
	a.part = nil
	return true
}

func (a *aac) track() *capture.Track { return a.known }

// latm unpacks AAC as MP4A-LATM (RFC 6416), with its configuration in the SDP and one
// or more frames per packet.
type latm struct {
	known *capture.Track
	ticks int
	part  []byte
}

func newLATM(m media, t *capture.Track) sounder {
	config := hexParameter(m.format["config"])
	b := &bits{data: config}
	// StreamMuxConfig with one program and one layer.
	if m.format["cpresent"] != "0" || b.u(1) != 0 || b.u(1) != 1 || b.u(6) != 0 || b.u(4) != 0 || b.u(3) != 0 {
		return nil
	}
	size := 2
	if len(config) > 2 && b.data[1]&1<<4|b.data[2]>>4 == 5 { // SBR, signaled explicitly
		size = 4
	}
	for range size {
		t.Config = append(t.Config, byte(b.u(8)))
	}
	rate, channels, samples, err := parseAudioConfig(t.Config)
	if err != nil || b.short {
		return nil
	}
	describeAAC(t, rate, channels)
	return &latm{known: t, ticks: samples * m.rate / rate}
}

func (l *latm) unpack(payload []byte, marker, gap bool, emit func([]byte, int, int)) bool {
	if gap {
		l.part = nil
	}
	if l.part = append(l.part, payload...); len(l.part) > 64<<10 {
		l.part = nil
		return false
	}
	if !marker {
		return true
	}
	rest := l.part
	l.part = nil
	for i := 0; len(rest) > 0; i++ {
		size := 0
		for len(rest) > 0 && rest[0] == 255 {
			size, rest = size+255, rest[1:]
		}
		if len(rest) == 0 {
			return false
		}
		if size, rest = size+int(rest[0]), rest[1:]; size > len(rest) {
			return false
		}
		if size > 0 {
			emit(rest[:size], i*l.ticks, l.ticks)
		}
		rest = rest[size:]
	}
	return true
}

func (l *latm) track() *capture.Track { return l.known }

var audioRates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// parseAudioConfig parses an AudioSpecificConfig (ISO/IEC 14496-3, section 1.6.2.1):
// sample rate, channels (0: defined elsewhere) and samples per frame.
func parseAudioConfig(config []byte) (rate, channels, samples int, err error) {
	if len(config) < 2 {
		return 0, 0, 0, errors.New("no AudioSpecificConfig")
	}
	b := &bits{data: config}
	kind := b.u(5)
	if kind == 31 {
		b.u(6)
	}
	index := b.u(4)
	switch {
	case index == 15:
		rate = int(b.u(24))
	case index < uint64(len(audioRates)):
		rate = audioRates[index]
	}
	if rate < 4000 || rate > 192000 {
		return 0, 0, 0, fmt.Errorf("sample rate %d", rate)
	}
	if channels = int(b.u(4)); channels == 7 {
		channels = 8
	}
	samples = 1024
	if kind == 2 && b.flag() {
		samples = 960
	}
	return rate, min(channels, 8), samples, nil
}
