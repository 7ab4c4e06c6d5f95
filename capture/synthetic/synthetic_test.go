package synthetic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rvo-tui/capture"
)

func openScene(t testing.TB, scene string, seed uint64, cfg capture.Config) capture.Source {
	t.Helper()
	src, err := Open(context.Background(), cfg, capture.Address{Kind: capture.KindSynthetic, Scene: scene, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	})
	return src
}

// nthFrame returns frame n, counted from 0, of a new source.
func nthFrame(t testing.TB, src capture.Source, n int) []byte {
	t.Helper()
	for range n + 1 {
		if _, err := src.Grab(); err != nil {
			t.Fatal(err)
		}
	}
	w, h := src.Size()
	dst := make([]byte, w*h*3)
	if err := src.Retrieve(dst); err != nil {
		t.Fatal(err)
	}
	return dst
}

func TestSyntheticIsDeterministic(t *testing.T) {
	cfg := capture.Config{Width: 160, Height: 90}
	for _, scene := range Scenes() {
		for _, second := range []int{0, 9, 13, 22, 40} {
			a := openScene(t, scene, 7, cfg)
			want := nthFrame(t, a, second*30)

			// Drawing the frames before must not matter.
			b := openScene(t, scene, 7, cfg)
			for n := 0; n < second*30; n += 30 {
				nthFrame(t, b, 29)
			}
			if got := nthFrame(t, b, 0); !bytes.Equal(got, want) {
				t.Errorf("%s at %d s: another frame when earlier ones were drawn", scene, second)
			}
			if got := nthFrame(t, openScene(t, scene, 8, cfg), second*30); bytes.Equal(got, want) {
				t.Errorf("%s at %d s: seed 8 gives the frame of seed 7", scene, second)
			}
		}
	}
}

func TestSyntheticStamps(t *testing.T) {
	src := openScene(t, "street", 1, capture.Config{FPS: 12.5, Width: 64})
	if src.Live() {
		t.Error("Live() = true; a camera must pace it")
	}
	for n := range 1000 {
		stamp, err := src.Grab()
		if err != nil {
			t.Fatal(err)
		}
		if want := time.Duration(n) * 80 * time.Millisecond; stamp.PTS != want || !stamp.HasPTS {
			t.Fatalf("frame %d: PTS %v (has %v), want %v", n, stamp.PTS, stamp.HasPTS, want)
		}
	}
}

func TestSyntheticSize(t *testing.T) {
	tests := []struct{ width, height, wantW, wantH int }{
		{0, 0, 1280, 720},
		{320, 0, 320, 180},
		{0, 360, 640, 360},
		{640, 480, 640, 480},
		{1, 1, 1, 1},
		{1, 0, 1, 1},
		{2, 200, 2, 200},
		{400, 3, 400, 3},
		{1921, 1081, 1921, 1081},
	}
	for _, tt := range tests {
		for _, scene := range Scenes() {
			src := openScene(t, scene, 1, capture.Config{Width: tt.width, Height: tt.height})
			if w, h := src.Size(); w != tt.wantW || h != tt.wantH {
				t.Fatalf("size %dx%d: got %dx%d, want %dx%d", tt.width, tt.height, w, h, tt.wantW, tt.wantH)
			}
			if tt.wantW > 400 && scene != "tamper" {
				continue
			}
			for range 5 { // must not panic in any part of a cycle
				nthFrame(t, src, 150)
			}
		}
	}
}

func TestSyntheticErrors(t *testing.T) {
	_, err := Open(context.Background(), capture.Config{}, capture.Address{Kind: capture.KindSynthetic, Scene: "beach"})
	if err == nil || !strings.Contains(err.Error(), `"synthetic:beach"`) {
		t.Fatalf("unknown scene: error %v", err)
	}
	for i, scene := range Scenes() {
		if !strings.Contains(err.Error(), scene) {
			t.Errorf("error %q does not name scene %s", err, scene)
		}
		if c := Choices()[i]; c.Source != "synthetic:"+scene || c.Label == "synthetic: " {
			t.Errorf("scene %s is offered as %+v", scene, c)
		}
	}

	ctx, cancel := context.WithCancel(context.Background())
	src, err := Open(ctx, capture.Config{Width: 64}, capture.Address{Scene: "street"})
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Retrieve(make([]byte, 5)); !errors.Is(err, capture.ErrSizeChanged) {
		t.Errorf("Retrieve into 5 bytes: %v", err)
	}
	cancel()
	if _, err := src.Grab(); !errors.Is(err, context.Canceled) {
		t.Errorf("Grab after the end of the context: %v", err)
	}
}

