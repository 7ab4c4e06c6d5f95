package main

import (
	"math"
	"slices"
)

// spread is the median and the quartiles of a value over several runs.
type spread struct {
	mid, low, high float64
	runs           int
}

// spreadOf returns the spread of values, which must not be empty. Quartiles are interpolated.
func spreadOf(values []float64) spread {
	v := slices.Clone(values)
	slices.Sort(v)
	return spread{mid: quantile(v, 0.5), low: quantile(v, 0.25), high: quantile(v, 0.75), runs: len(v)}
}

// quantile returns a quantile (0 to 1) of sorted values, with linear interpolation.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(math.Floor(at))
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	f := at - float64(i)
	return sorted[i]*(1-f) + sorted[i+1]*f
}

// scaled returns the spread in another unit.
func (s spread) scaled(by float64) spread {
	return spread{s.mid * by, s.low * by, s.high * by, s.runs}
}
