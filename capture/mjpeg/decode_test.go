package mjpeg

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"rvo-tui/capture"
)

func TestJPEGRoundTrip(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {17, 9}, {64, 48}} {
		w, h := size[0], size[1]
		pix := bytes.Repeat([]byte{40, 120, 200}, w*h)
		data, err := capture.EncodeJPEG(pix, w, h, w, h)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(pix))
		if err := decodeJPEG(got, data, w, h); err != nil {
			t.Fatal(err)
		}
		for i := range pix {
			if d := int(pix[i]) - int(got[i]); d < -6 || d > 6 {
				t.Fatalf("%v: byte %d was %d and is %d", size, i, pix[i], got[i])
			}
		}
	}
	if _, err := capture.EncodeJPEG(nil, 4, 4, 4, 4); err == nil {
		t.Error("no pixels, no error")
	}
}

func TestDecodeJPEGGray(t *testing.T) {
	var out bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range img.Pix {
		img.Pix[i] = 77
	}
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 4*4*3)
	if err := decodeJPEG(dst, out.Bytes(), 4, 4); err != nil {
		t.Fatal(err)
	}
	for i, b := range dst {
		if b < 75 || b > 79 {
			t.Fatalf("byte %d is %d, want about 77", i, b)
		}
	}
}
