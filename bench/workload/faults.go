package workload

import (
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
)

// faultScenarios measure the effect on others of detectors that hang, crash, or saturate all cores.
func faultScenarios() []Scenario {
	return []Scenario{
		{
			Name: "stuck_detector", FPS: 30, Sleep: stuckFor, Modes: []Mode{Worker}, Base: "inproc_low",
			Doc:   "a detector that hangs for a second despite its timeout of 100 ms, beside one that works",
			Build: buildStuck, Expect: expectStuck,
		},
		{
			Name: "crashing_detector", FPS: 30, Modes: []Mode{Worker}, Base: "inproc_low",
			Doc:   "a detector that panics after ten results until it is recreated, beside one that works",
			Build: buildCrashing, Expect: expectErrors,
		},
		{
			Name: "cpu_saturated", FPS: 30, Modes: []Mode{Worker}, Base: "inproc_low",
			Doc:   "person detectors busy on every core, beside a detector that takes no time",
			Build: buildSaturated,
		},
	}
}

const stuckFor = time.Second

func expectStuck(o *Outcome) string {
	if o.Timeouts == 0 {
		return "the detector was never stuck"
	}
	return ""
}

func expectErrors(o *Outcome) string {
	if o.Failures == 0 {
		return "the detector never failed while it was measured"
	}
	return ""
}

func buildStuck(Setup) (Load, error) {
	cfg := detectors.DefaultConfig()
	cfg.Name, cfg.Kind, cfg.MaxFPS, cfg.Cost, cfg.Timeout = "stuck", "deaf", 30, detectors.CostLow, text.Duration(100*time.Millisecond)
	return Load{
		Cameras:   oneCamera(30),
		Detectors: []detectors.Config{dummy(), cfg},
		Rules:     []rules.Config{rule("dummy_event", "dummy >= 1"), rule("stuck_event", "stuck >= 1")},
		Kinds: detectors.Kinds{"deaf": {
			Name: "deaf", Doc: "hangs for a second", New: func(cfg detectors.Config) (detectors.Detector, error) {
				return &sleeper{d: stuckFor, deaf: true, answer: [1]detectors.Reading{{Signal: cfg.Signal, Value: 1}}}, nil
			},
		}},
	}, nil
}

// goodRuns is how many results a brittle detector returns before it panics.
const goodRuns = 10

// brittle panics on every run after its first goodRuns.
type brittle struct {
	runs   int
	answer [1]detectors.Reading
}

// Detect implements detectors.Detector.
func (b *brittle) Detect(context.Context, *capture.Frame) ([]detectors.Reading, error) {
	if b.runs++; b.runs > goodRuns {
		panic(fmt.Sprintf("run %d of %d good ones", b.runs, goodRuns))
	}
	return b.answer[:], nil
}

// Close implements detectors.Detector.
func (b *brittle) Close() error { return nil }

func buildCrashing(Setup) (Load, error) {
	cfg := detectors.DefaultConfig()
	cfg.Name, cfg.Kind, cfg.MaxFPS, cfg.Cost = "brittle", "brittle", 30, detectors.CostLow
	return Load{
		Cameras:   oneCamera(30),
		Detectors: []detectors.Config{dummy(), cfg},
		Rules:     []rules.Config{rule("dummy_event", "dummy >= 1"), rule("brittle_event", "brittle >= 1")},
		Kinds: detectors.Kinds{"brittle": {
			Name: "brittle", Doc: "panics after ten answers", New: func(cfg detectors.Config) (detectors.Detector, error) {
				return &brittle{answer: [1]detectors.Reading{{Signal: cfg.Signal, Value: 1}}}, nil
			},
		}},
	}, nil
}

// buildSaturated uses the program's own person detector, if it has one.
func buildSaturated(s Setup) (Load, error) {
	person, ok := s.Kinds["person"]
	if !ok || person.New == nil {
		return Load{}, errors.New("it needs the person detector, which this build lacks: build with OpenCV")
	}
	l := Load{
		Cameras:   oneCamera(30),
		Detectors: []detectors.Config{dummy()},
		Rules:     []rules.Config{rule("dummy_event", "dummy >= 1")},
		Kinds:     detectors.Kinds{"person": person},
	}
	for i := range goruntime.NumCPU() {
		cfg := detectors.DefaultConfig()
		cfg.Name, cfg.Kind, cfg.MaxFPS, cfg.Cost = fmt.Sprintf("person%d", i), "person", 30, detectors.CostLow
		cfg.Timeout = text.Duration(5 * time.Second) // slow is not stuck
		l.Detectors = append(l.Detectors, cfg)
	}
	return l, nil
}
