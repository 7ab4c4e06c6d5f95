package detectors

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"rvo-tui/capture"
)

// Time constants of the background's adaptation.
const (
	lightTime  = 250 * time.Millisecond // to a change of light, for the whole frame
	settleTime = 2 * time.Second        // where nothing moves
	absorbTime = 20 * time.Second       // where an object has moved and stays
	noiseTime  = 5 * time.Second        // noise of a cell, where nothing moves
)

const (
	// If relearnShare of a frame has changed for relearnTime, the view has changed (the
	// camera was turned, or the lens covered), rather than an object moved.
	relearnShare = 0.6
	relearnTime  = 2 * time.Second

	// damagedFor is how long the last result is repeated for damaged frames.
	damagedFor = 2 * time.Second

	firstNoise = 1.5 // initial noise of a cell, in levels of 0..255
	leastNoise = 0.4
	mostNoise  = 12
)

// MotionOptions are the keys of the motion kind.
type MotionOptions struct {
	MinSize     float64 `toml:"min_size" help:"minimum size of an object with a box, as a fraction of the frame's height"`
	Sensitivity float64 `toml:"sensitivity" help:"sensitivity to changes above the noise of each place, 0..1"`
	Threshold   float64 `toml:"threshold" help:"minimum change of a pixel, 0..1"`
	Width       int     `toml:"width" help:"working width in pixels"`
}

var errDamaged = errors.New("all frames have been damaged for a while: check the camera's connection")

func motionKind() Kind {
	return Kind{
		Name: "motion",
		Doc:  "share of the frame that differs from the learned background, 0..1, with a box around each moving object",
		Defaults: Config{
			MaxFPS: 10, Cost: CostLow,
			Options: MotionOptions{MinSize: 0.05, Threshold: 0.05, Sensitivity: 0.5, Width: 160},
		},
		Areas: true,
		Check: checkMotion,
		New:   func(cfg Config) (Detector, error) { return newMotion(cfg), nil },
	}
}

func checkMotion(cfg Config, bad func(key, problem string)) {
	o := cfg.Options.(MotionOptions)
	if !(o.MinSize > 0 && o.MinSize <= 1) {
		bad("min_size", fmt.Sprintf("%v is out of range: above 0, at most 1 (the frame's height)", o.MinSize))
	}
	if !(o.Threshold > 0 && o.Threshold < 1) {
		bad("threshold", fmt.Sprintf("%v is out of range: above 0, below 1 (from black to white)", o.Threshold))
	}
	if !(o.Sensitivity > 0 && o.Sensitivity <= 1) {
		bad("sensitivity", fmt.Sprintf("%v is out of range: above 0, at most 1", o.Sensitivity))
	}
	if o.Width < 16 || o.Width > 640 {
		bad("width", fmt.Sprintf("%d is out of range: 16 to 640 pixels", o.Width))
	}
}

// motion compares a small luma image with a learned background: for each cell the mean
// and the mean deviation. First, a gain and an offset are fitted for the whole frame,
// which compensates changes of light. A cell has changed if it differs from its mean by
// more than Threshold and by more than its own deviation allows (ten times the mean
// deviation at sensitivity 0, twice at 1). Isolated changed cells are ignored.
//
// The value is the share of changed cells. Each detection is labelled "motion". Its box
// surrounds connected cells, and its score is the share of changed cells inside.
// Objects whose longer side is below MinSize (in frame heights) have no box, but count
// for the value.
//
// The first frame, and the first one of another size, initializes the background and
// gives 0. Objects in view then, and those that arrive and stay, become background
// within some 20 s. An object that leaves may show as motion for as long. A change of
// most of the frame that lasts for 2 s is taken for a new view and learned at once.
// Damaged frames are ignored: the last result is repeated for at most 2 s.
type motion struct {
	signal    string
	threshold float32 // in levels of 0..255
	factor    float32 // multiple of a cell's mean deviation
	minSize   float64

	sampler  sampler
	mean     []float32
	noise    []float32 // mean absolute deviation
	changed  []bool    // before isolated cells are removed
	mask     []bool
	blobs    blobs
	last     time.Time
	most     time.Time // since when most of the frame has changed; zero: it has not
	readings [1]Reading
}

func newMotion(cfg Config) *motion {
	o := cfg.Options.(MotionOptions)
	return &motion{
		signal:    cfg.Signal,
		threshold: float32(255 * o.Threshold),
		factor:    float32(10 - 8*o.Sensitivity),
		minSize:   o.MinSize,
		sampler:   sampler{width: o.Width, points: 4, coverage: Coverage{cfg.Masked, cfg.Within}},
	}
}

