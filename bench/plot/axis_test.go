package main

import (
	"math"
	"strings"
	"testing"
)

func TestDuration(t *testing.T) {
	for s, want := range map[float64]string{
		1: "1 s", 0.5: "500 ms", 0.001: "1 ms", 20e-6: "20 µs", 1e-6: "1 µs", 5e-9: "5 ns", 2e-10: "0.2 ns", 60: "60 s",
	} {
		if got := duration(s); got != want {
			t.Errorf("%v s is written %q, want %q", s, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", 1000: "1000", 5000: "5000", 12000: "12,000", 1234567: "1,234,567", 0.25: "0.25", -20000: "-20,000", 2e6: "2,000,000",
	} {
		if got := plain(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}

// An axis covers its values, has round limits and spans at least a decade.
func TestAround(t *testing.T) {
	for _, tt := range []struct{ low, high, from, to float64 }{
		{1.5e-6, 9e-3, 1e-6, 1e-2},
		{2.1e-6, 4e-3, 2e-6, 5e-3},
		{3e-3, 3e-3, 0, 0},
		{1, 100, 1, 100},
	} {
		from, to := around(tt.low, tt.high)
		if from > tt.low || to < tt.high || to/from < 9 {
			t.Errorf("%v to %v is shown from %v to %v", tt.low, tt.high, from, to)
		}
		if tt.to > 0 && (math.Abs(from/tt.from-1) > 1e-9 || math.Abs(to/tt.to-1) > 1e-9) {
			t.Errorf("%v to %v is shown from %v to %v, want %v to %v", tt.low, tt.high, from, to, tt.from, tt.to)
		}
	}
}

// Every axis has at least two labelled ticks, and none outside of it.
func TestTicks(t *testing.T) {
	for _, tt := range []struct {
		s         scale
		low, high float64
	}{
		{durations, 1e-6, 1e-1},
		{durations, 2e-3, 2e-2},
		{rates, 0, 601.3},
		{rates, 0, 0.004},
		{rates, 0, 1},
		{scale{log: true, write: plain, at: []float64{1, 4, 16, 64}}, 0.8, 80},
	} {
		written := 0
		for _, k := range tt.s.ticks(tt.low, tt.high) {
			if k.Value < tt.low*0.999 || k.Value > tt.high*1.001 {
				t.Errorf("%v to %v: a tick at %v", tt.low, tt.high, k.Value)
			}
			if k.Label != "" {
				written++
				if strings.Contains(k.Label, "e") {
					t.Errorf("%v to %v: %q is not how people write numbers", tt.low, tt.high, k.Label)
				}
			}
		}
		if written < 2 || written > 12 {
			t.Errorf("%v to %v has %d ticks that are written", tt.low, tt.high, written)
		}
	}
}
