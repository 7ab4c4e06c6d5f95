package detectors

import (
	"bytes"
	"context"
	"math"
	"testing"
	"time"

	"rvo-tui/capture"
)

// The street and the empty street with the same seed differ only by the people: the noise is the
// same. So their difference is exactly what moves.
func TestMotionOnTheStreet(t *testing.T) {
	const width, top = 320, 12 // the caption is above top
	const seed = 4
	street, empty := openFilm(t, "street", seed, width), openFilm(t, "empty", seed, width)
	d := build(t, Config{Name: "motion", Kind: "motion"})
	var busy, calm, missed, ghosts, outside int
	gone := 0
	for range 330 { // ten a second
		a, b := street.next(3), empty.next(3)
		r := detect(t, d, a)["motion"]
		box, share := moved(a, b, top)
		switch {
		case share > 0.03:
			busy++
			if r.Value <= 0.01 || len(r.Detections) == 0 {
				missed++
			} else if !covered(box, r.Detections) {
				outside++
			}
			gone = 0
		case share == 0:
			if gone++; gone > 1 {
				calm++
				if r.Value >= 0.005 {
					ghosts++
				}
			}
		}
		a.Release()
		b.Release()
	}
	if busy < 60 || calm < 40 {
		t.Fatalf("seed %d: %d busy and %d calm frames are too few to say anything", seed, busy, calm)
	}
	if missed > 0 {
		t.Errorf("seed %d: motion <= 0.01 or no box in %d of %d frames with a person", seed, missed, busy)
	}
	if ghosts > 0 {
		t.Errorf("seed %d: motion >= 0.005 in %d of %d empty frames", seed, ghosts, calm)
	}
	if outside > busy/20 {
		t.Errorf("seed %d: the boxes leave out half of what moved in %d of %d frames", seed, outside, busy)
	}
}

// moved returns the box and the share of the pixels that differ clearly.
func moved(a, b *capture.Frame, top int) (Box, float64) {
	p, q := a.Pixels(), b.Pixels()
	x0, y0, x1, y1, n := a.Width, a.Height, -1, -1, 0
	for y := top; y < a.Height; y++ {
		for x := range a.Width {
			i := (y*a.Width + x) * 3
			if bytes.Equal(p[i:i+3], q[i:i+3]) {
				continue
			}
			n++
			x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
		}
	}
	w, h := float64(a.Width), float64(a.Height)
	return Box{float64(x0) / w, float64(y0) / h, float64(x1+1-x0) / w, float64(y1+1-y0) / h}, float64(n) / (w * h)
}

// covered reports whether the union of the boxes spans at least half of want in both directions.
func covered(want Box, found []Detection) bool {
	x0, y0, x1, y1 := 1.0, 1.0, 0.0, 0.0
	for _, d := range found {
		x0, y0 = min(x0, d.Box.X), min(y0, d.Box.Y)
		x1, y1 = max(x1, d.Box.X+d.Box.W), max(y1, d.Box.Y+d.Box.H)
	}
	x0, y0, x1, y1 = max(x0, want.X), max(y0, want.Y), min(x1, want.X+want.W), min(y1, want.Y+want.H)
	return x1-x0 >= want.W/2 && y1-y0 >= want.H/2
}

func TestMotionIgnoresTheLight(t *testing.T) {
	for _, scene := range []string{"empty", "flicker"} {
		const seed = 3
		film := openFilm(t, scene, seed, 320)
		d := build(t, Config{Name: "motion", Kind: "motion"})
		run, longest, high := 0, 0, 0
		for range 300 {
			frame := film.next(3)
			if detect(t, d, frame)["motion"].Value > 0.01 {
				high++
				run++
				longest = max(longest, run)
			} else {
				run = 0
			}
			frame.Release()
		}
		if longest > 5 || high > 12 {
			t.Errorf("%s, seed %d: motion > 0.01 for %d of 300 frames, at most %d in a row", scene, seed, high, longest)
		}
	}
}

func TestMotionIgnoresNightfall(t *testing.T) {
	film := openFilm(t, "dark", 1, 640) // any smaller, and the caption, which stays light, is too much of the frame
	d := build(t, Config{Name: "motion", Kind: "motion"})
	frame := film.next(264) // the street is empty from here to the dark
	detect(t, d, frame)
	frame.Release()
	for range 30 {
		frame := film.next(3)
		if v := detect(t, d, frame)["motion"].Value; v > 0.01 {
			t.Errorf("at %v: motion %v", film.at, v)
		}
		frame.Release()
	}
}

func TestMotionAnswersWholeBoxes(t *testing.T) {
	film := openFilm(t, "tamper", 5, 320)
	d := build(t, Config{Name: "door", Kind: "motion", Signal: "stir"})
	boxes := 0
	for i := range 300 {
		frame := film.next(3)
		r, ok := detect(t, d, frame)["stir"]
		if !ok {
			t.Fatal("no reading for the configured signal")
		}
		if i == 0 && (r.Value != 0 || r.Detections != nil) {
			t.Errorf("first frame: value %v with %d detections, want 0 and none", r.Value, len(r.Detections))
		}
		if r.Value < 0 || r.Value > 1 || math.IsNaN(r.Value) {
			t.Fatalf("value %v is not a share", r.Value)
		}
		for _, o := range r.Detections {
			boxes++
			if o.Label != "motion" || o.Score <= 0 || o.Score > 1 || max(o.Box.W, o.Box.H) <= 0 ||
				o.Box.X < 0 || o.Box.Y < 0 || o.Box.X+o.Box.W > 1+1e-9 || o.Box.Y+o.Box.H > 1+1e-9 {
				t.Fatalf("detection %+v is not in the frame", o)
			}
		}
		frame.Release()
	}
	if boxes == 0 {
		t.Error("no boxes at all")
	}
}

