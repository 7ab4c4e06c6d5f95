package mjpeg

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"rvo-tui/capture"
)

func decodeOne(t *testing.T, data []byte) capture.Image {
	t.Helper()
	d, err := OpenDecoder(videoTrack(0, 0), capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.Decode([]*capture.Packet{{Data: []byte("older")}, {Data: data}, {Data: data[:20]}}, false)
	if err != nil || out.Image == nil || out.Frames != 1 || out.Refused != 1 || !bytes.Equal(out.Packet.Data, data) {
		t.Fatalf("%+v, %v", out, err)
	}
	return out.Image
}

func TestDecode(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 17, 9))
	for i := range grey.Pix {
		grey.Pix[i] = 77
	}
	var greyFile bytes.Buffer
	if err := jpeg.Encode(&greyFile, grey, nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		want color.RGBA
	}{
		"color": {jpegOf(t, 17, 9, color.RGBA{200, 120, 40, 255}), color.RGBA{200, 120, 40, 255}},
		"grey":  {greyFile.Bytes(), color.RGBA{77, 77, 77, 255}},
	} {
		for tables, file := range map[string][]byte{"with tables": c.file, "without": withoutTables(t, c.file)} {
			img := decodeOne(t, file)
			if w, h := img.Size(); w != 17 || h != 9 {
				t.Fatalf("%s %s: %dx%d", name, tables, w, h)
			}
			luma := 0.299*float64(c.want.R) + 0.587*float64(c.want.G) + 0.114*float64(c.want.B)
			l, ok := img.Luma()
			if !ok || l.Width != 17 || l.Height != 9 || l.Limited || off(int(l.Pix[l.Origin+16*l.DX+8*l.DY]), int(luma)) {
				t.Errorf("%s %s: luma %+v %v", name, tables, l, ok)
			}
			for order, want := range map[capture.Order][]byte{
				capture.BGR: {c.want.B, c.want.G, c.want.R}, capture.RGB: {c.want.R, c.want.G, c.want.B}, capture.Gray: {byte(luma)},
			} {
				for _, size := range [][2]int{{17, 9}, {5, 3}, {34, 18}} {
					n := order.Bytes()
					dst := make([]byte, size[0]*size[1]*n+capture.Slack)
					if err := img.Convert(dst, capture.Target{Order: order, Width: size[0], Height: size[1], Stride: size[0] * n}); err != nil {
						t.Fatal(err)
					}
					for i := range size[0] * size[1] * n {
						if off(int(dst[i]), int(want[i%n])) {
							t.Fatalf("%s %s, order %v at %v: byte %d is %d, want %d", name, tables, order, size, i, dst[i], want[i%n])
						}
					}
				}
			}
			img.Free()
		}
	}
}

func off(got, want int) bool { return got < want-6 || got > want+6 }

// withoutTables removes the Huffman tables, as devices do.
func withoutTables(t *testing.T, file []byte) []byte {
	t.Helper()
	for {
		from, to := segment(file, markDHT)
		if from < 0 {
			break
		}
		file = append(append([]byte(nil), file[:from]...), file[to:]...)
	}
	if _, err := jpeg.Decode(bytes.NewReader(file)); err == nil {
		t.Fatal("the file still has tables")
	}
	return file
}

func TestDecoderOfOtherCodecs(t *testing.T) {
	if _, err := OpenDecoder(&capture.Track{Video: true, Codec: capture.H264}, capture.Config{}); !errors.Is(err, capture.ErrUnsupported) {
		t.Errorf("H.264: %v", err)
	}
}

func TestDecoderBoundsMemory(t *testing.T) {
	bomb := jpegOf(t, 8, 8, red)
	at := bytes.Index(bomb, []byte{0xFF, 0xC0})
	copy(bomb[at+5:], []byte{0xFF, 0xFF, 0xFF, 0xFF}) // says it has 65535 x 65535 pixels
	d, _ := OpenDecoder(videoTrack(0, 0), capture.Config{})
	if out, err := d.Decode([]*capture.Packet{{Data: bomb}}, false); err != nil || out.Image != nil || out.Refused != 1 {
		t.Errorf("%+v, %v", out, err)
	}
}

func BenchmarkDecode(b *testing.B) {
	data := jpegOf(b, 1280, 720, red)
	d, _ := OpenDecoder(videoTrack(0, 0), capture.Config{})
	for b.Loop() {
		if out, _ := d.Decode([]*capture.Packet{{Data: data}}, false); out.Image == nil {
			b.Fatal("no frame")
		}
	}
}
