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
	Run      int            // of this detector on this camera, from 1
	Frame    uint64         // ID of the frame that it looks at
	Captured time.Time      // when that was taken
	At       time.Time      // when the call began
	Picture  *capture.Frame // valid during the call alone, unless retained
}

// Detector is a scripted detector, and what became of it. It makes a kind of its
// own, named like itself, so that configurations, commands and the runtime take it
// for any other. One Detector serves all cameras that it is attached to. It is
// safe for concurrent use; Config, Script, Open and Remote must not change once
// it is at work.
type Detector struct {
	Config detectors.Config
	Script Script
	Open   func(opening int) error // called with 1 for the first opening; nil: it always opens
	Remote bool                    // it takes no slot

	mu     sync.Mutex // guards what follows; nothing is called while it is held
	runs   map[string]int
	calls  []Call
	opened int
	closed int
}

// NewDetector returns a detector of low cost and one signal, both with the given
// name. It runs on every frame that a camera of up to 1,000 a second gives.
func NewDetector(name string, script Script) *Detector {
	cfg := detectors.DefaultConfig()
	cfg.Name, cfg.Kind, cfg.Cost, cfg.MaxFPS = name, name, detectors.CostLow, 1000
	return &Detector{Config: cfg, Script: script, runs: make(map[string]int)}
}

// Chained returns a detector like NewDetector does that runs only while a
// condition over other signals holds.
func Chained(name, needs string, script Script) *Detector {
	d := NewDetector(name, script)
	d.Config.Needs = []string{needs}
	return d
}

// Kind returns the kind that the detector is of.
func (d *Detector) Kind() detectors.Kind {
	return detectors.Kind{
		Name: d.Config.Kind, Doc: "answers by a script", Remote: d.Remote,
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

// Calls returns the calls of Detect so far, in the order in which they began.
func (d *Detector) Calls() []Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.calls)
}

// Frames returns the IDs of the frames that it was called with, in that order.
func (d *Detector) Frames() []uint64 {
	calls := d.Calls()
	ids := make([]uint64, len(calls))
	for i, c := range calls {
		ids[i] = c.Frame
	}
	return ids
}

// Opened and Closed return how many times it was opened, whether or not that
// worked, and closed, on all cameras.
func (d *Detector) Opened() int { return d.count(&d.opened) }

// Closed returns how many times it was closed: see Opened.
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
	c.Picture = f
	return c
}

// instance is a Detector opened for one camera.
type instance struct {
	of     *Detector
	signal string
}

func (i *instance) Detect(ctx context.Context, f *capture.Frame) ([]detectors.Reading, error) {
	value, err := i.of.Script(ctx, i.of.begin(f))
	if err != nil {
		return nil, err
	}
	return []detectors.Reading{{Signal: i.signal, Value: value}}, nil
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
