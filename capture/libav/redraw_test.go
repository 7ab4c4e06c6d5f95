//go:build cgo

package libav

import (
	"bytes"
	goimage "image"
	"image/color"
	"image/jpeg"
	"testing"

	"rvo-tui/capture"
)

// Drawing with libjpeg-turbo and with Go gives the same result for every size, including the
// files that are left to Go.
func TestRedrawJPEG(t *testing.T) {
	gray := goimage.NewGray(goimage.Rect(0, 0, 50, 40))
	wavy := func(w, h int) goimage.Image {
		img := goimage.NewYCbCr(goimage.Rect(0, 0, w, h), goimage.YCbCrSubsampleRatio420)
		for i := range img.Y {
			img.Y[i] = byte(80 + i%w*100/w)
		}
		for i := range img.Cb {
			img.Cb[i], img.Cr[i] = 100, 150
		}
		return img
	}
	for _, src := range []goimage.Image{wavy(64, 48), wavy(641, 359), wavy(17, 1), wavy(1, 17), gray} {
		var file bytes.Buffer
		if err := jpeg.Encode(&file, src, nil); err != nil {
			t.Fatal(err)
		}
		size := src.Bounds()
		draw := func(img *goimage.YCbCr) {
			if img.Rect != size {
				t.Errorf("drawn into %v, want %v", img.Rect, size)
			}
			for y := range size.Dy() / 2 {
				for x := range size.Dx() / 2 {
					at := img.COffset(x, y)
					img.Y[img.YOffset(x, y)], img.Cb[at], img.Cr[at] = 200, 60, 200
				}
			}
		}
		var decoded [2]goimage.Image
		for i, redraw := range []capture.Redrawer{capture.RedrawJPEG, new(Library).RedrawJPEG} {
			out, err := redraw(file.Bytes(), draw)
			if err != nil {
				t.Fatalf("%v: %v", size, err)
			}
			if decoded[i], err = jpeg.Decode(bytes.NewReader(out)); err != nil {
				t.Fatalf("%v: %v", size, err)
			}
		}
		for y := range size.Dy() {
			for x := range size.Dx() {
				a := color.YCbCrModel.Convert(decoded[0].At(x, y)).(color.YCbCr)
				b := color.YCbCrModel.Convert(decoded[1].At(x, y)).(color.YCbCr)
				if d := int(a.Y) - int(b.Y); d < -6 || d > 6 {
					t.Fatalf("%v: brightness at %d, %d is %d, and Go's %d", size, x, y, b.Y, a.Y)
				}
				if d := int(a.Cr) - int(b.Cr); d < -6 || d > 6 {
					t.Fatalf("%v: Cr at %d, %d is %d, and Go's %d", size, x, y, b.Cr, a.Cr)
				}
			}
		}
	}
}

func TestRedrawJPEGRefusesWhatIsNone(t *testing.T) {
	for _, file := range [][]byte{nil, []byte("no JPEG"), {0xff, 0xd8, 0xff, 0xd9}} {
		if _, err := new(Library).RedrawJPEG(file, func(*goimage.YCbCr) { t.Error("drawn") }); err == nil {
			t.Errorf("% x was drawn into", file)
		}
	}
}
