package pane

import (
	"math"
	"slices"
	"strings"
	"time"

	"rvo-tui/runtime/engine"

	"rvo-tui/ui/draw"
)

// LatencyView shows the latency of each stage between capture and event over the last ten
// seconds, w cells wide.
func LatencyView(s *Scene, w int) Body {
	b := Body{Title: "Latency", Note: "last 10 s", scroll: true}
	c := s.Camera()
	if c == nil {
		return b
	}
	stages := make([]latency, engine.StageCount)
	for i := range stages {
		stages[i] = s.Hist.recent(histogramKey{camera: c.Name, what: engine.Stage(i).String()})
	}
	b.head = append(ageBar(s, stages, w), "")
	const cell = 7
	bars := min(w-12-4*cell-2, windowTop)
	most := w >= 12+4*cell // there is room for the maximum
	head := "   " + draw.Fit("stage", 9) + draw.Right("p50", cell) + draw.Right("p99", cell) + draw.Right("p99.9", cell)
	if most {
		head += draw.Right("max", cell)
	}
	if bars >= 8 {
		head += "  " + draw.Fit(spread(bars), bars)
	}
	b.head = append(b.head, s.Theme.Dim.Of(draw.Fit(head, w)))
	b.n = int(engine.StageCount) + 1
	b.row = func(i int) string {
		name, look, l := "step", s.Theme.Dim, s.Hist.recent(histogramKey{camera: c.Name, what: "tick"})
		if i > 0 {
			stage := engine.Stage(i - 1)
			name, look, l = stage.String(), s.Theme.Stage[stage], stages[stage]
		}
		line := " " + look.Of(s.Theme.Dot) + " " + draw.Fit(name, 9)
		if l.Count == 0 {
			line += s.Theme.Dim.Of(draw.Right("-", cell) + draw.Right("-", cell) + draw.Right("-", cell))
			if most {
				line += s.Theme.Dim.Of(draw.Right(worst(l), cell))
			}
			return line
		}
		line += draw.Right(draw.Ago(l.P50), cell) + draw.Right(draw.Ago(l.P99), cell) + draw.Right(draw.Ago(l.P9X), cell)
		if most {
			line += s.Theme.Dim.Of(draw.Right(draw.Ago(l.Max), cell)) // 0: in the same step
		}
		if bars >= 8 {
			line += "  " + look.Of(histogramBars(s.Theme, l.Bars[windowTop-bars:]))
		}
		return line
	}
	return b
}

// worst formats the maximum of a stage that recorded nothing within the window.
func worst(l latency) string {
	if l.Max == 0 {
		return "-"
	}
	return draw.Ago(l.Max)
}

// spread is the legend of the histogram column.
func spread(n int) string {
	first := draw.Ago(windowFirst << (windowTop - n))
	return first + draw.Spaces(n-draw.Width(first)-3) + "16s"
}

// ageBar draws the age of a typical result, divided into its stages.
func ageBar(s *Scene, stages []latency, w int) []string {
	var total time.Duration
	for i := engine.StageCapture; i <= engine.StagePublish; i++ {
		total += stages[i].P50
	}
	if total == 0 {
		return []string{" " + s.Theme.Dim.Of("no result yet")}
	}
	room := max(w-27, 0)
	var bar strings.Builder
	used, sum := 0, time.Duration(0)
	for i := engine.StageCapture; i <= engine.StagePublish; i++ {
		sum += stages[i].P50
		upTo := int(float64(sum)/float64(total)*float64(room) + 0.5)
		bar.WriteString(s.Theme.Stage[i].Of(strings.Repeat(s.Theme.Spark[8], upTo-used)))
		used = upTo
	}
	return []string{" " + s.Theme.Dim.Of("end-to-end latency") + draw.Right(draw.Ago(total), 6) + " " + bar.String()}
}

// histogramBars draws counts as bars, on a scale that keeps small counts visible.
func histogramBars(t *draw.Theme, counts []uint64) string {
	var most uint64
	for _, n := range counts {
		most = max(most, n)
	}
	var b strings.Builder
	for _, n := range counts {
		i := 0
		if n > 0 {
			i = 1 + int(7*float64(n)/float64(most))
		}
		b.WriteString(t.Spark[min(i, 8)])
	}
	return b.String()
}

var nan = math.NaN()

const (
	windowFirst = time.Microsecond
	windowTop   = 24 // bars, one for each power of two: up to 16.8 s
)

// histogramKey identifies a histogram of a snapshot.
type histogramKey struct {
	camera, detector, what string
}

// latency summarizes what a histogram counted within a window.
type latency struct {
	Count         uint64
	P50, P99, P9X time.Duration // P9X: 99.9 %
	Max           time.Duration // since the start
	Bars          [windowTop]uint64
}

// window keeps copies of a histogram to compute what it counted in the last PastSeconds seconds.
type window struct {
	copies []*engine.Histogram // one a second, oldest first
	Last   latency

	medians []float64 // of Last in seconds, one a second, oldest first; at most sparkCells
}

// Add copies the histogram; it is called once a second. If the count has fallen, the histogram
// is a new one, as after a detector was attached again, and the window starts over.
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
	bounds := make([]time.Duration, windowTop-1) // the last bar counts everything above
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
