package detectors

import (
	"context"
	"errors"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

func TestLoadKinds(t *testing.T) {
	frame, err := capture.NewPool(1, nil).Get("test", 1, 16, 16, epoch)
	if err != nil {
		t.Fatal(err)
	}
	defer frame.Release()
	const busy = 2 * time.Millisecond
	tests := []struct {
		kind  string
		busy  time.Duration
		least time.Duration // that one Detect takes
	}{
		{"dummy", 0, 0},
		{"load", busy, busy},
		{"jitter", busy, 0},
	}
	for _, tt := range tests {
		d := build(t, Config{Name: "a", Kind: tt.kind, Options: LoadOptions{Busy: text.Duration(tt.busy)}})
		for range 5 {
			start := time.Now()
			got, ok := detect(t, d, frame)["a"]
			took := time.Since(start)
			switch {
			case !ok || got.Detections != nil:
				t.Errorf("%s: reading %+v", tt.kind, got)
			case took < tt.least:
				t.Errorf("%s: took %v, want %v at least", tt.kind, took, tt.least)
			case tt.kind != "jitter" && got.Value != 1:
				t.Errorf("%s: value %v, want 1", tt.kind, got.Value)
			case tt.kind == "jitter" && (got.Value < 0 || got.Value > took.Seconds()):
				t.Errorf("jitter: value %v, but it took %v", got.Value, took)
			}
		}
	}
}

func TestLoadStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	d := build(t, Config{Name: "a", Kind: "load", Options: LoadOptions{Busy: text.Duration(maxBusy)}})
	if _, err := d.Detect(ctx, nil); !errors.Is(err, errCutShort) {
		t.Errorf("error %v, want %v", err, errCutShort)
	}
}

// The durations of jitter cover the whole range, and depend only on its name.
func TestJitterIsUniformBySeed(t *testing.T) {
	choose := func(name string) (times []time.Duration) {
		w := build(t, Config{Name: name, Kind: "jitter", Options: LoadOptions{Busy: 1000}}).(*work)
		for range 1000 {
			times = append(times, w.next())
		}
		return times
	}
	a, b, other := choose("a"), choose("a"), choose("b")
	var quarters [4]int
	same := 0
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("choice %d: %v and %v for one name", i, a[i], b[i])
		}
		if a[i] == other[i] {
			same++
		}
		if a[i] < 0 || a[i] > 1000 {
			t.Fatalf("choice %d: %v is not within 1µs", i, a[i])
		}
		quarters[min(a[i]/250, 3)]++
	}
	if same > 20 {
		t.Errorf("%d of 1000 choices are the same for two names", same)
	}
	for q, n := range quarters {
		if n < 200 || n > 300 {
			t.Errorf("%d of 1000 choices in quarter %d", n, q)
		}
	}
}
