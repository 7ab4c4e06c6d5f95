package engine

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// durations draws values from all orders of magnitude of a histogram.
func durations() *rapid.Generator[[]time.Duration] {
	one := rapid.Custom(func(t *rapid.T) time.Duration {
		bits := rapid.IntRange(0, histTop-1).Draw(t, "bits")
		return time.Duration(rapid.Uint64Range(0, 1<<bits).Draw(t, "ns"))
	})
	return rapid.SliceOfN(one, 1, 200)
}

func TestHistogramBuckets(t *testing.T) {
	prev := uint64(0)
	for bin := range histBins - 1 {
		upper := histUpper(bin)
		if histBin(prev) != bin || histBin(upper-1) != bin {
			t.Fatalf("bucket %d is [%d, %d), but its ends go to %d and %d", bin, prev, upper, histBin(prev), histBin(upper-1))
		}
		if width := upper - prev; float64(width) > math.Max(1, 0.0625*float64(prev)) {
			t.Fatalf("bucket %d is %d wide at %d: more than 6.25 %%", bin, width, prev)
		}
		prev = upper
	}
	if prev != 1<<histTop {
		t.Fatalf("the buckets end at %d, want %d", prev, uint64(1)<<histTop)
	}
	if got := histBin(math.MaxInt64); got != histBins-1 {
		t.Fatalf("the longest duration goes to bucket %d, want the last", got)
	}
}

func TestHistogramAgreesWithSortedSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := durations().Draw(t, "durations")
		var h Histogram
		var sum time.Duration
		for _, v := range values {
			h.Record(v)
			sum += v
		}
		slices.Sort(values)
		top := values[len(values)-1]
		if h.Count() != uint64(len(values)) || h.Sum() != sum || h.Max() != top {
			t.Fatalf("count %d, sum %v, max %v; want %d, %v, %v", h.Count(), h.Sum(), h.Max(), len(values), sum, top)
		}

		qs := []float64{0, 0.25, 0.5, 0.9, 0.99, 1}
		for i, got := range h.Quantiles(qs...) {
			rank := max(int(math.Ceil(qs[i]*float64(len(values)))), 1)
			want := values[rank-1]
			if got < want || float64(got) > math.Max(float64(want)*1.0625, float64(want)+1) || got > top {
				t.Fatalf("quantile %v of %v is %v, want %v and at most 6.25 %% more", qs[i], values, got, want)
			}
		}

		bounds := durations().Draw(t, "bounds")
		slices.Sort(bounds)
		for i, got := range h.Cumulative(bounds) {
			most := atMost(values, bounds[i])
			least := atMost(values, time.Duration(float64(bounds[i])/1.0625)-1)
			if got > most || got < least {
				t.Fatalf("%d of %v are at most %v, want %d to %d", got, values, bounds[i], least, most)
			}
		}

		edges := make([]time.Duration, 0, histBins-1)
		for bin := range histBins - 1 {
			edges = append(edges, time.Duration(histUpper(bin)-1))
		}
		for i, got := range h.Cumulative(edges) {
			if want := atMost(values, edges[i]); got != want {
				t.Fatalf("at the edge %v: %d, want exactly %d", edges[i], got, want)
			}
		}
	})
}

func atMost(sorted []time.Duration, bound time.Duration) uint64 {
	i, _ := slices.BinarySearch(sorted, bound+1)
	return uint64(i)
}

func TestHistogramExtremes(t *testing.T) {
	var h Histogram
	if got := h.Quantiles(0, 0.5, 1); !slices.Equal(got, []time.Duration{0, 0, 0}) {
		t.Errorf("quantiles of nothing are %v, want zeros", got)
	}
	h.Record(-time.Hour)
	h.Record(0)
	h.Record(100 * time.Hour)
	if h.Count() != 3 || h.Max() != 100*time.Hour || h.Sum() != 100*time.Hour {
		t.Errorf("count %d, max %v, sum %v; want 3, 100h, 100h", h.Count(), h.Max(), h.Sum())
	}
	if got := h.Cumulative([]time.Duration{0, time.Hour, 19 * time.Hour}); !slices.Equal(got, []uint64{2, 2, 2}) {
		t.Errorf("cumulative counts are %v, want 2, 2, 2", got)
	}
	if got := h.Quantiles(0.5)[0]; got != 0 {
		t.Errorf("the median is %v, want 0", got)
	}
}

func TestHistogramAllocatesNothing(t *testing.T) {
	var h Histogram
	v := time.Duration(1)
	if n := testing.AllocsPerRun(1000, func() { h.Record(v); v = v*3/2 + 1 }); n != 0 {
		t.Errorf("recording allocates %v times", n)
	}
}

// With one writer and many readers, no reader sees more than there was, and nothing is lost.
func TestHistogramReadWhileWritten(t *testing.T) {
	const total = 20000
	var h Histogram
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			last := uint64(0)
			for {
				counts := h.Cumulative([]time.Duration{time.Microsecond, time.Minute})
				if counts[0] > counts[1] || counts[1] < last || counts[1] > total {
					t.Errorf("cumulative counts %v after %d", counts, last)
					return
				}
				last = counts[1]
				if q := h.Quantiles(0.5, 0.99); q[0] > q[1] || q[1] > total {
					t.Errorf("quantiles %v", q)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range total {
		h.Record(time.Duration(i))
	}
	close(done)
	readers.Wait()
	if h.Count() != total || h.Sum() != total*(total-1)/2 || h.Max() != total-1 {
		t.Errorf("count %d, sum %d, max %d after %d records", h.Count(), h.Sum(), h.Max(), total)
	}
}

func BenchmarkHistogramRecord(b *testing.B) {
	var h Histogram
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Record(time.Duration(i & 0xfffff))
	}
}

func TestHistogramSinceACopy(t *testing.T) {
	h := new(Histogram)
	for range 100 {
		h.Record(time.Second)
	}
	earlier := h.Since(nil)
	if earlier.Count() != 100 || earlier.Sum() != 100*time.Second || earlier.Max() != time.Second {
		t.Errorf("the copy has %d, sum %v, max %v", earlier.Count(), earlier.Sum(), earlier.Max())
	}
	for range 10 {
		h.Record(ms)
	}
	d := h.Since(earlier)
	if q := d.Quantiles(1)[0]; d.Count() != 10 || d.Sum() != 10*ms || q < ms || q > ms+ms/8 || d.Max() != time.Second {
		t.Errorf("since then %d, sum %v, at most %v, max %v", d.Count(), d.Sum(), q, d.Max())
	}
	if earlier.Count() != 100 {
		t.Error("the copy has changed")
	}
}

func BenchmarkHistogramSince(b *testing.B) {
	h := new(Histogram)
	for i := range 1000 {
		h.Record(time.Duration(i) * time.Microsecond)
	}
	earlier := h.Since(nil)
	b.ReportAllocs()
	for b.Loop() {
		h.Since(earlier)
	}
}
