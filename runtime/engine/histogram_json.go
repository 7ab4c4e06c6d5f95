package engine

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// histogramJSON is the JSON form of a Histogram. Bins has two varints (as in Protocol
// Buffers) for each non-empty bucket: the number of empty buckets before it, and its
// count. Buckets 0 to 15 hold that many nanoseconds; above, there are 16 equal buckets
// per power of two.
type histogramJSON struct {
	Count uint64        `json:"count"`
	Sum   uint64        `json:"sum_ns"`
	Max   uint64        `json:"max_ns"`
	P50   time.Duration `json:"p50_ns"`
	P90   time.Duration `json:"p90_ns"`
	P99   time.Duration `json:"p99_ns"`
	P999  time.Duration `json:"p999_ns"`
	Bins  []byte        `json:"bins"`
}

// jsonQuantiles are the quantiles of the JSON form.
var jsonQuantiles = [...]float64{0.5, 0.9, 0.99, 0.999}

// MarshalJSON writes the current counts.
func (h *Histogram) MarshalJSON() ([]byte, error) {
	if h == nil {
		return []byte("null"), nil
	}
	bins, total := h.counts()
	v := histogramJSON{Count: total, Sum: h.sum.Load(), Max: h.max.Load(), Bins: make([]byte, 0, 128)}
	gap := uint64(0)
	for _, n := range bins {
		if n == 0 {
			gap++
			continue
		}
		v.Bins = binary.AppendUvarint(binary.AppendUvarint(v.Bins, gap), n)
		gap = 0
	}
	q := quantiles(&bins, total, v.Max, jsonQuantiles[:])
	v.P50, v.P90, v.P99, v.P999 = q[0], q[1], q[2], q[3]
	return json.Marshal(&v)
}

// UnmarshalJSON reads the output of MarshalJSON and replaces the counts. Concurrent
// reads are safe. On an error nothing changes.
func (h *Histogram) UnmarshalJSON(text []byte) error {
	var v histogramJSON
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	var bins [histBins]uint64
	var count uint64
	for at, rest := uint64(0), v.Bins; len(rest) > 0; at++ {
		gap, k := binary.Uvarint(rest)
		if k <= 0 || gap >= histBins || at+gap >= histBins {
			return errors.New("read histogram: its bins exceed the last bucket")
		}
		n, l := binary.Uvarint(rest[k:])
		if l <= 0 || n == 0 {
			return errors.New("read histogram: a bin has no count")
		}
		at += gap
		bins[at] = n
		count += n
		rest = rest[k+l:]
	}
	if count != v.Count {
		return fmt.Errorf("read histogram: its bins add up to %d, but its count is %d", count, v.Count)
	}
	for i, n := range bins {
		if n != h.bins[i].Load() { // most are empty, and a store costs more than a load
			h.bins[i].Store(n)
		}
	}
	h.sum.Store(v.Sum)
	h.max.Store(v.Max)
	return nil
}
