package rtsp

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"rvo-tui/capture"
)

// unit is the result of an assembler.
type unit struct {
	data         []byte
	key, damaged bool
	track        *capture.Track
}

// assemble sends frames, each a list of payloads, except those selected by lose.
func assemble(u unpacker, frames [][][]byte, lose func(frame, payload int) bool) []unit {
	var out []unit
	a := &assembler{unpacker: u}
	a.emit = func(_ uint32, _ time.Time, data []byte, key, damaged bool) {
		out = append(out, unit{data, key, damaged, u.track()})
	}
	gap := false
	for i, payloads := range frames {
		for j, p := range payloads {
			if lose != nil && lose(i, j) {
				gap = true
				continue
			}
			a.push(uint32(i*3600), p, j == len(payloads)-1, gap, time.Time{})
			gap = false
		}
	}
	return out
}

// annexB joins NAL units.
func annexB(nals ...[]byte) []byte {
	var out []byte
	for _, n := range nals {
		out = append(append(out, startCode...), n...)
	}
	return out
}

// long returns a long NAL unit.
func long(head ...byte) []byte {
	return append(head, bytes.Repeat([]byte{0x5a, 1, 2, 3, 0xa7}, 900)...)
}

func TestH264(t *testing.T) {
	idr, p1 := long(0x65), long(0x41)
	sei := []byte{6, 5, 4, 1, 2, 3, 4, 0x80}
	pay := func(nals ...[]byte) [][]byte { return new(codecs.H264Payloader).Payload(1200, annexB(nals...)) }
	stapA := append([]byte{24, 0, byte(len(testSPS))}, testSPS...)
	stapA = append(append(stapA, 0, byte(len(testPPS))), testPPS...)
	frames := [][][]byte{
		append([][]byte{stapA, sei}, pay(idr)...),
		pay(p1),
		{{0x41, 9, 9}, {0x41, 8, 8}},
	}
	h := newH264(media{format: map[string]string{}})
	if h.track().Config != nil {
		t.Error("parameter sets of nowhere")
	}
	got := assemble(h, frames, nil)
	want := [][]byte{annexB(testSPS, testPPS, sei, idr), annexB(p1), annexB([]byte{0x41, 9, 9}, []byte{0x41, 8, 8})}
	if len(got) != 3 {
		t.Fatalf("%d frames", len(got))
	}
	for i := range got {
		if !bytes.Equal(got[i].data, want[i]) || got[i].key != (i == 0) || got[i].damaged {
			t.Errorf("frame %d: key %v, damaged %v, %d bytes, want %d", i, got[i].key, got[i].damaged, len(got[i].data), len(want[i]))
		}
	}
	if tr := got[0].track; !bytes.Equal(tr.Config, annexB(testSPS, testPPS)) || tr.Width != 320 || tr.Height != 240 || got[2].track != tr {
		t.Errorf("track %+v", tr)
	}
	// A lost fragment ends its NAL unit there: the decoder conceals the rest.
	got = assemble(newH264(media{format: map[string]string{}}), frames, func(i, j int) bool { return i == 1 && j == 1 })
	if !got[1].damaged || len(got[1].data) < 1000 || !bytes.HasPrefix(annexB(p1), got[1].data) || got[0].damaged || got[2].damaged {
		t.Errorf("after a loss: %d bytes, damaged %v", len(got[1].data), got[1].damaged)
	}
	// A NAL unit without its beginning is useless, and the next frame depends on it.
	got = assemble(newH264(media{format: map[string]string{}}), frames, func(i, j int) bool { return i == 1 && j == 0 })
	if len(got) != 2 || !got[1].damaged {
		t.Errorf("%d frames when one lost its beginning", len(got))
	}
}

