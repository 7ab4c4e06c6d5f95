package detectors

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"rvo-tui/capture"
)

// How the background of the motion kind adapts, as time constants.
const (
	lightTime  = 250 * time.Millisecond // after the light, all of it
	settleTime = 2 * time.Second        // where nothing moves
	absorbTime = 20 * time.Second       // where something has moved and stays
	noiseTime  = 5 * time.Second        // the noise of a cell, where nothing moves
)

const (
	// relearnShare of a frame changed for relearnTime is another view (the
	// camera was turned, the lens covered), not something that moves.
	relearnShare = 0.6
	relearnTime  = 2 * time.Second

	// damagedFor is how long the answer for the last whole frame stands for
	// damaged ones.
	damagedFor = 2 * time.Second

	firstNoise = 1.5 // of a cell before it is known, in levels of 0..255
	leastNoise = 0.4
	mostNoise  = 12
)

// MotionOptions are the motion kind's own keys.
type MotionOptions struct {
	MinSize     float64 `toml:"min_size" help:"smallest thing that gets a box, as part of the frame's height"`
	Sensitivity float64 `toml:"sensitivity" help:"how little above a place's own noise counts, 0..1"`
	Threshold   float64 `toml:"threshold" help:"change of a pixel that counts, 0..1"`
	Width       int     `toml:"width" help:"width in pixels at which it works"`
}

var errDamaged = errors.New("no frame has come whole for a while: check the connection of the camera")

func motionKind() Kind {
	return Kind{
		Name: "motion",
		Doc:  "share of what it looks at that differs from its learnt background, 0..1, with a box around each thing that moved",
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

// motion compares a small luma image with a background that it learns: for
// each cell the mean, and how much it varies by itself. A cell has changed when
// it is further from its mean than Threshold, and further than its own
// variation allows (ten times its mean deviation at sensitivity 0, twice at 1),
// after one gain and one offset for the whole frame have been fitted away,
// which takes changes of the light with them. Lone changed cells do not count.
//
// The value is the share of changed cells, of those that it looks at. Each detection is labelled "motion";
// its box surrounds cells that hang together, its score is the share of changed
// cells inside. Things whose longer side is below MinSize (in frame heights)
// have no box, but count for the value.
//
// The first frame, and the first one of another size, teaches the background
// and answers 0. What is in view then, and what comes and stays, becomes
// background within some 20 s; what leaves may show as a hole for as long. A
// change of most of the frame that stays for 2 s is taken for a new view and
// learnt at once. A damaged frame teaches nothing: the last answer stands, for
// 2 s at the most.
type motion struct {
	signal    string
	threshold float32 // levels of 0..255
	factor    float32 // of a cell's mean deviation
	minSize   float64

	sampler  sampler
	mean     []float32
	noise    []float32 // mean absolute deviation
	changed  []bool    // before lone cells are taken out
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

// passOver answers for a damaged frame, whose errors would look like motion: with the
// last answer, for a while.
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

// despeckle fills mask with the changed cells that have at least two changed
// neighbours, and returns how many those are.
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

// adapt moves the background towards the frame, as far as the time since the
// last one allows. The whole of it follows the light; a changed cell otherwise
// moves slowly, so that what passes leaves no trace.
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

// portion returns the share of a difference that a time constant covers in dt, which
// counts as 2 s at the most.
func portion(dt, constant time.Duration) float32 {
	dt = min(max(dt, 0), 2*time.Second)
	return float32(1 - math.Exp(-dt.Seconds()/constant.Seconds()))
}

func abs32(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }
