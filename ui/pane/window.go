package pane

import (
	"math"
	"time"

	"rvo-tui/runtime/engine"
)

var nan = math.NaN()

const (
	windowFirst  = time.Microsecond
	windowOctave = 8                          // bounds to a power of two
	windowTop    = 24                         // powers of two: up to 16.8 s
	windowSize   = windowOctave*windowTop + 1 // bounds
)

// windowBounds are the durations by which a window counts, ascending.
func windowBounds() []time.Duration {
	bounds := make([]time.Duration, windowSize)
	for i := range bounds {
		bounds[i] = time.Duration(float64(windowFirst) * math.Exp2(float64(i)/windowOctave))
	}
	return bounds
}

// latency is what a histogram counted within a window.
type latency struct {
	Count         uint64
	P50, P99, P9X time.Duration // P9X: 99.9 %
	Max           time.Duration // since the start
	Bars          [windowTop]uint64
}

// window sees what a histogram counted within the last pastSeconds seconds, from
// samples of it. Durations are exact to 9 %.
type window struct {
	samples [][]uint64 // cumulative, one a second, oldest first
	Last    latency
	bounds  []time.Duration
}

// Add takes one sample. It is called once a second.
func (w *window) Add(h *engine.Histogram) {
	if w.bounds == nil {
		w.bounds = windowBounds()
	}
	now := h.Cumulative(w.bounds)
	now = append(now, h.Count())
	old := make([]uint64, len(now))
	if len(w.samples) > 0 {
		old = w.samples[0]
	}
	w.Last = summarize(w.bounds, old, now, h.Max())
	w.samples = append(w.samples, now)
	if len(w.samples) > PastSeconds {
		w.samples = append(w.samples[:0], w.samples[1:]...)
	}
}

// summarize makes a latency of two samples of the same counters.
func summarize(bounds []time.Duration, old, now []uint64, most time.Duration) latency {
	l := latency{Max: most}
	n := func(i int) uint64 { return now[i] - min(old[i], now[i]) }
	l.Count = n(len(bounds))
	if l.Count == 0 {
		return l
	}
	quantile := func(q float64) time.Duration {
		need := uint64(math.Ceil(q * float64(l.Count)))
		for i, b := range bounds {
			if n(i) >= need {
				return min(b, most)
			}
		}
		return most
	}
	l.P50, l.P99, l.P9X = quantile(0.5), quantile(0.99), quantile(0.999)
	var before uint64
	for i := range l.Bars {
		upTo := n((i + 1) * windowOctave)
		if i == len(l.Bars)-1 {
			upTo = l.Count
		}
		l.Bars[i] = upTo - min(before, upTo)
		before = upTo
	}
	return l
}
