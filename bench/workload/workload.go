// Package workload defines the scenarios of the load harness: cameras, detectors and rules, and what
// each run is expected to show.
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

// Mode is where the detectors of a run execute.
type Mode string

// The modes.
const (
	Inline Mode = "inline" // in the engine's step, which waits for them, as in rvo
	Worker Mode = "worker" // each in its own thread
)

// Modes returns all modes, in the order of their runs.
func Modes() []Mode { return []Mode{Inline, Worker} }

// Scenario is a named workload.
type Scenario struct {
	Name string
	Doc  string // what it shows, in one line
	RVO  bool   // one of rvo's scenarios
	// Sleep is the latency of the scenario's detector; 0: none.
	Sleep time.Duration
	// FPS is the rate of each camera.
	FPS float64
	// Base is the scenario to compare with, which lacks what this one measures; empty: none.
	Base string
	// Modes are the modes that the scenario makes sense in. Empty: all.
	Modes []Mode
	// Build returns the load. It is called once for each run.
	Build func(Setup) (Load, error)
	// Expect returns what is unexpected about a result, for the summary; empty if nothing. Nil:
	// there are no expectations.
	Expect func(*Outcome) string
}

// In reports whether the scenario runs in a mode.
func (s Scenario) In(m Mode) bool { return len(s.Modes) == 0 || slices.Contains(s.Modes, m) }

// programKind returns one of the program's own kinds, whose detectors can run in child processes.
func (s Setup) programKind(name string) (detectors.Kind, error) {
	kind, ok := s.Kinds[name]
	if !ok {
		return detectors.Kind{}, errors.New("it needs the program's own kinds of detector: run it with \"rvo-tui bench\"")
	}
	return kind, nil
}

// Outcome has the numbers of a run, over all cameras. Frames are those due within the measured time.
type Outcome struct {
	Scenario Scenario
	Mode     Mode

	Sent, Given, Seen       uint64
	Superseded, PoolDropped uint64
	Overdue                 uint64 // sent after the next one was due, because the camera was delayed
	Ticks, Execs, Skips     uint64
	Failures, Events        uint64
	Backoffs, Timeouts      uint64 // in the whole run
	TickP50                 time.Duration
}

// Lost returns the measured frames that the engine never saw.
func (o *Outcome) Lost() uint64 { return o.Superseded + o.PoolDropped }

// Setup describes the run to Scenario.Build.
type Setup struct {
	Mode          Mode
	Run           int // from 1
	Width, Height int
	Seed          uint64          // differs from run to run
	Kinds         detectors.Kinds // the program's kinds, without the harness's own
	Muxer         clips.Muxer     // for clips; nil: the standard library's
	Dir           string          // an empty directory, removed after the run
	Epoch         time.Time       // of the Runtime
}

// Load is one workload, ready to run.
type Load struct {
	Cameras   []Camera
	Detectors []detectors.Config // Execution defaults to the mode's
	Rules     []rules.Config
	// Kinds are additional kinds of detector, besides SleepKind and detectors.Builtin.
	Kinds   detectors.Kinds
	Config  runtime.Config // zero: the default
	Clips   *clips.Recorder
	Roll    runtime.Roll
	Sinks   []runtime.Sink
	LogRing *logging.Ring
	// Beside runs concurrently with the Runtime until the context ends after the measurement: for
	// example a dashboard. It may start before the Runtime has cameras. An error fails the run.
	Beside func(ctx context.Context, rt *runtime.Runtime) error
	// Close frees what Build has created, after the run. It may be nil.
	Close func() error
}

// Camera is one camera of a workload, which sends frames on a schedule.
type Camera struct {
	Name string
	FPS  float64
}

// Scenarios returns all scenarios, rvo's first, in its order.
func Scenarios() []Scenario {
	return slices.Concat(rvoScenarios(), eventScenarios(), scaleScenarios(), remoteScenarios(), faultScenarios(), childScenarios(),
		observerScenarios(), motionScenarios(), varianceScenarios())
}

// Find returns the scenario with a name.
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
	return Scenario{}, fmt.Errorf("unknown scenario %q: use one of %s", name, strings.Join(names, ", "))
}

// oneCamera returns the camera of scenarios with only one.
func oneCamera(fps float64) []Camera { return []Camera{{Name: "camera", FPS: fps}} }

// sleeping returns a detector of SleepKind with a latency, a cost and a rate, as rvo configures it.
func sleeping(name string, d time.Duration, cost detectors.Cost, fps float64) detectors.Config {
	cfg := detectors.DefaultConfig()
	cfg.Name, cfg.Kind, cfg.Cost, cfg.MaxFPS = name, SleepKind, cost, fps
	cfg.Options = detectors.LoadOptions{Busy: text.Duration(d)}
	return cfg
}

// dummy returns a detector "dummy" that returns 1 at once, at most 30 times a second.
func dummy() detectors.Config {
	cfg := detectors.DefaultConfig()
	cfg.Name, cfg.Kind = "dummy", "dummy"
	return cfg
}

// rule returns a rule with rvo's times: for = 100 ms and cooldown = 500 ms.
func rule(event, when string) rules.Config {
	cfg := rules.DefaultConfig()
	cfg.Event, cfg.When, cfg.Clip = event, when, false
	cfg.For, cfg.Cooldown = text.Duration(100*time.Millisecond), text.Duration(500*time.Millisecond)
	return cfg
}