// blockFrame returns a grey frame with a bright block.
func blockFrame(t *testing.T, pool *capture.Pool, at time.Duration, w, h, x, y, size int) *capture.Frame {
	t.Helper()
	f, err := pool.Get("test", 1, w, h, epoch.Add(at))
	if err != nil || f == nil {
		t.Fatalf("no frame: %v", err)
	}
	pix := f.Pixels()
	for i := range pix {
		pix[i] = uint8(60 + i/3%w*100/w)
		if px, py := i/3%w, i/3/w; px >= x && px < x+size && py >= y && py < y+size {
			pix[i] = 230
		}
	}
	return f
}

func TestMotionBlock(t *testing.T) {
	const w, h = 320, 240
	tests := []struct {
		name    string
		size    int
		minSize float64
		boxes   int
		value   float64
	}{
		{"large", 80, 0.05, 1, 80 * 80 / float64(w*h)},
		{"small with a box", 16, 0.05, 1, 16 * 16 / float64(w*h)},
		{"small without a box", 16, 0.2, 0, 16 * 16 / float64(w*h)},
		{"speck", 2, 0.01, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pool := capture.NewPool(1, nil)
			defer pool.Close()
			d := build(t, Config{Name: "motion", Kind: "motion", Options: MotionOptions{MinSize: tt.minSize}})
			var r Reading
			for i := range 11 {
				size := 0
				if i == 10 {
					size = tt.size
				}
				f := blockFrame(t, pool, time.Duration(i)*100*time.Millisecond, w, h, 100, 60, size)
				r = detect(t, d, f)["motion"]
				f.Release()
			}
			if math.Abs(r.Value-tt.value) > tt.value/10+1e-9 {
				t.Errorf("value %v, want %v", r.Value, tt.value)
			}
			if len(r.Detections) != tt.boxes {
				t.Fatalf("detections %+v, want %d", r.Detections, tt.boxes)
			}
			if tt.boxes == 1 {
				o := r.Detections[0].Box
				want := Box{100.0 / w, 60.0 / h, float64(tt.size) / w, float64(tt.size) / h}
				if math.Abs(o.X-want.X)+math.Abs(o.Y-want.Y)+math.Abs(o.W-want.W)+math.Abs(o.H-want.H) > 0.02 {
					t.Errorf("box %+v, want %+v", o, want)
				}
			}
		})
	}
}

// What arrives and stays becomes background, and a new frame size starts over.
func TestMotionLearns(t *testing.T) {
	pool := capture.NewPool(1, nil)
	defer pool.Close()
	d := build(t, Config{Name: "motion", Kind: "motion"})
	value := func(at time.Duration, w, h, size int) float64 {
		f := blockFrame(t, pool, at, w, h, w/8, h/8, size)
		defer f.Release()
		return detect(t, d, f)["motion"].Value
	}
	if v := value(0, 320, 240, 0); v != 0 {
		t.Errorf("first frame: %v", v)
	}
	if v := value(time.Second, 320, 240, 60); v < 0.04 {
		t.Errorf("a block comes: %v", v)
	}
	last := 1.0
	for at := 2 * time.Second; at < 90*time.Second; at += time.Second {
		last = value(at, 320, 240, 60)
	}
	if last != 0 {
		t.Errorf("the block has stayed for 90 s: %v", last)
	}
	if v := value(91*time.Second, 640, 480, 100); v != 0 {
		t.Errorf("first frame of another size: %v", v)
	}
	if v := value(92*time.Second, 1, 1, 0); v != 0 {
		t.Errorf("a frame of one pixel: %v", v)
	}
	// Most of the frame changes permanently: another view.
	value(93*time.Second, 320, 240, 0)
	for at := 94 * time.Second; at < 98*time.Second; at += 500 * time.Millisecond {
		last = value(at, 320, 240, 10000)
	}
	if last != 0 {
		t.Errorf("another view for 4 s: %v", last)
	}
}

func TestMotionAllocatesForBoxesAlone(t *testing.T) {
	film := openFilm(t, "street", 1, 320)
	d := build(t, Config{Name: "motion", Kind: "motion"})
	for range 20 {
		f := film.next(3)
		detect(t, d, f)
		f.Release()
	}
	f := film.next(3)
	defer f.Release()
	n := testing.AllocsPerRun(20, func() {
		if _, err := d.Detect(context.Background(), f); err != nil {
			t.Fatal(err)
		}
	})
	if n > 1 {
		t.Errorf("%v allocations a frame, want at most 1", n)
	}
}

func BenchmarkMotion720p(b *testing.B) {
	film := openFilm(b, "street", 1, 1280)
	d := build(b, Config{Name: "motion", Kind: "motion"})
	first := film.next(1)
	detect(b, d, first)
	first.Release()
	frame := film.next(90)
	defer frame.Release()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Detect(context.Background(), frame); err != nil {
			b.Fatal(err)
		}
	}
}
