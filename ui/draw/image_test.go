package draw

import (
	"image"
	"image/color"
	"testing"
)

func TestShrinkKeepsColours(t *testing.T) {
	img := image.NewRGBA(image.Rect(5, 5, 37, 23))
	for y := 5; y < 23; y++ {
		for x := 5; x < 37; x++ {
			img.Set(x, y, color.RGBA{10, 120, 230, 255})
		}
	}
	p := Shrink(img, 8, 4)
	for i := 0; i < len(p.Pixels); i += 3 {
		if p.Pixels[i] != 10 || p.Pixels[i+1] != 120 || p.Pixels[i+2] != 230 {
			t.Fatalf("pixel %d is %v", i/3, p.Pixels[i:i+3])
		}
	}
}
