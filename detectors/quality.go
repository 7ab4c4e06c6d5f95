package detectors

import (
	"context"
	"math"
	"time"

	"rvo-tui/capture"
)

// What the quality kind calls dark, covered, defocused and frozen.
const (
	qualityWidth = 320 // pixels across of the picture that is measured

	darkBelow      = 0.08 // brightness
	blankBelow     = 14.0 // standard deviation of luma, in levels of 0..255
	blurredBelow   = 0.15 // sharpness
	halfSharp      = 150.0
	frozenAfter    = 2 * time.Second
	frozenChange   = 1.0 // levels of 0..255 that a frozen picture's cells may differ by
	labelCovered   = "covered"
	labelDark      = "dark"
	labelDefocused = "defocused"
	labelFrozen    = "frozen"
)

func qualityKind() Kind {
	return Kind{
		Name:     "quality",
		Doc:      "whether the camera sees at all: SIGNAL_brightness and SIGNAL_sharpness 0..1, SIGNAL_frozen 0 or 1",
		Defaults: Config{MaxFPS: 2, Cost: CostLow},
		Provides: func(cfg Config) []string {
			return []string{cfg.Signal + "_brightness", cfg.Signal + "_sharpness", cfg.Signal + "_frozen"}
		},
		New: func(cfg Config) (Detector, error) {
			q := &quality{sampler: sampler{width: qualityWidth, points: 4}}
			for i, name := range qualityKind().Provides(cfg) {
				q.readings[i].Signal = name
			}
			return q, nil
		},
	}
}

// quality measures a luma picture of 320 cells across, each the mean of up to
// 16 pixels.
//
// Brightness is its mean, 0 black to 1 white. Sharpness is v/(v+150), where v
// is the variance of its Laplacian (the four neighbours less four times the
// cell, in levels of 0..255): above 0.5 for a street in focus, near 0 for a
// blurred or blank one. It needs light: it falls with the contrast. Frozen is 1
// when over at least 2 s of capture time no cell has differed by more than one
// level from the first of those pictures, which sensor noise alone prevents; a
// clock that is burnt into the picture and runs on does so too.
//
// Detections span the whole picture: "dark" (brightness below 0.08) on the
// brightness; "covered" (light, but hardly any structure) or else "defocused"
// (structure, but sharpness below 0.15) on the sharpness; "frozen" on frozen.
// Scores are 0..1, higher the clearer.
type quality struct {
	sampler  sampler
	still    []float32 // the picture that nothing has changed from
	since    time.Time // when still was captured
	readings [3]Reading
}

func (q *quality) Detect(_ context.Context, frame *capture.Frame) ([]Reading, error) {
	if q.sampler.read(frame) {
		q.still = make([]float32, len(q.sampler.luma))
		q.since = time.Time{}
	}
	mean, deviation := spreadOf(q.sampler.luma)
	v := laplacianVariance(q.sampler.luma, q.sampler.cols, q.sampler.rows)
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

// frozen compares with the picture that was the first of its like, not with the
// last one, so that a slow change is a change.
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

// spreadOf returns the mean and the standard deviation.
func spreadOf(luma []float32) (mean, deviation float64) {
	var sum, squares float64
	for _, v := range luma {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	mean = sum / float64(len(luma))
	return mean, math.Sqrt(max(0, squares/float64(len(luma))-mean*mean))
}

// laplacianVariance leaves the border out. A picture below 3x3 has none.
func laplacianVariance(luma []float32, cols, rows int) float64 {
	if cols < 3 || rows < 3 {
		return 0
	}
	var sum, squares float64
	for y := 1; y < rows-1; y++ {
		up, row, down := luma[(y-1)*cols:y*cols], luma[y*cols:(y+1)*cols], luma[(y+1)*cols:(y+2)*cols]
		for x := 1; x < cols-1; x++ {
			l := float64(up[x] + down[x] + row[x-1] + row[x+1] - 4*row[x])
			sum += l
			squares += l * l
		}
	}
	n := float64((cols - 2) * (rows - 2))
	mean := sum / n
	return squares/n - mean*mean
}
