//go:build !cgo

package libav

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"rvo-tui/capture"
)

func TestMJPEGIsDecodedInGo(t *testing.T) {
	for name, img := range map[string]interface {
		image.Image
		Set(x, y int, c color.Color)
	}{"color": image.NewRGBA(image.Rect(0, 0, 33, 17)), "gray": image.NewGray(image.Rect(0, 0, 33, 17))} {
		for y := range 17 {
			for x := range 33 {
				img.Set(x, y, color.RGBA{200, 60, 20, 255})
			}
		}
		var data bytes.Buffer
		if err := jpeg.Encode(&data, img, &jpeg.Options{Quality: 95}); err != nil {
			t.Fatal(err)
		}
		d, err := new(Library).OpenDecoder(&capture.Track{Video: true, Codec: capture.MJPEG}, capture.Config{})
		if err != nil {
			t.Fatal(err)
		}
		p := &capture.Packet{Data: data.Bytes(), Key: true}
		got, err := d.Decode([]*capture.Packet{{Data: []byte("none")}, p}, false)
		if err != nil || got.Image == nil || got.Packet != p {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		w, h := got.Image.Size()
		pix := make([]byte, w*h*3+capture.Slack)
		if err := got.Image.Convert(pix, capture.Target{Order: capture.BGR, Width: w, Height: h, Stride: w * 3}); err != nil {
			t.Fatal(err)
		}
		r, g, b, _ := img.At(5, 5).RGBA()
		near := func(a byte, b uint32) bool { return int(a)-int(b>>8) < 6 && int(b>>8)-int(a) < 6 }
		if w != 33 || h != 17 || !near(pix[300], b) || !near(pix[301], g) || !near(pix[302], r) {
			t.Errorf("%s: %dx%d, %v", name, w, h, pix[300:303])
		}
		if got, err = d.Decode([]*capture.Packet{{Data: []byte("none")}}, false); err != nil || got.Image != nil || got.Refused != 1 {
			t.Errorf("%s: of no JPEG: %+v, %v", name, got, err)
		}
	}
	if _, err := new(Library).OpenDecoder(&capture.Track{Video: true, Codec: capture.H264}, capture.Config{}); err == nil {
		t.Error("H.264 is decoded")
	}
}