// An encoder may switch between picture parameter sets. All of them are needed to
// decode, and sending them again changes nothing.
func TestSeveralPictureParameterSets(t *testing.T) {
	other := []byte{104, 0x4e, 60, 128} // ID 1
	frame := [][]byte{testSPS, testPPS, other, {0x65, 1, 2, 3}}
	got := assemble(newH264(media{format: map[string]string{}}), [][][]byte{frame, frame}, nil)
	if len(got) != 2 || got[0].track != got[1].track || !bytes.Equal(got[0].track.Config, annexB(testSPS, testPPS, other)) {
		t.Errorf("in the stream: %+v", got)
	}
	var list []string
	for _, set := range [][]byte{testSPS, testPPS, other} {
		list = append(list, base64.StdEncoding.EncodeToString(set))
	}
	h := newH264(media{format: map[string]string{"sprop-parameter-sets": strings.Join(list, ",")}})
	if !bytes.Equal(h.track().Config, annexB(testSPS, testPPS, other)) {
		t.Errorf("in the description: %x", h.track().Config)
	}
	changed := []byte{104, 0x4e, 61, 128}
	got = assemble(h, [][][]byte{frame, {testSPS, testPPS, changed, {0x65, 1, 2, 3}}}, nil)
	if len(got) != 2 || got[0].track == got[1].track || !bytes.Equal(got[1].track.Config, annexB(testSPS, testPPS, changed)) {
		t.Errorf("when one changes: %+v", got)
	}
	if tr := newH265(media{format: map[string]string{"sprop-vps": "QA==", "sprop-sps": "Qg==", "sprop-pps": "RA=="}}).track(); tr.Config != nil {
		t.Errorf("of empty ones: %x", tr.Config)
	}
}

// A description that is sent again, in several sets, is not a new one.
func TestSeveralSequenceParameterSets(t *testing.T) {
	other := bytes.Clone(testSPS)
	other[3]++ // another level
	frame := [][]byte{other, testSPS, testPPS, {0x65, 1, 2, 3}}
	got := assemble(newH264(media{format: map[string]string{}}), [][][]byte{frame, frame}, nil)
	if len(got) != 2 || got[0].track != got[1].track {
		t.Errorf("%d frames, of one track: %v", len(got), got[0].track == got[1].track)
	}
}

