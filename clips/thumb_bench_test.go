package clips

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"rvo-tui/capture"
	"rvo-tui/detectors"
)

// BenchmarkDraw draws one box into a 720p thumbnail.
func BenchmarkDraw(b *testing.B) {
	img := image.NewYCbCr(image.Rect(0, 0, 1280, 720), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = byte(i*i>>7 + i>>10)
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: capture.JPEGQuality}); err != nil {
		b.Fatal(err)
	}
	found := []detectors.Detection{{Label: "person", Score: 0.9, Box: detectors.Box{X: 0.2, Y: 0.2, W: 0.4, H: 0.6}}}
	for _, c := range []struct {
		name   string
		redraw capture.Redrawer
	}{{"go", capture.RedrawJPEG}, {"program", realRedraw}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Draw(c.redraw, file.Bytes(), found); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