// TestStreetComesAndGoes checks what a first look at the program relies on: within 30 s, people
// appear at least three times, and leave in between.
func TestStreetComesAndGoes(t *testing.T) {
	for seed := range uint64(6) {
		cfg := capture.Config{Width: 160}
		street, empty := openScene(t, "street", seed, cfg), openScene(t, "empty", seed, cfg)
		appearances, there := 0, 0
		for range 300 { // ten a second
			a, b := nthFrame(t, street, 2), nthFrame(t, empty, 2)
			n := 0
			for i := 160 * 12 * 3; i < len(a); i += 3 { // below the caption
				if a[i] != b[i] || a[i+1] != b[i+1] || a[i+2] != b[i+2] {
					n++
				}
			}
			if n > 160*90/100 {
				if there++; there == 10 {
					appearances++
				}
			} else if n == 0 {
				there = 0
			}
		}
		if appearances < 3 {
			t.Errorf("seed %d: something larger than 1 %% of the frame was there for 1 s only %d times", seed, appearances)
		}
	}
}

func TestFreezeIsBitIdentical(t *testing.T) {
	src := openScene(t, "freeze", 3, capture.Config{Width: 96})
	last := nthFrame(t, src, 0)
	same := make([]bool, 0, 600)
	for range 600 {
		next := nthFrame(t, src, 0)
		same = append(same, bytes.Equal(last, next))
		last = next
	}
	for i, s := range same {
		// same[i] compares frames i and i+1; frames 240 to 419 are identical.
		if want := i >= 240 && i < 419; s != want {
			t.Errorf("frames %d and %d: identical %v, want %v", i, i+1, s, want)
		}
	}
}

func TestNoiseStaysInRange(t *testing.T) {
	c := newCanvas(61, 7) // not a multiple of eight
	for _, level := range []byte{headroom, 128, 255 - headroom} {
		for _, light := range []float64{1, 0.5, 0} {
			for i := range c.pix {
				c.pix[i] = level
			}
			c.develop(c.pix, newNoise(c.w, 1), 9, light)
			want := headroom + int(float64(level-headroom)*light)
			for i, v := range c.pix {
				if d := int(v) - want; d < -headroom-1 || d > headroom {
					t.Fatalf("level %d in light %v: byte %d is %d, further than %d from %d", level, light, i, v, headroom, want)
				}
			}
		}
	}
}

func TestRetrieveAllocatesNothing(t *testing.T) {
	src := openScene(t, "street", 1, capture.Config{Width: 320})
	dst := nthFrame(t, src, 30)
	got := testing.AllocsPerRun(100, func() {
		if _, err := src.Grab(); err != nil {
			t.Fatal(err)
		}
		if err := src.Retrieve(dst); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("%v allocations a frame", got)
	}
}

func BenchmarkSynthetic(b *testing.B) {
	at := map[string][]int{"street": {3}, "empty": {3}, "flicker": {6}, "dark": {10}, "freeze": {3}, "tamper": {12, 22}}
	for _, scene := range Scenes() {
		for _, second := range at[scene] {
			b.Run(fmt.Sprintf("%s/%ds", scene, second), func(b *testing.B) {
				src := openScene(b, scene, 1, capture.Config{})
				dst := nthFrame(b, src, second*30)
				b.SetBytes(int64(len(dst)))
				b.ReportAllocs()
				for b.Loop() {
					if err := src.Retrieve(dst); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkSyntheticGrab(b *testing.B) {
	src := openScene(b, "street", 1, capture.Config{})
	for b.Loop() {
		if _, err := src.Grab(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestValidateNamesTheScenes(t *testing.T) {
	for source, want := range map[string]string{
		"synthetic:sea":    `unknown scene "sea": give one of street`,
		"synthetic:street": "",
		"device:0":         "",
	} {
		got := ""
		Validate(capture.Config{Source: source}, func(key, problem string) { got = key + ": " + problem })
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}
