//go:build cgo

package opencv

import (
	"testing"

	"rvo-tui/capture"
)

func TestScaleAveragesAreas(t *testing.T) {
	const width, height = 64, 48
	src := make([]byte, width*height*3)
	for i := range src {
		src[i] = byte(i * i % 251)
	}
	for _, size := range [][2]int{{32, 24}, {16, 48}, {64, 6}, {64, 48}} {
		w, h := size[0], size[1]
		got, want := make([]byte, w*h*3), make([]byte, w*h*3)
		if err := Scale(got, src, width, height, w, h); err != nil {
			t.Fatal(err)
		}
		// Whole ratios, so that boxes of whole pixels are areas.
		if err := capture.ScaleDown(want, src, width, height, w, h); err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if d := int(got[i]) - int(want[i]); d < -1 || d > 1 {
				t.Fatalf("to %dx%d: byte %d is %d, want %d", w, h, i, got[i], want[i])
			}
		}
	}
	if err := Scale(make([]byte, 3), src, width, height, 1, 2); err == nil {
		t.Error("a picture is written beyond its memory")
	}
}

func BenchmarkScale(b *testing.B) {
	src, dst := make([]byte, 1280*720*3), make([]byte, 640*360*3)
	for name, scale := range map[string]capture.Scaler{"opencv": Scale, "go": capture.ScaleDown} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := scale(dst, src, 1280, 720, 640, 360); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
