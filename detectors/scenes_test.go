package detectors

import (
	"context"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/synthetic"
)

// epoch is when the scenes of the tests begin.
var epoch = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)

// film returns the frames of a synthetic scene at 30 per second.
type film struct {
	t    testing.TB
	src  capture.Source
	pool *capture.Pool
	at   time.Duration
}

func openFilm(t testing.TB, scene string, seed uint64, width int) *film {
	t.Helper()
	src, err := synthetic.Open(context.Background(), capture.Config{Width: width}, capture.Address{Scene: scene, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	f := &film{t: t, src: src, pool: capture.NewPool(2, nil)}
	t.Cleanup(func() {
		f.pool.Close()
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// next skips all but the last of n frames and returns it; the caller releases it.
func (f *film) next(n int) *capture.Frame {
	f.t.Helper()
	for range n {
		stamp, err := f.src.Grab()
		if err != nil {
			f.t.Fatal(err)
		}
		f.at = stamp.PTS
	}
	w, h := f.src.Size()
	frame, err := f.pool.Get("test", 1, w, h, epoch.Add(f.at))
	if err != nil || frame == nil {
		f.t.Fatalf("no frame: %v", err)
	}
	if err := f.src.Retrieve(frame.Pixels()); err != nil {
		f.t.Fatal(err)
	}
	return frame
}

// build returns a detector of a built-in kind.
func build(t testing.TB, cfg Config) Detector {
	t.Helper()
	k := Builtin()[cfg.Kind]
	cfg = cfg.Fill(k)
	d, err := k.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// detect runs d and returns its readings by signal.
func detect(t testing.TB, d Detector, frame *capture.Frame) map[string]Reading {
	t.Helper()
	readings, err := d.Detect(context.Background(), frame)
	if err != nil {
		t.Fatal(err)
	}
	m := make(map[string]Reading)
	for _, r := range readings {
		m[r.Signal] = r
	}
	return m
}
