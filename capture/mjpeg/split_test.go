package mjpeg

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"rvo-tui/capture"
)

func TestSplitterTimestamp(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"X-Timestamp: 1.5\r\n": 1500 * ms,
		"x-timestamp:2\n":      2 * time.Second,
		strings.Repeat("A: b\r\n", 5000) + "X-Timestamp: 3\r\n\r\n": 3 * time.Second,
		"X-Timestamp: 0.000000\r\n":                                 0,
		"X-Timestamp: NaN\r\n":                                      0,
		"X-Timestamp: 1e300\r\n":                                    0,
		"X-Timestamp: today\r\n":                                    0,
		"Y-Timestamp: 1\r\n":                                        0,
	} {
		s := newSplitter(strings.NewReader(header + "\xff\xd8\xff\xd9"))
		if _, err := s.next(nil); err != nil {
			t.Fatal(err)
		}
		if got, ok := s.timestamp(); got != want || ok != (want != 0) {
			t.Errorf("%.40q: %v, %v; want %v", header, got, ok, want)
		}
	}
}

func TestSplitterEmbeddedThumbnail(t *testing.T) {
	pic := jpegOf(t, 16, 16, red)
	thumb := append([]byte{0xFF, 0xE1, byte((len(pic) + 2) >> 8), byte(len(pic) + 2)}, pic...)
	outer := append(append([]byte{0xFF, 0xD8}, thumb...), pic[2:]...)
	s := newSplitter(bytes.NewReader(append(outer, outer...)))
	for range 2 {
		if got, err := s.next(nil); err != nil || !bytes.Equal(got, outer) {
			t.Fatalf("%d bytes, %v; want the %d of the complete frame", len(got), err, len(outer))
		}
	}
}

func FuzzSplitter(f *testing.F) {
	pic := jpegOf(f, 16, 16, red)
	f.Add(append([]byte("--x\r\nX-Timestamp: 1\r\n\r\n"), pic...))
	f.Add(append(pic[:len(pic)/2:len(pic)/2], pic...))
	f.Add([]byte("\xff\xd8\xff\xff\xff\xe0\x00\x00\xff\xd8\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pics := func(r io.Reader) (out [][]byte) {
			s := newSplitter(r)
			for {
				p, err := s.next(nil)
				if err != nil {
					if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
						t.Fatal(err)
					}
					return out
				}
				if !bytes.HasPrefix(p, []byte{0xFF, 0xD8}) || !bytes.HasSuffix(p, []byte{0xFF, 0xD9}) {
					t.Fatalf("%x is no frame", p)
				}
				out = append(out, p)
				s.timestamp()
			}
		}
		whole, bytewise := pics(bytes.NewReader(data)), pics(iotest.OneByteReader(bytes.NewReader(data)))
		if len(whole) != len(bytewise) {
			t.Fatalf("%d frames at once, %d byte by byte", len(whole), len(bytewise))
		}
		// Valid data that follows any garbage is found by the second start.
		after := append(append(append([]byte{}, data...), bytes.Repeat([]byte("\r\n"), 40000)...), append(bytes.Clone(pic), pic...)...)
		if got := pics(bytes.NewReader(after)); len(got) == 0 || !bytes.Equal(got[len(got)-1], pic) {
			t.Fatal("no resynchronisation")
		}
		if len(data) < 4096 {
			decodeFuzz(t, data)
		}
	})
}

func decodeFuzz(t *testing.T, data []byte) {
	if w, h, err := jpegSize(data); err != nil || w*h > 1<<16 {
		return
	}
	d, _ := OpenDecoder(videoTrack(0, 0), capture.Config{})
	out, _ := d.Decode([]*capture.Packet{{Data: data}}, false) // must not panic
	if out.Image != nil {
		w, h := out.Image.Size()
		_ = out.Image.Convert(make([]byte, w*h*3+capture.Slack), capture.Target{Width: w, Height: h, Stride: w * 3})
	}
}