// Size implements Sizer.
func (m *motion) Size(width, height int) (w, h int) {
	return capture.FitWidth(width, height, m.sampler.width)
}

func (m *motion) Detect(_ context.Context, frame *capture.Frame) ([]Reading, error) {
	if frame.Damaged {
		return m.passOver(frame)
	}
	sized, err := m.sampler.read(frame)
	if err != nil {
		return nil, err
	}
	if sized {
		n := len(m.sampler.luma)
		m.mean, m.noise = make([]float32, n), make([]float32, n)
		m.changed, m.mask = make([]bool, n), make([]bool, n)
		m.blobs.resize(m.sampler.cols, m.sampler.rows)
	}
	share := 0.0
	var found []Detection
	if sized || m.last.IsZero() {
		m.learn()
	} else {
		gain, offset := fitLight(m.mean, m.sampler.luma, m.sampler.looked, m.threshold)
		m.compare(gain, offset)
		n := m.despeckle()
		share = float64(n) / float64(m.sampler.looked)
		m.adapt(gain, offset, frame.Captured.Sub(m.last))
		if n > 0 {
			found = m.blobs.find(m.mask, m.minSize)
		}
		m.relearn(share, frame.Captured)
	}
	m.last = frame.Captured
	m.readings[0] = Reading{Signal: m.signal, Value: share, Detections: found}
	return m.readings[:], nil
}

// passOver handles a damaged frame, whose errors would look like motion. It repeats the
// last result for a while.
func (m *motion) passOver(frame *capture.Frame) ([]Reading, error) {
	if m.last.IsZero() || frame.Captured.Sub(m.last) > damagedFor {
		return nil, errDamaged
	}
	return m.readings[:], nil
}

func (m *motion) Close() error { return nil }

func (m *motion) learn() {
	copy(m.mean, m.sampler.luma)
	for i := range m.noise {
		m.noise[i] = firstNoise
	}
	m.most = time.Time{}
}

func (m *motion) relearn(share float64, now time.Time) {
	switch {
	case share < relearnShare:
		m.most = time.Time{}
	case m.most.IsZero():
		m.most = now
	case now.Sub(m.most) >= relearnTime:
		m.learn()
	}
}

func (m *motion) compare(gain, offset float32) {
	mean, noise, changed := m.mean, m.noise, m.changed
	mean, noise, changed = mean[:len(m.sampler.luma)], noise[:len(m.sampler.luma)], changed[:len(m.sampler.luma)]
	for i, v := range m.sampler.luma {
		d := v - (gain*mean[i] + offset)
		changed[i] = abs32(d) > max(m.threshold, m.factor*noise[i])
	}
}

// despeckle sets mask to the changed cells that have at least two changed neighbours,
// and returns their number.
func (m *motion) despeckle() (n int) {
	cols, rows := m.sampler.cols, m.sampler.rows
	for y := range rows {
		for x := range cols {
			i := y*cols + x
			m.mask[i] = false
			if !m.changed[i] {
				continue
			}
			near := -1
			for ny := max(y-1, 0); ny <= min(y+1, rows-1); ny++ {
				for nx := max(x-1, 0); nx <= min(x+1, cols-1); nx++ {
					if m.changed[ny*cols+nx] {
						near++
					}
				}
			}
			if near >= 2 {
				m.mask[i] = true
				n++
			}
		}
	}
	return n
}

// adapt moves the background towards the frame, depending on the time since the last
// one. All of it follows the light. Otherwise changed cells move slowly, so that
// passing objects leave no trace.
func (m *motion) adapt(gain, offset float32, dt time.Duration) {
	follow, settle, absorb, calm := portion(dt, lightTime), portion(dt, settleTime), portion(dt, absorbTime), portion(dt, noiseTime)
	mean, noise, changed := m.mean, m.noise, m.changed
	mean, noise, changed = mean[:len(m.sampler.luma)], noise[:len(m.sampler.luma)], changed[:len(m.sampler.luma)]
	for i, v := range m.sampler.luma {
		light := gain*mean[i] + offset
		d := v - light
		to, by := settle, calm
		if changed[i] {
			to, by = absorb, absorb
		}
		mean[i] += follow*(light-mean[i]) + to*d
		noise[i] = min(max(noise[i]+by*(abs32(d)-noise[i]), leastNoise), mostNoise)
	}
}

// portion returns the share of a difference that a time constant covers in dt, which is
// limited to 2 s.
func portion(dt, constant time.Duration) float32 {
	dt = min(max(dt, 0), 2*time.Second)
	return float32(1 - math.Exp(-dt.Seconds()/constant.Seconds()))
}

func abs32(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }
