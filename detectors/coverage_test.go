package detectors

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors/zone"
)

func TestAnchor(t *testing.T) {
	box := Box{X: 0.2, Y: 0.4, W: 0.2, H: 0.5}
	for anchor, want := range map[Anchor]zone.Point{AnchorBottom: {0.3, 0.9}, AnchorCenter: {0.3, 0.65}} {
		if got := anchor.Of(box); math.Hypot(got[0]-want[0], got[1]-want[1]) > 1e-9 {
			t.Errorf("%s of the box is %v, want %v", anchor, got, want)
		}
	}
	if got := AnchorBottom.Of(Box{X: 0.9, Y: 0.8, W: 0.4, H: 0.4}); got != (zone.Point{1, 1}) {
		t.Errorf("the anchor of a box beyond the frame is %v, want its corner", got)
	}
}

func TestSieve(t *testing.T) {
	left, right := zone.Rect(0, 0, 0.5, 1), zone.Rect(0.5, 0, 0.5, 1)
	at := func(x, y float64) Detection { return Detection{Box: Box{X: x - 0.05, Y: y - 0.2, W: 0.1, H: 0.2}} }
	two := []Detection{at(0.2, 0.5), at(0.8, 0.5)}
	for _, c := range []struct {
		name   string
		sieve  Sieve
		value  float64
		boxes  []Detection
		want   float64
		remain int
	}{
		{"mask drops the left", Sieve{Coverage{Masked: []zone.Polygon{left}}, AnchorBottom}, 2, two, 1, 1},
		{"zones keep the left", Sieve{Coverage{Within: []zone.Polygon{left}}, AnchorBottom}, 2, two, 1, 1},
		{"both leave none", Sieve{Coverage{Masked: []zone.Polygon{left}, Within: []zone.Polygon{left}}, AnchorBottom}, 2, two, 0, 0},
		{"several zones", Sieve{Coverage{Within: []zone.Polygon{left, right}}, AnchorBottom}, 2, two, 2, 2},
		{"a value that is no number of boxes", Sieve{Coverage{Masked: []zone.Polygon{left}}, AnchorBottom}, 0.7, two, 0.7, 1},
		{"the same with no box left", Sieve{Coverage{Masked: []zone.Polygon{left, right}}, AnchorBottom}, 0.7, two, 0, 0},
		{"no boxes at all", Sieve{Coverage{Masked: []zone.Polygon{left, right}}, AnchorBottom}, 0.7, nil, 0.7, 0},
		{"bottom is in the mask", Sieve{Coverage{Masked: []zone.Polygon{zone.Rect(0, 0.45, 1, 0.55)}}, AnchorBottom}, 2, two, 0, 0},
		{"center is not", Sieve{Coverage{Masked: []zone.Polygon{zone.Rect(0, 0.45, 1, 0.55)}}, AnchorCenter}, 2, two, 2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := slices.Clone(c.boxes)
			got := c.sieve.Pass(Reading{Value: c.value, Detections: c.boxes})
			if got.Value != c.want || len(got.Detections) != c.remain {
				t.Errorf("value %v with %d boxes, want %v with %d", got.Value, len(got.Detections), c.want, c.remain)
			}
			if !slices.EqualFunc(before, c.boxes, func(a, b Detection) bool { return a.Box == b.Box }) {
				t.Error("the detections that were handed over have changed")
			}
		})
	}
}

// Kinds that read pixels ignore masked parts by themselves, so no sieve is needed.
func TestSieveIsForOtherKinds(t *testing.T) {
	cfg := Config{Name: "a", Kind: "motion", Masked: []zone.Polygon{zone.Rect(0, 0, 1, 1)}}
	for kind, want := range map[string]bool{"motion": false, "quality": false, "dummy": true} {
		cfg.Kind = kind
		if got := cfg.Spec(Builtin()[kind]).Sieve != nil; got != want {
			t.Errorf("%s has a sieve: %v, want %v", kind, got, want)
		}
	}
	cfg.Masked = nil
	if cfg.Spec(Builtin()["dummy"]).Sieve != nil {
		t.Error("a detector without mask and zones has a sieve")
	}
}

