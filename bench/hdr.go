package bench

import (
	"bytes"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// hdrTop is the maximum recorded duration; longer ones are recorded as this.
const hdrTop = 10 * time.Minute

// newHistogram returns a histogram of nanoseconds with three significant digits.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(hdrTop), 3) }

// record records a duration; negative ones as 0.
func record(h *hdrhistogram.Histogram, d time.Duration) {
	// Cannot fail, because the duration is within the histogram's range.
	_ = h.RecordValue(int64(min(max(d, 0), hdrTop)))
}

// Dist is a distribution of durations.
type Dist struct {
	name  string
	total *hdrhistogram.Histogram // all samples up to the last cut
	part  *hdrhistogram.Histogram // samples since then
}

func newDist(name string) *Dist {
	return &Dist{name: name, total: newHistogram(), part: newHistogram()}
}

func (d *Dist) add(v time.Duration) { record(d.part, v) }

// cut ends an interval: it writes the interval's histogram to the log, unless that is nil, and adds
// it to the total.
func (d *Dist) cut(log *hdrhistogram.HistogramLogWriter, from, to time.Time) error {
	if log != nil {
		d.part.SetTag(d.name)
		d.part.SetStartTimeMs(from.UnixMilli())
		d.part.SetEndTimeMs(to.UnixMilli())
		if err := log.OutputIntervalHistogram(d.part); err != nil {
			return fmt.Errorf("log histogram of %s: %w", d.name, err)
		}
	}
	d.total.Merge(d.part)
	d.part.Reset()
	return nil
}

// at returns a quantile (0 to 1) of the samples up to the last cut; 0 if there were none.
func (d *Dist) at(q float64) time.Duration {
	if d == nil || d.total.TotalCount() == 0 {
		return 0
	}
	return time.Duration(d.total.ValueAtQuantile(q * 100))
}

func (d *Dist) count() uint64 { return uint64(d.total.TotalCount()) }

func (d *Dist) max() time.Duration {
	if d.count() == 0 {
		return 0
	}
	return time.Duration(d.total.Max())
}

// percentiles returns the distribution in microseconds, in the format of HdrHistogram's .hgrm files.
func (d *Dist) percentiles() ([]byte, error) {
	var out bytes.Buffer
	if _, err := d.total.PercentilesPrint(&out, 10, 1000); err != nil {
		return nil, fmt.Errorf("write percentiles of %s: %w", d.name, err)
	}
	return out.Bytes(), nil
}
