package compare

import (
	"math"
	"slices"
)

// median returns the median of the values; NaN if there are none.
func median(values []float64) float64 {
	return quantile(values, 0.5)
}

// quantile returns a quantile of the values, with linear interpolation; NaN if there are none.
func quantile(values []float64, q float64) float64 {
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

// Spread summarizes repeated measurements of one value.
type Spread struct {
	N                 int
	Median            float64
	MAD               float64 // median of the distances from the median
	Smallest, Largest float64
}

// SpreadOf returns the spread of values.
func SpreadOf(values []float64) Spread {
	s := Spread{N: len(values), Median: median(values), Smallest: quantile(values, 0), Largest: quantile(values, 1)}
	off := make([]float64, len(values))
	for i, v := range values {
		off[i] = math.Abs(v - s.Median)
	}
	s.MAD = median(off)
	return s
}

// Reach returns the distance of the furthest value from the median.
func (s Spread) Reach() float64 { return max(s.Largest-s.Median, s.Median-s.Smallest) }