// motionOf returns the result for a block that appears at a place after a second.
func motionOf(t *testing.T, cfg Config, x, y int) Reading {
	t.Helper()
	pool := capture.NewPool(1, nil)
	defer pool.Close()
	cfg.Name, cfg.Kind = "motion", "motion"
	d := build(t, cfg)
	var r Reading
	for i := range 11 {
		f := blockFrame(t, pool, time.Duration(i)*100*time.Millisecond, 320, 240, x, y, 60*(i/10))
		r = detect(t, d, f)["motion"]
		f.Release()
	}
	return r
}

func TestMotionLooksWhereItShould(t *testing.T) {
	left := []zone.Polygon{zone.Rect(0, 0, 0.5, 1)}
	block := 60.0 * 60 / (320 * 240)
	for _, c := range []struct {
		name  string
		cfg   Config
		x     int
		want  float64
		boxes int
	}{
		{"in the mask", Config{Masked: left}, 40, 0, 0},
		{"beside the mask", Config{Masked: left}, 200, 2 * block, 1}, // of half the frame
		{"in the zone", Config{Within: left}, 40, 2 * block, 1},
		{"beside the zone", Config{Within: left}, 200, 0, 0},
		{"half in the mask", Config{Masked: left}, 130, block, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := motionOf(t, c.cfg, c.x, 90)
			if math.Abs(r.Value-c.want) > c.want/8 || len(r.Detections) != c.boxes {
				t.Errorf("motion %v with %d boxes, want %v with %d", r.Value, len(r.Detections), c.want, c.boxes)
			}
		})
	}
}

// A running clock behind a mask is no motion, and does not hide that the rest is frozen.
func TestClockBehindMask(t *testing.T) {
	clock := []zone.Polygon{zone.Rect(0, 0, 0.3, 0.3)}
	for _, c := range []struct {
		name           string
		masked         []zone.Polygon
		moving, frozen bool
	}{
		{"without a mask", nil, true, false},
		{"with a mask", clock, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool := capture.NewPool(1, nil)
			defer pool.Close()
			motion := build(t, Config{Name: "motion", Kind: "motion", Masked: c.masked})
			quality := build(t, Config{Name: "lens", Kind: "quality", Masked: c.masked})
			moved, frozen := 0.0, 0.0
			for i := range 31 {
				f := blockFrame(t, pool, time.Duration(i)*100*time.Millisecond, 320, 240, 10+i%2*20, 10, 30)
				moved = max(moved, detect(t, motion, f)["motion"].Value)
				frozen = detect(t, quality, f)["lens_frozen"].Value
				f.Release()
			}
			if (moved > 0) != c.moving || (frozen == 1) != c.frozen {
				t.Errorf("motion %v, frozen %v; want moving %v, frozen %v", moved, frozen, c.moving, c.frozen)
			}
		})
	}
}

// Changes of light are measured on the unmasked part, however large the mask is.
func TestMotionIgnoresTheLightBesideMask(t *testing.T) {
	pool := capture.NewPool(1, nil)
	defer pool.Close()
	d := build(t, Config{Name: "motion", Kind: "motion", Masked: []zone.Polygon{zone.Rect(0, 0, 0.8, 1)}})
	for i := range 40 {
		f := blockFrame(t, pool, time.Duration(i)*100*time.Millisecond, 320, 240, 270, 100, 30)
		if i >= 20 {
			for k, v := range f.Pixels() {
				f.Pixels()[k] = uint8(int(v) * 3 / 4)
			}
		}
		if v := detect(t, d, f)["motion"].Value; v != 0 {
			t.Fatalf("motion %v in frame %d, where the light alone changes", v, i)
		}
		f.Release()
	}
}

func TestMaskOfEverything(t *testing.T) {
	pool := capture.NewPool(1, nil)
	defer pool.Close()
	f := blockFrame(t, pool, 0, 320, 240, 0, 0, 0)
	defer f.Release()
	for _, kind := range []string{"motion", "quality"} {
		d := build(t, Config{Name: kind, Kind: kind, Masked: []zone.Polygon{zone.Rect(0, 0, 1, 1)}})
		for range 2 {
			if _, err := d.Detect(context.Background(), f); !errors.Is(err, errNothing) {
				t.Errorf("%s: error %v, want %v", kind, err, errNothing)
			}
		}
	}
}
