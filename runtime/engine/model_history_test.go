package engine

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/internal/modelcheck"
)

// modelHistory is an engine with some detectors, slots, and a history of inputs.
type modelHistory struct {
	Detectors []detectors.Spec
	Slots     int
	MaxErrors int
	Happens   []happening
}

// happening is an input. What does not apply is skipped, so that histories can shrink.
type happening struct {
	What   string // "frame", "open", "take", "tell", "done", "enable", "disable", "rate"
	Which  int    // detector
	Lag    time.Duration
	Value  float64 // of "done"; NaN: an error; of "rate": frames a second
	Passes time.Duration
}

const tick = 5 * ms

func drawModelHistory(r *rand.Rand) modelHistory {
	h := modelHistory{Slots: r.IntN(2) + 1, MaxErrors: r.IntN(3) + 1}
	for i := range r.IntN(3) + 1 {
		sp := spec(string(rune('a'+i)), []float64{200, 100, 50, 20}[r.IntN(4)])
		sp.Cost = []detectors.Cost{detectors.CostLow, detectors.CostMedium, detectors.CostHigh}[r.IntN(3)]
		sp.Timeout = []time.Duration{0, 20 * ms, 50 * ms}[r.IntN(3)]
		sp.TTL = []time.Duration{30 * ms, 100 * ms, time.Second}[r.IntN(3)]
		sp.FixedTTL = r.IntN(2) == 0
		sp.Remote, sp.Enabled = r.IntN(4) == 0, r.IntN(6) > 0
		if r.IntN(4) == 0 {
			sp.Retry = detectors.RetryNever
		}
		if i > 0 && r.IntN(2) == 0 {
			sp.Needs = []string{[]string{"a >= 1", "!(a >= 1)"}[r.IntN(2)]}
		}
		h.Detectors = append(h.Detectors, sp)
	}
	whats := []string{"frame", "frame", "frame", "open", "take", "tell", "done", "done", "any", "wait"}
	for range r.IntN(24) + 8 {
		x := happening{
			What: whats[r.IntN(len(whats))], Which: r.IntN(len(h.Detectors)), Lag: time.Duration(r.IntN(3)) * tick,
			Value: []float64{0, 1, 1, 2, math.NaN()}[r.IntN(5)], Passes: time.Duration(r.IntN(4)) * tick,
		}
		switch x.What {
		case "any":
			x.What = []string{"enable", "disable", "rate"}[r.IntN(3)]
			if x.What == "rate" {
				x.Value = []float64{200, 20}[r.IntN(2)]
			}
		case "wait":
			x.Passes = time.Duration(r.IntN(300)) * tick
		}
		h.Happens = append(h.Happens, x)
	}
	return h
}

func smallerModelHistory(h modelHistory) iter.Seq[modelHistory] {
	return func(yield func(modelHistory) bool) {
		for rest := range modelcheck.Without(h.Happens) {
			next := h
			if next.Happens = rest; !yield(next) {
				return
			}
		}
		for i, x := range h.Happens {
			if x.Passes == 0 {
				continue
			}
			next := h
			next.Happens = slices.Clone(h.Happens)
			next.Happens[i].Passes = x.Passes / 2 / tick * tick
			if !yield(next) {
				return
			}
		}
		if n := len(h.Detectors) - 1; n > 0 {
			next := h
			next.Detectors = h.Detectors[:n]
			next.Happens = slices.Clone(h.Happens)
			for i := range next.Happens {
				next.Happens[i].Which %= n
			}
			if !yield(next) {
				return
			}
		}
	}
}
