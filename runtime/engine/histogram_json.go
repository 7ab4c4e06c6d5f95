package engine

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// histogramJSON is a Histogram as text. Bins has, for each bucket that is not
// empty, two varints (as in Protocol Buffers): how many buckets lie between it and
// the one before, and its count. Bucket 0 to 15 hold so many nanoseconds; above,
// there are 16 equal ones to every power of two.
type histogramJSON struct {
	Count uint64 `json:"count"`
	Sum   uint64 `json:"sum_ns"`
	Max   uint64 `json:"max_ns"`
	P50   uint64 `json:"p50_ns"`
	P90   uint64 `json:"p90_ns"`
	P99   uint64 `json:"p99_ns"`
	P999  uint64 `json:"p999_ns"`
	Bins  []byte `json:"bins"`
}

// jsonQuantiles are the quantiles of the JSON form.
var jsonQuantiles = [...]float64{0.5, 0.9, 0.99, 0.999}

// MarshalJSON writes what the histogram counts now.
func (h *Histogram) MarshalJSON() ([]byte, error) {
	if h == nil {
		return []byte("null"), nil
	}
	var bins [histBins]uint64
	v := histogramJSON{Sum: h.sum.Load(), Max: h.max.Load(), Bins: make([]byte, 0, 128)}
	gap := uint64(0)
	for i := range bins {
		n := h.bins[i].Load()
		if bins[i] = n; n == 0 {
			gap++
			continue
		}
		v.Count += n
		v.Bins = binary.AppendUvarint(binary.AppendUvarint(v.Bins, gap), n)
		gap = 0
	}
	var seen uint64
	quantiles := [...]*uint64{&v.P50, &v.P90, &v.P99, &v.P999}
	next := 0
	for i, n := range bins {
		seen += n
		for n > 0 && next < len(quantiles) && float64(seen) >= math.Ceil(jsonQuantiles[next]*float64(v.Count)) {
			*quantiles[next] = min(histUpper(i)-1, v.Max)
			next++
		}
	}
	return json.Marshal(&v)
}

// UnmarshalJSON reads what MarshalJSON writes, in the place of what was counted
// before. It is no record: other readers may look on. A failure changes nothing.
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
			return errors.New("read histogram: its bins do not end within the last bucket")
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
		return fmt.Errorf("read histogram: its bins hold %d, its count is %d", count, v.Count)
	}
	for i := range bins {
		h.bins[i].Store(bins[i])
	}
	h.sum.Store(v.Sum)
	h.max.Store(v.Max)
	return nil
}

// Load takes over what another histogram counts now. Readers may look on; they
// see some of the new counts beside some of the old ones for an instant. Nobody
// else may write meanwhile.
func (h *Histogram) Load(other *Histogram) {
	for i := range h.bins {
		h.bins[i].Store(other.bins[i].Load())
	}
	h.sum.Store(other.sum.Load())
	h.max.Store(other.max.Load())
}
