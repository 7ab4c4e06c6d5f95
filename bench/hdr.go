package bench

import (
	"bytes"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// hdrTop is the longest duration that is distinguished; longer ones count as this.
const hdrTop = 10 * time.Minute

// newHistogram returns a histogram of nanoseconds with three significant digits.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(hdrTop), 3) }

// record counts a duration; negative ones count as 0.
func record(h *hdrhistogram.Histogram, d time.Duration) {
	// It fails only beyond the bounds, which the duration is kept within.
	_ = h.RecordValue(int64(min(max(d, 0), hdrTop)))
}

// Dist is a distribution of durations.
type Dist struct {
	name  string
	total *hdrhistogram.Histogram // up to the last cut
	part  *hdrhistogram.Histogram // since then
}

func newDist(name string) *Dist {
	return &Dist{name: name, total: newHistogram(), part: newHistogram()}
}

func (d *Dist) add(v time.Duration) { record(d.part, v) }

// cut ends an interval: it writes its histogram to a log, unless that is nil, and
// adds it to the whole.
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

// at returns a quantile, 0..1, of what was there at the last cut; 0 when there
// was nothing.
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

// percentiles returns the distribution as a text table in microseconds, in the
// form of HdrHistogram's .hgrm files.
func (d *Dist) percentiles() ([]byte, error) {
	var out bytes.Buffer
	if _, err := d.total.PercentilesPrint(&out, 10, 1000); err != nil {
		return nil, fmt.Errorf("write percentiles of %s: %w", d.name, err)
	}
	return out.Bytes(), nil
}
