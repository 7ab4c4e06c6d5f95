package runtime

import (
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/runtime/engine"
)

func TestFrameIsTheNewestWithACountOfItsOwn(t *testing.T) {
	r := New(Options{Config: DefaultConfig()}, time.Now())
	p := newPipeline("door", r.epoch, r.slots, r.opts.Config, r.opts.Log)
	r.cameras = []*active{{pipeline: p}}
	if r.Frame("yard") != nil || r.Frame("door") != nil {
		t.Fatal("there is a frame before there is any")
	}
	pool := capture.NewPool(2, nil)
	defer pool.Close()
	f, err := pool.Get("door", 7, 4, 4, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.seen.put(f, engine.FrameRef{ID: 7})
	got := r.Frame("door")
	if got != f {
		t.Fatalf("got %v, want frame 7", got)
	}
	p.seen.close()
	if out := pool.Stats().Out; out != 1 {
		t.Errorf("%d frames are held, want the one that was asked for", out)
	}
	got.Release()
	if out := pool.Stats().Out; out != 0 {
		t.Errorf("%d frames are held after the release", out)
	}
}

func TestScaleKeepsColoursAndPlaces(t *testing.T) {
	pool := capture.NewPool(1, nil)
	defer pool.Close()
	for _, size := range [][2]int{{64, 32}, {7, 5}, {3, 2}} {
		f, err := pool.Get("door", 9, size[0], size[1], time.Now())
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
		p := Scale(f, 10, 6)
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
