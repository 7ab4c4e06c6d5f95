package bench

import (
	"math"
	"slices"
)

// median returns the middle of the values, the mean of the two in the middle
// where they are even in number, and NaN of none.
func median(values []float64) float64 {
	return quantileOf(values, 0.5)
}

// quantileOf returns a quantile of the values, interpolated between neighbours; NaN
// of none.
func quantileOf(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(at)
	if low+1 == len(sorted) {
		return sorted[low]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}

// spread is how values of the same thing lie.
type spread struct {
	n                 int
	median            float64
	mad               float64 // median of the distances from the median
	smallest, largest float64
}

func spreadOf(values []float64) spread {
	s := spread{n: len(values), median: median(values), smallest: quantileOf(values, 0), largest: quantileOf(values, 1)}
	off := make([]float64, len(values))
	for i, v := range values {
		off[i] = math.Abs(v - s.median)
	}
	s.mad = median(off)
	return s
}

// reach returns how far from the median the furthest value is.
func (s spread) reach() float64 { return max(s.largest-s.median, s.median-s.smallest) }
