package runtime

import (
	"time"

	"rvo-tui/runtime/engine"
)

// Probe is told what the engine of one camera takes in and puts out, frame by
// frame and to the nanosecond, where snapshots hold counters and buckets. It is
// for measuring: its methods are called on the live path, in the goroutine of
// the camera's pipeline, and must neither wait nor keep what they are given.
// Times are since the epoch of the Runtime.
type Probe interface {
	// Stepped tells of one step of the engine at the time now, after it and before
	// its actions are carried out. An inline detector makes a turn of several steps.
	Stepped(now time.Duration, in *engine.Inputs, out *engine.Actions)
	// Ticked tells of one turn of the pipeline: when it began and how long it
	// took, inline detectors included.
	Ticked(begun, took time.Duration)
}
