package runtime

import (
	"time"

	"rvo-tui/runtime/engine"
)

// Probe observes the engine of one camera, for measuring: every input and output, where
// snapshots have counters and histograms. Its methods are called on the live path, in
// the goroutine of the pipeline; they must neither block nor keep their arguments.
// Times are since the epoch of the Runtime.
type Probe interface {
	// Stepped is called after a step of the engine at the time now, before its actions
	// are carried out.
	Stepped(now time.Duration, in *engine.Inputs, out *engine.Actions)
	// Ticked is called after a tick of the pipeline, with its start and duration. A tick
	// is one step of the engine, or several where inline detectors run in it.
	Ticked(begun, took time.Duration)
}
