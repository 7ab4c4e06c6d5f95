package engine

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Histogram counts durations in log-linear buckets: 16 for each power of two, so that a
// bucket is at most 6.25 % wide, from 1 ns to about 19 hours in less than 6 kB. One
// goroutine writes, any number may read concurrently. A reader may miss the sample
// being recorded. Recording takes no lock and does not allocate.
type Histogram struct {
	sum  atomic.Uint64 // in nanoseconds
	max  atomic.Uint64
	bins [histBins]atomic.Uint64
}

const (
	histSub  = 4  // log2 of the buckets per power of two
	histTop  = 46 // durations of 2^histTop ns and more share the last bucket
	histBins = (histTop-histSub+1)<<histSub + 1
)

// Record counts one duration. Negative ones count as 0.
func (h *Histogram) Record(d time.Duration) {
	v := uint64(max(d, 0))
	add(&h.bins[histBin(v)], 1)
	add(&h.sum, v)
	if v > h.max.Load() {
		h.max.Store(v)
	}
}

// add is an addition for a single writer, which needs no bus lock.
func add(a *atomic.Uint64, n uint64) { a.Store(a.Load() + n) }

func histBin(v uint64) int {
	if v < 1<<histSub {
		return int(v)
	}
	e := bits.Len64(v) - 1
	if e >= histTop {
		return histBins - 1
	}
	return (e-histSub)<<histSub + int(v>>(e-histSub))
}

// histUpper returns the first value above a bucket.
func histUpper(bin int) uint64 {
	if bin < 1<<histSub {
		return uint64(bin) + 1
	}
	e := bin>>histSub - 1
	return uint64(1<<histSub+bin&(1<<histSub-1)+1) << e
}

// Count returns the number of recorded durations.
func (h *Histogram) Count() (n uint64) {
	for i := range h.bins {
		n += h.bins[i].Load()
	}
	return n
}

// Sum returns the sum of all durations.
func (h *Histogram) Sum() time.Duration { return time.Duration(h.sum.Load()) }

// Max returns the longest duration, which is exact.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max.Load()) }

// Quantiles returns, for each q of 0..1 in ascending order, an upper bound of that
// quantile: the upper end of its bucket, but at most Max. All are 0 if nothing was
// recorded.
func (h *Histogram) Quantiles(qs ...float64) []time.Duration {
	bins, total := h.counts()
	return quantiles(&bins, total, h.max.Load(), qs)
}

// counts returns the counts of the buckets, and their sum.
func (h *Histogram) counts() (bins [histBins]uint64, total uint64) {
	for i := range h.bins {
		bins[i] = h.bins[i].Load()
		total += bins[i]
	}
	return bins, total
}

func quantiles(bins *[histBins]uint64, total, top uint64, qs []float64) []time.Duration {
	out := make([]time.Duration, len(qs))
	var seen uint64
	next := 0
	for i, n := range bins {
		seen += n
		for n > 0 && next < len(qs) && float64(seen) >= math.Ceil(qs[next]*float64(total)) {
			out[next] = time.Duration(min(histUpper(i)-1, top))
			next++
		}
	}
	return out
}

// Since returns a histogram of what h has counted since an earlier copy of it; nil is
// an empty copy. Its Max is that of h.
func (h *Histogram) Since(earlier *Histogram) *Histogram {
	if earlier == nil {
		earlier = new(Histogram)
	}
	since := func(now, then *atomic.Uint64) uint64 {
		n := now.Load()
		return n - min(then.Load(), n)
	}
	d := new(Histogram)
	d.sum.Store(since(&h.sum, &earlier.sum))
	d.max.Store(h.max.Load())
	for i := range h.bins {
		if n := since(&h.bins[i], &earlier.bins[i]); n > 0 { // most are empty, and a store costs more than a load
			d.bins[i].Store(n)
		}
	}
	return d
}

// Cumulative returns the number of durations up to each of the ascending bounds, as in
// Prometheus. Only buckets entirely below a bound count, so a count is exact or
// slightly low. No bound may be negative or beyond the range of the histogram.
func (h *Histogram) Cumulative(bounds []time.Duration) []uint64 {
	out := make([]uint64, len(bounds))
	var seen uint64
	bin := 0
	for i, b := range bounds {
		for ; bin < histBins && histUpper(bin)-1 <= uint64(b); bin++ {
			seen += h.bins[bin].Load()
		}
		out[i] = seen
	}
	return out
}
