package pane

import (
	"math"
	"slices"
	"time"

	"rvo-tui/runtime/engine"
)

var nan = math.NaN()

const (
	windowFirst = time.Microsecond
	windowTop   = 24 // bars, one to a power of two: up to 16.8 s
)

// histogramKey names a histogram of a snapshot.
type histogramKey struct {
	camera, detector, what string
}

// latency is what a histogram counted within a window.
type latency struct {
	Count         uint64
	P50, P99, P9X time.Duration // P9X: 99.9 %
	Max           time.Duration // since the start
	Bars          [windowTop]uint64
}

// window sees what a histogram counted within the last PastSeconds seconds, from
// copies of it.
type window struct {
	copies []*engine.Histogram // one a second, oldest first
	Last   latency

	medians []float64 // of Last in seconds, one a second, oldest first; at most sparkCells
}

// Add takes a copy. It is called once a second. A histogram that counts less than
// before is another one, as of a detector that was attached again.
func (w *window) Add(h *engine.Histogram) {
	now := h.Since(nil)
	if n := len(w.copies); n > 0 && now.Count() < w.copies[n-1].Count() {
		w.copies = nil
	}
	recent := now
	if len(w.copies) > 0 {
		recent = now.Since(w.copies[0])
	}
	w.Last = summarize(recent)
	median := nan
	if w.Last.Count > 0 {
		median = w.Last.P50.Seconds()
	}
	if len(w.medians) >= sparkCells {
		w.medians = slices.Delete(w.medians, 0, len(w.medians)-sparkCells+1)
	}
	w.medians = append(w.medians, median)
	if len(w.copies) == PastSeconds {
		w.copies = slices.Delete(w.copies, 0, 1)
	}
	w.copies = append(w.copies, now)
}

func summarize(h *engine.Histogram) latency {
	q := h.Quantiles(0.5, 0.99, 0.999)
	l := latency{Count: h.Count(), P50: q[0], P99: q[1], P9X: q[2], Max: h.Max()}
	bounds := make([]time.Duration, windowTop-1) // the last bar has all that is longer
	for i := range bounds {
		bounds[i] = windowFirst << (i + 1)
	}
	var before uint64
	for i, n := range append(h.Cumulative(bounds), l.Count) {
		l.Bars[i] = n - before
		before = n
	}
	return l
}
