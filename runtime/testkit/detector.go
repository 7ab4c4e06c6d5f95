package testkit

import (
	"context"
	"slices"
	"sync"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
)

// Call is one call of a scripted detector's Detect.
type Call struct {
	Camera   string
	Run      int            // run of this detector on this camera, from 1
	Frame    uint64         // ID of the frame
	Captured time.Time      // capture time of the frame
	At       time.Time      // start of the call
	Image    *capture.Frame // valid only during the call, unless retained
}

// Detector is a scripted detector that records its calls. It has its own kind, with its
// name, so that it is configured and attached like any other. One Detector serves all
// cameras that it is attached to. It is safe for concurrent use; its fields must not
// change while a pipeline runs.
type Detector struct {
	Config detectors.Config
	Script Script
	Open   func(opening int) error            // called with 1 for the first attempt to open; nil: it always opens
	Remote bool                               // it uses no slot
	Boxes  func(c Call) []detectors.Detection // detections in a frame; nil: none

	mu     sync.Mutex // guards the fields below; not held during calls
	runs   map[string]int
	calls  []Call
	opened int
	closed int
}

// NewDetector returns a detector of low cost with one signal of the same name. It runs
// on every frame, up to 1,000 a second.
func NewDetector(name string, script Script) *Detector {
	cfg := detectors.DefaultConfig()
	cfg.Name, cfg.Kind, cfg.Cost, cfg.MaxFPS = name, name, detectors.CostLow, 1000
	return &Detector{Config: cfg, Script: script, runs: make(map[string]int)}
}

// Chained returns a detector like NewDetector, with a condition in needs.
func Chained(name, needs string, script Script) *Detector {
	d := NewDetector(name, script)
	d.Config.Needs = []string{needs}
	return d
}

// Kind returns the kind of the detector.
func (d *Detector) Kind() detectors.Kind {
	return detectors.Kind{
		Name: d.Config.Kind, Doc: "answers by a script", Remote: d.Remote, Crops: true,
		New: func(cfg detectors.Config) (detectors.Detector, error) {
			d.mu.Lock()
			d.opened++
			n := d.opened
			d.mu.Unlock()
			if d.Open != nil {
				if err := d.Open(n); err != nil {
					return nil, err
				}
			}
			return &instance{of: d, signal: cfg.Signal}, nil
		},
	}
}

// Calls returns the calls of Detect so far, in order of their start.
func (d *Detector) Calls() []Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// Frames returns the frame IDs of all calls, in the same order.
func (d *Detector) Frames() []uint64 {
	calls := d.Calls()
	ids := make([]uint64, len(calls))
	for i, c := range calls {
		ids[i] = c.Frame
	}
	return ids
}

// Opened returns how often the detector was opened, successfully or not, on all
// cameras.
func (d *Detector) Opened() int { return d.count(&d.opened) }

// Closed returns how often the detector was closed, on all cameras.
func (d *Detector) Closed() int { return d.count(&d.closed) }

func (d *Detector) count(n *int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return *n
}

func (d *Detector) begin(f *capture.Frame) Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runs[f.Camera]++
	c := Call{Camera: f.Camera, Run: d.runs[f.Camera], Frame: f.ID, Captured: f.Captured, At: time.Now()}
	d.calls = append(d.calls, c)
	c.Image = f
	return c
}

// instance is a Detector opened for one camera.
type instance struct {
	of     *Detector
	signal string
}

func (i *instance) Detect(ctx context.Context, f *capture.Frame) ([]detectors.Reading, error) {
	call := i.of.begin(f)
	value, err := i.of.Script(ctx, call)
	if err != nil {
		return nil, err
	}
	r := detectors.Reading{Signal: i.signal, Value: value}
	if i.of.Boxes != nil {
		r.Detections = i.of.Boxes(call)
	}
	return []detectors.Reading{r}, nil
}

func (i *instance) Close() error {
	i.of.mu.Lock()
	defer i.of.mu.Unlock()
	i.of.closed++
	return nil
}

// Kinds returns the kinds of the detectors, for runtime.Options.
func Kinds(list ...*Detector) detectors.Kinds {
	kinds := make(detectors.Kinds, len(list))
	for _, d := range list {
		kinds[d.Config.Kind] = d.Kind()
	}
	return kinds
}
