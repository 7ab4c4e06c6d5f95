package rtsp

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/pion/rtp"

	"rvo-tui/capture"
)

// canned is a connection with canned input.
type canned struct {
	net.Conn
	data []byte
}

func (c *canned) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.data)
	c.data = c.data[n:]
	return n, nil
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte("RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 3\r\n\r\nabc$\x00\x00\x02xyOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"))
	f.Add([]byte("\r\n$\x01\xff\xff"))
	f.Add([]byte("RTSP/1.0 401 No\nWWW-Authenticate: Digest realm=\"\r\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w := newWire(&canned{data: data})
		for range len(data) + 1 {
			_, got, msg, err := w.next()
			if err != nil {
				return
			}
			if len(got) > 1<<16 || msg != nil && len(msg.body) > maxBody {
				t.Fatal("beyond its bounds")
			}
		}
		t.Fatal("more messages than bytes")
	})
}

func FuzzSDP(f *testing.F) {
	f.Add([]byte(videoSDP + soundSDP))
	f.Add([]byte("m=video 0 RTP/AVP 26\nm=audio x y 97\na=rtpmap:97 mpeg4-generic/0/99\na=fmtp:97 config=;sizelength=99"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tracks, _, unknown, err := parseSDP(data)
		if err != nil {
			return
		}
		if len(tracks) > maxMedia {
			t.Fatalf("%d tracks", len(tracks))
		}
		_, _, _ = choose(tracks, unknown)
		for _, m := range tracks {
			newReceiver(m)
		}
	})
}

// FuzzRTP feeds RTP and RTCP datagrams to each kind of receiver. The input is a sequence of a
// two-byte length, a channel and the datagram.
func FuzzRTP(f *testing.F) {
	seed := func(payloadType uint8, payloads ...[]byte) {
		var out []byte
		for i, p := range payloads {
			data, _ := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: payloadType, SequenceNumber: uint16(i), Marker: true}, Payload: p}).Marshal()
			out = append(binary.BigEndian.AppendUint16(out, uint16(len(data)+1)), 0)
			out = append(out, data...)
		}
		f.Add(out)
	}
	seed(96, nal(true, 1), append([]byte{24, 0, 2}, 0x41, 1), []byte{28, 0x85, 1}, []byte{28, 0x45, 2})
	seed(96, []byte{96, 1, 0, 3, 0x26, 1, 1}, []byte{98, 1, 0x93, 1})
	seed(96, []byte{0, 0, 0, 0, 1, 80, 2, 2, 1, 2, 3})
	seed(96, []byte{0, 16, 0, 32, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, m := range []media{
			{video: true, codec: capture.H264},
			{video: true, codec: capture.HEVC, format: map[string]string{"sprop-max-don-diff": "1"}},
			{video: true, codec: capture.AV1},
			{video: true, codec: capture.VP8},
			{video: true, codec: capture.VP9},
			{video: true, codec: capture.MJPEG},
			{codec: capture.PCMU, channels: 1},
			{codec: capture.Opus},
			{codec: capture.AAC, format: map[string]string{"sizelength": "13", "indexlength": "3", "config": "1190"}},
			{codec: capture.AAC, format: map[string]string{"latm": "1", "cpresent": "0", "config": "400023203fc0"}},
		} {
			m.payload, m.rate = 96, 90000
			r := newReceiver(m)
			s := &source{log: quiet}
			s.own(r)
			r.seq.hold = m.video
			s.udp = m.video
			now := time.Unix(1, 0)
			for rest := data; len(rest) > 3; {
				n := min(int(binary.BigEndian.Uint16(rest)), len(rest)-2)
				if n == 0 {
					break
				}
				part := rest[2 : 2+n]
				if rest = rest[2+n:]; part[0]&1 == 0 {
					s.data(r, part[1:], now)
				} else {
					s.control(r, part[1:], now)
				}
				now = now.Add(time.Millisecond)
			}
			r.seq.flush()
			if r.seq.begun {
				r.reception(now)
			}
			last := time.Duration(-1 << 62)
			for _, p := range s.queue {
				if p.Track.Video && p.DTS <= last {
					t.Fatalf("DTS %v after %v", p.DTS, last)
				}
				if last = p.DTS; len(p.Data) == 0 || p.Captured.After(p.Arrived) {
					t.Fatalf("packet %+v", p)
				}
			}
		}
	})
}

func FuzzSPS(f *testing.F) {
	f.Add(testSPS)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func([]byte) (sps, bool){parseH264SPS, parseH265SPS} {
			if s, ok := parse(data); ok && (s.width <= 0 || s.height <= 0 || s.reorder > maxReorder) {
				t.Fatalf("%+v", s)
			}
		}
		_, _, _ = parseAV1Sequence(data)
	})
}