// Some encoders never send an IDR frame, but mark recovery points.
func TestH264RecoveryPointIsKey(t *testing.T) {
	for text, want := range map[string]bool{
		"0606018480": true, "060601c480": true, "0606014080": false, "060501000601c480": true, "060501090601c480": true, "06": false, "0606ff": false, "06060180": true, "060680": false,
	} {
		sei, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := recoversAtOnce(sei); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// A frame that is lost because its start is missing damages the next one.
func TestLossOfAWholeFrameIsMarked(t *testing.T) {
	const fuA = 28
	part := func(bits byte) []byte { return append([]byte{0x40 | fuA, bits | 1}, long()...) }
	frame := [][]byte{part(0x80), part(0), part(0x40)}
	for name, c := range map[string]struct {
		unpacker unpacker
		frame    [][]byte
	}{
		"H.264": {newH264(media{format: map[string]string{}}), frame},
		"VP8":   {newVP8(), [][]byte{append([]byte{0x10}, long(0x9d, 1, 2)...), append([]byte{0}, long()...)}},
	} {
		got := assemble(c.unpacker, [][][]byte{c.frame, c.frame, c.frame, c.frame}, func(frame, payload int) bool { return frame == 1 && payload == 0 })
		if len(got) != 3 || got[0].damaged || !got[1].damaged || got[2].damaged {
			t.Errorf("%s: %d frames, want 3, of which the second is damaged", name, len(got))
		}
	}
	// A key frame does not depend on the frames before it.
	key := [][]byte{{0x65, 0x88, 1}}
	if got := assemble(newH264(media{format: map[string]string{}}), [][][]byte{frame, key}, func(frame, payload int) bool { return frame == 0 && payload == 0 }); len(got) != 1 || got[0].damaged {
		t.Errorf("the key frame after a loss: %+v", got)
	}
}

// A camera that sets the marker on each NAL unit is detected.
func TestMarkersThatMeanNothing(t *testing.T) {
	h := newH264(media{format: map[string]string{}})
	var got []unit
	a := &assembler{unpacker: h}
	a.emit = func(_ uint32, _ time.Time, data []byte, key, damaged bool) {
		got = append(got, unit{data: data, key: key, damaged: damaged})
	}
	for i := range 20 {
		for part := range 4 {
			a.push(uint32(i), []byte{0x41, byte(i), byte(part)}, true, false, time.Time{})
		}
	}
	if n := len(got); n > 19+4 {
		t.Errorf("%d frames of 20", n)
	}
	if last := got[len(got)-1]; bytes.Count(last.data, startCode) != 4 {
		t.Errorf("a frame of %d slices, want 4", bytes.Count(last.data, startCode))
	}
}

func TestH265(t *testing.T) {
	vps, _ := hex.DecodeString("40010c01ffff01600000030090000003000003003f95982409")
	sps, _ := hex.DecodeString("42010101600000030090000003000003003fa00a080f165966924caf0168080000030008000003000c840")
	pps := []byte{0x44, 1, 0xc1, 0x73, 0xd0, 0x89}
	idr, p1 := long(0x26, 1), long(2, 1)
	pay := func(nals ...[]byte) [][]byte { return new(codecs.H265Payloader).Payload(1200, annexB(nals...)) }
	frames := [][][]byte{pay(vps, sps, pps, idr), pay(p1)}
	got := assemble(newH265(media{format: map[string]string{}}), frames, nil)
	if len(got) != 2 || !bytes.Equal(got[0].data, annexB(vps, sps, pps, idr)) || !bytes.Equal(got[1].data, annexB(p1)) || !got[0].key || got[1].key {
		t.Fatalf("%d frames", len(got))
	}
	if tr := got[0].track; !bytes.Equal(tr.Config, annexB(vps, sps, pps)) || tr.Width != 320 || tr.Height != 240 {
		t.Errorf("track %dx%d, %d bytes", tr.Width, tr.Height, len(tr.Config))
	}
	got = assemble(newH265(media{format: map[string]string{}}), frames, func(i, j int) bool { return i == 1 && j == 2 })
	if len(got) != 2 || !got[1].damaged || !bytes.HasPrefix(annexB(p1), got[1].data) {
		t.Error("a loss is not marked")
	}
}

func TestVP8AndVP9(t *testing.T) {
	key := append([]byte{0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0}, make([]byte, 3000)...)
	inter := append([]byte{0x31, 2, 0}, make([]byte, 2500)...)
	frames := [][][]byte{new(codecs.VP8Payloader).Payload(1200, key), new(codecs.VP8Payloader).Payload(1200, inter)}
	got := assemble(newVP8(), frames, nil)
	if len(got) != 2 || !got[0].key || got[1].key || !bytes.Equal(got[0].data, key) || !bytes.Equal(got[1].data, inter) || got[0].track.Width != 320 || got[0].track.Height != 240 {
		t.Fatalf("VP8: %d frames", len(got))
	}
	if got = assemble(newVP8(), frames, func(i, j int) bool { return i == 1 && j == 0 }); len(got) != 1 {
		t.Errorf("VP8: %d frames when one lost its beginning", len(got))
	}
	key, _ = hex.DecodeString("8249834200013f00ef00000000")
	key = append(key, make([]byte, 3000)...)
	frames = [][][]byte{new(codecs.VP9Payloader).Payload(1200, key)}
	got = assemble(newVP9(), frames, nil)
	if len(got) != 1 || !got[0].key || !bytes.Equal(got[0].data, key) || got[0].track.Width == 0 {
		t.Fatalf("VP9: %d frames, %+v", len(got), got)
	}
}

func TestAV1(t *testing.T) {
	sequence, _ := hex.DecodeString("0a0b00000004479e7f9f7ff048")
	frame := append([]byte{0x32, 0xb0, 0x17}, make([]byte, 3000-8)...)
	frame[1], frame[2] = byte((len(frame)-3)&0x7f|0x80), byte((len(frame)-3)>>7)
	key := append(slices.Clone(sequence), frame...)
	pay := func(data []byte) [][]byte { return new(codecs.AV1Payloader).Payload(1200, data) }
	got := assemble(newAV1(), [][][]byte{pay(key), pay(frame)}, nil)
	if len(got) != 2 || !got[0].key || got[1].key || !bytes.Equal(got[0].data, key) || !bytes.Equal(got[1].data, frame) {
		t.Fatalf("%d frames", len(got))
	}
	if !bytes.Equal(got[0].track.Config, sequence) || got[0].track.Width == 0 {
		t.Errorf("track %+v", got[0].track)
	}
	got = assemble(newAV1(), [][][]byte{pay(key), pay(frame), pay(frame), pay(frame)}, func(i, j int) bool { return i == 1 && j == 1 })
	if len(got) != 3 || !got[1].damaged || got[2].damaged || !bytes.Equal(got[2].data, frame) {
		t.Errorf("%d frames after a loss, want 3, of which the second is damaged", len(got))
	}
}

// A JPEG split as in RFC 2435 is reassembled to the same picture.
func TestMJPEG(t *testing.T) {
	img := image.NewYCbCr(image.Rect(0, 0, 64, 48), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = byte(i * 7)
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = byte(i), byte(255-i)
	}
	var whole bytes.Buffer
	if err := jpeg.Encode(&whole, img, &jpeg.Options{Quality: 80}); err != nil {
		t.Fatal(err)
	}
	var tables, scan []byte
	for rest := whole.Bytes()[2:]; ; {
		size := int(rest[2])<<8 | int(rest[3])
		if rest[1] == 0xdb {
			for t := rest[4 : 2+size]; len(t) >= 65; t = t[65:] {
				tables = append(tables, t[1:65]...)
			}
		}
		sos := rest[1] == 0xda
		if rest = rest[2+size:]; sos {
			scan = rest
			break
		}
	}
	var payloads [][]byte
	for offset := 0; offset < len(scan); offset += 500 {
		p := []byte{0, 0, byte(offset >> 8), byte(offset), 1, 255, 64 / 8, 48 / 8}
		if offset == 0 {
			p = append(append(p, 0, 0, 0, byte(len(tables))), tables...)
		}
		payloads = append(payloads, append(p, scan[offset:min(offset+500, len(scan))]...))
	}
	got := assemble(newMJPEG(), [][][]byte{payloads}, nil)
	if len(got) != 1 || !got[0].key || got[0].track.Width != 64 || got[0].track.Height != 48 {
		t.Fatalf("%d frames", len(got))
	}
	again, err := jpeg.Decode(bytes.NewReader(got[0].data))
	if err != nil {
		t.Fatal(err)
	}
	before, _ := jpeg.Decode(&whole)
	for y := range 48 {
		for x := range 64 {
			if color.YCbCrModel.Convert(again.At(x, y)) != color.YCbCrModel.Convert(before.At(x, y)) {
				t.Fatalf("pixel %d,%d differs", x, y)
			}
		}
	}
	if got = assemble(newMJPEG(), [][][]byte{payloads, payloads}, func(i, j int) bool { return i == 0 && j == 1 }); len(got) != 2 || !got[0].damaged || got[1].damaged {
		t.Errorf("after a loss: %d frames", len(got))
	}
}

func TestSound(t *testing.T) {
	type piece struct {
		data         string
		after, ticks int
	}
	aacFormat := map[string]string{"sizelength": "13", "indexlength": "3", "indexdeltalength": "3", "config": "1190"}
	for name, c := range map[string]struct {
		m        media
		payloads []string
		want     []piece
		rate     int
	}{
		"G.711":        {media{codec: capture.PCMU, rate: 8000, channels: 1}, []string{"abcd"}, []piece{{"abcd", 0, 4}}, 8000},
		"Opus":         {media{codec: capture.Opus, rate: 48000, channels: 2}, []string{"\xfcxyz"}, []piece{{"\xfcxyz", 0, 960}}, 48000},
		"AAC":          {media{codec: capture.AAC, rate: 48000, format: aacFormat}, []string{"\x00\x10\x00\x20abcd"}, []piece{{"abcd", 0, 1024}}, 48000},
		"AAC, two":     {media{codec: capture.AAC, rate: 48000, format: aacFormat}, []string{"\x00\x20\x00\x10\x00\x18abcde"}, []piece{{"ab", 0, 1024}, {"cde", 1024, 1024}}, 48000},
		"AAC in parts": {media{codec: capture.AAC, rate: 48000, format: aacFormat}, []string{"\x00\x10\x00\x20ab", "!\x00\x10\x00\x20cd"}, []piece{{"abcd", 0, 1024}}, 48000},
		"LATM":         {media{codec: capture.AAC, rate: 48000, format: map[string]string{"latm": "1", "cpresent": "0", "config": "400023203fc0"}}, []string{"!\x03abc"}, []piece{{"abc", 0, 1024}}, 48000},
	} {
		s := newSounder(c.m)
		if s == nil {
			t.Errorf("%s: not understood", name)
			continue
		}
		var got []piece
		for _, p := range c.payloads {
			p, marked := bytes.CutPrefix([]byte(p), []byte("!"))
			s.unpack(p, marked, false, func(data []byte, after, ticks int) { got = append(got, piece{string(data), after, ticks}) })
		}
		if !slices.Equal(got, c.want) || s.track().SampleRate != c.rate {
			t.Errorf("%s: %+v at %d", name, got, s.track().SampleRate)
		}
	}
}

// With reordered frames, decoding times increase and are never later than presentation times.
func TestDecodeTimes(t *testing.T) {
	for name, c := range map[string]struct {
		depth  int
		order  []int
		settle int // frames until all is right
	}{
		"in order":             {0, []int{0, 1, 2, 3, 4, 5}, 0},
		"told":                 {2, []int{0, 3, 1, 2, 6, 4, 5, 9, 7, 8}, 0},
		"pyramid":              {2, []int{0, 4, 2, 1, 3, 8, 6, 5, 7}, 0},
		"not told":             {0, []int{0, 3, 1, 2, 6, 4, 5, 9, 7, 8}, 4},
		"not told, of pyramid": {0, []int{0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11}, 9},
	} {
		d := decodeTimes{depth: c.depth}
		last := -time.Hour
		for i, n := range c.order {
			pts := time.Duration(n) * 40 * ms
			dts := d.at(pts)
			if dts <= last || i >= c.settle && dts > pts {
				t.Errorf("%s: frame %d of %v is decoded at %v, after %v", name, i, pts, dts, last)
			}
			last = dts
		}
	}
}

// BenchmarkReceive receives a 1080p frame at 4 Mbit/s in 15 RTP packets over TCP.
func BenchmarkReceive(b *testing.B) {
	p := long(0x41)
	for len(p) < 17<<10 {
		p = append(p, p[1:]...)
	}
	payloads := new(codecs.H264Payloader).Payload(1200, annexB(p[:17<<10]))
	var frame []byte
	for i, payload := range payloads {
		data, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, Marker: i == len(payloads)-1}, Payload: payload}).Marshal()
		if err != nil {
			b.Fatal(err)
		}
		frame = append(append(frame, '$', 0, byte(len(data)>>8), byte(len(data))), data...)
	}
	s := &source{log: quiet}
	s.own(newReceiver(media{video: true, codec: capture.H264, payload: 96, rate: 90000}))
	c := &canned{}
	w := newWire(c)
	seq, stamp := uint16(0), uint32(0)
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		stamp += 3600
		for at := 0; at < len(frame); at += 4 + int(frame[at+2])<<8 + int(frame[at+3]) {
			seq++
			frame[at+6], frame[at+7] = byte(seq>>8), byte(seq)
			frame[at+8], frame[at+9], frame[at+10], frame[at+11] = byte(stamp>>24), byte(stamp>>16), byte(stamp>>8), byte(stamp)
		}
		c.data = frame
		for len(s.queue) == 0 {
			channel, data, _, err := w.next()
			if err != nil {
				b.Fatal(err)
			}
			s.take(event{channel: channel, data: data})
		}
		if s.queue[0].Damaged {
			b.Fatal("damaged")
		}
		s.queue = s.queue[:0]
	}
}
