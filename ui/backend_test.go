package ui

import (
	"image"
	"image/color"
	"testing"

	"rvo-tui/capture"
)

func TestScaleKeepsColoursAndPlaces(t *testing.T) {
	pool := capture.NewPool(1, nil)
	defer pool.Close()
	for _, size := range [][2]int{{64, 32}, {7, 5}, {3, 2}} {
		f, err := pool.Get("door", 9, size[0], size[1], noon)
		if err != nil {
			t.Fatal(err)
		}
		pix := f.Pixels()
		for i := range pix { // left half red, right half blue; frames are BGR
			x := i / 3 % size[0]
			pix[i] = 0
			if i%3 == 2 && x < size[0]/2 || i%3 == 0 && x >= size[0]/2 {
				pix[i] = 200
			}
		}
		p := scale(f, 10, 6)
		f.Release()
		if p.Frame != 9 || len(p.Pixels) != 10*6*3 {
			t.Fatalf("%v: frame %d, %d bytes", size, p.Frame, len(p.Pixels))
		}
		for y := range 6 {
			first, last := p.Pixels[y*30:y*30+3], p.Pixels[y*30+27:y*30+30]
			if first[0] != 200 || first[2] != 0 || last[0] != 0 || last[2] != 200 {
				t.Errorf("%v: row %d goes from %v to %v", size, y, first, last)
			}
		}
	}
}

func TestShrinkKeepsColours(t *testing.T) {
	img := image.NewRGBA(image.Rect(5, 5, 37, 23))
	for y := 5; y < 23; y++ {
		for x := 5; x < 37; x++ {
			img.Set(x, y, color.RGBA{10, 120, 230, 255})
		}
	}
	p := shrink(img, 8, 4)
	for i := 0; i < len(p.Pixels); i += 3 {
		if p.Pixels[i] != 10 || p.Pixels[i+1] != 120 || p.Pixels[i+2] != 230 {
			t.Fatalf("pixel %d is %v", i/3, p.Pixels[i:i+3])
		}
	}
}

func TestHistoryForgetsSignalsThatAreGone(t *testing.T) {
	m := shown(t, newFake(), DefaultConfig(), 120, 40)
	h := m.scene.hist
	if len(h.values("street", "motion")) < 5 {
		t.Fatalf("kept %d values", len(h.values("street", "motion")))
	}
	later := *sample()
	later.At = noon.Add(2e9)
	later.Cameras = later.Cameras[1:]
	m.take(feedMsg{snap: &later})
	if len(h.series) != 0 || len(h.windows) > 2 {
		t.Errorf("%d series and %d windows are kept of what is gone", len(h.series), len(h.windows))
	}
}
