package detectors

import (
	"context"
	"testing"
)

// look is the result of the quality kind for a second of a scene.
type look struct {
	second                        int
	brightness, sharpness, frozen [2]float64 // from, to
	label                         string     // one that there must be; "": none at all
}

func TestQualityOfScenes(t *testing.T) {
	day, sharp := [2]float64{0.3, 0.7}, [2]float64{0.5, 1}
	no, yes, dim, soft := [2]float64{0, 0}, [2]float64{1, 1}, [2]float64{0, 0.08}, [2]float64{0, 0.15}
	tests := map[string][]look{
		"street": {{3, day, sharp, no, ""}, {20, day, sharp, no, ""}, {32, day, sharp, no, ""}},
		"empty":  {{3, day, sharp, no, ""}, {20, day, sharp, no, ""}},
		"dark":   {{4, day, sharp, no, ""}, {14, dim, [2]float64{0, 0.2}, no, "dark"}, {23, day, sharp, no, ""}},
		"freeze": {{7, day, sharp, no, ""}, {12, day, sharp, yes, "frozen"}, {16, day, sharp, no, ""}},
		"tamper": {
			{5, day, sharp, no, ""},
			{12, [2]float64{0.08, 0.3}, soft, no, "covered"},
			{17, day, sharp, no, ""},
			{22, day, soft, no, "defocused"},
			{28, day, sharp, no, ""},
		},
	}
	for scene, looks := range tests {
		for _, width := range []int{320, 960} {
			if width > 320 && scene != "tamper" {
				continue // the other scenes look the same in any size
			}
			film := openFilm(t, scene, 1, width)
			d := build(t, Config{Name: "lens", Kind: "quality"})
			second := 0
			for _, want := range looks {
				var got map[string]Reading
				for ; second < want.second; second++ {
					for range 2 {
						frame := film.next(15)
						got = detect(t, d, frame)
						frame.Release()
					}
				}
				check := func(signal string, bounds [2]float64) {
					if v := got[signal].Value; v < bounds[0] || v > bounds[1] {
						t.Errorf("%s at %d s, %d wide: %s is %.3f, want %v", scene, want.second, width, signal, v, bounds)
					}
				}
				check("lens_brightness", want.brightness)
				check("lens_sharpness", want.sharpness)
				check("lens_frozen", want.frozen)
				var labels []string
				for _, r := range got {
					for _, o := range r.Detections {
						labels = append(labels, o.Label)
						if o.Box != (Box{W: 1, H: 1}) || o.Score < 0 || o.Score > 1 {
							t.Errorf("%s at %d s: detection %+v", scene, want.second, o)
						}
					}
				}
				if want.label == "" && labels != nil || want.label != "" && (len(labels) != 1 || labels[0] != want.label) {
					t.Errorf("%s at %d s, %d wide: labels %q, want %q", scene, want.second, width, labels, want.label)
				}
			}
		}
	}
}

// Frozen counts in capture time from the first of the identical frames.
func TestQualityFrozenTakesTwoSeconds(t *testing.T) {
	film := openFilm(t, "freeze", 1, 320)
	d := build(t, Config{Name: "lens", Kind: "quality"})
	frame := film.next(241) // the first frozen one, at 8 s
	detect(t, d, frame)
	frame.Release()
	for at := 1; at < 180; at++ {
		frame := film.next(1)
		got := detect(t, d, frame)["lens_frozen"].Value
		frame.Release()
		want := 0.0
		if at >= 60 {
			want = 1
		}
		if got != want {
			t.Fatalf("%d frames after the freeze: frozen %v, want %v", at, got, want)
		}
	}
}

func BenchmarkQuality720p(b *testing.B) {
	film := openFilm(b, "street", 1, 1280)
	d := build(b, Config{Name: "lens", Kind: "quality"})
	frame := film.next(90)
	defer frame.Release()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Detect(context.Background(), frame); err != nil {
			b.Fatal(err)
		}
	}
}
