package workload

import (
	"context"
	"time"

	"rvo-tui/bench/wait"
	"rvo-tui/capture"
	"rvo-tui/detectors"
)

// SleepKind is the name of a kind of detector that waits for busy and returns 1, as in rvo. It
// simulates a model on another machine with a fixed latency, without using this machine's cores.
const SleepKind = "sleep"

// stretch is how long a sleeping detector waits before checking its context.
const stretch = 20 * time.Millisecond

// AllKinds returns all kinds of detector available to the workload.
func (l Load) AllKinds() detectors.Kinds {
	all := detectors.Builtin()
	all[SleepKind] = detectors.Kind{
		Name: SleepKind, Doc: "waits and returns 1", Defaults: detectors.Config{Options: detectors.LoadOptions{}},
		New: func(cfg detectors.Config) (detectors.Detector, error) {
			return &sleeper{d: time.Duration(cfg.Options.(detectors.LoadOptions).Busy), answer: [1]detectors.Reading{{Signal: cfg.Signal, Value: 1}}}, nil
		},
	}
	for name, k := range l.Kinds {
		all[name] = k
	}
	return all
}

// sleeper is a detector of fixed latency.
type sleeper struct {
	d      time.Duration
	deaf   bool // ignores the context
	answer [1]detectors.Reading
}

// Detect implements detectors.Detector.
func (s *sleeper) Detect(ctx context.Context, _ *capture.Frame) ([]detectors.Reading, error) {
	end := time.Now().Add(s.d)
	for left := s.d; left > stretch; left = time.Until(end) {
		wait.Nap(min(stretch, left-stretch/2))
		if err := ctx.Err(); err != nil && !s.deaf {
			return nil, err
		}
	}
	wait.Nap(time.Until(end))
	return s.answer[:], nil
}

// Close implements detectors.Detector.
func (s *sleeper) Close() error { return nil }
