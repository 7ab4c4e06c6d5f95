// Package workload has the workloads of the load harness by name: cameras, detectors
// and rules, and what a run of each is expected to show.
package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/logging"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// Mode is where the detectors of a run compute.
type Mode string

// The modes.
const (
	Inline Mode = "inline" // within a step of the engine, which waits for them: rvo's way
	Worker Mode = "worker" // each in a thread of its own
)

// Modes are all modes, in the order in which they run.
func Modes() []Mode { return []Mode{Inline, Worker} }

// Scenario is a workload by name.
type Scenario struct {
	Name string
	Doc  string // what it shows, in one line
	RVO  bool   // one of rvo's, with its workload
	// Sleep is the latency of the detector that the scenario is about; 0: none.
	Sleep time.Duration
	// FPS is the rate of each camera.
	FPS float64
	// Base is the scenario without what this one is about, for comparison; empty: none.
	Base string
	// Modes are those that the scenario makes sense in. None: all.
	Modes []Mode
	// Build returns what to run. It is called once for each run.
	Build func(Setup) (Load, error)
	// Expect returns what is odd about a result, for the summary: that what the
	// scenario is to show has not happened. Empty: nothing. Nil: nothing to expect.
	Expect func(*Outcome) string
}

// In reports whether the scenario runs in a mode.
func (s Scenario) In(m Mode) bool { return len(s.Modes) == 0 || slices.Contains(s.Modes, m) }

// programKind returns a kind of the program, which can run its detectors in processes
// of their own.
func (s Setup) programKind(name string) (detectors.Kind, error) {
	kind, ok := s.Kinds[name]
	if !ok {
		return detectors.Kind{}, errors.New("it needs the program's own kinds of detector: run it with \"rvo-tui bench\"")
	}
	return kind, nil
}

// Outcome is what a run showed, in numbers. Frames are those that were due while it
// was measured, of all cameras.
type Outcome struct {
	Scenario Scenario
	Mode     Mode

	Sent, Given, Seen       uint64
	Superseded, PoolDropped uint64
	Overdue                 uint64 // sent only after the next one was due, because the camera was held up
	Ticks, Execs, Skips     uint64
	Failures, Events        uint64
	Backoffs, Timeouts      uint64 // of the whole run
	TickP50                 time.Duration
}

// Lost returns the measured frames that the engine never saw.
func (o *Outcome) Lost() uint64 { return o.Superseded + o.PoolDropped }

// Setup is what a scenario may need to know of its run.
type Setup struct {
	Mode          Mode
	Run           int // from 1
	Width, Height int
	Seed          uint64          // of this run: differs from run to run
	Kinds         detectors.Kinds // that the program has, the harness's own not among them
	Muxer         clips.Muxer     // of clips; nil: the standard library's
	Dir           string          // empty, and removed after the run
	Epoch         time.Time       // of the Runtime
}

// Load is one workload, ready to run.
type Load struct {
	Cameras   []Camera
	Detectors []detectors.Config // Execution is the mode's where it is not set
	Rules     []rules.Config
	// Kinds are further kinds of detector. The harness has "sleep", which waits
	// for busy and answers 1, and those of detectors.Builtin.
	Kinds   detectors.Kinds
	Config  runtime.Config // zero: the default
	Clips   *clips.Recorder
	Roll    runtime.Roll
	Sinks   []runtime.Sink
	LogRing *logging.Ring
	// Beside runs beside the Runtime until the context ends, which is after what
	// is measured: a dashboard, a writer of commands. It may begin before the
	// Runtime has cameras. Its error fails the run.
	Beside func(ctx context.Context, rt *runtime.Runtime) error
	// Close frees what Build has made, after the run. It may be nil.
	Close func() error
}

// Camera is one camera of a workload, which keeps to a schedule.
type Camera struct {
	Name string
	FPS  float64
}

// Scenarios returns all scenarios, rvo's first, in its order.
func Scenarios() []Scenario {
	return slices.Concat(rvoScenarios(), eventScenarios(), scaleScenarios(), remoteScenarios(), faultScenarios(), childScenarios(),
		observerScenarios(), motionScenarios(), varianceScenarios())
}

// Find returns the scenario of a name.
func Find(name string) (Scenario, error) {
	all := Scenarios()
	for _, s := range all {
		if s.Name == name {
			return s, nil
		}
	}
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	return Scenario{}, fmt.Errorf("there is no scenario %q: use one of %s", name, strings.Join(names, ", "))
}

// oneCamera is the camera of scenarios that have one.
func oneCamera(fps float64) []Camera { return []Camera{{Name: "camera", FPS: fps}} }

// sleeping returns a detector that waits for a time, with rvo's terms: what
// it costs, and how often it would run.
func sleeping(name string, d time.Duration, cost detectors.Cost, fps float64) detectors.Config {
	cfg := detectors.DefaultConfig()
	cfg.Name, cfg.Kind, cfg.Cost, cfg.MaxFPS = name, SleepKind, cost, fps
	cfg.Options = detectors.LoadOptions{Busy: text.Duration(d)}
	return cfg
}

// dummy returns a detector of this name that answers 1 at once, 30 times a second
// at most.
func dummy() detectors.Config {
	cfg := detectors.DefaultConfig()
	cfg.Name, cfg.Kind = "dummy", "dummy"
	return cfg
}

// rule returns a rule with rvo's times: it confirms after 100 ms and again
// after 500 ms at the earliest.
func rule(event, when string) rules.Config {
	cfg := rules.DefaultConfig()
	cfg.Event, cfg.When, cfg.Clip = event, when, false
	cfg.For, cfg.Cooldown = text.Duration(100*time.Millisecond), text.Duration(500*time.Millisecond)
	return cfg
}
