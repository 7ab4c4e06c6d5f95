package detectors

import (
	"context"
	"math"
	"slices"
	"time"

	"rvo-tui/capture"
)

// Thresholds of the quality kind.
const (
	darkBelow      = 0.08 // brightness
	blankBelow     = 10.0 // standard deviation of luma in a tile, in levels of 0..255
	blurredBelow   = 0.2  // sharpness
	halfSharp      = 400.0
	frozenAfter    = 2 * time.Second
	frozenChange   = 1.0 // maximum difference of a frozen frame's cells, in levels of 0..255
	labelCovered   = "covered"
	labelDark      = "dark"
	labelDefocused = "defocused"
	labelFrozen    = "frozen"
)

// Sampling of the frame.
const (
	qualityWidth = 320 // maximum number of columns
	tilesAcross  = 8
	tilesDown    = 6
)

func qualityKind() Kind {
	return Kind{
		Name:     "quality",
		Doc:      "quality of the image: SIGNAL_brightness and SIGNAL_sharpness 0..1, SIGNAL_frozen 0 or 1",
		Defaults: Config{MaxFPS: 2, Cost: CostLow},
		Areas:    true,
		Provides: func(cfg Config) []string {
			return []string{cfg.Signal + "_brightness", cfg.Signal + "_sharpness", cfg.Signal + "_frozen"}
		},
		New: func(cfg Config) (Detector, error) {
			q := &quality{sampler: sampler{points: 4, coverage: Coverage{cfg.Masked, cfg.Within}}}
			for i, name := range qualityKind().Provides(cfg) {
				q.readings[i].Signal = name
			}
			return q, nil
		},
	}
}

// quality measures a luma image 320 cells wide (or half the frame's width, if less), in
// 8 by 6 tiles. Each cell is the mean of up to 16 pixels. Tiles are summarized by the
// value that a quarter of them exceed, so that neither a burnt-in caption nor an empty
// sky decides.
//
// Brightness is the mean luma, from 0 (black) to 1 (white). Sharpness is v/(v+400),
// where v is the variance of the Laplacian in a tile (the sum of the four neighbours
// minus four times the cell, in levels of 0..255). It is above 0.5 for a street in
// focus and below 0.2 for a blurred or blank image, and falls with the contrast in low
// light. Frozen is 1 if, over at least 2 s of capture time, no cell has differed by
// more than one level from the first of those frames. Sensor noise alone prevents that,
// and so does a clock that runs in the image.
//
// Detections span the whole frame: on the brightness, "dark" (brightness below 0.08);
// on the sharpness, "covered" (light, but hardly any structure) or else "defocused"
// (structure, but sharpness below 0.2); on frozen, "frozen". Scores are 0..1; higher is
// clearer.
type quality struct {
	sampler  sampler
	still    []float32 // reference frame since which nothing has changed
	since    time.Time // capture time of still
	readings [3]Reading
}

func (q *quality) Detect(_ context.Context, frame *capture.Frame) ([]Reading, error) {
	q.sampler.width = min(qualityWidth, max(frame.Width/2, 1))
	sized, err := q.sampler.read(frame)
	if err != nil {
		return nil, err
	}
	if sized {
		q.still = make([]float32, len(q.sampler.luma))
		q.since = time.Time{}
	}
	mean, deviation, v := q.measure()
	brightness, sharpness := mean/255, v/(v+halfSharp)
	frozen := q.frozen(frame.Captured)

	var light, focus, stuck []Detection
	switch {
	case brightness < darkBelow:
		light = whole(labelDark, 1-brightness/darkBelow)
	case deviation < blankBelow:
		focus = whole(labelCovered, 1-deviation/blankBelow)
	case sharpness < blurredBelow:
		focus = whole(labelDefocused, 1-sharpness/blurredBelow)
	}
	if frozen > 0 {
		stuck = whole(labelFrozen, 1)
	}
	q.set(0, brightness, light)
	q.set(1, sharpness, focus)
	q.set(2, frozen, stuck)
	return q.readings[:], nil
}

func (q *quality) Close() error { return nil }

func (q *quality) set(i int, value float64, found []Detection) {
	q.readings[i].Value, q.readings[i].Detections = value, found
}

// frozen compares with the first unchanged frame rather than the last one, so that slow
// changes count.
func (q *quality) frozen(now time.Time) float64 {
	changed := q.since.IsZero()
	for i, v := range q.sampler.luma {
		if abs32(v-q.still[i]) > frozenChange {
			changed = true
			break
		}
	}
	if changed {
		copy(q.still, q.sampler.luma)
		q.since = now
	}
	if now.Sub(q.since) >= frozenAfter {
		return 1
	}
	return 0
}

func whole(label string, score float64) []Detection {
	return []Detection{{Label: label, Score: min(max(score, 0), 1), Box: Box{W: 1, H: 1}}}
}

// measure returns the mean of the luma, and the value exceeded by a quarter of the
// tiles for its standard deviation and for the variance of its Laplacian.
func (q *quality) measure() (mean, deviation, laplacian float64) {
	cols, rows := q.sampler.cols, q.sampler.rows
	var sum float64
	var cells float64
	var all [2][tilesAcross * tilesDown]float64
	variances, laplacians := all[0][:0], all[1][:0]
	for i := range all[0] {
		tx, ty := i%tilesAcross, i/tilesAcross
		x0, x1 := tx*cols/tilesAcross, (tx+1)*cols/tilesAcross
		y0, y1 := ty*rows/tilesDown, (ty+1)*rows/tilesDown
		var luma, edges moments
		for y := y0; y < y1; y++ {
			row := q.sampler.luma[y*cols : (y+1)*cols]
			for x := x0; x < x1; x++ {
				luma.add(row[x])
				if x > 0 && x < cols-1 && y > 0 && y < rows-1 {
					j := y*cols + x
					edges.add(q.sampler.luma[j-cols] + q.sampler.luma[j+cols] + row[x-1] + row[x+1] - 4*row[x])
				}
			}
		}
		sum, cells = sum+luma.sum, cells+luma.n
		if luma.n > 0 && 4*luma.n >= float64((x1-x0)*(y1-y0)) { // skip tiles that are mostly masked
			variances, laplacians = append(variances, luma.variance()), append(laplacians, edges.variance())
		}
	}
	if len(variances) == 0 { // all areas are thinner than a tile
		return sum / cells, 0, 0
	}
	slices.Sort(variances)
	slices.Sort(laplacians)
	at := len(variances) * 3 / 4
	return sum / cells, math.Sqrt(variances[at]), laplacians[at]
}

// moments accumulates a mean and a variance.
type moments struct{ n, sum, squares float64 }

// add ignores NaN.
func (m *moments) add(v float32) {
	if v != v {
		return
	}
	m.n++
	m.sum += float64(v)
	m.squares += float64(v) * float64(v)
}

// variance is 0 without values.
func (m *moments) variance() float64 {
	if m.n == 0 {
		return 0
	}
	mean := m.sum / m.n
	return max(0, m.squares/m.n-mean*mean)
}
